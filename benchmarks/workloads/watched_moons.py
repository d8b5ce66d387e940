"""An engine as a learner writes it after the lecture, on micrograd's demo: 100 moons, MLP(2, [16, 16, 1]).

python watched_moons.py [PASSES]

It knows nothing of gradviz; the benchmarks run it plain and under `gradviz run`.
"""

import math
import random
import sys


class Value:
    def __init__(self, data, _children=(), _op=""):
        self.data = data
        self.grad = 0.0
        self._backward = lambda: None
        self._prev = set(_children)
        self._op = _op

    def __add__(self, other):
        other = other if isinstance(other, Value) else Value(other)
        out = Value(self.data + other.data, (self, other), "+")

        def _backward():
            self.grad += out.grad
            other.grad += out.grad

        out._backward = _backward
        return out

    def __mul__(self, other):
        other = other if isinstance(other, Value) else Value(other)
        out = Value(self.data * other.data, (self, other), "*")

        def _backward():
            self.grad += other.data * out.grad
            other.grad += self.data * out.grad

        out._backward = _backward
        return out

    def relu(self):
        out = Value(max(0.0, self.data), (self,), "ReLU")

        def _backward():
            self.grad += (out.data > 0) * out.grad

        out._backward = _backward
        return out

    def __radd__(self, other):
        return self + other

    def __rmul__(self, other):
        return self * other

    def backward(self):
        topo, visited = [], set()

        def build(v):
            if v not in visited:
                visited.add(v)
                for child in v._prev:
                    build(child)
                topo.append(v)

        build(self)
        self.grad = 1.0
        for v in reversed(topo):
            v._backward()


class Neuron:
    def __init__(self, size, nonlinear):
        self.w = [Value(random.uniform(-1, 1)) for _ in range(size)]
        self.b = Value(0.0)
        self.nonlinear = nonlinear

    def __call__(self, x):
        total = sum((w * x for w, x in zip(self.w, x, strict=True)), self.b)
        return total.relu() if self.nonlinear else total


class Layer:
    def __init__(self, size, count, nonlinear):
        self.neurons = [Neuron(size, nonlinear) for _ in range(count)]

    def __call__(self, x):
        return [neuron(x) for neuron in self.neurons]


class MLP:
    def __init__(self, size, counts):
        sizes = [size, *counts]
        last = len(counts) - 1
        self.layers = [Layer(sizes[k], sizes[k + 1], k != last) for k in range(len(counts))]

    def __call__(self, x):
        for layer in self.layers:
            x = layer(x)
        return x[0]

    def parameters(self):
        return [p for layer in self.layers for n in layer.neurons for p in [*n.w, n.b]]


def moons(count):
    points, labels = [], []
    for k in range(count):
        angle, upper = math.pi * (k // 2) / (count // 2 - 1), k % 2 == 0
        x, y = math.cos(angle), math.sin(angle)
        x, y = (x, y) if upper else (1 - x, 0.5 - y)
        points.append((x + random.gauss(0, 0.1), y + random.gauss(0, 0.1)))
        labels.append(-1 if upper else 1)
    return points, labels


def loss():
    scores = [model([Value(x), Value(y)]) for x, y in points]
    losses = [(1 + -label * score).relu() for label, score in zip(labels, scores, strict=True)]
    return sum(losses) * (1.0 / len(losses)) + 1e-4 * sum(p * p for p in model.parameters())


passes = int(sys.argv[1]) if len(sys.argv) > 1 else 1
random.seed(1337)
points, labels = moons(100)
model = MLP(2, [16, 16, 1])
for step in range(passes):
    total = loss()
    for p in model.parameters():
        p.grad = 0.0
    total.backward()
    for p in model.parameters():
        p.data -= (1.0 - 0.9 * step / 100) * p.grad
    print(f"step {step} loss {total.data:.6f}")
