/** A pass document as the server tells a large view: the fixture's, in columns. */

export const packedNumbers = (list) => ({ type: "i4", base64: Buffer.from(Int32Array.from(list).buffer).toString("base64") });
export const packedWords = (list) => ({ words: list });

export function packed(document) {
  const { boxes, edges } = document.view;
  const { frame } = document.window;
  const column = (rows, name) => packedWords(rows.map((row) => row[name] ?? null));
  const names = ["title", "subtitle", "kind", "count", "scope", "expandable", "file", "line", "data", "grad", "glevel", "bad"];
  const none = packedNumbers([]);
  return {
    ...document,
    view: {
      ...document.view, svg: null,
      boxes: { ...Object.fromEntries(names.map((name) => [name, column(boxes, name)])), node: packedNumbers(boxes.map((box) => box.node ?? -1)), key: packedWords(boxes.map((box) => (box.node === null ? box.key : null))), gradsTotal: column(frame.boxes, "gradsTotal") },
      edges: { source: packedNumbers(edges.map((edge) => edge.source)), target: packedNumbers(edges.map((edge) => edge.target)), count: column(edges, "count"), level: column(edges, "level"), total: column(frame.edges, "total") },
      geometry: {
        x: packedNumbers(boxes.map((_, i) => 160 * i)), y: packedNumbers(boxes.map((_, i) => 80 * (i % 3))), w: packedNumbers(boxes.map(() => 124)), h: packedNumbers(boxes.map(() => 62)),
        folded: none, dataBars: packedWords([]), gradBars: packedWords([]), out: packedNumbers(edges.map(() => 31)), tip: packedNumbers(edges.map(() => 31)), knots: packedNumbers(edges.map(() => 0)), columns: [], kx: none, unit: 1, ky: none,
      },
    },
    window: { ...document.window, frame: { k: 0, current: null, computed: null, grads: null, order: null, carried: null, updated: none, texts: { box: none, data: packedWords([]), grad: packedWords([]), level: packedWords([]) } } },
  };
}
