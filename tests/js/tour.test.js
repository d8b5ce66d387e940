import assert from "node:assert/strict";
import test from "node:test";
import { ApiError } from "../../static/api.js";
import { App } from "../../static/app.js";
import { readRecording } from "../../static/document.js";
import { createEvents } from "../../static/events.js";
import { formatHash, parseHash } from "../../static/url.js";
import { describe } from "../../static/words.js";
import { nodeDocument, passDocument, recordingDocument } from "./fixture.js";
import { packed, packedWords } from "./packed.js";

const START = { pass: null, step: null, node: null, open: null, most: null, what: [], check: false, unread: [] };
const VERDICTS = ["right", "right", "wrong", "missing", "right", "right", "right", "unknown", "right", "right"];
const ANSWER = {
  summary: "7 right, 1 wrong, 1 not computed", counts: { right: 7, wrong: 1, missing: 1, unknown: 1 }, verdicts: VERDICTS, more: 0, findings: [],
  nodes: { 2: { name: "w1", box: 2, expected: "1", recorded: "-1.5", verdict: "wrong", rule: "∂L/∂w1 = 0.5 × 2 = 1" }, 3: { name: "w2", box: 3, expected: "0", recorded: "–", verdict: "missing", rule: "" } },
};

async function started({ state = START, pass = passDocument, check = async () => ANSWER } = {}) {
  const calls = [];
  const api = {
    ...createEvents(),
    recording: async () => readRecording(recordingDocument(3)),
    findings: async () => [],
    pass: async (index) => pass(index),
    node: async (_pass, node) => nodeDocument(node),
    check: async (...asked) => {
      calls.push(["check", asked[0]]);
      return check(...asked);
    },
  };
  const app = new App({ api, timer: { set: () => 1, clear() {} } });
  const heard = [];
  for (const name of ["tour", "check", "select", "failed", "notice", "leave"]) app.on(name, (detail) => heard.push([name, detail]));
  await app.start(state);
  await rest();
  return { app, calls, heard, number: (name) => heard.filter(([one]) => one === name).length };
}

const rest = () => new Promise((resolve) => setTimeout(resolve, 0));
const plan = (nodes, boxes = nodes, more = {}) => ({ key: "k", title: "x1*w1", ask: async () => ({ nodes, boxes, more: 0 }), ...more });

test("a walk goes through all values, from the last to the first, and pins each", async () => {
  const { app, number } = await started();
  await app.tour.start(plan([2, 5, 9]));
  const seen = [app.selected];
  for (let i = 0; i < 3; i += 1) {
    await app.command("next");
    seen.push(app.selected);
  }
  await app.command("previous");
  assert.deepEqual([...seen, app.selected], ["n2", "n5", "n9", "n2", "n9"]);
  assert.deepEqual([2, 3, 5, 9].map((index) => app.tour.has(index)), [true, false, true, true]);
  assert.equal(number("leave"), 1, "one entry in the history for the whole walk");
  await app.command("follow");
  assert.deepEqual([app.tour.active, app.selected, app.tour.has(2)], [null, "n9", false]);
});

test("it begins where one is, and the same choice again goes on", async () => {
  const { app } = await started();
  app.select("n5");
  await app.tour.start(plan([2, 5, 9]));
  assert.equal(app.selected, "n5");
  await app.tour.start(plan([2, 5, 9]));
  assert.equal(app.selected, "n9");
});

test("a value in a folded box is told through the box that holds it", async () => {
  const { app } = await started();
  await app.tour.start(plan([70, 71], [4, 4]));
  assert.deepEqual([app.selected, app.tour.nodeIn(4), app.tour.nodeIn(5)], ["n4", 70, null]);
  await app.command("next");
  assert.equal(app.tour.nodeIn(4), 71);
  app.select("n5");
  assert.equal(app.tour.nodeIn(4), null, "somebody looks at something else");
});

test("nothing there is told, and nothing is chosen", async () => {
  const { app, number } = await started();
  await app.tour.start(plan([]));
  assert.deepEqual([app.tour.active, app.selected, number("notice")], [null, null, 1]);
});

