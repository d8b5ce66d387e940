"""The drawing as PNG, painted by a Graphviz engine.

Converters from SVG lose text where fonts are missing; an engine brings its own, or knows the system's. So the
same geometry, texts and colours go to it as pinned primitives: each rectangle and text is a node at a fixed
place, each curve an edge with its points given, and nothing is left to lay out.
"""

from __future__ import annotations

import math
import struct
from collections.abc import Sequence
from typing import TYPE_CHECKING

from gradviz.errors import LayoutError
from gradviz.layout import OWN, Layout, child, find_engine
from gradviz.renderers.paint import paint
from gradviz.renderers.palette import fixed

if TYPE_CHECKING:
    from gradviz.timeline.frame import Frame
    from gradviz.view import View

SCALE = 2.0  # pixels per px of the SVG, both ways
SMALLEST_SCALE = 0.35  # below, nothing can be read
LARGEST = 40e6  # pixels: about 160 MB while the engine paints
_ASIDE = 0.003  # px: letters stand on whole pixels, and from between two of them they always go the same way
_SIGNATURE = b"\x89PNG\r\n\x1a\n"


def render(
    view: View,
    frame: Frame | None = None,
    *,
    layout: Layout | None = None,
    theme: str = "light",
    legend: bool = True,
    scale: float | None = None,
    engine: str | None = None,
    timeout: float = 30.0,
) -> bytes:
    """Paint a view as PNG.

    Args:
        view: the boxes and edges.
        frame: the moment; None is after the whole pass.
        layout: the places, if they are known already.
        theme: "light", "dark" or "print"; "auto" is light, for a picture cannot ask.
        legend: whether to explain colours below the drawing.
        scale: pixels per px of the SVG, both ways; None is 2, or less for a large drawing.
        engine: the Graphviz engine to paint with, by name or path; "own" is the usual one.
        timeout: seconds it may take.

    Raises:
        LayoutError: the picture would be too large, there is no engine, or it failed.
    """
    picture = paint(view, frame, layout, fixed(theme), legend)
    chosen = scale_for(picture.width, picture.height, scale)
    whole = (0, 0, round(picture.width * chosen), round(picture.height * chosen))
    seen = f"-Gviewport={window(whole, chosen, picture.height)}"
    return run_engine([picture.source], chosen, engine, timeout, seen)[0]


def run_engine(
    sources: Sequence[str], scale: float, engine: str | None, timeout: float, *more: str
) -> list[bytes]:
    """Let one engine paint pictures, all in one process.

    Raises:
        LayoutError: there is no engine, it failed, or did not write them all.
    """
    program = find_engine(None if engine == OWN else engine)
    arguments = [program.path, "-Kneato", "-n2", "-Tpng", f"-Gdpi={72 * scale:.6g}", *more]
    data, warnings = child.run(arguments, "".join(sources).encode("utf-8"), timeout=timeout)
    if "too large" in warnings:  # dot then shrinks the picture until nothing can be read
        raise LayoutError(f"{program.path} cannot paint a picture of this size.", "Give a smaller scale.")
    pictures = _cut(data)
    if len(pictures) != len(sources):
        raise LayoutError(f"{program.path} did not write a whole PNG.")
    return pictures


def window(pixels: tuple[int, int, int, int], scale: float, height: float) -> str:
    """Give Graphviz's ``viewport`` for a part of a picture, so that it is painted alone, to the pixel.

    Args:
        pixels: left, top, width and height of the part.
        scale: pixels per px.
        height: of the whole picture in px.
    """
    x, y, w, h = (value / scale for value in pixels)
    return f"{w:.9g},{h:.9g},1,{x + w / 2 + _ASIDE:.9g},{height - (y + h / 2) + _ASIDE:.9g}"


def _cut(data: bytes) -> list[bytes]:
    """Cut pictures that were written one after the other apart; what is not whole is left out."""
    found, start = [], 0
    while data.startswith(_SIGNATURE, start):
        at, kind = start + len(_SIGNATURE), b""
        while kind != b"IEND" and at + 12 <= len(data):
            length, kind = struct.unpack_from(">I4s", data, at)
            at += 12 + length
        if kind != b"IEND" or at > len(data):
            break
        found.append(data[start:at])
        start = at
    return found


def scale_for(
    width: float, height: float, asked: float | None, usual: float = SCALE, largest: float = LARGEST
) -> float:
    """Choose the scale of a picture of so many px, or refuse one that makes too many pixels or none.

    Raises:
        LayoutError: it was refused.
    """
    fitting = math.sqrt(LARGEST / (width * height))
    if asked is None and fitting >= SMALLEST_SCALE:
        return max(min(usual, math.sqrt(largest / (width * height))), SMALLEST_SCALE)
    if asked is not None and 0 < asked <= fitting:
        return asked
    if asked is not None and not 0 < asked < float("inf"):
        raise LayoutError(f"The scale is {asked}; it must be a positive number.")
    raise LayoutError(
        f"A PNG of this drawing, {width:,.0f} × {height:,.0f} px, would be too large.",
        f"Give a scale of at most {fitting:.2g}, fold some scopes, or export SVG.",
    )


def size_of(data: bytes) -> tuple[int, int]:
    """Read width and height of a PNG."""
    width, height = struct.unpack(">II", data[16:24])
    return int(width), int(height)
