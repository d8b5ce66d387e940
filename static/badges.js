/** The badge on a box's corner, in SVG and on a canvas: a tick, a cross, a dash, and for what failed "!". */
import { svg } from "#gv/dom.js";
import { fitNumber } from "#gv/fit.js";

const SIGNS = {
  right: "M-3.4,.2 L-1,2.6 L3.6,-2.6",
  wrong: "M-2.7,-2.7 L2.7,2.7 M2.7,-2.7 L-2.7,2.7",
  missing: "M-3.2,0 H3.2",
  failed: "M0,-3.8 V.8 M0,3.4 V3.5",
};
const RADIUS = 7;
const TEXT = [-12, 5.8]; // from the corner to the end of the text: on the card's edge, clear of the order below
const ADVANCE = 6.7; // px that a character of it takes on average, in the widest of the fonts
const BAND = [-5, 10]; // px around the lower edge of a card that the text needs
const LONG = /^should be /;
const SHORT = "→ ";
const AFAR = 6; // px of the screen: the least radius of what fails, seen from afar
const MOST_AFAR = 400; // badges; more would be a blot

/** How far to the left of a card's corner its badge may write: as far as the card, but into none of these numbers. */
export function roomOf({ x, y, width, height }, numbers) {
  const [corner, low] = [x + width, y + height];
  const beside = numbers.filter((one) => one.y < low + BAND[1] && one.y + one.height > low + BAND[0] && one.x + one.width > x && one.x + one.width / 2 < x + width / 2);
  return corner - Math.max(x, ...beside.map((one) => one.x + one.width));
}

/** What a badge says that may reach so far to the left of its corner. */
export function fitMark(text, reach) {
  const room = reach + TEXT[0];
  if (text.length * ADVANCE <= room || !LONG.test(text)) return text;
  return SHORT + fitNumber(text.replace(LONG, ""), room - SHORT.length * ADVANCE);
}

/** A badge for the lower right corner of a box. */
export function badge({ kind, text }, { width, height }, room = width) {
  return svg("g", { class: `badge ${kind}`, transform: `translate(${width},${height})`, "aria-hidden": "true" },
    svg("circle", { r: RADIUS }), svg("path", { d: SIGNS[kind] }), text && svg("text", { x: TEXT[0], y: TEXT[1] }, fitMark(text, room)));
}

/** The same on a canvas, around the corner at (x, y) of a card. */
export function paintBadge(context, { kind, text }, x, y, looks, { radius = RADIUS, width = Infinity } = {}) {
  const scale = radius / RADIUS;
  context.beginPath();
  context.arc(x, y, radius, 0, 2 * Math.PI);
  context.fillStyle = looks.badges[kind];
  context.fill();
  context.strokeStyle = looks.paper;
  context.lineWidth = 1.5 * scale;
  context.stroke();
  const sign = new Path2D();
  sign.addPath(new Path2D(SIGNS[kind]), { a: scale, d: scale, e: x, f: y });
  context.lineWidth = 1.9 * scale;
  context.lineCap = "round";
  context.stroke(sign);
  if (!text) return;
  context.font = `600 10.5px ${looks.sans}`;
  context.textAlign = "right";
  context.lineWidth = 4.5;
  context.lineJoin = "round";
  const words = fitMark(text, width);
  context.strokeText(words, x + TEXT[0], y + TEXT[1]);
  context.fillText(words, x + TEXT[0], y + TEXT[1]);
}

/** From afar only what fails has a badge, never too small to be found. */
export function paintAfar(context, boxes, geometry, markOf, looks, scale) {
  const failing = boxes.map((box) => [box, markOf(box)]).filter(([, mark]) => mark !== null && mark.kind !== "right");
  const radius = Math.max(RADIUS, AFAR / scale);
  const every = Math.ceil(failing.length / MOST_AFAR);
  for (let i = 0; i < failing.length; i += every) {
    const [box, { kind }] = failing[i];
    paintBadge(context, { kind, text: "" }, geometry.x[box] + geometry.w[box], geometry.y[box] + geometry.h[box], looks, { radius });
  }
}
