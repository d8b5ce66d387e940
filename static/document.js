/** The JSON document of a recording and of a pass: shape checks and look-ups. No DOM. */
import { readGeometry } from "#gv/geometry.js";
import { unpackRows } from "#gv/packing.js";

export class DocumentError extends Error {
  constructor(message) {
    super(message);
    this.name = "DocumentError";
    this.hint = "Page and server may be of different versions: reload the page.";
  }
}

function need(condition, what) {
  if (!condition) throw new DocumentError(`The server's answer has no sound ${what}.`);
}

const isCount = (value) => Number.isInteger(value) && value >= 0;

/** JSON has no NaN, so the codec writes non-finite numbers as words. */
export function toNumber(value) {
  if (typeof value === "number") return value;
  if (value === "Infinity") return Infinity;
  if (value === "-Infinity") return -Infinity;
  return NaN;
}

/** Long recordings carry one list per column, short ones one object per pass. */
function passList(raw) {
  if (Array.isArray(raw)) return { length: raw.length, at: (index) => raw[index] };
  need(raw && Array.isArray(raw.index), "list of passes");
  const names = Object.keys(raw);
  return {
    length: raw.index.length,
    at: (index) => Object.fromEntries(names.map((name) => [name, raw[name][index]])),
  };
}

/** @returns the recording with `passes.length`, `passes.at(i)` and `sources` as a Map. */
export function readRecording(raw) {
  need(raw && typeof raw === "object", "recording");
  const sources = new Map();
  for (const { file, text } of raw.sources ?? []) sources.set(file, text);
  return { ...raw, passes: passList(raw.passes), sources, limits: raw.limits ?? { window: 512 } };
}

function checkWindow(window) {
  need(window && isCount(window.start) && Array.isArray(window.steps), "window of steps");
  const { frame } = window;
  need(frame && (frame.texts || (Array.isArray(frame.boxes) && Array.isArray(frame.edges))), "frame");
  return window;
}

/** The boxes of a large view come in columns, without the keys that their nodes already give. */
function readBoxes(packed) {
  const boxes = unpackRows(packed);
  for (const box of boxes) {
    box.node = box.node < 0 ? null : box.node;
    box.key ??= `n${box.node}`;
  }
  return boxes;
}

/** How much each box and each edge waits for. */
function totalsOf({ boxes, edges }, frame) {
  const column = (rows, name) => {
    const numbers = new Int32Array(rows.length);
    for (let i = 0; i < rows.length; i += 1) numbers[i] = rows[i][name];
    return numbers;
  };
  return {
    computed: column(boxes, "count"),
    grads: column(frame.boxes ?? boxes, "gradsTotal"),
    carried: column(frame.edges ?? edges, "total"),
  };
}

/** A pass seen through one view, with the look-ups the page needs. */
export class Pass {
  #byKey = new Map();
  #byNode = new Map();

  constructor(raw) {
    need(raw && isCount(raw.index), "pass");
    need(Array.isArray(raw.phases) && isCount(raw.steps), "phases");
    const large = raw.view?.geometry;
    need(raw.view && (large || (Array.isArray(raw.view.boxes) && Array.isArray(raw.view.edges))), "view");
    this.index = raw.index;
    this.loss = raw.loss;
    this.what = raw.what ?? [];
    this.recorded = raw.recorded ?? null;
    this.values = raw.values;
    this.root = raw.root;
    this.error = raw.error ?? null;
    this.manual = raw.manual ?? false;
    this.failed = raw.failed ?? null;
    this.inferred = raw.inferred ?? 0;
    this.notes = raw.notes ?? [];
    this.phases = raw.phases.filter((phase) => phase.stop > phase.start);
    this.total = raw.steps;
    this.view = raw.view;
    this.boxes = large ? readBoxes(raw.view.boxes) : raw.view.boxes;
    this.edges = large ? unpackRows(raw.view.edges) : raw.view.edges;
    this.geometry = large ? readGeometry(large, this.boxes, this.edges) : null;
    this.scale = raw.scale ?? null;
    this.scopes = raw.scopes ?? [];
    this.window = checkWindow(raw.window);
    this.totals = totalsOf(this, raw.window.frame);
    this.boxes.forEach((box, index) => {
      this.#byKey.set(box.key, index);
      if (box.node !== null && box.node !== undefined) this.#byNode.set(box.node, index);
    });
  }

  /** The box with this key ("n9" or a scope), or -1. */
  boxOfKey(key) {
    return this.#byKey.get(key) ?? -1;
  }

  boxOfNode(node) {
    return this.#byNode.get(node) ?? -1;
  }

  /** Whether a box stands for a single value. */
  isSingle(index) {
    const box = this.boxes[index];
    return box !== undefined && box.node !== null && box.node !== undefined;
  }

  /** The scope that a box lies in, or, folded, stands for. */
  scopeOf(index) {
    const box = this.boxes[index];
    if (!box) return "";
    return this.isSingle(index) ? box.scope : box.key.replace(/ #\d+$/, "");
  }

  /** Whether the page paints it: it has more boxes than an SVG carries. */
  get isLarge() {
    return this.geometry !== null;
  }

  /** The phase that step `k - 1` belongs to: what the frame at k has just done. */
  phaseAt(k) {
    const step = Math.max(0, k - 1);
    return this.phases.find((phase) => step >= phase.start && step < phase.stop) ?? this.phases.at(-1) ?? null;
  }
}

export const readWindow = checkWindow;
