import assert from "node:assert/strict";
import test from "node:test";
import { Pass } from "../../static/document.js";
import { Player } from "../../static/player.js";
import { frameAtStart, neuron, passDocument, told } from "./fixture.js";
import { folded } from "./folded.js";

const graph = neuron();

function handTimer() {
  const jobs = [];
  return {
    set: (run) => jobs.push(run),
    clear: (id) => (jobs[id - 1] = null),
    async tick() {
      const job = jobs.findLastIndex((run) => run !== null);
      if (job < 0) return false;
      const run = jobs[job];
      jobs[job] = null;
      await run();
      return true;
    },
  };
}

/** A player whose windows hold `size` steps each, with the windows it asked for. */
function playerOf({ size = 512, hit, timer, onChange } = {}) {
  const raw = passDocument(0, size);
  const whole = new Player(new Pass(passDocument(0)), { fetchWindow: null });
  const asked = [];
  const fetchWindow = async (start, count) => {
    asked.push(start);
    await whole.seek(start);
    return { start, total: raw.steps, frame: { ...told(whole.frame), current: whole.step }, steps: graph.steps.slice(start, start + count) };
  };
  return Object.assign(new Player(new Pass(raw), { fetchWindow, size, hit, timer, onChange }), { asked });
}

const picture = (player) => JSON.stringify([player.k, told(player.frame), player.step?.k ?? null]);

test("at the start nothing is computed", () => {
  const player = playerOf();
  assert.equal(player.k, 0);
  assert.equal(player.step, null);
  assert.equal(player.next.event, "compute");
  assert.deepEqual(told(player.frame), { k: 0, boxes: frameAtStart(graph).boxes, edges: frameAtStart(graph).edges });
});

test("a pass that comes whole is kept in pieces, and asks for nothing", async () => {
  const whole = playerOf();
  const pieces = new Player(new Pass(passDocument(0)), { fetchWindow: null, size: 7 });
  assert.ok(pieces.complete);
  for (const k of [...Array(whole.total + 1).keys(), ...Array(whole.total + 1).keys()].sort((a, b) => (a * 5) % 11 - (b * 5) % 11)) {
    await whole.seek(k);
    await pieces.seek(k);
    assert.equal(picture(pieces), picture(whole));
  }
});

test("at the end everything is there, and the last texts are the view's", async () => {
  const player = playerOf();
  await player.last();
  assert.equal(player.k, player.total);
  for (const [index, box] of player.pass.boxes.entries()) {
    assert.equal(player.frame.box(index).grad, box.grad);
    assert.equal(player.frame.box(index).level, box.glevel);
    assert.equal(player.frame.box(index).grads, player.frame.box(index).gradsTotal);
  }
  assert.ok(told(player.frame).edges.every((edge, index) => edge.on && edge.text === player.pass.edges[index].text));
});

for (const size of [512, 7, 1]) {
  test(`forward then back restores every frame, windows of ${size}`, async () => {
    const player = playerOf({ size });
    const seen = [picture(player)];
    while (player.k < player.total) {
      await player.forward();
      seen.push(picture(player));
    }
    assert.equal(seen.length, player.total + 1);
    for (let k = player.total - 1; k >= 0; k -= 1) {
      await player.back();
      assert.equal(picture(player), seen[k], `frame ${k}`);
    }
    for (const k of [13, 2, 40, 7, 43, 14, 0, 21]) {
      await player.seek(k);
      assert.equal(picture(player), seen[k], `frame ${k} reached at once`);
    }
  });
}

test("loaded windows step at once and ask for nothing", () => {
  const player = playerOf();
  for (let k = 1; k <= player.total; k += 1) {
    player.forward();
    assert.equal(player.k, k);
  }
  assert.deepEqual(player.asked, []);
  assert.ok(player.complete);
});

test("neighbouring windows come before they are needed", async () => {
  const player = playerOf({ size: 10 });
  await player.seek(4);
  assert.deepEqual(player.asked, [10]);
  await player.seek(8);
  player.seek(11);
  assert.equal(player.k, 11, "no waiting at the border");
});

test("the cursor stays within the pass", async () => {
  const player = playerOf();
  await player.seek(-5);
  assert.equal(player.k, 0);
  await player.seek(1e9);
  assert.equal(player.k, player.total);
  await player.seek(NaN);
  assert.equal(player.k, 0);
});

test("a newer jump overtakes one that still waits", async () => {
  const player = playerOf({ size: 5 });
  const slow = player.seek(38);
  await player.seek(2);
  await slow;
  assert.equal(player.k, 2);
});

test("steps taken while one waits count, from where it is going to", async () => {
  const player = playerOf({ size: 5 });
  player.last();
  player.back();
  assert.deepEqual([player.k, player.aim, player.waiting], [0, player.total - 1, true]);
  await player.back();
  assert.deepEqual([player.k, player.aim, player.waiting], [player.total - 2, player.total - 2, false]);
});