test("in another view it stays with its value, in another pass with its place", async () => {
  const { app } = await started();
  const asked = [];
  const ask = async (pass) => {
    asked.push(pass.index);
    return asked.length === 1 ? { nodes: [2, 5, 9], boxes: [2, 5, 9] } : { nodes: [5, 6, 9], boxes: [1, 2, 3] };
  };
  await app.tour.start(plan([], [], { ask }));
  await app.command("next");
  await app.reopen(["MLP"]);
  await rest();
  assert.deepEqual([app.tour.node, app.tour.box, app.tour.active.at], [5, 1, 0]);
  await app.command("nextPass");
  await rest();
  assert.deepEqual([asked, app.tour.active.at], [[0, 0, 1], 0]);
});

test("gradients are checked on demand: the pass at its end, and each box with its mark", async () => {
  const { app, calls } = await started();
  assert.deepEqual([calls, app.checking.markOf(2), app.state.check], [[], null, false]);
  await app.command("check");
  await rest();
  assert.deepEqual([app.player.k, app.state.check], [app.pass.phases.find(({ name }) => name === "backward").stop, true]);
  assert.deepEqual([0, 2, 3, 7].map((index) => app.checking.markOf(index)), [
    { kind: "right", text: "", words: "gradient right" },
    { kind: "wrong", text: "should be 1", words: "gradient wrong, should be 1" },
    { kind: "missing", text: "should be 0", words: "gradient not computed, should be 0" }, null]);
  assert.match(describe(app.pass.boxes[2], app.player.frame.box(2), app.checking.markOf(2)), /gradient wrong, should be 1$/);
  await app.command("check");
  assert.deepEqual([app.checking.markOf(2), app.state.check], [null, false]);
});

test("the address turns the check on, and every picture is asked about once", async () => {
  const { app, calls } = await started({ state: { ...START, check: true } });
  assert.deepEqual([app.checking.verdict(2), calls], ["wrong", [["check", 0]]]);
  await app.checking.tour();
  await app.command("nextPass");
  await rest();
  assert.deepEqual(calls, [["check", 0], ["check", 1]]);
  assert.equal(parseHash(formatHash(app.state)).check, true);
  assert.equal(parseHash("#check=0").check, false);
  assert.doesNotMatch(formatHash({ ...app.state, check: false }), /check/);
});

test("one walks through what fails, until the check is off", async () => {
  const { app } = await started({ state: { ...START, check: true } });
  await app.checking.tour();
  assert.deepEqual([app.selected, app.tour.active.nodes], ["n2", [2, 3]]);
  await app.command("check");
  assert.equal(app.tour.active, null);
});

test("a large view has its verdicts in a column", async () => {
  const { app } = await started({ state: { ...START, check: true }, pass: () => packed(passDocument()), check: async () => ({ ...ANSWER, verdicts: packedWords(VERDICTS) }) });
  assert.ok(app.pass.isLarge);
  assert.deepEqual([0, 2, 7].map((index) => app.checking.verdict(index)), ["right", "wrong", null]);
});

test("a check that fails is told, and can be asked for again", async () => {
  let down = true;
  const { app, heard } = await started({ check: async () => {
    if (down) throw new ApiError("refused", "no");
    return ANSWER;
  } });
  await app.command("check");
  await rest();
  assert.deepEqual(heard.filter(([name]) => name === "failed").map(([, { message }]) => message), ["no"]);
  assert.equal(app.checking.markOf(2), null);
  down = false;
  await app.command("check");
  await app.command("check");
  await rest();
  assert.equal(app.checking.verdict(2), "wrong");
});

test("where backward failed is marked, checked or not", async () => {
  const failing = (index) => ({ ...passDocument(index), failed: { node: 8, box: 8, name: "n", type: "TypeError", message: "no" } });
  const { app } = await started({ pass: failing });
  assert.equal(app.checking.markOf(8).kind, "failed");
  await app.command("check");
  await rest();
  assert.deepEqual([app.checking.markOf(8).kind, app.checking.markOf(9).kind], ["failed", "right"]);
});
