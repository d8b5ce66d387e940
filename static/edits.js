/** What-if edits: leaves that are shown with other numbers, each written "n3:1.5". No DOM. */

const EDIT = /^n(\d{1,12}):(NaN|-?Infinity|[-+]?(?:\d+\.?\d*|\.\d+)(?:e[-+]?\d{1,4})?)$/i;
const WORDS = new Map([["nan", NaN], ["inf", Infinity], ["infinity", Infinity]]);
const NUMBER = /^(?:\d+\.?\d*|\.\d+)(?:e[-+]?\d{1,4})?$/;
const MOST = 100;
const HALF = 200; // places of a slider on either side of what was recorded
const LARGEST = Number.MAX_VALUE;

/** The number in full, so that it reads back as exactly itself. */
export const full = (value) => (Object.is(value, -0) ? "-0" : String(value));

const nodeOf = (edit) => Number(EDIT.exec(edit)[1]);

/** The edits of an address: by node, the last one of each. Null if one makes no sense. */
export function readEdits(texts) {
  if (texts.length > MOST || !texts.every((text) => text.length <= 100 && EDIT.test(text))) return null;
  const byNode = new Map(texts.map((text) => [nodeOf(text), text]));
  return [...byNode.keys()].sort((a, b) => a - b).map((node) => byNode.get(node));
}

/** The same edits but for this node's; null takes its edit away. */
export function withEdit(edits, node, value) {
  const others = edits.filter((edit) => nodeOf(edit) !== node);
  return value === null ? others : readEdits([...others, `n${node}:${full(value)}`]) ?? edits;
}

/** What somebody typed as a number, or null. */
export function readNumber(text) {
  const plain = text.trim().toLowerCase().replace("−", "-");
  const [, sign, size] = /^([-+]?)(.*)$/s.exec(plain);
  const value = WORDS.get(size) ?? (NUMBER.test(size) ? Number(size) : null);
  if (value === null || (value === Infinity && !WORDS.has(size))) return null;
  return sign === "-" ? -value : value;
}

/** A slider around a recorded number: its places are whole numbers from -half to half, 0 is the number itself. */
export function sliderAround(recorded) {
  const centre = Number.isFinite(recorded) ? recorded : 0;
  const wanted = Math.max(1, 2 * Math.abs(centre));
  const decade = 10 ** Math.floor(Math.log10(wanted));
  const reach = Math.min([1, 2, 5, 10].map((factor) => factor * decade).find((size) => size >= wanted) ?? LARGEST, LARGEST);
  const step = reach / HALF;
  const clamp = (value) => Math.min(Math.max(value, -LARGEST), LARGEST);
  return {
    half: HALF,
    step,
    valueAt: (place) => (place === 0 ? centre : Number(clamp(centre + place * step).toPrecision(12))),
    placeOf: (value) => (Number.isNaN(value) ? 0 : Math.round(Math.min(Math.max((value - centre) / step, -HALF), HALF))),
  };
}

/** Shows edits one after the other: of several asked for in a hurry, the last. */
export class Edits {
  #app;
  #asked = null;
  #next = null;

  constructor(app) {
    this.#app = app;
  }

  /** Whether an answer is waited for. */
  get busy() {
    return this.#asked !== null;
  }

  /**
   * Give a leaf another number; null gives it back the recorded one.
   * @param options.live whether it goes on with the edit before, as dragging does: one entry in the history for all
   */
  put(node, value, { live = false } = {}) {
    return this.show(withEdit(this.#next ?? this.#asked ?? this.#app.what, node, value), { live });
  }

  /** Show the same moment with exactly these edits. */
  show(what, { live = false } = {}) {
    const app = this.#app;
    if (!live) app.emit("leave");
    this.#next = what;
    if (this.#asked !== null) return undefined;
    return app.attempt(async () => {
      try {
        while (this.#next !== null) {
          this.#asked = this.#next;
          this.#next = null;
          await app.show(app.pass.index, { ...app.lens, what: this.#asked, step: () => app.player.aim, node: app.selected });
        }
      } finally {
        this.#asked = this.#next = null;
      }
    });
  }
}
