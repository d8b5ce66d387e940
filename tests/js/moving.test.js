import assert from "node:assert/strict";
import test from "node:test";
import { across, changeOf, LASTS, MOST_MOVING, Movement } from "../../static/moving.js";

/** A picture of boxes at some places, all of one size; its painter writes down what it is asked for. */
function picture(places, said = []) {
  const keys = Object.keys(places);
  const column = (at) => Float32Array.from(keys, (key) => places[key][at]);
  const geometry = { x: column(0), y: column(1), w: new Float32Array(keys.length).fill(100), h: new Float32Array(keys.length).fill(50) };
  const touches = (i, { x, y, width, height }) => geometry.x[i] <= x + width && geometry.x[i] + 100 >= x && geometry.y[i] <= y + height && geometry.y[i] + 50 >= y;
  return {
    pass: { boxes: keys.map((key) => ({ key })), boxOfKey: (key) => keys.indexOf(key) },
    geometry,
    rect: (i) => ({ x: geometry.x[i], y: geometry.y[i], width: 100, height: 50 }),
    boxesIn: (rect) => keys.flatMap((_, i) => (touches(i, rect) ? [i] : [])),
    begin: () => said.push("begin"),
    paintLines: (context, now, area, ink) => said.push(["lines", ink]),
    paintBoxes: (context, now, area, boxes, at = geometry) => said.push([boxes.map((box) => [keys[box], at.x[box], at.y[box]]), context.globalAlpha]),
  };
}

const pane = { width: 1000, height: 800 };
const still = { scale: 1, left: 0, top: 0, detail: "cards" };

test("boxes in sight stay, come or go, and those out of sight in both views are left alone", () => {
  const before = picture({ a: [0, 0], small: [200, 0], out: [5000, 0], far: [6000, 0] });
  const after = picture({ a: [0, 0], n1: [200, 0], n2: [300, 0], out: [400, 0], far: [6000, 0] });
  const { change } = new Movement(before, after, still, still, pane);
  assert.deepEqual(change, { stays: [[0, 0], [2, 3]], comes: [1, 2], goes: [1] });
  assert.deepEqual(changeOf(after.pass, before.pass, [0, 1, 2], [0, 1]).comes, [1]);
});

test("what stays glides from where it was on the screen to where it belongs", () => {
  const before = picture({ a: [100, 40] });
  const after = picture({ a: [300, 200] });
  const from = { ...still, scale: 2, left: -50, top: 20 }; // it was at 150, 100 on the screen
  const movement = new Movement(before, after, from, { ...still, left: -100 }, pane);
  assert.equal(across(100, from, { ...still, left: -100 }, "left"), 250);
  movement.place(0);
  assert.deepEqual([movement.geometry.x[0], movement.geometry.y[0]], [250, 100]);
  movement.place(0.5);
  const [x, y] = [movement.geometry.x[0], movement.geometry.y[0]];
  assert.ok(x > 275 && x < 300 && y > 150 && y < 200, "fast at first");
  movement.place(1);
  assert.deepEqual([movement.geometry.x[0], movement.geometry.y[0]], [300, 200]);
  assert.deepEqual([after.geometry.x[0], after.rect(0).y], [300, 200], "whoever asks where it is hears where it belongs");
});

test("what comes and goes fades, lines too, for as long as it lasts and no longer", () => {
  const said = [];
  const movement = new Movement(picture({ small: [0, 0], a: [0, 100] }, said), picture({ n1: [0, 0], a: [0, 200] }, said), still, still, pane);
  const context = { globalAlpha: 1, restore: () => said.push("restore") };
  assert.ok(LASTS <= 250);
  assert.equal(movement.paint(context, 5000), true);
  assert.deepEqual(said, ["begin", ["lines", 0], [[["small", 0, 0]], 1], [[["a", 0, 100]], 1], [[["n1", 0, 0]], 0], "restore"]);
  said.length = 0;
  assert.equal(movement.paint(context, 5000 + LASTS / 2), true);
  const done = said[1][1];
  assert.deepEqual([said[2][1], said[3][1], said[4][1]], [1 - done, 1, done]);
  said.length = 0;
  assert.equal(movement.paint(context, 5000 + LASTS), false);
  assert.deepEqual(said, [], "the whole is painted as ever");
});

test("a movement of very many boxes would stutter", () => {
  const row = (count) => Object.fromEntries(Array.from({ length: count }, (_, i) => [`n${i}`, [0, 0]]));
  assert.ok(new Movement(picture(row(MOST_MOVING)), picture(row(MOST_MOVING)), still, still, pane).isWorthIt);
  assert.ok(!new Movement(picture(row(3)), picture(row(MOST_MOVING + 1)), still, still, pane).isWorthIt);
});
