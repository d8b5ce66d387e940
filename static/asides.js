/** What is said of one value beside its numbers: the verdict on its gradient, how its rule failed, what was inferred. */
import { el } from "#gv/dom.js";
import { table, tableRow } from "#gv/facts.js";

const SAYS = { right: "right", wrong: "wrong", missing: "not computed" };

/**
 * @param verdict of its box, which is its own if it is not folded; null if there is none
 * @param row of a gradient that fails: expected, recorded, rule
 */
export function checked(verdict, row) {
  const word = row?.verdict ?? verdict;
  if (word === null) return null;
  return [
    el("h3", {}, "Checked"),
    row === null
      ? el("p", { class: `verdict ${word}` }, word === "right" ? "The gradient is what it ought to be." : `The gradient is ${SAYS[word]}.`)
      : [table([tableRow("expected", row.expected), tableRow("recorded", word === "missing" ? el("i", {}, "not computed") : el("b", { class: "wrong" }, row.recorded))], "Checked gradient"),
        row.rule && el("p", { class: "expectation" }, row.rule)],
  ];
}

/** Sentences about how the value was recorded. */
export function asides(detail) {
  const { failed, inferred, absent } = detail ?? {};
  if (!failed && !inferred && !absent) return null;
  return [
    failed && el("p", { class: "aside failed" }, el("b", {}, "backward() failed here: "), `${failed.type}${failed.message ? `: ${failed.message}` : ""}`),
    absent && el("p", { class: "aside" }, "The rest is not carried in this file: ", el("code", {}, "gradviz show"), " tells it, of the recording."),
    inferred && el("p", { class: "aside" }, "Which operands it has, and in what order, was inferred from the op and the numbers."),
  ];
}
