/** A large view on a canvas: culled to what is seen, by scale in more or less detail, repainted where it changes. */
import { around, detailAt, exposed } from "#gv/detail.js";
import { el } from "#gv/dom.js";
import { grouped } from "#gv/grouped.js";
import { describe } from "#gv/words.js";
import { readLooks } from "#gv/looks.js";
import { Movement } from "#gv/moving.js";
import { grown, Painter, RIM } from "#gv/painter.js";
import { Proxy } from "#gv/proxy.js";
import { Shown } from "#gv/shown.js";

const QUICK = 10; // ms that a whole repaint may take to be done in every frame of a zoom
const REST = 90; // ms after which a coarse picture becomes sharp
const RING = 12; // px of the screen around a box seen from afar
const MANY = 60; // changes beyond which all is repainted at once

export class Canvas {
  #context;
  #frame = 0;
  #sharpen = 0;
  #cost = 0;
  #drawn = null;
  #damage = null;
  #camera = null;
  #comesFrom = null; // the picture before this one, until the first frame
  #movement = null;

  constructor(pass) {
    this.pass = pass;
    this.geometry = pass.geometry;
    this.canvas = el("canvas", { class: "gv", "aria-hidden": "true" });
    this.element = el("div", { class: "painted", role: "group", "aria-label": `Graph of ${grouped(pass.boxes.length)} boxes` }, this.canvas);
    this.#context = this.canvas.getContext("2d");
    this.shown = new Shown(pass);
    this.painter = new Painter(pass, this.shown);
    this.proxy = new Proxy(this.element, (index) => this.words(index));
  }

  get content() {
    return { x: 0, y: 0, width: this.pass.view.width, height: this.pass.view.height };
  }

  rect(index) {
    return this.painter.rect(index);
  }

  /** Put the focus on a box. */
  focus(index) {
    this.proxy.stand(index, true);
    this.#ask();
  }

  /** The box that has the focus, or -1. */
  get focused() {
    return this.proxy.element !== null && this.proxy.element === document.activeElement ? this.proxy.index : -1;
  }

  words(index) {
    const { frame, marks } = this.shown;
    return frame && this.pass.boxes[index] ? describe(this.pass.boxes[index], frame.box(index), marks.markOf(index)) : "";
  }

  /** Full precision where the pointer rests. */
  tell(index, text) {
    this.canvas.title = text ?? this.words(index);
  }

