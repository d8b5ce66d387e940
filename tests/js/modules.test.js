import assert from "node:assert/strict";
import test from "node:test";
import { Camera } from "../../static/camera.js";
import { DocumentError, Pass, readRecording, readWindow, toNumber } from "../../static/document.js";
import { createEvents } from "../../static/events.js";
import { fitNumber, roomBeside } from "../../static/fit.js";
import { commandOf, KEYS } from "../../static/keys.js";
import { colourLines, columnOfByte, markSpan } from "../../static/python.js";
import { chain, inside } from "../../static/scopes.js";
import { fractionOf, segments, stepAt } from "../../static/track.js";
import { formatHash, nearest, parseHash } from "../../static/url.js";
import { passDocument, recordingDocument } from "./fixture.js";

test("the address comes back as it went", () => {
  for (const state of [
    { pass: 3, step: 17, node: "n9", open: null },
    { pass: 0, step: 0, node: null, open: [] },
    { pass: 1, step: 2, node: "MLP/layers[0] #2", open: ["MLP", "MLP/layers[0]", "a&b=c#d %"] },
  ]) {
    const { pass, step, node, open } = parseHash(formatHash(state));
    assert.deepEqual({ pass, step, node, open }, state);
  }
  assert.equal(formatHash({ pass: 1, step: 2, node: null, open: ["MLP/layers[0]"] }), "#pass=1&step=2&open=MLP/layers[0]");
});

test("a malformed address is read as far as it makes sense", () => {
  for (const [hash, unread] of [["#pass=-1", ["pass"]], ["#step=1.5&pass=x", ["pass", "step"]], ["#step=1e9", ["step"]], ["#%%%&=&&", []], ["#node=", ["node"]], ["", []], [`#pass=${"9".repeat(40)}`, ["pass"]], ["#token=<b>", ["token"]]]) {
    const state = parseHash(hash);
    assert.deepEqual(state.unread, unread, hash);
    assert.equal(state.pass, null);
  }
  assert.equal(parseHash("#token=aB_-9&pass=2").token, "aB_-9");
  assert.deepEqual([nearest(99, 40), nearest(null, 40), nearest(7, 40), nearest(3, -1)], [40, 0, 7, 0]);
});

test("every key has one meaning, and fields and buttons keep theirs", () => {
  const keys = KEYS.flatMap((row) => row.keys);
  assert.equal(new Set(keys).size, keys.length);
  const press = (key, more = {}) => commandOf({ key, target: { tagName: "BODY" }, ...more });
  assert.equal(press("ArrowRight"), "forward");
  assert.equal(press("C"), "resumeBack");
  assert.equal(press(" "), "toggle");
  assert.equal(press("x"), null);
  assert.equal(press("f", { ctrlKey: true }), null);
  assert.equal(press("c", { target: { tagName: "INPUT" } }), null);
  assert.equal(press(" ", { target: { tagName: "BUTTON" } }), null);
  assert.equal(press("ArrowRight", { target: { tagName: "BUTTON" } }), "forward");
  assert.equal(press("ArrowLeft", { target: { tagName: "BUTTON", role: "tab" } }), null);
  assert.equal(press("ArrowLeft", { defaultPrevented: true }), null);
});

test("the track gives short phases room and maps both ways", () => {
  const parts = segments([{ name: "forward", start: 0, stop: 65138 }, { name: "backward", start: 65138, stop: 149349 }, { name: "update", start: 149349, stop: 149352 }]);
  assert.ok(parts[2].to - parts[2].from > 0.07);
  assert.ok(Math.abs(parts[2].to - 1) < 1e-9);
  for (const k of [0, 1000, 65138, 100000, 149349, 149351, 149352]) assert.ok(Math.abs(stepAt(parts, fractionOf(parts, k)) - k) <= 1);
  assert.deepEqual([fractionOf([], 3), stepAt([], 0.5), fractionOf(parts, 0), fractionOf(parts, 149352)], [0, 0, 0, 1]);
});

test("python is coloured line by line and loses no character", () => {
  const text = 'def f(x):  # "no string"\n    """two\n    lines"""\n    return f"{x}" + \'a\\\'b\' if x else 1_0.5e-3j\nformat = 0x1F\r\nlast = "open';
  const lines = colourLines(text);
  assert.equal(lines.map((line) => line.map(([piece]) => piece).join("")).join("\n"), text.replace("\r", ""));
  const kinds = (index) => lines[index].filter(([, kind]) => kind).map(([piece, kind]) => `${kind}:${piece}`);
  assert.deepEqual(kinds(0), ["kw:def", 'cm:# "no string"']);
  assert.deepEqual(kinds(1), ['st:"""two']);
  assert.deepEqual(kinds(2), ['st:lines"""'.replace("lines", "    lines")]);
  assert.deepEqual(kinds(3), ["kw:return", 'st:f"{x}"', "st:'a\\'b'", "kw:if", "kw:else", "nu:1_0.5e-3j"]);
  assert.deepEqual(kinds(4), ["nu:0x1F"]);
  assert.deepEqual(kinds(5), ['st:"open']);
});

