import assert from "node:assert/strict";
import test from "node:test";
import { createEvents } from "../../static/events.js";
import { followHost } from "../../static/host.js";

const READY = { gradviz: "ready", origin: "*" };

function embedded({ loaded = true } = {}) {
  const app = { ...createEvents(), pass: loaded ? { total: 9 } : null, selected: null, attempt: (work) => work() };
  app.player = { k: 0, seek: async (k) => ((app.player.k = k), app.emit("move")) };
  app.choose = (key) => ((app.selected = key), app.emit("select"));
  const told = [];
  const parent = { postMessage: (message, origin) => told.push({ ...message, origin }) };
  let hear;
  followHost(app, { parent, addEventListener: (type, listener) => (hear = listener) });
  const say = async (data, { source = parent, origin = "https://lab.test" } = {}) => {
    hear({ source, origin, data: { gradviz: "seek", ...data } });
    await new Promise(setImmediate);
  };
  return { app, told, say };
}

test("who has not asked is told that the page is there, and no more", async () => {
  const { app, told } = embedded();
  await app.player.seek(3);
  assert.deepEqual(told, [READY]);
});

test("the host moves the cursor and hears of it", async () => {
  const { app, told, say } = embedded();
  await say({ serial: 4, step: 5, node: "n2" });
  assert.deepEqual([app.player.k, app.selected], [5, "n2"]);
  assert.deepEqual(told.at(-1), { gradviz: "cursor", serial: 4, step: 5, total: 9, node: "n2", origin: "https://lab.test" });
  await app.player.seek(6);
  assert.equal(told.at(-1).step, 6);
});

test("what is not said stays", async () => {
  const { app, say } = embedded();
  await say({ step: 5, node: "n2" });
  await say({ step: 7 });
  await say({ step: "8", node: 3 });
  assert.deepEqual([app.player.k, app.selected], [7, "n2"]);
  await say({ node: null });
  assert.deepEqual([app.player.k, app.selected], [7, null]);
});

test("only the window around it is listened to, and only from where it first spoke", async () => {
  const { app, say } = embedded();
  await say({ step: 5 }, { source: {} });
  assert.equal(app.player.k, 0);
  await say({ step: 1 });
  await say({ step: 5 }, { origin: "https://evil.test" });
  await say({ step: 6, gradviz: "else" });
  assert.equal(app.player.k, 1);
});

test("a host that speaks before the pass is there is heard then", async () => {
  const { app, told, say } = embedded({ loaded: false });
  await say({ serial: 1, step: 5 });
  await say({ serial: 2, node: "n1" });
  assert.deepEqual(told, [READY]);
  app.pass = { total: 9 };
  app.emit("pass");
  await new Promise(setImmediate);
  assert.deepEqual([app.player.k, app.selected, told.at(-1).serial], [5, "n1", 2]);
});

test("an origin without a name is told without one", async () => {
  const { told, say } = embedded();
  await say({}, { origin: "null" });
  assert.equal(told.at(-1).origin, "*");
});
