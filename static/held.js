/** What stayed folded because it would show many boxes: what opening it would cost, in words. No DOM. */
import { grouped } from "#gv/grouped.js";

export const MOST_EVER = 60000; // boxes; the server opens no more
const START = 0.3; // s, measured on a core with nothing else to do: from 3,000 boxes to 53,000
const SECONDS = 6e-5; // for each box: to fold, lay out, send and read it
const LARGE = 1000; // boxes up to which cards are drawn as an SVG

const some = (held) => (held.length === 1 ? `${held[0].key.endsWith("*") ? "all of " : ""}${held[0].title}` : `${held[0].title} and ${grouped(held.length - 1)} more`);

/** A duration that is honest about being a guess. */
export function about(boxes) {
  const seconds = START + boxes * SECONDS;
  if (seconds < 0.7) return "less than a second";
  return seconds < 1.5 ? "about a second" : `about ${Math.round(seconds)} s`;
}

/**
 * @param held what the server kept folded: key, title and how many boxes it would show
 * @param pass the view without them
 * @param parts whether anything but them opens
 * @returns what to ask, and how many boxes would be drawn
 */
export function question(held, pass, parts) {
  const inside = held.reduce((sum, one) => sum + one.boxes, 0);
  const boxes = pass.boxes.length - held.length + inside;
  const possible = boxes <= MOST_EVER;
  const text = possible
    ? `${grouped(boxes)} boxes: ${about(boxes)} to lay out${boxes > LARGE ? ", drawn as blocks until you come near" : ""}.`
    : `${grouped(boxes)} boxes are too many: a view holds at most ${grouped(MOST_EVER)}, so that it stays quick. Open a part of it, or find a single value with /.`;
  return { title: `Open ${some(held)}?`, text, boxes, possible, parts };
}
