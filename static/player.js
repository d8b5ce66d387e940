/** A cursor over the steps of one pass: forwards, backwards, by scope, to breakpoints. No DOM. */
import { applyStep } from "#gv/frame.js";
import { inside, together } from "#gv/scopes.js";
import { Windows } from "#gv/windows.js";

const SYSTEM_TIMER = { set: (run, ms) => setTimeout(run, ms), clear: (id) => clearTimeout(id) };
const SHORTEST_TICK = 25;
export const SPEEDS = [1, 2, 4, 8, 16, 60, 250, 1000];

export class Player {
  #windows;
  #journey = 0;
  #target = 0;
  #timer;
  #pending = null;
  #frame;
  #step = null;
  #onChange;

  /**
   * @param pass the document's Pass
   * @param options.fetchWindow (start, count) => Promise of a window
   * @param options.hit step => a name for the breakpoint the step is at, or null
   * @param options.onChange called with "move", "playing", "waiting", or "error" and the error
   */
  constructor(pass, { fetchWindow, size = 512, timer = SYSTEM_TIMER, hit = () => null, onChange = () => {} }) {
    this.pass = pass;
    this.hit = hit;
    this.k = 0;
    this.playing = false;
    this.waiting = false;
    this.speed = 2;
    this.#timer = timer;
    this.#onChange = onChange;
    this.#windows = new Windows(pass, fetchWindow, size);
    this.#frame = this.#windows.frameAt(0).frame;
  }

  get total() {
    return this.pass.total;
  }

  /** Where the cursor is going to be once what it waits for is here; without waiting, where it is. */
  get aim() {
    return this.waiting ? this.#target : this.k;
  }

  /** What exists by now: `boxes` and `edges`, by their index in the view. */
  get frame() {
    return this.#frame;
  }

  /** The step just executed, or null at the very start. */
  get step() {
    return this.#step;
  }

  /** The step to come, when it is loaded. */
  get next() {
    return this.#windows.step(this.k);
  }

  get complete() {
    return this.#windows.complete;
  }

  stepAt = (j) => this.#windows.step(j);

  /** Show the frame at k; at once when its window is loaded, else as soon as it comes. */
  seek(k) {
    return this.#travel(k, this.#depart());
  }

  forward = () => this.seek(this.aim + 1);
  back = () => this.seek(this.aim - 1);
  first = () => this.seek(0);
  last = () => this.seek(this.total);

  /** Over the scope that comes next; where no scope begins, over the line. */
  over() {
    const here = this.#step ? this.pass.scopeOf(this.#step.box) : "";
    return this.#run((step, first) => !together(this.pass, first, step, here));
  }

  /** Out of the scope the cursor is in; outside every scope, to the end of the phase. */
  out() {
    const from = this.#step ?? this.next;
    const scope = from ? this.pass.scopeOf(from.box) : "";
    return this.#run((step, first) => step.phase !== first.phase || !inside(this.pass.scopeOf(step.box), scope));
  }

  /** To the next (1) or the previous (-1) breakpoint, or to the end of that way. */
  resume(direction = 1) {
    return this.#hunt(direction, (step, before) => this.#stops(step, before));
  }

  /** To the next step that matches; from the start again when there is none ahead. */
  async runTo(matches) {
    const start = this.k;
    const found = await this.#hunt(1, matches, { otherwise: null });
    if (found || start === 0) return found;
    return this.#hunt(1, matches, { from: 0, otherwise: null });
  }

  play() {
    if (this.playing || this.total === 0) return;
    const journey = this.#depart();
    this.playing = true;
    if (this.k >= this.total) this.#travel(0, journey);
    this.#onChange("playing");
    this.#schedule();
  }

