/** From box to box by key: along the edges to the sides, within a column up and down. No DOM. */

const DIRECTIONS = { ArrowRight: "consumer", ArrowLeft: "input", ArrowUp: "above", ArrowDown: "below" };

/** The direction that a pressed key stands for, or null. */
export const directionOf = (event) => (event.shiftKey && !event.ctrlKey && !event.altKey && !event.metaKey ? (DIRECTIONS[event.key] ?? null) : null);

/**
 * The next box in a direction, the nearest in height; -1 if there is none.
 * @param rectOf box index => its rectangle, or null
 */
export function neighbour(pass, index, direction, rectOf) {
  const here = rectOf(index);
  if (!here) return -1;
  const level = (rect) => rect.y + rect.height / 2;
  const nearest = (candidates) => candidates.reduce((best, one) => (best.far <= one.far ? best : one), { index: -1, far: Infinity }).index;
  const far = (one) => ({ index: one, far: rectOf(one) ? Math.abs(level(rectOf(one)) - level(here)) : Infinity });
  if (direction === "consumer") return nearest(pass.edges.filter((edge) => edge.source === index).map((edge) => far(edge.target)));
  if (direction === "input") return nearest(pass.edges.filter((edge) => edge.target === index).map((edge) => far(edge.source)));
  const ahead = (rect) => (direction === "below" ? level(rect) > level(here) : level(rect) < level(here));
  const inColumn = (rect) => rect.x < here.x + here.width && rect.x + rect.width > here.x;
  const candidates = [];
  for (let i = 0; i < pass.boxes.length; i += 1) {
    const rect = rectOf(i);
    if (rect && i !== index && inColumn(rect) && ahead(rect)) candidates.push(far(i));
  }
  return nearest(candidates);
}
