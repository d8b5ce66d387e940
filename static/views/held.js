/** Asks before much is drawn, and says when opening takes a while. */
import { el, put } from "#gv/dom.js";

const PATIENCE = 150; // ms before one wonders whether anything happens

export function held(element, app) {
  const working = el("p", { class: "working", role: "status", hidden: true }, "Opening …", el("kbd", {}, "Esc"), "cancels");
  element.before(working);

  app.on("held", ({ title, text, possible, parts, anyway, onlyParts }) => {
    const act = (name, run, kind = "") => el("button", { type: "button", class: `btn ${kind}`, click: () => {
      element.close();
      run();
    } }, name);
    const keep = act("Keep it folded", () => {});
    element.setAttribute("aria-label", title);
    element.setAttribute("aria-describedby", "held-text");
    put(element,
      el("h2", {}, title), el("p", { id: "held-text" }, text),
      el("div", { class: "choices" }, keep, parts && act("Open only its parts", onlyParts), possible && act("Open anyway", anyway, "strong")));
    element.showModal();
    keep.focus();
  });

  let waiting = null;
  app.on("loading", () => {
    clearTimeout(waiting);
    if (!app.loading) working.hidden = true;
    else if (app.pass) waiting = setTimeout(() => (working.hidden = false), PATIENCE);
  });
}
