/** How much is drawn at which scale: cards one reads, blocks one tells apart, density one sees as a whole. No DOM. */

const CARDS = 0.4; // the least scale at which a card's text can be read
const BLOCK = 2.6; // px: the least height of a block; below, boxes share pixels
const CARD_HEIGHT = 62;
const LINES = { cards: 4000, blocks: 2500, density: 1200 }; // edges in view that still tell something

/** @returns "cards", "blocks" or "density" */
export function detailAt(scale) {
  if (scale >= CARDS) return "cards";
  return scale * CARD_HEIGHT >= BLOCK ? "blocks" : "density";
}

/** Of so many edges in view every how-manieth is drawn. */
export const strideOf = (detail, edges) => Math.max(1, Math.ceil(edges / LINES[detail]));

/** How opaque edges are: the more of them, the fainter, so that they become a texture and not a blot. */
export function inkOf(detail, edges) {
  if (detail === "cards") return 1;
  return Math.max(0.18, Math.min(0.8, 260 / Math.max(1, edges)));
}

// Tones: what one sees of a box or an edge from afar, in the order in which one covers another.
export const ABSENT = 0;
export const PLAIN = 1;
export const ZERO = 2;
export const FIRST = 3; // the lowest of 16 levels
export const BAD = 19;
export const TONES = 20;

/** The tone of a gradient's level. */
export function toneOf(level) {
  if (typeof level === "number") return FIRST + level;
  if (level === "zero") return ZERO;
  return level === "bad" ? BAD : PLAIN;
}

/** The part of a pane that shows when what was drawn is moved by so much: at most two strips. */
export function exposed(dx, dy, width, height) {
  if (Math.abs(dx) >= width || Math.abs(dy) >= height) return [{ x: 0, y: 0, width, height }];
  const strips = [];
  if (dx !== 0) strips.push({ x: dx > 0 ? 0 : width + dx, y: 0, width: Math.abs(dx), height });
  if (dy !== 0) strips.push({ x: 0, y: dy > 0 ? 0 : height + dy, width, height: Math.abs(dy) });
  return strips;
}

/** One rectangle around both. */
export function around(a, b) {
  if (a === null) return b;
  const [x, y] = [Math.min(a.x, b.x), Math.min(a.y, b.y)];
  return { x, y, width: Math.max(a.x + a.width, b.x + b.width) - x, height: Math.max(a.y + a.height, b.y + b.height) - y };
}
