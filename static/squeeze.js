/** Brings the columns of a drawing nearer to each other, where it is too wide for a small frame. No DOM of its own. */
import { Camera, marginOf } from "#gv/camera.js";
import { parseSvg } from "#gv/dom.js";

const LEGIBLE = 0.48; // the scale at which a card's letters are 7 px high
const AIM = 1.002 * LEGIBLE; // for what rounding takes
const LEAST_GAP = 12; // between columns, for the lines to be told apart
const LABELLED_GAP = 30; // for their numbers to stand between the cards and not on them
const RIM = { top: 0, right: 6, bottom: 6, left: 6 };

const round = (x) => Number(x.toFixed(2));

/** Whether all of a view can be read at once. */
export const legible = ({ width, height }, pane) => new Camera({ x: 0, y: 0, width, height }, pane).scale >= LEGIBLE;

/** The stretches that cards stand on, joined where they overlap, from left to right. */
export function columnsOf(rects) {
  const columns = [];
  for (const { x, width } of [...rects].sort((one, other) => one.x - other.x)) {
    const last = columns.at(-1);
    if (last && x <= last.stop) last.stop = Math.max(last.stop, x + width);
    else columns.push({ start: x, stop: x + width });
  }
  return columns;
}

/** Where each x comes to, if the gaps between columns are only `share` as wide; columns move as they are. */
export function squeezing(columns, share, left = 0) {
  return (x) => {
    let at = left;
    let done = columns[0].start;
    if (x <= done) return at + (x - done) * share;
    for (const { start, stop } of columns) {
      if (x < start) break;
      at += (start - done) * share + Math.min(x, stop) - start;
      done = Math.min(x, stop);
    }
    return at + (x - done) * share;
  };
}

/** How much narrower the gaps must be for all to be legible in a pane: 1 if they can stay, null if nothing is enough. */
export function shareFor(columns, height, pane) {
  const { top, right, bottom, left } = marginOf(pane);
  const cards = columns.reduce((sum, { start, stop }) => sum + stop - start, 0);
  const gaps = columns.at(-1).stop - columns[0].start - cards;
  const room = (pane.width - left - right) / AIM - RIM.left - RIM.right - cards;
  if (height * AIM > pane.height - top - bottom) return null;
  if (room >= gaps) return 1;
  return room < LEAST_GAP * (columns.length - 1) ? null : room / gaps;
}

/** A view for a pane: as it is, or with all that is in it nearer together. */
export function squeezed(view, pane) {
  if (legible(view, pane)) return view;
  const root = parseSvg(view.svg);
  const boxes = [...root.querySelectorAll("[data-box]")].map((element) => {
    const [, x, y] = /translate\(([-\d.]+),([-\d.]+)\)/.exec(element.getAttribute("transform")).map(Number);
    const card = element.querySelector(".gv-card");
    return { element, x, y, width: Number(card.getAttribute("width")), height: Number(card.getAttribute("height")) };
  });
  if (boxes.length === 0) return view;
  const columns = columnsOf(boxes);
  const top = Math.min(...boxes.map(({ y }) => y)) - RIM.top;
  const height = Math.max(...boxes.map((box) => box.y + box.height)) + RIM.bottom - top;
  const share = shareFor(columns, height, pane);
  if (share === null) return view;
  const moved = squeezing(columns, share, RIM.left);
  const shift = (element, name, pattern) => element.setAttribute(name, element.getAttribute(name).replace(pattern, (_, x, rest) => `${round(moved(Number(x)))}${rest}`));
  for (const { element } of boxes) shift(element, "transform", /(?<=\()([-\d.]+)(,)/);
  for (const path of root.querySelectorAll(".gv-edge > path")) shift(path, "d", /([-\d.]+)(,[-\d.]+)/g);
  for (const tip of root.querySelectorAll(".gv-tip")) shift(tip, "points", /([-\d.]+)(,[-\d.]+)/g);
  for (const text of root.querySelectorAll(".gv-carried")) shift(text, "x", /(.+)()/);
  const width = round(moved(columns.at(-1).stop) + RIM.right);
  root.setAttribute("viewBox", `0 ${top} ${width} ${height}`);
  const gap = (width - RIM.left - RIM.right - columns.reduce((sum, { start, stop }) => sum + stop - start, 0)) / (columns.length - 1);
  root.classList.toggle("tight", gap < LABELLED_GAP);
  return { ...view, width, height, svg: new XMLSerializer().serializeToString(root) };
}
