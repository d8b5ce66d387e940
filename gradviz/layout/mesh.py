"""Boxes and dummies in layers, joined by edges that each cross exactly one gap between two layers.

Nodes are numbered layer by layer, so that a layer is a slice and a step over it is a few numpy calls.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from gradviz.errors import LayoutError
from gradviz.layout.geometry import Floats

Ints = NDArray[np.int64]

_DUMMY_HEIGHT = 2.0  # with the gaps around it: the strip that a passing edge keeps free
_MOST_DUMMIES = 20_000  # or one per box and edge; beyond, an edge may run behind boxes
_STRAIGHT = 6.0  # how much more two dummies of one edge pull each other than two boxes do


@dataclass(frozen=True)
class Mesh:
    """The layered graph.

    Attributes:
        bounds: layer k is the nodes bounds[k] to bounds[k + 1].
        height: of each node.
        tail: the earlier end of each short edge, sorted by its gap.
        head: the later end.
        cuts: gap k, after layer k, is the short edges cuts[k] to cuts[k + 1].
        weight: how strongly each short edge pulls its ends together.
        box: the node of each box.
        box_layer: the layer of each box.
        visit: the order in which a walk from the sinks meets the nodes.
        chain_start: long edge e is the nodes chain[chain_start[e]:chain_start[e + 1]], both ends included.
        chain: see above.
    """

    bounds: Ints
    height: Floats
    tail: Ints
    head: Ints
    cuts: Ints
    weight: Floats
    box: Ints
    box_layer: Ints
    visit: Ints
    chain_start: Ints
    chain: Ints

    @property
    def count(self) -> int:
        """How many nodes there are."""
        return len(self.height)

    @property
    def layers(self) -> int:
        """How many layers there are."""
        return len(self.bounds) - 1

    def span(self, k: int) -> slice:
        """The nodes of layer ``k``."""
        return slice(int(self.bounds[k]), int(self.bounds[k + 1]))

    def gap(self, k: int) -> slice:
        """The short edges between layers ``k`` and ``k + 1``."""
        return slice(int(self.cuts[k]), int(self.cuts[k + 1]))

    def pull(self, where: Floats, k: int, *, before: bool, after: bool) -> Floats:
        """Average ``where`` over each node's neighbours; a node without any stays where it is."""
        here = self.span(k)
        size = here.stop - here.start
        total, weights = np.zeros(size), np.zeros(size)
        for wanted, gap, own, other in (
            (before and k > 0, k - 1, self.head, self.tail),
            (after and k < self.layers - 1, k, self.tail, self.head),
        ):
            if wanted:
                edges = self.gap(gap)
                local, weight = own[edges] - here.start, self.weight[edges]
                total += np.bincount(local, weight * where[other[edges]], minlength=size)
                weights += np.bincount(local, weight, minlength=size)
        return np.where(weights > 0, total / np.maximum(weights, 1e-9), where[here])

    def crossings(self, place: Floats) -> int:
        """Count the pairs of short edges that cross when nodes stand in the order of ``place``."""
        rank = np.empty(self.count, np.int64)
        rank[np.lexsort((place, self._layer))] = np.arange(self.count)
        tails, heads = rank[self.tail], rank[self.head]
        return inversions(heads[np.lexsort((heads, tails))])

    @cached_property
    def _layer(self) -> Ints:
        return np.repeat(np.arange(self.layers), np.diff(self.bounds))

    def stops(self, left: Floats, right: Floats, y: Floats) -> list[list[tuple[float, float, float]]]:
        """List for each long edge the columns it visits: left side, right side and height there."""
        layer = self._layer[self.chain]
        rows = list(zip(left[layer].tolist(), right[layer].tolist(), y[self.chain].tolist(), strict=True))
        cuts = self.chain_start.tolist()
        return [rows[a:b] for a, b in zip(cuts[:-1], cuts[1:], strict=True)]


def inversions(values: Ints) -> int:
    """Count the pairs that stand in descending order, one bit of the values at a time."""
    total = 0
    for bit in range(int(values.max(initial=0)).bit_length() - 1, -1, -1):
        group, one = values >> (bit + 1), (values >> bit) & 1
        ones_before = np.cumsum(one) - one
        ones_before -= ones_before[np.searchsorted(group, group)]
        total += int(ones_before[one == 0].sum())
        values = values[np.argsort(values >> bit, kind="stable")]
    return total