test("what is not wanted any more is not waited for", async () => {
  const player = playerOf({ size: 5 });
  const slow = player.last();
  player.first();
  assert.equal(player.waiting, false);
  await slow;
  await player.forward();
  assert.deepEqual([player.k, player.aim, player.waiting], [1, 1, false]);
});

test("over steps over a line, out to the end of the phase", async () => {
  const player = playerOf();
  await player.seek(5);
  await player.over();
  assert.equal(player.k, 9, "the four values of line 9");
  await player.out();
  assert.equal(player.k, 10, "the end of forward");
  await player.out();
  assert.equal(player.k, 30, "the end of the order");
});

test("over and out know scopes", async () => {
  const player = new Player(new Pass(folded()), { fetchWindow: null });
  await player.over();
  assert.equal(player.k, 1, "a value outside every scope");
  await player.over();
  assert.equal(player.k, 4, "over the folded box, whole");
  await player.seek(2);
  await player.out();
  assert.equal(player.k, 4, "out of it");
});

test("a folded box counts, and shows its text when it is complete", async () => {
  const player = new Player(new Pass(folded()), { fetchWindow: null });
  await player.seek(3);
  assert.deepEqual([player.frame.box(1).computed, player.frame.box(1).data], [2, null]);
  await player.seek(4);
  assert.deepEqual([player.frame.box(1).computed, player.frame.box(1).data], [3, "0 … 2"]);
  await player.last();
  assert.deepEqual([player.frame.box(1).grad, player.frame.box(1).level], ["0.5", 9]);
  assert.deepEqual(player.frame.edge(0), { on: true, text: "0.5", level: 9, carried: 2, total: 2 });
  await player.back();
  assert.equal(player.frame.edge(0).on, false);
});

test("continue stops where a breakpoint begins, forwards and backwards", async () => {
  const hit = (step) => (step.phase !== "order" && step.line === 9 ? "line 9" : null);
  for (const size of [512, 6]) {
    const player = playerOf({ hit, size });
    const stops = [];
    while (player.k < player.total) {
      await player.resume(1);
      stops.push(player.k);
    }
    assert.deepEqual(stops, [6, 32, 35, 43], "once for each run of steps at the line");
    const back = [];
    while (player.k > 0) {
      await player.resume(-1);
      back.push(player.k);
    }
    assert.deepEqual(back, [35, 32, 6, 0]);
  }
});

test("who looks through many steps asks for many at once, and every frame between is right", async () => {
  const [player, whole] = [playerOf({ size: 4 }), playerOf()];
  await player.resume(1);
  assert.deepEqual([player.k, player.asked], [player.total, [4]]);
  for (let k = player.total; k >= 0; k -= 1) {
    await player.seek(k);
    await whole.seek(k);
    assert.equal(picture(player), picture(whole), `frame ${k}`);
  }
  assert.deepEqual(player.asked, [4]);
  const late = playerOf({ size: 4 });
  await late.last();
  await late.resume(-1);
  assert.deepEqual([late.k, late.asked], [0, [40, 0]]);
});

test("run to a value goes to what happens next to it, and around", async () => {
  const player = playerOf();
  const toN = (step) => step.node === 8 && step.phase !== "order";
  await player.runTo(toN);
  assert.equal(player.k, 9);
  await player.runTo(toN);
  assert.equal(player.k, 32);
  await player.runTo(toN);
  assert.equal(player.k, 9);
  await player.runTo((step) => step.node === 77);
  assert.equal(player.k, 9, "stays where there is nothing to run to");
});

test("play moves with the timer, stops at the end and at breakpoints", async () => {
  const timer = handTimer();
  let stop = null;
  const player = playerOf({ timer, hit: (step) => (step.k === stop ? "here" : null) });
  player.play();
  await timer.tick();
  assert.deepEqual([player.k, player.playing], [1, true]);
  player.pause();
  assert.equal(await timer.tick(), false);
  stop = 5;
  player.setSpeed(1000);
  player.play();
  await timer.tick();
  assert.deepEqual([player.k, player.playing], [6, false]);
  stop = null;
  player.play();
  while (await timer.tick());
  assert.deepEqual([player.k, player.playing], [player.total, false]);
  player.play();
  assert.equal(player.k, 0, "from the start again");
});

test("a step by hand pauses", async () => {
  const player = playerOf({ timer: handTimer() });
  player.play();
  await player.forward();
  assert.equal(player.playing, false);
});

test("a failed window leaves the cursor where it was and says so", async () => {
  const raw = passDocument(0, 10);
  const player = new Player(new Pass(raw), { size: 10, fetchWindow: async () => Promise.reject(new Error("gone")) });
  await player.seek(6);
  await assert.rejects(player.seek(20), /gone/);
  assert.deepEqual([player.k, player.waiting], [6, false]);
  await player.seek(9);
  assert.equal(player.k, 9);
});
