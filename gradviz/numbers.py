"""Numbers as text: the short form people read, the exact form, and the one JSON codec.

JSON has no NaN, so NaN and the infinities travel as the strings "NaN", "Infinity" and "-Infinity".
"""

from __future__ import annotations

import math
import re
from typing import Any

import numpy as np

_NON_FINITE = {"nan": "NaN", "inf": "Infinity", "-inf": "-Infinity"}
_SURROGATE = re.compile("[\ud800-\udfff]")  # UTF-8 cannot hold one by itself
_EXACT_BELOW = 1e7  # whole numbers up to here are shown in full: 65138, not 6.514e+04


def short(x: float) -> str:
    """Give ``x`` with four significant digits.

    A shortened number never lies: what is not zero is never shown as zero.

    >>> short(0.8813735870195432), short(2.0), short(1.2e-9), short(-0.0), short(float("nan"))
    ('0.8814', '2', '1.2e-09', '-0', 'nan')
    """
    x = float(x)
    if x.is_integer() and abs(x) < _EXACT_BELOW:
        return "-0" if x == 0 and math.copysign(1, x) < 0 else str(int(x))
    return f"{x:.4g}"


def full(x: float) -> str:
    """Give the shortest text that reads back as exactly ``x``.

    >>> full(0.1), full(2.0)
    ('0.1', '2.0')
    """
    return repr(float(x))


def dumps(obj: Any, indent: int | None = None) -> str:
    """Write ``obj`` as JSON; arrays become lists, sets sorted lists, non-finite numbers strings.

    The text can be encoded as UTF-8 whatever strings it holds.
    """
    import json

    separators = None if indent else (",", ":")
    text = json.dumps(_plain(obj), indent=indent, allow_nan=False, ensure_ascii=False, separators=separators)
    return _SURROGATE.sub(lambda found: f"\\u{ord(found[0]):04x}", text)


def loads(text: str | bytes) -> Any:
    """Read JSON strictly: no bare NaN, no duplicate keys.

    Raises:
        ValueError: the text is not such JSON; the message says where.
    """
    import json

    try:
        return json.loads(text, parse_constant=_no_constant, object_pairs_hook=_no_duplicates)
    except RecursionError:
        raise ValueError("JSON nested too deeply") from None


def number(x: Any) -> float:
    """Read a number that may have travelled as "NaN", "Infinity" or "-Infinity"."""
    return float(x)


def _plain(obj: Any) -> Any:
    """Give ``obj`` in the types JSON has."""
    if isinstance(obj, float):
        return obj if math.isfinite(obj) else _NON_FINITE[repr(float(obj))]
    if obj is None or isinstance(obj, (str, int)):
        return obj
    if isinstance(obj, dict):
        return {str(key): _plain(value) for key, value in obj.items()}
    if isinstance(obj, (list, tuple, range)):
        return [_plain(item) for item in obj]
    if isinstance(obj, (set, frozenset)):
        return _plain(sorted(obj))
    if isinstance(obj, (np.ndarray, np.generic)):
        return _plain(obj.tolist())
    raise TypeError(f"{type(obj).__name__} has no JSON form")


def _no_constant(name: str) -> None:
    raise ValueError(f"{name} is not JSON; write it as a string")


def _no_duplicates(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        names = [key for key, _ in pairs]
        raise ValueError(f"duplicate key {next(key for key in names if names.count(key) > 1)!r}")
    return found
