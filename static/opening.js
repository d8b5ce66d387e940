/** Opens and folds boxes: asks first where much would be drawn, and a newer wish takes the place of an older. No DOM. */
import { question } from "#gv/held.js";
import { scopesOf } from "#gv/lineage.js";
import { chain, inside, wholeOf } from "#gv/scopes.js";

const sameBoxes = (one, other) => one.boxes.length === other.boxes.length && one.boxes.every((box) => other.boxOfKey(box.key) >= 0);

export class Opening {
  #app;

  constructor(app) {
    this.#app = app;
  }

  /** Open a folded box, or fold the scope around a single one. */
  toggle(index) {
    const { pass, open } = this.#app;
    const box = pass?.boxes[index];
    if (!box) return undefined;
    const scope = pass.scopeOf(index);
    const now = open ?? pass.view.open;
    const scopes = scopesOf(box);
    if (box.expandable) return this.show([...now, ...scopes.flatMap(chain)], { wanted: scopes });
    const whole = now.map(wholeOf).find((one) => one !== null && inside(scope, one)); // to fold a part of it takes it all
    const folded = whole ?? scope;
    if (folded === "" && whole === undefined) return undefined;
    return this.show(now.filter((key) => !inside(key, folded)), { node: folded || null });
  }

  /** Open all in a folded box, down to single values. */
  whole(index) {
    const { pass, open } = this.#app;
    const box = pass?.boxes[index];
    if (!box?.expandable) return undefined;
    const scopes = scopesOf(box);
    return this.show([...(open ?? pass.view.open), ...scopes.flatMap(chain), ...scopes.map((scope) => `${scope}/*`)], { wanted: scopes, instead: () => this.toggle(index) });
  }

  /**
   * Show the same moment with exactly these scopes open.
   * @param options.node what to pin then; as before if it is null
   * @param options.most how many boxes may be drawn
   * @param options.wanted the scopes that somebody opens now: whether to open them at any price is asked
   * @param options.instead what else would open a part of them
   */
  show(keys, { node = null, most = this.#app.most, wanted = [], instead = null } = {}) {
    const app = this.#app;
    return app.attempt(async () => {
      const open = [...new Set(keys)]; // in the order in which they were opened: it says where boxes stand
      const selected = node ?? app.selected;
      let asked = [];
      const accept = (pass) => {
        asked = (pass.view.held ?? []).filter(({ key }) => wanted.some((scope) => inside(wholeOf(key) ?? key, scope)));
        if (asked.length) this.#ask(asked, pass, { open, node, instead });
        else app.emit("leave");
        return asked.length === 0;
      };
      await app.show(app.pass.index, { open, most, what: app.what, step: () => app.player.aim, node: null, accept });
      if (asked.length === 0 && selected !== null) app.choose(selected);
    });
  }

  #ask(held, pass, { open, node, instead }) {
    const parts = instead !== null || !sameBoxes(pass, this.#app.pass);
    const asked = question(held, pass, parts);
    this.#app.emit("held", {
      ...asked,
      anyway: () => this.show(open, { node, most: asked.boxes }),
      onlyParts: instead ?? (() => this.show(pass.view.open, { node })),
    });
  }
}
