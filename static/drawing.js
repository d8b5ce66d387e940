/** The server's SVG, restyled step by step: classes and text change, nothing moves. */
import { badge, roomOf } from "#gv/badges.js";
import { parseSvg, svg, write } from "#gv/dom.js";
import { fitNumber, roomBeside } from "#gv/fit.js";
import { describe } from "#gv/words.js";

const BOX_STATE = /^(absent|now|bad|updated|g-.+)$/;
const EDGE_STATE = /^(pending|on|w\d+|zero|bad|now)$/;
const NUMBER = { advance: 6.4, ascent: 10, height: 13 }; // px of an edge's number
const LABELLED = 80; // edges; beyond them only the current edge shows its number, as in an export
const NON_FINITE = /^[-−+]?(nan|inf)/i;

const levelClass = (level) => (typeof level === "number" ? `w${level}` : level);
const keep = (element, state) => [...element.classList].filter((name) => !state.test(name)).join(" ");

/** A number on a card: its element, and the room that its key leaves it. */
function row(element, name) {
  const number = element.querySelector(`.${name}`);
  const key = number?.previousElementSibling;
  if (!key) return { element: number, room: Infinity };
  const x = (one) => Number(one.getAttribute("x"));
  return { element: number, room: roomBeside(key.textContent, x(key), x(number)) };
}

const tell = ({ element, room }, text) => write(element, fitNumber(text, room));

