/** The source pane: the script's lines, the current one, the breakpoints. */
import { el, put } from "#gv/dom.js";
import { later } from "#gv/later.js";
import { colourLines, columnOfByte, markSpan } from "#gv/python.js";

const MOST_LINES = 4000;

export function source(element, app) {
  const heading = el("h2", {}, "Source");
  const files = el("div", { class: "files", role: "tablist", "aria-label": "Files" });
  const code = el("div", { class: "code" });
  element.append(heading, files, code);
  let file = null;
  let first = 1;
  let pieces = [];
  let rows = [];
  let lit = null;

  const baseName = (path) => path.split(/[\\/]/).at(-1);

  function drawFiles() {
    const names = [...app.recording.sources.keys()];
    files.hidden = names.length < 2;
    put(files, names.map((name) => el("button", {
      type: "button", role: "tab", class: "file", title: name, "aria-selected": String(name === file), tabindex: name === file ? 0 : -1, click: () => open(name),
      keydown: (event) => {
        const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
        if (!step) return;
        event.preventDefault();
        open(names[(names.indexOf(file) + step + names.length) % names.length]);
        files.querySelector("[aria-selected=true]")?.focus();
      },
    }, baseName(name))));
  }

  function open(name, around = 1) {
    if (!app.recording.sources.has(name)) return;
    file = name;
    pieces = colourLines(app.recording.sources.get(name));
    if (pieces.length > 1 && pieces.at(-1).length === 0) pieces.pop();
    first = pieces.length <= MOST_LINES ? 1 : Math.max(1, Math.min(around - MOST_LINES / 2, pieces.length - MOST_LINES));
    rows = pieces.slice(first - 1, first - 1 + MOST_LINES).map((_, index) => row(first + index));
    lit = null;
    put(code, rows);
    drawFiles();
    drawBreakpoints();
    light();
  }

  const spans = (list) => list.map(([text, kind]) => (kind === "" ? text : el("span", { class: kind }, text)));

  function row(line) {
    return el("div", { class: "line", "data-line": line },
      el("button", { type: "button", class: "no", tabindex: -1, "aria-pressed": "false", "aria-label": `Breakpoint at line ${line}`, title: "Breakpoint on or off" }, String(line)),
      el("code", {}, spans(pieces[line - 1])));
  }

  const rowOf = (line) => rows[line - first];

  /** Only one line number is a tab stop: the current line's, else the first. */
  function setStop(line) {
    code.querySelector(".no[tabindex='0']")?.setAttribute("tabindex", "-1");
    (rowOf(line) ?? rows[0])?.firstChild.setAttribute("tabindex", "0");
  }

  function drawBreakpoints() {
    rows.forEach((one, index) => {
      const on = app.breakpoints.atLine(file, first + index);
      if (one.classList.toggle("bp", on) || one.firstChild.getAttribute("aria-pressed") === "true") one.firstChild.setAttribute("aria-pressed", String(on));
    });
  }

  function unlight() {
    if (lit === null) return;
    const old = rowOf(lit);
    old?.classList.remove("hit");
    old?.removeAttribute("aria-current");
    if (old) put(old.lastChild, spans(pieces[lit - 1]));
    lit = null;
  }

  function place() {
    if (app.selected !== null) {
      const box = app.pass.boxes[app.focus];
      return { file: box?.file, line: box?.line, span: null };
    }
    return app.player.step ?? { file: null, line: null, span: null };
  }

  function light() {
    unlight();
    if (!app.pass) return;
    const { file: where, line, span } = place();
    if (!line || where !== file || !pieces[line - 1]) return setStop(first);
    if (!rowOf(line)) return open(file, line);
    lit = line;
    const current = rowOf(line);
    current.classList.add("hit");
    current.setAttribute("aria-current", "true");
    if (Array.isArray(span)) {
      const text = pieces[line - 1].map(([part]) => part).join("");
      put(current.lastChild, spans(markSpan(pieces[line - 1], columnOfByte(text, span[0]), columnOfByte(text, span[1]))));
    }
    setStop(line);
    const top = current.offsetTop - code.offsetTop;
    if (top < code.scrollTop + 20 || top + 40 > code.scrollTop + code.clientHeight) code.scrollTop = top - code.clientHeight / 2;
    return undefined;
  }

  /** The file in which the first pass ends, before a step leads anywhere. */
  function openFirst() {
    const { sources, passes } = app.recording;
    const start = passes.length ? passes.at(0).file : null;
    if (sources.size === 0) put(code, el("p", { class: "quiet" }, "The recording holds no source text."));
    else open(sources.has(start) ? start : sources.keys().next().value);
  }

  function show() {
    if (file === null) openFirst();
    if (!app.pass) return;
    const { file: where, line } = place();
    if (where && where !== file && app.recording.sources.has(where)) open(where, line);
    else light();
  }

  code.addEventListener("click", (event) => {
    const line = event.target.closest(".no")?.parentElement.dataset.line;
    if (line) app.breakpoints.toggleLine(file, Number(line));
  });
  code.addEventListener("keydown", (event) => {
    const line = Number(event.target.closest(".no")?.parentElement.dataset.line);
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (!line || !step) return;
    event.preventDefault();
    if (!rowOf(line + step)) return;
    setStop(line + step);
    rowOf(line + step).firstChild.focus();
  });

  const refresh = later(show);
  app.on("recording", refresh);
  app.on("pass", refresh);
  app.on("move", () => app.selected === null && refresh());
  app.on("select", refresh);
  app.on("breakpoints", drawBreakpoints);
  app.on("ask:line", ({ file: name, line }) => {
    if (name !== file) open(name, line);
    if (rowOf(line)) code.scrollTop = rowOf(line).offsetTop - code.offsetTop - code.clientHeight / 2;
  });
}
