/** A neuron as the server would tell it: the JSON of the API and a drawing, made without a server. */

const LEAVES = [["x1", 2, "input", 3], ["x2", 0, "input", 4], ["w1", -3, "param", 5], ["w2", 1, "param", 6], ["b", 6.881373587019543, "param", 7]];
const PLACES = [[0, 0], [0, 164], [0, 82], [0, 246], [326, 205], [163, 41], [163, 205], [326, 123], [489, 164], [652, 164]];

export const SOURCE = `from gradviz import Value

x1 = Value(2.0, "x1")
x2 = Value(0.0, "x2")
w1 = Value(-3.0, "w1")
w2 = Value(1.0, "w2")
b  = Value(6.8813735870195432, "b")

n = x1*w1 + x2*w2 + b  # a "neuron"
o = n.tanh()
o.backward()
`;

export const short = (value) => (Number.isInteger(value) ? String(value) : Math.abs(value) < 1e-3 ? value.toExponential(1) : String(Number(value.toPrecision(4))));
const signed = (value) => (value > 0 ? `+${short(value)}` : short(value));
export const levelOf = (value) => (value === 0 ? "zero" : Math.max(0, Math.min(15, Math.round(10 + 5 * Math.log10(Math.abs(value))))));

function nodes() {
  const list = LEAVES.map(([name, data, kind, line], id) => ({ id, name, data, kind, op: "", symbol: "", line, inputs: [], locals: [], grad: 0 }));
  const add = (name, op, symbol, line, inputs, data, locals) => list.push({ id: list.length, name, data, kind: "op", op, symbol, line, inputs, locals, grad: 0 });
  const value = (id) => list[id].data;
  add("x1*w1", "mul", "×", 9, [0, 2], value(0) * value(2), [value(2), value(0)]);
  add("x2*w2", "mul", "×", 9, [1, 3], value(1) * value(3), [value(3), value(1)]);
  add("Σ", "add", "+", 9, [5, 6], value(5) + value(6), [1, 1]);
  add("n", "add", "+", 9, [7, 4], value(7) + value(4), [1, 1]);
  const o = Math.tanh(value(8));
  add("o", "tanh", "tanh", 10, [8], o, [1 - o * o]);
  return list;
}

function visit(list) {
  const order = [];
  const events = [];
  const seen = new Set();
  const stack = [];
  const enter = (id) => {
    seen.add(id);
    stack.push([id, 0]);
    events.push({ event: "enter", node: id, stack: stack.map(([one]) => list[one].name) });
  };
  enter(9);
  while (stack.length) {
    const top = stack.at(-1);
    const next = list[top[0]].inputs[top[1]++];
    if (next === undefined) {
      events.push({ event: "leave", node: top[0], position: order.length, stack: stack.map(([one]) => list[one].name) });
      order.push(top[0]);
      stack.pop();
    } else if (!seen.has(next)) enter(next);
  }
  return { order, events };
}

/** The graph, its edges with cotangents, and every step. */
export function neuron() {
  const list = nodes();
  const edges = list.flatMap((node) => node.inputs.map((source, slot) => ({ source, target: node.id, slot })));
  edges.forEach((edge, id) => (edge.id = id));
  const { order, events } = visit(list);
  const raw = list.map((node) => ({ phase: "forward", event: "compute", node: node.id, before: "–", after: short(node.data), sentence: `${node.name} is computed: ${short(node.data)}`, formula: [`${node.name} = ${short(node.data)}`], rule: "" }));
  for (const one of events) raw.push({ phase: "order", ...one, before: "–", after: one.position ?? "–", sentence: `${one.event} ${list[one.node].name}`, formula: [], rule: "" });
  list[9].grad = 1;
  raw.push({ phase: "backward", event: "seed", node: 9, before: "–", after: "1", gradBefore: null, level: levelOf(1), sentence: "o is the root: its own gradient is 1", formula: ["∂o/∂o = 1"], rule: "" });
  const given = new Set([9]);
  for (const id of [...order].reverse()) {
    for (const edge of edges.filter((one) => one.target === id)) {
      const [from, to] = [list[id], list[edge.source]];
      edge.cotangent = from.grad * from.locals[edge.slot];
      const before = given.has(to.id) ? short(to.grad) : null;
      given.add(to.id);
      to.grad += edge.cotangent;
      raw.push({
        phase: "backward", event: "carry", node: to.id, edge: edge.id, before: before ?? "–", gradBefore: before, after: short(to.grad), level: levelOf(to.grad),
        carried: signed(edge.cotangent), carriedLevel: levelOf(edge.cotangent), sentence: `${from.name} passes ${short(edge.cotangent)} on to ${to.name}`,
        formula: [`∂o/∂${to.name} += ∂o/∂${from.name} · ∂${from.name}/∂${to.name}`, `       = ${short(from.grad)} × ${short(from.locals[edge.slot])} = ${short(edge.cotangent)}`], rule: "Each operand receives the gradient times its local derivative.",
      });
    }
  }
  for (const id of [2, 3, 4]) raw.push({ phase: "update", event: "update", node: id, before: short(list[id].data), after: short(list[id].data - 0.1 * list[id].grad), sentence: `${list[id].name} moves against its gradient`, formula: [], rule: "" });
  const steps = raw.map((step, k) => ({ edge: null, level: null, carried: null, carriedLevel: null, span: null, ...step, k, name: list[step.node].name, box: step.node, viewEdge: step.edge ?? null, file: "neuron.py", line: list[step.node].line }));
  return { list, edges, order, steps };
}

const attr = (text) => String(text).replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll('"', "&quot;");