function indexBox(element) {
  const part = (name) => element.querySelector(`.${name}`);
  const card = part("gv-card");
  const [, x = 0, y = 0] = /translate\(\s*([-\d.e]+)[ ,]+([-\d.e]+)/.exec(element.getAttribute("transform") ?? "") ?? [];
  const width = Number(card?.getAttribute("width") ?? 0);
  const height = Number(card?.getAttribute("height") ?? 0);
  return {
    element,
    base: keep(element, BOX_STATE),
    rect: { x: Number(x), y: Number(y), width, height },
    data: row(element, "gv-data"),
    grad: row(element, "gv-grad"),
    order: part("gv-order"),
    progress: part("gv-progress"),
    zeros: row(element, "gv-zero"),
    title: element.querySelector("title"),
    shown: "",
  };
}

export class Drawing {
  constructor(pass) {
    this.pass = pass;
    this.root = parseSvg(pass.view.svg);
    this.element = this.root;
    const [x, y, width, height] = (this.root.getAttribute("viewBox") ?? "").split(/[ ,]+/).map(Number);
    this.content = { x: x || 0, y: y || 0, width: width || pass.view.width, height: height || pass.view.height };
    for (const name of ["width", "height"]) this.root.removeAttribute(name);
    this.root.setAttribute("preserveAspectRatio", "xMinYMin meet");
    this.root.setAttribute("role", "group"); // an image would hide its boxes from screen readers
    this.boxes = [];
    this.edges = [];
    this.#index();
  }

  #index() {
    for (const element of this.root.querySelectorAll("[data-box]")) this.boxes[Number(element.getAttribute("data-box"))] = indexBox(element);
    for (const element of this.root.querySelectorAll("[data-edge]")) {
      const text = element.querySelector(".gv-carried");
      this.edges[Number(element.getAttribute("data-edge"))] = { element, base: keep(element, EDGE_STATE), text, shown: "" };
    }
    for (const box of this.boxes) if (box?.progress) box.full = Math.max(0, box.rect.width - 2 * Number(box.progress.getAttribute("x") ?? 0));
  }

  /** Where a box stands, or null. */
  rect(index) {
    return this.boxes[index]?.rect ?? null;
  }

  /** The box that an event happened in, or -1. */
  boxAt({ target }) {
    const element = target?.closest?.("[data-box]");
    return element ? Number(element.getAttribute("data-box")) : -1;
  }

  /** The box that has the focus, or -1. */
  get focused() {
    return this.root.contains(document.activeElement) ? this.boxAt({ target: document.activeElement }) : -1;
  }

  focus(index) {
    this.boxes[index]?.element.focus({ preventScroll: true });
  }

  /** Show what the camera sees. To move costs little: only another scale has every text laid out anew. */
  look({ x, y, scale, viewBox: [, , width, height] }) {
    const size = `0 0 ${width} ${height}`;
    if (size !== this.size) this.root.setAttribute("viewBox", size);
    this.size = size;
    this.root.style.transform = `translate(${-x * scale}px, ${-y * scale}px)`;
  }

  /** Its colours come from the style sheet by themselves. */
  restyle() {}

  /** Show the frame: of all boxes and edges, only those that differ are written. */
  paint(frame, step, marks) {
    const phase = step?.phase ?? "forward";
    this.boxes.forEach((box, index) => box && this.#paintBox(box, frame.box(index), index, index === step?.box, phase, marks));
    this.edges.forEach((edge, index) => edge && this.#paintEdge(edge, frame.edge(index), index === step?.viewEdge));
  }

  #paintBox(box, state, index, now, phase, marks) {
    const facts = this.pass.boxes[index];
    const backward = phase === "backward" || phase === "update";
    const [done, all] = backward ? [state.grads, state.gradsTotal] : [state.computed, state.total];
    const share = all > 1 && facts.count > 1 ? done / all : 0;
    const selected = marks.selected === facts.key;
    const breaks = facts.node !== null && marks.breaks(facts.node);
    const mark = marks.markOf(index);
    const toured = marks.toured(index);
    const key = [state.computed >= state.total, state.data, state.grad, state.level, state.order, state.updated, share, now, selected, breaks, toured, mark?.kind, mark?.text].join("|");
    if (key === box.shown) return;
    box.shown = key;

    const level = facts.glevel === "na" ? "na" : (state.level ?? "none");
    const classes = [box.base, `g-${levelClass(level)}`];
    if (state.computed < state.total) classes.push("absent");
    if (now) classes.push("now");
    if (state.updated) classes.push("updated");
    if (state.data !== null && (NON_FINITE.test(state.data) || (facts.bad && facts.count > 1))) classes.push("bad");
    if (selected) classes.push("selected");
    if (breaks) classes.push("breaks");
    if (toured) classes.push("toured");
    box.element.setAttribute("class", classes.join(" "));
    if (now) box.element.setAttribute("aria-current", "step");
    else box.element.removeAttribute("aria-current");
    tell(box.data, state.data ?? "–");
    tell(box.grad, facts.glevel === "na" ? (facts.grad ?? "–") : (state.grad ?? "–"));
    write(box.order, state.order === null || state.order === undefined ? "" : String(state.order + 1));
    const ready = state.gradsTotal > 0 && state.grads >= state.gradsTotal;
    tell(box.zeros, ready ? (facts.zeros ?? "–") : "–");
    if (box.progress) {
      box.progress.setAttribute("width", share > 0 && share < 1 ? (box.full * share).toFixed(1) : "0");
      box.progress.classList.toggle("backward", backward);
    }
    if (breaks) this.#markBreak(box);
    box.element.querySelector(".badge")?.remove();
    if (mark !== null) box.element.append(badge(mark, box.rect, mark.text ? roomOf(box.rect, this.#numbers()) : undefined));
    this.#describe(box, facts, state, mark);
  }

  /** Where the numbers of edges stand or will stand. */
  #numbers() {
    this.numbers ??= this.edges.length > LABELLED ? [] : this.edges.flatMap(({ text }, index) => {
      const [x, y, width] = [Number(text?.getAttribute("x")), Number(text?.getAttribute("y")), (this.pass.edges[index]?.text ?? "").length * NUMBER.advance];
      return text ? [{ x: x - width / 2, y: y - NUMBER.ascent, width, height: NUMBER.height }] : [];
    });
    return this.numbers;
  }

  #describe(box, facts, state, mark) {
    const text = describe(facts, state, mark);
    box.element.setAttribute("aria-label", text);
    write(box.title, text);
    box.told = null;
  }

  /** Full precision where the pointer rests; the detail comes from the server once. */
  tell(index, text) {
    const box = this.boxes[index];
    if (!box || text === null || box.told === box.shown) return;
    box.told = box.shown;
    write(box.title, text);
  }

  #markBreak(box) {
    if (box.element.querySelector(".breakpoint")) return;
    box.element.append(svg("circle", { class: "breakpoint", cx: 0, cy: 0, r: 5 }));
  }

  #paintEdge(edge, state, now) {
    const key = `${state.on}|${state.text}|${state.level}|${now}`;
    if (key === edge.shown) return;
    edge.shown = key;
    const on = state.on && state.level !== null && state.level !== "none";
    edge.element.setAttribute("class", `${edge.base} ${on ? `on ${levelClass(state.level)}` : "pending"}${now ? " now" : ""}`);
    write(edge.text, state.on && (now || this.edges.length <= LABELLED) ? (state.text ?? "") : "");
  }
}
