"""Losses, on lists of numbers and on arrays, beside PyTorch's."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gradviz import Value, losses, record
from gradviz.errors import DataError, ShapeError

NUMBERS = [0.7, -1.3, 2.0, 0.0]
SIGNS, BITS, SHARES = [1, -1, 1, -1], [1, 0, 0, 1], [0.2, 0.9, 0.5, 1.0]
ROWS, CLASSES = [[0.5, -1.0, 2.0], [3.0, 0.1, 0.2], [-0.4, 0.0, 0.4], [1.0, 1.0, 1.0]], [2, 1, 0, 1]

CASES = [
    (losses.mse, NUMBERS, SHARES),
    (losses.hinge, NUMBERS, SIGNS),
    (losses.bce_with_logits, NUMBERS, BITS),
    (losses.bce_with_logits, NUMBERS, SHARES),
    (losses.cross_entropy, ROWS, CLASSES),
]
IDS = ["mse", "hinge", "bce of bits", "bce of shares", "cross entropy"]


def of_scalars(loss, numbers, targets):
    """The loss and its gradients, of single numbers."""
    leaves = [[Value(x) for x in row] if isinstance(row, list) else Value(row) for row in numbers]
    out = loss(leaves, targets)
    out.backward()
    flat = [v for row in leaves for v in (row if isinstance(row, list) else [row])]
    return out.data, np.array([v.grad for v in flat])


def of_array(loss, numbers, targets):
    x = Value(np.array(numbers))
    out = loss(x, np.array(targets))
    out.backward()
    return out.data, x.grad.ravel()


@pytest.mark.torch
@pytest.mark.parametrize("loss, numbers, targets", CASES, ids=IDS)
def test_losses_agree_with_torch(loss, numbers, targets):
    import torch
    from torch.nn import functional

    theirs = {
        "mse": functional.mse_loss,
        "hinge": lambda s, t: (1 - s * t).relu().mean(),
        "bce_with_logits": functional.binary_cross_entropy_with_logits,
        "cross_entropy": functional.cross_entropy,
    }[loss.__name__]
    x = torch.tensor(numbers, dtype=torch.float64, requires_grad=True)
    kind = torch.int64 if loss is losses.cross_entropy else torch.float64
    expected = theirs(x, torch.tensor(targets, dtype=kind))
    expected.backward()
    for form in (of_scalars, of_array):
        value, gradient = form(loss, numbers, targets)
        assert value == pytest.approx(expected.item(), rel=1e-12)
        assert gradient == pytest.approx(x.grad.numpy().ravel(), rel=1e-12, abs=1e-15)


@pytest.mark.parametrize("loss, numbers, targets", CASES, ids=IDS)
def test_numbers_and_arrays_agree(loss, numbers, targets):
    value, gradient = of_scalars(loss, numbers, targets)
    other_value, other_gradient = of_array(loss, numbers, targets)
    assert value == pytest.approx(other_value, rel=1e-14)
    assert gradient == pytest.approx(other_gradient, rel=1e-13, abs=1e-16)


@pytest.mark.parametrize("loss, numbers, targets", CASES, ids=IDS)
def test_a_loss_is_one_scope(loss, numbers, targets):
    values = [[Value(x) for x in row] if isinstance(row, list) else Value(row) for row in numbers]
    graph = record(loss(values, targets))
    assert {node.scope for node in graph.nodes() if node.kind == "op"} == {loss.__name__}
    assert {node.source.file for node in graph.nodes()} == {__file__}


def test_one_sample_needs_no_list():
    assert losses.mse(Value(3.0), 1.0).data == 4.0
    assert losses.cross_entropy([Value(0.0), Value(0.0)], 1).data == pytest.approx(math.log(2))
    assert losses.cross_entropy(Value(np.zeros(4)), 3).data == pytest.approx(math.log(4))


def test_large_logits_stay_finite_and_exact():
    for z, t in ((1000.0, 0), (-1000.0, 1)):
        assert of_scalars(losses.bce_with_logits, [z], [t])[0] == 1000.0
    assert of_scalars(losses.bce_with_logits, [40.0], [1])[0] == pytest.approx(math.exp(-40))
    assert of_scalars(losses.cross_entropy, [[1000.0, -1000.0]], [1])[0] == 2000.0


def test_targets_can_be_values():
    target = Value(1.0)
    losses.mse([Value(3.0)], [target]).backward()
    assert target.grad == -4.0


@pytest.mark.parametrize("loss", [losses.mse, losses.hinge, losses.bce_with_logits, losses.cross_entropy])
def test_targets_must_be_as_many_as_predictions(loss):
    rows = [[Value(1.0), Value(2.0)]] if loss is losses.cross_entropy else [Value(1.0)]
    with pytest.raises(ShapeError):
        loss(rows, [1, 1])
    with pytest.raises(ShapeError):
        loss([], [])


@given(st.lists(st.floats(allow_nan=True, allow_infinity=True), min_size=1, max_size=9), st.data())
def test_l2_is_the_sum_of_squares_bit_for_bit(numbers, data):
    again = data.draw(st.lists(st.integers(0, len(numbers) - 1), max_size=3))  # some of them twice
    results = []
    for loss in (losses.l2, lambda values: sum((v * v for v in values[1:]), values[0] * values[0])):
        leaves = [Value(x) for x in numbers]
        Value(0.0).backward()
        inner = [leaf * 1.0 for leaf in leaves][-1]  # all leaves have rows in the same order
        total = loss([*leaves, *(leaves[k] for k in again), inner])
        outer = total * 0.5 + leaves[0]  # it stands among other rows
        outer.backward(allow_nan=True)
        graph = record(outer)
        edges = [[node.op, node.data, node.grad, graph.inputs_of(k)] for k, node in enumerate(graph.nodes())]
        results.append(repr([total.data, [leaf.grad for leaf in leaves], edges]))
    assert results[0] == results[1]


def test_l2_of_arrays_and_of_both():
    w, b = Value(np.array([[1.0, 2.0], [3.0, 4.0]])), Value(5.0)
    total = losses.l2([w, b])
    total.backward()
    assert total.data == 55.0 and w.grad.tolist() == [[2.0, 4.0], [6.0, 8.0]] and b.grad == 10.0
    graph = record(losses.l2(iter([b, Value(0.0)])))
    assert {node.scope for node in graph.nodes() if node.op} == {"l2"}
    again = record(losses.l2(iter([b, Value(0.0)])))
    lines = [{node.source.line for node in g.nodes() if node.op} for g in (graph, again)]
    assert len(lines[0]) == 1 and lines[1] == {line + 2 for line in lines[0]}
    with pytest.raises(ShapeError, match=r"no parameters\. Pass model\.parameters\(\)"):
        losses.l2([])
    assert losses.l2([Value(0.0)]).data == 0.0


def test_l2_enters_leaves_that_have_new_data():
    w = Value(2.0)
    before = w * 3.0
    w.data = 4.0
    total = losses.l2([w]) + 1.0
    total.backward()
    assert total.data == 17.0 and w.grad == 8.0 and before.data == 6.0


def test_arrays_of_different_shapes_are_not_broadcast():
    with pytest.raises(ShapeError, match=r"\(3, 1\), targets \(3,\)"):
        losses.mse(Value(np.zeros((3, 1))), np.zeros(3))


@pytest.mark.parametrize("target", [0, 0.5, 2])
def test_hinge_wants_signs(target):
    with pytest.raises(DataError, match="2\\*y - 1"):
        losses.hinge([Value(1.0)], [target])


@pytest.mark.parametrize("target", [3, -1, 1.0])
def test_a_class_must_be_one_of_them(target):
    with pytest.raises(DataError, match="from 0 to 2"):
        losses.cross_entropy([[Value(0.0)] * 3], [target])
