import assert from "node:assert/strict";
import test from "node:test";
import { columnsOf, legible, shareFor, squeezing } from "../../static/squeeze.js";

const CARDS = [[24, 124], [24, 124], [206, 124], [388, 150], [401, 124], [596, 124], [778, 124]].map(([x, width]) => ({ x, width }));
const COLUMNS = columnsOf(CARDS);

test("columns are what cards stand on, one beside or over another", () => {
  assert.deepEqual(COLUMNS.map(({ start, stop }) => [start, stop]), [[24, 148], [206, 330], [388, 538], [596, 720], [778, 902]]);
  assert.deepEqual(columnsOf([{ x: 5, width: 5 }, { x: 0, width: 5 }]), [{ start: 0, stop: 10 }]);
});

test("columns move as they are, gaps become narrower, and nothing changes places", () => {
  const moved = squeezing(COLUMNS, 0.25, 6);
  const places = COLUMNS.flatMap(({ start, stop }) => [moved(start), moved(stop)]);
  assert.deepEqual(places, [6, 130, 144.5, 268.5, 283, 433, 447.5, 571.5, 586, 710]);
  assert.equal(moved(177) - moved(148), 29 / 4, "half of a gap stays half of it");
  assert.equal(moved(300) - moved(206), 94);
  assert.deepEqual([moved(20), moved(906)], [5, 711]);
  const unmoved = squeezing(COLUMNS, 1, 24);
  for (let x = 0; x < 926; x += 7) {
    assert.ok(moved(x + 7) > moved(x));
    assert.equal(unmoved(x), x);
  }
});

test("no more is taken than a pane needs, and nothing where even that is not enough", () => {
  const share = (width, height = 193) => shareFor(COLUMNS, 320, { width, height });
  assert.equal(share(600, 400), 1);
  assert.ok(share(340) > 0.2 && share(340) < share(390) && share(390) < 1);
  for (let pane = 330; pane < 600; pane += 1) {
    const part = share(pane, 400);
    if (part === null) continue;
    const width = Number((squeezing(COLUMNS, part, 6)(902) + 6).toFixed(2));
    assert.ok(legible({ width, height: 320 }, { width: pane, height: 400 }), `at ${pane}`);
    assert.ok(part === 1 || !legible({ width: width * 1.01, height: 320 }, { width: pane, height: 400 }), "no more is taken");
  }
  assert.equal(share(320), null);
  assert.equal(share(340, 180), null, "too high, however narrow it is");
  assert.equal(shareFor(columnsOf([{ x: 0, width: 124 }]), 62, { width: 200, height: 100 }), 1);
});
