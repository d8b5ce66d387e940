/** What the page knows and can do; the views draw it and call it. No DOM. */
import { ApiError, isStale } from "#gv/api.js";
import { Breakpoints } from "#gv/breakpoints.js";
import { Pass } from "#gv/document.js";
import { createEvents } from "#gv/events.js";
import { Memory } from "#gv/memory.js";
import { Player } from "#gv/player.js";
import { reveal } from "#gv/reveal.js";
import { chain, inside } from "#gv/scopes.js";
import { nearest } from "#gv/url.js";

const JUMPS = new Set(["first", "last", "resume", "resumeBack", "out"]);
const MOVES = ["forward", "back", "first", "last", "over", "out", "toggle"];

export class App {
  #events = createEvents();
  #details = new Memory();
  #again = null;
  #visit = 0;

  /** @param options.breakpoints names kept from before a reload */
  constructor({ api, timer, breakpoints = [], speed = 2 }) {
    Object.assign(this, { api, timer, speed });
    this.recording = null;
    this.findings = [];
    this.pass = null;
    this.player = null;
    this.selected = null;
    this.open = null;
    this.loading = false;
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
    await this.attempt(async () => {
      this.recording = await this.api.recording();
      this.emit("recording");
      if (this.recording.passes.length === 0) return this.emit("empty");
      await this.restore(state);
      if (this.pass) await this.#loadFindings();
    });
  }

  async #loadFindings() {
    this.findings = await this.api.findings();
    this.emit("findings");
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
    if (state.unread?.length) this.notice(`The address has no sound ${state.unread.join(", ")}.`);
    const same = this.pass?.index === index && String(state.open) === String(this.open);
    if (same) {
      this.#select(state.node);
      await this.player.seek(state.step ?? 0);
      return;
    }
    await this.#show(index, { open: state.open, step: state.step ?? 0, node: state.node });
    if (state.step !== null && this.pass && state.step > this.pass.total) {
      this.notice(`There is no step ${state.step}: this is the last one, ${this.pass.total}.`);
    }
  }

  /** The state that `restore` takes. */
  get state() {
    return { pass: this.pass?.index ?? 0, step: this.player?.k ?? 0, node: this.selected, open: this.open };
  }

  async #show(index, { open, step, node }) {
    const visit = ++this.#visit;
    this.loading = true;
    this.emit("loading");
    try {
      const pass = new Pass(await this.api.pass(index, { open }));
      if (visit !== this.#visit) return;
      const player = this.#createPlayer(pass, open);
      await player.seek(typeof step === "function" ? step(pass) : step);
      if (visit !== this.#visit) return;
      this.player?.close();
      Object.assign(this, { pass, player, open });
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

  #createPlayer(pass, open) {
    const size = this.recording.limits.window ?? 512;
    const player = new Player(pass, {
      size,
      timer: this.timer,
      fetchWindow: (start, count) => this.api.steps(pass.index, start, count, open),
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
      const step = (pass) => (pass.total === before?.total ? player.k : 0); // the same moment of the same shape
      this.emit("leave");
      await this.#show(target, { open: this.open, step, node: this.pass?.boxOfKey(this.selected) >= 0 ? this.selected : null });
    });
  }

  #select(key) {
    const known = key !== null && this.pass.boxOfKey(key) >= 0 ? key : null;
    if (known === this.selected) return;
    this.selected = known;
    this.emit("select");
  }

  /** Pin the inspector to a box; null lets it follow the steps. */
  select(key) {
    if (!this.pass || key === this.selected) return;
    this.emit("leave");
    this.#select(key);
  }

  /** The index of the box that the inspector shows, or -1. */
  get focus() {
    if (!this.pass) return -1;
    if (this.selected !== null) return this.pass.boxOfKey(this.selected);
    return this.player.step?.box ?? this.player.next?.box ?? -1;
  }

  /** Open a folded box, or fold the scope around a single one. */
  toggleBox(index) {
    const box = this.pass?.boxes[index];
    if (!box) return undefined;
    const scope = this.pass.scopeOf(index);
    const now = this.open ?? this.pass.view.open;
    if (box.expandable) return this.reopen([...now, ...chain(scope)], null);
    if (scope === "") return undefined;
    return this.reopen(now.filter((key) => !inside(key, scope)), scope);
  }

  /** Show the same moment with exactly these scopes open. */
  reopen(keys, node = null) {
    return this.attempt(async () => {
      this.emit("leave");
      const open = [...new Set(keys)].sort();
      const selected = node ?? this.selected;
      const k = this.player.k;
      await this.#show(this.pass.index, { open, step: k, node: null });
      if (selected !== null) this.#select(selected);
    });
  }

  /** Bring a value into the view, whatever it is folded into, and pin it. */
  reveal(node, scope) {
    return this.attempt(() => reveal(this, node, scope));
  }

  goTo(finding) {
    return this.attempt(async () => {
      this.emit("leave");
      if (finding.pass !== null && finding.pass !== this.pass.index) await this.showPass(finding.pass);
      if (finding.node === null || finding.node === undefined) return;
      const detail = await this.detail(finding.node);
      await this.reveal(finding.node, detail.scope);
      const step = detail.steps?.grad?.at(-1) ?? detail.steps?.compute;
      if (Number.isInteger(step)) await this.player.seek(step + 1);
    });
  }

  runTo(index) {
    this.emit("leave");
    return this.attempt(() => this.player.runTo((step) => step.box === index && step.phase !== "order"));
  }

  /** Everything about one value, asked for once. */
  detail(node) {
    return this.#details.recall(`${this.pass.index} n${node}`, () => this.api.node(this.pass.index, node));
  }

  /** The distributions inside a folded box, asked for once per view. */
  boxDetail(key) {
    return this.#details.recall(`${this.pass.index} ${key} ${this.open}`, () => this.api.box(this.pass.index, key, this.open));
  }

  setSpeed(speed) {
    this.speed = speed;
    this.player?.setSpeed(speed);
    this.emit("speed");
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
      follow: () => this.select(null),
      ...Object.fromEntries(MOVES.map((move) => [move, () => this.player[move]()])),
    }[name];
    return run ? this.attempt(async () => run()) : this.emit(`ask:${name}`);
  }
}
