/** Looks for values among those that a file carries, as the server does: by name, number, op, scope or line. No DOM. */

const MOST = 50;

/** @returns the matches, exact names first, and how many more there are */
export function findIn({ nodes }, q) {
  const text = q.trim().toLowerCase();
  const all = Object.values(nodes);
  const [, number] = /^n?(\d{1,12})$/.exec(text) ?? [];
  const [, file = "", line] = /^(?:(.*):|line ?)(\d{1,9})$/.exec(text) ?? [];
  const holds = (word) => (word ?? "").toLowerCase().includes(text);
  const isIn = [
    (one) => one.label?.toLowerCase() === text,
    (one) => String(one.node) === number,
    (one) => holds(one.label),
    (one) => holds(one.name),
    (one) => holds(one.op) || one.symbol.toLowerCase() === text || one.kind === text || holds(one.scope),
    (one) => line !== undefined && one.line === Number(line) && (one.file ?? "").toLowerCase().endsWith(file),
  ];
  const found = text === "" ? [] : [...new Set(isIn.flatMap((matches) => all.filter(matches)))];
  const matches = found.slice(0, MOST).map(({ node, name, symbol, scope, file: where, line: at }) => ({ node, name, op: symbol, scope, file: where, line: at }));
  return { matches, more: found.length - matches.length };
}
