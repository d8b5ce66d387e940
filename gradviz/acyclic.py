"""Keep a View free of cycles.

Grouping nodes can close a cycle between boxes: a call that is left and entered again, say. Then the groups
on the cycle, and only those, are split by level: the level of a node is the largest over its inputs of their
level, plus one where the input lies in another group. A part is a group at one level. An edge between groups
raises the level and an edge inside a group never lowers it, so every edge between parts leads upwards and no
cycle is left. Where that would give a great many parts, the groups are drawn as one box instead.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from gradviz.graph import Graph

PARTS = 24  # parts, or twice the number of groups, up to which splitting is still readable
DENSE = 4_000_000  # pairs of boxes that are counted in a table rather than sorted


class Grouping(NamedTuple):
    """Nodes in boxes.

    Attributes:
        box_of: per node, the index of its box; boxes are numbered by their first node.
        groups: per box, the groups in it: one, or several that were joined.
        part: per box, 0, or which part of its group it is, counted from 1.
        parts: per box, into how many parts its group was split; 0 if it was not.
    """

    box_of: np.ndarray
    groups: list[tuple[int, ...]]
    part: list[int]
    parts: list[int]


def without_cycles(graph: Graph, group: np.ndarray) -> Grouping:
    """Turn groups (per node, any integer) into boxes whose edges have no cycle."""
    names, index = _number(group)
    level = np.zeros(len(index), dtype=np.int64)
    joined = np.arange(len(names))
    for cycle in _cycles(graph, index, len(names)):
        inside = np.isin(index, cycle)
        levels = _levels(graph, index, inside, max(PARTS, 2 * len(cycle)), len(names))
        if levels is None:
            joined[cycle] = min(cycle)
        else:
            level[inside] = levels
    return _boxes(names, index, joined, level)


def _number(codes: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The distinct codes by first appearance, and per element the index of its own."""
    distinct, first, index = np.unique(codes, return_index=True, return_inverse=True)
    order = np.argsort(first)
    rank = np.empty_like(order)
    rank[order] = np.arange(len(order))
    return distinct[order], rank[index]


def pairs_between(source: np.ndarray, target: np.ndarray, count: int) -> tuple[np.ndarray, np.ndarray]:
    """The distinct pairs of different boxes."""
    codes = (source * count + target)[source != target]
    if count * count <= DENSE:
        codes = np.flatnonzero(np.bincount(codes, minlength=count * count))
    else:
        codes = np.unique(codes)
    return codes // max(count, 1), codes % max(count, 1)


def _cycles(graph: Graph, index: np.ndarray, count: int) -> list[list[int]]:
    source, target = pairs_between(index[graph.input], index[graph.consumer], count)
    if np.all(source < target):  # numbered by first node, so this is the usual case
        return []
    import networkx as nx

    quotient = nx.DiGraph(zip(source.tolist(), target.tolist(), strict=True))
    return [sorted(c) for c in nx.strongly_connected_components(quotient) if len(c) > 1]


def _levels(graph: Graph, index: np.ndarray, inside: np.ndarray, most: int, count: int) -> np.ndarray | None:
    """Per node inside, its level; None where that makes more than ``most`` parts."""
    nodes = np.flatnonzero(inside)
    edges = np.flatnonzero(inside[graph.input] & inside[graph.consumer])
    source, target = graph.input[edges], graph.consumer[edges]
    rises = index[source] != index[target]
    level = [0] * len(nodes)
    # edges come by consumer, and inputs before consumers: a level is final before it is read
    below, over = np.searchsorted(nodes, source).tolist(), np.searchsorted(nodes, target).tolist()
    for i, j, rise in zip(below, over, rises.tolist(), strict=True):
        above = level[i] + rise
        if above > level[j]:
            if above >= most:
                return None
            level[j] = above
    levels = np.array(level)
    return levels if len(np.unique(levels * count + index[nodes])) <= most else None


def _boxes(names: np.ndarray, index: np.ndarray, joined: np.ndarray, level: np.ndarray) -> Grouping:
    span = int(level.max()) + 1 if len(level) else 1
    codes, box_of = _number(joined[index] * span + level)
    groups: list[list[int]] = [[] for _ in names]
    for member, into in enumerate(joined.tolist()):
        groups[into].append(int(names[member]))
    of_box, at = (codes // span).tolist(), codes % span
    parts = np.bincount(codes // span, minlength=len(names))
    rank = [0] * len(codes)
    seen = [0] * len(names)
    for box in np.argsort(at, kind="stable").tolist():
        seen[of_box[box]] += 1
        rank[box] = seen[of_box[box]]
    split = [int(parts[g]) > 1 for g in of_box]
    return Grouping(
        box_of,
        [tuple(groups[g]) for g in of_box],
        [r if s else 0 for r, s in zip(rank, split, strict=True)],
        [int(parts[g]) if s else 0 for g, s in zip(of_box, split, strict=True)],
    )
