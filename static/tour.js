/** A walk through values that have something in common: an expression made them, or their gradients fail. No DOM. */

export class Tour {
  #app;
  #asked = 0;

  constructor(app) {
    this.#app = app;
    /** Null, or `nodes`, the `boxes` that hold them in the picture `of` a pass, `more`, `at`, and what it was started with. */
    this.active = null;
    app.on("pass", () => this.active !== null && app.attempt(() => this.#again()));
  }

  /** The value it is at. */
  get node() {
    return this.active === null ? null : this.active.nodes[this.active.at];
  }

  /** The box that holds it, or -1; in another picture the server says which, a moment later. */
  get box() {
    if (this.active === null) return -1;
    return this.#isOf(this.#app.pass) ? this.active.boxes[this.active.at] : this.#app.pass.boxOfNode(this.node);
  }

  #isOf(pass) {
    return this.active?.of === pass;
  }

  /** The value it is at, if box `index` is pinned and holds it, folded or not. */
  nodeIn(index) {
    return index >= 0 && index === this.box && this.#app.selected === this.#app.pass.boxes[index]?.key ? this.node : null;
  }

  /** Whether one of its values is in the box. */
  has(index) {
    return this.#isOf(this.#app.pass) && this.active.held.has(index);
  }

  /**
   * Choose values.
   * @param plan.title what they have in common
   * @param plan.ask gives `nodes`, `boxes` and `more` of a pass through a lens
   * @param plan.key the same for the same values: to choose them again goes on to the next
   */
  start(plan) {
    if (this.active !== null && plan.key === this.active.key) return this.go(1);
    return this.#app.attempt(async () => {
      const found = await this.#load(plan);
      if (found === null) return undefined;
      if (found.nodes.length === 0) return this.#app.notice("No value in this pass was made there.");
      this.#app.emit("leave");
      const here = found.boxes.indexOf(this.#app.selected === null ? -1 : this.#app.focus);
      this.active = { ...plan, ...found, at: Math.max(0, here) };
      return this.#land();
    });
  }

  /** To the next value, or the one before; from the last to the first. */
  go(step) {
    if (this.active === null) return;
    const { length } = this.active.nodes;
    this.active.at = (this.active.at + step + length) % length;
    this.#land();
  }

  end() {
    if (this.active === null) return;
    this.#asked += 1;
    this.active = null;
    this.#app.emit("tour");
  }

  #land() {
    this.#app.choose(this.#app.pass.boxes[this.box]?.key ?? null);
    this.#app.emit("tour");
  }

  async #load(plan) {
    const asked = ++this.#asked;
    const { pass, lens } = this.#app;
    const { nodes, boxes, more = 0 } = await plan.ask(pass, lens);
    return asked === this.#asked && pass === this.#app.pass ? { nodes, boxes, more, of: pass, held: new Set(boxes) } : null;
  }

  /** The same values in another view, or their like in another pass. */
  async #again() {
    const { active } = this;
    const found = await this.#load(active);
    if (found === null || this.active !== active) return;
    if (found.nodes.length === 0) return this.end();
    const same = found.of.index === active.of.index ? found.nodes.indexOf(active.nodes[active.at]) : active.at;
    this.active = { ...active, ...found, at: Math.min(Math.max(0, same), found.nodes.length - 1) };
    this.#app.emit("tour");
  }
}
