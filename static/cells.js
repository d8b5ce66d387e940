/** What the source pane lists: files, and notebooks, whose cells are shown one after the other. No DOM. */

const CELL = /^(.*\.ipynb)#cell-(\d+)$/;

/**
 * @param names of files, those of cells as "lecture.ipynb#cell-3"
 * @returns for each file or notebook its `name` and its `parts`: a `file` each, and of a cell its `heading`
 */
export function documentsOf(names) {
  const documents = new Map();
  for (const file of names) {
    const [, notebook = file, cell = null] = CELL.exec(file) ?? [];
    if (!documents.has(notebook)) documents.set(notebook, { name: notebook, parts: [] });
    documents.get(notebook).parts.push({ file, cell: Number(cell), heading: cell === null ? null : `cell ${cell}` });
  }
  for (const { parts } of documents.values()) parts.sort((one, other) => one.cell - other.cell);
  return [...documents.values()];
}

/** A short name of a place: "neuron.py:9", "cell 3:2". */
export function placeName(file, line) {
  const [, , cell] = CELL.exec(file) ?? [];
  return `${cell === undefined ? String(file).split(/[\\/]/).at(-1) : `cell ${cell}`}:${line}`;
}
