/** Which steps belong together: the scopes that "over" and "out" walk by. No DOM. */

/** Whether `scope` is `outer` or lies within it. Everything lies within "". */
export const inside = (scope, outer) => outer === "" || scope === outer || scope.startsWith(`${outer}/`);

/** The scope of a key that opens all in it: "a/*" gives "a", "*" gives ""; null for any other key. */
export const wholeOf = (key) => (key === "*" ? "" : key.endsWith("/*") ? key.slice(0, -2) : null);

/** Every scope around `scope`, itself last: "a/b" gives "a", "a/b". */
export function chain(scope) {
  const parts = scope === "" ? [] : scope.split("/");
  return parts.map((_, index) => parts.slice(0, index + 1).join("/"));
}

/** What "over" steps over: the scope that `first` enters from `here`; else its line. */
export function together(pass, first, step, here) {
  if (step.phase !== first.phase) return false;
  const entered = pass.scopeOf(first.box);
  if (entered !== here && inside(entered, here)) {
    const child = chain(entered).find((scope) => scope !== here && inside(scope, here) && scope.length > here.length);
    return inside(pass.scopeOf(step.box), child);
  }
  return pass.scopeOf(step.box) === entered && step.file === first.file && step.line === first.line;
}
