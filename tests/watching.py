"""Small engines as learners write them, and how to run a script that holds one."""

import textwrap
from pathlib import Path

from gradviz.graph import Graph
from gradviz.recorders.keeping import Keep
from gradviz.recorders.script import RunResult, run_script
from gradviz.recording import Recording, Writer

CLOSURES = """
class Value:
    def __init__(self, data, _children=(), _op=""):
        self.data, self.grad = data, 0.0
        self._prev, self._op, self._backward = tuple(_children), _op, lambda: None

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

    __radd__, __rmul__ = __add__, __mul__

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
"""

RECURSIVE = """
class Value:
    def __init__(self, data, inputs=(), op=""):
        self.data, self.grad, self.inputs, self.op = data, 0.0, inputs, op

    def __add__(self, other):
        return Value(self.data + other.data, ((self, 1.0), (other, 1.0)), "+")

    def __mul__(self, other):
        return Value(self.data * other.data, ((self, other.data), (other, self.data)), "*")

    def backward(self, grad=1.0):
        self.grad += grad
        for value, local in self.inputs:
            value.backward(grad * local)
"""

PER_OP = """
class Node:
    def __init__(self, *inputs):
        self.inputs, self.grad = inputs, 0.0
        self.value = self.forward(*(i.value for i in inputs))

    def __add__(self, other):
        return Add(self, other)

    def __mul__(self, other):
        return Mul(self, other)

    def backward(self):
        pass


class Leaf(Node):
    def __init__(self, value):
        self.value, self.grad, self.inputs = value, 0.0, ()


class Add(Node):
    def forward(self, a, b):
        return a + b

    def backward(self):
        for i in self.inputs:
            i.grad += self.grad


class Mul(Node):
    def forward(self, a, b):
        return a * b

    def backward(self):
        a, b = self.inputs
        a.grad += self.grad * b.value
        b.grad += self.grad * a.value


def backprop(root):
    order = []

    def visit(v):
        if v not in order:
            for i in v.inputs:
                visit(i)
            order.append(v)

    visit(root)
    root.grad = 1.0
    for v in reversed(order):
        v.backward()
"""

DATACLASS = """
from dataclasses import dataclass, field


@dataclass(slots=True, eq=False)
class Value:
    data: float
    children: tuple = ()
    op: str = ""
    grad: float = 0.0
    _backward: object = field(default=None, repr=False)

    def __mul__(self, other):
        out = Value(self.data * other.data, (self, other), "*")

        def rule():
            self.grad += other.data * out.grad
            other.grad += self.data * out.grad

        out._backward = rule
        return out

    def backward(self):
        self.grad, waiting = 1.0, [self]
        while waiting:
            v = waiting.pop()
            if v._backward is not None:
                v._backward()
            waiting += v.children
"""

NETWORK = """
class Neuron:
    def __init__(self, size):
        self.w = [Value(0.1 * (k + 1)) for k in range(size)]
        self.b = Value(0.5)

    def __call__(self, x):
        return sum((w * x for w, x in zip(self.w, x)), self.b)


class Layer:
    def __init__(self, size, count):
        self.neurons = [Neuron(size) for _ in range(count)]

    def __call__(self, x):
        return [neuron(x) for neuron in self.neurons]


class MLP:
    def __init__(self, *sizes):
        self.layers = [Layer(*pair) for pair in zip(sizes, sizes[1:])]

    def __call__(self, x):
        for layer in self.layers:
            x = layer(x)
        return x[0]


def loss():
    return sum(model([Value(x), Value(1.0)]) for x in (1.0, 2.0))


model = MLP(2, 3, 1)
"""


def write(folder: Path, text: str, name: str = "user.py") -> Path:
    path = folder / name
    path.write_text(textwrap.dedent(text), encoding="utf-8")
    return path


def run(folder: Path, text: str, keep: Keep | None = None) -> tuple[list[Graph], RunResult]:
    """Run a script in this process; give its passes, and how it ended."""
    path = write(folder, text)
    result = run_script(str(path), [], Writer(folder / "run.gradviz", overwrite=True), wants=keep)
    with Recording.open(folder / "run.gradviz") as recording:
        assert not recording.damage
        return list(recording), result


def passes(folder: Path, text: str, keep: Keep | None = None) -> list[Graph]:
    """The passes of a script that ends as it should."""
    graphs, result = run(folder, text, keep)
    assert result.exception is None, result.exception
    assert not [graph.validate() for graph in graphs if graph.validate()]
    return graphs
