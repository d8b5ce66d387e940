/** What became of a box when the view changed: which boxes it opened into, or which one it was folded into. No DOM. */
import { inside } from "#gv/scopes.js";

/** The scopes that a folded box stands for: the server joins small ones into one box. */
export const scopesOf = (box) => (box.node === null ? box.key.split(" + ").map((key) => key.replace(/ #\d+$/, "")) : []);

/** The boxes of `after` that show what box `index` of `before` showed. */
export function successors(before, index, after) {
  const box = before.boxes[index];
  if (!box) return [];
  const same = after.boxOfKey(box.key);
  if (same >= 0) return [same];
  const scopes = scopesOf(box);
  const parts = after.boxes.flatMap((one, at) => (scopes.some((scope) => inside(one.scope, scope)) ? [at] : []));
  return parts.length > 0 ? parts : containers(box, after);
}

const containers = (box, after) => after.boxes.flatMap((one, at) => (scopesOf(one).some((scope) => inside(box.scope, scope)) ? [at] : [])).slice(0, 1);

/** Where each box of `after` comes from: a box of `before`, or -1. */
export function origins(before, after) {
  const folded = new Map();
  before.boxes.forEach((box, index) => scopesOf(box).forEach((scope) => folded.set(scope, index)));
  return after.boxes.map((box) => {
    const same = before.boxOfKey(box.key);
    if (same >= 0) return same;
    for (let scope = box.scope; scope !== ""; scope = scope.includes("/") ? scope.slice(0, scope.lastIndexOf("/")) : "") {
      if (folded.has(scope)) return folded.get(scope);
    }
    const scopes = scopesOf(box);
    return before.boxes.findIndex((one) => scopes.some((scope) => inside(one.scope, scope)));
  });
}
