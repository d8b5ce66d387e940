"""Which nodes can be computed at the same time."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import count

import numpy as np

from gradviz.grouping import ranges


def levels_of(
    source: np.ndarray, target: np.ndarray, weight: np.ndarray, patience: int, least: float
) -> np.ndarray | None:
    """Per node the number of edges on the longest way to it: Kahn's algorithm, a level at a time.

    Edges from a node to itself do not count. None if after ``patience`` levels there was less than the
    ``least`` weight of nodes on each, on average.
    """
    n = len(weight)
    real = source != target
    source, target = source[real], target[real]
    target = target[np.argsort(source, kind="stable")]
    width = np.bincount(source, minlength=n)
    start = np.cumsum(width) - width
    waits = np.bincount(target, minlength=n)
    level = np.zeros(n, dtype=np.int64)
    front = np.flatnonzero(waits == 0)
    done = 0
    for number in count():
        level[front] = number
        done += int(weight[front].sum())
        if number >= patience and done < number * least:
            return None
        reached = target[ranges(start[front], start[front] + width[front])]
        if not len(reached):
            return level
        np.subtract.at(waits, reached, 1)
        front = np.unique(reached[waits[reached] == 0])
    raise AssertionError("there is always a last level")


def alike(items: np.ndarray, keys: Sequence[np.ndarray]) -> list[np.ndarray]:
    """The items that agree in all keys, one array each, in the order of the keys, the first first."""
    code = np.zeros(len(items), dtype=np.int64)
    for key in keys:
        _, part = np.unique(key, return_inverse=True)
        _, code = np.unique(code * (int(part.max(initial=0)) + 1) + part, return_inverse=True)
    order = np.argsort(code, kind="stable")
    return np.split(items[order], np.flatnonzero(np.diff(code[order])) + 1) if len(items) else []
