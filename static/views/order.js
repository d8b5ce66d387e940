/** The order list: who was visited, in which place, with which gradient; while sorting, the stack. */
import { el, put } from "#gv/dom.js";
import { fitNumber } from "#gv/fit.js";
import { grouped } from "#gv/grouped.js";
import { later } from "#gv/later.js";

const MOST = 400;
const VALUE_ROOM = 71; // px of the column of values
const AROUND = 40; // px between the current row and the rim, when it comes into view; the heading needs as much

export function order(element, app) {
  const heading = el("h2", {}, "Order ", el("span", { class: "plain" }));
  const stack = el("div", { class: "stack" });
  const rows = el("tbody");
  const list = el("table", { class: "order-list", "aria-label": "Order" }, rows);
  const note = el("p", { class: "quiet" });
  element.append(heading, stack, list, note);
  let places = [];
  let drawn = [];
  let mode = "";
  let built = null; // the pass that the rows are of

  /** Boxes in the order the visit leaves them; where that is not loaded, by the edges. */
  function sorted() {
    const { pass, player } = app;
    const seen = new Map();
    if (player.complete) {
      for (let j = 0; j < pass.total; j += 1) {
        const step = player.stepAt(j);
        if (step?.event === "leave" && !seen.has(step.box)) seen.set(step.box, seen.size);
      }
    }
    const all = pass.boxes.map((_, index) => index);
    if (seen.size === 0) return { known: false, indexes: byEdges(pass) };
    return { known: true, indexes: all.filter((index) => seen.has(index)).sort((a, b) => seen.get(a) - seen.get(b)) };
  }

  function byEdges(pass) {
    const missing = pass.boxes.map(() => 0);
    const after = pass.boxes.map(() => []);
    for (const { source, target } of pass.edges) {
      missing[target] += 1;
      after[source].push(target);
    }
    const ready = missing.flatMap((number, index) => (number === 0 ? [index] : []));
    for (let i = 0; i < ready.length; i += 1) for (const target of after[ready[i]]) if (--missing[target] === 0) ready.push(target);
    return ready;
  }

  function choose() {
    const phase = app.player.step?.phase ?? "forward";
    return phase === "update" ? "backward" : phase;
  }

  const TITLES = { forward: "as computed", order: "depth-first", backward: "reverse topological" };

  function build() {
    mode = choose();
    built = app.pass;
    heading.lastChild.textContent = TITLES[mode];
    const { known, indexes } = sorted();
    places = mode === "backward" ? [...indexes].reverse() : mode === "forward" ? forwardOrder() : indexes;
    const cut = places.length > MOST;
    if (cut) places = places.slice(0, MOST);
    const place = { forward: (row) => row + 1, order: (row) => row + 1, backward: (row) => indexes.length - row }[known ? mode : "forward"];
    drawn = places.map((index, position) => row(index, place(position)));
    put(rows, drawn.map((one) => one.element));
    put(note, cut ? `The first ${MOST} of ${grouped(app.pass.boxes.length)} boxes.` : !known && app.pass.boxes.some((box) => box.count > 1) ? "One row for each box; folded ones count what is done." : "");
    note.hidden = note.textContent === "";
    update();
  }

  function forwardOrder() {
    const first = new Map();
    if (app.player.complete) for (let j = 0; j < app.pass.total; j += 1) {
      const step = app.player.stepAt(j);
      if (step?.event === "compute" && !first.has(step.box)) first.set(step.box, j);
    }
    if (first.size === 0) return byEdges(app.pass);
    return [...first.keys()];
  }

  function row(index, number) {
    const box = app.pass.boxes[index];
    const place = el("td", { class: "place" }, String(number));
    const value = el("td", { class: "value" });
    const name = el("button", { type: "button", class: "link name", tabindex: -1, title: box.title, click: () => app.select(box.key) },
      el("code", {}, box.title), box.count > 1 ? el("span", { class: "soft" }, ` ×${grouped(box.count)}`) : el("span", { class: "soft" }, box.kind === "op" ? ` ${box.subtitle ?? ""}` : ""));
    return { index, place, value, element: el("tr", {}, place, el("td", {}, name), value), shown: "" };
  }

  function valueOf(state, box) {
    if (mode === "forward") return box.count > 1 ? progress(state.computed, state.total, state.data) : state.data;
    if (mode === "order") return state.order === null || state.order === undefined ? null : "✓";
    if (box.glevel === "na") return "not asked";
    return box.count > 1 ? progress(state.grads, state.gradsTotal, state.grad) : state.grad;
  }

  const progress = (done, all, text) => (done === 0 ? null : done < all ? `${Math.floor((100 * done) / all)} %` : text);

  function update() {
    const { frame, step } = app.player;
    let current = null;
    drawn.forEach((one) => {
      const text = valueOf(frame.box(one.index), app.pass.boxes[one.index]);
      const now = step?.box === one.index;
      const key = `${text}|${now}`;
      if (key === one.shown) return;
      one.shown = key;
      one.value.textContent = fitNumber(text ?? "–", VALUE_ROOM);
      one.value.title = text ?? "not computed yet";
      one.element.className = `${now ? "now" : ""} ${text === null ? "ghost" : ""}`;
      if (now) current = one.element;
    });
    drawStack();
    if (current !== null) keepInView(current); // last: to ask where it is has all of the page laid out
  }

  /** Scrolls this pane only, and only when the row is out of it. */
  function keepInView(tr) {
    const [row, pane] = [tr.getBoundingClientRect(), element.getBoundingClientRect()];
    if (row.top < pane.top + AROUND) element.scrollTop += row.top - pane.top - AROUND;
    else if (row.bottom > pane.bottom) element.scrollTop += row.bottom - pane.bottom + AROUND;
  }

  function drawStack() {
    const { step } = app.player;
    const names = mode === "order" ? (step?.stack ?? []) : [];
    stack.hidden = mode !== "order";
    put(stack, mode === "order" && [
      el("p", { class: "soft" }, "stack, innermost last"),
      el("ol", {}, names.map((name, index) => el("li", { class: index === names.length - 1 ? "top" : null }, el("code", {}, name)))),
      step?.event === "leave" && el("p", { class: "leaves" }, el("code", {}, step.name), ` leaves: number ${(step.position ?? step.after) + 1}`),
    ]);
  }

  const refresh = later(() => (built === app.pass && choose() === mode ? update() : build()));
  app.on("pass", refresh);
  app.on("move", refresh);
}
