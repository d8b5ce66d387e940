"""The order of the nodes in each layer, so that few edges cross; what stood above another box stays above.

A few starts are tried: the order of creation, and the same after heat has spread along the edges for a while,
which tends to the one-dimensional embedding of least energy (Hall 1970; Carmel, Harel and Koren 2004). Then
barycentre steps improve the order, and swaps of neighbours.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from gradviz.grouping import grouped
from gradviz.layout.geometry import Floats, Ints
from gradviz.layout.mesh import Mesh
from gradviz.layout.relaxation import Relaxation, stacked
from gradviz.layout.sorting import ordered

_HEAT = (0, 30, 100)  # rounds of spreading that are tried
_COUNTED = 3_000  # nodes up to which several starts are tried and their crossings counted
_VISITS = 1_500_000  # nodes and edges that spreading may visit in a larger graph
_SHORT, _FEW = 60, 4  # so many rounds or fewer leave as many crossings as a few do
_STEPS, _LARGE_STEPS = 16, 8  # barycentre steps of half the layers; more find little
_LARGE = 10_000  # nodes from which fewer steps are made
_ROUNDS = 8  # rounds of swaps, at most
_SWAPPED = 20_000  # nodes visited by swaps, at most
_PRODUCT = 400  # pairs of edges looked at for one swap; of two larger hubs none is made


def arrange(mesh: Mesh, before: Floats, check: Callable[[], None]) -> tuple[Mesh, Floats]:
    """Number the nodes of each layer from top to bottom, and give a first guess of their y.

    Args:
        mesh: the layered graph.
        before: per node its y in the drawing before, or NaN. Nodes with one keep their order.
        check: called now and then; it raises when time is over.
    """
    kept = np.isfinite(before)
    seed = (
        _spread(mesh, np.where(kept, before, np.nanmean(before)), kept, 50) if kept.any() else mesh.creation
    )
    order = ordered(mesh.layer, seed)
    mesh, seed, before, kept = mesh.reordered(order), seed[order], before[order], kept[order]
    forces = Relaxation(mesh, np.ones(len(mesh.tail)), kept, before)
    best, fewest = np.empty(0), -1
    for rounds in _starts(mesh, bool(kept.any())):
        check()
        y = seed if kept.any() else _stack(mesh, _spread(mesh, seed, kept, rounds))
        for step in range(_STEPS if mesh.count < _LARGE else _LARGE_STEPS):
            forces.order(y, step + 1)
        found = mesh.crossings(y) if mesh.count <= _COUNTED else 0
        if fewest < 0 or found < fewest:
            best, fewest = y, found
        if not fewest:
            break
    check()
    order = ordered(mesh.layer, best)
    y = best[order]
    if fewest or mesh.count > _COUNTED:
        _swap(mesh, order, kept, check)
    return mesh.reordered(order), y


def _starts(mesh: Mesh, seeded: bool) -> tuple[int, ...]:
    """How long heat spreads for each start."""
    if seeded:
        return (0,)
    if mesh.count <= _COUNTED:
        return _HEAT
    rounds = min(2 * _HEAT[-1], _VISITS // (mesh.count + len(mesh.tail)))
    return (rounds if rounds > _SHORT else _FEW,)


def _spread(mesh: Mesh, heat: Floats, kept: NDArray[np.bool_], rounds: int) -> Floats:
    """Let each node take on half of its neighbours' heat, round by round; the kept ones never change."""
    ends, others = np.concatenate([mesh.head, mesh.tail]), np.concatenate([mesh.tail, mesh.head])
    degree = np.bincount(ends, minlength=mesh.count)
    share = 0.5 / np.maximum(degree, 1)
    own = np.where(degree > 0, 0.5, 1.0)
    share[kept], own[kept] = 0.0, 1.0
    for _ in range(rounds):
        heat = own * heat + share * np.bincount(ends, heat[others], mesh.count)
        if not kept.any():
            heat -= heat.mean()  # keeps what differs above the rounding of what does not
    return heat


def _stack(mesh: Mesh, key: Floats) -> Floats:
    """Put the nodes of each layer one below the other in the order of ``key``, around a common middle."""
    order = ordered(mesh.layer, key)
    y = np.empty(mesh.count)
    y[order] = stacked(np.zeros(mesh.count), mesh.pad[order], mesh.layer, mesh.bounds[mesh.layer])
    return y


def _swap(mesh: Mesh, order: Ints, kept: NDArray[np.bool_], check: Callable[[], None]) -> None:
    """Swap neighbours in ``order`` where fewer edges cross then, until there are none, in place."""
    sides = (
        (*grouped(mesh.head, mesh.count), mesh.tail),
        (*grouped(mesh.tail, mesh.count), mesh.head),
    )
    rank = np.empty_like(order)
    rank[order] = np.arange(mesh.count)
    load = mesh.load.astype(float)
    upper = np.flatnonzero(mesh.layer[:-1] == mesh.layer[1:])  # a place that has another below it
    phase = 2 * (mesh.layer[upper] % 2) + (upper - mesh.bounds[mesh.layer[upper]]) % 2
    phases = [upper[phase == k] for k in range(4)]
    for _ in range(min(_ROUNDS, _SWAPPED // mesh.count)):
        check()
        moved = False
        for place in phases:
            a, b = order[place], order[place + 1]
            gain = sum(_gain(a, b, rank, load, *side) for side in sides)
            better = (gain > 0) & ~(kept[a] & kept[b])
            place, a, b = place[better], a[better], b[better]
            order[place], order[place + 1] = b, a
            rank[a], rank[b] = place + 1, place
            moved |= len(place) > 0
        if not moved:
            return


def _gain(a: Ints, b: Ints, rank: Ints, load: Floats, edges: Ints, start: Ints, other: Ints) -> Floats:
    """Count the crossings that vanish on one side when each ``a`` goes below its ``b``, less the new ones."""
    of_a, of_b = start[a + 1] - start[a], start[b + 1] - start[b]
    products = of_a * of_b
    products[products > _PRODUCT] = 0
    pair = np.repeat(np.arange(len(a)), products)
    within = np.arange(len(pair)) - np.repeat(np.cumsum(products) - products, products)
    row, column = np.divmod(within, of_b[pair])
    first, second = edges[start[a][pair] + row], edges[start[b][pair] + column]
    crossed = np.sign(rank[other[first]] - rank[other[second]]) * load[first] * load[second]
    return np.asarray(np.bincount(pair, crossed, len(a)))
