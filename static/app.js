/** What the page knows and can do; the views draw it and call it. No DOM. */
import { ApiError, isStale } from "#gv/api.js";
import { Breakpoints } from "#gv/breakpoints.js";
import { Checking } from "#gv/checking.js";
import { Diagnosis } from "#gv/diagnosis.js";
import { Pass } from "#gv/document.js";
import { Edits } from "#gv/edits.js";
import { createEvents } from "#gv/events.js";
import { Memory } from "#gv/memory.js";
import { Opening } from "#gv/opening.js";
import { Player } from "#gv/player.js";
import { goTo, reveal } from "#gv/reveal.js";
import { Tour } from "#gv/tour.js";
import { nearest } from "#gv/url.js";

const JUMPS = new Set(["first", "last", "resume", "resumeBack", "out"]);
const MOVES = ["forward", "back", "first", "last", "over", "out", "toggle"];

export class App {
  #events = createEvents();
  #details = new Memory();
  #again = null;
  #visit = 0;
  #early = null;

  /** @param options.breakpoints names kept from before a reload */
  constructor({ api, timer, breakpoints = [], speed = 2 }) {
    Object.assign(this, { api, timer, speed });
    Object.assign(this, { recording: null, findings: [], pass: null, player: null, selected: null, open: null, most: null, what: [], loading: false });
    this.edits = new Edits(this);
    this.diagnosis = new Diagnosis(this);
    this.opening = new Opening(this);
    this.checking = new Checking(this);
    this.tour = new Tour(this);
    this.breakpoints = new Breakpoints(breakpoints, () => this.emit("breakpoints"));
    for (const name of ["disconnected", "retrying"]) api.on(name, (detail) => this.emit(name, detail));
    api.on("connected", () => {
      this.emit("connected");
      const again = this.#again;
      this.#again = null;
      again?.();
    });
  }

  on = (type, listener) => this.#events.on(type, listener);
  emit = (type, detail) => this.#events.emit(type, detail);

  /** Load the recording and land on `state`, or as near to it as there is. */
  async start(state) {
    if (state.pass === null) this.#early = { index: 0, answer: this.api.pass(0, state).catch(() => null) };
    await this.attempt(async () => {
      this.recording = await this.api.recording();
      this.emit("recording");
      if (this.recording.passes.length === 0) return this.emit("empty");
      await this.restore(state);
      if (this.pass) await this.diagnosis.load();
    });
  }

  /** Run something that may fail; say how it failed, and try again once reconnected. */
  async attempt(work) {
    try {
      return await work();
    } catch (error) {
      if (isStale(error)) return undefined;
      if (error instanceof ApiError && error.kind === "disconnected") this.#again = () => this.attempt(work);
      this.emit("failed", error);
      return undefined;
    }
  }

  notice(message, hint = "") {
    this.emit("notice", { message, hint });
  }

  /** Show the picture that an address describes. */
  async restore(state) {
    const last = this.recording.passes.length - 1;
    const index = nearest(state.pass, last);
    if (state.pass !== null && state.pass !== index) this.notice(`There is no pass ${state.pass}: this is the last one, ${index}.`);
    this.checking.set(state.check ?? false);
    if (state.unread?.length) this.notice(`The address has no sound ${state.unread.join(", ")}.`);
    const same = this.pass?.index === index && String([state.open, state.what, state.most ?? null]) === String([this.open, this.what, this.most]);
    if (same) {
      this.choose(state.node);
      await this.player.seek(state.step ?? 0);
      return;
    }
    await this.show(index, { open: state.open, most: state.most, what: state.what, step: state.step ?? 0, node: state.node });
    if (state.step !== null && this.pass && state.step > this.pass.total) {
      this.notice(`There is no step ${state.step}: this is the last one, ${this.pass.total}.`);
    }
  }

  /** The state that `restore` takes. */
  get state() {
    return { pass: this.pass?.index ?? 0, step: this.player?.k ?? 0, node: this.selected, check: this.checking.on, open: this.open, most: this.most, what: this.what };
  }

  /** What a pass is seen through: the open scopes, how many boxes there may be, the edits. */
  get lens() {
    return { open: this.open, most: this.most, what: this.what };
  }

