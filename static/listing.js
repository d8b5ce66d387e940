/** The lines of a source, or of a notebook's cells one after the other, with marks on parts of them. */
import { el, put } from "#gv/dom.js";
import { partOf } from "#gv/expressions.js";
import { byteOfColumn, colourLines, markSpan } from "#gv/python.js";

const MOST_LINES = 4000;
const MARKS = ["chosen", "under", "here"]; // the later lies over the earlier

export class Listing {
  #sources;
  #pieces = new Map();
  #rows = new Map();
  #marks = new Map();

  /** @param sources the text of each file, by its name */
  constructor(element, sources) {
    this.element = element;
    this.#sources = sources;
  }

  #lines(file) {
    if (!this.#pieces.has(file)) {
      const lines = colourLines(this.#sources.get(file) ?? "");
      if (lines.length > 1 && lines.at(-1).length === 0) lines.pop();
      this.#pieces.set(file, lines);
    }
    return this.#pieces.get(file);
  }

  /** Show these parts, of very many lines those around one. */
  show(parts, { file, line }) {
    const all = parts.flatMap((part) => [...(part.heading === null ? [] : [{ heading: part.heading }]), ...this.#lines(part.file).map((_, index) => ({ file: part.file, line: index + 1 }))]);
    const middle = Math.max(0, all.findIndex((one) => one.file === file && one.line === line));
    const from = all.length <= MOST_LINES ? 0 : Math.max(0, Math.min(middle - MOST_LINES / 2, all.length - MOST_LINES));
    this.#rows.clear();
    put(this.element, all.slice(from, from + MOST_LINES).map((one) => (one.heading ? el("h3", { class: "cell" }, one.heading) : this.#row(one))));
  }

  #row({ file, line }) {
    const code = el("code", {});
    const row = el("div", { class: "line", "data-line": line, "data-file": file },
      el("button", { type: "button", class: "no", tabindex: -1, "aria-pressed": "false", "aria-label": `Breakpoint at line ${line}`, title: "Breakpoint on or off" }, String(line)), code);
    this.#rows.set(`${line} ${file}`, row);
    this.#write(file, line);
    return row;
  }

  row(file, line) {
    return this.#rows.get(`${line} ${file}`);
  }

  get rows() {
    return [...this.#rows.values()];
  }

  has(file, line) {
    return line >= 1 && line <= this.#lines(file).length && this.#sources.has(file);
  }

  /** The text of a line; null if there is no such line. */
  text(file, line) {
    return this.#lines(file)[line - 1]?.map(([text]) => text).join("") ?? null;
  }

  /** Mark an expression as "here", "chosen" or "under" the pointer, and nothing else in that way; null marks nothing. */
  mark(kind, file, expression) {
    const before = this.#marks.get(kind);
    if (expression === null) this.#marks.delete(kind);
    else this.#marks.set(kind, { file, expression });
    for (const one of [before, this.#marks.get(kind)]) {
      for (let line = one?.expression[0]; line <= one?.expression[2]; line += 1) this.#write(one.file, line);
    }
  }

  #write(file, line) {
    const row = this.row(file, line);
    if (!row) return;
    let pieces = this.#lines(file)[line - 1];
    const text = this.text(file, line);
    for (const kind of MARKS) {
      const mark = this.#marks.get(kind);
      const part = mark?.file === file ? partOf(mark.expression, line, text) : null;
      if (part) pieces = markSpan(pieces, ...part, kind);
    }
    put(row.lastChild, pieces.map(([piece, kind]) => (kind === "" ? piece : el("span", { class: kind }, piece))));
  }

  /** The place under the pointer: file, line and the byte in it; null beside the code. */
  placeAt({ clientX, clientY, target }) {
    const row = target.closest?.(".line");
    const code = row?.lastChild;
    const caret = code?.contains(target) ? caretAt(clientX, clientY) : null;
    if (!caret || !code.contains(caret.node)) return null;
    const range = document.createRange();
    range.setStart(code, 0);
    range.setEnd(caret.node, caret.offset);
    const line = Number(row.dataset.line);
    const column = range.toString().length - (liesRight(caret, clientX) ? 0 : 1);
    return { file: row.dataset.file, line, byte: byteOfColumn(this.text(row.dataset.file, line), Math.max(0, column)) };
  }
}

/** The gap between two characters that is nearest to a point. */
function caretAt(x, y) {
  if (document.caretPositionFromPoint) {
    const found = document.caretPositionFromPoint(x, y);
    return found && { node: found.offsetNode, offset: found.offset };
  }
  const found = document.caretRangeFromPoint?.(x, y);
  return found ? { node: found.startContainer, offset: found.startOffset } : null;
}

/** Whether a point lies right of the gap: then the character under it comes after. */
function liesRight({ node, offset }, x) {
  const range = document.createRange();
  range.setStart(node, offset);
  range.collapse(true);
  const [gap] = range.getClientRects();
  return !gap || x >= gap.left;
}
