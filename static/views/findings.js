/** The findings: what a check saw, where, the evidence and the cure. */
import { placeName } from "#gv/cells.js";
import { el, put } from "#gv/dom.js";
import { grouped } from "#gv/grouped.js";
import { later } from "#gv/later.js";

export function findings(element, app) {
  const button = document.getElementById("findings-button");
  const list = el("div", { class: "finding-list" });
  element.append(el("h2", {}, "Findings"), list);

  function crash() {
    const { exception, finished } = app.recording;
    if (exception) {
      return el("article", { class: "finding error" }, el("h3", {}, `The script stopped: ${exception.type}`),
        el("p", {}, exception.message), exception.line ? el("p", { class: "where" }, lineLink(exception.file, exception.line)) : null);
    }
    return finished === false ? el("article", { class: "finding note" }, el("h3", {}, "The recording is not finished"), el("p", {}, "The script is still running, or was ended from outside. What it had recorded is here.")) : null;
  }

  const incomplete = () => app.pass?.error && el("article", { class: "finding warning" }, el("h3", {}, `Pass ${app.pass.index} is not whole`), el("p", {}, app.pass.error));

  function failure() {
    const failed = app.pass?.failed;
    return failed && el("article", { class: "finding error" }, el("h3", {}, `backward() failed at ${failed.name}: ${failed.type}`), failed.message && el("p", {}, failed.message),
      failed.line && el("p", { class: "where" }, lineLink(failed.file, failed.line)), el("p", {}, "The gradients that were there by then are shown."),
      el("button", { type: "button", class: "btn tiny", click: () => app.goTo({ pass: null, node: failed.node }) }, `Go to ${failed.name}`));
  }

  /** What the recorder noted of the pass. */
  function notes() {
    const { inferred = 0, notes: said = [], manual = false } = app.pass ?? {};
    const sentences = [
      manual && "The gradients of this pass were set by hand: no backward() was seen.",
      inferred > 0 && `The order of operands was inferred for ${grouped(inferred)} ${inferred === 1 ? "value" : "values"}, from the op and the numbers.`, ...said,
    ];
    return sentences.filter(Boolean).map((text) => el("p", { class: "pass-note" }, text));
  }

  const damage = () => (app.recording.damage ?? []).map((text) => el("article", { class: "finding note" }, el("h3", {}, "The file is damaged"), el("p", {}, text)));

  const lineLink = (file, line) => el("button", { type: "button", class: "link", click: () => app.emit("ask:line", { file, line }) }, placeName(file, line));

  function card(finding) {
    const name = finding.name ?? (Number.isInteger(finding.node) ? `n${finding.node}` : null);
    const here = finding.pass === null || finding.pass === undefined || finding.pass === app.pass?.index;
    const label = here ? (name ? `Go to ${name}` : "Go to the pass") : `Go to pass ${finding.pass}`;
    return el("article", { class: `finding ${finding.severity}` },
      el("h3", {}, finding.message),
      el("p", { class: "where" }, el("span", { class: "check" }, finding.check), finding.line ? [" · ", lineLink(finding.file, finding.line)] : null, finding.pass !== null && finding.pass !== undefined ? ` · pass ${finding.pass}` : ""),
      finding.evidence && el("p", {}, finding.evidence),
      finding.cure && el("p", { class: "cure" }, finding.cure),
      (name !== null || !here) && el("button", { type: "button", class: "btn tiny", click: () => app.goTo(finding) }, label));
  }

  function draw() {
    const all = app.findings;
    const stopped = crash();
    const number = all.length + (stopped ? 1 : 0) + (app.pass?.failed ? 1 : 0);
    put(list, app.what.length > 0 && el("p", { class: "quiet" }, "In this what-if, looked at by itself:"), stopped, failure(), incomplete(), damage(), all.map(card), number === 0 ? el("p", { class: "quiet" }, "No check found anything to say.") : null, notes());
    button.hidden = number === 0;
    const errors = all.some((one) => one.severity === "error") || app.recording.exception || app.pass?.failed;
    button.className = `btn ${errors ? "alarm" : "warn"}`;
    put(button, el("span", {}, String(number)), el("span", { class: "wide" }, number === 1 ? " finding" : " findings"));
    button.setAttribute("aria-label", `${number} ${number === 1 ? "finding" : "findings"}`);
  }

  button.addEventListener("click", () => app.emit("ask:pane", "findings"));
  const refresh = later(draw);
  for (const change of ["recording", "findings", "pass"]) app.on(change, refresh);
}
