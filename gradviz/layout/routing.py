"""Curves between boxes: where an edge leaves and enters, and the smooth way between.

An output is one value, so the edges that leave a box start close together; the inputs of a box are
different arguments, so their tips are spread along its side.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from gradviz.layout.geometry import PORT_GAP, Curve, Floats

_OUT_GAP = 5.0  # px between the starts of two edges that leave one box
_CORNER = 12.0  # px at a box's corners where no edge ends


def through_columns(
    boxes: Floats, pairs: NDArray[np.int64], stops: Sequence[Sequence[tuple[float, float, float]]]
) -> list[Curve]:
    """Lead each edge through its columns: level inside a column, an S in the gap between two."""
    if not len(pairs):
        return []
    out_y = _ports(boxes, pairs[:, 0], np.array([stop[1][2] for stop in stops]), _OUT_GAP)
    in_y = _ports(boxes, pairs[:, 1], np.array([stop[-2][2] for stop in stops]), PORT_GAP)
    start_x = (boxes[:, 0] + boxes[:, 2])[pairs[:, 0]]
    tip_x = boxes[pairs[:, 1], 0]
    return [
        _curve((x, y), stop, tip)
        for x, y, stop, *tip in zip(
            start_x.tolist(), out_y.tolist(), stops, tip_x.tolist(), in_y.tolist(), strict=True
        )
    ]


def _curve(
    start: tuple[float, float], stops: Sequence[tuple[float, float, float]], tip: Sequence[float]
) -> Curve:
    points = [start]
    _level(points, stops[0][1])
    for left, right, y in stops[1:-1]:
        _ess(points, left, y)
        _level(points, right)
    _ess(points, stops[-1][0], tip[1])
    _level(points, tip[0])
    return tuple(points)


def _level(points: list[tuple[float, float]], x: float) -> None:
    x0, y = points[-1]
    if x - x0 > 0.01:
        points += [(x0 + (x - x0) / 3, y), (x - (x - x0) / 3, y), (x, y)]


def _ess(points: list[tuple[float, float]], x: float, y: float) -> None:
    x0, y0 = points[-1]
    points += [((x0 + x) / 2, y0), ((x0 + x) / 2, y), (x, y)]


def _ports(boxes: Floats, box: NDArray[np.int64], comes_from: Floats, gap: float) -> Floats:
    """Spread the ends of edges along the sides of their boxes, in the order they come from."""
    order = np.lexsort((np.arange(len(box)), comes_from, box))
    grouped = box[order]
    first = np.searchsorted(grouped, grouped)
    count = np.searchsorted(grouped, grouped, side="right") - first
    room = np.maximum(boxes[grouped, 3] - 2 * _CORNER, 0.0)
    step = np.minimum(gap, room / np.maximum(count - 1, 1))
    y = np.empty(len(box))
    y[order] = (
        boxes[grouped, 1] + boxes[grouped, 3] / 2 + (np.arange(len(box)) - first - (count - 1) / 2) * step
    )
    return y


def reroute(boxes: Floats, pairs: NDArray[np.int64], curves: Sequence[Curve]) -> list[Curve]:
    """Spread the ends of curves that all end in the middle of a box's side, and soften short ones.

    A curve becomes a plain S where no box stands between its ends.
    """
    if not len(pairs):
        return []
    leaning = np.array([sum(y for _, y in curve) / len(curve) for curve in curves])
    out_y = _ports(boxes, pairs[:, 0], leaning, _OUT_GAP)
    in_y = _ports(boxes, pairs[:, 1], leaning, PORT_GAP)
    starts = np.column_stack([(boxes[:, 0] + boxes[:, 2])[pairs[:, 0]], out_y]).tolist()
    tips = np.column_stack([boxes[pairs[:, 1], 0], in_y]).tolist()
    clear = _clear(boxes, pairs).tolist()
    return [
        _soft(start, tip) if free else _moved(curve, start, tip)
        for curve, start, tip, free in zip(curves, starts, tips, clear, strict=True)
    ]


def _soft(start: Sequence[float], tip: Sequence[float]) -> Curve:
    points = [(start[0], start[1])]
    _ess(points, tip[0], tip[1])
    return tuple(points)


def _moved(curve: Curve, start: Sequence[float], tip: Sequence[float]) -> Curve:
    """Move the ends, and with them the control points next to them, so that the bend stays smooth."""
    points, (x0, y0), (x1, y1) = list(curve), curve[0], curve[-1]
    points[:2] = [(x + start[0] - x0, y + start[1] - y0) for x, y in points[:2]]
    points[-2:] = [(x + tip[0] - x1, y + tip[1] - y1) for x, y in points[-2:]]
    return tuple(points)


def _clear(boxes: Floats, pairs: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Find the edges between whose ends no box stands."""
    left, top = boxes[:, 0], boxes[:, 1]
    right, bottom = left + boxes[:, 2], top + boxes[:, 3]
    source, target = pairs[:, 0, None], pairs[:, 1, None]
    in_x = (left < left[target]) & (right > right[source])
    highest, lowest = np.minimum(top[source], top[target]), np.maximum(bottom[source], bottom[target])
    in_y = (top < lowest) & (bottom > highest)
    return np.asarray(~(in_x & in_y).any(axis=1))
