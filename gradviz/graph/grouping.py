"""Where in a column each number stands."""

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
