/** Which part of the drawing is seen: pan and zoom as arithmetic. No DOM. */

const LEAST = 0.02;
const MOST = 4;
const MARGIN = { top: 60, right: 32, bottom: 32, left: 32 };
const SMALL = 340; // px: in a pane this wide all of it is needed

/** What stays free around a whole drawing: less where the pane itself is small. */
export function marginOf({ width, height }) {
  const share = Math.min(1, Math.max(0, (width - SMALL) / SMALL));
  return { top: Math.min(MARGIN.top, height / 6), right: MARGIN.right * share, bottom: Math.min(MARGIN.bottom * share, height / 30), left: MARGIN.left * share };
}

export class Camera {
  /** @param content the drawing's own { x, y, width, height } */
  constructor(content, pane) {
    this.content = content;
    this.pane = pane;
    this.x = 0;
    this.y = 0;
    this.scale = 1;
    this.touched = false;
    this.fit();
  }

  get viewBox() {
    return [this.x, this.y, this.pane.width / this.scale, this.pane.height / this.scale];
  }

  /** The whole drawing, never larger than life. */
  fit(most = 1.15) {
    const { top, right, bottom, left } = marginOf(this.pane);
    const width = Math.max(40, this.pane.width - left - right);
    const height = Math.max(40, this.pane.height - top - bottom);
    this.scale = Math.min(most, width / this.content.width, height / this.content.height);
    this.least = Math.min(LEAST, this.scale);
    this.x = this.content.x - left / this.scale - (width / this.scale - this.content.width) / 2;
    this.y = this.content.y - top / this.scale - (height / this.scale - this.content.height) / 2;
    this.touched = false;
  }

  /** Take over another camera's scale, and hold `rect` where it had `there` on the screen. */
  hold(before, there, rect) {
    this.scale = Math.max(before.scale, this.least);
    const middle = (one) => ({ x: one.x + one.width / 2, y: one.y + one.height / 2 });
    this.x = middle(rect).x - ((middle(there).x - before.x) * before.scale) / this.scale;
    this.y = middle(rect).y - ((middle(there).y - before.y) * before.scale) / this.scale;
    this.touched = true;
  }

  resize(pane) {
    const centre = { x: this.x + this.pane.width / this.scale / 2, y: this.y + this.pane.height / this.scale / 2 };
    this.pane = pane;
    if (!this.touched) return this.fit();
    this.x = centre.x - pane.width / this.scale / 2;
    this.y = centre.y - pane.height / this.scale / 2;
    return undefined;
  }

  /** Pan by pixels, but never so far that nothing is seen. */
  pan(dx, dy) {
    this.touched = true;
    this.x -= dx / this.scale;
    this.y -= dy / this.scale;
    this.#keep();
  }

  #keep() {
    const [, , width, height] = this.viewBox;
    const { content } = this;
    const rim = 60 / this.scale;
    this.x = Math.min(Math.max(this.x, content.x - width + rim), content.x + content.width - rim);
    this.y = Math.min(Math.max(this.y, content.y - height + rim), content.y + content.height - rim);
  }

  /** Zoom so that the point under the pointer stays there. */
  zoom(factor, px = this.pane.width / 2, py = this.pane.height / 2) {
    this.touched = true;
    const scale = Math.min(MOST, Math.max(this.least, this.scale * factor));
    this.x += px / this.scale - px / scale;
    this.y += py / this.scale - py / scale;
    this.scale = scale;
    this.#keep();
  }

  /** Whether a rectangle of the drawing is in view with some room around it. */
  sees(rect, room = 12) {
    if (!this.touched) return true; // the whole of it is in view
    const [x, y, width, height] = this.viewBox;
    const gap = room / this.scale;
    const head = Math.min(44, this.pane.height / 6) / this.scale;
    return rect.x >= x + gap && rect.y >= y + head && rect.x + rect.width <= x + width - gap && rect.y + rect.height <= y + height - gap;
  }

  /** Move, without zooming, until the rectangle is in the middle. */
  centre(rect) {
    this.x = rect.x + rect.width / 2 - this.pane.width / this.scale / 2;
    this.y = rect.y + rect.height / 2 - this.pane.height / this.scale / 2;
    this.touched = true;
  }

  /** An overview of specks helps nobody: go nearer, to the rectangle. */
  readable(rect, least, overview = least) {
    if (this.scale >= overview) return;
    this.scale = least;
    this.centre(rect);
    const { top, left } = marginOf(this.pane);
    const [, , width, height] = this.viewBox;
    const { content } = this;
    const clamp = (value, low, high) => Math.min(Math.max(value, low), Math.max(low, high));
    this.x = clamp(this.x, content.x - left / least, content.x + content.width - width + left / least);
    if (content.height < height) this.y = content.y - (height - content.height) / 2 - (top - 20) / least / 2;
    else this.y = clamp(this.y, content.y - top / least, content.y + content.height - height + left / least);
  }
}
