/** The expressions of a source that made values: which one is where, and what each line shows of it. No DOM. */
import { columnOfByte } from "#gv/python.js";

const LONGEST = 40; // characters of an expression in a title

/** An expression is [line, column, endLine, endColumn], columns in UTF-8 bytes; without columns it is its lines. */
export const hasColumns = (one) => one[3] > 0;

/** The one that a step or a box names by its line and span; null if it names none. */
export function expressionAt({ line, span }) {
  return line && Array.isArray(span) ? [line, span[0], span[2] ?? line, span[1]] : null;
}

export const sameExpression = (one, other) => one?.slice(0, 4).join() === other?.slice(0, 4).join();

const notAfter = (line, column, otherLine, otherColumn) => line < otherLine || (line === otherLine && column <= otherColumn);

function holds(one, line, byte) {
  if (!hasColumns(one)) return one[0] <= line && line <= one[2];
  return notAfter(one[0], one[1], line, byte) && notAfter(line, byte + 1, one[2], one[3]);
}

/** Whether `one` lies deeper than `other`; both hold the same place. */
function isDeeper(one, other) {
  if (hasColumns(one) !== hasColumns(other)) return hasColumns(one);
  return [one[0] - other[0], one[1] - other[1], other[2] - one[2], other[3] - one[3]].find((difference) => difference !== 0) > 0;
}

/** The innermost of `expressions` at a byte of a line; null if there is none. */
export function innermost(expressions, line, byte) {
  let found = null;
  for (const one of expressions) if (holds(one, line, byte) && (found === null || isDeeper(one, found))) found = one;
  return found;
}

/** Those that begin in a line, as one meets them walking through it. */
export const inLine = (expressions, line) => expressions.filter((one) => one[0] === line);

/** The characters [from, to) of a line's text that belong to an expression; null if none do. */
export function partOf(one, line, text) {
  if (line < one[0] || line > one[2]) return null;
  const from = line === one[0] && hasColumns(one) ? columnOfByte(text, one[1]) : text.search(/\S|$/);
  const to = line === one[2] && hasColumns(one) ? columnOfByte(text, one[3]) : text.trimEnd().length;
  return from < to ? [from, to] : null;
}

/** An expression as one short line of text; `textOf` gives the text of a line. */
export function titleOf(one, textOf) {
  let title = "";
  for (let line = one[0]; line <= one[2] && title.length <= LONGEST; line += 1) {
    const text = textOf(line);
    const part = text === null ? null : partOf(one, line, text);
    if (part) title += `${title ? " " : ""}${text.slice(...part).trim()}`;
  }
  return title.length > LONGEST ? `${title.slice(0, LONGEST - 1)}…` : title || `line ${one[0]}`;
}
