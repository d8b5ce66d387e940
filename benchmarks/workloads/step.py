"""One training step, timed inside: python step.py ENGINE SAMPLES REPEATS. Prints the medians in seconds.

ENGINE is micrograd, stand-in (the same program on gradviz's engine) or gradviz (its own nn, losses and
optim); "+nogc" turns Python's cyclic garbage collector off.
"""

import gc
import json
import statistics
import sys
import time

import demo

ENGINE, SAMPLES, REPEATS = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
KIND, _, NOGC = ENGINE.partition("+")


def micrograd_step(points, labels):
    model = demo.micrograd_model()

    def step():
        loss = demo.micrograd_loss(model, points, labels)
        yield "forward"
        model.zero_grad()
        loss.backward()
        yield "backward"
        for p in model.parameters():
            p.data -= 0.1 * p.grad
        yield "update"

    return step


def gradviz_step(points, labels):
    from gradviz import optim

    model = demo.gradviz_model()
    optimizer = optim.SGD(model.parameters(), lr=0.1)

    def step():
        loss = demo.gradviz_loss(model, points, labels)
        yield "forward"
        optimizer.zero_grad()
        loss.backward()
        yield "backward"
        optimizer.step()
        yield "update"

    return step


if KIND == "stand-in":
    demo.stand_in()
step = (gradviz_step if KIND == "gradviz" else micrograd_step)(*demo.moons(SAMPLES))
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
