/** Cards on a canvas: the same anatomy as the SVG's, role by role, so that a font is set once for all. */
import { paintBadge } from "#gv/badges.js";
import { BAD, FIRST, toneOf, ZERO } from "#gv/detail.js";
import { fitNumber, fitText, roomBeside } from "#gv/fit.js";
import { grouped } from "#gv/grouped.js";

const INDENT = 14;
const INSET = 11;
const RADIUS = 9;
const UNDER = [8, 4];
const NON_FINITE = /^[-−+]?(nan|inf)/i;

/**
 * @param cards of each box in view: its place, its facts, what the frame says of it, and its marks
 * @param looks colours and fonts
 */
export function paintCards(context, cards, looks) {
  for (const card of cards) paintFrame(context, card, looks);
  const text = writer(context);
  text(`600 12.5px ${looks.mono}`, "left", cards, (card) => [INDENT, card.group ? 21 : 20, card.name, card.absent ? looks.soft : looks.ink]);
  text(`600 12.5px ${looks.mono}`, "right", cards, (card) => !card.group && card.facts.kind === "op" && [card.w - INSET, 20, card.facts.subtitle, card.absent ? looks.ghost : looks.op]);
  text(`10.5px ${looks.sans}`, "right", cards, (card) => !card.group && card.facts.kind !== "op" && [card.w - INSET, 20, card.facts.kind, card.absent ? looks.ghost : looks.faint]);
  for (const [key, y] of [["data", 38], ["grad", 54]]) text(`10.5px ${looks.sans}`, "left", cards, (card) => !card.group && [INDENT, y, key, looks.faint]);
  text(`11.5px ${looks.mono}`, "right", cards, (card) => !strong(card, "data") && [card.w - INSET, card.group ? 54 : 38, fitted(card, "data"), dataColour(card, looks)]);
  text(`600 11.5px ${looks.mono}`, "right", cards, (card) => strong(card, "data") && [card.w - INSET, card.group ? 54 : 38, fitted(card, "data"), dataColour(card, looks)]);
  text(`11.5px ${looks.mono}`, "right", cards, (card) => !strong(card, "grad") && [card.w - INSET, card.group ? 70 : 54, fitted(card, "grad"), gradColour(card, looks)]);
  text(`600 11.5px ${looks.mono}`, "right", cards, (card) => strong(card, "grad") && [card.w - INSET, card.group ? 70 : 54, fitted(card, "grad"), gradColour(card, looks)]);
  text(`600 10px ${looks.mono}`, "right", cards, (card) => card.state.order !== null && [card.w - 3, -4, String(card.state.order + 1), looks.order]);
  const groups = cards.filter((card) => card.group);
  if (groups.length) paintGroups(context, text, groups, looks);
  for (const card of cards) if (card.badge !== null) paintBadge(context, card.badge, card.x + card.w, card.y + card.h, looks, { width: card.w });
}

/** What the drawing knows of a box, ready to be painted. */
export function cardOf(facts, state, geometry, index, marks) {
  const group = facts.node === null;
  const [w, h] = [geometry.w[index], geometry.h[index]];
  const mark = group ? `×${grouped(facts.count)}` : facts.kind === "op" ? facts.subtitle : facts.kind;
  const taken = mark.length * (group ? 11 : facts.kind === "op" ? 12.5 : 9) * 0.602 + 6;
  const level = facts.glevel === "na" ? "na" : state.level;
  const [done, all] = marks.backward ? [state.grads, state.gradsTotal] : [state.computed, state.total];
  return {
    x: geometry.x[index], y: geometry.y[index], w, h, index, facts, state, group, mark, level,
    name: fitText(facts.title, 12.5, w - INSET - INDENT - taken),
    data: state.data ?? "–", grad: level === "na" ? (facts.grad ?? "–") : (state.grad ?? "–"),
    absent: state.computed < state.total,
    bad: state.data !== null && (NON_FINITE.test(state.data) || (facts.bad && group)),
    share: group && all > 0 ? done / all : 0,
    bars: group ? geometry.bars.get(index) : null,
    now: marks.now === index, selected: marks.selected === index, breaks: !group && marks.breaks(facts.node),
    badge: marks.markOf(index), toured: marks.toured(index),
  };
}

const flows = (card) => toneOf(card.level) >= FIRST;
const strong = (card, row) => (row === "grad" ? flows(card) : card.bad || card.state.updated);
const fitted = (card, row) => fitNumber(card[row], roomBeside(row === "grad" && card.group ? "|grad|" : row, INDENT, card.w - INSET));

