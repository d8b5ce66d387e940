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
from gradviz.grouping import distinct
from gradviz.view.numbering import by_first, distinct_pairs
from gradviz.view.stronglyconnected import strongly_connected_components

PARTS = 24  # parts, or twice the number of groups, up to which splitting is still readable


class Grouping(NamedTuple):
    """Nodes in boxes.

    Attributes:
        box_of: per node, the index of its box; boxes are numbered by their first node.
        group: per box, the group in it; of several that were joined, the first.
        joined: by box, all of its groups where they are several.
        part: per box, 0, or which part of its group it is, counted from 1.
        parts: per box, into how many parts its group was split; 0 if it was not.
    """

    box_of: np.ndarray
    group: np.ndarray
    joined: dict[int, tuple[int, ...]]
    part: np.ndarray
    parts: np.ndarray

    def groups(self, box: int) -> tuple[int, ...]:
        """The groups in a box: one, or several that were joined."""
        return self.joined.get(box) or (int(self.group[box]),)


def without_cycles(graph: Graph, group: np.ndarray, size: int) -> Grouping:
    """Turn groups (per node, a number below ``size``) into boxes whose edges have no cycle."""
    first, index = by_first(group, size)
    names = group[first]
    cycles = _cycles(graph, index, len(names))
    if not cycles:
        zeros = np.zeros(len(names), dtype=np.int64)
        return Grouping(index, names, {}, zeros, zeros)
    level = np.zeros(len(index), dtype=np.int64)
    joined = np.arange(len(names))
    for cycle in cycles:
        inside = np.zeros(len(names), dtype=bool)
        inside[cycle] = True
        levels = _levels(graph, index, inside[index], max(PARTS, 2 * len(cycle)), len(names))
        if levels is None:
            joined[cycle] = min(cycle)
        else:
            level[inside[index]] = levels
    return _boxes(names, index, joined, level)


def _cycles(graph: Graph, index: np.ndarray, count: int) -> list[list[int]]:
    source, target = index[graph.input], index[graph.consumer]
    if np.all(source <= target):  # numbered by first node, so this is the usual case
        return []
    pairs, _ = distinct_pairs(source, target, count)
    source, target = pairs // count, pairs % count
    back = source > target
    # a cycle comes back from its last box to its first, so it lies where edges that lead back span
    open_at = np.bincount(target[back], minlength=count + 1) - np.bincount(
        source[back] + 1, minlength=count + 1
    )
    spanned = np.cumsum(open_at) > 0
    kept = spanned[source] & spanned[target] & (source != target)
    return strongly_connected_components(zip(source[kept].tolist(), target[kept].tolist(), strict=True))


def _levels(graph: Graph, index: np.ndarray, inside: np.ndarray, most: int, count: int) -> np.ndarray | None:
    """Per node inside, its level; None where that makes more than ``most`` parts."""
    nodes = np.flatnonzero(inside)
    edges = np.flatnonzero(inside[graph.input] & inside[graph.consumer])
    source, target = graph.input[edges], graph.consumer[edges]
    rises = index[source] != index[target]
    level = [0] * len(nodes)
    place = np.cumsum(inside, dtype=np.int64) - 1
    # edges come by consumer, and inputs before consumers: a level is final before it is read
    for i, j, rise in zip(place[source].tolist(), place[target].tolist(), rises.tolist(), strict=True):
        above = level[i] + rise
        if above > level[j]:
            if above >= most:
                return None
            level[j] = above
    levels = np.array(level)
    return levels if len(distinct(levels * count + index[nodes])) <= most else None


def _boxes(names: np.ndarray, index: np.ndarray, joined: np.ndarray, level: np.ndarray) -> Grouping:
    span = int(level.max()) + 1
    codes = joined[index] * span + level
    first, box_of = by_first(codes, len(names) * span)
    codes = codes[first]
    group, at = codes // span, codes % span
    order = np.lexsort((at, group))
    starts = np.flatnonzero(np.diff(group[order], prepend=-1))
    sizes = np.diff(starts, append=len(order))
    part, parts = np.empty_like(order), np.empty_like(order)
    part[order] = np.arange(len(order)) - np.repeat(starts, sizes) + 1
    parts[order] = np.repeat(sizes, sizes)
    members: dict[int, list[int]] = {}
    for member in np.flatnonzero(np.bincount(joined, minlength=len(names))[joined] > 1).tolist():
        members.setdefault(int(joined[member]), []).append(int(names[member]))
    box = {int(g): b for b, g in enumerate(group.tolist()) if g in members}
    split = parts > 1
    return Grouping(
        box_of,
        names[group],
        {box[g]: tuple(rows) for g, rows in members.items()},
        np.where(split, part, 0),
        np.where(split, parts, 0),
    )
