"""Engines in the styles in which people write them: all are recognised and give what they computed."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pytest

import gradviz as gv
from gradviz.graph import CONST, Graph
from gradviz.recorders import RECORDERS, recorder_for
from gradviz.recorders.duck import shape_of

STYLES: dict[str, Callable[[], tuple[Any, Any, Any]]] = {}  # name -> (x, w, (x*w + x).tanh()) after backward


def style(make: Callable[[], tuple[Any, Any, Any]]) -> Callable[[], tuple[Any, Any, Any]]:
    STYLES[make.__name__] = make
    return make


def topological(root: Any, inputs: Callable[[Any], Any]) -> list[Any]:
    order: list[Any] = []
    seen: set[int] = set()

    def visit(value: Any) -> None:
        if id(value) not in seen:
            seen.add(id(value))
            for one in inputs(value):
                visit(one)
            order.append(value)

    visit(root)
    return order[::-1]


@style
def closures_and_a_set() -> tuple[Any, Any, Any]:
    class Value:
        def __init__(self, data: float, children: Any = (), op: str = "", label: str = "") -> None:
            self.data, self.grad, self._prev, self._op, self.label = data, 0.0, set(children), op, label
            self._backward: Callable[[], None] = lambda: None

        def __add__(self, other: Value) -> Value:
            out = Value(self.data + other.data, (self, other), "+")

            def backward() -> None:
                self.grad += out.grad
                other.grad += out.grad

            out._backward = backward
            return out

        def __mul__(self, other: Value) -> Value:
            out = Value(self.data * other.data, (self, other), "*")

            def backward() -> None:
                self.grad += other.data * out.grad
                other.grad += self.data * out.grad

            out._backward = backward
            return out

        def tanh(self) -> Value:
            t = (math.exp(2 * self.data) - 1) / (math.exp(2 * self.data) + 1)
            out = Value(t, (self,), "tanh")

            def backward() -> None:
                self.grad += (1 - t**2) * out.grad

            out._backward = backward
            return out

        def backward(self) -> None:
            self.grad = 1.0
            for value in topological(self, lambda value: value._prev):
                value._backward()

    x, w = Value(0.7, label="x"), Value(-2.3, label="w")
    return x, w, (x * w + x).tanh()


def plain(inputs: str, collect: Callable[[Any], Any] = tuple, data: str = "data", grad: str = "grad") -> Any:
    """An engine whose local derivatives are kept beside the inputs, under the attributes given."""

    class Scalar:
        def __init__(self, value: Any, parents: Any = (), op: str = "", slopes: Any = ()) -> None:
            setattr(self, data, value)
            setattr(self, grad, None)
            setattr(self, inputs, collect(parents))
            self.op, self.slopes, self.parents_in_order = op, slopes, parents

        def __add__(self, other: Any) -> Any:
            return Scalar(getattr(self, data) + getattr(other, data), (self, other), "add", (1.0, 1.0))

        def __mul__(self, other: Any) -> Any:
            x, y = getattr(self, data), getattr(other, data)
            return Scalar(x * y, (self, other), "mul", (y, x))

        def tanh(self) -> Any:
            z = np.tanh(getattr(self, data))
            return Scalar(z, (self,), "Tanh", (1 - z * z,))

        def backprop(self) -> None:
            setattr(self, grad, np.ones_like(getattr(self, data)) * 1.0)
            for one in topological(self, lambda one: one.parents_in_order):
                for below, slope in zip(one.parents_in_order, one.slopes, strict=True):
                    setattr(below, grad, (getattr(below, grad) or 0.0) + getattr(one, grad) * slope)

        backward = backprop

    x, w = Scalar(0.7), Scalar(-2.3)
    return x, w, (x * w + x).tanh()


@style
def tuple_inputs() -> tuple[Any, Any, Any]:
    return plain("parents")


@style
def list_inputs() -> tuple[Any, Any, Any]:
    return plain("inputs", list, data="value", grad="gradient")


@style
def frozenset_inputs() -> tuple[Any, Any, Any]:
    return plain("children", frozenset, data="val")


@style
def torch_like() -> tuple[Any, Any, Any]:
    return plain("prev", lambda parents: list(parents) or None)


@style
def private_names() -> tuple[Any, Any, Any]:
    return plain("_Scalar__inputs", tuple, data="_Scalar__data", grad="_Scalar__grad")


@style
def numbers_in_arrays() -> tuple[Any, Any, Any]:
    x, w, _ = plain("_children", set)
    kind = type(x)
    x, w = kind(np.array(0.7)), kind(np.float64(-2.3))
    return x, w, (x * w + x).tanh()


@style
def pairs_of_input_and_slope() -> tuple[Any, Any, Any]:
    class Var:
        def __init__(self, value: float, children: tuple[tuple[Any, float], ...] = (), op: str = "") -> None:
            self.value, self.grad, self.children, self.op = value, 0.0, children, op

        def __add__(self, other: Any) -> Any:
            return Var(self.value + other.value, ((self, 1.0), (other, 1.0)), "+")

        def __mul__(self, other: Any) -> Any:
            return Var(self.value * other.value, ((self, other.value), (other, self.value)), "*")

        def tanh(self) -> Any:
            z = math.tanh(self.value)
            return Var(z, ((self, 1 - z * z),), "tanh")

        def backward(self, g: float = 1.0) -> None:
            self.grad += g
            for below, slope in self.children:
                below.backward(g * slope)

    x, w = Var(0.7), Var(-2.3)
    return x, w, (x * w + x).tanh()


@style
def class_per_op() -> tuple[Any, Any, Any]:
    class Node:
        def __init__(self, *inputs: Any) -> None:
            self.inputs, self.grad = inputs, 0.0
            self.value = self.forward(*[one.value for one in inputs]) if inputs else 0.0

        def __add__(self, other: Any) -> Any:
            return AddNode(self, other)

        def __mul__(self, other: Any) -> Any:
            return Multiply(self, other)

        def forward(self, *xs: float) -> float:
            raise NotImplementedError

        def slopes(self) -> tuple[float, ...]:
            return ()

        def backward(self) -> None:
            self.grad = 1.0
            for one in topological(self, lambda one: one.inputs):
                for below, slope in zip(one.inputs, one.slopes(), strict=True):
                    below.grad += slope * one.grad

    class Leaf(Node):
        def __init__(self, value: float) -> None:
            super().__init__()
            self.value = value

    class AddNode(Node):
        def forward(self, *xs: float) -> float:
            return xs[0] + xs[1]

        def slopes(self) -> tuple[float, ...]:
            return 1.0, 1.0

    class Multiply(Node):
        def forward(self, *xs: float) -> float:
            return xs[0] * xs[1]

        def slopes(self) -> tuple[float, ...]:
            return self.inputs[1].value, self.inputs[0].value

    class Tanh(Node):
        def forward(self, *xs: float) -> float:
            return math.tanh(xs[0])

        def slopes(self) -> tuple[float, ...]:
            return (1 - self.value**2,)

    x, w = Leaf(0.7), Leaf(-2.3)
    return x, w, Tanh(x * w + x)


@style
def a_dataclass() -> tuple[Any, Any, Any]:
    @dataclass
    class Scalar:
        data: float
        grad: float = 0.0
        parents: tuple[Any, ...] = ()
        op: str | None = None
        slopes: list[float] = field(default_factory=list)

        def __add__(self, other: Any) -> Any:
            return Scalar(self.data + other.data, parents=(self, other), op="+", slopes=[1, 1])

        def __mul__(self, other: Any) -> Any:
            slopes = [other.data, self.data]
            return Scalar(self.data * other.data, parents=(self, other), op="*", slopes=slopes)

        def tanh(self) -> Any:
            z = math.tanh(self.data)
            return Scalar(z, parents=(self,), op="tanh", slopes=[1 - z * z])

        def backward(self) -> None:
            self.grad = 1.0
            for one in topological(self, lambda one: one.parents):
                for below, slope in zip(one.parents, one.slopes, strict=True):
                    below.grad += slope * one.grad

    x, w = Scalar(0.7), Scalar(-2.3)
    return x, w, (x * w + x).tanh()


@style
def slots_and_properties() -> tuple[Any, Any, Any]:
    class Value:
        __slots__ = ("__data", "__prev", "__slopes", "_grad", "_op")

        def __init__(self, data: float, prev: Any = (), op: str = "", slopes: Any = ()) -> None:
            self.__data, self.__prev, self.__slopes, self._grad, self._op = data, prev, slopes, 0.0, op

        @property
        def data(self) -> float:
            return self.__data

        @property
        def grad(self) -> float:
            return self._grad

        def __add__(self, other: Any) -> Any:
            return Value(self.data + other.data, [self, other], "+", (1, 1))

        def __mul__(self, other: Any) -> Any:
            return Value(self.data * other.data, [self, other], "*", (other.data, self.data))

        def tanh(self) -> Any:
            z = math.tanh(self.data)
            return Value(z, [self], "tanh", (1 - z * z,))

        def backward(self) -> None:
            self._grad = 1.0
            for one in topological(self, lambda one: one.__prev):
                for below, slope in zip(one.__prev, one.__slopes, strict=True):
                    below._grad += slope * one._grad

    x, w = Value(0.7), Value(-2.3)
    return x, w, (x * w + x).tanh()


@style
def no_op_text() -> tuple[Any, Any, Any]:
    class Value:
        def __init__(self, data: float, prev: Any = ()) -> None:
            self.data, self.grad, self.prev = data, 0.0, prev

    x, w = Value(0.7), Value(-2.3)
    product = Value(x.data * w.data, (x, w))
    total = Value(product.data + x.data, (product, x))
    out = Value(math.tanh(total.data), (total,))
    out.grad = 1.0
    total.grad = product.grad = 1 - out.data**2
    w.grad, x.grad = total.grad * x.data, total.grad * (1 + w.data)
    return x, w, out


@pytest.fixture(params=sorted(STYLES))
def built(request: pytest.FixtureRequest) -> Iterator[tuple[Any, Any, Any]]:
    x, w, out = STYLES[request.param]()
    if hasattr(out, "backward"):
        out.backward()
    yield x, w, out


def test_every_style_gives_the_graph_that_it_computed(built: tuple[Any, Any, Any]) -> None:
    x, w, out = built
    graph = gv.record(out, {"x": x, "w": w, "out": out})
    own_x, own_w = gv.Value(0.7, name="x"), gv.Value(-2.3, name="w")
    own = (own_x * own_w + own_x).tanh()
    own.backward()
    expected = gv.record(own)
    assert operands(graph) == operands(expected)
    np.testing.assert_allclose(np.sort(graph.data), np.sort(expected.data), rtol=1e-12)
    for name in ("x", "w"):
        assert graph.node(name).grad == pytest.approx(expected.node(name).grad, rel=1e-12)
    assert graph.has_grad.all() and not graph.measured and graph.validate() == []
    assert graph.node("out").op == "tanh" and graph.meta["engine"]["class"] == type(out).__name__


def operands(graph: Graph) -> list[tuple[str, list[float]]]:
    """Each op with its operands; the order of those of + and × is nowhere to be found in a set."""
    found = []
    for node in range(len(graph)):
        op, inputs = graph.op_of(node), graph.data[graph.input[graph.inputs_of(node)]].round(12).tolist()
        found.append((op, sorted(inputs) if op in ("add", "mul") else inputs))
    return found


def test_every_style_has_its_row(built: tuple[Any, Any, Any]) -> None:
    assert recorder_for(built[2]) is RECORDERS["duck"]


def test_a_class_is_recognised_before_it_has_objects() -> None:
    for make in STYLES.values():
        if "plain" not in make.__code__.co_names:  # whose attributes are set by setattr
            assert shape_of(type(make()[2])) is not None, make


def test_a_tensor_class_with_arrays() -> None:
    class Tensor:
        def __init__(self, data: Any, prev: Any = (), op: str = "") -> None:
            self.data = np.array(data, dtype=float)
            self.grad, self._prev, self._op = np.zeros_like(self.data), set(prev), op

    x = Tensor([[1.0, 2.0], [3.0, 4.0]])
    w = Tensor([[0.5], [-1.0]])
    out = Tensor(x.data @ w.data, (x, w), "@")
    twice = Tensor(out.data * 2, (out,), "*")
    total = Tensor(twice.data.sum(), (twice,), "sum")
    total.grad, twice.grad, out.grad = np.array(1.0), np.ones((2, 1)), np.full((2, 1), 2.0)
    w.grad, x.grad = x.data.T @ out.grad, out.grad @ w.data.T
    graph = gv.record(total, {"x": x, "w": w})
    assert [graph.op_of(i) for i in range(len(graph)) if graph.op_of(i)] == ["matmul", "mul", "sum"]
    product = next(i for i in range(len(graph)) if graph.op_of(i) == "matmul")
    assert [graph.label(i) for i in graph.input[graph.inputs_of(product)]] == ["x", "w"]
    assert graph.data[graph.kind == CONST].tolist() == [2.0]
    assert not graph.measured and graph.validate() == []
    w.grad = w.grad + 1
    assert gv.record(total).validate() == []  # measured: the only consumer sent it
