"""Long columns in little JSON: numbers as base64 of the narrowest type, words by a list of different ones."""

from __future__ import annotations

import base64
from collections.abc import Hashable, Sequence
from typing import Any, TypeAlias

import numpy as np

Numbers: TypeAlias = dict[str, str]
Words: TypeAlias = dict[str, Any]

_WHOLE = ("u1", "i1", "u2", "i2", "i4")  # the narrowest first; JavaScript has arrays of all of them


def pack_numbers(column: Any) -> Numbers:
    """Pack whole numbers.

    >>> pack_numbers([1, 2, 255])
    {'type': 'u1', 'base64': 'AQL/'}

    Raises:
        OverflowError: a number does not fit into 32 bits.
    """
    numbers = np.asarray(column, dtype=np.int64)
    low, high = (int(numbers.min()), int(numbers.max())) if numbers.size else (0, 0)
    for name in _WHOLE:
        reach = np.iinfo(name)
        if reach.min <= low and high <= reach.max:
            data = base64.b64encode(numbers.astype(f"<{name}").tobytes())
            return {"type": name, "base64": data.decode("ascii")}
    raise OverflowError(f"{low} to {high} is more than 32 bits hold")


def pack_words(column: Sequence[Hashable]) -> Words:
    """Pack texts, levels and other small facts: each different one once, and which of them stands where.

    ``at`` is left out where every one is different; one that stands everywhere comes with ``times``.

    >>> pack_words(["x", "x", None])
    {'words': ['x', None], 'at': {'type': 'u1', 'base64': 'AAAB'}}
    """
    seen: dict[Hashable, int] = {}
    at = [seen.setdefault(word, len(seen)) for word in column]
    if len(seen) == 1:
        return {"words": list(seen), "times": len(at)}
    if len(seen) == len(at):
        return {"words": list(column)}
    return {"words": list(seen), "at": pack_numbers(at)}
