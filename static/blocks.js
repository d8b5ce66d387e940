/** Boxes seen from afar on a canvas: blocks in the colour of their gradient, and beyond those a map of pixels. */

const GAP = 0.12; // of a box, so that neighbours stay apart

/** @param boxes those in view, by number; the canvas is in the drawing's own px */
export function paintBlocks(context, boxes, geometry, tones, looks, scale) {
  const byTone = looks.tones.map(() => []);
  for (const box of boxes) byTone[tones[box]].push(box);
  const rim = Math.min(GAP * 62, 1 / scale);
  byTone.forEach((some, tone) => {
    if (!some.length) return;
    context.fillStyle = looks.tones[tone];
    for (const box of some) context.fillRect(geometry.x[box], geometry.y[box], geometry.w[box] - rim, geometry.h[box] - rim);
  });
}

/**
 * A map: each pixel has the colour of the largest gradient in it.
 * @param place how the drawing lies on the screen: px = drawing · scale + (left, top)
 */
export function densityOf(boxes, { x, y, w, h }, tones, looks, { scale, left, top, width, height }) {
  const pixels = new Uint32Array(width * height);
  const shown = new Uint8Array(width * height);
  for (const box of boxes) {
    const tone = tones[box];
    const first = Math.floor(x[box] * scale + left);
    const high = Math.floor(y[box] * scale + top);
    const [from, to] = [Math.max(0, first), Math.min(width, Math.max(first + 1, Math.floor((x[box] + w[box]) * scale + left)))];
    const low = Math.min(height, Math.max(high + 1, Math.floor((y[box] + h[box]) * scale + top)));
    for (let row = Math.max(0, high); row < low; row += 1) {
      for (let at = row * width + from, end = row * width + to; at < end; at += 1) {
        if (tone < shown[at]) continue;
        shown[at] = tone;
        pixels[at] = looks.pixels[tone];
      }
    }
  }
  return new ImageData(new Uint8ClampedArray(pixels.buffer), width, height);
}
