/** The banner over a what-if: which numbers are edited, what becomes of the loss, and the way back. */
import { short } from "#gv/curve.js";
import { el, icon, put } from "#gv/dom.js";

export function whatif(element, app) {
  const chips = el("ul", { class: "edits" });
  const loss = el("p", { class: "edited-loss", role: "status" });
  element.append(el("b", {}, "What if"), chips, loss,
    el("button", { type: "button", class: "btn tiny", "aria-label": "Back to the recording", title: "Show what was recorded (Esc)", click: leave }, "Back", el("span", { class: "wide" }, "to the recording")));

  function leave() {
    app.edits.show([]);
    document.getElementById("graph").querySelector("[tabindex]")?.focus({ preventScroll: true });
  }

  const chip = ({ node, name, data, recorded }) => el("li", { class: "edit-chip" },
    el("button", { type: "button", class: "link", title: "Look at this value", click: () => reveal(node) }, el("code", {}, `${name} = ${short(data)}`)),
    el("span", { class: "soft" }, ` was ${short(recorded)}`),
    el("button", { type: "button", class: "flat-x", "aria-label": `${name} back to ${short(recorded)}`, click: () => app.edits.put(node, null) }, icon("close")));

  const reveal = (node) => app.attempt(async () => app.reveal(node, (await app.detail(node)).scope));

  app.on("pass", () => {
    const { what, recorded, root } = app.pass;
    element.hidden = what.length === 0;
    document.body.classList.toggle("what-if", what.length > 0);
    if (element.hidden) return put(loss);
    put(chips, what.map(chip));
    const known = recorded.loss !== null && app.pass.loss !== null;
    return put(loss, known && [el("code", {}, root.name), " ", el("span", { class: "soft" }, `${short(recorded.loss)} →`), " ", el("b", { class: typeof app.pass.loss === "number" ? null : "bad" }, short(app.pass.loss))]);
  });
}
