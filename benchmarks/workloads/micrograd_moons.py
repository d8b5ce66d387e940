"""A script for micrograd, as a learner writes it: 100 moons, MLP(2, [16, 16, 1]), hinge loss, full batch.

python micrograd_moons.py [PASSES]

It knows nothing of gradviz; the benchmarks run it plain and under `gradviz run`.
"""

import math
import random
import sys

from micrograd.engine import Value
from micrograd.nn import MLP

passes = int(sys.argv[1]) if len(sys.argv) > 1 else 1
random.seed(1337)

points, labels = [], []
for k in range(100):
    angle = math.pi * (k // 2) / 49
    upper = k % 2 == 0
    x, y = math.cos(angle), math.sin(angle)
    x, y = (x, y) if upper else (1 - x, 0.5 - y)
    points.append((x + random.gauss(0, 0.1), y + random.gauss(0, 0.1)))
    labels.append(-1 if upper else 1)

model = MLP(2, [16, 16, 1])
print(model)
print("number of parameters", len(model.parameters()))

for step in range(passes):
    scores = [model([Value(x), Value(y)]) for x, y in points]
    losses = [(1 + -label * score).relu() for label, score in zip(labels, scores, strict=True)]
    data_loss = sum(losses) * (1.0 / len(losses))
    reg_loss = 1e-4 * sum(p * p for p in model.parameters())
    total_loss = data_loss + reg_loss
    right = [(label > 0) == (score.data > 0) for label, score in zip(labels, scores, strict=True)]

    model.zero_grad()
    total_loss.backward()

    learning_rate = 1.0 - 0.9 * step / 100
    for p in model.parameters():
        p.data -= learning_rate * p.grad

    print(f"step {step} loss {total_loss.data}, accuracy {sum(right) / len(right) * 100}%")
