"""One training step, timed inside: python step.py ENGINE SAMPLES REPEATS. Prints JSON.

ENGINE is micrograd (PyPI's), stand-in (the same program on gradviz's) or gradviz (its own nn, losses and
optim); "+nogc" turns Python's cyclic garbage collector off.
"""

import gc
import json
import math
import random
import statistics
import sys
import time

ENGINE, SAMPLES, REPEATS = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
KIND, _, NOGC = ENGINE.partition("+")

if KIND == "stand-in":
    from gradviz.recorders.micrograd import make_modules

    sys.modules.update(make_modules())
if KIND == "gradviz":
    from gradviz import losses, nn, optim
else:
    from micrograd.engine import Value
    from micrograd.nn import MLP


def moons():
    rng, points = random.Random(0), []
    for k in range(SAMPLES):
        angle = math.pi * (k // 2) / max(SAMPLES // 2 - 1, 1)
        x, y = math.cos(angle), math.sin(angle)
        x, y = (x, y) if k % 2 == 0 else (1 - x, 0.5 - y)
        points.append([x + rng.gauss(0, 0.1), y + rng.gauss(0, 0.1)])
    return points, [1 if k % 2 else -1 for k in range(SAMPLES)]


def make_micrograd_step(points, labels):
    model = MLP(2, [16, 16, 1])

    def step():
        scores = [model(list(map(Value, point))) for point in points]
        hinge = sum((1 + -y * s).relu() for y, s in zip(labels, scores, strict=True)) * (1.0 / len(labels))
        loss = hinge + 1e-4 * sum(p * p for p in model.parameters())
        yield "forward"
        model.zero_grad()
        loss.backward()
        yield "backward"
        for p in model.parameters():
            p.data -= 0.1 * p.grad
        yield "update"

    return step


def make_gradviz_step(points, labels):
    model = nn.MLP(2, [16, 16, 1], activation="relu", init="uniform")
    optimizer = optim.SGD(model.parameters(), lr=0.1)

    def step():
        scores = [model(point) for point in points]
        loss = losses.hinge(scores, labels) + 1e-4 * sum(p * p for p in model.parameters())
        yield "forward"
        optimizer.zero_grad()
        loss.backward()
        yield "backward"
        optimizer.step()
        yield "update"

    return step


def main():
    random.seed(1337)
    step = (make_gradviz_step if KIND == "gradviz" else make_micrograd_step)(*moons())
    list(step())  # the first step finds names and warms caches
    if NOGC:
        gc.disable()
    rows = []
    for _ in range(REPEATS):
        row, before = {}, time.process_time()
        for part in step():
            now = time.process_time()
            row[part], before = now - before, now
        rows.append({**row, "step": sum(row.values())})
        if NOGC:
            gc.collect()
    print(json.dumps({part: statistics.median(row[part] for row in rows) for part in rows[0]}))


main()
