"""10k, 100k and 1M values, the demo and a flat sum, each size in its own process: record (build, backward,
freeze, write), open (from the file to the answer that the page draws), and one step (the median of 60).

The exponent is the slope of a straight line through the logarithms: 1 is linear, 0 does not grow.
"""

import math
import tempfile
from functools import partial
from pathlib import Path

from benchmarks.harness import Bench, workload

SAMPLES = (15, 152, 1530)
PARTS = {"record": "≤ 1.1", "open": "≤ 1.1", "step": "≤ 0.1"}  # the last is what constant means here


def measure(bench: Bench) -> None:
    with tempfile.TemporaryDirectory() as folder:
        for shape, told in (("moons", "the demo"), ("sum", "a flat sum")):
            file = Path(folder) / f"{shape}.gradviz"
            found = bench.turns({n: partial(workload, "growth", shape, n, file) for n in SAMPLES})
            rows = list(found.values())
            slopes = {part: slope(rows, part) for part in PARTS}
            bench.table(
                f"{told}, CPU ms",
                [{"values": row["values"], **{part: 1e3 * row[part] for part in PARTS}} for row in rows]
                + [{"values": "exponent", **slopes}],
            )
            for part, bound in PARTS.items():
                bench.target(f"growth 10k to 1M values: {part} ({told})", "exponent", bound, slopes[part])


def slope(rows, part):
    """The exponent that fits best, by least squares."""
    missing = next((row for row in rows if isinstance(row, Exception)), None)
    if missing is not None:
        return missing
    xs, ys = [math.log(row["values"]) for row in rows], [math.log(row[part]) for row in rows]
    x, y = sum(xs) / len(xs), sum(ys) / len(ys)
    return sum((a - x) * (b - y) for a, b in zip(xs, ys, strict=True)) / sum((a - x) ** 2 for a in xs)
