/** Gradients held against the reference: on or off, and the verdict on each box. No DOM. */
import { unpackWords } from "#gv/packing.js";

const FAILING = "failing";
const WORDS = { right: "gradient right", wrong: "gradient wrong", missing: "gradient not computed" };

export class Checking {
  #app;
  #coming = null; // the pass that an answer is asked for, and the answer

  constructor(app) {
    this.#app = app;
    this.on = false;
    /** What the server said of the pass that is shown; null while it is not known. */
    this.answer = null;
    app.on("pass", () => this.#follow());
  }

  /** Switch, and show the pass as it is once all gradients are there. */
  toggle() {
    const app = this.#app;
    app.emit("leave");
    this.set(!this.on);
    const { stop } = app.pass.phases.find(({ name }) => name === "backward") ?? { stop: app.pass.total };
    return this.on && app.player.k < stop ? app.attempt(() => app.player.seek(stop)) : undefined;
  }

  set(on) {
    if (on === this.on) return;
    this.on = on;
    if (!on && this.#app.tour.active?.key === FAILING) this.#app.tour.end();
    this.#app.emit("check");
    if (on) this.#follow();
  }

  /** The verdict on a box: "right", "wrong", "missing", or null where there is nothing to say. */
  verdict(index) {
    const word = this.on ? this.answer?.verdicts[index] : null;
    return word === undefined || word === "unknown" ? null : word;
  }

  /** Of a value whose gradient fails: expected, recorded and rule; null of any other. */
  row(node) {
    return (this.on && node !== null ? this.answer?.nodes[node] : null) ?? null;
  }

  /** What a box shows: a mark, a short text and words; null for nothing. */
  markOf(index) {
    const { pass } = this.#app;
    const verdict = this.verdict(index);
    const failed = pass.failed?.box === index;
    if (failed && verdict !== "wrong") return { kind: "failed", text: "", words: "backward failed here" };
    if (verdict === null) return null;
    const expected = this.row(pass.boxes[index]?.node ?? null)?.expected;
    const text = expected && verdict !== "right" ? `should be ${expected}` : "";
    return { kind: verdict, text, words: [WORDS[verdict], text].filter(Boolean).join(", ") };
  }

  /** Walk through the values whose gradients fail. */
  tour() {
    const listed = () => Object.entries(this.answer?.nodes ?? {});
    return this.#app.tour.start({
      key: FAILING,
      title: "failing gradients",
      ask: async (pass) => {
        await this.#load(pass);
        return { nodes: listed().map(([node]) => Number(node)), boxes: listed().map(([, { box }]) => box), more: this.answer?.more ?? 0 };
      },
    });
  }

  #follow() {
    const { pass } = this.#app;
    if (!this.on || pass === null) return undefined;
    return this.#app.attempt(() => this.#load(pass));
  }

  /** Ask once for each picture of a pass. */
  #load(pass) {
    if (this.#coming?.pass === pass) return this.#coming.answer;
    this.answer = null;
    const coming = { pass, answer: this.#read(pass) };
    this.#coming = coming;
    coming.answer.catch(() => {
      if (this.#coming === coming) this.#coming = null;
    });
    return coming.answer;
  }

  async #read(pass) {
    const answer = await this.#app.api.check(pass.index, this.#app.lens);
    if (this.#app.pass !== pass) return;
    const { verdicts } = answer;
    this.answer = { ...answer, verdicts: Array.isArray(verdicts) ? verdicts : unpackWords(verdicts) };
    this.#app.emit("check");
  }
}
