/** Paints any rectangle of a large view: what lies in it, in the detail that its scale bears. */
import { paintAfar } from "#gv/badges.js";
import { densityOf, paintBlocks } from "#gv/blocks.js";
import { cardOf, paintCards } from "#gv/cards.js";
import { paintLines, paintNumber, piecesOf } from "#gv/lines.js";
import { Spatial } from "#gv/spatial.js";

export const RIM = 16; // px of the drawing that a card's marks stand out
const LINE_RIM = 6; // px that the widest line and its tip stand out
const SPOT = 2; // px of the screen that a chosen value is wide from afar, at least
const RING = 9; // px of the screen that the ring around a box far away is wide, at least

export const grown = (rect, by) => ({ x: rect.x - by, y: rect.y - by, width: rect.width + 2 * by, height: rect.height + 2 * by });

export class Painter {
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
    const { x, y, w, h } = this.geometry;
    return index >= 0 && index < x.length ? { x: x[index], y: y[index], width: w[index], height: h[index] } : null;
  }

  /** Paint one rectangle of the canvas anew. */
  part(context, now, area) {
    if (area.width <= 0 || area.height <= 0) return;
    const { scale, left, top, detail } = now;
    const rect = { x: (area.x - left) / scale, y: (area.y - top) / scale, width: area.width / scale, height: area.height / scale };
    context.setTransform(1, 0, 0, 1, 0, 0);
    context.clearRect(area.x, area.y, area.width, area.height);
    context.save();
    context.beginPath();
    context.rect(area.x, area.y, area.width, area.height);
    context.clip();
    context.setTransform(scale, 0, 0, scale, left, top);
    paintLines(context, this.#linesIn(rect), this.geometry, this.shown.edgeTones, this.looks, detail, scale);
    const boxes = [];
    this.boxes.each(grown(rect, RIM), (box) => boxes.push(box));
    if (detail === "cards") paintCards(context, boxes.map((box) => this.#card(box)), this.looks);
    else if (detail === "blocks") paintBlocks(context, boxes, this.geometry, this.shown.boxTones, this.looks, scale);
    else this.#paintDensity(context, boxes, now, area);
    if (detail !== "cards") {
      this.#spots(context, now, boxes);
      paintAfar(context, boxes, this.geometry, this.shown.marks.markOf, this.looks, scale);
      this.#ring(context, now);
    }
    const { edge, carried } = this.shown;
    if (detail === "cards" && edge >= 0 && carried) paintNumber(context, this.geometry, edge, carried, this.looks);
    context.restore();
  }

  #card(box) {
    const { frame, marks } = this.shown;
    return cardOf(this.pass.boxes[box], frame.box(box), this.geometry, box, marks);
  }

  #linesIn(rect) {
    const seen = new Set();
    this.lines.each(grown(rect, LINE_RIM), (piece) => seen.add(this.pieces.edge[piece]));
    return [...seen];
  }

  #paintDensity(context, boxes, now, area) {
    Object.assign(this.scratch, { width: area.width, height: area.height });
    const place = { scale: now.scale, left: now.left - area.x, top: now.top - area.y, width: area.width, height: area.height };
    this.scratch.getContext("2d").putImageData(densityOf(boxes, this.geometry, this.shown.boxTones, this.looks, place), 0, 0);
    context.setTransform(1, 0, 0, 1, 0, 0);
    context.drawImage(this.scratch, area.x, area.y);
    context.setTransform(now.scale, 0, 0, now.scale, now.left, now.top);
  }

  /** From afar chosen values are spots of one colour. */
  #spots(context, { scale }, boxes) {
    const { x, y, w, h } = this.geometry;
    context.fillStyle = this.looks.focus;
    for (const box of boxes) if (this.shown.marks.toured(box)) context.fillRect(x[box], y[box], Math.max(w[box], SPOT / scale), Math.max(h[box], SPOT / scale));
  }

  /** From afar the current box and the pinned one have a ring that is never too small to be found. */
  #ring(context, { scale }) {
    const { now, selected } = this.shown.marks;
    for (const [box, colour] of [[selected, this.looks.focus], [now, this.looks.now]]) {
      const rect = this.rect(box);
      if (!rect) continue;
      const { x, y, width, height } = grown(rect, Math.max(0, (RING / scale - rect.height) / 2) + 1 / scale);
      context.strokeStyle = colour;
      context.lineWidth = 2 / scale;
      context.strokeRect(x, y, width, height);
    }
  }
}
