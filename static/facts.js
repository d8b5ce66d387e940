/** Tables of the inspector: the numbers of one value at this step, and where its gradient comes from. */
import { bars, short } from "#gv/curve.js";
import { toNumber } from "#gv/document.js";
import { el } from "#gv/dom.js";
import { grouped } from "#gv/grouped.js";

const ROWS = 24;

/** What is exact is shown exactly; an array's summary stays as it is. */
export const exact = (value) => (typeof value === "number" ? String(Object.is(value, -0) ? "-0" : value) : value === null || value === undefined ? "–" : String(value));

export const tableRow = (name, value, title = null) => el("tr", {}, el("th", { scope: "row" }, name), el("td", { title }, value));

export function table(rows, label) {
  return el("table", { class: "facts", "aria-label": label }, el("tbody", {}, rows.filter(Boolean)));
}

/** data, grad and the rest: as of the frame that is shown, in full once it is final. */
export function valueTable(box, state, detail, go) {
  const asked = box.glevel !== "na";
  const full = (shown, number) => (shown !== null && shown !== undefined && typeof number === "number" ? exact(number) : shown);
  const data = full(state.data, state.updated ? detail?.update?.after : detail?.data);
  const grad = state.grads >= state.gradsTotal ? full(state.grad, detail?.grad) : state.grad;
  const shown = (text) => (text === undefined ? "…" : text === null ? el("i", {}, "not computed yet") : text);
  const users = detail?.consumers ?? [];
  const prior = detail && toNumber(detail.prior ?? 0) !== 0 ? detail.prior : null;
  const jump = (k, text) => el("button", { type: "button", class: "link", title: `Go to step ${k + 1}`, click: () => go(k + 1) }, text);
  const gains = (detail?.steps?.grad ?? []).filter((k) => k >= 0); // below 0 it was before the steps that are there
  return table([
    tableRow("data", shown(data), "the value"),
    tableRow("grad", !asked ? el("i", {}, "not asked for") : detail?.state === "not computed" ? el("i", {}, "not computed") : shown(grad), "∂ root / ∂ this"),
    prior !== null && tableRow("grad before this pass", exact(prior)),
    detail?.shape?.length > 0 && tableRow("shape", detail.shape.join("×")),
    detail?.summary && tableRow("summary", typeof detail.summary === "string" ? detail.summary : (detail.summary.text ?? "")),
    detail?.update && tableRow("update", `${exact(detail.update.before)} → ${exact(detail.update.after)}`, detail.update.rule),
    users.length > 0 && tableRow("used by", users.slice(0, 6).map((user, index) => [index ? ", " : "", el("code", {}, user.name)]).concat(users.length > 6 ? ` and ${grouped(users.length - 6)} more` : [])),
    detail?.scope && tableRow("scope", el("code", {}, detail.scope)),
    detail?.steps?.compute >= 0 && tableRow("computed at", jump(detail.steps.compute, `step ${grouped(detail.steps.compute + 1)}`)),
    gains.length > 0 && tableRow("gradient at", gains.slice(0, 6).map((k, index) => [index ? ", " : "", jump(k, grouped(k + 1))]).concat(gains.length > 6 ? " …" : "")),
  ], "Value");
}

/**
 * Each consumer's cotangent, and their sum: the law that a gradient is.
 * @param arrived how many gradients have come from which node; null when all have
 * @param sum what has come together by now, or null
 */
export function contributions(detail, arrived, sum) {
  const { consumers } = detail;
  const isRoot = consumers.length === 0;
  const prior = toNumber(detail.prior ?? 0);
  if (isRoot && detail.grad === null) return null;
  const left = new Map(arrived);
  const came = (node) => {
    const number = left.get(node) ?? 0;
    left.set(node, number - 1);
    return arrived === null || number > 0;
  };
  const parts = consumers.slice(0, ROWS).map((user) => {
    const there = came(user.node);
    return el("tr", { class: there ? null : "ghost" }, el("td", {}, el("code", {}, user.name)), el("td", {}, user.local === null || user.local === undefined ? "" : `× ${valueText(user.local)}`),
      el("td", { title: there ? exact(user.cotangent) : "not yet" }, there ? valueText(user.cotangent) : "–"));
  });
  const unlisted = Math.max(0, consumers.length - ROWS) + (detail.more ?? 0);
  const more = unlisted > 0 && el("tr", {}, el("td", { colspan: 3 }, `and ${grouped(unlisted)} more`));
  const seed = isRoot && el("tr", {}, el("td", {}, "seed"), el("td", {}, ""), el("td", {}, arrived === null ? valueText(detail.grad) : "–"));
  const before = prior !== 0 && !Number.isNaN(prior) && el("tr", {}, el("td", {}, "there before"), el("td", {}, ""), el("td", {}, short(prior)));
  return el("table", { class: "sum" },
    el("caption", { class: "unseen" }, "Contributions to the gradient"),
    el("thead", {}, el("tr", {}, el("th", { scope: "col" }, "from"), el("th", { scope: "col" }, "local"), el("th", { scope: "col" }, "gradient"))),
    el("tbody", {}, parts, seed, before, more),
    el("tfoot", {}, el("tr", {}, el("th", { scope: "row", colspan: 2 }, "sum"), el("td", { title: arrived === null ? exact(detail.grad) : null }, arrived === null ? valueText(detail.grad) : (sum ?? "–")))));
}

