"""What is no value, or a broken one, is refused in one sentence that says what and where."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction
from typing import Any

import numpy as np
import pytest

import gradviz as gv
from gradviz.errors import DataError, GraphError
from gradviz.recorders.duck import recognises, shape_of


class Value:
    def __init__(self, data: Any, prev: Any = (), op: str = "", label: str = "") -> None:
        self.data, self.grad, self._prev, self._op, self.label = data, 0, prev, op, label


@pytest.mark.parametrize("bad", [3.0, None, "x", [1.0], {}, object(), Value, np.ones(3), lambda: 0])
def test_what_is_no_value_is_refused(bad: Any) -> None:
    with pytest.raises(DataError, match="cannot be recorded"):
        gv.record(bad)
    with pytest.raises(DataError, match="cannot be compiled"):
        gv.compile(bad)


@pytest.mark.parametrize(
    ("data", "text"),
    [
        ("12", "the str '12'"),
        (None, "is None"),
        (10**400, "an int of 1,329 bits"),
        (1j, "the complex 1j"),
        (np.array([1j]), "a ndarray"),
        (np.array(["1"]), "a ndarray"),
        ([[1.0], [1.0, 2.0]], "a list"),
        (object(), "a object"),
    ],
)
def test_data_that_is_no_number_is_named_with_its_place(data: Any, text: str) -> None:
    root = Value(1.0, (Value(2.0), Value(data)), "+", "total")
    with pytest.raises(DataError) as error:
        gv.record(root)
    message = str(error.value)
    assert text in message and "data of input 1 of 'total'" in message and "Value (" in message
    assert f"{__file__}:" in message


def test_a_tensor_in_data_is_told_to_become_a_number() -> None:
    class Tensor:
        __module__ = "torch"

    with pytest.raises(DataError, match=r"is a Tensor, not a number.*\.item\(\)"):
        gv.record(Value(Tensor()))


def test_a_bad_gradient_is_named() -> None:
    root = Value(1.0)
    root.grad = "soon"  # type: ignore[assignment]
    with pytest.raises(DataError, match="The grad of the root, a Value .* is the str 'soon'"):
        gv.record(root)


@pytest.mark.parametrize(
    "number", [2, True, np.float32(2), np.int64(2), np.array(2.0), Fraction(2), Decimal(2), np.bool_(True)]
)
def test_all_kinds_of_numbers_are_read(number: Any) -> None:
    assert gv.record(Value(number)).data_of(0) == float(number)


def test_a_gradient_may_be_a_value_itself() -> None:
    root = Value(1.0)
    root.grad = Value(3.0)  # type: ignore[assignment]
    assert gv.record(root).grad_of(0) == 3.0


def test_a_cycle_is_named_by_its_labels() -> None:
    a = Value(1.0, label="a")
    b = Value(2.0, [a], "exp", "b")
    a._prev = [b]
    with pytest.raises(GraphError, match="cycle: 'b' reads 'a' reads 'b'"):
        gv.record(b)
    a._prev = [a]
    with pytest.raises(GraphError, match="'a' reads 'a'"):
        gv.record(b)


def test_a_million_deep() -> None:
    value = Value(1.0)
    for _ in range(1_000_000):
        value = Value(1.0, (value,), "relu")
    graph = gv.record(value)
    assert len(graph) == 1_000_001 and graph.op_of(graph.root) == "relu"
    while value._prev:  # Python frees a long chain by recursion
        value._prev, value = (), value._prev[0]


def test_a_missing_attribute_is_named() -> None:
    broken = Value(1.0)
    del broken.data
    with pytest.raises(DataError, match="Input 0 of the 'exp', a Value .* has no `data`"):
        gv.record(Value(2.0, (broken,), "exp"))
    bare = Value(1.0)
    del bare.grad, bare._op, bare.label
    assert gv.record(Value(2.0, (bare,), "exp")).grad_of(0) is None


def test_an_input_that_is_no_value_is_named() -> None:
    with pytest.raises(DataError, match="Input 1 of 'sum' is the str 'x', which is no value"):
        gv.record(Value(1.0, (Value(1.0), "x"), "+", "sum"))
    with pytest.raises(DataError, match="inputs of the root, a Value .* are an int of 2 bits"):
        gv.record(Value(1.0, 3))


def test_bare_numbers_among_the_inputs_are_constants_and_none_is_nothing() -> None:
    graph = gv.record(Value(6.0, (Value(2.0), 3.0), "*"))
    assert [graph.node(i).kind for i in range(3)] == ["input", "const", "op"]
    assert len(gv.record(Value(0.5, (Value(0.5), None), "relu"))) == 2


def test_a_property_that_raises_is_named() -> None:
    class Lazy:
        grad = 0.0
        _prev = ()

        @property
        def data(self) -> float:
            raise RuntimeError("not yet")

    with pytest.raises(DataError, match="a Lazy .* reading its `data` raised RuntimeError: not yet"):
        gv.record(Lazy())


class Hostile(Value):
    """Every question is answered by an exception, or by a lie."""

    def _no(self, *_: Any) -> Any:
        raise RuntimeError("do not touch")

    __eq__ = __lt__ = __bool__ = __len__ = __iter__ = __repr__ = __str__ = __getattr__ = _no  # type: ignore[assignment]
    __hash__ = _no  # type: ignore[assignment]
    __class__ = property(lambda self: gv.Value)  # type: ignore[assignment]


def test_objects_that_lie_or_raise_are_only_looked_at() -> None:
    a = Hostile(2.0, label="a")
    graph = gv.record(Hostile(4.0, [a, a], "*"), {"a": a})
    assert graph.label(graph.root) == "a*a"
    assert graph.input.tolist() == [0, 0]


class Touchy(Value):
    """Says no even to attribute access."""

    def __getattribute__(self, name: str) -> Any:
        raise RuntimeError(name)


def test_getattribute_is_never_asked() -> None:
    graph = gv.record(Touchy(3.0, (Touchy(1.0), Touchy(2.0)), "+"))
    assert graph.data.tolist() == [1.0, 2.0, 3.0]


def test_values_of_a_class_that_refuses_to_be_compared() -> None:
    class Meta(type):
        def __eq__(cls, other: object) -> bool:
            raise RuntimeError

        def __hash__(cls) -> int:
            raise RuntimeError

        def __instancecheck__(cls, other: object) -> bool:
            raise RuntimeError

    class Strange(Value, metaclass=Meta):
        pass

    assert gv.record(Strange(3.0, (Strange(1.0), Strange(2.0)), "+")).op_of(2) == "add"


def test_what_only_looks_a_little_like_a_value() -> None:
    class Module:
        def __init__(self) -> None:
            self.value, self.name = 3.0, "m"

        def children(self) -> list[Any]:
            raise RuntimeError

    class Tree:
        def __init__(self) -> None:
            self.value, self.children = 3.0, []

    assert not recognises(Module()) and not recognises(Tree())
    assert shape_of(Value) is not None and not recognises(Value)
    with pytest.raises(DataError, match="The class Value is not a value"):
        gv.record(Value)


@pytest.mark.parametrize("name", ["", "a" * 1_000_000, "a\nb", "🙂", "\u202e", "\ud800", "\0", "a:b", "n0"])
def test_labels_are_kept_exactly(name: str) -> None:
    assert gv.record(Value(1.0, label=name)).names == ({0: name} if name else {})
