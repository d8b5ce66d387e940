"""Where the number of each edge stands: near its own curve, clear of boxes, of other curves and of numbers.

Where many edges meet there is no such place for all of them. An edge without one shows its number only while
it is the current one; its tooltip and its colour tell it always.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from gradviz.layout import Layout
from gradviz.layout.geometry import MARGIN, Curve, Floats
from gradviz.renderers.marks import LABEL_SIZE
from gradviz.renderers.style import LABELLED, text_width

_CLEAR = 3.0  # px around boxes, numbers and the own curve where no number stands
# Per place of a number around a point of its curve: px around it without another curve: none is nearer.
_APART = np.array([6.0] * 2 + [7.0] * 2 + [10.0] * 4 + [12.0] * 4)
_HEIGHT = 12.0
_ALONG = (0.5, 0.42, 0.58, 0.34, 0.66, 0.26, 0.74, 0.18, 0.82)  # where along its edge, best first
_SPACING = 4.0  # px between the points a curve is measured at
_MOST_POINTS = 400  # per Bezier segment
_USUAL = "+0.5000"  # room for a number that is not known
_TOUCHING = 3  # points of the own curve that may come so close to its number
_INK = 6.0  # what a point of the own curve under a number costs; a place further along costs 1


class Label(NamedTuple):
    """The middle of a number's baseline, and whether it can stand there without hiding or misleading."""

    x: float
    y: float
    clear: bool


def place_labels(placed: Layout, texts: Sequence[str]) -> list[Label]:
    """Find a place for the number of each edge.

    Args:
        placed: the layout.
        texts: the numbers, for their widths; an empty list if they are not known.
    """
    if len(placed.edges) > LABELLED:
        return [_above(curve[len(curve) // 2]) for curve in placed.edges]
    lines = [_polyline(curve) for curve in placed.edges]
    ink = np.concatenate([np.empty((0, 2)), *lines])
    owner = np.repeat(np.arange(len(lines)), [len(line) for line in lines])
    apart = np.tile(_APART, len(_ALONG))
    further = np.repeat(np.arange(len(_ALONG)), len(_APART))
    taken = np.column_stack([placed.boxes[:, :2], placed.boxes[:, :2] + placed.boxes[:, 2:]])
    found = []
    for e, (line, text) in enumerate(zip(lines, texts or [_USUAL] * len(lines), strict=True)):
        half = text_width(text or _USUAL, LABEL_SIZE) / 2 + 1
        spots = _spots(_along(line), half)
        blocked = _overlap(_grown(spots, _CLEAR), taken).sum(axis=1) + 100 * _outside(spots, placed)
        own = _covered(_grown(spots, _CLEAR), line)
        free = np.flatnonzero((blocked == 0) & (own <= _TOUCHING)) if text else np.empty(0, dtype=int)
        free = free[_covered(_grown(spots[free], apart[free]), ink[owner != e]) == 0] if len(free) else free
        chosen = free if len(free) else np.arange(len(spots))
        best = int(chosen[np.argmin((_INK * own + further + 1e6 * blocked)[chosen].round(3))])
        clear = len(free) > 0
        if clear:
            taken = np.vstack([taken, spots[best]])
        x, y = float(spots[best, 0] + half), float(spots[best, 3] - 2.5)
        found.append(Label(round(x, 2), round(y, 2), clear))
    return found


def _above(point: tuple[float, float]) -> Label:
    return Label(round(point[0], 2), round(point[1] - 5, 2), False)


def _polyline(curve: Curve) -> Floats:
    """Give points along a curve, close enough to each other that none slips through a number."""
    points = np.array(curve)
    pieces = [points[i : i + 4] for i in range(0, len(points) - 3, 3)]
    return np.concatenate([_sampled(piece) for piece in pieces])


def _sampled(piece: Floats) -> Floats:
    length = float(np.hypot(*np.diff(piece, axis=0).T).sum())
    t = np.linspace(0, 1, min(int(length / _SPACING) + 2, _MOST_POINTS))[:, None]
    weights = (1 - t) ** 3, 3 * (1 - t) ** 2 * t, 3 * (1 - t) * t**2, t**3
    return np.asarray(sum(w * p for w, p in zip(weights, piece, strict=True)))


def _along(line: Floats) -> Floats:
    """Give the points at the ``_ALONG`` shares of a line's length."""
    length = np.concatenate([[0.0], np.cumsum(np.hypot(*np.diff(line, axis=0).T))])
    wanted = np.array(_ALONG) * length[-1]
    return np.column_stack([np.interp(wanted, length, line[:, k]) for k in (0, 1)])


def _spots(points: Floats, half: float) -> Floats:
    """Give the candidate rectangles (left, top, right, bottom): around each point."""
    x, y, h = points[:, 0], points[:, 1], _HEIGHT
    corners = [
        *((x - half, y - 4 - h), (x - half, y + 4), (x - 2 * half - 5, y - h / 2), (x + 5, y - h / 2)),
        *((x - half - 6, y - 8 - h), (x - half + 6, y - 8 - h), (x - half - 6, y + 8), (x - half + 6, y + 8)),
        *((x - 2 * half - 10, y - h), (x - 2 * half - 10, y), (x + 10, y - h), (x + 10, y)),
    ]
    corner = np.stack([np.column_stack(pair) for pair in corners], axis=1).reshape(-1, 2)
    return np.column_stack([corner, corner[:, 0] + 2 * half, corner[:, 1] + h])


def _grown(spots: Floats, by: Floats | float) -> Floats:
    return np.asarray(spots + np.multiply.outer(by, [-1.0, -1.0, 1.0, 1.0]))


def _covered(spots: Floats, ink: Floats) -> Floats:
    """Count the points of curves under each rectangle."""
    (left, top), (right, bottom) = spots[:, :2].min(axis=0), spots[:, 2:].max(axis=0)
    near = (left < ink[:, 0]) & (ink[:, 0] < right) & (top < ink[:, 1]) & (ink[:, 1] < bottom)
    x, y = ink[near].T
    inside = (spots[:, 0:1] < x) & (x < spots[:, 2:3]) & (spots[:, 1:2] < y) & (y < spots[:, 3:4])
    return np.asarray(inside.sum(axis=1), dtype=np.float64)


def _overlap(spots: Floats, taken: Floats) -> Floats:
    wide = np.minimum(spots[:, None, 2], taken[None, :, 2]) - np.maximum(spots[:, None, 0], taken[None, :, 0])
    high = np.minimum(spots[:, None, 3], taken[None, :, 3]) - np.maximum(spots[:, None, 1], taken[None, :, 1])
    return np.asarray(np.maximum(wide, 0) * np.maximum(high, 0))


def _outside(spots: Floats, placed: Layout) -> Floats:
    """Measure how far candidates stand out of the drawing."""
    low = np.maximum(MARGIN / 4 - spots[:, :2], 0).sum(axis=1)
    high = np.maximum(spots[:, 2:] - [placed.width, placed.height] + MARGIN / 4, 0).sum(axis=1)
    return np.asarray(low + high)
