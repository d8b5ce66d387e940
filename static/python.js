/** Light colouring of Python: one expression finds comments, strings, numbers and keywords. No DOM. */

const KEYWORDS =
  "False|None|True|and|as|assert|async|await|break|class|continue|def|del|elif|else|except|finally|for|from|global|if|import|in|is|lambda|match|nonlocal|not|or|pass|raise|return|try|while|with|yield";
const TOKEN = new RegExp(
  [
    "(#[^\\n]*)",
    "([rRbBuUfF]{0,2}(?:\"\"\"[^]*?(?:\"\"\"|$)|'''[^]*?(?:'''|$)|\"(?:\\\\.|[^\"\\\\\\n])*\"?|'(?:\\\\.|[^'\\\\\\n])*'?))",
    "(\\b(?:0[xob][\\da-fA-F_]+|\\d[\\d_]*\\.?[\\d_]*(?:[eE][+-]?\\d+)?j?)|\\B\\.\\d[\\d_]*(?:[eE][+-]?\\d+)?)",
    `\\b(${KEYWORDS})\\b`,
    "([^\\W\\d]\\w*)",
  ].join("|"),
  "g",
);
const KINDS = ["cm", "st", "nu", "kw", ""];

/**
 * @param {string} text a Python source
 * @returns for every line its pieces, each [text, class]; "" for plain text
 */
export function colourLines(text) {
  const lines = [[]];
  const add = (piece, kind) => {
    piece.split("\n").forEach((part, index) => {
      if (index > 0) lines.push([]);
      if (part !== "") lines.at(-1).push([part, kind]);
    });
  };
  let end = 0;
  const source = text.replace(/\r\n?/g, "\n");
  for (const match of source.matchAll(TOKEN)) {
    const kind = KINDS[match.slice(1).findIndex((group) => group !== undefined)];
    if (kind === "") continue;
    add(source.slice(end, match.index), "");
    add(match[0], kind);
    end = match.index + match[0].length;
  }
  add(source.slice(end), "");
  return lines;
}

/** Cut a line's pieces at [from, to) and add a class to what lies between. */
export function markSpan(pieces, from, to, mark = "here") {
  const marked = [];
  let at = 0;
  for (const [text, kind] of pieces) {
    const cuts = [0, from - at, to - at, text.length].map((cut) => Math.min(Math.max(cut, 0), text.length));
    for (let i = 0; i < 3; i += 1) {
      const part = text.slice(cuts[i], cuts[i + 1]);
      if (part !== "") marked.push([part, i === 1 ? `${kind} ${mark}`.trim() : kind]);
    }
    at += text.length;
  }
  return marked;
}

/** A column in UTF-8 bytes, as Python's bytecode counts, as an index into the line's text. */
export function columnOfByte(line, byte) {
  if (/^[\x00-\x7f]*$/.test(line)) return Math.min(byte, line.length);
  let bytes = 0;
  let index = 0;
  for (const character of line) {
    if (bytes >= byte) break;
    bytes += new TextEncoder().encode(character).length;
    index += character.length;
  }
  return index;
}

/** An index into a line's text as a column in UTF-8 bytes. */
export const byteOfColumn = (line, index) => new TextEncoder().encode(line.slice(0, index)).length;
