"""The drawing as PNG, painted by a Graphviz engine.

Converters from SVG lose text where fonts are missing; an engine brings its own, or knows the system's. So the
same geometry, texts and colours go to it as pinned primitives: each rectangle and text is a node at a fixed
place, each curve an edge with its points given, and nothing is left to lay out.
"""

from __future__ import annotations

import math
import struct
from typing import TYPE_CHECKING

from gradviz.errors import LayoutError
from gradviz.layout import OWN, Layout, child, find_engine
from gradviz.renderers.paint import Picture, paint

if TYPE_CHECKING:
    from gradviz.timeline.frame import Frame
    from gradviz.view import View

SCALE = 2.0  # pixels per px of the SVG, both ways
SMALLEST_SCALE = 0.35  # below, nothing can be read
LARGEST = 40e6  # pixels: about 160 MB while the engine paints
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
        theme: "light" or "dark"; "auto" is light, for a picture cannot ask.
        legend: whether to explain colours below the drawing.
        scale: pixels per px of the SVG, both ways; None is 2, or less for a large drawing.
        engine: the Graphviz engine to paint with, by name or path; "own" is the usual one.
        timeout: seconds it may take.

    Raises:
        LayoutError: the picture would be too large, there is no engine, or it failed.
    """
    picture = paint(view, frame, layout, "dark" if theme == "dark" else "light", legend)
    chosen = _scale(picture, scale)
    program = find_engine(None if engine == OWN else engine)
    arguments = [program.path, "-Kneato", "-n2", "-Tpng", f"-Gdpi={72 * chosen:.6g}"]
    data, warnings = child.run(arguments, picture.source.encode("utf-8"), timeout=timeout)
    if "too large" in warnings:  # dot then shrinks the picture until nothing can be read
        raise LayoutError(f"{program.path} cannot paint a picture of this size.", "Give a smaller scale.")
    if not data.startswith(_SIGNATURE) or not data.rstrip().endswith(b"IEND\xaeB`\x82"):
        raise LayoutError(f"{program.path} did not write a whole PNG.")
    return data


def _scale(picture: Picture, asked: float | None) -> float:
    """Choose the scale, or refuse one that makes too many pixels or none."""
    fitting = math.sqrt(LARGEST / (picture.width * picture.height))
    if asked is None and fitting >= SMALLEST_SCALE:
        return min(SCALE, fitting)
    if asked is not None and 0 < asked <= fitting:
        return asked
    if asked is not None and not 0 < asked < float("inf"):
        raise LayoutError(f"The scale is {asked}; it must be a positive number.")
    raise LayoutError(
        f"A PNG of this drawing, {picture.width:,.0f} × {picture.height:,.0f} px, would be too large.",
        f"Give a scale of at most {fitting:.2g}, fold some scopes, or export SVG.",
    )


def size_of(data: bytes) -> tuple[int, int]:
    """Read width and height of a PNG."""
    width, height = struct.unpack(">II", data[16:24])
    return int(width), int(height)
