/** Which rectangles lie here: a pyramid of grids, each rectangle in one cell of the level that its size fits. No DOM. */

const ID = 2 ** 21; // 4 + 11 + 17 + 21 bits: what a float holds exactly
const ROWS = 2 ** 17;
const COLUMNS = 2 ** 11;
const LEAST = 64;
const LAST_LEVEL = 15;
const WIDE = 64; // columns of cells beyond which a level is searched from end to end

const keyAt = (level, column, row) => ((level * COLUMNS + column) * ROWS + row) * ID;

export class Spatial {
  #keys;
  #levels = [];

  /** @param x, y, w, h columns of rectangles; nothing is copied */
  constructor(x, y, w, h) {
    Object.assign(this, { x, y, w, h });
    const { length } = x;
    if (length > ID) throw new RangeError(`${length} rectangles are more than ${ID}`);
    let [left, top, right, bottom] = [Infinity, Infinity, -Infinity, -Infinity];
    for (let i = 0; i < length; i += 1) {
      left = Math.min(left, x[i]);
      top = Math.min(top, y[i]);
      right = Math.max(right, x[i] + w[i]);
      bottom = Math.max(bottom, y[i] + h[i]);
    }
    this.left = left;
    this.top = top;
    this.cell = Math.max(LEAST, (right - left) / (COLUMNS - 2), (bottom - top) / (ROWS - 2));
    this.#keys = new Float64Array(length);
    for (let i = 0; i < length; i += 1) this.#keys[i] = this.#keyOf(i);
    this.#keys.sort();
    for (let level = 0, from = 0; level <= LAST_LEVEL && from < length; level += 1) {
      const to = this.#find(keyAt(level + 1, 0, 0));
      if (to > from) this.#levels.push({ level, from, to });
      from = to;
    }
  }

  #keyOf(i) {
    const longest = Math.max(this.w[i], this.h[i]);
    const level = longest <= this.cell ? 0 : Math.min(LAST_LEVEL, Math.ceil(Math.log2(longest / this.cell)));
    const size = this.cell * 2 ** level;
    return keyAt(level, Math.floor((this.x[i] - this.left) / size), Math.floor((this.y[i] - this.top) / size)) + i;
  }

  /** The first place whose key is not below `key`. */
  #find(key) {
    let [low, high] = [0, this.#keys.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.#keys[middle] < key) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  /** Visit the rectangles that touch this one, each once. */
  each(rect, visit) {
    const right = rect.x + rect.width;
    const bottom = rect.y + rect.height;
    const scan = (from, to) => {
      for (let at = from; at < to; at += 1) {
        const i = this.#keys[at] % ID;
        if (this.x[i] <= right && this.y[i] <= bottom && this.x[i] + this.w[i] >= rect.x && this.y[i] + this.h[i] >= rect.y) visit(i);
      }
    };
    for (const { level, from, to } of this.#levels) {
      const size = this.cell * 2 ** level;
      const cell = (value, most) => Math.min(Math.max(Math.floor(value / size), 0), most - 1);
      const [first, last] = [cell(rect.x - this.left - size, COLUMNS), cell(right - this.left, COLUMNS)];
      const [high, low] = [cell(rect.y - this.top - size, ROWS), cell(bottom - this.top, ROWS)];
      if (last - first > WIDE) scan(from, to);
      else for (let column = first; column <= last; column += 1) scan(this.#find(keyAt(level, column, high)), this.#find(keyAt(level, column, low + 1)));
    }
  }

  /** The rectangle at a point, the last one on top; -1 if there is none. */
  at(x, y) {
    let found = -1;
    this.each({ x, y, width: 0, height: 0 }, (i) => (found = Math.max(found, i)));
    return found;
  }
}
