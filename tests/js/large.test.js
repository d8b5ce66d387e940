import assert from "node:assert/strict";
import test from "node:test";
import { densityOf } from "../../static/blocks.js";
import { ABSENT, around, BAD, detailAt, exposed, FIRST, inkOf, PLAIN, strideOf, toneOf, ZERO } from "../../static/detail.js";
import { Pass } from "../../static/document.js";
import { fitText } from "../../static/fit.js";
import { applyStep, Frame } from "../../static/frame.js";
import { readGeometry } from "../../static/geometry.js";
import { grouped } from "../../static/grouped.js";
import { piecesOf } from "../../static/lines.js";
import { unpackNumbers, unpackRows, unpackWords } from "../../static/packing.js";
import { Shown } from "../../static/shown.js";
import { Spatial } from "../../static/spatial.js";
import { neuron, passDocument, told } from "./fixture.js";
import { packed, packedNumbers as numbers, packedWords as words } from "./packed.js";

test("columns are unpacked as they were packed", () => {
  assert.deepEqual(unpackNumbers({ type: "u1", base64: "AQL/" }), Uint8Array.of(1, 2, 255));
  assert.deepEqual([...unpackNumbers({ type: "i2", base64: "//8AAQ==" })], [-1, 256]);
  assert.deepEqual(unpackWords({ words: ["x", null], at: { type: "u1", base64: "AAAB" } }), ["x", "x", null]);
  assert.deepEqual(unpackWords({ words: ["y"], times: 2 }), ["y", "y"]);
  assert.deepEqual(unpackWords({ words: [1, "zero"] }), [1, "zero"]);
  assert.deepEqual(unpackRows({ a: numbers([1, 2]), b: words(["p", "q"]) }), [{ a: 1, b: "p" }, { a: 2, b: "q" }]);
  assert.deepEqual(unpackRows({}), []);
});

test("a pass in columns walks through the same frames as one in objects", () => {
  const [plain, large] = [new Pass(passDocument()), new Pass(packed(passDocument()))];
  assert.ok(large.isLarge && !plain.isLarge);
  assert.deepEqual(large.boxes.map(({ key, node, title, data }) => [key, node, title, data]), plain.boxes.map(({ key, node, title, data }) => [key, node, title, data]));
  const [one, other] = [plain, large].map((pass) => Frame.read(pass, pass.window.frame, 0));
  const without = (frame) => ({ ...told(frame), edges: told(frame).edges.map(({ text, ...edge }) => edge) }); // a large view tells no texts of edges
  for (const step of neuron().steps) {
    applyStep(plain, one, step);
    applyStep(large, other, step);
    assert.deepEqual(without(other), without(one), `step ${step.k}`);
  }
});

test("a frame in columns says only what differs from the end", () => {
  const pass = new Pass(packed(passDocument()));
  const nothing = { box: numbers([]), data: words([]), grad: words([]), level: words([]) };
  const frame = Frame.read(pass, { k: 30, computed: true, grads: null, order: numbers([0, -1, 2, 3, 4, 5, 6, 7, 8, 9]), carried: null, updated: numbers([2]), texts: { ...nothing, box: numbers([1]), data: words(["7"]), grad: words(["0.25"]), level: words([3]) } });
  assert.equal(frame.box(0).data, pass.boxes[0].data);
  assert.deepEqual([frame.box(1).data, frame.box(1).grad, frame.box(1).level, frame.box(1).order], ["7", "0.25", 3, null]);
  assert.deepEqual([frame.box(0).grad, frame.box(2).order, frame.box(2).updated, frame.box(3).updated], [null, 2, true, false]);
  assert.equal(frame.edge(0).on, false);
  const copy = frame.copy();
  copy.data[0] = "changed";
  assert.notEqual(frame.data[0], "changed");
});

test("edges are led from box to box through their columns", () => {
  const boxes = { x: Float32Array.of(0, 300), y: Float32Array.of(0, 40), w: Float32Array.of(124, 124), h: Float32Array.of(62, 62) };
  const raw = { x: numbers([0, 300]), y: numbers([0, 40]), w: numbers([124, 124]), h: numbers([62, 62]), folded: numbers([1]), dataBars: words(["0hz"]), gradBars: words([""]), out: numbers([31, 20]), tip: numbers([30, 29]), knots: numbers([0, 2]), columns: [150, 280], kx: numbers([0, 1]), unit: 2, ky: numbers([50, -10]) };
  const found = readGeometry(raw, null, [{ source: 0, target: 1 }, { source: 0, target: 1 }]);
  assert.deepEqual(found.w, boxes.w);
  assert.deepEqual([...found.start], [0, 2, 6]);
  assert.deepEqual([...found.kx], [124, 300, 124, 150, 280, 300]);
  assert.deepEqual([...found.ky], [31, 70, 20, 100, 80, 69]);
  assert.deepEqual(found.bars.get(1).data.map((share) => share.toFixed(2)), ["0.00", "0.49", "1.00"]);
  const pieces = piecesOf(found);
  assert.deepEqual([...pieces.edge], [0, 1, 1, 1]);
  assert.deepEqual([pieces.x[2], pieces.y[2], pieces.w[2], pieces.h[2]], [150, 80, 130, 20]);
});

