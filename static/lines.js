/** Edges on a canvas: curves with tips near, thin lines far, colour by colour so that a style is set once for all. */
import { ABSENT, BAD, FIRST, inkOf, PLAIN, strideOf, TONES, ZERO } from "#gv/detail.js";

const TIP = 9;
const HALF = 4.4;
const HALO = 4;

/** The width of an edge in px: 0.8 for the lowest level, 4 for the highest. */
const widthOf = (tone) => (tone === BAD ? 2.6 : tone >= FIRST ? 0.8 + (3.2 * (tone - FIRST)) / 15 : tone === ZERO ? 1.2 : 1.1);
const DASHES = { [ZERO]: [4, 4], [BAD]: [9, 3, 2, 3] };

/** The pieces between knots as rectangles for a spatial index, and which edge each belongs to. */
export function piecesOf({ start, kx, ky }) {
  const count = Math.max(0, kx.length - (start.length - 1));
  const [x, y, w, h] = [0, 1, 2, 3].map(() => new Float32Array(count));
  const edge = new Uint32Array(count);
  let piece = 0;
  for (let e = 0; e + 1 < start.length; e += 1) {
    for (let i = start[e]; i + 1 < start[e + 1]; i += 1, piece += 1) {
      x[piece] = Math.min(kx[i], kx[i + 1]);
      y[piece] = Math.min(ky[i], ky[i + 1]);
      w[piece] = Math.abs(kx[i + 1] - kx[i]);
      h[piece] = Math.abs(ky[i + 1] - ky[i]);
      edge[piece] = e;
    }
  }
  return { x, y, w, h, edge };
}

/**
 * @param edges those in view, by number
 * @param tones per edge its tone
 * @param scale px of the screen for one of the drawing
 * @param ink how much of their colour they have
 * @param crowd how many edges are in sight of the whole canvas
 */
export function paintLines(context, edges, geometry, tones, looks, detail, scale, ink = 1, crowd = edges.length) {
  const stride = strideOf(detail, crowd);
  const byTone = Array.from({ length: TONES }, () => []);
  for (const edge of edges) if (stride === 1 || edge % stride === 0) byTone[tones[edge]].push(edge);
  context.globalAlpha = ink * inkOf(detail, crowd / stride);
  context.lineJoin = "round";
  byTone.forEach((some, tone) => {
    if (!some.length) return;
    const colour = tone === ABSENT || tone === PLAIN ? looks.pending : looks.tones[tone];
    context.strokeStyle = colour;
    context.fillStyle = colour;
    context.lineWidth = detail === "cards" ? widthOf(tone) : Math.max(widthOf(tone) * 0.5, 0.9 / scale);
    context.setLineDash(detail === "cards" ? (DASHES[tone] ?? []) : []);
    context.beginPath();
    for (const edge of some) trace(context, geometry, edge, detail);
    context.stroke();
    if (detail === "cards") paintTips(context, some, geometry);
  });
  context.setLineDash([]);
  context.globalAlpha = 1;
}

function trace(context, { start, kx, ky }, edge, detail) {
  const last = start[edge + 1] - 1;
  context.moveTo(kx[start[edge]], ky[start[edge]]);
  for (let i = start[edge] + 1; i <= last; i += 1) {
    const x = detail === "cards" && i === last ? kx[i] - TIP + 1 : kx[i];
    const middle = (kx[i - 1] + x) / 2;
    if (detail === "cards") context.bezierCurveTo(middle, ky[i - 1], middle, ky[i], x, ky[i]);
    else context.lineTo(x, ky[i]);
  }
}

function paintTips(context, edges, { start, kx, ky }) {
  context.beginPath();
  for (const edge of edges) {
    const last = start[edge + 1] - 1;
    context.moveTo(kx[last], ky[last]);
    context.lineTo(kx[last] - TIP, ky[last] - HALF);
    context.lineTo(kx[last] - TIP, ky[last] + HALF);
    context.closePath();
  }
  context.fill();
}

/** The middle of an edge, where its number stands. */
export function middleOf({ start, kx, ky }, edge) {
  const i = Math.floor((start[edge] + start[edge + 1] - 2) / 2);
  return { x: (kx[i] + kx[i + 1]) / 2, y: (ky[i] + ky[i + 1]) / 2 - 5 };
}

/** The number that the current edge carries, with a halo of paper. */
export function paintNumber(context, geometry, edge, text, looks) {
  const { x, y } = middleOf(geometry, edge);
  context.font = `600 10.5px ${looks.mono}`;
  context.textAlign = "center";
  context.lineWidth = HALO;
  context.strokeStyle = looks.paper;
  context.strokeText(text, x, y);
  context.fillStyle = looks.now;
  context.fillText(text, x, y);
}
