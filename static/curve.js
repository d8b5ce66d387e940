/** Small charts of the inspector: a value on its activation's curve, and a distribution. */
import { toNumber } from "#gv/document.js";
import { el, svg } from "#gv/dom.js";
import { grouped } from "#gv/grouped.js";

const WIDTH = 252;
const HEIGHT = 100;

/** 4 significant digits; what is small stays visible. */
export function short(value) {
  const number = toNumber(value);
  if (!Number.isFinite(number)) return Number.isNaN(number) ? "nan" : number > 0 ? "inf" : "-inf";
  if (Number.isInteger(number) && Math.abs(number) < 1e7) return Object.is(number, -0) ? "-0" : String(number);
  const size = Math.abs(number);
  return size >= 1e-3 && size < 1e7 ? String(Number(number.toPrecision(4))) : number.toExponential(1);
}

function path(xs, ys, toX, toY) {
  let pen = "M";
  let text = "";
  xs.forEach((x, index) => {
    if (!Number.isFinite(ys[index])) pen = "M";
    else {
      text += `${pen}${toX(x).toFixed(1)},${toY(ys[index]).toFixed(1)}`;
      pen = "L";
    }
  });
  return text;
}

/** The curve with its slope dashed, and where this value sits on both. */
export function curveFigure(curve, name) {
  const [xs, ys, slopes] = [curve.xs, curve.ys, curve.slopes].map((list) => list.map(toNumber));
  const at = { x: toNumber(curve.x), y: toNumber(curve.y), slope: toNumber(curve.slope) };
  const heights = [...ys, ...slopes, at.y, at.slope, 0].filter(Number.isFinite);
  const [left, right] = [Math.min(...xs), Math.max(...xs)];
  const [low, high] = [Math.min(...heights), Math.max(...heights)];
  const toX = (x) => 5 + ((x - left) / (right - left || 1)) * (WIDTH - 10);
  const toY = (y) => 5 + ((high - y) / (high - low || 1)) * (HEIGHT - 10);
  const dot = (y, kind) => Number.isFinite(at.x) && Number.isFinite(y) && svg("circle", { class: `dot ${kind}`, cx: toX(at.x).toFixed(1), cy: toY(y).toFixed(1), r: 4 });
  const axes = [svg("line", { class: "axis", x1: 0, x2: WIDTH, y1: toY(0), y2: toY(0) })];
  if (left <= 0 && right >= 0) axes.push(svg("line", { class: "axis", x1: toX(0), x2: toX(0), y1: 0, y2: HEIGHT }));
  if (Number.isFinite(at.x)) axes.push(svg("line", { class: "here", x1: toX(at.x), x2: toX(at.x), y1: 0, y2: HEIGHT }));
  const words = `${curve.op} at ${name} = ${short(at.x)} is ${short(at.y)}, its slope there is ${short(at.slope)}`;
  return el("figure", { class: "curve" },
    svg("svg", { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, role: "img", "aria-label": words }, axes,
      svg("path", { class: "slope", d: path(xs, slopes, toX, toY) }), svg("path", { class: "value", d: path(xs, ys, toX, toY) }),
      dot(at.slope, "slope"), dot(at.y, "value")),
    el("figcaption", {}, el("span", {}, "— ", el("code", {}, `${curve.op}(${name}) = ${short(at.y)}`)), el("span", { class: "slope" }, "┄ slope ", el("code", {}, short(at.slope)))));
}

/** A histogram as bars, with its ends in numbers. */
export function bars([edges, counts], kind, words) {
  const most = Math.max(1, ...counts);
  const wide = WIDTH / Math.max(1, counts.length);
  return el("figure", { class: "bars" },
    svg("svg", { viewBox: `0 0 ${WIDTH} 46`, role: "img", "aria-label": words, preserveAspectRatio: "none" },
      counts.map((count, index) => {
        const height = count === 0 ? 0 : Math.max(1.5, (44 * count) / most);
        return svg("rect", { class: kind, x: (index * wide + 0.5).toFixed(2), y: (45 - height).toFixed(2), width: Math.max(0.6, wide - 1).toFixed(2), height: height.toFixed(2), rx: 1 },
          svg("title", {}, `${grouped(count)} in ${short(edges[index])} … ${short(edges[index + 1])}`));
      }),
      svg("line", { class: "axis", x1: 0, x2: WIDTH, y1: 45.5, y2: 45.5 })),
    el("figcaption", {}, el("code", {}, short(edges[0])), el("code", {}, short(edges.at(-1)))));
}
