"""A chain or a wide sum of scalar ops: python chain.py ENGINE SHAPE OPS REPEATS. Prints seconds and bytes.

The leaves are made before the clock starts. A chain is `y = y * a; y = y + b`, again and again; a sum is a
sum of products, one multiplication and one addition for each.
"""

import json
import statistics
import sys
import time

ENGINE, SHAPE, OPS, REPEATS = sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4])


def leaf_maker():
    if ENGINE == "torch":
        try:
            import torch
        except ImportError:
            print(json.dumps({"missing": "skipped: no torch"}))
            raise SystemExit from None
        torch.set_num_threads(1)
        return lambda x: torch.tensor(x, dtype=torch.float64, requires_grad=True)
    if ENGINE == "micrograd":
        from micrograd.engine import Value
    else:
        from gradviz import Value
    return Value


def chain(leaf, rounds):
    x, a, b = leaf(0.5), leaf(0.999), leaf(0.001)

    def build():
        y = x
        for _ in range(rounds):
            y = y * a
            y = y + b
        return y

    return build, x, 0.999**rounds


def wide_sum(leaf, rounds):
    xs, ws = ([leaf(start + 1e-6 * k) for k in range(rounds)] for start in (0.5, -0.5))

    def build():
        total = 0
        for x, w in zip(xs, ws, strict=True):
            total = total + x * w
        return total

    return build, xs[0], -0.5


build, watched, slope = (chain if SHAPE == "chain" else wide_sum)(leaf_maker(), OPS // 2)
times = []
try:
    for k in range(REPEATS):
        before = time.process_time()
        y = build()
        middle = time.process_time()
        y.backward()
        after = time.process_time()
        times.append({"forward": middle - before, "backward": after - middle, "step": after - before})
        assert abs(float(watched.grad) - (k + 1) * slope) <= 1e-9 * abs(slope), "a wrong gradient"
        del y
except RecursionError:
    print(json.dumps({"missing": "RecursionError"}))
else:
    print(json.dumps({part: statistics.median(t[part] for t in times) for part in times[0]} | {"ops": OPS}))
