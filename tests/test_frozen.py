"""Frozen values: they are what frozen dataclasses are, also to ``dataclasses`` itself."""

from __future__ import annotations

import copy
import dataclasses
import pickle
from collections.abc import Callable
from functools import cached_property
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gradviz.frozen import Frozen


class Point(Frozen):
    x: float
    y: float = 0.0
    name: str = ""

    @cached_property
    def doubled(self) -> float:
        return 2 * self.x


@dataclasses.dataclass(frozen=True)
class Twin:
    x: float
    y: float = 0.0
    name: str = ""


class One(Frozen):
    only: Any


class Named(Point):
    title: str = "t"


class Lone(Frozen, eq=False):
    x: float


def outcome(call: Callable[[], object]) -> object:
    try:
        return call()
    except Exception as error:
        return type(error)


ARGS = st.lists(st.floats(allow_nan=False), max_size=4)
GIVEN = st.dictionaries(st.sampled_from(["x", "y", "name", "z"]), st.floats(allow_nan=False))


@given(ARGS, GIVEN, ARGS, GIVEN)
def test_it_takes_tells_and_compares_what_a_dataclass_does(
    args: list[float], given: dict[str, float], others: list[float], more: dict[str, float]
) -> None:
    def told(cls: Any) -> Any:
        one, two = cls(*args, **given), cls(*others, **more)
        fields = dataclasses.astuple(one), dataclasses.asdict(two)
        return repr(one).partition("(")[2], fields, one == two, hash(one) == hash(two), one.x, one.name

    assert outcome(lambda: told(Point)) == outcome(lambda: told(Twin))


@pytest.mark.parametrize(
    "wrong", ["setattr(value, 'x', 1)", "setattr(value, 'new', 1)", "delattr(value, 'x')"]
)
def test_it_cannot_be_changed(wrong: str) -> None:
    value = Point(1.0)
    with pytest.raises(dataclasses.FrozenInstanceError):
        eval(wrong)
    assert value == Point(1.0)


def test_dataclasses_and_copies_know_it() -> None:
    value = Point(1.0, name="p")
    assert value.doubled == 2.0  # kept beside the fields, and no part of the value
    assert value == Point(1.0, name="p") and hash(value) == hash(Point(1.0, name="p"))
    assert dataclasses.is_dataclass(value)
    assert [field.name for field in dataclasses.fields(Point)] == ["x", "y", "name"]
    assert dataclasses.fields(Point)[1].default == 0.0
    assert dataclasses.replace(value, y=2.0) == value._replace(y=2.0) == Point(1.0, 2.0, "p")
    assert value == copy.copy(value) == copy.deepcopy(value) == pickle.loads(pickle.dumps(value))
    match value:
        case Point(x, y, name):
            assert (x, y, name) == (1.0, 0.0, "p")


def test_a_subclass_adds_fields_and_is_another_class() -> None:
    assert repr(Named(1.0, 2.0, "n")) == "Named(x=1.0, y=2.0, name='n', title='t')"
    assert Named(1.0) != Point(1.0) and [f.name for f in dataclasses.fields(Named)][-1] == "title"


def test_one_field_is_enough_and_a_circle_is_told() -> None:
    held: list[Any] = []
    held.append(One(held))
    assert repr(held[0]) == "One(only=[...])" and One(1) == One(1) != One(2)


def test_without_equality_each_is_itself() -> None:
    one, two = Lone(1.0), Lone(1.0)
    assert one == one != two and len({one, two}) == 2
