/** A box in words, for a title and for a screen reader. No DOM. */
import { grouped } from "#gv/grouped.js";

/** @param facts of the view; @param state of the frame; @param mark the badge it has, or null */
export function describe(facts, state, mark = null) {
  const backward = state.grads > 0;
  const [done, all] = backward ? [state.grads, state.gradsTotal] : [state.computed, state.total];
  const share = all > 1 && facts.count > 1 ? done / all : 0;
  const words = [facts.title, facts.subtitle, facts.count > 1 ? `${grouped(facts.count)} values` : ""];
  words.push(state.data === null ? "not computed yet" : `data ${state.data}`);
  if (facts.glevel === "na") words.push("no gradient asked");
  else words.push(state.grad === null ? "no gradient yet" : `gradient ${state.grad}`);
  if (share > 0 && share < 1) words.push(`${Math.round(share * 100)} % done`);
  if (mark !== null) words.push(mark.words);
  return words.filter(Boolean).join(", ");
}

/** The same in full precision, with what the server told of a single value. */
export function inFull(facts, detail, state) {
  const gains = detail.steps?.grad ?? [];
  const final = gains.length > 0 && state.grads >= state.gradsTotal;
  const lines = [`${detail.label ?? detail.name}: ${detail.op || detail.kind}`, detail.scope,
    `data ${state.data === null ? "not computed" : state.updated ? (detail.update?.after ?? state.data) : detail.data}`,
    facts.glevel === "na" ? "grad not asked" : `grad ${state.grad === null ? "not computed" : final ? detail.grad : state.grad}`,
    detail.line ? `${detail.file}:${detail.line}` : ""];
  return lines.filter(Boolean).join("\n");
}
