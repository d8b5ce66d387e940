"""gradviz's own layered layout: fast at any size, needs no other program, the same picture every time.

The classic steps, vectorised by layer: layers by longest path to the sinks, so that a leaf stands right
before its first use; dummies where an edge crosses a layer; order by barycentres, the order with the fewest
crossings kept; heights by averaged envelopes. A dummy keeps its place free across the whole layer, so an
edge never runs through a box.
"""

from __future__ import annotations

import numpy as np

from gradviz.layout import routing
from gradviz.layout.geometry import BOX_GAP, LAYER_GAP, Curve, Floats, Layout, Pairs, Sizes, with_margin
from gradviz.layout.mesh import Mesh, build, layers_of

_SWEEPS = 24  # at most: they end when the crossings no longer fall
_PATIENCE = 6
_SETTLE = 15
_STEEP = 260.0  # px of mean climb from which a gap between layers grows
_WIDEST_GAP = 170.0


def layout(sizes: Sizes, edges: Pairs, *, rankdir: str = "LR", gap: float = LAYER_GAP) -> Layout:
    """Lay out boxes in layers.

    Raises:
        LayoutError: the edges form a cycle, or name a box that is not there.
    """
    size = np.array(sizes, float).reshape(-1, 2)
    if not len(size):
        return Layout(0.0, 0.0, np.empty((0, 4)), (), "own")
    if rankdir == "TB":
        size = size[:, ::-1]
    pairs = np.array(edges, np.int64).reshape(-1, 2)
    mesh = build(size[:, 1], layers_of(len(size), pairs), pairs)
    y = _heights(mesh, _order(mesh))
    left, right = _columns(mesh, size[:, 0], y, gap)
    middle = (left + right)[mesh.box_layer] / 2
    boxes = np.column_stack([middle - size[:, 0] / 2, y[mesh.box] - size[:, 1] / 2, size])
    curves: list[Curve] = routing.through_columns(boxes, pairs, mesh.stops(left, right, y))
    if rankdir == "TB":
        boxes, curves = boxes[:, [1, 0, 3, 2]], [tuple((b, a) for a, b in curve) for curve in curves]
    return with_margin(boxes, curves, "own")


def _order(mesh: Mesh) -> Floats:
    """Find each node's place within its layer, counted from the layer's middle, so that few edges cross."""
    place = _ranked(mesh, mesh.visit.astype(float))
    best, fewest, idle = place.copy(), mesh.crossings(place), 0
    for sweep in range(_SWEEPS):
        if fewest == 0 or idle == _PATIENCE:
            break
        down = sweep % 2 == 0
        both = sweep % 6 >= 4  # now and then look both ways: it leaves places where one way is stuck
        for k in range(mesh.layers) if down else range(mesh.layers - 1, -1, -1):
            here = mesh.span(k)
            wish = mesh.pull(place, k, before=down or both, after=not down or both)
            place[here] = _centred_ranks(wish, place[here])
        found = mesh.crossings(place)
        idle = 0 if found < fewest else idle + 1
        if found < fewest:
            best, fewest = place.copy(), found
    return best


def _ranked(mesh: Mesh, key: Floats) -> Floats:
    place = np.empty(mesh.count)
    for k in range(mesh.layers):
        place[mesh.span(k)] = _centred_ranks(key[mesh.span(k)], key[mesh.span(k)])
    return place


def _centred_ranks(key: Floats, tie: Floats) -> Floats:
    ranks = np.empty(len(key))
    ranks[np.lexsort((tie, key))] = np.arange(len(key)) - (len(key) - 1) / 2
    return ranks


def _heights(mesh: Mesh, place: Floats) -> Floats:
    """Give each node the y of its middle, near its neighbours, without touching the next in its layer."""
    orders = [np.argsort(place[mesh.span(k)], kind="stable") for k in range(mesh.layers)]
    offsets = [_stacked(mesh.height[mesh.span(k)][order]) for k, order in enumerate(orders)]
    y = np.empty(mesh.count)
    for k, (order, offset) in enumerate(zip(orders, offsets, strict=True)):
        y[mesh.span(k).start + order] = offset - offset.mean()
    for sweep in range(_SETTLE):
        down, last = sweep % 2 == 0, sweep >= _SETTLE - 4
        for k in range(mesh.layers) if down else range(mesh.layers - 1, -1, -1):
            wish = mesh.pull(y, k, before=down or last, after=not down or last)
            y[mesh.span(k).start + orders[k]] = _envelope(wish[orders[k]], offsets[k])
    return y


def _stacked(height: Floats) -> Floats:
    """Place middles one below the other, as close as they may come."""
    half = height / 2
    return np.concatenate([[0.0], np.cumsum(half[:-1] + half[1:] + BOX_GAP)])


def _envelope(wish: Floats, offset: Floats) -> Floats:
    """Come as near to ``wish`` as the order and the distances in ``offset`` allow."""
    free = wish - offset
    upper = np.maximum.accumulate(free)
    lower = np.minimum.accumulate(free[::-1])[::-1]
    return np.asarray((upper + lower) / 2 + offset)


def _columns(mesh: Mesh, width: Floats, y: Floats, least: float) -> tuple[Floats, Floats]:
    """Give each layer its left and right side; gaps with steep edges are wider."""
    wide = np.zeros(mesh.layers)
    np.maximum.at(wide, mesh.box_layer, width)
    gap = np.full(mesh.layers, least)
    for k in range(mesh.layers - 1):
        climb = np.abs(y[mesh.tail[mesh.gap(k)]] - y[mesh.head[mesh.gap(k)]])
        if len(climb):
            gap[k] = max(least, min(LAYER_GAP * climb.mean() / _STEEP, _WIDEST_GAP))
    left = np.concatenate([[0.0], np.cumsum(wide + gap)[:-1]])
    return left, left + wide
