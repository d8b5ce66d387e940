/** A pass with a folded box of three values: x feeds two of them, the third is the result. */
export function folded() {
  const at = { file: "a.py", line: 1, before: "–", carried: null, carriedLevel: null, level: null };
  const compute = (node, box) => ({ ...at, phase: "forward", event: "compute", node, box, viewEdge: null, after: "1" });
  const gain = (node, box, viewEdge, level) => ({ ...at, phase: "backward", event: viewEdge === undefined ? "seed" : "carry", node, box, viewEdge: viewEdge ?? null, after: "0.5", level });
  const steps = [compute(0, 0), compute(1, 1), compute(2, 1), compute(3, 1), gain(3, 1, undefined, 9), gain(1, 1, null, 9), gain(2, 1, null, 9), gain(0, 0, 0, 4), gain(0, 0, 0, 9)].map((step, k) => ({ ...step, k }));
  const box = (key, node, count, data) => ({ key, node, title: key, subtitle: "", kind: node === null ? "group" : "op", count, scope: "", expandable: node === null, file: "a.py", line: 1, data, grad: "0.5", glevel: 9, bad: false });
  return {
    index: 0, loss: 1, values: 4, edges: 3, root: { node: 3, name: "y" }, steps: steps.length,
    phases: [{ name: "forward", start: 0, stop: 4 }, { name: "order", start: 4, stop: 4 }, { name: "backward", start: 4, stop: 9 }],
    view: { open: [], note: "4 values in 2 boxes", svg: "<svg/>", width: 10, height: 10, boxes: [box("n0", 0, 1, "1"), box("MLP", null, 3, "0 … 2")], edges: [{ source: 0, target: 1, count: 2, text: "0.5", level: 9 }] },
    scale: null, scopes: [],
    window: {
      start: 0, total: steps.length, steps,
      frame: {
        k: 0, current: null, edges: [{ on: false, text: null, level: "none", carried: 0, total: 2 }],
        boxes: [[1, 2], [3, 3]].map(([total, gradsTotal]) => ({ computed: 0, total, data: null, grad: null, level: null, grads: 0, gradsTotal, order: null, updated: false })),
      },
    },
  };
}
