import assert from "node:assert/strict";
import test from "node:test";
import { documentsOf, placeName } from "../../static/cells.js";
import { expressionAt, inLine, innermost, partOf, sameExpression, titleOf } from "../../static/expressions.js";
import { byteOfColumn, columnOfByte } from "../../static/python.js";

const LINE = "n = x1*w1 + x2*w2 + b";
const [WHOLE, SUM, LEFT, RIGHT] = [[9, 4, 9, 21, 1], [9, 4, 9, 17, 1], [9, 4, 9, 9, 2], [9, 12, 9, 17, 1]];
const ALL = [LEFT, SUM, WHOLE, RIGHT];

test("a character belongs to the innermost expression", () => {
  const found = (byte, list = ALL) => innermost(list, 9, byte);
  assert.deepEqual([3, 4, 8, 9, 11, 12, 16, 17, 20, 21].map((byte) => found(byte)), [null, LEFT, LEFT, SUM, SUM, RIGHT, RIGHT, WHOLE, WHOLE, null]);
  assert.deepEqual(ALL.toReversed().map((one) => innermost(ALL.toReversed(), 9, one[1])), ALL.toReversed().map((one) => found(one[1])), "in whatever order they come");
  assert.equal(innermost(ALL, 8, 5), null);
});

test("expressions may go over lines, and one without columns is its lines", () => {
  const [long, plain] = [[12, 4, 14, 1, 1], [13, 0, 13, 0, 1]];
  assert.deepEqual([[12, 3], [12, 4], [13, 0], [14, 0], [14, 1]].map(([line, byte]) => innermost([long, plain], line, byte)), [null, long, long, long, null]);
  assert.equal(innermost([plain], 13, 99), plain);
  assert.deepEqual([12, 13, 14, 15].map((line) => partOf(long, line, "o = (n   ")), [[4, 6], [0, 6], [0, 1], null]);
  assert.deepEqual(partOf(plain, 13, "    return x  "), [4, 12]);
});

test("columns are bytes, parts are characters", () => {
  const text = "π = ∂x*y";
  const expression = [1, byteOfColumn(text, 4), 1, byteOfColumn(text, 8), 1];
  assert.deepEqual(partOf(expression, 1, text), [4, 8]);
  for (let index = 0; index <= text.length; index += 1) assert.equal(columnOfByte(text, byteOfColumn(text, index)), index);
});

test("an expression has a short title", () => {
  assert.equal(titleOf(LEFT, () => LINE), "x1*w1");
  assert.equal(titleOf([1, 4, 3, 1, 1], (line) => ["o = (", "    n.tanh()", ")"][line - 1]), "( n.tanh() )");
  assert.equal(titleOf([1, 0, 1, 60, 1], () => "x".repeat(60)).length, 40);
  assert.equal(titleOf(LEFT, () => null), "line 9");
});

test("a step names its expression, and the same place is the same expression", () => {
  assert.deepEqual(expressionAt({ line: 9, span: [4, 9] }), [9, 4, 9, 9]);
  assert.deepEqual(expressionAt({ line: 12, span: [4, 1, 14] }), [12, 4, 14, 1]);
  assert.deepEqual([expressionAt({ line: 9, span: null }), expressionAt({ line: null, span: [0, 1] })], [null, null]);
  assert.ok(sameExpression(LEFT, [9, 4, 9, 9]) && !sameExpression(LEFT, SUM) && !sameExpression(LEFT, undefined));
  assert.deepEqual(inLine([...ALL, [10, 0, 10, 3, 1]], 9), ALL);
});

test("the cells of a notebook are one document, in their order", () => {
  const found = documentsOf(["nets.py", "lecture.ipynb#cell-10", "lecture.ipynb#cell-2", "other/a.ipynb#cell-1", "odd.ipynb#cell-x"]);
  assert.deepEqual(found.map(({ name, parts }) => [name, parts.map(({ heading }) => heading)]), [
    ["nets.py", [null]], ["lecture.ipynb", ["cell 2", "cell 10"]], ["other/a.ipynb", ["cell 1"]], ["odd.ipynb#cell-x", [null]]]);
  assert.equal(found[1].parts[0].file, "lecture.ipynb#cell-2");
  assert.deepEqual([placeName("a/nets.py", 3), placeName("lecture.ipynb#cell-2", 3)], ["nets.py:3", "cell 2:3"]);
});
