/** Where to stop: at lines, at values, and at what the checks found. No DOM. */

const lineName = (file, line) => `line:${file}:${line}`;
const nodeName = (node) => `node:${node}`;

export class Breakpoints {
  #onChange;

  /** @param names what `names` gave before a reload */
  constructor(names, onChange) {
    this.names = new Set(names);
    this.#onChange = onChange;
  }

  #toggle(name) {
    if (!this.names.delete(name)) this.names.add(name);
    this.#onChange();
  }

  toggleLine = (file, line) => this.#toggle(lineName(file, line));
  toggleNode = (node) => this.#toggle(nodeName(node));
  atLine = (file, line) => this.names.has(lineName(file, line));
  atNode = (node) => this.names.has(nodeName(node));

  /** A name for what stops at this step, or null. Sorting passes everything twice: it never stops. */
  hit(step, findings) {
    if (step.phase === "order") return null;
    for (const name of [nodeName(step.node), lineName(step.file, step.line)]) if (this.names.has(name)) return name;
    return findings.some((finding) => finding.node === step.node) ? `finding:${step.node}` : null;
  }
}
