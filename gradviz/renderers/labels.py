"""Where the number of each edge stands: near its own curve, clear of boxes, of other curves and of numbers.

Where many edges meet there is no such place for all of them. An edge without one shows its number only while
it is the current one; its tooltip and its colour tell it always.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from gradviz.layout import Layout
from gradviz.layout.geometry import MARGIN, Curve, Curves, Floats, Ints
from gradviz.renderers.marks import LABEL_SIZE
from gradviz.renderers.style import LABELLED, text_width

_CLEAR = 3.0  # px around boxes, numbers and the own curve where no number stands
# Per place of a number around a point of its curve: px around it without another curve: none is nearer.
_APART = np.array([6.0] * 2 + [7.0] * 2 + [10.0] * 4 + [12.0] * 4)
_HEIGHT = 12.0
_ALONG = (0.5, 0.42, 0.58, 0.34, 0.66, 0.26, 0.74, 0.18, 0.82)  # where along its edge, best first
_SPACING = 4.0  # px between the points a curve is measured at
_MOST_POINTS = 400  # per Bezier segment
_BADGE = (21.0, 11.0)  # px to the left of a box's right side and above its top: two digits fit
_USUAL = "+0.5000"  # room for a number that is not known
_TOUCHING = 3  # points of the own curve that may come so close to its number
_AT_ONCE = 8  # rectangles that are compared with all points together
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
    if not 0 < len(placed.edges) <= LABELLED:
        return [_above(curve[len(curve) // 2]) for curve in placed.edges]
    ink = _Ink(placed.edges)
    half = np.array([text_width(text or _USUAL, LABEL_SIZE) / 2 + 1 for text in texts or [""] * len(ink)])
    spots = _spots(ink.along(), half)
    apart, further = np.tile(_APART, len(_ALONG)), np.repeat(np.arange(len(_ALONG)), len(_APART))
    close, wide = _grown(spots, _CLEAR), _grown(spots, apart)
    outside = 100 * _outside(spots, placed)
    around = np.concatenate([wide[..., :2].min(axis=1), wide[..., 2:].max(axis=1)], axis=1)
    taken = np.concatenate([_filled(placed.boxes), _badges(placed.boxes)])
    found = []
    for e, text in enumerate(texts or [_USUAL] * len(ink)):
        blocked = _overlap(close[e], taken[_meeting(taken, around[e])]) + outside[e]
        own = np.count_nonzero(_inside(close[e], *ink.line(e)), axis=1)
        cost = (_INK * own + further + 1e6 * blocked).round(3)
        free = np.flatnonzero((blocked == 0) & (own <= _TOUCHING)) if text else np.empty(0, dtype=int)
        free = free[np.argsort(cost[free], kind="stable")]
        best = _uncovered(wide[e], free, *ink.others(e, around[e])) if len(free) else None
        clear = best is not None
        best = int(np.argmin(cost)) if best is None else best
        if clear:
            taken = np.concatenate([taken, spots[e, best : best + 1]])
        x, y = float(spots[e, best, 0] + half[e]), float(spots[e, best, 3] - 2.5)
        found.append(Label(round(x, 2), round(y, 2), clear))
    return found


def _filled(boxes: Floats) -> Floats:
    """Left, top, right and bottom of boxes that are given by their corner and size."""
    return np.concatenate([boxes[:, :2], boxes[:, :2] + boxes[:, 2:]], axis=1)


def _badges(boxes: Floats) -> Floats:
    """Where each box shows its place in the topological order: above its right corner."""
    corner = boxes[:, :2] + boxes[:, 2:] * (1.0, 0.0)
    return np.concatenate([corner - _BADGE, corner - (3.0, 4.0)], axis=1)


def _uncovered(spots: Floats, order: Ints, x: Floats, y: Floats) -> int | None:
    """The first rectangle in an order that has none of these points under it."""
    for start in range(0, len(order), _AT_ONCE):
        some = order[start : start + _AT_ONCE]
        covered = _inside(spots[some], x, y).any(axis=1)
        if not covered.all():
            return int(some[np.argmin(covered)])
    return None


def _inside(spots: Floats, x: Floats, y: Floats) -> NDArray[np.bool_]:
    """Tell which points are under which rectangle: (rectangles, points)."""
    left, top, right, bottom = (spots[:, k : k + 1] for k in range(4))
    return np.asarray((left < x) & (x < right) & (top < y) & (y < bottom))


def _above(point: tuple[float, float]) -> Label:
    return Label(round(point[0], 2), round(point[1] - 5, 2), False)


class _Ink:
    """Points along all curves, close enough to each other that none slips through a number."""

    def __init__(self, curves: Sequence[Curve]) -> None:
        columns = curves if isinstance(curves, Curves) else Curves.of(curves)
        count = np.maximum(np.diff(columns.starts) - 1, 0) // 3  # Bezier segments of each curve
        piece = columns.starts[:-1].repeat(count) + 3 * _ranks(count)
        control = columns.points[piece[:, None] + np.arange(4)]
        step = np.diff(control, axis=1)
        length = np.hypot(step[:, :, 0], step[:, :, 1]).sum(axis=1)
        points = np.minimum((length / _SPACING).astype(np.int64) + 2, _MOST_POINTS)
        rank, last = _ranks(points), (points - 1).repeat(points)
        t = np.where(rank == last, 1.0, rank * (1.0 / last))
        weights = (1 - t) ** 3, 3 * (1 - t) ** 2 * t, 3 * (1 - t) * t**2, t**3
        at = np.arange(len(piece)).repeat(points)
        self.x, self.y = (
            sum((w * control[at, k, axis] for k, w in enumerate(weights)), np.zeros(len(t)))
            for axis in (0, 1)
        )
        ends = np.concatenate([[0], np.cumsum(points)])
        self.starts = ends[np.concatenate([[0], np.cumsum(count)])]

    def __len__(self) -> int:
        return len(self.starts) - 1

    def line(self, e: int) -> tuple[Floats, Floats]:
        """The points of one curve, x and y."""
        here = slice(self.starts[e], self.starts[e + 1])
        return self.x[here], self.y[here]

    def others(self, e: int, around: Floats) -> tuple[Floats, Floats]:
        """The points of the other curves that are in a rectangle, x and y."""
        there = _inside(around[None], self.x, self.y)[0]
        there[self.starts[e] : self.starts[e + 1]] = False
        return self.x[there], self.y[there]

    def along(self) -> Floats:
        """Give the points at the ``_ALONG`` shares of each curve's length: (curves, shares, 2)."""
        found = np.empty((len(self), len(_ALONG), 2))
        for e in range(len(self)):
            x, y = self.line(e)
            length = np.concatenate([[0.0], np.cumsum(np.hypot(np.diff(x), np.diff(y)))])
            wanted = np.array(_ALONG) * length[-1]
            found[e, :, 0], found[e, :, 1] = np.interp(wanted, length, x), np.interp(wanted, length, y)
        return found


