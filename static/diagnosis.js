/** What the checks found: in the whole recording, or, of a what-if, in that pass by itself. No DOM. */
import { Memory } from "#gv/memory.js";

const REST = 250; // the checks look at a what-if when it rests

export class Diagnosis {
  #app;
  #found = new Memory(1);
  #waiting = null;
  #of = "";

  constructor(app) {
    this.#app = app;
    app.on("pass", () => this.#follow());
  }

  async load() {
    const { api, pass, what } = this.#app;
    clearTimeout(this.#waiting);
    this.#of = String(what);
    const found = await (what.length ? api.passFindings(pass.index, what) : this.#found.recall("all", () => api.findings()));
    if (this.#app.pass !== pass) return;
    this.#app.findings = found;
    this.#app.emit("findings");
  }

  #follow() {
    const changed = String(this.#app.what) !== this.#of;
    clearTimeout(this.#waiting);
    if (changed) this.#waiting = setTimeout(() => this.#app.attempt(() => this.load()), REST);
  }
}
