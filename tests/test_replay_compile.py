"""compile(): the training loop's step by replay, with the engine's numbers bit for bit."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

import gradviz as gv
from gradviz import Parameter, Value, losses, nn, optim
from gradviz.errors import ReplayError, ShapeError

POINTS, LABELS = gv.data.moons(12, noise=0.1, seed=0)
TARGETS = [2 * label - 1 for label in LABELS]


def train(steps: int, compiled: bool, activation: str) -> tuple[list[float], list[float]]:
    model = nn.MLP(2, [8, 8, 1], activation=activation, seed=3)
    optimizer = optim.Adam(model.parameters(), lr=0.05)

    def loss() -> Value:
        fit = losses.hinge([model(point) for point in POINTS], TARGETS)
        return fit + 1e-4 * sum(p * p for p in model.parameters())

    step = gv.compile(loss()) if compiled else None
    seen = []
    for _ in range(steps):
        optimizer.zero_grad()
        if step:
            seen.append(step())
        else:
            now = loss()
            now.backward()
            seen.append(now.data)
        optimizer.step()
    return seen, [p.data for p in model.parameters()]


@pytest.mark.parametrize("activation", ["relu", "tanh", "gelu"])
def test_training_is_the_same_bit_for_bit(activation: str) -> None:
    assert train(8, True, activation) == train(8, False, activation)


def test_training_on_arrays_is_the_same_bit_for_bit() -> None:
    def run(compiled: bool) -> tuple[list[float], list[list[float]]]:
        layer = nn.Linear(2, 3, seed=1)
        x = Value(np.array(POINTS))

        def loss() -> Value:
            return (layer(x).tanh() ** 2).mean()

        step = gv.compile(loss()) if compiled else None
        seen = []
        for _ in range(5):
            for p in layer.parameters():
                p.grad = None
            if step:
                seen.append(step())
            else:
                now = loss()
                now.backward()
                seen.append(now.data)
            for p in layer.parameters():
                p.data = p.data - 0.1 * p.grad
        return seen, [p.data.tolist() for p in layer.parameters()]

    assert run(True) == run(False)


def test_gradients_add_up_over_calls() -> None:
    w, c = Parameter(3.0), Value(2.0)
    step = gv.compile(w * w * c)
    assert (step(), w.grad, c.grad) == (18.0, 12.0, 9.0)
    assert (step(), w.grad, c.grad) == (18.0, 24.0, 18.0)
    w.data, w.grad, c.grad = 1.0, None, 0.5
    assert (step(), w.grad, c.grad) == (2.0, 4.0, 1.5)


def test_gradients_of_arrays_share_memory_with_nothing() -> None:
    v = Parameter(np.array([1.0, 2.0]))
    step = gv.compile(v.sum())
    step()
    first = v.grad
    first += 5.0
    v.grad = None
    step()
    assert v.grad.tolist() == [1.0, 1.0] and v.grad.flags.writeable


def test_an_array_changed_in_place_is_seen() -> None:
    v = Parameter(np.array([1.0, 2.0]))
    step = gv.compile((v * v).sum())
    v.data[0] = 3.0
    assert (step(), v.grad.tolist()) == (13.0, [6.0, 4.0])


def test_a_leaf_alone() -> None:
    w = Parameter(3.0)
    step = gv.compile(w)
    assert (step(), w.grad) == (3.0, 1.0)


def test_the_recorded_values_stay() -> None:
    w = Parameter(3.0)
    loss = w * w
    step = gv.compile(loss)
    w.data = 5.0
    assert (step(), loss.data, loss.grad) == (25.0, 9.0, None)


def test_a_backward_with_another_seed_before_does_not_matter() -> None:
    w = Parameter(3.0)
    loss = w * w
    loss.backward(10.0)
    w.grad = None
    gv.compile(loss)()
    assert w.grad == 6.0


def refusal(error: type[gv.GradvizError], act: Callable[[], object]) -> str:
    with pytest.raises(error) as caught:
        act()
    return str(caught.value)


def test_a_leaf_that_changes_its_shape_is_refused() -> None:
    v, w = Parameter(np.array([1.0, 2.0]), "v"), Parameter(1.0, "w")
    step = gv.compile((v * w).sum())
    v.data = np.ones(3)
    assert "v (n0), made at" in refusal(ShapeError, step) and "(3,)" in refusal(ShapeError, step)
    v.data, w.data = np.ones(2), np.ones(2)
    assert "w (n1)" in refusal(ShapeError, step)
    assert v.grad is None and w.grad is None


def test_a_leaf_with_two_values_is_refused() -> None:
    w = Parameter(2.0, "w")
    first = w * 3.0
    w.data = 4.0
    assert "stands for two values" in refusal(ReplayError, lambda: gv.compile(first + w))


def test_an_array_of_losses_is_refused() -> None:
    v = Parameter(np.array([1.0, 2.0]))
    assert "needs a seed" in refusal(ShapeError, lambda: gv.compile(v * 2))
