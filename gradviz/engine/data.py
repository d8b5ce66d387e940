"""Small data sets to learn on, and batches of them. Everything is a plain list; labels are 0, 1, 2, …"""

from __future__ import annotations

import math
import random
from collections.abc import Iterator
from typing import Any

import numpy as np

from gradviz.errors import GradvizError, ShapeError

Points = list[list[float]]
Seed = int | random.Random | None


def batches(
    xs: Any, ys: Any, size: int | None = None, shuffle: bool = True, seed: Seed = None
) -> Iterator[tuple[Any, Any]]:
    """Go once through the samples, some at a time.

    >>> [len(x) for x, y in batches(range(10), range(10), size=4)]
    [4, 4, 2]

    Args:
        xs: the inputs: a list or an array.
        ys: as many labels.
        size: how many samples at a time: None for all (batch gradient descent), 1 for single ones
            (stochastic), or any number (mini-batches). The last batch may be smaller.
        shuffle: whether the samples come in a random order; all at once they keep theirs.
        seed: for the order. An int gives the same order in every call, so give each epoch its own, or one
            ``random.Random`` to all; None uses Python's global generator.

    Raises:
        ShapeError: there are not as many labels as inputs.
        GradvizError: the size is below 1.
    """
    if len(xs) != len(ys):
        raise ShapeError(f"There are {len(xs)} inputs and {len(ys)} labels.")
    if size is not None and size < 1:
        raise GradvizError(f"A batch of {size} samples cannot be.", "Use None for all samples at once.")
    order = list(range(len(xs)))
    if shuffle and size is not None:
        generator(seed).shuffle(order)
    step = size or max(len(order), 1)
    return (
        (_take(xs, part), _take(ys, part))
        for part in (order[k : k + step] for k in range(0, len(order), step))
    )


def moons(n: int = 100, noise: float = 0.1, seed: Seed = None) -> tuple[Points, list[int]]:
    """Two interleaved half circles: the upper one has label 0, the lower one 1.

    Args:
        n: how many points in all.
        noise: the standard deviation of what is added to each coordinate.
        seed: for the noise.
    """
    rng = generator(seed)
    upper = n - n // 2
    points = []
    for k in range(n):
        count = upper if k < upper else n - upper
        angle = math.pi * (k if k < upper else k - upper) / max(count - 1, 1)
        x, y = math.cos(angle), math.sin(angle)
        points.append([x, y] if k < upper else [1.0 - x, 0.5 - y])
    return _noisy(points, noise, rng), [0] * upper + [1] * (n - upper)


def spiral(
    n: int = 150, classes: int = 3, noise: float = 0.05, seed: Seed = None
) -> tuple[Points, list[int]]:
    """Arms that wind about the origin, one for each class, each by 4 radians on its way out to radius 1.

    Args:
        n: how many points in all.
        classes: how many arms.
        noise: the standard deviation of what is added to each coordinate.
        seed: for the noise.
    """
    rng = generator(seed)
    labels = sorted(k % classes for k in range(n))
    points = []
    for arm in range(classes):
        count = labels.count(arm)
        for k in range(count):
            radius = (k + 1) / count
            angle = 4 * radius + 2 * math.pi * arm / classes
            points.append([radius * math.cos(angle), radius * math.sin(angle)])
    return _noisy(points, noise, rng), labels


def xor() -> tuple[Points, list[int]]:
    """The four points of exclusive or, which no straight line separates."""
    return [[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]], [0, 1, 1, 0]


def _noisy(points: Points, noise: float, rng: Any) -> Points:
    return [[x + rng.gauss(0.0, noise), y + rng.gauss(0.0, noise)] for x, y in points]


def _take(samples: Any, indices: list[int]) -> Any:
    return samples[indices] if isinstance(samples, np.ndarray) else [samples[k] for k in indices]


def generator(seed: Seed) -> Any:
    """The random number generator that a seed stands for: None for Python's global one, or one of its own."""
    if seed is None:
        return random
    return random.Random(seed) if isinstance(seed, int) else seed