function dataColour(card, looks) {
  if (card.absent) return looks.ghost;
  return card.bad ? looks.bad : card.state.updated ? looks.update : looks.ink;
}

function gradColour(card, looks) {
  const tone = toneOf(card.level);
  if (tone === BAD) return looks.bad;
  return tone === ZERO ? looks.faint : flows(card) ? looks.ink : looks.ghost;
}

/** A function that writes one text on each card, in one font. */
function writer(context) {
  return (font, align, cards, place) => {
    context.font = font;
    context.textAlign = align;
    for (const card of cards) {
      const found = place(card);
      if (!found) continue;
      const [x, y, words, colour] = found;
      if (context.fillStyle !== colour) context.fillStyle = colour;
      context.fillText(words, card.x + x, card.y + y);
    }
  };
}

function plate(context, x, y, w, h, radius) {
  context.beginPath();
  context.roundRect(x, y, w, h, radius);
}

function paintFrame(context, card, looks) {
  const { x, y, w, h, absent, now } = card;
  context.setLineDash(absent && !now ? [3, 3] : []);
  context.lineWidth = 1;
  for (const shift of card.group ? UNDER : []) {
    plate(context, x + shift, y - shift, w, h, RADIUS);
    context.fillStyle = looks.leaf;
    context.strokeStyle = now ? looks.now : looks.line;
    context.fill();
    context.stroke();
  }
  if (!absent) {
    plate(context, x - 0.5, y + 1.5, w + 1, h, RADIUS + 0.5);
    context.fillStyle = looks.shade;
    context.fill();
  }
  plate(context, x, y, w, h, RADIUS);
  context.fillStyle = now ? looks.wash : card.group || card.facts.kind === "op" ? looks.card : looks.leaf;
  context.fill();
  context.strokeStyle = now ? looks.now : card.selected || card.toured ? looks.focus : card.bad ? looks.bad : looks.line;
  context.lineWidth = now ? 2.2 : card.selected ? 2 : card.toured ? 1.6 : 1;
  if (card.toured && !card.selected && !now) context.setLineDash([5, 3]);
  context.stroke();
  context.setLineDash([]);
  if (card.level !== "na") {
    plate(context, x, y + RADIUS, 4.5, h - 2 * RADIUS, 2.25);
    context.fillStyle = card.level === null ? looks.none : looks.tones[toneOf(card.level)];
    context.fill();
  }
  if (card.breaks) paintBreak(context, x, y, looks);
}

function paintBreak(context, x, y, looks) {
  context.beginPath();
  context.arc(x, y, 5, 0, 2 * Math.PI);
  context.fillStyle = looks.stop;
  context.strokeStyle = looks.paper;
  context.lineWidth = 2;
  context.fill();
  context.stroke();
}

function paintGroups(context, text, groups, looks) {
  text(`600 11px ${looks.mono}`, "right", groups, (card) => [card.w - INSET, 21, card.mark, card.absent ? looks.ghost : looks.soft]);
  text(`10.5px ${looks.sans}`, "left", groups, (card) => [INDENT, 36, fitText(card.facts.subtitle, 9.5, card.w - INSET - INDENT), looks.faint]);
  for (const [key, y] of [["data", 54], ["|grad|", 70], ["zero grads", 86]]) text(`10.5px ${looks.sans}`, "left", groups, () => [INDENT, y, key, looks.faint]);
  const ready = ({ state }) => state.gradsTotal > 0 && state.grads >= state.gradsTotal;
  text(`11.5px ${looks.mono}`, "right", groups, (card) => [card.w - INSET, 86, ready(card) ? (card.facts.zeros ?? "–") : "–", card.level === null ? looks.ghost : looks.ink]);
  for (const card of groups) {
    const half = (card.w - INSET - INDENT - 10) / 2;
    if (!card.absent) paintBars(context, card.x + INDENT, card.y + 93, half, card.bars?.data ?? [], looks.soft);
    if (card.level !== null) paintBars(context, card.x + card.w - INSET - half, card.y + 93, half, card.bars?.grad ?? [], looks.tones[toneOf(card.level)]);
    if (card.share <= 0 || card.share >= 1) continue;
    context.fillStyle = looks.now;
    context.fillRect(card.x + INDENT, card.y + card.h - 7, (card.w - INSET - INDENT) * card.share, 2);
  }
}

function paintBars(context, x, y, width, heights, colour) {
  const step = width / Math.max(1, heights.length);
  context.fillStyle = colour;
  heights.forEach((share, index) => {
    const high = Math.max(19 * share, 0.8);
    if (share > 0) context.fillRect(x + index * step, y + 19 - high, step * 0.76, high);
  });
}