test("a long hostile source is coloured in time", () => {
  const start = performance.now();
  for (const text of ['"'.repeat(20000), "'''".repeat(20000), "\\".repeat(50000), '"\\'.repeat(20000), "9".repeat(50000), "a.".repeat(30000)]) colourLines(text);
  assert.ok(performance.now() - start < 2000);
});

test("a span is marked across pieces, in bytes as Python counts", () => {
  assert.deepEqual(markSpan([["n = ", ""], ["1", "nu"], [" + b", ""]], 2, 6), [["n ", ""], ["= ", "here"], ["1", "nu here"], [" ", "here"], ["+ b", ""]]);
  assert.equal(columnOfByte("ab = 1", 3), 3);
  assert.equal(columnOfByte("π = ∂x", 4), 3);
  assert.equal(columnOfByte("😀x", 4), 2);
});

test("scopes nest by whole names", () => {
  assert.ok(inside("MLP/layers[0]", "MLP") && inside("MLP", "MLP") && inside("x", ""));
  assert.ok(!inside("MLP2", "MLP"));
  assert.deepEqual(chain("a/b/c"), ["a", "a/b", "a/b/c"]);
  assert.deepEqual(chain(""), []);
});

test("the camera fits, zooms around a point, and never loses the drawing", () => {
  const camera = new Camera({ x: 0, y: 0, width: 800, height: 300 }, { width: 900, height: 700 });
  assert.ok(camera.sees({ x: 0, y: 0, width: 800, height: 300 }));
  const under = (x) => camera.x + x / camera.scale;
  const before = under(200);
  camera.zoom(1.7, 200, 100);
  assert.ok(Math.abs(under(200) - before) < 1e-9);
  camera.pan(1e6, -1e6);
  const [x, y, width, height] = camera.viewBox;
  assert.ok(x < 800 && x + width > 0 && y < 300 && y + height > 0);
  assert.ok(!camera.sees({ x: 0, y: 0, width: 118, height: 62 }) || camera.scale > 0);
  camera.fit();
  assert.ok(camera.scale <= 1.15);
  const tiny = new Camera({ x: 0, y: 0, width: 9000, height: 90 }, { width: 390, height: 300 });
  tiny.readable({ x: 8800, y: 0, width: 118, height: 62 }, 0.62);
  assert.equal(tiny.scale, 0.62);
  assert.ok(tiny.sees({ x: 8700, y: 0, width: 118, height: 62 }));
});

test("documents are checked and looked up", () => {
  const pass = new Pass(passDocument());
  assert.deepEqual([pass.boxOfKey("n9"), pass.boxOfNode(9), pass.boxOfKey("nope"), pass.isSingle(9)], [9, 9, -1, true]);
  assert.deepEqual([0, 1, 11, 31, 43].map((k) => pass.phaseAt(k).name), ["forward", "forward", "order", "backward", "update"]);
  assert.throws(() => new Pass({}), DocumentError);
  assert.throws(() => readWindow({ start: 0, steps: [] }), /frame/);
  assert.deepEqual(["NaN", "Infinity", "-Infinity", 2, null].map(toNumber), [NaN, Infinity, -Infinity, 2, NaN]);
  assert.equal(readRecording(recordingDocument(3)).passes.at(2).index, 2);
  const columns = readRecording({ ...recordingDocument(), passes: { index: [0, 1], loss: [1, "NaN"] } });
  assert.deepEqual([columns.passes.length, columns.passes.at(1)], [2, { index: 1, loss: "NaN" }]);
  assert.throws(() => readRecording({ passes: "many" }), DocumentError);
});

test("a listener that is taken off hears nothing", () => {
  const events = createEvents();
  const heard = [];
  const off = events.on("a", (detail) => heard.push(detail));
  events.emit("a", 1);
  off();
  events.emit("a", 2);
  events.emit("b");
  assert.deepEqual(heard, [1]);
});

test("a number is fitted onto its card without touching a digit if it can be", () => {
  assert.equal(roomBeside("data", 14, 107), 65);
  assert.equal(fitNumber("-0.005655", 65), "-0.005655");
  assert.equal(fitNumber("16×3 · -1.5 … 2", 70), "16×3");
  assert.equal(fitNumber("-0.08461 … 0.3432", 115), "-0.08461… 0.3432");
  assert.equal(fitNumber("anything at all", Infinity), "anything at all");
});
