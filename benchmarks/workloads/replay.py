"""The demo's step by replay, and what else replay gives: python replay.py SAMPLES REPEATS. Prints seconds."""

import json
import statistics
import sys
import time

import demo
import numpy as np

import gradviz
from gradviz import optim
from gradviz.graph import PARAM

SAMPLES, REPEATS = int(sys.argv[1]), int(sys.argv[2])


def median_of(work, repeats):
    times = []
    for _ in range(repeats):
        before = time.process_time()
        work()
        times.append(time.process_time() - before)
    return statistics.median(times)


def timed(work):
    before = time.process_time()
    result = work()
    return result, time.process_time() - before


model = demo.gradviz_model()
loss = demo.gradviz_loss(model, *demo.moons(SAMPLES))
loss.backward()
graph = gradviz.record(loss)
optimizer = optim.SGD(model.parameters(), lr=1e-3)
found = {}

compiled, found["compile"] = timed(lambda: gradviz.compile(loss))
compiled()


def train():
    optimizer.zero_grad()
    compiled()
    optimizer.step()


def passes():
    compiled()


found["step"] = median_of(train, REPEATS)
found["forward and backward"] = median_of(passes, REPEATS)

program = gradviz.replay(graph)
parameters = np.flatnonzero(graph.kind == PARAM).tolist()
leaf = parameters[0]
edits = iter(np.linspace(-1, 1, REPEATS + 1))
program.run({leaf: float(next(edits))})
found["what-if"] = median_of(lambda: program.run({leaf: float(next(edits))}), REPEATS)
slopes, found["gradient check"] = timed(lambda: program.finite_differences(parameters))
slopes, exact = np.array([slopes[node] for node in parameters]), graph.grad[parameters]
found["parameters"] = len(parameters)
found["error"] = float(np.max(np.abs(slopes - exact) / np.maximum(1e-3, np.abs(exact))))
print(json.dumps(found))
