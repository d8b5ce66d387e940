"""Physical lengths: how wide a picture is on paper."""

from __future__ import annotations

import math
import re
from typing import NamedTuple

from gradviz.errors import GradvizError

# CSS: 1 in is 96 px, wherever it is shown; pt is TeX's bp.
_PX = {"px": 1.0, "in": 96.0, "cm": 96 / 2.54, "mm": 96 / 25.4, "pt": 96 / 72}
_LENGTH = re.compile(r"\s*(\d+(?:\.\d+)?|\.\d+)\s*([a-z]*)\s*", re.ASCII)
_LARGEST = 20_000.0  # px; more than five metres


class Length(NamedTuple):
    """A number with a unit, as SVG and CSS have it."""

    number: float
    unit: str

    @property
    def px(self) -> float:
        """The same in px, 1/96 of an inch."""
        return self.number * _PX[self.unit]

    def of(self, share: float) -> str:
        """Give ``share`` times this length, in words.

        >>> Length(8.6, "cm").of(0.5)
        '4.3cm'
        """
        return f"{self.number * share:.6g}{self.unit}"


def length(text: str) -> Length:
    """Read a length: ``8.6cm``, ``3.4in``, ``86mm``, ``244pt``, ``640px`` or ``640``.

    Raises:
        GradvizError: it is none.
    """
    found = _LENGTH.fullmatch(text)
    if found is not None and (unit := found[2] or "px") in _PX:
        read = Length(float(found[1]), unit)
        if 0 < read.px <= _LARGEST and math.isfinite(read.px):
            return read
    raise GradvizError(
        f"The width is {text!r:.40}.", "It must be a length such as 8.6cm, 3.4in, 244pt or 640px."
    )
