"""A leaf has one row on a tape, whoever uses it: two threads, roots that are leaves, new data, arrays."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any, NamedTuple

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from programs import brief

from gradviz import Value, losses, optim, record
from gradviz.engine.current import now
from gradviz.engine.tape import LEAF
from gradviz.errors import MutationError


class Known(NamedTuple):
    """A value, its derivative by every leaf, and the data of the leaves that it was computed from."""

    value: Value
    slopes: dict[int, float]
    used: dict[int, float]


ACTS = st.tuples(
    st.integers(0, 1),  # the thread that does it
    st.sampled_from(("leaf", "add", "mul", "mul", "l2", "set", "array", "step", "backward", "leaf backward")),
    st.integers(0, 99),
    st.integers(0, 99),
)


@brief
@example(
    [(0, "leaf", 0, 0), (0, "add", 2, 2), (0, "set", 0, 0), (1, "add", 0, 0), (0, "set", 1, 0)]
    + [(1, "add", 0, 0), (0, "add", 0, 0)]
)
@given(st.lists(ACTS, min_size=4, max_size=30))
def test_gradients_are_right_whoever_computes_with_which_leaf(acts: list[tuple[int, str, int, int]]) -> None:
    leaves: list[Value] = [Value(1.5), Value(-0.5)]
    grads = [0.0, 0.0]
    values = [Known(leaf, {k: 1.0}, {k: leaf.data}) for k, leaf in enumerate(leaves)]

    def do(act: str, a: int, b: int) -> None:
        x, y = values[a % len(values)], values[b % len(values)]
        k = a % len(leaves)
        if act == "leaf":
            leaves.append(Value(1 + len(values) / 8))
            grads.append(0.0)
            values.append(Known(leaves[-1], {len(leaves) - 1: 1.0}, {len(leaves) - 1: leaves[-1].data}))
        elif act in ("add", "mul"):
            p, q = (y.value.data, x.value.data) if act == "mul" else (1.0, 1.0)
            every = x.slopes.keys() | y.slopes.keys()
            slopes = {leaf: p * x.slopes.get(leaf, 0) + q * y.slopes.get(leaf, 0) for leaf in every}
            made = x.value * y.value if act == "mul" else x.value + y.value
            values.append(Known(made, slopes, {**x.used, **y.used}))
        elif act in ("set", "array"):
            data = float(len(values) + b / 128)
            if act == "array":  # and back, on whatever tape it is
                leaves[k].data, grads[k] = np.array([data]), 0.0  # a gradient of another shape is none
            leaves[k].data = data
            values[:] = [v for v in values if k not in v.used]  # the others would be refused, see below
            values.append(Known(leaves[k], {k: 1.0}, {k: data}))
        elif act == "l2":
            some = leaves[: 1 + b % len(leaves)]
            slopes = {leaf: 2 * value.data for leaf, value in enumerate(some)}
            values.append(
                Known(losses.l2(some), slopes, {leaf: value.data for leaf, value in enumerate(some)})
            )
        elif act == "step":
            for leaf, value in enumerate(leaves):
                value.grad, grads[leaf] = 1.0, 1.0
            optim.SGD(leaves, lr=0.25 + b / 128).step()
            values[:] = [Known(value, {k: 1.0}, {k: value.data}) for k, value in enumerate(leaves)]
        elif act == "leaf backward":
            leaves[k].backward()
            grads[k] += 1
        elif abs(x.value.data) < 1e6:
            x.value.backward()
            for leaf, slope in x.slopes.items():
                grads[leaf] += slope

    with ThreadPoolExecutor(1) as one, ThreadPoolExecutor(1) as other:
        for thread, *act in acts:
            (one, other)[thread].submit(do, *act).result()  # type: ignore[arg-type]
    for leaf, grad in zip(leaves, grads, strict=True):
        assert (leaf.grad or 0.0) == pytest.approx(grad, rel=1e-9, abs=1e-9)


def rows_of_leaves() -> int:
    tape = now.tape
    return tape.op[: tape.n].count(LEAF)


def in_another_thread(function: Any) -> Any:
    with ThreadPoolExecutor(1) as thread:
        return thread.submit(function).result()


@pytest.mark.parametrize(
    "meanwhile",
    [
        lambda x: in_another_thread(lambda: x * 3.0),
        lambda x: x.backward(),
        lambda x: record(x),
        lambda x: in_another_thread(lambda: x.backward()),
    ],
)
def test_a_leaf_that_went_elsewhere_still_has_its_one_row(meanwhile: Any) -> None:
    Value(0.0).backward()
    x = Value(2.0)
    x.grad = None
    y = x * x
    before = rows_of_leaves()
    meanwhile(x)
    x.grad = None
    z = y * x
    assert rows_of_leaves() == before
    z.backward()
    assert x.grad == 12.0


def test_new_data_from_another_thread_is_told_or_refused() -> None:
    x = Value(2.0, name="x")
    y = x * x
    in_another_thread(lambda: setattr(x, "data", 3.0))
    z = x * x  # on a tape of its own
    z.backward()
    assert x.grad == 6.0
    with pytest.raises(MutationError, match="x .* was 2.0 when it was used, but was set to 3.0"):
        y.backward()
    with pytest.raises(MutationError, match="x .* was 2.0 when it was used, but was set to 3.0"):
        (y * x).backward()


def test_a_tape_that_ended_holds_on_to_no_index() -> None:
    x, y = Value(2.0), Value(np.ones(3))
    z = (x * y).sum()
    tape = z._tape
    assert y._tape in tape.entered
    z.backward()
    x.data = 1.0
    assert not tape.entered and tape.key.lost is None
    assert record(z).meta["backward"] and x.grad == 3.0


def test_places_of_leaves_are_written_when_somebody_looks() -> None:
    x, y = Value(2.0, name="x"), Value(4.0, name="y")
    z = x * y
    z.backward()
    tape = z._tape
    assert [tape.code[row] for row in tape.leaf_rows] == [None, None]
    graph = record(z)
    spans = {node.name: node.source for node in graph.nodes() if node.name}
    assert spans["x"].file == __file__ and spans["x"].line == spans["y"].line
    assert [made._tape for made in z._prev] == [x._tape, y._tape]
