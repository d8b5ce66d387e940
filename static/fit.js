/** Fitting a number onto its card by the drawing's own rule; a browser test holds the two together. No DOM. */

const ADVANCE = 0.602 * 11.5; // px that a character of a card's numbers takes
const SHORT_KEY = 28; // px that "data" and "grad" take before a number

/** The room in px between a row's key and the right end of its number. */
export const roomBeside = (key, from, to) => to - from - (key.length < 5 ? SHORT_KEY : key.length * 5.6 + 4);

/** Without touching a digit if it can be: of an array only its shape is left; else both ends tell more. */
export function fitNumber(text, room) {
  const most = Math.max(Math.floor((room + 0.01) / ADVANCE), 1);
  if (text.length <= most) return text;
  const [shape] = text.split(" · ");
  if (shape.length <= most) return shape;
  const head = Math.floor(most / 2);
  return `${shape.slice(0, head)}…${shape.slice(shape.length - (most - head - 1))}`;
}

/** Monospace text shortened in its middle until it fits; both its ends tell more. */
export function fitText(text, size, room) {
  const most = Math.max(Math.floor((room + 0.01) / (0.602 * size)), 1);
  if (text.length <= most) return text;
  const head = Math.floor(most / 2);
  return `${text.slice(0, head)}…${text.slice(text.length - (most - head - 1))}`;
}
