"""Which numbers occur in a column and where, and ranges of places put into one column."""

from __future__ import annotations

import numpy as np


def grouped(column: np.ndarray, size: int) -> tuple[np.ndarray, np.ndarray]:
    """Where in a column each of the numbers 0 … size - 1 stands.

    Returns:
        The places, those of one number together and rising; and ``size + 1`` bounds: number i stands at
        ``places[bounds[i] : bounds[i + 1]]``.
    """
    # one plain sort of (number, place) in one integer is several times as quick as a stable argsort
    keys = (column.astype(np.int64) << 32) | np.arange(len(column))
    keys.sort()
    bounds = np.concatenate(([0], np.cumsum(np.bincount(column, minlength=size))))
    return (keys & 0xFFFFFFFF).astype(np.int32), bounds


def distinct(numbers: np.ndarray) -> np.ndarray:
    """The whole numbers that occur, rising: ``np.unique``, which would import all of ``numpy.ma`` first."""
    rising = np.sort(numbers, axis=None)
    first = np.ones(len(rising), dtype=bool)
    np.not_equal(rising[1:], rising[:-1], out=first[1:])
    return np.asarray(rising[first])


def ranges(start: np.ndarray, stop: np.ndarray) -> np.ndarray:
    """The ranges start[i]:stop[i], one after another in one column."""
    length = stop - start
    return np.asarray(np.repeat(stop - np.cumsum(length), length) + np.arange(int(length.sum())))