function drawing({ list, edges }) {
  const arrows = edges.map((edge) => {
    const [[x, y], [u, v]] = [PLACES[edge.source], PLACES[edge.target]];
    return `<g class="gv-edge pending" data-edge="${edge.id}"><title>edge</title><path d="M${x + 118},${y + 31} L${u - 9},${v + 31}"/><polygon class="gv-tip" points="${u},${v + 31} ${u - 9},${v + 27} ${u - 9},${v + 35}"/><text class="gv-carried" x="${(x + 118 + u) / 2}" y="${(y + v) / 2 + 24}"></text></g>`;
  });
  const cards = list.map((node) => `<g class="gv-box kind-${node.kind} absent g-none" data-box="${node.id}" data-key="n${node.id}" tabindex="0" role="button" aria-label="${attr(node.name)}" transform="translate(${PLACES[node.id]})"><title/><rect class="gv-card" width="118" height="62" rx="9"/><rect class="gv-bar" width="4.5" height="44" y="9" rx="2"/><text class="gv-name" x="14" y="20">${attr(node.name)}</text><text class="${node.symbol ? "gv-op" : "gv-kind"}" x="107" y="20">${node.symbol || node.kind}</text><text class="gv-key" x="14" y="38">data</text><text class="gv-data" x="107" y="38">–</text><text class="gv-key" x="14" y="54">grad</text><text class="gv-grad" x="107" y="54">–</text><text class="gv-order" x="115" y="-4"></text></g>`);
  return `<svg xmlns="http://www.w3.org/2000/svg" class="gv" role="img" viewBox="-10 -10 790 328"><title>neuron</title><desc>a neuron</desc><g class="gv-edges">${arrows.join("")}</g><g class="gv-boxes">${cards.join("")}</g></svg>`;
}

export function frameAtStart({ list, edges }) {
  return {
    k: 0, current: null,
    boxes: list.map((node) => ({ computed: 0, total: 1, data: null, grad: null, level: null, grads: 0, gradsTotal: edges.filter((edge) => edge.source === node.id).length || 1, order: null, updated: false })),
    edges: edges.map(() => ({ on: false, text: null, level: null, carried: 0, total: 1 })),
  };
}

/** A frame as the server would tell it. */
export const told = (frame) => ({ k: frame.k, boxes: frame.pass.boxes.map((_, index) => frame.box(index)), edges: frame.pass.edges.map((_, index) => frame.edge(index)) });

/** @param size the window's size, small to have several */
export function passDocument(index = 0, size = 512) {
  const graph = neuron();
  const { list, edges, steps } = graph;
  const bounds = ["forward", "order", "backward", "update"].map((name) => ({ name, start: steps.findIndex((step) => step.phase === name), stop: steps.findLastIndex((step) => step.phase === name) + 1 }));
  return {
    index, loss: list[9].data, values: 10, edges: 9, root: { node: 9, name: "o" }, phases: bounds, steps: steps.length,
    view: {
      open: [], note: "all 10 values", svg: drawing(graph), width: 790, height: 328,
      boxes: list.map((node) => ({ key: `n${node.id}`, node: node.id, title: node.name, subtitle: node.symbol, kind: node.kind, count: 1, scope: "", expandable: false, file: "neuron.py", line: node.line, data: short(node.data), grad: short(node.grad), glevel: levelOf(node.grad), bad: false })),
      edges: edges.map((edge) => ({ source: edge.source, target: edge.target, count: 1, text: signed(edge.cotangent), level: levelOf(edge.cotangent) })),
    },
    scale: { low: 0.1, mid: 0.45, high: 2, low_text: "0.1", mid_text: "0.45", high_text: "2" },
    scopes: [],
    window: { start: 0, total: steps.length, frame: frameAtStart(graph), steps: steps.slice(0, size) },
  };
}

export function recordingDocument(passes = 1) {
  return {
    title: "neuron.py", script: "/home/ada/neuron.py", argv: [], finished: true, exception: null, version: "0.1.0",
    passes: Array.from({ length: passes }, (_, index) => ({ index, values: 10, edges: 9, loss: 0.7071 / (1 + 0.2 * index), file: "neuron.py", line: 11, backward: true, error: null })),
    sources: [{ file: "neuron.py", text: SOURCE }], findings: 1, limits: { window: 512 },
  };
}

export function nodeDocument(id) {
  const { list, edges, steps } = neuron();
  const node = list[id];
  const xs = Array.from({ length: 61 }, (_, i) => -4 + (8 * i) / 60);
  const tanh = { op: "tanh", xs, ys: xs.map(Math.tanh), slopes: xs.map((x) => 1 - Math.tanh(x) ** 2), x: list[8].data, y: list[9].data, slope: 1 - list[9].data ** 2 };
  return {
    node: id, name: node.name, label: node.name, op: node.op, symbol: node.symbol, kind: node.kind, formula: node.op ? `${node.symbol}(${node.inputs.map((one) => list[one].name)})` : "", derivatives: [], rule: "",
    data: node.data, grad: node.grad, state: node.grad === 0 ? "zero" : "value", prior: 0, shape: [], scope: "", file: "neuron.py", line: node.line, span: null,
    inputs: node.inputs.map((one, slot) => ({ node: one, name: list[one].name, slot, data: list[one].data, local: node.locals[slot], cotangent: edges.find((edge) => edge.target === id && edge.slot === slot).cotangent })),
    consumers: edges.filter((edge) => edge.source === id).map((edge) => ({ node: edge.target, name: list[edge.target].name, op: list[edge.target].op, slot: edge.slot, cotangent: edge.cotangent, local: list[edge.target].locals[edge.slot] })),
    more: 0, curve: node.op === "tanh" ? tanh : null, update: null,
    steps: { compute: id, grad: steps.filter((step) => step.phase === "backward" && step.node === id).map((step) => step.k) },
  };
}
