/** Where the boxes and edges of a large view stand. No DOM. */
import { unpackNumbers, unpackWords } from "#gv/packing.js";

/**
 * @returns columns: of boxes `x`, `y`, `w`, `h`; of edges their knots, from `start[edge]` to `start[edge + 1]`
 * in `kx` and `ky`; `bars` gives the histograms of a folded box. Between two knots an edge is an S that starts
 * and ends level.
 */
export function readGeometry(raw, boxes, edges) {
  const [x, y, w, h] = ["x", "y", "w", "h"].map((name) => Float32Array.from(unpackNumbers(raw[name])));
  const bars = new Map();
  const [dataBars, gradBars] = [raw.dataBars, raw.gradBars].map(unpackWords);
  unpackNumbers(raw.folded).forEach((box, row) => bars.set(box, { data: heights(dataBars[row]), grad: heights(gradBars[row]) }));
  return { x, y, w, h, bars, ...knotsOf(raw, { x, y, w }, edges) };
}

const heights = (text) => Array.from(text, (digit) => parseInt(digit, 36) / 35);

function knotsOf(raw, { x, y, w }, edges) {
  const [out, tip, inner, column, climb] = ["out", "tip", "knots", "kx", "ky"].map((name) => unpackNumbers(raw[name]));
  const start = new Uint32Array(edges.length + 1);
  for (let e = 0; e < edges.length; e += 1) start[e + 1] = start[e] + inner[e] + 2;
  const kx = new Float32Array(start[edges.length]);
  const ky = new Float32Array(start[edges.length]);
  let height = 0;
  let from = 0;
  for (let e = 0; e < edges.length; e += 1) {
    const { source, target } = edges[e];
    let at = start[e];
    kx[at] = x[source] + w[source];
    ky[at] = y[source] + out[e];
    for (const stop = from + inner[e]; from < stop; from += 1) {
      at += 1;
      height += climb[from];
      kx[at] = raw.columns[column[from]];
      ky[at] = height * raw.unit;
    }
    kx[at + 1] = x[target];
    ky[at + 1] = y[target] + tip[e];
  }
  return { start, kx, ky };
}
