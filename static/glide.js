/** A change of the view, shown as a movement: what stays glides, what is new grows out of where it was. */

const LASTS = 200; // ms
export const MOST_GLIDING = 300; // boxes; beyond them a movement would stutter

/** From fast to slow. */
export const eased = (share) => 1 - (1 - Math.min(1, Math.max(0, share))) ** 3;

/** Where a box is at `share` of its way: offset and scale of it. */
export function between(from, to, share, grows) {
  const done = eased(share);
  const size = grows ? 0.25 + 0.75 * done : 1;
  const middle = (a, b, extent) => a + (b - a) * done + (extent * (1 - size)) / 2;
  const start = grows ? { x: from.x + (from.width - to.width) / 2, y: from.y + (from.height - to.height) / 2 } : from;
  return { x: middle(start.x, to.x, to.width), y: middle(start.y, to.y, to.height), size };
}

/**
 * Move a drawing's boxes from where they were.
 * @param from per box its old rectangle, or null
 * @param stays per box, whether it was there before
 * @returns a function that ends the movement at once
 */
export function glide(drawing, from, stays) {
  const start = performance.now();
  const edges = drawing.root.querySelector(".gv-edges");
  const moving = drawing.boxes.map((box, index) => ({ ...box, from: from[index], stays: stays[index] })).filter((box) => box.from);
  let next = 0;
  function show(share) {
    for (const box of moving) {
      const { x, y, size } = between(box.from, box.rect, share, !box.stays);
      box.element.setAttribute("transform", `translate(${x.toFixed(2)},${y.toFixed(2)})${size < 1 ? ` scale(${size.toFixed(3)})` : ""}`);
    }
    edges?.setAttribute("opacity", eased(share).toFixed(2));
  }
  function finish() {
    cancelAnimationFrame(next);
    for (const box of moving) box.element.setAttribute("transform", `translate(${box.rect.x},${box.rect.y})`);
    edges?.removeAttribute("opacity");
  }
  function move(now) {
    const share = (now - start) / LASTS;
    if (share >= 1) return finish();
    show(share);
    next = requestAnimationFrame(move);
    return undefined;
  }
  show(0);
  next = requestAnimationFrame(move);
  return finish;
}
