import assert from "node:assert/strict";
import test from "node:test";
import { fitMark, roomOf } from "../../static/badges.js";

test("a badge writes no further than its card, and its number is whole as long as it fits", () => {
  assert.equal(fitMark("should be 0.1382", 124), "should be 0.1382");
  assert.equal(fitMark("should be -0.0001842", 124), "→ -0.0001842");
  assert.equal(fitMark("should be -0.0001842", 150), "should be -0.0001842");
  assert.equal(fitMark("should be 16×3 · -1.2 … 2", 100), "→ 16×3");
  assert.equal(fitMark("", 20), "");
  assert.equal(fitMark("should be -0.0001842", Infinity), "should be -0.0001842");
});

test("numbers of edges that reach under a card from the left take room from its badge", () => {
  const card = { x: 100, y: 0, width: 124, height: 62 };
  const number = (x, y) => ({ x, y, width: 40, height: 13 });
  assert.equal(roomOf(card, []), 124);
  assert.equal(roomOf(card, [number(70, 60)]), 114);
  assert.equal(roomOf(card, [number(70, 60), number(90, 50), number(80, 60)]), 94);
  assert.equal(roomOf(card, [number(70, 73), number(70, 40), number(40, 60)]), 124, "above, below and beside it they do not");
  assert.equal(roomOf(card, [number(200, 60)]), 124, "nor do those of edges that leave");
});