  pause() {
    if (this.#pending !== null) this.#timer.clear(this.#pending);
    this.#pending = null;
    if (!this.playing) return;
    this.playing = false;
    this.#onChange("playing");
  }

  toggle = () => (this.playing ? this.pause() : this.play());

  setSpeed(stepsPerSecond) {
    this.speed = Math.max(0.25, stepsPerSecond);
    if (!this.playing) return;
    this.#timer.clear(this.#pending);
    this.#schedule();
  }

  /** Stop for good: the page shows another pass now. */
  close() {
    this.#journey += 1;
    this.#onChange = () => {};
    this.pause();
  }

  #schedule() {
    const pause = Math.max(SHORTEST_TICK, 1000 / this.speed);
    const moves = Math.max(1, Math.round((this.speed * pause) / 1000));
    this.#pending = this.#timer.set(() => this.#tick(moves), pause);
  }

  async #tick(moves) {
    const journey = this.#journey;
    let target = Math.min(this.total, this.k + moves);
    try {
      if (!this.#windows.holds(target)) await this.#fetch(target, journey);
    } catch (error) {
      this.pause();
      this.#onChange("error", error);
    }
    if (journey !== this.#journey || !this.playing) return;
    let ended = target >= this.total;
    for (let j = this.k; j < target; j += 1) {
      if (!this.#stops(this.#windows.step(j), this.#windows.step(j - 1))) continue;
      target = j + 1;
      ended = true;
    }
    this.#show(target);
    if (ended) this.pause();
    else this.#schedule();
  }

  /** Begin another journey; whatever the last one waits for is not waited for any more. */
  #depart() {
    this.pause();
    this.#wait(false);
    return ++this.#journey;
  }

  /** A breakpoint stops where the run of steps at it begins, not at each of them. */
  #stops(step, before) {
    const name = this.hit(step);
    return name !== null && (before === null || before.phase !== step.phase || this.hit(before) !== name);
  }

  /** Forward until `ends` says so of a step; the cursor stays before that step. */
  async #run(ends) {
    const journey = this.#depart();
    let first = null;
    let j = this.k;
    for (; j < this.total; j += 1) {
      const step = this.#windows.step(j) ?? (await this.#fetch(j, journey, 1));
      if (journey !== this.#journey) return;
      if (first !== null && ends(step, first)) break;
      first ??= step;
    }
    await this.#travel(j, journey);
  }

  /** Look for a step that `wanted` accepts; show the frame right after it. */
  async #hunt(direction, wanted, { from = null, otherwise = direction > 0 ? this.total : 0 } = {}) {
    const journey = this.#depart();
    const start = from ?? (direction > 0 ? this.k : this.k - 2);
    for (let j = start; j >= 0 && j < this.total; j += direction) {
      const step = this.#windows.step(j) ?? (await this.#fetch(j, journey, direction));
      if (journey !== this.#journey) return false;
      if (!wanted(step, this.#windows.step(j - 1))) continue;
      await this.#travel(j + 1, journey);
      return true;
    }
    if (otherwise !== null) await this.#travel(otherwise, journey);
    return false;
  }

  /** Step j, from the server if need be. */
  async load(j) {
    if (j < 0 || j >= this.total) return null;
    await this.#windows.ensure(j);
    return this.#windows.step(j);
  }

  async #fetch(k, journey, direction = 0) {
    this.#target = direction === 0 ? k : this.k;
    this.#wait(true);
    try {
      await this.#windows.ensure(k, direction);
    } finally {
      if (journey === this.#journey) this.#wait(false);
    }
    return this.#windows.step(k);
  }

  async #travel(target, journey) {
    const k = Math.min(this.total, Math.max(0, Math.trunc(target) || 0));
    if (!this.#windows.holds(k)) await this.#fetch(k, journey);
    if (journey === this.#journey) this.#show(k);
  }

  #show(k) {
    if (k === this.k) return;
    const step = k === this.k + 1 ? this.#windows.step(this.k) : null;
    if (step) {
      applyStep(this.pass, this.#frame, step);
      this.#step = step;
    } else {
      ({ frame: this.#frame, step: this.#step } = this.#windows.frameAt(k));
    }
    this.k = k;
    this.#windows.prefetch(k);
    this.#onChange("move");
  }

  #wait(waiting) {
    if (this.waiting === waiting) return;
    this.waiting = waiting;
    this.#onChange("waiting");
  }
}