def _ranks(counts: Ints) -> Ints:
    """Give 0, 1, … anew for each count."""
    return np.asarray(np.arange(counts.sum()) - (np.cumsum(counts) - counts).repeat(counts))


def _spots(points: Floats, half: Floats) -> Floats:
    """Give the candidate rectangles (left, top, right, bottom) around each point: (curves, spots, 4)."""
    (x, y), h, half = np.moveaxis(points, 2, 0), _HEIGHT, half[:, None]
    corners = [
        *((x - half, y - 4 - h), (x - half, y + 4), (x - 2 * half - 5, y - h / 2), (x + 5, y - h / 2)),
        *((x - half - 6, y - 8 - h), (x - half + 6, y - 8 - h), (x - half - 6, y + 8), (x - half + 6, y + 8)),
        *((x - 2 * half - 10, y - h), (x - 2 * half - 10, y), (x + 10, y - h), (x + 10, y)),
    ]
    left = np.stack([left for left, _ in corners], axis=2).reshape(len(points), -1)
    top = np.stack([top for _, top in corners], axis=2).reshape(len(points), -1)
    return np.stack([left, top, left + 2 * half, top + h], axis=2)


def _grown(spots: Floats, by: Floats | float) -> Floats:
    return np.asarray(spots + np.multiply.outer(by, [-1.0, -1.0, 1.0, 1.0]))


def _meeting(taken: Floats, around: Floats) -> NDArray[np.bool_]:
    """Tell which rectangles have something in common with one."""
    left, top, right, bottom = around
    return np.asarray(
        (left < taken[:, 2]) & (taken[:, 0] < right) & (top < taken[:, 3]) & (taken[:, 1] < bottom)
    )


def _overlap(spots: Floats, taken: Floats) -> Floats:
    """Give the area of each rectangle that is taken."""
    low_x, low_y, high_x, high_y = taken.T
    wide = np.minimum(spots[:, 2:3], high_x) - np.maximum(spots[:, 0:1], low_x)
    high = np.minimum(spots[:, 3:4], high_y) - np.maximum(spots[:, 1:2], low_y)
    return np.asarray((np.maximum(wide, 0) * np.maximum(high, 0)).sum(axis=1))


def _outside(spots: Floats, placed: Layout) -> Floats:
    """Measure how far candidates stand out of the drawing."""
    low = np.maximum(MARGIN / 4 - spots[..., :2], 0).sum(axis=-1)
    high = np.maximum(spots[..., 2:] - [placed.width, placed.height] + MARGIN / 4, 0).sum(axis=-1)
    return np.asarray(low + high)
