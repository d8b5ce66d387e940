/** A change of a large view as a movement on its canvas: what stays glides, what comes and what goes fades. */
import { eased } from "#gv/glide.js";

export const LASTS = 200; // ms
export const MOST_MOVING = 1500; // boxes in sight; beyond them a movement would stutter

/** px of the screen = drawing · scale + (left, top); from one drawing to another through the screen. */
export const across = (at, from, to, side) => (at * from.scale + from[side] - to[side]) / to.scale;

/**
 * What becomes of the boxes in sight.
 * @param before, after the pass in the old view and in the new one
 * @param seenBefore, seenAfter numbers of the boxes in sight in each
 * @returns `stays`, pairs of old and new numbers, and the numbers of those that come and go
 */
export function changeOf(before, after, seenBefore, seenAfter) {
  const stays = new Map();
  const comes = [];
  for (const box of seenAfter) {
    const old = before.boxOfKey(after.boxes[box].key);
    if (old >= 0) stays.set(box, old);
    else comes.push(box);
  }
  const goes = [];
  for (const old of seenBefore) {
    const box = after.boxOfKey(before.boxes[old].key);
    if (box >= 0) stays.set(box, old);
    else goes.push(old);
  }
  return { stays: [...stays].map(([box, old]) => [old, box]), comes, goes };
}

export class Movement {
  #start = null;

  /**
   * @param before, after the old picture and the new one
   * @param from, to how each lies on the screen: scale, left, top and detail
   * @param pane the canvas, in its px
   */
  constructor(before, after, from, to, pane) {
    const sight = ({ scale, left, top }) => ({ x: -left / scale, y: -top / scale, width: pane.width / scale, height: pane.height / scale });
    const { x, y } = after.geometry;
    Object.assign(this, { before, after, from, to, area: { x: 0, y: 0, width: pane.width, height: pane.height } });
    this.change = changeOf(before.pass, after.pass, before.boxesIn(sight(from)), after.boxesIn(sight(to)));
    this.geometry = { ...after.geometry, x: Float32Array.from(x), y: Float32Array.from(y) };
    this.starts = this.change.stays.map(([old]) => {
      const rect = before.rect(old);
      return [across(rect.x, from, to, "left"), across(rect.y, from, to, "top")];
    });
  }

  /** Whether there is something to be seen moving, and not too much. */
  get isWorthIt() {
    const { stays, comes, goes } = this.change;
    return stays.length + comes.length + goes.length <= MOST_MOVING;
  }

  /** Put the boxes that stay where they are at `share` of their way. */
  place(share) {
    const done = eased(share);
    const { x, y } = this.after.geometry;
    this.change.stays.forEach(([, box], i) => {
      const [fromX, fromY] = this.starts[i];
      this.geometry.x[box] = fromX + (x[box] - fromX) * done;
      this.geometry.y[box] = fromY + (y[box] - fromY) * done;
    });
  }

  /** Paint the state at a moment. @returns whether the movement goes on */
  paint(context, now) {
    this.#start ??= now;
    const share = (now - this.#start) / LASTS;
    if (share >= 1) return false;
    const { stays, comes, goes } = this.change;
    const done = eased(share);
    this.place(share);
    this.after.begin(context, this.to, this.area);
    this.after.paintLines(context, this.to, this.area, done);
    context.globalAlpha = 1 - done;
    if (goes.length) this.before.paintBoxes(context, this.from, this.area, goes);
    context.globalAlpha = 1;
    this.after.paintBoxes(context, this.to, this.area, stays.map(([, box]) => box), this.geometry);
    context.globalAlpha = done;
    this.after.paintBoxes(context, this.to, this.area, comes);
    context.restore();
    return true;
  }
}