  /** Show a pass through a lens, at a step or at what `step` gives of the pass; unless `accept` refuses it. */
  async show(index, { open, step, node, most = null, what = [], accept = () => true }) {
    const visit = ++this.#visit;
    this.loading = true;
    this.emit("loading");
    try {
      const pass = new Pass(await this.#load(index, { open, most, what }));
      if (visit !== this.#visit || !accept(pass)) return;
      const player = this.#createPlayer(pass, { open, most, what });
      const moment = () => (typeof step === "function" ? step(pass) : step);
      for (let k = null; !Object.is(k, moment());) await player.seek(k = moment()); // one may go on while the steps come
      if (visit !== this.#visit) return;
      this.player?.close();
      Object.assign(this, { pass, player, open, what, most });
      this.selected = pass.boxOfKey(node) >= 0 ? node : null;
      if (node !== null && this.selected === null) this.notice(`${node} is not in this view.`, "Find it with /.");
      this.emit("pass");
    } finally {
      if (visit === this.#visit) {
        this.loading = false;
        this.emit("loading");
      }
    }
  }

  /** The pass from the server, or as it was asked for at the start, before anything else was known. */
  async #load(index, lens) {
    const early = this.#early?.index === index ? await this.#early.answer : null;
    this.#early = null;
    return early ?? this.api.pass(index, lens);
  }

  #createPlayer(pass, lens) {
    const size = this.recording.limits.window ?? 512;
    const player = new Player(pass, {
      size,
      timer: this.timer,
      fetchWindow: (start, count) => this.api.steps(pass.index, start, count, lens),
      hit: (step) => this.breakpoints.hit(step, this.findings.filter((one) => one.pass === pass.index)),
      onChange: (type, detail) => {
        if (this.player !== player) return;
        if (type === "error") this.emit("failed", detail);
        else this.emit(type);
      },
    });
    player.speed = this.speed;
    return player;
  }

  showPass(index) {
    return this.attempt(async () => {
      const target = nearest(index, this.recording.passes.length - 1);
      if (target === this.pass?.index) return;
      const { pass: before, player } = this;
      const step = (pass) => (pass.total === before?.total ? player.aim : 0); // the same moment of the same shape
      if (this.what.length) this.notice(`The what-if stays with pass ${this.pass.index}.`, "Go back to return to it.");
      this.emit("leave");
      await this.show(target, { open: this.open, most: this.most, step, node: this.pass?.boxOfKey(this.selected) >= 0 ? this.selected : null });
    });
  }

  /** Pin a box, without an entry in the history. */
  choose(key) {
    const known = key !== null && this.pass.boxOfKey(key) >= 0 ? key : null;
    if (known === this.selected) return;
    this.selected = known;
    this.emit("select");
  }

  /** Pin the inspector to a box; null lets it follow the steps. */
  select(key) {
    if (!this.pass || key === this.selected) return;
    this.emit("leave");
    this.choose(key);
  }

  /** The index of the box that the inspector shows, or -1. */
  get focus() {
    if (!this.pass) return -1;
    if (this.selected !== null) return this.pass.boxOfKey(this.selected);
    return this.player.step?.box ?? this.player.next?.box ?? -1;
  }

  toggleBox = (index) => this.opening.toggle(index);
  openWhole = (index) => this.opening.whole(index);
  /** Show the same moment with exactly these scopes open. */
  reopen = (keys, node = null) => this.opening.show(keys, { node });

  /** Bring a value into the view, whatever it is folded into, and pin it. */
  reveal(node, scope) {
    return this.attempt(() => reveal(this, node, scope));
  }

  goTo(finding) {
    return this.attempt(() => goTo(this, finding));
  }

  runTo(index) {
    this.emit("leave");
    return this.attempt(() => this.player.runTo((step) => step.box === index && step.phase !== "order"));
  }

  /** Everything about one value, asked for once. */
  detail(node) {
    return this.#details.recall(`${this.pass.index} ${this.what} n${node}`, () => this.api.node(this.pass.index, node, this.what));
  }

  /** The distributions inside a folded box, asked for once per view. */
  boxDetail(key) {
    return this.#details.recall(`${this.pass.index} ${key} ${Object.values(this.lens)}`, () => this.api.box(this.pass.index, key, this.lens));
  }

  setSpeed(speed) {
    this.speed = speed;
    this.player?.setSpeed(speed);
    this.emit("speed");
  }

  /** Take back one thing after the other, until the inspector follows the steps of what was recorded. */
  #follow() {
    if (this.loading) return this.api.cancel();
    if (this.tour.active !== null) return this.tour.end();
    return this.selected === null && this.what.length ? this.edits.show([]) : this.select(null);
  }

  /** Do what a key or a button of that name stands for. */
  command(name) {
    if (!this.player) return name === "help" ? this.emit("ask:help") : undefined;
    if (JUMPS.has(name)) this.emit("leave");
    const run = {
      resume: () => this.player.resume(1),
      resumeBack: () => this.player.resume(-1),
      nextPass: () => this.showPass(this.pass.index + 1),
      previousPass: () => this.showPass(this.pass.index - 1),
      expand: () => this.toggleBox(this.focus),
      check: () => this.checking.toggle(),
      next: () => this.tour.go(1),
      previous: () => this.tour.go(-1),
      follow: () => this.#follow(),
      ...Object.fromEntries(MOVES.map((move) => [move, () => this.player[move]()])),
    }[name];
    return run ? this.attempt(async () => run()) : this.emit(`ask:${name}`);
  }
}
