import assert from "node:assert/strict";
import test from "node:test";
import { ApiError, createApi } from "../../static/api.js";
import { App } from "../../static/app.js";
import { Camera } from "../../static/camera.js";
import { Pass, readRecording } from "../../static/document.js";
import { createEvents } from "../../static/events.js";
import { between, eased } from "../../static/glide.js";
import { about, MOST_EVER, question } from "../../static/held.js";
import { origins, scopesOf, successors } from "../../static/lineage.js";
import { directionOf, neighbour } from "../../static/neighbours.js";
import { wholeOf } from "../../static/scopes.js";
import { formatHash, parseHash } from "../../static/url.js";
import { passDocument, recordingDocument } from "./fixture.js";
import { folded } from "./folded.js";

const START = { pass: null, step: null, node: null, open: null, most: null, what: [], unread: [] };

/** The folded document with its box opened into three values. */
function opened() {
  const raw = folded();
  const [x, group] = raw.view.boxes;
  const single = (node) => ({ ...group, key: `n${node}`, node, title: `v${node}`, count: 1, kind: "op", scope: "MLP", expandable: false });
  raw.view = { ...raw.view, open: ["MLP"], boxes: [x, single(1), single(2), single(3)], edges: [1, 2, 3].map((target) => ({ source: target === 3 ? 1 : 0, target, count: 1, text: "1", level: 3 })) };
  raw.window.frame.boxes = [1, 1, 1, 1].map((total) => ({ computed: 0, total, data: null, grad: null, level: null, grads: 0, gradsTotal: 1, order: null, updated: false }));
  raw.window.frame.edges = raw.view.edges.map(() => ({ on: false, text: null, level: null, carried: 0, total: 1 }));
  return raw;
}

function appOf(answer) {
  const asked = [];
  const api = { ...createEvents(), recording: async () => readRecording(recordingDocument(1)), findings: async () => [], pass: async (_index, lens) => (asked.push(lens), answer(lens)), cancel: () => asked.push("cancel") };
  const app = new App({ api, timer: { set: () => 1, clear() {} } });
  const heard = [];
  for (const name of ["held", "leave", "pass", "failed"]) app.on(name, (detail) => heard.push([name, detail]));
  return { app, asked, heard, held: () => heard.findLast(([name]) => name === "held")?.[1] };
}

test("what opening costs is said in words, and too much is refused with a reason", () => {
  const pass = { boxes: { length: 8 } };
  const asked = question([{ key: "MLP/*", title: "MLP", boxes: 20000 }], pass, false);
  assert.deepEqual([asked.title, asked.boxes, asked.possible, asked.parts], ["Open all of MLP?", 20007, true, false]);
  assert.match(asked.text, /^20,007 boxes: about 2 s to lay out/);
  const much = question([{ key: "*", title: "everything", boxes: 65818 }, { key: "a", title: "a", boxes: 5 }], pass, true);
  assert.equal(much.possible, false);
  assert.match(much.text, /at most 60,000/);
  assert.match(much.title, /and 1 more/);
  assert.deepEqual([10, 10000, 20000, 60000].map(about), ["less than a second", "about a second", "about 2 s", "about 4 s"]);
  assert.ok(MOST_EVER === 60000);
});

test("a held box is asked about before anything changes", async () => {
  const kept = { ...folded(), view: { ...folded().view, held: [{ key: "MLP", title: "MLP", boxes: 5000 }] } };
  const { app, asked, heard, held } = appOf(({ most }) => (most ? opened() : kept));
  await app.start(START);
  const before = app.pass;
  await app.toggleBox(1);
  assert.equal(app.pass, before, "the picture stays");
  assert.ok(!heard.some(([name]) => name === "leave"), "and so does the history");
  assert.deepEqual([held().boxes, held().possible, held().parts], [5001, true, false]);
  await held().anyway();
  assert.deepEqual(asked.at(-1), { open: ["MLP"], most: 5001, what: [] });
  assert.deepEqual([app.pass.boxes.length, app.most, app.state.most], [4, 5001, 5001]);
});

test("its parts may be opened where there are some", async () => {
  const partly = { ...opened(), view: { ...opened().view, open: ["MLP"], held: [{ key: "MLP/b", title: "b", boxes: 70000 }] } };
  const { app, held } = appOf(({ open }) => (open ? partly : folded()));
  await app.start(START);
  await app.toggleBox(1);
  assert.deepEqual([held().possible, held().parts], [false, true]);
  await held().onlyParts();
  assert.deepEqual([app.open, app.pass.boxes.length, app.most], [["MLP"], 4, null]);
});

test("instead of all in a box its parts may be opened", async () => {
  const kept = { ...folded(), view: { ...folded().view, held: [{ key: "MLP/*", title: "MLP", boxes: 70000 }] } };
  const { app, asked, held } = appOf(({ open }) => (open?.includes("MLP/*") ? kept : open ? opened() : folded()));
  await app.start(START);
  await app.openWhole(1);
  assert.deepEqual([held().possible, held().parts, asked.at(-1).open], [false, true, ["MLP", "MLP/*"]]);
  await held().onlyParts();
  assert.deepEqual([app.open, app.pass.boxes.length], [["MLP"], 4]);
});

