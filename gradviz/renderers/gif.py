"""A walk as GIF: for where nothing else moves. Pillow chooses the colours and packs the pixels.

The palette is made of the theme's own colours and of what lies between them and what is behind them, so a
colour is the same at every moment.
"""

from __future__ import annotations

import io
import struct
from collections.abc import Sequence
from functools import cache
from itertools import groupby
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from gradviz.errors import LayoutError
from gradviz.layout import Layout
from gradviz.renderers.animated import USUAL, Pace
from gradviz.renderers.animated_patches import patches
from gradviz.renderers.palette import colours, fixed, mix

if TYPE_CHECKING:
    from gradviz.timeline import Timeline
    from gradviz.view import View

Pixels: TypeAlias = NDArray[np.uint8]

_COLOURS = 256
_UNSEEN = 255  # the colour that leaves a pixel as it was
_BLENDS = (0.5, 0.25, 0.75, 0.375, 0.625, 0.125, 0.875)  # of paper: how letters and curves end
_MOST = 65_535  # GIF counts in 16 bits


def render(
    view: View,
    timeline: Timeline,
    chosen: Sequence[int],
    *,
    pace: Pace = USUAL,
    layout: Layout | None = None,
    theme: str = "light",
    legend: bool = True,
    scale: float | None = None,
    engine: str | None = None,
) -> bytes:
    """Write a walk as GIF; the arguments are those of ``Animation.render`` and of a single PNG.

    Raises:
        LayoutError: Pillow is not installed, the picture would be too large, or it cannot be painted.
    """
    image = _pillow()
    palette = _palette(fixed(theme))
    nearest = _Nearest(palette)
    painted = patches(view, timeline, chosen, layout, theme, legend, scale, engine)
    written, seen = [], np.empty((0, 0), np.uint8)
    for moment, parts in groupby(painted, lambda part: part.moment):
        now = seen.copy()
        for _, left, top, png in parts:
            pixels = nearest(np.asarray(image.open(io.BytesIO(png)).convert("RGB")))
            if not len(now):
                now = pixels
                written.append(_head(pixels.shape[1], pixels.shape[0], palette, pace.times))
            now[top : top + pixels.shape[0], left : left + pixels.shape[1]] = pixels
        left, top, pixels = _changed(seen, now) if moment else (0, 0, now)
        seen = now
        shown = round(100 * (pace.seconds if moment < len(chosen) - 1 else pace.last))
        packed = image.frombytes("P", pixels.shape[::-1], pixels.tobytes())
        packed.putpalette(palette)
        written.append(_moment(packed, left, top, shown))
    return b"".join([*written, b";"])


class _Nearest:
    """Finds the colour of the palette that is nearest to each pixel's own, and remembers it."""

    def __init__(self, palette: bytes) -> None:
        self._palette = np.frombuffer(palette, np.uint8).reshape(-1, 3)[:_UNSEEN].astype(np.int32)
        self._found = np.zeros(1 << 24, np.uint16)  # per colour its number from 1 on; 0 is not known yet

    def __call__(self, pixels: Pixels) -> Pixels:
        """Give the numbers of the colours: (rows, columns) of (rows, columns, 3)."""
        packed = pixels.astype(np.int32) @ np.array([1 << 16, 1 << 8, 1], np.int32)
        new = np.unique(packed[self._found[packed] == 0])
        for some in np.array_split(new, len(new) // 4096 + 1):
            own = some[:, None] >> np.array([16, 8, 0]) & 255
            distance = np.square(own[:, None] - self._palette).sum(axis=2)
            self._found[some] = distance.argmin(axis=1) + 1
        return (self._found[packed] - 1).astype(np.uint8)


def _changed(before: Pixels, now: Pixels) -> tuple[int, int, Pixels]:
    """Give the least part that differs: left, top, and its pixels, transparent where they are as before."""
    differs = before != now
    rows, columns = (np.flatnonzero(differs.any(axis=axis)) for axis in (1, 0))
    if not len(rows):
        return 0, 0, np.full((1, 1), _UNSEEN, np.uint8)
    cut = slice(rows[0], rows[-1] + 1), slice(columns[0], columns[-1] + 1)
    return int(columns[0]), int(rows[0]), np.where(differs[cut], now[cut], np.uint8(_UNSEEN))


def _pillow() -> Any:
    try:
        from PIL import Image
    except ImportError:
        cure = "Install it with: pip install gradviz[gif]. SVG and APNG move without it."
        raise LayoutError("To write GIF, Pillow is needed.", cure) from None
    return Image


@cache
def _palette(theme: str) -> bytes:
    """Give the colours: each of the theme, then each mixed with the paper, while there is room."""
    named = colours(theme)
    found = dict.fromkeys(named.values())
    for share in _BLENDS:
        found.update(dict.fromkeys(mix(colour, named["paper"], share) for colour in named.values()))
    chosen = (list(found) + [named["paper"]] * _COLOURS)[:_UNSEEN] + [named["paper"]]
    return b"".join(bytes.fromhex(colour[1:]) for colour in chosen)


def _head(width: int, height: int, palette: bytes, times: int) -> bytes:
    """Give what stands at the beginning: the size, the colours of all moments, how often they are played."""
    if max(width, height) > _MOST:
        raise LayoutError("GIF has at most 65,535 pixels in a row.", "Give a smaller scale.")
    again = struct.pack("<HB", max(times - 1, 0), 0)
    repeats = b"" if times == 1 else b"!\xff\x0bNETSCAPE2.0\x03\x01" + again
    return b"GIF89a" + struct.pack("<HHBBB", width, height, 0xF7, 0, 0) + palette + repeats


def _moment(part: Any, left: int, top: int, hundredths: int) -> bytes:
    """Give one moment: how long it is shown, where it stands, and its pixels as Pillow packs them."""
    file = io.BytesIO()
    part.save(file, "GIF", optimize=False, interlace=0)
    packed = file.getvalue()
    start = packed.index(b",", 13 + 3 * _COLOURS)  # after the head and the colours: the first picture
    control = b"!\xf9\x04\x05" + struct.pack("<HBB", hundredths, _UNSEEN, 0)
    place = struct.pack("<HHHHB", left, top, *part.size, 0)
    return control + b"," + place + packed[start + 10 : -1]
