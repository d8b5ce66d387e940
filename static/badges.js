/** The badge on a box's corner, in SVG and on a canvas: a tick, a cross, a dash, and for what failed "!". */
import { svg } from "#gv/dom.js";

const SIGNS = {
  right: "M-3.4,.2 L-1,2.6 L3.6,-2.6",
  wrong: "M-2.7,-2.7 L2.7,2.7 M2.7,-2.7 L-2.7,2.7",
  missing: "M-3.2,0 H3.2",
  failed: "M0,-3.8 V.8 M0,3.4 V3.5",
};
const RADIUS = 7.5;
const TEXT = [-13, 11]; // from the corner to the end of the text
const AFAR = 6; // px of the screen: the least radius of what fails, seen from afar
const MOST_AFAR = 400; // badges; more would be a blot

/** A badge for the lower right corner of a box. */
export function badge({ kind, text }, { width, height }) {
  return svg("g", { class: `badge ${kind}`, transform: `translate(${width},${height})`, "aria-hidden": "true" },
    svg("circle", { r: RADIUS }), svg("path", { d: SIGNS[kind] }), text && svg("text", { x: TEXT[0], y: TEXT[1] }, text));
}

/** The same on a canvas, around the corner at (x, y). */
export function paintBadge(context, { kind, text }, x, y, looks, radius = RADIUS) {
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
  context.lineWidth = 3;
  context.lineJoin = "round";
  context.strokeText(text, x + TEXT[0], y + TEXT[1]);
  context.fillText(text, x + TEXT[0], y + TEXT[1]);
}

/** From afar only what fails has a badge, never too small to be found. */
export function paintAfar(context, boxes, geometry, markOf, looks, scale) {
  const failing = boxes.map((box) => [box, markOf(box)]).filter(([, mark]) => mark !== null && mark.kind !== "right");
  const radius = Math.max(RADIUS, AFAR / scale);
  const every = Math.ceil(failing.length / MOST_AFAR);
  for (let i = 0; i < failing.length; i += every) {
    const [box, { kind }] = failing[i];
    paintBadge(context, { kind, text: "" }, geometry.x[box] + geometry.w[box], geometry.y[box] + geometry.h[box], looks, radius);
  }
}
