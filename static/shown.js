/** What a canvas shows of each box and edge, so that only what differs is painted again. No DOM. */
import { ABSENT, toneOf } from "#gv/detail.js";

const COLUMNS = ["computed", "grads", "order", "updated", "data", "grad", "level"];

export class Shown {
  #kept = null;
  #finalTones;

  constructor(pass) {
    this.pass = pass;
    this.boxTones = new Uint8Array(pass.boxes.length);
    this.edgeTones = new Uint8Array(pass.edges.length);
    this.#finalTones = Uint8Array.from(pass.edges, (edge) => toneOf(edge.level));
    this.frame = null;
    this.marks = { now: -1, selected: -1, backward: false, breaks: () => false, markOf: () => null, toured: () => false };
    this.edge = -1;
    this.carried = "";
  }

  /**
   * Take over a frame.
   * @returns the boxes and edges that look different now, or null for all of them
   */
  update(frame, step, { selected, breaks, markOf, toured }) {
    const before = { ...this.marks, edge: this.edge };
    const backward = step?.phase === "backward" || step?.phase === "update";
    this.marks = { now: step?.box ?? -1, selected: this.pass.boxOfKey(selected), backward, breaks, markOf, toured };
    this.edge = step?.viewEdge ?? -1;
    this.carried = step?.carried ?? "";
    this.frame = frame;
    const boxes = this.#boxes(frame);
    const edges = this.#edges(frame);
    const first = this.#kept === null;
    this.#keep(frame, boxes);
    if (first || before.backward !== backward) return null;
    const marked = [before.now, this.marks.now, before.selected, this.marks.selected].filter((box) => box >= 0);
    return { boxes: [...new Set([...boxes, ...marked])], edges: [...new Set([...edges, before.edge, this.edge])].filter((edge) => edge >= 0) };
  }

  #keep(frame, changed) {
    if (this.#kept === null) this.#kept = Object.fromEntries(COLUMNS.map((name) => [name, frame[name].slice()]));
    for (const name of COLUMNS) for (const box of changed) this.#kept[name][box] = frame[name][box];
  }

  #boxes(frame) {
    const { boxes, totals } = this.pass;
    const changed = [];
    const { computed, grads, order, updated, data, grad, level } = frame;
    const kept = this.#kept ?? Object.fromEntries(COLUMNS.map((name) => [name, []]));
    for (let i = 0; i < boxes.length; i += 1) {
      const same = computed[i] === kept.computed[i] && grads[i] === kept.grads[i] && grad[i] === kept.grad[i]
        && data[i] === kept.data[i] && level[i] === kept.level[i] && order[i] === kept.order[i] && updated[i] === kept.updated[i];
      if (same) continue;
      changed.push(i);
      this.boxTones[i] = computed[i] < totals.computed[i] ? ABSENT : toneOf(boxes[i].glevel === "na" ? null : level[i]);
    }
    return changed;
  }

  #edges({ carried }) {
    const changed = [];
    const total = this.pass.totals.carried;
    for (let i = 0; i < total.length; i += 1) {
      const tone = total[i] > 0 && carried[i] >= total[i] ? this.#finalTones[i] : ABSENT;
      if (tone === this.edgeTones[i]) continue;
      this.edgeTones[i] = tone;
      changed.push(i);
    }
    return changed;
  }
}
