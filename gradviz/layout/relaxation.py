"""Boxes that are drawn to their neighbours and pushed apart by each other, all layers at once.

The even layers move while the odd ones stand, then the other way round. So one step is a handful of numpy
calls over half of the graph, whether it has five layers or fifty thousand.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from gradviz.frozen import Frozen
from gradviz.layout.geometry import Floats, Ints
from gradviz.layout.mesh import Mesh

LEAST = 1e-6  # the strength of what nothing pulls
_HOLD = 1000.0  # how strongly a box stays where it was, beside 1 or 2 for each of its edges


class _Half(Frozen):
    """The nodes of every other layer, and all ends of short edges at them."""

    nodes: Ints
    own: Ints
    other: Ints
    weight: Floats
    total: Floats
    layer: Ints
    first: Ints
    kept: Ints


class Relaxation:
    """The forces on the nodes of a mesh.

    Args:
        mesh: the layered graph.
        weight: how strongly each short edge pulls.
        kept: per node, whether it was there before and keeps its order.
        anchor: per node the y that holds it, NaN for none.
    """

    def __init__(
        self, mesh: Mesh, weight: Floats, kept: NDArray[np.bool_], anchor: Floats | None = None
    ) -> None:
        self.mesh = mesh
        self.hold = np.zeros(mesh.count) if anchor is None else _HOLD * np.isfinite(anchor)
        self.anchor = np.zeros(mesh.count) if anchor is None else np.nan_to_num(anchor)
        odd = mesh.layer % 2 == 1
        starts_odd = odd[mesh.tail]  # and so ends in an even layer
        out, into = np.flatnonzero(starts_odd), np.flatnonzero(~starts_odd)
        even_nodes, odd_nodes = np.flatnonzero(~odd), np.flatnonzero(odd)
        self.halves = [
            self._half(even_nodes, into, out, weight, kept),
            self._half(odd_nodes, out, into, weight, kept),
        ]

    def _half(self, nodes: Ints, out: Ints, into: Ints, weight: Floats, kept: NDArray[np.bool_]) -> _Half:
        """Collect nodes, and the edges that leave them and that reach them."""
        mesh = self.mesh
        number = np.empty(mesh.count, np.int64)
        number[nodes] = np.arange(len(nodes))
        own = number[np.concatenate([mesh.head[into], mesh.tail[out]])]
        pull = weight[np.concatenate([into, out])]
        first = mesh.bounds[mesh.layer[nodes]]
        return _Half(
            nodes=nodes,
            own=own,
            other=np.concatenate([mesh.tail[into], mesh.head[out]]),
            weight=pull,
            total=np.bincount(own, pull, len(nodes)) + self.hold[nodes],
            layer=mesh.layer[nodes],
            first=number[first],
            kept=np.flatnonzero(kept[nodes]),
        )

    def pull(self, y: Floats, half: _Half) -> Floats:
        """Say where the neighbours of each node of a half would have it; who has none stays."""
        held = (self.hold * self.anchor)[half.nodes]
        drawn = held + np.bincount(half.own, half.weight * y[half.other], len(half.nodes))
        free = half.total == 0
        return np.asarray((drawn + free * y[half.nodes]) / (half.total + free))

    def wishes(self, y: Floats) -> tuple[Floats, Floats]:
        """Say where the neighbours of every node would have it, and how strongly; at least a little."""
        wish, strength = np.empty(self.mesh.count), np.empty(self.mesh.count)
        for half in self.halves:
            wish[half.nodes], strength[half.nodes] = self.pull(y, half), half.total
        return wish, np.maximum(strength, LEAST)

    def order(self, y: Floats, step: int) -> None:
        """Let half of the layers follow their neighbours and change their order, in place.

        What was kept keeps its order.
        """
        half = self.halves[step % 2]
        wish = self.pull(y, half)
        wish[half.kept] = envelope(wish[half.kept], half.layer[half.kept])
        order = np.argsort(wish + half.layer * _apart(wish), kind="stable")
        nodes = half.nodes[order]
        y[nodes] = stacked(wish[order], self.mesh.pad[nodes], half.layer, half.first)

    def settle(self, y: Floats, step: int) -> None:
        """Let half of the layers follow their neighbours as far as their order allows, in place.

        Nodes must be numbered from top to bottom. Each step is the best for its half, so the steps together
        tend to the heights of least squared climb.
        """
        half = self.halves[step % 2]
        strength = np.maximum(half.total, LEAST)
        pad = self.mesh.pad[half.nodes]
        y[half.nodes] = balanced(self.pull(y, half), strength, pad, half.layer, half.first)


def stacked(wish: Floats, pad: Floats, layer: Ints, first: Ints) -> Floats:
    """Come as near to ``wish`` as room allows, in this order: each node keeps ``pad`` free on both sides."""
    below = np.cumsum(2 * pad) - pad
    below -= below[first]
    return envelope(wish - below, layer) + below


def balanced(wish: Floats, strength: Floats, pad: Floats, layer: Ints, first: Ints) -> Floats:
    """Come as near to ``wish`` as room allows, in this order, by least squares."""
    below = np.cumsum(2 * pad) - pad
    below -= below[first]
    free = wish - below
    base = layer * _apart(free)
    return rising(free + base, strength) - base + below


def rising(values: Floats, weight: Floats) -> Floats:
    """Find the rising values nearest to ``values`` by weighted least squares.

    Isotonic regression by pooling adjacent violators, whole falling runs at a time: as they end up in one
    pool whatever the order, all can be pooled at once.
    """
    starts = np.arange(len(values))
    total = values * weight
    head = np.ones(len(values), bool)
    while True:
        level = total / weight
        head = head[: len(level)]
        np.greater_equal(level[1:], level[:-1], out=head[1:])
        heads = head.nonzero()[0]
        if len(heads) == len(level):
            return np.repeat(level, np.diff(starts, append=len(values)))
        pool = head.cumsum() - 1  # bincount is several times as quick as reduceat here
        total, weight = (np.bincount(pool, each).astype(np.float64, copy=False) for each in (total, weight))
        starts = starts[heads]


def envelope(wish: Floats, layer: Ints) -> Floats:
    """Make ``wish`` rise within each layer: halfway between the lowest line above and the highest below."""
    base = layer * _apart(wish)
    lifted = wish + base
    upper = np.maximum.accumulate(lifted)
    upper += np.minimum.accumulate(lifted[::-1])[::-1]
    return np.asarray(upper / 2 - base)


def _apart(values: Floats) -> float:
    """A distance that keeps layers apart when all are put on one line."""
    return float(np.ptp(values)) + 1.0 if len(values) else 1.0
