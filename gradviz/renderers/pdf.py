"""The drawing as PDF, with its fonts embedded, by a Graphviz that has cairo."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gradviz.errors import LayoutError
from gradviz.layout import Layout
from gradviz.renderers.cairo import print_by_cairo
from gradviz.renderers.lengths import Length
from gradviz.renderers.paint import paint
from gradviz.renderers.palette import fixed

if TYPE_CHECKING:
    from gradviz.timeline.frame import Frame
    from gradviz.view import View


def render(
    view: View,
    frame: Frame | None = None,
    *,
    layout: Layout | None = None,
    theme: str = "light",
    legend: bool = True,
    width: Length | None = None,
    engine: str | None = None,
    timeout: float = 30.0,
) -> bytes:
    """Write a view as PDF, one page as large as the drawing.

    Args:
        view: the boxes and edges.
        frame: the moment; None is after the whole pass.
        layout: the places, if they are known already.
        theme: "light", "dark" or "print"; "auto" is light, for paper cannot ask.
        legend: whether to explain colours below the drawing.
        width: how wide the page is, to a tenth of a point; None is 1/96 of an inch per px.
        engine: the Graphviz engine to paint with, by name or path.
        timeout: seconds it may take.

    Raises:
        LayoutError: no engine here can write PDF, or it failed.
    """
    picture = paint(view, frame, layout, fixed(theme), legend)
    data = print_by_cairo(picture, "pdf", width, engine, timeout)
    if not data.startswith(b"%PDF-") or not data.rstrip().endswith(b"%%EOF"):
        raise LayoutError("The Graphviz engine did not write a whole PDF.")
    return data
