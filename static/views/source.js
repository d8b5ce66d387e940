/** The source pane: lines of files or cells, where the value in question was made, breakpoints, and expressions to choose. */
import { documentsOf } from "#gv/cells.js";
import { el, put } from "#gv/dom.js";
import { expressionAt, hasColumns, inLine, innermost, sameExpression, titleOf } from "#gv/expressions.js";
import { later } from "#gv/later.js";
import { Listing } from "#gv/listing.js";
import { Memory } from "#gv/memory.js";

const MARGIN = 16; // px between what is marked and the pane's edge

export function source(element, app) {
  const files = el("div", { class: "files", role: "tablist", "aria-label": "Files" });
  const code = el("div", { class: "code" });
  element.append(el("h2", {}, "Source"), files, code);
  const known = new Memory(20);
  let documents = [];
  let shown = null;
  let listing = null;
  let hit = null;

  const baseName = (path) => path.split(/[\\/]/).at(-1);
  const documentOf = (file) => documents.find(({ parts }) => parts.some((part) => part.file === file));

  function drawFiles() {
    files.hidden = documents.length < 2;
    const turn = (step) => {
      open(documents[(documents.indexOf(shown) + step + documents.length) % documents.length].parts[0].file);
      files.querySelector("[aria-selected=true]")?.focus();
    };
    put(files, documents.map((one) => el("button", {
      type: "button", role: "tab", class: "file", title: one.name, "aria-selected": String(one === shown), tabindex: one === shown ? 0 : -1, click: () => open(one.parts[0].file),
      keydown: (event) => {
        const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
        if (!step) return;
        event.preventDefault();
        turn(step);
      },
    }, baseName(one.name))));
  }

  function open(file, line = 1) {
    const wanted = documentOf(file);
    if (!wanted) return;
    shown = wanted;
    hit = null;
    listing.show(shown.parts, { file, line });
    drawFiles();
    drawBreakpoints();
    light();
  }

  /** Only one line number is a tab stop: the current line's, else the first. */
  function setStop(row) {
    code.querySelector(".no[tabindex='0']")?.setAttribute("tabindex", "-1");
    (row ?? listing.rows[0])?.firstChild.setAttribute("tabindex", "0");
  }

  function drawBreakpoints() {
    for (const row of listing?.rows ?? []) {
      const on = app.breakpoints.atLine(row.dataset.file, Number(row.dataset.line));
      if (row.classList.toggle("bp", on) || row.firstChild.getAttribute("aria-pressed") === "true") row.firstChild.setAttribute("aria-pressed", String(on));
    }
  }

  /** Where the value in question was made: the one that is walked to, the one that is pinned, or the step's. */
  function place() {
    const { active } = app.tour;
    if (active?.expression && app.tour.nodeIn(app.focus) !== null) return { file: active.file, line: active.expression[0], expression: active.expression };
    const one = app.selected === null ? app.player.step : app.pass.boxes[app.focus];
    const single = app.selected === null || app.pass.isSingle(app.focus);
    return { file: one?.file ?? null, line: one?.line ?? null, expression: one && single ? expressionAt(one) : null };
  }

  function light() {
    hit?.classList.remove("hit");
    hit?.removeAttribute("aria-current");
    hit = null;
    listing.mark("here", "", null);
    if (!app.pass) return undefined;
    const { file, line, expression } = place();
    if (!shown.parts.some((part) => part.file === file) || !listing.has(file, line)) return setStop(null);
    if (!listing.row(file, line)) return open(file, line);
    hit = listing.row(file, line);
    hit.classList.add("hit");
    hit.setAttribute("aria-current", "true");
    if (expression !== null && hasColumns(expression)) listing.mark("here", file, expression);
    setStop(hit);
    scrollTo(hit, false);
    return undefined;
  }

  function scrollTo(row, always = true) {
    const top = row.offsetTop;
    if (always || top < code.scrollTop + 20 || top + 40 > code.scrollTop + code.clientHeight) code.scrollTop = top - code.clientHeight / 2;
    const marks = row.querySelectorAll(".here");
    if (marks.length === 0) return;
    const [left, last] = [marks[0].offsetLeft, marks[marks.length - 1]];
    const room = code.clientWidth - MARGIN;
    const before = row.firstChild.offsetWidth; // the line number, which stays
    const right = Math.min(last.offsetLeft + last.offsetWidth, left + room - before); // of a long one its beginning
    const seen = left >= code.scrollLeft + before && right <= code.scrollLeft + room;
    if (right <= room || !seen) code.scrollLeft = Math.max(0, right - room);
  }

  /** The file in which the first pass ends, before a step leads anywhere. */
  function openFirst() {
    const { sources, passes } = app.recording;
    documents = documentsOf(sources.keys());
    listing = new Listing(code, sources);
    const start = passes.length ? passes.at(0).file : null;
    if (sources.size === 0) put(code, el("p", { class: "quiet" }, "The recording holds no source text."));
    else open(sources.has(start) ? start : sources.keys().next().value);
  }

  function show() {
    if (listing === null) openFirst();
    if (!app.pass || shown === null) return;
    listing.mark("chosen", app.tour.active?.file ?? "", app.tour.active?.expression ?? null);
    const { file, line } = place();
    if (documentOf(file) && documentOf(file) !== shown) open(file, line);
    else light();
  }

  /** The expressions of a file that made values in this pass, asked for once. */
  const expressionsOf = (file) => known.recall(`${app.pass.index} ${app.what} ${file}`, () => app.api.expressions(app.pass.index, file, app.what));

  const choose = (file, expression) => app.tour.start({
    key: `${file}:${expression.slice(0, 4)}`,
    title: titleOf(expression, (line) => listing.text(file, line)),
    file, expression,
    ask: (pass, lens) => app.api.made(pass.index, file, expression, lens),
  });

  async function under(event) {
    const at = app.pass && listing?.placeAt(event);
    return at ? { ...at, expression: innermost(await expressionsOf(at.file), at.line, at.byte) } : null;
  }

  code.addEventListener("click", (event) => {
    const row = event.target.closest(".no")?.parentElement;
    if (row) return app.breakpoints.toggleLine(row.dataset.file, Number(row.dataset.line));
    if (!getSelection().isCollapsed) return undefined; // somebody copies text
    return app.attempt(async () => {
      const found = await under(event);
      if (found?.expression) await choose(found.file, found.expression);
    });
  });

  let pointing = 0;
  code.addEventListener("pointermove", async (event) => {
    if (event.pointerType === "touch") return;
    const now = ++pointing;
    const found = await under(event).catch(() => null); // a hint, not worth a complaint
    if (now !== pointing) return;
    code.classList.toggle("over", Boolean(found?.expression));
    listing?.mark("under", found?.file ?? "", found?.expression ?? null);
  });
  code.addEventListener("pointerleave", () => {
    pointing += 1;
    listing?.mark("under", "", null);
  });

  code.addEventListener("keydown", (event) => {
    const row = event.target.closest(".no")?.parentElement;
    if (!row) return;
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    const along = event.shiftKey ? { ArrowRight: 1, ArrowLeft: -1 }[event.key] : undefined;
    if (!step && !along) return;
    event.preventDefault();
    if (along) return void app.attempt(() => walk(row.dataset.file, Number(row.dataset.line), along));
    const next = listing.rows[listing.rows.indexOf(row) + step];
    if (!next) return;
    setStop(next);
    next.firstChild.focus();
  });

  /** Choose the next expression of a line. */
  async function walk(file, line, step) {
    const there = inLine(await expressionsOf(file), line);
    if (there.length === 0) return app.notice("No value in this pass was made in this line.");
    const { active } = app.tour;
    const at = active?.file === file ? there.findIndex((one) => sameExpression(one, active.expression)) : -1;
    const next = there[at < 0 ? (step > 0 ? 0 : there.length - 1) : (at + step + there.length) % there.length];
    if (there.length > 1 || at < 0) return choose(file, next);
    return undefined;
  }

  const refresh = later(show);
  for (const change of ["recording", "pass", "select", "tour"]) app.on(change, refresh);
  app.on("move", () => app.selected === null && refresh());
  app.on("breakpoints", drawBreakpoints);
  app.on("ask:line", ({ file, line }) => {
    if (documentOf(file) !== shown) open(file, line);
    const row = listing.row(file, line);
    if (row) scrollTo(row);
  });
}
