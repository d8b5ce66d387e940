/** The loaded windows of steps: fetched once, the least recently used dropped. No DOM. */
import { applyStep, Frame } from "#gv/frame.js";

const KEPT = 32;
const WIDE = 512; // steps that are asked for at once by one who looks through many

export class Windows {
  #loaded = new Map();
  #frames = new WeakMap();
  #coming = new Map();

  /** @param fetchWindow (start, count) => Promise of a window */
  constructor(pass, fetchWindow, size = 512) {
    this.pass = pass;
    this.size = Math.max(1, size);
    this.fetchWindow = fetchWindow;
    for (const [index, piece] of this.#pieces(pass.window)) this.#loaded.set(index, piece);
  }

  get count() {
    return Math.max(1, Math.ceil(this.pass.total / this.size));
  }

  /** Whether every step is here, so that nothing will be asked of the server again. */
  get complete() {
    return this.#loaded.size >= this.count;
  }

  #touch(index) {
    const window = this.#loaded.get(index);
    if (window === undefined) return null;
    this.#loaded.delete(index);
    this.#loaded.set(index, window);
    return window;
  }

  #indexOf(k) {
    return Math.min(Math.floor(k / this.size), this.count - 1);
  }

  /** Step j if its window is loaded, else null. */
  step(j) {
    if (j < 0 || j >= this.pass.total) return null;
    const window = this.#loaded.get(this.#indexOf(j));
    return window ? (window.steps[j - window.start] ?? null) : null;
  }

  /** A window from which the frame at k can be built: its own, or the one that ends there. */
  #source(k) {
    const index = this.#indexOf(k);
    const own = this.#touch(index);
    if (own || k % this.size !== 0 || index === 0) return own;
    return this.#touch(index - 1);
  }

  holds(k) {
    return this.#source(k) !== null;
  }

  /** The frame before a window: as it came, or from the window that came with it. */
  #before(window) {
    if (!this.#frames.has(window)) {
      const { frame, after } = window;
      this.#frames.set(window, frame ? Frame.read(this.pass, frame, window.start) : this.#through(after, window.start));
    }
    return this.#frames.get(window);
  }

  #through(window, k) {
    const frame = this.#before(window).copy();
    for (let j = window.start; j < k; j += 1) applyStep(this.pass, frame, window.steps[j - window.start]);
    return frame;
  }

  /** The frame at k and the step that led to it; the window must be loaded. */
  frameAt(k) {
    const window = this.#source(k);
    const frame = this.#through(window, k);
    const step = k > window.start ? window.steps[k - 1 - window.start] : (this.step(k - 1) ?? window.frame?.current ?? window.after?.steps.at(-1) ?? null);
    return { frame, step };
  }

  /**
   * Fetch the window that holds step (or frame) k, unless it is here or on its way.
   * @param direction 1 or -1 for one who goes on looking that way: then more windows come at once
   */
  async ensure(k, direction = 0) {
    const index = this.#indexOf(k);
    if (this.#loaded.has(index)) return;
    if (!this.#coming.has(index)) {
      const more = direction === 0 ? 0 : Math.max(0, Math.floor(WIDE / this.size) - 1);
      const start = Math.max(0, direction < 0 ? index - more : index) * this.size;
      const stop = Math.min((index + 1 + (direction > 0 ? more : 0)) * this.size, this.pass.total);
      const coming = this.fetchWindow(start, stop - start)
        .then((window) => this.#keep(window))
        .finally(() => this.#coming.delete(index));
      this.#coming.set(index, coming);
    }
    await this.#coming.get(index);
  }

  /** A window in pieces of the usual size, each with its place among them. */
  #pieces({ start, steps, frame }) {
    const pieces = [];
    for (let at = 0; at === 0 || at < steps.length; at += this.size) {
      const piece = { start: start + at, steps: steps.slice(at, at + this.size), frame: at === 0 ? frame : null, after: pieces.at(-1)?.[1] ?? null };
      pieces.push([this.#indexOf(piece.start), piece]);
    }
    return pieces;
  }

  /** Keep a window, a long one in pieces of the usual size, and no more than so many. */
  #keep(window) {
    for (const [index, piece] of this.#pieces(window)) {
      this.#loaded.delete(index);
      this.#loaded.set(index, piece);
    }
    for (const key of this.#loaded.keys()) {
      if (this.#loaded.size <= KEPT) break;
      if (key !== 0) this.#loaded.delete(key);
    }
  }

  /** Ask for the neighbours in good time; their failure shows when they are needed. */
  prefetch(k) {
    const offset = k - this.#indexOf(k) * this.size;
    if (offset >= this.size / 4 && this.#indexOf(k) + 1 < this.count) this.ensure((this.#indexOf(k) + 1) * this.size).catch(() => {});
    if (offset <= this.size / 4 && this.#indexOf(k) > 0) this.ensure(this.#indexOf(k) * this.size - 1).catch(() => {});
  }
}
