/** The server's SVG, restyled step by step: classes and text change, nothing moves. */
import { svg, write } from "#gv/dom.js";
import { fitNumber, roomBeside } from "#gv/fit.js";

const BOX_STATE = /^(absent|now|bad|updated|g-.+)$/;
const EDGE_STATE = /^(pending|on|w\d+|zero|bad|now)$/;
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
  constructor(root, pass) {
    this.root = root;
    this.pass = pass;
    this.boxes = [];
    this.edges = [];
    for (const element of root.querySelectorAll("[data-box]")) this.boxes[Number(element.getAttribute("data-box"))] = indexBox(element);
    for (const element of root.querySelectorAll("[data-edge]")) {
      const text = element.querySelector(".gv-carried");
      this.edges[Number(element.getAttribute("data-edge"))] = { element, base: keep(element, EDGE_STATE), text, shown: "" };
    }
    for (const box of this.boxes) if (box?.progress) box.full = Math.max(0, box.rect.width - 2 * Number(box.progress.getAttribute("x") ?? 0));
  }

  /** The box that an event happened in, or -1. */
  static boxAt(target) {
    const element = target?.closest?.("[data-box]");
    return element ? Number(element.getAttribute("data-box")) : -1;
  }

  /** Show the frame: of all boxes and edges, only those that differ are written. */
  paint(frame, step, marks) {
    const phase = step?.phase ?? "forward";
    this.boxes.forEach((box, index) => box && frame.boxes[index] && this.#paintBox(box, frame.boxes[index], index, index === step?.box, phase, marks));
    this.edges.forEach((edge, index) => edge && frame.edges[index] && this.#paintEdge(edge, frame.edges[index], index === step?.viewEdge));
  }

  #paintBox(box, state, index, now, phase, marks) {
    const facts = this.pass.boxes[index];
    const backward = phase === "backward" || phase === "update";
    const [done, all] = backward ? [state.grads, state.gradsTotal] : [state.computed, state.total];
    const share = all > 1 && facts.count > 1 ? done / all : 0;
    const selected = marks.selected === facts.key;
    const breaks = facts.node !== null && marks.breaks(facts.node);
    const key = [state.computed >= state.total, state.data, state.grad, state.level, state.order, state.updated, share, now, selected, breaks].join("|");
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
    this.#describe(box, facts, state, share);
  }

  #describe(box, facts, state, share) {
    const words = [facts.title, facts.subtitle, facts.count > 1 ? `${facts.count.toLocaleString("en")} values` : ""];
    words.push(state.data === null ? "not computed yet" : `data ${state.data}`);
    if (facts.glevel === "na") words.push("no gradient asked");
    else words.push(state.grad === null ? "no gradient yet" : `gradient ${state.grad}`);
    if (share > 0 && share < 1) words.push(`${Math.round(share * 100)} % done`);
    const text = words.filter(Boolean).join(", ");
    box.element.setAttribute("aria-label", text);
    write(box.title, text);
    box.told = null;
  }

  /** Full precision where the pointer rests; the detail comes from the server once. */
  tell(index, detail, state) {
    const box = this.boxes[index];
    if (!box || box.told === box.shown) return;
    box.told = box.shown;
    const gains = detail.steps?.grad ?? [];
    const final = gains.length > 0 && state.grads >= state.gradsTotal;
    const lines = [`${detail.label ?? detail.name}: ${detail.op || detail.kind}`, detail.scope,
      `data ${state.data === null ? "not computed" : state.updated ? (detail.update?.after ?? state.data) : detail.data}`,
      this.pass.boxes[index].glevel === "na" ? "grad not asked" : `grad ${state.grad === null ? "not computed" : final ? detail.grad : state.grad}`,
      detail.line ? `${detail.file}:${detail.line}` : ""];
    write(box.title, lines.filter(Boolean).join("\n"));
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
