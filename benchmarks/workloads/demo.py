"""micrograd's demo, full batch, in micrograd's API and in gradviz's own; the other workloads import it."""

import math
import random


def moons(samples):
    """Points of two interleaved half circles, and their labels, -1 or 1."""
    rng, points = random.Random(0), []
    for k in range(samples):
        angle = math.pi * (k // 2) / max(samples // 2 - 1, 1)
        x, y = math.cos(angle), math.sin(angle)
        x, y = (x, y) if k % 2 == 0 else (1 - x, 0.5 - y)
        points.append([x + rng.gauss(0, 0.1), y + rng.gauss(0, 0.1)])
    return points, [1 if k % 2 else -1 for k in range(samples)]


def micrograd_model():
    from micrograd.nn import MLP

    random.seed(1337)
    return MLP(2, [16, 16, 1])


def micrograd_loss(model, points, labels):
    from micrograd.engine import Value

    scores = [model(list(map(Value, point))) for point in points]
    hinge = sum((1 + -y * s).relu() for y, s in zip(labels, scores, strict=True)) * (1.0 / len(labels))
    return hinge + 1e-4 * sum(p * p for p in model.parameters())


def gradviz_model():
    from gradviz import nn

    return nn.MLP(2, [16, 16, 1], activation="relu", init="uniform", seed=1337)


def gradviz_loss(model, points, labels):
    from gradviz import losses

    scores = [model(point) for point in points]
    return losses.hinge(scores, labels) + 1e-4 * losses.l2(model.parameters())


def stand_in():
    """Put gradviz in micrograd's place, as `gradviz run` does."""
    import sys

    from gradviz.recorders.micrograd import make_modules

    sys.modules.update(make_modules())
