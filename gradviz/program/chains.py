"""Chains of additions: ``((a + b) + c) + d`` as one step, with every partial sum and its rounding.

An addition goes on with a chain where it is the only one to read the chain's sum, on either side. The sums
inside a chain have then one gradient, that of its end.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

LOOKED_AHEAD = 4  # how many additions below an addition are looked at to find the longer of two chains


@dataclass(frozen=True)
class Chains:
    """The chains of a graph; every addition is in one.

    Attributes:
        end: per node the last of its chain; of a node that is in none, itself.
        depth: per node how many of its chain stand before it.
        first, second: per node the edges that it adds, the chain's own being the first.
        members: the nodes of all chains, one chain after the other, each from its start.
        start: per node that ends a chain, where that begins in ``members``.
    """

    end: np.ndarray
    depth: np.ndarray
    first: np.ndarray
    second: np.ndarray
    members: np.ndarray
    start: np.ndarray


def find_chains(adds: np.ndarray, first_edge: np.ndarray, input: np.ndarray, sole: np.ndarray) -> Chains:
    """Find the chains.

    Args:
        adds: the nodes that add two numbers.
        first_edge: per node its first edge; the second follows.
        input: per edge the node that is read.
        sole: per node, whether it is read exactly once, so that a chain can go on from it.
    """
    n = len(first_edge)
    is_add = np.zeros(n, dtype=bool)
    is_add[adds] = True
    edges = first_edge[adds]
    a, b = input[edges], input[edges + 1]
    joins_a, joins_b = sole[a] & is_add[a], sole[b] & is_add[b]
    height = np.zeros(n, dtype=np.int64)
    for _ in range(LOOKED_AHEAD):
        height[adds] = 1 + np.maximum(np.where(joins_a, height[a], 0), np.where(joins_b, height[b], 0))
    from_b = joins_b & ~(joins_a & (height[a] >= height[b]))
    joined = joins_a | joins_b
    before = np.arange(n)
    before[adds[joined]] = np.where(from_b, b, a)[joined]
    first, second = np.zeros(n, dtype=np.int64), np.zeros(n, dtype=np.int64)
    first[adds], second[adds] = edges + from_b, edges + ~from_b
    head, depth = _follow(before, adds)
    last = np.arange(n)
    last[before[adds[joined]]] = -1  # an addition goes on from it
    ends = adds[last[adds] >= 0]
    end_of_head = np.arange(n)
    end_of_head[head[ends]] = ends
    end = np.arange(n)
    end[adds] = end_of_head[head[adds]]
    members = adds[np.lexsort((depth[adds], end[adds]))]
    start = np.zeros(n, dtype=np.int64)
    start[end[members]] = np.arange(len(members)) - depth[members]
    return Chains(end, depth, first, second, members, start)


def _follow(before: np.ndarray, adds: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Follow ``before`` to where it stays, by leaps that double: the head of each, and how far it is."""
    head = before.copy()
    depth = (before != np.arange(len(before))).astype(np.int64)
    while True:
        leap = head[head[adds]]
        if np.array_equal(leap, head[adds]):
            return head, depth
        depth[adds] += depth[head[adds]]
        head[adds] = leap
