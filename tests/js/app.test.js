import assert from "node:assert/strict";
import test from "node:test";
import { ApiError } from "../../static/api.js";
import { App } from "../../static/app.js";
import { readRecording } from "../../static/document.js";
import { createEvents } from "../../static/events.js";
import { nodeDocument, passDocument, recordingDocument } from "./fixture.js";
import { folded } from "./folded.js";

const START = { pass: null, step: null, node: null, open: null, most: null, what: [], unread: [] };
const FINDING = { check: "x", severity: "warning", pass: 0, node: 8, name: "n", message: "m" };

function appOf(more = {}) {
  const events = createEvents();
  const calls = [];
  const api = {
    ...events,
    recording: async () => readRecording(recordingDocument(3)),
    findings: async () => [],
    pass: async (index, { open }) => {
      calls.push(["pass", index, open]);
      return passDocument(index);
    },
    node: async (_pass, node) => {
      calls.push(["node", node]);
      return nodeDocument(node);
    },
    ...more,
  };
  const app = new App({ api, timer: { set: () => 1, clear() {} } });
  const heard = [];
  for (const name of ["pass", "move", "select", "failed", "notice", "leave", "empty"]) app.on(name, (detail) => heard.push([name, detail]));
  return { app, api, calls, heard, words: () => heard.filter(([name]) => name === "notice").map(([, { message }]) => message) };
}

test("it lands on the address", async () => {
  const { app } = appOf();
  await app.start({ ...START, pass: 2, step: 33, node: "n8" });
  assert.deepEqual(app.state, { pass: 2, step: 33, node: "n8", check: false, open: null, most: null, what: [] });
});

test("it lands on the nearest there is, and says so", async () => {
  const { app, words } = appOf();
  await app.start({ ...START, pass: 99, step: 1e6, node: "n77", unread: ["open"] });
  assert.deepEqual([app.pass.index, app.player.k, app.selected], [2, 43, null]);
  assert.equal(words().length, 4);
  assert.match(words()[0], /no pass 99.*2/);
});

test("a recording without passes is empty, not wrong", async () => {
  const { app, heard } = appOf({ recording: async () => readRecording(recordingDocument(0)) });
  await app.start(START);
  assert.deepEqual(heard.map(([name]) => name), ["empty"]);
});

test("another pass of the same shape keeps the moment and the choice", async () => {
  const { app, heard } = appOf();
  await app.start(START);
  await app.player.seek(17);
  app.select("n8");
  await app.command("nextPass");
  assert.deepEqual(app.state, { pass: 1, step: 17, node: "n8", check: false, open: null, most: null, what: [] });
  assert.ok(heard.some(([name]) => name === "leave"));
  await app.command("previousPass");
  await app.command("previousPass");
  assert.equal(app.pass.index, 0);
});

test("details are asked for once, and again after a failure", async () => {
  let down = true;
  const { app, calls } = appOf();
  await app.start(START);
  await app.detail(9);
  await app.detail(9);
  assert.equal(calls.filter(([name]) => name === "node").length, 1);
  app.api.node = async () => {
    if (down) throw new ApiError("refused", "no");
    return nodeDocument(3);
  };
  await assert.rejects(app.detail(3));
  down = false;
  assert.equal((await app.detail(3)).node, 3);
});

test("breakpoints and findings stop, the order phase does not", async () => {
  const { app } = appOf({ findings: async () => [FINDING] });
  await app.start(START);
  app.breakpoints.toggleLine("neuron.py", 7);
  const stops = [];
  while (app.player.k < app.player.total) {
    await app.command("resume");
    stops.push(app.player.k);
  }
  assert.deepEqual(stops, [5, 9, 32, 34, 43].filter((k) => stops.includes(k)));
  assert.ok(stops.includes(5) && stops.includes(9));
  assert.ok(!stops.some((k) => k > 10 && k <= 30));
});

test("a finding is gone to: its pass, its value, its moment", async () => {
  const { app } = appOf();
  await app.start(START);
  await app.goTo({ ...FINDING, pass: 1 });
  assert.deepEqual([app.pass.index, app.selected, app.player.k], [1, "n8", 32]);
});

test("opening and folding ask for another view of the same moment", async () => {
  const { app, calls } = appOf({ pass: async (index, { open }) => {
    calls.push(open);
    return folded();
  } });
  await app.start(START);
  await app.player.seek(3);
  await app.toggleBox(1);
  assert.deepEqual(calls.at(-1), ["MLP"]);
  assert.equal(app.player.k, 3);
  assert.deepEqual(app.state.open, ["MLP"]);
});

test("a box that is opened in a hurry opens at the moment that one was going to", async () => {
  const arrived = [];
  const { app } = appOf({
    recording: async () => ({ ...readRecording(recordingDocument(3)), limits: { window: 5 } }),
    pass: async () => passDocument(0, 5),
    steps: (index, start) => new Promise((done) => arrived.push(() => done({ ...passDocument(0, 5).window, start, steps: passDocument(0).window.steps.slice(start, start + 5) }))),
  });
  await app.start(START);
  app.command("last");
  const opened = app.reopen(["MLP"]);
  app.command("back"); // while neither the steps are there nor the view
  for (let settled = false; !settled;) {
    arrived.splice(0).forEach((arrive) => arrive());
    settled = await Promise.race([opened.then(() => true), new Promise((go) => setImmediate(go, false))]);
  }
  assert.deepEqual([app.open, app.player.k, app.player.waiting], [["MLP"], app.pass.total - 1, false]);
});

test("a failure is told; a lost server is tried again when it is back", async () => {
  let up = false;
  const { app, api, heard } = appOf({ recording: async () => {
    if (!up) throw new ApiError("disconnected", "gone");
    return readRecording(recordingDocument(1));
  } });
  await app.start(START);
  assert.equal(heard[0][0], "failed");
  up = true;
  api.emit("connected");
  await new Promise((resolve) => setTimeout(resolve, 10));
  assert.equal(app.pass.index, 0);
});
