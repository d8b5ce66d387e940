"""Data sets and batches."""

import math
import random

import numpy as np
import pytest

from gradviz import GradvizError
from gradviz.engine.data import batches, moons, spiral, xor
from gradviz.errors import ShapeError


def test_all_samples_at_once_keep_their_order():
    assert list(batches([1, 2, 3], "abc")) == [([1, 2, 3], ["a", "b", "c"])]


@pytest.mark.parametrize("size, sizes", [(1, [1] * 7), (3, [3, 3, 1]), (7, [7]), (100, [7]), (None, [7])])
def test_every_sample_comes_once_with_its_label(size, sizes):
    got = list(batches(range(7), [10 * k for k in range(7)], size=size, seed=0))
    assert [len(xs) for xs, _ in got] == sizes
    assert sorted(x for xs, _ in got for x in xs) == list(range(7))
    assert all(y == 10 * x for xs, ys in got for x, y in zip(xs, ys, strict=True))


def test_a_seed_fixes_the_order_and_leaves_random_alone():
    state = random.getstate()
    one, two, other = (list(batches(range(20), range(20), 5, seed=seed)) for seed in (1, 1, 2))
    assert random.getstate() == state
    assert one == two != other


def test_one_generator_shuffles_each_epoch_anew():
    rng = random.Random(0)
    assert list(batches(range(20), range(20), 5, seed=rng)) != list(
        batches(range(20), range(20), 5, seed=rng)
    )


def test_unshuffled_batches_are_in_order():
    assert [xs for xs, _ in batches("abcd", range(4), 3, shuffle=False)] == [["a", "b", "c"], ["d"]]


def test_arrays_stay_arrays():
    xs, ys = np.arange(12.0).reshape(6, 2), np.arange(6)
    for x, y in batches(xs, ys, 4, seed=0):
        assert np.array_equal(x, xs[y])


def test_mistakes_are_named():
    with pytest.raises(ShapeError, match="2 inputs and 3 labels"):
        batches([1, 2], [1, 2, 3])
    with pytest.raises(GradvizError, match="batch of 0"):
        batches([1], [1], size=0)
    assert list(batches([], [])) == []


def test_moons_without_noise_are_half_circles():
    points, labels = moons(21, noise=0.0)
    assert labels == [0] * 11 + [1] * 10
    for (x, y), label in zip(points, labels, strict=True):
        radius = math.hypot(x, y) if label == 0 else math.hypot(x - 1, y - 0.5)
        assert radius == pytest.approx(1)
        assert y >= -1e-12 if label == 0 else y <= 0.5 + 1e-12


def test_spiral_arms_are_equally_long():
    points, labels = spiral(90, classes=3, noise=0.0)
    assert [labels.count(k) for k in range(3)] == [30, 30, 30]
    for arm in range(3):
        radii = [math.hypot(*p) for p, label in zip(points, labels, strict=True) if label == arm]
        assert radii == pytest.approx([(k + 1) / 30 for k in range(30)])


@pytest.mark.parametrize("make", [moons, spiral])
@pytest.mark.parametrize("n", [0, 1, 2, 50])
def test_sets_have_as_many_points_as_asked(make, n):
    points, labels = make(n, seed=0)
    assert len(points) == len(labels) == n
    assert all(isinstance(x, float) for point in points for x in point)
    assert make(n, seed=0) == (points, labels)


def test_xor():
    points, labels = xor()
    assert [int(a) ^ int(b) for a, b in points] == labels
