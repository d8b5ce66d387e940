"""Curves between boxes: where an edge leaves and enters, and the smooth way between.

An output is one value, so the edges that leave a box start close together; the inputs of a box are
different arguments, so their tips are spread along its side.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from gradviz.grouping import ranges
from gradviz.layout.geometry import PORT_GAP, Curve, Curves, Floats, Ints
from gradviz.layout.mesh import LANE, WIDEST, Mesh
from gradviz.layout.sorting import ordered

_OUT_GAP = 5.0  # px between the starts of two edges that leave one box
_CORNER = 12.0  # px at a box's corners where no edge ends
_LEVEL = 0.02  # px of climb that nobody sees


def through_columns(boxes: Floats, pairs: Ints, mesh: Mesh, left: Floats, right: Floats, y: Floats) -> Curves:
    """Lead each edge through the columns it crosses: level inside a column, an S in the gap between two.

    Args:
        boxes: x, y, width and height of each box.
        pairs: the edges.
        mesh: what their dummies are.
        left: of each column.
        right: of each column.
        y: of the middle of each node.
    """
    if not len(pairs):
        return Curves.of(())
    source, target = pairs[:, 0], pairs[:, 1]
    from_layer, to_layer = mesh.layer[mesh.node[source]], mesh.layer[mesh.node[target]]
    stops = np.where(mesh.direct, 0, to_layer - from_layer - 1)
    first = len(boxes) + mesh.trunk[source]
    visited = mesh.node[ranges(first, first + stops)]
    lane = _lanes(pairs, stops, y[mesh.node[target]], y[mesh.node[np.maximum(first + stops - 1, 0)]])
    heights = y[visited] + np.repeat(lane, stops)
    middle = boxes[:, 1] + boxes[:, 3] / 2
    ends = np.cumsum(stops)
    has = stops > 0
    leaves_to, comes_from = middle[target], middle[source]
    leaves_to[has], comes_from[has] = heights[(ends - stops)[has]], heights[ends[has] - 1]
    out_y = _ports(boxes, source, leaves_to, _OUT_GAP)
    in_y = _ports(boxes, target, comes_from, PORT_GAP)

    size = 2 * stops + 4  # start, the column's end, both ends of each stop, the column's start, tip
    starts = np.concatenate([[0], np.cumsum(size)])
    x, level = np.empty(starts[-1]), np.empty(starts[-1])
    begin, end = starts[:-1], starts[1:] - 1
    x[begin], x[begin + 1] = (boxes[:, 0] + boxes[:, 2])[source], right[from_layer]
    x[end - 1], x[end] = left[to_layer], boxes[target, 0]
    level[begin] = level[begin + 1] = out_y
    level[end - 1] = level[end] = in_y
    at = 2 * ranges(begin // 2 + 1, begin // 2 + 1 + stops)
    x[at], x[at + 1] = left[mesh.layer[visited]], right[mesh.layer[visited]]
    level[at] = level[at + 1] = heights
    return _smooth(x, level, starts)


def _lanes(pairs: Ints, stops: Ints, goal: Floats, last: Floats) -> Floats:
    """Give the edges of one trunk lanes beside each other: who leaves it soon goes outside."""
    lane = np.zeros(len(pairs))
    edges = np.flatnonzero(stops)
    most = int(stops.max(initial=0)) + 1
    side = most + np.where(goal < last, -1, 1) * (most - stops)
    edges = edges[ordered(pairs[edges, 0] * (2 * most) + side[edges], goal[edges])]
    place, count = _within(pairs[edges, 0])
    lane[edges] = (place - (count - 1) / 2) * np.minimum(LANE, WIDEST / np.maximum(count - 1, 1))
    return lane


def _within(group: Ints) -> tuple[Ints, Ints]:
    """Count for each member of sorted groups those before it in its group, and all of them."""
    size = np.bincount(group)
    first = np.cumsum(size) - size
    return np.arange(len(group)) - first[group], size[group]


def _smooth(x: Floats, y: Floats, starts: Ints) -> Curves:
    """Join points by S curves that are level at every point, leaving out points that change nothing."""
    keep = np.ones(len(x), bool)
    flat = np.abs(np.diff(y)) < _LEVEL
    same = np.abs(np.diff(x)) < _LEVEL
    keep[1:-1] = ~(flat[:-1] & flat[1:]) & ~same[:-1] & ~same[1:]
    keep[starts[:-1]] = keep[starts[1:] - 1] = True
    stay = np.flatnonzero(keep)
    kept = np.append(0, np.cumsum(keep)[starts[1:] - 1])
    x, y = x[stay], y[stay]
    middle = (x[:-1] + x[1:]) / 2
    controls = np.empty((len(x), 3, 2))  # what leads to a point, and the point
    controls[1:, 0, 0] = controls[1:, 1, 0] = middle
    controls[1:, 0, 1], controls[1:, 1, 1] = y[:-1], y[1:]
    controls[:, 2, 0], controls[:, 2, 1] = x, y
    wanted = np.ones(3 * len(x), bool)
    wanted[3 * kept[:-1]] = wanted[3 * kept[:-1] + 1] = False
    points = controls.reshape(-1, 2).take(np.flatnonzero(wanted), axis=0)
    return Curves(points, 3 * kept - 2 * np.arange(len(kept)))


def _ports(boxes: Floats, box: Ints, comes_from: Floats, gap: float) -> Floats:
    """Spread the ends of edges along the sides of their boxes, in the order they come from."""
    order = ordered(box, comes_from)
    count = np.bincount(box, minlength=len(boxes))
    room = np.maximum(boxes[:, 3] - 2 * _CORNER, 0.0)
    step = np.minimum(gap, room / np.maximum(count - 1, 1))
    highest = boxes[:, 1] + boxes[:, 3] / 2 - (count - 1) / 2 * step
    grouped = box[order]
    place = np.arange(len(box)) - (np.cumsum(count) - count)[grouped]
    y = np.empty(len(box))
    y[order] = highest[grouped] + place * step[grouped]
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
    middle = (start[0] + tip[0]) / 2
    return (start[0], start[1]), (middle, start[1]), (middle, tip[1]), (tip[0], tip[1])


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
