"""The geometry of a drawing: sizes of cards, where they stand, curves with their tips, places for numbers.

It depends on the view alone, never on the moment: stepping changes texts and states, and nothing moves.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from functools import cached_property, lru_cache
from typing import TYPE_CHECKING, NamedTuple, TypeAlias
from weakref import WeakKeyDictionary

import numpy as np

from gradviz.frozen import Frozen
from gradviz.layout import Layout, layout
from gradviz.layout.geometry import Curve
from gradviz.renderers.escape import visible
from gradviz.renderers.histogram import histograms
from gradviz.renderers.labels import Label, place_labels
from gradviz.renderers.marks import (
    DATA_SIZE,
    INDENT,
    INSET,
    KEY_WIDTH,
    LABEL_SIZE,
    LEGEND_SIZE,
    NAME_SIZE,
    UNDER,
    Shapes,
)
from gradviz.renderers.style import CARD, GROUP, GROUP_WIDTHS, WIDTHS, text_width
from gradviz.summary import text_of

if TYPE_CHECKING:
    from gradviz.graph import Graph
    from gradviz.view import Box, View

Place: TypeAlias = tuple[float, float, float, float]

_LEAST_GAP = 58.0  # px between layers
_TIP_LENGTH, _TIP_HALF = 9.0, 4.4


class Arrow(Frozen, eq=False):
    """The shape of one edge: the curve up to the tip's base, the tip's corners, the place of its number."""

    curve: Curve
    tip: tuple[tuple[float, float], tuple[float, float], tuple[float, float]]
    label: Label

    @cached_property
    def path(self) -> str:
        """The curve in the words of SVG."""
        return "M{:.6g},{:.6g}C".format(*self.curve[0]) + _points(self.curve[1:])

    @cached_property
    def corners(self) -> str:
        """The tip in the words of SVG."""
        return _points(self.tip)


def _points(points: Iterable[tuple[float, float]]) -> str:
    return " ".join(f"{x:.6g},{y:.6g}" for x, y in points)


class Drawing(NamedTuple):
    """The geometry of a view.

    Attributes:
        width: of the whole, with the legend.
        height: without the legend.
        boxes: per box x, y, width and height.
        arrows: per edge its shape.
        shapes: per box the histograms of data and of gradients; empty for a single value.
        note: what is to be said of the layout.
    """

    width: float
    height: float
    boxes: list[Place]
    arrows: list[Arrow]
    shapes: list[Shapes]
    note: str


_shapes: WeakKeyDictionary[View, list[Shapes]] = WeakKeyDictionary()


def draw(view: View, placed: Layout | None = None, texts: Sequence[str] = ()) -> Drawing:
    """Work out the geometry of a view.

    Args:
        view: what to draw.
        placed: its layout, if there is one already.
        texts: the number that each edge carries in the end, so that room is kept for it.
    """
    if placed is None:
        placed = lay_out(view, texts=texts)
    arrows = _arrows(placed, tuple(texts))
    boxes = [_card(box, place) for box, place in zip(view.boxes, placed.boxes.tolist(), strict=True)]
    if view not in _shapes:
        _shapes[view] = [histograms(view.graph, b) if b.node is None else ([], []) for b in view.boxes]
    width = max(placed.width, LEGEND_SIZE[0])
    return Drawing(width, placed.height, boxes, arrows, _shapes[view], placed.note)


@lru_cache(maxsize=16)
def _arrows(placed: Layout, texts: tuple[str, ...]) -> list[Arrow]:
    trimmed = [_trim(curve) for curve in placed.edges]
    labels = place_labels(placed, texts)
    return [Arrow(curve, tip, label) for (curve, tip), label in zip(trimmed, labels, strict=True)]


def lay_out(
    view: View,
    engine: str | None = None,
    texts: Sequence[str] = (),
    before: np.ndarray | None = None,
) -> Layout:
    """Lay out a view with the sizes its cards will have, and room between layers for the numbers.

    ``before`` has the earlier middle of each box, as ``layout`` takes it.
    """
    longest = max((text_width(text, LABEL_SIZE) for text in texts), default=0.0)
    edges = view.edge_columns
    pairs = np.column_stack([edges.source, edges.target])
    gap = round(max(_LEAST_GAP, longest + 12))
    return layout(sizes_of(view), pairs, engine=engine, gap=gap, before=before)


def sizes_of(view: View) -> list[tuple[float, float]]:
    """Give the size of each box: one of a few widths, by its name and by what it will hold in the end."""
    graph, columns = view.graph, view.box_columns
    rows = zip(columns.node.tolist(), columns.title, columns.subtitle, columns.values.tolist(), strict=True)
    return [
        _folded_size(title, count) if node < 0 else _single_size(graph, node, f"{visible(title)} {subtitle}")
        for node, title, subtitle, count in rows
    ]


def _folded_size(title: str, count: int) -> tuple[float, float]:
    needed = INDENT + text_width(visible(title), NAME_SIZE) + text_width(f"  ×{count:,}", 11) + INSET
    return _one_of(GROUP_WIDTHS, needed) + UNDER[0], GROUP[1] + UNDER[0]


def _single_size(graph: Graph, node: int, heading: str) -> tuple[float, float]:
    name = min(text_width(heading, NAME_SIZE), WIDTHS[2] - INDENT - INSET)
    values = (text_of(graph.data_of(node)), text_of(graph.grad_of(node)))
    numbers = KEY_WIDTH + max(text_width(text, DATA_SIZE) for text in values)
    needed = INDENT + max(name, numbers) + INSET
    return _one_of(WIDTHS, needed), CARD[1]


def _one_of(widths: Sequence[float], needed: float) -> float:
    return next((w for w in widths if w >= needed), widths[-1])


def _card(box: Box, place: list[float]) -> Place:
    """Give the place of the upper card: a folded one has others below it that stand out."""
    x, y, w, h = place
    return (x, y, w, h) if box.node is not None else (x, y + UNDER[0], w - UNDER[0], h - UNDER[0])


def _trim(curve: Curve) -> tuple[Curve, tuple[tuple[float, float], tuple[float, float], tuple[float, float]]]:
    """Split a curve into the line and the arrow head at its end."""
    (cx, cy), (x, y) = curve[-2], curve[-1]
    if math.hypot(x - cx, y - cy) < 1e-6:
        (cx, cy) = curve[-4]
    length = math.hypot(x - cx, y - cy) or 1.0
    ux, uy = (x - cx) / length, (y - cy) / length
    bx, by = x - ux * _TIP_LENGTH, y - uy * _TIP_LENGTH
    points = list(curve)
    while len(points) > 4 and math.dist(points[-4], points[-1]) <= _TIP_LENGTH + 1:
        del points[-3:]
    (px, py), (qx, qy) = points[-1], points[-2]
    points[-2:] = [(qx + bx - px, qy + by - py), (bx, by)]
    half = uy * _TIP_HALF, ux * _TIP_HALF
    return tuple(points), ((x, y), (bx - half[0], by + half[1]), (bx + half[0], by - half[1]))
