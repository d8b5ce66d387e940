/** Paints any rectangle of a large view: what lies in it, in the detail that its scale bears. */
import { paintAfar } from "#gv/badges.js";
import { densityOf, paintBlocks } from "#gv/blocks.js";
import { cardOf, paintCards } from "#gv/cards.js";
import { paintLines, paintNumber, piecesOf } from "#gv/lines.js";
import { Spatial } from "#gv/spatial.js";

export const RIM = 16; // px of the drawing that a card's marks stand out
const LINE_RIM = 6; // px that the widest line and its tip stand out; from afar a line is about a px of the screen wide
const SPOT = 2; // px of the screen that a chosen value is wide from afar, at least
const RING = 9; // px of the screen that the ring around a box far away is wide, at least

export const grown = (rect, by) => ({ x: rect.x - by, y: rect.y - by, width: rect.width + 2 * by, height: rect.height + 2 * by });

const rectIn = ({ x, y, w, h }, index) => (index >= 0 && index < x.length ? { x: x[index], y: y[index], width: w[index], height: h[index] } : null);

/** What of the drawing lies in a rectangle of the canvas. */
const sightOf = ({ scale, left, top }, area) => ({ x: (area.x - left) / scale, y: (area.y - top) / scale, width: area.width / scale, height: area.height / scale });

export class Painter {
  #crowd = 0; // edges in sight of the whole canvas

  /** @param shown what the frame says of each box and edge */
  constructor(pass, shown) {
    Object.assign(this, { pass, shown, geometry: pass.geometry, looks: null });
    const { x, y, w, h } = this.geometry;
    this.boxes = new Spatial(x, y, w, h);
    this.pieces = piecesOf(this.geometry);
    this.lines = new Spatial(this.pieces.x, this.pieces.y, this.pieces.w, this.pieces.h);
    this.scratch = document.createElement("canvas");
  }

  rect(index) {
    return rectIn(this.geometry, index);
  }

  /** Paint one rectangle of the canvas anew. */
  part(context, now, area) {
    if (area.width <= 0 || area.height <= 0) return;
    this.begin(context, now, area);
    this.paintLines(context, now, area);
    this.paintBoxes(context, now, area, this.boxesIn(sightOf(now, area)));
    const { edge, carried } = this.shown;
    if (now.detail === "cards" && edge >= 0 && carried) paintNumber(context, this.geometry, edge, carried, this.looks);
    context.restore();
  }

  /** Clear a rectangle of the canvas, and let nothing be painted outside it until the context is restored. */
  begin(context, { scale, left, top }, area) {
    context.setTransform(1, 0, 0, 1, 0, 0);
    context.clearRect(area.x, area.y, area.width, area.height);
    context.save();
    context.beginPath();
    context.rect(area.x, area.y, area.width, area.height);
    context.clip();
    context.setTransform(scale, 0, 0, scale, left, top);
  }

  /** The boxes that touch a rectangle of the drawing. */
  boxesIn(rect) {
    const boxes = [];
    this.boxes.each(grown(rect, RIM), (box) => boxes.push(box));
    return boxes;
  }

  /** @param ink how much of their colour they have */
  paintLines(context, now, area, ink = 1) {
    const edges = this.#linesIn(now, area);
    const { width, height } = context.canvas;
    if (area.width >= width && area.height >= height) this.#crowd = edges.length; // a part is painted as the whole was
    paintLines(context, edges, this.geometry, this.shown.edgeTones, this.looks, now.detail, now.scale, ink, this.#crowd);
  }

  /** Whether so many more or fewer edges are in sight than when all was painted that they should look different. */
  isCrowdOther(now, area) {
    return Math.abs(this.#linesIn(now, area).length - this.#crowd) > this.#crowd / 10;
  }

  /** Paint some boxes, with their marks, where `geometry` says. */
  paintBoxes(context, now, area, boxes, geometry = this.geometry) {
    const { scale, left, top, detail } = now;
    context.setTransform(scale, 0, 0, scale, left, top);
    if (detail === "cards") return paintCards(context, boxes.map((box) => this.#card(box, geometry)), this.looks);
    if (detail === "blocks") paintBlocks(context, boxes, geometry, this.shown.boxTones, this.looks, scale);
    else this.#paintDensity(context, boxes, now, area, geometry);
    this.#spots(context, now, boxes, geometry);
    paintAfar(context, boxes, geometry, this.shown.marks.markOf, this.looks, scale);
    return this.#ring(context, now, geometry);
  }

  #card(box, geometry) {
    const { frame, marks } = this.shown;
    return cardOf(this.pass.boxes[box], frame.box(box), geometry, box, marks);
  }

  #linesIn(now, area) {
    const seen = new Set();
    this.lines.each(grown(sightOf(now, area), Math.max(LINE_RIM, 1 / now.scale)), (piece) => seen.add(this.pieces.edge[piece]));
    return [...seen];
  }

  #paintDensity(context, boxes, now, area, geometry) {
    Object.assign(this.scratch, { width: area.width, height: area.height });
    const place = { scale: now.scale, left: now.left - area.x, top: now.top - area.y, width: area.width, height: area.height };
    this.scratch.getContext("2d").putImageData(densityOf(boxes, geometry, this.shown.boxTones, this.looks, place), 0, 0);
    context.setTransform(1, 0, 0, 1, 0, 0);
    context.drawImage(this.scratch, area.x, area.y);
    context.setTransform(now.scale, 0, 0, now.scale, now.left, now.top);
  }

  /** From afar chosen values are spots of one colour. */
  #spots(context, { scale }, boxes, { x, y, w, h }) {
    context.fillStyle = this.looks.focus;
    for (const box of boxes) if (this.shown.marks.toured(box)) context.fillRect(x[box], y[box], Math.max(w[box], SPOT / scale), Math.max(h[box], SPOT / scale));
  }

  /** From afar the current box and the pinned one have a ring that is never too small to be found. */
  #ring(context, { scale }, geometry) {
    const { now, selected } = this.shown.marks;
    for (const [box, colour] of [[selected, this.looks.focus], [now, this.looks.now]]) {
      const rect = rectIn(geometry, box);
      if (!rect) continue;
      const { x, y, width, height } = grown(rect, Math.max(0, (RING / scale - rect.height) / 2) + 1 / scale);
      context.strokeStyle = colour;
      context.lineWidth = 2 / scale;
      context.strokeRect(x, y, width, height);
    }
  }
}
