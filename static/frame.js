/** The state at step k in columns, and how one step changes it. No DOM. */
import { unpackNumbers, unpackWords } from "#gv/packing.js";

/** A packed column, or none of it (null), or all as in the end (true). */
function column(packed, end, nothing = 0) {
  if (packed === null) return new Int32Array(end.length).fill(nothing);
  return Int32Array.from(packed === true ? end : unpackNumbers(packed));
}

export class Frame {
  constructor(pass, columns) {
    this.pass = pass;
    Object.assign(this, columns);
  }

  /** The frame at `k` as the server tells it: box by box, or, of a large view, in columns. */
  static read(pass, raw, k = raw.k) {
    return new Frame(pass, { k, ...(raw.texts ? large(pass, raw) : small(raw)) });
  }

  /** One that `applyStep` may change. */
  copy() {
    const { k, computed, grads, order, updated, carried, data, grad, level } = this;
    const columns = { computed, grads, order, updated, carried, data, grad, level };
    for (const [name, values] of Object.entries(columns)) columns[name] = values.slice();
    return new Frame(this.pass, { k, ...columns });
  }

  /** What box `index` shows. */
  box(index) {
    const { totals } = this.pass;
    return {
      computed: this.computed[index], total: totals.computed[index], data: this.data[index],
      grads: this.grads[index], gradsTotal: totals.grads[index], grad: this.grad[index], level: this.level[index],
      order: this.order[index] < 0 ? null : this.order[index], updated: this.updated[index] === 1,
    };
  }

  /** Whether everything that travels on edge `index` has. */
  isOn(index) {
    const total = this.pass.totals.carried[index];
    return total > 0 && this.carried[index] >= total;
  }

  /** What edge `index` shows. */
  edge(index) {
    const on = this.isOn(index);
    const { text = null, level = null } = on ? this.pass.edges[index] : {};
    return { on, text, level, carried: this.carried[index], total: this.pass.totals.carried[index] };
  }
}

function small({ boxes, edges }) {
  const list = (rows, name) => rows.map((row) => row[name]);
  return {
    computed: Int32Array.from(list(boxes, "computed")), grads: Int32Array.from(list(boxes, "grads")),
    order: Int32Array.from(boxes, (box) => box.order ?? -1), updated: Uint8Array.from(list(boxes, "updated")),
    data: list(boxes, "data"), grad: list(boxes, "grad"), level: list(boxes, "level"),
    carried: Int32Array.from(list(edges, "carried")),
  };
}

function large(pass, raw) {
  const { boxes, totals } = pass;
  const computed = column(raw.computed, totals.computed);
  const grads = column(raw.grads, totals.grads);
  const updated = new Uint8Array(boxes.length);
  for (const box of unpackNumbers(raw.updated)) updated[box] = 1;
  const arrived = (box, index) => totals.grads[index] > 0 && grads[index] === totals.grads[index];
  const columns = {
    computed, grads, updated,
    order: column(raw.order, totals.computed, -1),
    carried: column(raw.carried, totals.carried),
    data: boxes.map((box, index) => (computed[index] === totals.computed[index] ? box.data : null)),
    grad: boxes.map((box, index) => (arrived(box, index) ? box.grad : null)),
    level: boxes.map((box, index) => (arrived(box, index) ? box.glevel : null)),
  };
  const [data, grad, level] = ["data", "grad", "level"].map((name) => unpackWords(raw.texts[name]));
  unpackNumbers(raw.texts.box).forEach((box, row) => {
    columns.data[box] = data[row];
    columns.grad[box] = grad[row];
    columns.level[box] = level[row];
  });
  return columns;
}

function gain(pass, frame, step) {
  const { box } = step;
  frame.grads[box] += 1;
  if (pass.isSingle(box)) {
    frame.grad[box] = step.after;
    frame.level[box] = step.level;
  } else if (frame.grads[box] >= pass.totals.grads[box]) {
    frame.grad[box] = pass.boxes[box].grad;
    frame.level[box] = pass.boxes[box].glevel;
  }
}

const EVENTS = {
  compute(pass, frame, { box, after }) {
    frame.computed[box] += 1;
    if (pass.isSingle(box)) frame.data[box] = after;
    else if (frame.computed[box] >= pass.totals.computed[box]) frame.data[box] = pass.boxes[box].data;
  },
  enter() {},
  leave(pass, frame, step) {
    if (pass.isSingle(step.box)) frame.order[step.box] = step.position ?? step.after;
  },
  seed: gain,
  carry(pass, frame, step) {
    gain(pass, frame, step);
    if (step.viewEdge !== null) frame.carried[step.viewEdge] += 1;
  },
  update(pass, frame, { box, after }) {
    frame.updated[box] = 1;
    if (pass.isSingle(box)) frame.data[box] = after;
  },
};

/** Turn the frame at `step.k` into the frame at `step.k + 1`, in place. */
export function applyStep(pass, frame, step) {
  if (pass.boxes[step.box]) EVENTS[step.event]?.(pass, frame, step);
  // With the last step of backward: gradients that are there in the end though no step brought them.
  for (const { box, after, level } of step.also ?? []) {
    frame.grad[box] = after;
    frame.level[box] = level;
  }
  frame.k = step.k + 1;
  return frame;
}