def layers_of(count: int, pairs: Ints) -> Ints:
    """Give each box its layer: as late as possible, the sinks in the last one.

    Raises:
        LayoutError: the edges form a cycle, or name a box that is not there.
    """
    if len(pairs) and (pairs.min() < 0 or pairs.max() >= count):
        raise LayoutError(f"An edge names a box that is not there; there are {count} boxes.")
    start, inputs = _inputs(count, pairs)
    waiting = np.bincount(pairs[:, 0], minlength=count)
    to_sink = np.full(count, -1, np.int64)
    front, depth = np.flatnonzero(waiting == 0), 0
    while len(front):
        to_sink[front] = depth
        reached = inputs[ranges(start[front], start[front + 1])]
        np.subtract.at(waiting, reached, 1)
        reached = np.unique(reached)
        front, depth = reached[waiting[reached] == 0], depth + 1
    if (to_sink < 0).any():
        raise LayoutError(f"The edges form a cycle at box {int(np.argmin(to_sink))}.")
    return np.asarray(to_sink.max(initial=0) - to_sink)


def _inputs(count: int, pairs: Ints) -> tuple[Ints, Ints]:
    """List each node's inputs, in order: those of node i are inputs[start[i]:start[i + 1]]."""
    by_head = np.argsort(pairs[:, 1], kind="stable")
    return np.searchsorted(pairs[by_head, 1], np.arange(count + 1)), pairs[by_head, 0]


def ranges(start: Ints, stop: Ints) -> Ints:
    """Join the ranges start[i]:stop[i] into one index array."""
    length = stop - start
    return np.asarray(np.repeat(stop - np.cumsum(length), length) + np.arange(int(length.sum())))


def build(height: Floats, layer: Ints, pairs: Ints) -> Mesh:
    """Cut each edge into short ones, with a dummy in every layer it crosses, and number nodes by layer."""
    boxes, edges = len(height), len(pairs)
    between, direct = _dummies(layer[pairs[:, 1]] - layer[pairs[:, 0]] - 1, boxes)
    owner = np.repeat(np.arange(edges), between)
    step = ranges(np.zeros_like(between), between)
    node_layer = np.concatenate([layer, layer[pairs[owner, 0]] + 1 + step])
    chain_start = np.concatenate([[0], np.cumsum(between + 2)])
    chain = np.empty(int(chain_start[-1]), np.int64)
    chain[chain_start[:-1]], chain[chain_start[1:] - 1] = pairs[:, 0], pairs[:, 1]
    chain[chain_start[owner] + 1 + step] = boxes + np.arange(len(owner))

    by_layer = np.argsort(node_layer, kind="stable")
    number = np.empty_like(by_layer)
    number[by_layer] = np.arange(len(by_layer))
    bounds = np.searchsorted(node_layer[by_layer], np.arange(int(layer.max()) + 2))
    inner = np.delete(np.arange(len(chain)), np.concatenate([chain_start[1:] - 1, chain_start[:-1][direct]]))
    tail, head = chain[inner], chain[inner + 1]
    by_gap = np.argsort(node_layer[tail], kind="stable")
    dummies = (tail >= boxes).astype(int) + (head >= boxes)
    return Mesh(
        bounds=bounds,
        height=np.concatenate([height, np.full(len(owner), _DUMMY_HEIGHT)])[by_layer],
        tail=number[tail][by_gap],
        head=number[head][by_gap],
        cuts=np.searchsorted(node_layer[tail[by_gap]], np.arange(len(bounds))),
        weight=np.array([1.0, 2.0, _STRAIGHT])[dummies][by_gap],
        box=number[:boxes],
        box_layer=layer,
        visit=_visit(len(number), np.column_stack([tail, head]))[by_layer],
        chain_start=chain_start,
        chain=number[chain],
    )


def _dummies(between: Ints, boxes: int) -> tuple[Ints, NDArray[np.bool_]]:
    """Give the dummies of each edge, and which edges go without: the longest, where there are too many."""
    order = np.argsort(between, kind="stable")
    affordable = np.cumsum(between[order]) <= max(_MOST_DUMMIES, boxes + len(between))
    direct = np.zeros(len(between), bool)
    direct[order] = ~affordable & (between[order] > 0)
    return np.where(direct, 0, between), direct


def _visit(count: int, pairs: Ints) -> Ints:
    """Number nodes in the order of a depth-first walk from the sinks, inputs in argument order."""
    starts, inputs = _inputs(count, pairs)
    start, source = starts.tolist(), inputs.tolist()
    has_consumer = np.zeros(count, bool)
    has_consumer[pairs[:, 0]] = True
    stack = np.flatnonzero(~has_consumer)[::-1].tolist()
    seen, order = bytearray(count), []
    while stack:
        node = stack.pop()
        if not seen[node]:
            seen[node] = 1
            order.append(node)
            stack.extend(reversed(source[start[node] : start[node + 1]]))
    visit = np.empty(count, np.int64)
    visit[order] = np.arange(count)
    return visit
