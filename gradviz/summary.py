"""Arrays in a few words: shape, range, zeros, non-finite."""

from __future__ import annotations

from typing import Any

import numpy as np

from gradviz.frozen import Frozen
from gradviz.numbers import full, short

ABSENT = "–"  # what is shown for a number nobody has computed


class Summary(Frozen):
    """What one line can say of an array; statistics are over its finite elements, NaN if there are none."""

    shape: tuple[int, ...]
    dtype: str
    size: int
    min: float
    mean: float
    max: float
    norm: float
    zeros: int
    nonfinite: int

    def text(self) -> str:
        """Give shape and range, then zeros and non-finite elements where there are any.

        >>> summarise(np.array([[0.0, 2.0], [-1.5, float("nan")]])).text()
        '2×2 · -1.5 … 2 · 1 zero · 1 non-finite'
        """
        parts = [shape_text(self.shape)]
        if self.size > self.nonfinite:
            parts.append(f"{short(self.min)} … {short(self.max)}")
        if self.zeros:
            parts.append(f"{self.zeros} zero{'s' if self.zeros > 1 else ''}")
        if self.nonfinite:
            parts.append(f"{self.nonfinite} non-finite")
        return " · ".join(parts)


def summarise(array: Any) -> Summary:
    """Summarise an array of numbers."""
    a = np.asarray(array, dtype=np.float64)
    finite = a[np.isfinite(a)]
    with np.errstate(all="ignore"):  # the largest numbers overflow in the mean and the norm
        facts = (
            (finite.min(), finite.mean(), finite.max(), np.linalg.norm(finite))
            if finite.size
            else (np.nan,) * 4
        )
    low, middle, high, norm = map(float, facts)
    zeros, nonfinite = int(np.count_nonzero(a == 0)), int(a.size - finite.size)
    return Summary(a.shape, str(a.dtype), a.size, low, middle, high, norm, zeros, nonfinite)


def shape_text(shape: tuple[int, ...]) -> str:
    """Give a shape as people write it.

    >>> shape_text((16, 3)), shape_text((4,)), shape_text(())
    ('16×3', '4', 'scalar')
    """
    return "×".join(map(str, shape)) or "scalar"


def text_of(value: float | np.ndarray | None) -> str:
    """Give a value in a few characters: four digits for a number, shape and range for an array, – for none.

    >>> text_of(0.88137), text_of(None), text_of(np.array([1.0, 2.0]))
    ('0.8814', '–', '2 · 1 … 2')
    """
    if value is None:
        return ABSENT
    if isinstance(value, np.ndarray) and value.ndim:
        summary = summarise(value)
        if summary.size == summary.nonfinite:
            return shape_text(summary.shape)
        return f"{shape_text(summary.shape)} · {short(summary.min)} … {short(summary.max)}"
    return short(float(value))


def full_text_of(value: float | np.ndarray | None) -> str:
    """As ``text_of``, but a number so that it reads back the same.

    >>> full_text_of(0.1 + 0.2), full_text_of(np.array([1.0, 2.0]))
    ('0.30000000000000004', '2 · 1 … 2')
    """
    return full(value) if isinstance(value, float) else text_of(value)


def magnitude(value: float | np.ndarray | None) -> float | None:
    """Give the largest absolute element; None for no value. NaN wins over everything."""
    if value is None:
        return None
    a = np.abs(np.asarray(value, dtype=np.float64))
    return float(a.max()) if a.size else 0.0