test("the spatial index finds what a search from end to end finds", () => {
  let seed = 7;
  const random = () => (seed = (seed * 16807) % 2147483647) / 2147483647;
  const columns = [[], [], [], []];
  for (let i = 0; i < 3000; i += 1) {
    const large = i % 50 === 0 ? 9000 : 150;
    [random() * 20000 - 500, random() * 300000, random() * large, random() * large * (i % 97 === 0 ? 30 : 1)].forEach((value, at) => columns[at].push(value));
  }
  const [x, y, w, h] = columns.map((column) => Float32Array.from(column));
  const index = new Spatial(x, y, w, h);
  for (const rect of [{ x: 0, y: 0, width: 400, height: 300 }, { x: 5000, y: 90000, width: 3000, height: 2000 }, { x: -1e6, y: -1e6, width: 3e6, height: 3e6 }, { x: 700, y: 0, width: 0, height: 3e5 }]) {
    const found = [];
    index.each(rect, (i) => found.push(i));
    const expected = [...x.keys()].filter((i) => x[i] <= rect.x + rect.width && y[i] <= rect.y + rect.height && x[i] + w[i] >= rect.x && y[i] + h[i] >= rect.y);
    assert.deepEqual(found.sort((a, b) => a - b), expected);
  }
  const [px, py] = [x[40] + w[40] / 2, y[40] + h[40] / 2];
  assert.ok(index.at(px, py) >= 40);
  assert.equal(index.at(-9999, 5), -1);
  assert.equal(new Spatial([], [], [], []).at(0, 0), -1);
});

test("detail follows the scale, and edges thin out as they become many", () => {
  assert.deepEqual([1.15, 0.4, 0.39, 0.05, 0.04, 0.001].map(detailAt), ["cards", "cards", "blocks", "blocks", "density", "density"]);
  assert.deepEqual([strideOf("cards", 300), strideOf("blocks", 100000), strideOf("density", 0)], [1, 40, 1]);
  assert.equal(inkOf("cards", 1e6), 1);
  assert.ok(inkOf("blocks", 100) > inkOf("blocks", 2000));
  assert.deepEqual([null, undefined, "zero", 0, 15, "bad"].map(toneOf), [PLAIN, PLAIN, ZERO, FIRST, FIRST + 15, BAD]);
});

test("a moved picture is exposed in strips", () => {
  assert.deepEqual(exposed(0, 0, 100, 80), []);
  assert.deepEqual(exposed(5, 0, 100, 80), [{ x: 0, y: 0, width: 5, height: 80 }]);
  assert.deepEqual(exposed(-5, 3, 100, 80), [{ x: 95, y: 0, width: 5, height: 80 }, { x: 0, y: 0, width: 100, height: 3 }]);
  assert.deepEqual(exposed(0, -200, 100, 80), [{ x: 0, y: 0, width: 100, height: 80 }]);
  assert.deepEqual(around({ x: 0, y: 5, width: 10, height: 5 }, { x: 20, y: 0, width: 1, height: 1 }), { x: 0, y: 0, width: 21, height: 10 });
});

test("in a map of pixels the larger gradient covers the smaller", () => {
  globalThis.ImageData ??= class {
    constructor(data, width, height) {
      Object.assign(this, { data, width, height });
    }
  };
  const places = { x: [0, 10, 5000], y: [0, 0, 0], w: [100, 100, 100], h: [60, 60, 60] };
  const looks = { pixels: Uint32Array.from({ length: 20 }, (_, tone) => tone + 1) };
  const image = densityOf([0, 1, 2], places, [FIRST + 9, ZERO, ABSENT], looks, { scale: 0.01, left: 0, top: 0, width: 4, height: 2 });
  assert.deepEqual([...new Uint32Array(image.data.buffer)], [FIRST + 10, 0, 0, 0, 0, 0, 0, 0]);
  const beside = densityOf([0], places, [FIRST], looks, { scale: 0.01, left: -3, top: 1, width: 4, height: 2 });
  assert.ok(new Uint32Array(beside.data.buffer).every((pixel) => pixel === 0), "a box outside the map leaves no trace in it");
  const cut = densityOf([0], places, [FIRST], looks, { scale: 0.03, left: -2, top: 0, width: 4, height: 1 });
  assert.deepEqual([...new Uint32Array(cut.data.buffer)], [FIRST + 1, 0, 0, 0], "one that is cut, only what is inside");
});

test("only what differs is painted again", () => {
  const pass = new Pass(packed(passDocument()));
  const shown = new Shown(pass);
  const frame = Frame.read(pass, pass.window.frame, 0);
  const marks = { selected: null, breaks: () => false };
  assert.equal(shown.update(frame, null, marks), null, "at first everything");
  const { steps } = neuron();
  assert.deepEqual(shown.update(applyStep(pass, frame, steps[0]), steps[0], marks), { boxes: [0], edges: [] });
  assert.deepEqual(shown.update(applyStep(pass, frame, steps[1]), steps[1], marks).boxes.sort(), [0, 1], "the box that is left, too");
  assert.equal(shown.boxTones[0], PLAIN);
  assert.equal(shown.boxTones[5], ABSENT);
  assert.deepEqual(shown.update(frame, steps[1], { ...marks, selected: "n5" }).boxes.sort(), [1, 5]);
  for (const step of steps.slice(2, 32)) shown.update(applyStep(pass, frame, step), step, marks);
  const changes = shown.update(applyStep(pass, frame, steps[32]), steps[32], marks);
  assert.ok(changes.boxes.includes(steps[32].box) && changes.edges.includes(steps[32].viewEdge));
  assert.equal(shown.edgeTones[steps[32].viewEdge], toneOf(pass.edges[steps[32].viewEdge].level));
});

test("words and numbers fit", () => {
  assert.equal(fitText("x1*w1 + x2*w2 + b", 12.5, 70), "x1*w… + b");
  assert.deepEqual([0, 999, 1000, 65818, 1234567].map(grouped), ["0", "999", "1,000", "65,818", "1,234,567"]);
});