  /** The box that an event happened in, or -1. */
  boxAt(event) {
    if (event.target === this.proxy.element) return this.proxy.index;
    if (event.target !== this.canvas || this.#camera === null || event.clientX === undefined) return -1;
    const { left, top } = this.canvas.getBoundingClientRect();
    return this.painter.boxes.at(this.#camera.x + (event.clientX - left) / this.#camera.scale, this.#camera.y + (event.clientY - top) / this.#camera.scale);
  }

  /** Show the change from another canvas, when this one is painted first, as a movement. @returns what ends it */
  glide(before) {
    if (before instanceof Canvas) this.#comesFrom = before;
    return () => this.#arrive();
  }

  /** End a movement: what is pointed at or stepped through is where it belongs. */
  #arrive() {
    this.#comesFrom = null;
    if (this.#movement === null) return;
    this.#movement = null;
    this.#everything();
  }

  /** Colours may have changed: read them again and paint all. */
  restyle() {
    this.#arrive();
    this.painter.looks = readLooks(this.canvas);
    this.#everything();
  }

  /** Show what the camera sees. */
  look({ x, y, scale, pane }) {
    const ratio = Math.min(2, devicePixelRatio || 1);
    const [width, height] = [Math.round(pane.width * ratio), Math.round(pane.height * ratio)];
    if (this.canvas.width !== width || this.canvas.height !== height) {
      Object.assign(this.canvas, { width, height });
      this.#drawn = null;
    }
    if (this.#movement !== null && (x !== this.#camera.x || y !== this.#camera.y || scale !== this.#camera.scale)) this.#arrive();
    this.#camera = { x, y, scale, ratio };
    this.#ask();
  }

  /** Show the frame: only what differs from what is shown will be painted. */
  paint(frame, step, marks) {
    const changes = this.shown.update(frame, step, marks);
    if (this.#movement !== null) this.#arrive();
    this.proxy.stand(this.proxy.index >= 0 ? this.proxy.index : Math.max(0, step?.box ?? 0));
    this.proxy.say();
    if (changes === null || changes.boxes.length + changes.edges.length > MANY) return this.#everything();
    for (const box of changes.boxes) this.#dirty(grown(this.rect(box), RIM));
    for (const edge of changes.edges) this.#dirty(this.#aroundEdge(edge));
    return this.#ask();
  }

  #aroundEdge(edge) {
    const { start, kx, ky } = this.geometry;
    let rect = null;
    for (let i = start[edge]; i < start[edge + 1]; i += 1) rect = around(rect, { x: kx[i], y: ky[i], width: 0, height: 0 });
    return grown(rect, RIM + 40); // room for its number
  }

  #dirty(rect) {
    (this.#damage ??= []).push(rect);
  }

  #everything() {
    this.#drawn = null;
    this.#ask();
  }

  #ask() {
    if (this.#frame === 0 && this.#camera !== null) this.#frame = requestAnimationFrame(() => this.flush());
  }

  /** Paint now what is due. */
  flush() {
    cancelAnimationFrame(this.#frame);
    this.#frame = 0;
    this.painter.looks ??= readLooks(this.canvas);
    const { width, height } = this.canvas;
    if (width === 0 || height === 0) return;
    const now = this.#place();
    if (this.#moves(now)) return;
    const { left, top, scale, copy } = this.#drawn ?? {};
    if (this.#drawn === null || (scale === now.scale ? copy : this.#cost < QUICK)) this.#whole(now); // with a copy, it is stretched
    else if (scale !== now.scale) this.#stretch(now);
    else if (left !== now.left || top !== now.top) this.#shift(now, now.left - left, now.top - top);
    for (const rect of this.#damage ?? []) if (this.#drawn) this.painter.part(this.#context, now, onScreen(rect, now, this.canvas));
    this.#damage = null;
    this.#placeProxy();
  }

  /** How the drawing lies on the canvas, in whole px so that what is painted can be moved. */
  #place() {
    const { x, y, scale, ratio } = this.#camera;
    const whole = scale * ratio;
    return { scale: whole, left: Math.round(-x * whole), top: Math.round(-y * whole), detail: detailAt(scale) };
  }

  /** Paint the movement that is going on, if any. */
  #moves(now) {
    const before = this.#comesFrom;
    if (before !== null) {
      before.painter.looks ??= this.painter.looks;
      const movement = new Movement(before.painter, this.painter, before.#place(), now, this.canvas);
      this.#movement = movement.isWorthIt ? movement : null;
      this.#comesFrom = null;
    }
    this.#drawn = this.#movement === null ? this.#drawn : null;
    if (!this.#movement?.paint(this.#context, performance.now())) {
      this.#movement = null;
      return false;
    }
    this.#damage = null;
    this.#placeProxy();
    this.#ask();
    return true;
  }

  #whole(now) {
    clearTimeout(this.#sharpen);
    const start = performance.now();
    this.painter.part(this.#context, now, { x: 0, y: 0, width: this.canvas.width, height: this.canvas.height });
    this.#cost = performance.now() - start;
    this.#damage = null;
    this.#drawn = now;
  }

  /** The picture of another scale, until the zoom rests. */
  #stretch(now) {
    const { width, height } = this.canvas;
    if (!this.#drawn.copy) {
      this.#drawn.copy = document.createElement("canvas");
      Object.assign(this.#drawn.copy, { width, height });
      this.#drawn.copy.getContext("2d").drawImage(this.canvas, 0, 0);
    }
    const grow = now.scale / this.#drawn.scale;
    const context = this.#context;
    context.setTransform(1, 0, 0, 1, 0, 0);
    context.clearRect(0, 0, width, height);
    context.drawImage(this.#drawn.copy, now.left - this.#drawn.left * grow, now.top - this.#drawn.top * grow, width * grow, height * grow);
    clearTimeout(this.#sharpen);
    this.#sharpen = setTimeout(() => this.#everything(), REST);
  }

  /** Move what is painted, and paint what comes into view. */
  #shift(now, dx, dy) {
    const { width, height } = this.canvas;
    const context = this.#context;
    context.setTransform(1, 0, 0, 1, 0, 0);
    context.globalCompositeOperation = "copy";
    context.drawImage(this.canvas, dx, dy);
    context.globalCompositeOperation = "source-over";
    this.#drawn = now;
    for (const strip of exposed(dx, dy, width, height)) this.painter.part(this.#context, now, strip);
    clearTimeout(this.#sharpen);
    this.#sharpen = setTimeout(() => this.painter.isCrowdOther(now, { x: 0, y: 0, width, height }) && this.#everything(), REST);
  }

  #placeProxy() {
    const { x, y, scale } = this.#camera;
    const rect = this.rect(this.proxy.index);
    if (rect) this.proxy.place({ x: (rect.x - x) * scale, y: (rect.y - y) * scale, width: Math.max(8, rect.width * scale), height: Math.max(8, rect.height * scale) });
  }
}

/** A rectangle of the drawing in whole px of the canvas, cut to what is seen. */
function onScreen(rect, { scale, left, top }, { width, height }) {
  const x = Math.max(0, Math.floor(rect.x * scale + left) - RING);
  const y = Math.max(0, Math.floor(rect.y * scale + top) - RING);
  const right = Math.min(width, Math.ceil((rect.x + rect.width) * scale + left) + RING);
  const bottom = Math.min(height, Math.ceil((rect.y + rect.height) * scale + top) + RING);
  return { x, y, width: right - x, height: bottom - y };
}
