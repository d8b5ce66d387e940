"""Boxes and dummies in layers, joined by edges that each cross exactly one gap between two layers.

The long edges of one box share a trunk: one dummy per layer, however many edges pass. A weight that feeds a
hundred samples so costs as many dummies as it crosses layers, not a hundred times as many.
"""

from __future__ import annotations

from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from gradviz.frozen import Frozen
from gradviz.grouping import grouped
from gradviz.layout.geometry import BOX_GAP, Floats, Ints

LANE = 5.0  # px between two edges of one trunk
_LINE = 2.0  # px of a trunk with one edge
WIDEST = 30.0  # px of a whole trunk
_TRUNK_GAP = 12.0  # px between two trunks
# How strongly edges pull: between boxes, at one end of a trunk, inside a trunk. A leaf's edge pulls with 1.
_PULL = (2.0, 2.0, 8.0)
# Layers that all edges may cross together, or one for 8 boxes and edges; the longest run behind boxes then.
_MOST_STOPS = 20_000


class Mesh(Frozen):
    """The layered graph, its nodes numbered layer by layer and in each layer from top to bottom.

    Attributes:
        bounds: layer k is the nodes bounds[k] to bounds[k + 1].
        height: of each node.
        tail: the earlier end of each short edge.
        head: the later end.
        weight: how strongly each short edge pulls its ends together.
        load: how many edges each short edge stands for.
        node: of each box, then of each dummy, trunk by trunk.
        trunk: box i has the dummies trunk[i] to trunk[i + 1], counted in ``node`` after the boxes.
        direct: per edge, whether it runs from box to box without dummies though it is long.
    """

    bounds: Ints
    height: Floats
    tail: Ints
    head: Ints
    weight: Floats
    load: Ints
    node: Ints
    trunk: Ints
    direct: NDArray[np.bool_]

    @property
    def count(self) -> int:
        """How many nodes there are."""
        return len(self.height)

    @property
    def layers(self) -> int:
        """How many layers there are."""
        return len(self.bounds) - 1

    @cached_property
    def layer(self) -> Ints:
        """The layer of each node."""
        return np.repeat(np.arange(self.layers), np.diff(self.bounds))

    @cached_property
    def pad(self) -> Floats:
        """How much each node keeps free above and below its middle."""
        gap = np.full(self.count, _TRUNK_GAP)
        gap[self.node[: len(self.trunk) - 1]] = BOX_GAP
        return np.asarray((self.height + gap) / 2)

    @cached_property
    def creation(self) -> Floats:
        """For each node the number of its box; a dummy has that of its source."""
        boxes = np.arange(len(self.trunk) - 1)
        found = np.empty(self.count)
        found[self.node] = np.concatenate([boxes, np.repeat(boxes, np.diff(self.trunk))])
        return found

    def on_nodes(self, values: Floats) -> Floats:
        """Give each box's value to its node, NaN to dummies."""
        found = np.full(self.count, np.nan)
        found[self.node[: len(values)]] = values
        return found

    def reordered(self, order: Ints) -> Mesh:
        """Number the nodes anew: ``order`` lists them layer by layer."""
        number = np.empty_like(order)
        number[order] = np.arange(self.count)
        return self._replace(
            height=self.height[order],
            tail=number[self.tail],
            head=number[self.head],
            node=number[self.node],
        )

    def crossings(self, y: Floats) -> int:
        """Count the crossings of edges where nodes stand in the order of ``y``."""
        rank = np.empty(self.count, np.int64)
        rank[np.lexsort((y, self.layer))] = np.arange(self.count)
        tails, heads = rank[self.tail], rank[self.head]
        order = np.lexsort((heads, tails))
        return inversions(heads[order], self.load[order])


def build(height: Floats, layer: Ints, pairs: Ints) -> Mesh:
    """Cut long edges into short ones, with a dummy of their source's trunk in every layer they cross."""
    boxes = len(height)
    source, target = pairs[:, 0], pairs[:, 1]
    crossed = layer[target] - layer[source] - 1
    direct = _too_long(crossed, boxes)
    long = (crossed > 0) & ~direct
    length = np.zeros(boxes, np.int64)
    np.maximum.at(length, source[long], crossed[long])
    trunk = np.concatenate([[0], np.cumsum(length)])
    owner = np.repeat(np.arange(boxes), length)
    dummies = boxes + np.arange(len(owner))
    step = dummies - boxes - trunk[owner]
    node_layer = np.concatenate([layer, layer[owner] + 1 + step])
    lanes = _lanes(trunk[source[long]] + crossed[long] - 1, step)

    near = crossed == 0
    last = boxes - 1 + trunk[source] + crossed  # the dummy from which a long edge reaches its target
    tail = np.concatenate([source[near], np.where(step > 0, dummies - 1, owner), last[long]])
    head = np.concatenate([target[near], dummies, target[long]])
    load = np.ones(len(tail), np.int64)
    load[near.sum() : near.sum() + len(lanes)] = lanes
    by_layer, bounds = grouped(node_layer, int(layer.max()) + 1)
    number = np.empty(len(by_layer), np.int64)
    number[by_layer] = np.arange(len(by_layer))
    passing = np.bincount(source[long], minlength=boxes)
    wide = np.minimum(LANE * (passing - 1), WIDEST)[owner] + _LINE
    return Mesh(
        bounds=bounds,
        height=np.concatenate([height, wide])[by_layer],
        tail=number[tail],
        head=number[head],
        weight=_weights(tail, head, np.bincount(target, minlength=boxes) == 0),
        load=load,
        node=number,
        trunk=trunk,
        direct=direct,
    )


def _weights(tail: Ints, head: Ints, leaf: NDArray[np.bool_]) -> Floats:
    """Say how strongly each short edge pulls, by what is at its ends."""
    boxes = len(leaf)
    weight: Floats = np.array(_PULL)[(tail >= boxes).astype(int) + (head >= boxes)]
    from_leaf = (tail < boxes) & (head < boxes) & leaf[np.minimum(tail, boxes - 1)]
    weight[from_leaf] = 1.0
    return weight


def _too_long(crossed: Ints, boxes: int) -> NDArray[np.bool_]:
    """Find the edges that go without dummies: the longest, where all together cross too many layers."""
    found = np.zeros(len(crossed), bool)
    most = max(_MOST_STOPS, (boxes + len(crossed)) // 8)
    if crossed.sum() > most:
        order = grouped(crossed, int(crossed.max()) + 1)[0]
        found[order] = np.cumsum(crossed[order]) > most
    return found & (crossed > 0)


def _lanes(last: Ints, step: Ints) -> Ints:
    """Count the edges that pass each dummy: those that leave their trunk there or later."""
    leaving = np.bincount(last, minlength=len(step))
    later = np.cumsum(leaving[::-1])[::-1]
    ends = np.flatnonzero(np.append(step[1:] == 0, True)) if len(step) else np.empty(0, np.int64)
    beyond = np.append(later, 0)[ends + 1]
    return np.asarray(later - np.repeat(beyond, np.diff(np.concatenate([[-1], ends]))))


def inversions(values: Ints, weight: Ints) -> int:
    """Sum the weights' products of all pairs in descending order, one bit of the values at a time."""
    total = 0
    for bit in range(int(values.max(initial=0)).bit_length() - 1, -1, -1):
        group, one = values >> (bit + 1), (values >> bit) & 1
        before = np.cumsum(one * weight) - one * weight
        before -= before[np.searchsorted(group, group)]
        total += int((before * weight)[one == 0].sum())
        order = np.argsort(values >> bit, kind="stable")
        values, weight = values[order], weight[order]
    return total
