import assert from "node:assert/strict";
import test from "node:test";
import { App } from "../../static/app.js";
import { readRecording } from "../../static/document.js";
import { full, readEdits, readNumber, sliderAround, withEdit } from "../../static/edits.js";
import { createEvents } from "../../static/events.js";
import { formatHash, parseHash } from "../../static/url.js";
import { passDocument, recordingDocument } from "./fixture.js";

const START = { pass: null, step: null, node: null, open: null, what: [], unread: [] };

test("edits come back from the address as they went", () => {
  const what = ["n3:1.5", "n4:-2e-7", "n5:1e+21", "n6:NaN", "n7:-Infinity", "n8:-0"];
  const hash = formatHash({ pass: 1, step: 2, node: "n3", open: ["a/b"], what });
  assert.match(hash, /what=n3:1\.5&what=n4:-2e-7&what=n5:1e%2B21/);
  assert.deepEqual(parseHash(hash), { token: null, pass: 1, step: 2, node: "n3", check: false, open: ["a/b"], most: null, what, unread: [] });
});

test("an address without edits has none, and one that makes no sense says so", () => {
  assert.deepEqual(parseHash("#pass=0").what, []);
  for (const text of ["n3", "n3:", "3:1", "n3:one", "n-3:1", "n3:1.5.2", "n3:0x10", `n3:${"1".repeat(200)}`]) {
    const { what, unread } = parseHash(`#pass=0&what=${text}`);
    assert.deepEqual([what, unread], [[], ["what"]], text);
  }
  assert.equal(readEdits(Array.from({ length: 101 }, (_, i) => `n${i}:1`)), null);
});

test("edits stand by node, the last of each", () => {
  assert.deepEqual(readEdits(["n10:1", "n2:2", "n10:3"]), ["n2:2", "n10:3"]);
  assert.deepEqual(withEdit(["n2:2", "n10:3"], 7, 0.5), ["n2:2", "n7:0.5", "n10:3"]);
  assert.deepEqual(withEdit(["n2:2", "n10:3"], 10, -0), ["n2:2", "n10:-0"]);
  assert.deepEqual(withEdit(["n2:2", "n10:3"], 2, null), ["n10:3"]);
});

test("what somebody types is read as a number, or not at all", () => {
  for (const [text, value] of [["1.5", 1.5], [" -2e-3 ", -0.002], ["+.5", 0.5], ["3.", 3], ["−1", -1], ["nan", NaN], ["-inf", -Infinity], ["Infinity", Infinity], ["-0", -0]]) {
    assert.ok(Object.is(readNumber(text), value), text);
  }
  for (const text of ["", " ", "1,5", "one", "1e", "1e999", "0x10", "--1", "1 2", "e5", "infinit"]) assert.equal(readNumber(text), null, text);
});

test("a slider holds what was recorded in its middle, and reaches as far on both sides", () => {
  for (const recorded of [-3, 0, 1e-9, 0.1, 6.881373587019543, 1e6, -1e308, Number.MAX_VALUE, NaN, -Infinity]) {
    const { half, step, valueAt, placeOf } = sliderAround(recorded);
    const centre = Number.isFinite(recorded) ? recorded : 0;
    assert.ok(Object.is(valueAt(0), centre));
    assert.ok(step > 0 && Number.isFinite(step));
    assert.ok(valueAt(-half) < centre || centre === -Number.MAX_VALUE);
    assert.ok(valueAt(half) > centre || centre === Number.MAX_VALUE);
    for (const place of [-half, -7, 0, 1, half]) {
      assert.ok(Number.isFinite(valueAt(place)));
      if (Math.abs(centre) < 1e300) assert.equal(placeOf(valueAt(place)), place);
    }
    assert.deepEqual([placeOf(Infinity), placeOf(-Infinity), placeOf(NaN)], [half, -half, 0]);
  }
  assert.deepEqual([sliderAround(-3).valueAt(-200), sliderAround(-3).valueAt(200)], [-13, 7]);
  assert.equal(sliderAround(0.1).valueAt(40), 0.3, "no 0.30000000000000004");
  assert.equal(full(-0), "-0");
});

function appOf() {
  const asked = [];
  const waiting = [];
  const passFindings = async () => [];
  const pass = (index, { what = [] } = {}) => {
    asked.push(what.join());
    const document = { ...passDocument(index), what: what.map((edit) => ({ node: Number(/\d+/.exec(edit)), data: 1 })), recorded: what.length ? { loss: 0.5 } : null };
    return what.length ? new Promise((resolve) => waiting.push(() => resolve(document))) : Promise.resolve(document);
  };
  const events = createEvents();
  const api = { ...events, recording: async () => readRecording(recordingDocument(3)), findings: async () => [], passFindings, pass };
  const app = new App({ api, timer: { set: () => 1, clear() {} } });
  const heard = [];
  for (const name of ["pass", "leave", "failed", "notice"]) app.on(name, () => heard.push(name));
  const answer = async () => {
    waiting.shift()();
    for (let i = 0; i < 20; i += 1) await null;
  };
  return { app, api, asked, heard, answer };
}

test("of edits asked for in a hurry the last is shown, one at a time, at the same moment", async () => {
  const { app, asked, heard, answer } = appOf();
  await app.start({ ...START, step: 17, node: "n8" });
  const done = app.edits.put(2, 1);
  for (const value of [1.25, 1.5, 1.75]) app.edits.put(2, value, { live: true });
  assert.deepEqual(asked, ["", "n2:1"]);
  await answer();
  assert.deepEqual(asked, ["", "n2:1", "n2:1.75"]);
  await app.player.seek(18); // while the answer is on its way
  await answer();
  await done;
  assert.deepEqual(app.state, { pass: 0, step: 18, node: "n8", check: false, open: null, most: null, what: ["n2:1.75"] });
  assert.equal(heard.filter((name) => name === "leave").length, 1, "one way back");
});

test("edits of several leaves add up, and each can be taken back", async () => {
  const { app, answer } = appOf();
  await app.start(START);
  app.edits.put(4, 1);
  app.edits.put(2, 5);
  app.edits.put(3, 7);
  await answer();
  await answer();
  assert.deepEqual(app.what, ["n2:5", "n3:7", "n4:1"]);
  app.edits.put(4, null);
  await answer();
  assert.deepEqual(app.what, ["n2:5", "n3:7"]);
});

test("what a refused edit leaves is what was there", async () => {
  const { app, api, heard } = appOf();
  await app.start(START);
  const { pass } = api;
  api.pass = async () => {
    throw Object.assign(new Error("This pass cannot be computed again."), { kind: "refused" });
  };
  await app.edits.put(2, 1);
  assert.deepEqual([app.what, heard.at(-1)], [[], "failed"]);
  api.pass = pass;
  app.edits.put(2, null);
  await new Promise((resolve) => setTimeout(resolve));
  assert.equal(heard.at(-1), "pass", "and it is not stuck");
});

test("another pass is shown as recorded, another view keeps the edits, Escape leaves them", async () => {
  const { app, heard, answer } = appOf();
  await app.start(START);
  app.edits.put(2, 5);
  await answer();
  const reopened = app.reopen([]);
  await null;
  await answer();
  await reopened;
  assert.deepEqual(app.what, ["n2:5"]);
  await app.command("nextPass");
  assert.deepEqual([app.pass.index, app.what], [1, []]);
  assert.ok(heard.includes("notice"));
  app.edits.put(2, 5);
  await answer();
  app.select("n8");
  await app.command("follow");
  assert.deepEqual([app.selected, app.what], [null, ["n2:5"]]);
  await app.command("follow");
  assert.deepEqual(app.what, []);
});
