/** The outcome of the check in one line; of a pass whose gradients were set by hand, the offer to check them. */
import { el, icon, put } from "#gv/dom.js";

export function check(element, app) {
  const words = el("span", { role: "status" });
  const act = el("button", { type: "button", class: "btn tiny", click: () => (app.checking.on ? app.checking.tour() : app.command("check")) }, "check");
  const end = el("button", { type: "button", class: "flat-x", "aria-label": "Check no longer", title: "Check no longer (g)", click: () => app.command("check") }, icon("close"));
  element.append(words, act, end);

  function draw() {
    const { on, answer } = app.checking;
    const manual = app.pass?.manual ?? false;
    element.hidden = !app.pass || (!on && !manual);
    if (element.hidden) return;
    const failing = answer ? answer.counts.wrong + answer.counts.missing : 0;
    put(words, manual && el("span", { class: on ? "soft wide" : "soft" }, on ? "set by hand: " : "gradients set by hand"), on && (answer ? outcome(answer) : "checking …"));
    put(act, on ? "show" : "check");
    act.setAttribute("aria-label", on ? "Walk through the gradients that fail" : "Check the gradients");
    act.hidden = on && failing === 0;
    end.hidden = !on;
  }

  const outcome = ({ summary, counts }) => el("b", { class: counts.wrong > 0 ? "wrong" : counts.missing > 0 ? "missing" : "right" }, summary);

  app.on("check", draw);
  app.on("pass", draw);
}
