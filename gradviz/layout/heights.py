"""How high each node stands: near its neighbours, and long lines straight."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from gradviz.layout.geometry import Floats, Ints
from gradviz.layout.mesh import Mesh
from gradviz.layout.relaxation import Relaxation, balanced, stacked
from gradviz.layout.sorting import ordered

_STEPS = 40  # of half the layers; fewer where there are many nodes
_STRAIGHTENED = 16  # rounds of straightening; likewise
_VISITS = 40_000  # nodes visited by either, about; more make lines no straighter


def heights(mesh: Mesh, y: Floats, before: Floats, check: Callable[[], None]) -> Floats:
    """Give each node the y of its middle. Nodes are numbered from top to bottom and stay so.

    Args:
        mesh: the layered graph.
        y: a first guess.
        before: per node its y in the drawing before, or NaN; it is drawn there.
        check: called now and then; it raises when time is over.
    """
    y = stacked(y, mesh.pad, mesh.layer, mesh.bounds[mesh.layer])
    forces = Relaxation(mesh, mesh.weight, np.isfinite(before), before)
    steps = min(_STEPS, 4 + _VISITS // mesh.count)
    for step in range(steps):
        if step % 8 == 0:
            check()
        forces.settle(y, step)
    check()
    line = _lines(mesh, y, np.isfinite(before))
    for _ in range(min(_STRAIGHTENED, 1 + _VISITS // (2 * mesh.count))):
        y = _straightened(mesh, forces, y, line)
    return y


def _lines(mesh: Mesh, y: Floats, kept: NDArray[np.bool_]) -> Ints:
    """Number the lines: paths of short edges that both ends prefer, strong ones first, then level ones.

    What is kept in its place is no part of a longer line.
    """
    climb = np.abs(y[mesh.tail] - y[mesh.head])
    rank = np.empty(len(climb), np.int64)
    weaker = (mesh.weight.max(initial=0) - mesh.weight).astype(np.int64)
    rank[ordered(weaker, climb)] = np.arange(len(climb))
    best_out = np.full(mesh.count, len(climb))
    best_in = best_out.copy()
    np.minimum.at(best_out, mesh.tail, rank)
    np.minimum.at(best_in, mesh.head, rank)
    agreed = (
        (best_out[mesh.tail] == rank) & (best_in[mesh.head] == rank) & ~kept[mesh.tail] & ~kept[mesh.head]
    )
    end = np.arange(mesh.count)
    end[mesh.tail[agreed]] = mesh.head[agreed]
    for _ in range(mesh.layers.bit_length()):
        end = end[end]
    last = np.zeros(mesh.count, np.int64)
    last[end] = 1
    return np.asarray((np.cumsum(last) - 1)[end])


def _straightened(mesh: Mesh, forces: Relaxation, y: Floats, line: Ints) -> Floats:
    """Move each line as a whole to where its neighbours would have it, as far as there is room."""
    wish, weight = forces.wishes(y)
    total = np.bincount(line, weight)
    level = np.bincount(line, weight * (wish + y) / 2) / total
    return balanced(level[line], weight, mesh.pad, mesh.layer, mesh.bounds[mesh.layer])
