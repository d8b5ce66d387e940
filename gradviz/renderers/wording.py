"""Numbers as the drawing words them."""

from __future__ import annotations

import math

import numpy as np

from gradviz.graph import Number, Span
from gradviz.numbers import full, short
from gradviz.summary import ABSENT, magnitude, summarise

_BACKSLASH = "\\"  # of a path on Windows


def signed(value: Number | None) -> str:
    """Give a cotangent with its sign: +0.5. Of an array, its largest magnitude."""
    if value is None:
        return ""
    if np.ndim(value):
        return f"±{short(magnitude(value) or 0.0)}"
    text = short(float(value))
    return f"+{text}" if float(value) > 0 else text


def counted(number: int, one: str, many: str = "") -> str:
    """Give a number of things in words.

    >>> counted(1, "edge"), counted(2000, "box", "boxes")
    ('1 edge', '2,000 boxes')
    """
    return f"{number:,} {one if number == 1 else many or one + 's'}"


def in_full(value: Number | None) -> str:
    """Give a number so that it reads back the same, an array in a line."""
    if value is None:
        return "not computed"
    return summarise(value).text() if np.ndim(value) else full(float(value))


def range_text(low: float, high: float) -> str:
    """Give the extent of many values; NaN stands for no finite one."""
    return short(low) if low == high or math.isnan(low) else f"{short(low)} … {short(high)}"


def share_text(share: float) -> str:
    """Give a share in percent; not 0 % or 100 % unless it is. NaN stands for a share of nothing."""
    if math.isnan(share):
        return ABSENT
    percent = round(share * 100)
    if percent == 0 and share > 0:
        return "< 1 %"
    return "> 99 %" if percent == 100 and share < 1 else f"{percent} %"


def place(span: Span | None) -> str:
    """Give file and line, without the folders: a drawing that is passed on tells nothing of a home folder."""
    if span is None or not span.line:
        return ""
    return f"{span.file.replace(_BACKSLASH, '/').rpartition('/')[2]}:{span.line}"
