/** The answers of a page without a server: what its file carries, in the shapes of the HTTP API. No DOM. */
import { ApiError } from "#gv/api.js";
import { readRecording, readWindow } from "#gv/document.js";
import { findIn } from "#gv/finding.js";

const HINT = "Open the recording itself for that: gradviz show.";
const refuse = (message) => new ApiError("refused", message, HINT);
const sameKeys = (one, other) => one.length === other.length && one.every((key) => other.includes(key));

/** Every step as this view sees it. */
function stepsIn(pass, view) {
  return pass.steps.map((step) => {
    const viewEdge = step.edge === null ? -1 : view.edgeOf[step.edge];
    const seen = { ...step, box: view.boxOf[step.node], viewEdge: viewEdge < 0 ? null : viewEdge };
    return step.k === view.alsoAt ? { ...seen, also: view.also } : seen;
  });
}

/** @param carried what `gradviz.player.carried` gathers */
export function createOffline({ recording, findings, passes }) {
  const passAt = (index) => {
    const pass = passes[index];
    if (!pass) throw refuse(`This file does not carry pass ${index}.`);
    return pass;
  };

  function viewOf(pass, open) {
    if (open === null || open === undefined) return pass.views[0];
    const keys = [...new Set(open)].filter((key) => key !== "");
    const view = pass.views.find((one) => sameKeys(keys, one.view.open) || (one.asked && sameKeys(keys, one.asked)));
    if (!view) throw refuse("This file does not carry that view.");
    return view;
  }

  const lookUp = (index, { open = null, what = [] } = {}) => {
    if (what?.length) throw refuse("This file carries what was recorded, and computes nothing anew.");
    const pass = passAt(index);
    return { pass, view: viewOf(pass, open) };
  };

  function whole(index, lens) {
    const { pass, view } = lookUp(index, lens);
    const { facts, phases } = pass;
    const steps = stepsIn(pass, view);
    const failed = facts.failed && { ...facts.failed, box: view.failedBox };
    return { ...facts, failed, phases, steps: steps.length, view: view.view, scopes: view.scopes, window: { start: 0, total: steps.length, frame: view.frame, steps } };
  }

  function node(index, number) {
    const { nodes, curves } = passAt(index);
    const found = nodes[number];
    if (!found) return { absent: true, node: number, inputs: [], consumers: [], steps: {} };
    return found.curve ? { ...found, curve: { ...found.curve, ...curves[found.curve.points] } } : found;
  }

  function box(index, key, lens) {
    const { pass, view } = lookUp(index, lens);
    return view.boxes?.[key] ?? pass.boxes[key] ?? { absent: true };
  }

  function check(index, lens) {
    const { pass, view } = lookUp(index, lens);
    if (!view.verdicts) throw refuse("This file carries no check of the gradients.");
    const nodes = Object.entries(pass.check.nodes).map(([key, row]) => [key, { ...row, box: view.boxOf[key] }]);
    return { ...pass.check, verdicts: view.verdicts, nodes: Object.fromEntries(nodes) };
  }

  /** The values that an expression made, and the boxes that hold them. */
  function made(index, file, expression, lens) {
    const { pass, view } = lookUp(index, lens);
    const found = pass.made[file];
    const at = found?.expressions.findIndex((row) => expression.every((place, i) => row[i] === place)) ?? -1;
    const nodes = at < 0 ? [] : found.nodes[at];
    const count = at < 0 ? 0 : found.expressions[at].at(-1);
    return { file, expression, count, nodes, boxes: nodes.map((one) => view.boxOf[one]), more: count - nodes.length };
  }

  const refused = async () => {
    throw refuse("This file cannot do that by itself.");
  };
  return {
    on: () => {},
    retry: () => {},
    cancel: () => {},
    recording: async () => readRecording(recording),
    findings: async () => findings,
    pass: async (index, lens) => whole(index, lens),
    steps: async (index, start, count, lens) => readWindow(whole(index, lens).window),
    node: async (index, number) => node(index, number),
    box: async (index, key, lens) => box(index, key, lens),
    passFindings: async () => [],
    check: async (index, lens) => check(index, lens),
    expressions: async (index, file) => passAt(index).made[file]?.expressions ?? [],
    made: async (index, file, expression, lens) => made(index, file, expression.slice(0, 4), lens),
    find: async (index, q) => findIn(passAt(index), q),
    exported: refused,
    /** Whether a view of a pass is here, so that an address may ask for it. */
    carries(index, open) {
      try {
        return Boolean(viewOf(passAt(index), open));
      } catch {
        return false;
      }
    },
  };
}
