/** The what-if part of the inspector: a leaf's number to edit, and what has changed since the recording. */
import { short } from "#gv/curve.js";
import { toNumber } from "#gv/document.js";
import { el, put, write } from "#gv/dom.js";
import { full, readNumber, sliderAround } from "#gv/edits.js";

const FROZEN = "What the program decided by looking at a number (an if, a loop, an index) stays as it was recorded.";

export function editField(app) {
  let node = null;
  let recorded = 0;
  let slider = sliderAround(0);
  let aim = 0; // the number last shown or asked for
  let typed = false; // whether somebody is in the middle of a number
  let going = false; // whether the next edit goes on with the one before

  const name = el("code");
  const number = el("input", {
    type: "text", class: "field", inputmode: "decimal", autocomplete: "off", spellcheck: "false", role: "spinbutton", "aria-label": "Another number", "aria-describedby": "edit-note", maxlength: 60,
    input: () => (typed = true), change: commit, keydown: press, focus: () => number.select(), blur: rest,
  });
  const range = el("input", { type: "range", class: "reach", "aria-label": "Around what was recorded", min: -slider.half, max: slider.half, step: 1, input: drag, change: rest, keydown: leave });
  const ends = [el("code"), el("code")];
  const back = el("button", { type: "button", class: "link", click: () => edit(null) }, "Back to what was recorded");
  const wrong = el("p", { class: "edit-wrong", role: "alert", hidden: true });
  const field = el("div", { class: "edit-field" },
    el("div", { class: "edit-row" }, name, el("span", { "aria-hidden": "true" }, "="), number), range,
    el("div", { class: "edit-ends", "aria-hidden": "true" }, ends), back, wrong);
  const note = el("p", { class: "quiet", id: "edit-note" });
  const change = el("table", { class: "sum change" });
  const element = el("section", { class: "edit", "aria-label": "What if", hidden: true }, el("h3", {}, "What if"), field, change, note);

  function edit(value) {
    wrong.hidden = true;
    if (Object.is(value ?? recorded, aim)) return;
    const live = going;
    going = value !== null;
    aim = value ?? recorded;
    app.edits.put(node, value === null || Object.is(value, recorded) ? null : value, { live });
  }

  function rest() {
    going = false;
  }

  function commit() {
    rest();
    const value = readNumber(number.value);
    wrong.hidden = value !== null;
    if (value === null) write(wrong, "This is not a number. Write it as 1.5, -2e-3, nan or inf.");
    else {
      tell(value);
      edit(value);
    }
    rest();
  }

  function drag() {
    const value = slider.valueAt(Number(range.value));
    tell(value);
    edit(value);
  }

  function leave(event) {
    if (event.key !== "Escape") return;
    rest();
    edit(null);
  }

  function press(event) {
    const way = { ArrowUp: 1, ArrowDown: -1 }[event.key];
    if (way) nudge(way * (event.shiftKey ? 10 : 1));
    else if (event.key === "Escape" && number.value === full(now())) leave(event);
    else if (event.key === "Escape") {
      wrong.hidden = true;
      tell(now());
    } else return;
    event.preventDefault();
  }

  function nudge(steps) {
    const typed = readNumber(number.value);
    const from = Number.isFinite(typed) ? typed : slider.valueAt(0);
    const value = Number((from + steps * slider.step).toPrecision(12));
    if (!Number.isFinite(value)) return;
    tell(value);
    edit(value);
  }

  /** The number that the page shows now. */
  const now = () => toNumber(app.pass.what.find((one) => one.node === node)?.data ?? recorded);

  function tell(value) {
    typed = false;
    number.value = full(value);
    number.setAttribute("aria-valuenow", full(value));
    range.value = String(slider.placeOf(value));
    range.setAttribute("aria-valuetext", full(value));
  }

  function offer(detail) {
    const before = toNumber(detail.recorded ? detail.recorded.data : detail.data);
    const other = detail.node !== node || !Object.is(before, recorded);
    if (other) {
      [node, recorded, slider, going] = [detail.node, before, sliderAround(before), false];
      wrong.hidden = true;
      write(name, detail.name);
      number.setAttribute("aria-label", `${detail.name}, another number`);
      range.setAttribute("aria-label", `${detail.name}, around ${short(before)}`);
      [-slider.half, slider.half].forEach((place, i) => write(ends[i], short(slider.valueAt(place))));
      write(back, `Back to ${full(before)}`);
    }
    if (other || !(typed || app.edits.busy)) tell((aim = toNumber(detail.data)));
    back.hidden = !app.pass.what.some((one) => one.node === node);
  }

  function row(label, before, after) {
    const same = full(toNumber(before)) === full(toNumber(after));
    return el("tr", { class: same ? "ghost" : null }, el("th", { scope: "row" }, label), [before, after].map((value) => el("td", { class: /nan|inf/i.test(value) ? "bad" : null, title: typeof value === "number" ? full(value) : null }, told(value))));
  }

  const told = (value) => (value === null || value === undefined ? "–" : typeof value === "number" || /^(NaN|-?Infinity)$/.test(value) ? short(value) : value);

  const term = (text) => (/^[\w.[\]]+$/.test(text) ? text : `(${text})`);

  function compare({ name: label, recorded: before, data, grad }) {
    const { loss, root } = app.pass;
    const rows = [
      root.name !== label && row(root.name, app.pass.recorded.loss, loss),
      row(label, before.data, data),
      before.grad !== null && row(`∂${term(root.name)}/∂${term(label)}`, before.grad, grad),
    ];
    put(change, el("caption", { class: "unseen" }, "Recorded and now, after the whole pass"),
      el("thead", {}, el("tr", {}, ["", "recorded", "now"].map((text) => el("th", { scope: "col" }, text)))), el("tbody", {}, rows));
  }

  app.on("failed", () => app.pass && node !== null && tell((aim = now())));

  return {
    element,
    /** Show what there is to edit and to compare of a value; nothing without its detail. */
    show(detail) {
      const refused = detail?.edit?.refused ?? null;
      const changed = Boolean(detail?.recorded && app.pass.recorded);
      element.hidden = !detail?.edit && !changed;
      if (element.hidden) return;
      field.hidden = !detail.edit || refused !== null;
      if (!field.hidden) offer(detail);
      change.hidden = !changed;
      if (changed) compare(detail);
      note.hidden = field.hidden && refused === null;
      write(note, refused === null ? FROZEN : `This pass cannot be computed again. ${refused}`);
    },
  };
}
