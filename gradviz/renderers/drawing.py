"""The geometry of a drawing: sizes of cards, where they stand, curves with their tips, places for numbers.

It depends on the view alone, never on the moment: stepping changes texts and states, and nothing moves.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import TYPE_CHECKING, TypeAlias
from weakref import WeakKeyDictionary

import numpy as np

from gradviz.layout import Layout, layout
from gradviz.layout.geometry import MARGIN, Curve, Floats
from gradviz.renderers.escape import visible
from gradviz.renderers.facts import LABELLED
from gradviz.renderers.histogram import histograms
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
from gradviz.renderers.style import CARD, GROUP, WIDTHS, text_width
from gradviz.summary import text_of

if TYPE_CHECKING:
    from gradviz.view import Box, View

Place: TypeAlias = tuple[float, float, float, float]

_CLEAR = 3.0  # px around boxes and curves where no number stands
_LEAST_GAP = 58.0  # px between layers
_TIP_LENGTH, _TIP_HALF = 9.0, 4.4
_LABEL_HEIGHT = 12.0
_ALONG = (0.5, 0.42, 0.58, 0.34, 0.66, 0.26, 0.74)  # where along its edge a number may stand, best first
_SAMPLES = 32  # points per Bezier segment when a curve is measured
_USUAL = "+0.5000"  # room for a number that is not known
_INK = 6.0  # what one point of a curve under a number costs, in px² of overlap


@dataclass(frozen=True)
class Arrow:
    """The shape of one edge: the curve up to the tip's base, the tip's corners, the middle of its number."""

    curve: Curve
    tip: tuple[tuple[float, float], tuple[float, float], tuple[float, float]]
    label: tuple[float, float]

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


@dataclass(frozen=True)
class Drawing:
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
    labels = _label_places(placed, texts)
    return [Arrow(curve, tip, label) for (curve, tip), label in zip(trimmed, labels, strict=True)]


def lay_out(view: View, engine: str | None = None, texts: Sequence[str] = ()) -> Layout:
    """Lay out a view with the sizes its cards will have, and room between layers for the numbers."""
    sizes = [size_of(view, box) for box in view.boxes]
    longest = max((text_width(text, LABEL_SIZE) for text in texts), default=0.0)
    pairs = [(edge.source, edge.target) for edge in view.edges]
    return layout(sizes, pairs, engine=engine, gap=round(max(_LEAST_GAP, longest + 12)))


def size_of(view: View, box: Box) -> tuple[float, float]:
    """Give the size of a box: one of a few widths, by its name and by what it will hold in the end."""
    if box.node is None:
        return GROUP[0] + UNDER[0], GROUP[1] + UNDER[0]
    graph, node = view.graph, box.node
    name = min(text_width(f"{visible(box.title)} {box.subtitle}", NAME_SIZE), WIDTHS[2] - INDENT - INSET)
    values = (text_of(graph.data_of(node)), text_of(graph.grad_of(node)))
    numbers = KEY_WIDTH + max(text_width(text, DATA_SIZE) for text in values)
    needed = INDENT + max(name, numbers) + INSET
    return next((w for w in WIDTHS if w >= needed), WIDTHS[-1]), CARD[1]


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


def _label_places(placed: Layout, texts: Sequence[str]) -> list[tuple[float, float]]:
    """Find a place for each edge's number near its middle, clear of boxes and of other numbers."""
    if not placed.edges:
        return []
    if len(placed.edges) > LABELLED:
        return [_above(curve[len(curve) // 2]) for curve in placed.edges]
    boxes = np.column_stack([placed.boxes[:, :2], placed.boxes[:, :2] + placed.boxes[:, 2:]])
    lines = [_polyline(curve) for curve in placed.edges]
    ink = np.concatenate(lines)
    taken, places = boxes, []
    for line, text in zip(lines, texts or [_USUAL] * len(lines), strict=True):
        half = text_width(text or _USUAL, LABEL_SIZE) / 2 + 1
        spots = _spots(_along(line), half)
        cost = _overlap(spots, taken).sum(axis=1) + _outside(spots, placed) + _INK * _covered(spots, ink)
        best = spots[int(np.argmin(cost.round(3)))]
        taken = np.vstack([taken, best])
        places.append((round(float(best[0] + half), 2), round(float(best[3] - 2.5), 2)))
    return places


def _above(point: tuple[float, float]) -> tuple[float, float]:
    return round(point[0], 2), round(point[1] - 5, 2)


def _polyline(curve: Curve) -> Floats:
    points = np.array(curve)
    t = np.linspace(0, 1, _SAMPLES)[:, None]
    pieces = (points[i : i + 4] for i in range(0, len(points) - 3, 3))
    weights = (1 - t) ** 3, 3 * (1 - t) ** 2 * t, 3 * (1 - t) * t**2, t**3
    return np.concatenate([sum(w * p for w, p in zip(weights, piece, strict=True)) for piece in pieces])


def _along(line: Floats) -> Floats:
    """Give the points at the ``_ALONG`` shares of a line's length."""
    length = np.concatenate([[0.0], np.cumsum(np.hypot(*np.diff(line, axis=0).T))])
    wanted = np.array(_ALONG) * length[-1]
    return np.column_stack([np.interp(wanted, length, line[:, k]) for k in (0, 1)])


def _spots(points: Floats, half: float) -> Floats:
    """Give the candidate rectangles (left, top, right, bottom): around each point."""
    x, y, h = points[:, 0], points[:, 1], _LABEL_HEIGHT
    corners = [
        *((x - half, y - 4 - h), (x - half, y + 4), (x - 2 * half - 5, y - h / 2), (x + 5, y - h / 2)),
        *((x - half - 6, y - 8 - h), (x - half + 6, y - 8 - h), (x - half - 6, y + 8), (x - half + 6, y + 8)),
    ]
    corner = np.stack([np.column_stack(pair) for pair in corners], axis=1).reshape(-1, 2)
    return np.column_stack([corner, corner[:, 0] + 2 * half, corner[:, 1] + h])


def _covered(spots: Floats, ink: Floats) -> Floats:
    """Count the points of curves under each candidate."""
    x, y = ink[None, :, 0], ink[None, :, 1]
    left, top = (spots[:, i, None] - _CLEAR for i in (0, 1))
    right, bottom = (spots[:, i, None] + _CLEAR for i in (2, 3))
    inside = (left < x) & (x < right) & (top < y) & (y < bottom)
    return np.asarray(inside.sum(axis=1), dtype=np.float64)


def _overlap(spots: Floats, taken: Floats) -> Floats:
    wide = np.minimum(spots[:, None, 2], taken[None, :, 2]) - np.maximum(spots[:, None, 0], taken[None, :, 0])
    high = np.minimum(spots[:, None, 3], taken[None, :, 3]) - np.maximum(spots[:, None, 1], taken[None, :, 1])
    return np.asarray(np.maximum(wide, 0) * np.maximum(high, 0))


def _outside(spots: Floats, placed: Layout) -> Floats:
    """Measure how far candidates stand out of the drawing."""
    low = np.maximum(MARGIN / 4 - spots[:, :2], 0).sum(axis=1)
    high = np.maximum(spots[:, 2:] - [placed.width, placed.height] + MARGIN / 4, 0).sum(axis=1)
    return np.asarray((low + high) * 100)
