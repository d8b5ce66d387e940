"""gradviz's own layered layout: fast at any size, needs no other program, the same picture every time.

The classic steps, each a few numpy calls over the whole graph: layers by longest path to the sinks, so that
a leaf stands right before its first use; dummies where an edge crosses a layer; order by barycentres and
swaps; heights by least squares, lines straightened. A dummy keeps its place free across the whole layer, so
an edge never runs through a box, unless the graph is so large that its longest edges go without dummies.
"""

from __future__ import annotations

import time

import numpy as np

from gradviz.errors import LayoutError
from gradviz.layout import routing
from gradviz.layout.geometry import LAYER_GAP, Curves, Floats, Ints, Layout, with_margin
from gradviz.layout.heights import heights
from gradviz.layout.mesh import Mesh, build
from gradviz.layout.ordering import arrange

_STEEP = 260.0  # px of mean climb from which a gap between layers grows
_WIDEST_GAP = 170.0


def layout(
    size: Floats,
    pairs: Ints,
    layer: Ints,
    *,
    rankdir: str = "LR",
    gap: float = LAYER_GAP,
    timeout: float = 10.0,
    before: Floats | None = None,
) -> Layout:
    """Lay out boxes whose layers are known; the arguments are those of ``gradviz.layout.layout``.

    Raises:
        LayoutError: it took too long.
    """
    if not len(size):
        return Layout(0.0, 0.0, np.empty((0, 4)), Curves.of(()), "own")
    old = np.full(size.shape, np.nan) if before is None else before
    if rankdir == "TB":
        size, old = size[:, ::-1], old[:, ::-1]
    boxes, curves = _place(size, pairs, layer, gap, old[:, 1], timeout)
    if rankdir == "TB":
        boxes, curves = boxes[:, [1, 0, 3, 2]], Curves(curves.points[:, ::-1], curves.starts)
    return with_margin(boxes, curves, "own")


def _place(
    size: Floats, pairs: Ints, layer: Ints, gap: float, before: Floats, timeout: float
) -> tuple[Floats, Curves]:
    end = time.monotonic() + timeout

    def check() -> None:
        if time.monotonic() > end:
            raise LayoutError(f"gradviz's own layout needed more than {timeout:g} s.")

    mesh = build(size[:, 1], layer, pairs)
    mesh, y = arrange(mesh, mesh.on_nodes(before), check)
    y = heights(mesh, y, mesh.on_nodes(before), check)
    check()
    left, right = _columns(mesh, size[:, 0], y, gap)
    box = mesh.node[: len(size)]
    middle = (left + right)[mesh.layer[box]] / 2
    boxes = np.column_stack([middle - size[:, 0] / 2, y[box] - size[:, 1] / 2, size])
    return boxes, routing.through_columns(boxes, pairs, mesh, left, right, y)


def _columns(mesh: Mesh, width: Floats, y: Floats, least: float) -> tuple[Floats, Floats]:
    """Give each layer its left and right side; gaps with steep edges are wider."""
    wide = np.zeros(mesh.layers)
    np.maximum.at(wide, mesh.layer[mesh.node[: len(width)]], width)
    layer = mesh.layer[mesh.tail]
    total = np.bincount(layer, np.abs(y[mesh.tail] - y[mesh.head]), mesh.layers)
    climb = total / np.maximum(np.bincount(layer, minlength=mesh.layers), 1)
    gap = np.maximum(least, np.minimum(LAYER_GAP * climb / _STEEP, _WIDEST_GAP))
    left = np.concatenate([[0.0], np.cumsum(wide + gap)[:-1]])
    return left, left + wide
