/** The inspector: one box in full, the pinned one or the one the step is about. */
import { asides, checked } from "#gv/asides.js";
import { placeName } from "#gv/cells.js";
import { curveFigure } from "#gv/curve.js";
import { el, icon, put } from "#gv/dom.js";
import { editField } from "#gv/editfield.js";
import { contributions, foldedFacts, valueTable, valueText } from "#gv/facts.js";
import { grouped } from "#gv/grouped.js";
import { later } from "#gv/later.js";

const REST = 200; // details come when the cursor rests: stepping asks the server for nothing

export function inspector(element, app) {
  const head = el("div", { class: "insp-head" });
  const body = el("div", { class: "insp" });
  const edit = editField(app);
  const rest = el("div", { class: "insp" }); // below the edit field, which stays while the rest is drawn anew
  element.append(el("h2", {}, "Inspector"), head, body, edit.element, rest);
  const known = new Map();
  let waiting = null;
  let shown = "";

  /** Which value (or folded box) is meant: [kind, id]. */
  function subject() {
    const index = app.focus;
    const box = app.pass?.boxes[index];
    if (!box) return null;
    if (app.pass.isSingle(index)) return { index, box, node: box.node, name: box.title };
    const walked = app.tour.nodeIn(index);
    if (walked !== null) return { index, box, node: walked, name: null };
    const step = app.selected === null ? (app.player.step ?? app.player.next) : null;
    return step ? { index, box, node: step.node, name: step.name } : { index, box, node: null, name: box.title };
  }

  const keyOf = ({ node, box }) => `${app.what}|${app.pass.index}|${app.open}|${node === null ? box.key : `n${node}`}`;

  async function load(about) {
    const key = keyOf(about);
    if (known.has(key)) return;
    const { pass } = app;
    const detail = about.node === null ? await app.boxDetail(about.box.key) : await app.detail(about.node);
    const whole = about.node === null ? detail : await seated(detail);
    if (app.pass !== pass) return; // it may be told with the numbers of another what-if
    if (known.size > 400) known.clear();
    known.set(key, whole);
    const now = subject();
    if (now && keyOf(now) === key) show();
  }

  /** The curve that a value sits on: its own op's, or that of the op that reads it. */
  async function seated(detail) {
    if (detail.curve) return { ...detail, seat: { curve: detail.curve, name: detail.inputs?.[0]?.name ?? "x" } };
    const [reader] = detail.consumers ?? [];
    if (detail.consumers?.length !== 1) return detail;
    const { curve } = await app.detail(reader.node);
    return curve ? { ...detail, seat: { curve, name: detail.name } } : detail;
  }

  /** The next few values as well, so that a reader's pace never meets a gap. */
  function ask() {
    clearTimeout(waiting);
    const about = subject();
    if (!about) return;
    const wait = app.selected !== null || app.what.length > 0 ? 0 : REST;
    waiting = setTimeout(() => app.attempt(async () => {
      await load(about);
      for (let j = app.player.k; app.selected === null && !app.player.playing && !app.edits.busy && j < app.player.k + 3; j += 1) {
        const step = app.player.stepAt(j);
        if (!step) break;
        const next = { node: step.node, box: app.pass.boxes[step.box] };
        const key = keyOf(next);
        if (!known.has(key)) known.set(key, await seated(await app.detail(step.node)));
      }
    }), wait);
  }

  function drawHead({ box, node, name, index }, detail) {
    const folded = !app.pass.isSingle(index);
    const place = folded && node === null ? box : (detail ?? (folded ? app.player.step : null) ?? box);
    const where = place?.line ? el("button", { type: "button", class: "link", title: place.file, click: () => app.emit("ask:line", place) }, placeName(place.file, place.line)) : null;
    const what = folded && node !== null ? `in ${box.title}` : folded ? `${box.subtitle || "folded"} · ${grouped(box.count)} values` : [detail?.formula, box.subtitle, box.kind].find((text) => text && text !== name);
    const breaks = node !== null && app.breakpoints.atNode(node);
    put(head,
      el("div", { class: "title" }, el("b", {}, name ?? detail?.name ?? `n${node}`), el("span", {}, [what, where].filter(Boolean).flatMap((part, i) => (i ? [" · ", part] : [part])))),
      el("div", { class: "acts" },
        app.selected !== null ? el("button", { type: "button", class: "btn tiny", title: "Follow the steps (Esc)", click: () => app.select(null) }, icon("close"), "pinned") : el("span", { class: "following", title: "Shows what the step is about" }, "following"),
        node !== null && el("button", { type: "button", class: "btn tiny", "aria-pressed": String(breaks), title: "Breakpoint at this value (b)", click: () => app.breakpoints.toggleNode(node) }, el("span", { class: "bp-dot", "aria-hidden": "true" }), "break"),
        !folded && el("button", { type: "button", class: "btn tiny", title: "Run to this value (double click)", click: () => app.runTo(index) }, "run to"),
        box.expandable && el("button", { type: "button", class: "btn tiny", title: "Open (Enter)", click: () => app.toggleBox(index) }, "open"),
        box.expandable && el("button", { type: "button", class: "btn tiny", title: "Open all in it, down to single values (⇧ Enter)", click: () => app.openWhole(index) }, "open all"),
        !folded && box.scope !== "" && el("button", { type: "button", class: "btn tiny", title: `Fold ${box.scope} (Enter)`, click: () => app.toggleBox(index) }, "fold")));
  }

  /** The chain rule with the numbers of this step, when the step is about this value. */
  function rule({ node, index }, detail) {
    const { step } = app.player;
    const edge = step?.viewEdge !== null && step?.viewEdge !== undefined ? app.pass.edges[step.viewEdge] : null;
    const concerns = step && (step.node === node || edge?.target === index || edge?.source === index);
    if (concerns && step.formula?.length) {
      return el("div", { class: `rule ${step.phase}` }, step.formula.map((line) => el("div", {}, emphasise(line))), step.rule && el("small", {}, step.rule));
    }
    if (!detail?.derivatives?.length) return null;
    return el("div", { class: "rule calm" }, detail.formula && el("div", {}, detail.formula),
      detail.derivatives.map((text, slot) => el("div", {}, `∂/∂${symbol(detail.inputs?.[slot]?.name ?? slot)} = ${text}`)), detail.rule && el("small", {}, detail.rule));
  }

  const symbol = (name) => (/^[\w.[\]]+$/.test(name) ? name : `(${name})`);

  /** The result, after the last "=", is what one looks for. */
  function emphasise(line) {
    const cut = line.lastIndexOf("= ");
    const result = cut >= 0 ? line.slice(cut + 2) : "";
    return /^[-−+]?(\d|nan|inf)\S*$/i.test(result) ? [line.slice(0, cut + 2), el("em", {}, result)] : line;
  }

  function show() {
    const about = subject();
    if (!about) {
      put(head, el("p", { class: "quiet" }, "Choose a box to see its numbers."));
      put(body);
      put(rest);
      return edit.show(null);
    }
    const key = keyOf(about);
    const detail = known.get(key);
    const same = unedited(key) === unedited(shown);
    if (same && !detail && key !== shown) return undefined; // the same value with other numbers, which are on their way
    const state = app.player.frame.box(about.index);
    if (!same) element.scrollTop = 0;
    shown = key;
    drawHead(about, detail);
    const [value, more] = about.node === null ? [detail?.absent ? asides(detail) : detail ? foldedFacts(about.box, detail, state, reveal) : skeleton()] : single(about, state, detail);
    put(body, rule(about, detail), value);
    put(rest, more);
    return edit.show(about.node === null ? null : detail);
  }

  const unedited = (key) => key.slice(key.indexOf("|"));

  function single(about, state, detail) {
    const inBox = app.pass.isSingle(about.index);
    const box = inBox ? about.box : { ...about.box, glevel: null, data: "", grad: "" };
    const frame = inBox ? state : momentOf(about.node, detail);
    const sum = detail && !detail.absent && box.glevel !== "na" && detail.state !== "not asked" ? contributions(detail, arrivals(detail), frame.grad) : null;
    return [
      [asides(detail), checked(inBox ? app.checking.verdict(about.index) : null, app.checking.row(about.node)),
        el("h3", {}, "Value"), valueTable(box, frame, detail, (k) => app.attempt(() => app.player.seek(k)))],
      [
        detail?.seat && frame.data !== null && [el("h3", {}, `Where ${detail.seat.name} sits on ${detail.seat.curve.op}`), curveFigure(detail.seat.curve, detail.seat.name)],
        sum && [el("h3", {}, "Its gradient, a sum"), sum],
      ],
    ];
  }

  /** Which consumers have passed their gradient on by now; null when all have. */
  function arrivals(detail) {
    const gains = detail.steps?.grad ?? [];
    const { k } = app.player;
    if (gains.length > 0 && k > gains.at(-1)) return null;
    const arrived = new Map();
    for (const gain of gains) {
      const edge = gain < k ? app.pass.edges[app.player.stepAt(gain)?.viewEdge] : undefined;
      const from = edge && app.pass.boxes[edge.target].node;
      if (Number.isInteger(from)) arrived.set(from, (arrived.get(from) ?? 0) + 1);
    }
    return arrived;
  }

  /** A value inside a folded box: the step itself says what is there by now. */
  function momentOf(node, detail) {
    const { k, step } = app.player;
    const here = step?.node === node ? step : null;
    if (!detail || detail.absent) return { data: here?.event === "compute" ? here.after : undefined, grad: here?.phase === "backward" ? here.after : undefined };
    const { compute, grad: gains = [], update } = detail.steps ?? {};
    const come = gains.filter((gain) => gain < k);
    const last = app.player.stepAt(come.at(-1) ?? -1);
    const partial = come.length < gains.length ? (last?.after ?? undefined) : valueText(detail.grad);
    return {
      data: k > (compute ?? Infinity) ? valueText(detail.data) : null,
      grad: here?.phase === "backward" ? here.after : come.length > 0 ? partial : null,
      updated: Number.isInteger(update) && k > update, grads: come.length, gradsTotal: gains.length,
    };
  }

  const skeleton = () => el("div", { class: "skeleton", "aria-hidden": "true" }, [1, 2, 3].map(() => el("span")));

  const reveal = (node) => app.attempt(async () => app.reveal(node, (await app.detail(node)).scope));

  const refresh = later(() => {
    show();
    ask();
  });
  for (const change of ["pass", "move", "select", "tour"]) app.on(change, refresh);
  for (const change of ["breakpoints", "check"]) app.on(change, () => app.pass && show());
}