/** Smallest, percentiles, mean and largest, of data and of the sizes of gradients side by side. */
function spread(data, grads) {
  const cuts = (data.percentiles ?? grads.percentiles ?? []).map(([percent]) => percent);
  const at = (one, percent) => valueText(one.percentiles?.find(([cut]) => cut === percent)?.[1]);
  const name = (percent) => (percent === 50 ? "median" : `${percent} %`);
  const line = (text, first, second) => el("tr", {}, el("th", { scope: "row" }, text), el("td", {}, first), el("td", {}, second));
  return el("table", { class: "sum" },
    el("caption", { class: "unseen" }, "Distribution"),
    el("thead", {}, el("tr", {}, ["", "data", "|grad|"].map((text) => el("th", { scope: "col" }, text)))),
    el("tbody", {}, line("smallest", valueText(data.min), valueText(grads.min)), cuts.map((percent) => line(name(percent), at(data, percent), at(grads, percent))),
      line("largest", valueText(data.max), valueText(grads.max)), line("mean", valueText(data.mean), valueText(grads.mean))));
}

/** A folded box: two distributions, its ops, its first values. */
export function foldedFacts(box, detail, state, show) {
  const grads = detail.grad ?? {};
  const share = grads.zero_share ?? grads.zeroShare;
  const ready = state.grads >= state.gradsTotal && state.gradsTotal > 0;
  const gradRows = ready && Array.isArray(grads.histogram);
  return [
    el("h3", {}, "data"), Array.isArray(detail.data?.histogram) && bars(detail.data.histogram, "data", `${box.title}: data from ${short(detail.data.min)} to ${short(detail.data.max)}`),
    el("h3", {}, gradRows ? "|grad|, log scale" : "|grad|"), gradRows ? bars(grads.histogram, "grad", `${box.title}: sizes of the gradients`) : el("p", { class: "quiet" }, `${grouped(state.grads)} of ${grouped(state.gradsTotal)} gradients have arrived.`),
    spread(detail.data ?? {}, ready ? grads : {}),
    table([
      tableRow("values", grouped(detail.count)),
      gradRows && share !== undefined && share !== null && tableRow("zero grads", `${grouped(grads.zeros)} (${(100 * share).toFixed(share > 0 && share < 0.1 ? 1 : 0)} %)`),
      detail.data?.zeros > 0 && tableRow("zero data", grouped(detail.data.zeros)),
      detail.data?.nonfinite > 0 && tableRow("NaN or Inf in data", el("b", { class: "bad" }, grouped(detail.data.nonfinite))),
      ready && grads.nonfinite > 0 && tableRow("NaN or Inf in grad", el("b", { class: "bad" }, grouped(grads.nonfinite))),
    ], "Folded box"),
    detail.ops?.length > 0 && [el("h3", {}, "ops"), el("p", { class: "ops" }, detail.ops.map(([name, number]) => el("span", { class: "chip" }, el("code", {}, name), ` ${grouped(number)}`)))],
    detail.nodes?.length > 0 && [el("h3", {}, "first values"), el("table", { class: "sum" },
      el("thead", {}, el("tr", {}, ["value", "data", "grad"].map((name) => el("th", { scope: "col" }, name)))),
      el("tbody", {}, detail.nodes.slice(0, 40).map((node) => el("tr", {},
        el("td", {}, el("button", { type: "button", class: "link", title: "Open the scopes around it", click: () => show(node.node) }, el("code", {}, node.name))),
        el("td", {}, valueText(node.data)), el("td", {}, ready ? valueText(node.grad) : "–")))))],
    detail.more > 0 && el("p", { class: "quiet" }, `and ${grouped(detail.more)} more`),
  ];
}

export const valueText = (value) => (typeof value === "number" ? short(value) : value === null || value === undefined ? "–" : String(value));