test("what is opened whole is folded whole", async () => {
  const { app, asked } = appOf(({ open }) => (open?.length ? opened() : folded()));
  await app.start({ ...START, open: ["MLP/*"] });
  await app.toggleBox(2);
  assert.deepEqual(asked.at(-1).open, []);
  assert.deepEqual(["*", "a/b/*", "a/b"].map(wholeOf), ["", "a/b", null]);
});

test("a newer wish aborts the older, and Escape aborts any", async () => {
  const aborted = [];
  const fetch = (url, { signal }) => new Promise((_resolve, reject) => signal.addEventListener("abort", () => (aborted.push(url), reject(new Error("aborted")))));
  const api = createApi({ token: "t", timer: { setTimeout: () => 1, clearTimeout() {} }, fetch });
  const first = api.pass(0, { open: ["a"] });
  const second = api.pass(0, { open: ["b"] });
  await assert.rejects(first, (error) => error instanceof ApiError && error.kind === "stale");
  api.cancel();
  await assert.rejects(second, { kind: "stale" });
  assert.deepEqual(aborted, ["/api/passes/0?open=a", "/api/passes/0?open=b"]);
  const { app, asked } = appOf(() => passDocument());
  await app.start(START);
  app.loading = true;
  await app.command("follow");
  assert.equal(asked.at(-1), "cancel");
});

test("the address keeps how many boxes were allowed", () => {
  assert.equal(parseHash(formatHash({ pass: 0, step: 1, open: ["*"], most: 20007 })).most, 20007);
  assert.equal(parseHash("#pass=0").most, null);
  assert.equal(parseHash("#most=9999999").most, MOST_EVER);
  for (const text of ["0", "-5", "many", "1e3"]) assert.deepEqual(parseHash(`#most=${text}`).unread, ["most"], text);
});

test("boxes are followed through opening and folding", () => {
  const [before, after] = [new Pass(folded()), new Pass(opened())];
  assert.deepEqual([successors(before, 0, after), successors(before, 1, after)], [[0], [1, 2, 3]]);
  assert.deepEqual([successors(after, 2, before), successors(after, 0, before), successors(before, 9, after)], [[1], [0], []]);
  assert.deepEqual(origins(before, after), [0, 1, 1, 1]);
  assert.deepEqual(origins(after, before), [0, 1]);
  assert.deepEqual(scopesOf({ node: null, key: "a/b #2 + c" }), ["a/b", "c"]);
});

test("a box glides from place to place, and a new one grows", () => {
  const [from, to] = [{ x: 0, y: 0, width: 168, height: 120 }, { x: 300, y: 90, width: 124, height: 62 }];
  assert.deepEqual(between(from, to, 0, false), { x: 0, y: 0, size: 1 });
  assert.deepEqual(between(from, to, 1, false), { x: 300, y: 90, size: 1 });
  const start = between(from, to, 0, true);
  assert.equal(start.size, 0.25);
  assert.deepEqual([start.x + (124 * 0.25) / 2, start.y + (62 * 0.25) / 2], [84, 60], "out of the middle of where it was");
  assert.deepEqual([eased(-1), eased(0), eased(1), eased(2)], [0, 0, 1, 1]);
});

test("the camera holds a box where it was on the screen", () => {
  const pane = { width: 800, height: 600 };
  const before = Object.assign(new Camera({ x: 0, y: 0, width: 3000, height: 2000 }, pane), { x: 200, y: 100, scale: 0.8 });
  const after = new Camera({ x: 0, y: 0, width: 90000, height: 400000 }, pane);
  assert.ok(after.scale < 0.002, "what is very large still fits");
  const [there, rect] = [{ x: 500, y: 400, width: 168, height: 120 }, { x: 7000, y: 9000, width: 124, height: 62 }];
  after.hold(before, there, rect);
  const screen = (camera, one) => [(one.x + one.width / 2 - camera.x) * camera.scale, (one.y + one.height / 2 - camera.y) * camera.scale].map((px) => px.toFixed(6));
  assert.deepEqual(screen(after, rect), screen(before, there));
});

test("keys lead from box to box", () => {
  const pass = new Pass(passDocument());
  const places = [[0, 0], [0, 164], [0, 82], [0, 246], [326, 205], [163, 41], [163, 205], [326, 123], [489, 164], [652, 164]];
  const rectOf = (index) => (places[index] ? { x: places[index][0], y: places[index][1], width: 118, height: 62 } : null);
  const next = (index, direction) => neighbour(pass, index, direction, rectOf);
  assert.deepEqual([next(0, "consumer"), next(9, "input"), next(9, "consumer"), next(0, "input")], [5, 8, -1, -1]);
  assert.deepEqual([next(0, "below"), next(2, "above"), next(0, "above"), next(3, "below"), next(99, "below")], [2, 0, -1, -1, -1]);
  const press = (key, more = {}) => directionOf({ key, shiftKey: true, ctrlKey: false, altKey: false, metaKey: false, ...more });
  assert.deepEqual([press("ArrowRight"), press("ArrowDown"), press("ArrowRight", { shiftKey: false }), press("x"), press("ArrowUp", { ctrlKey: true })], ["consumer", "below", null, null, null]);
});
