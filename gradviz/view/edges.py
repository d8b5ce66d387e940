"""The edges between boxes: each one edge of the graph, or all those from one box to another."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from gradviz.frozen import Frozen
from gradviz.graph import Graph
from gradviz.view.numbering import by_first


class ViewEdge(Frozen, eq=False):
    """One edge of the graph (then ``slot`` says which argument it is), or all those between two boxes."""

    index: int
    source: int
    target: int
    edges: np.ndarray
    slot: int | None
    count: int


class ViewEdgeColumns(NamedTuple):
    """All edges in columns.

    Attributes:
        source, target: the boxes at either end.
        edges: how many graph edges it stands for; ``first`` is the first of these.
        slot: which argument it is, or -1 where it stands for several.
    """

    source: np.ndarray
    target: np.ndarray
    edges: np.ndarray
    first: np.ndarray
    slot: np.ndarray


def edge_of(graph: Graph, box_of: np.ndarray, single: np.ndarray) -> np.ndarray:
    """Per graph edge, the index of its view edge; -1 where it lies inside one box.

    Args:
        graph: the graph.
        box_of: per node, its box.
        single: per box, whether it is a single value; the edges of two of these stay apart.
    """
    source, target = box_of[graph.input], box_of[graph.consumer]
    edges = np.flatnonzero(source != target)
    source, target = source[edges], target[edges]
    own = single[source] & single[target]
    shared = np.flatnonzero(~own)
    codes = source[shared].astype(np.int64) * len(single) + target[shared]
    first, index = by_first(codes, len(single) ** 2)
    code = np.empty(len(edges), dtype=np.int32)  # the first edge among ``edges`` of the same view edge
    code[own] = np.flatnonzero(own)
    code[shared] = shared[first][index]
    starts = np.zeros(len(edges), dtype=bool)
    starts[code] = True
    found = np.full(graph.edge_count, -1, dtype=np.int32)
    found[edges] = (np.cumsum(starts, dtype=np.int32) - 1)[code]
    return found


def edge_columns(graph: Graph, box_of: np.ndarray, edge_of: np.ndarray) -> ViewEdgeColumns:
    """All view edges in columns, in the order of their first graph edges."""
    drawn = np.flatnonzero(edge_of >= 0)
    count = np.bincount(edge_of[drawn])
    first = np.empty(len(count), dtype=np.int64)
    first[edge_of[drawn[::-1]]] = drawn[::-1]  # of several the last stays, which comes first
    target = graph.consumer[first]
    slot = np.where(count == 1, first - graph.input_start[target], -1)
    return ViewEdgeColumns(box_of[graph.input[first]], box_of[target], count, first, slot)


def edge_rows(columns: ViewEdgeColumns, edge_of: np.ndarray) -> list[ViewEdge]:
    """All view edges, one object each."""
    drawn = np.flatnonzero(edge_of >= 0)
    number = edge_of[drawn]
    narrow = number.astype(np.uint16) if len(columns.edges) < 1 << 16 else number
    order = drawn[np.argsort(narrow, kind="stable")]
    ends = np.cumsum(columns.edges).tolist()
    inside = [order[a:b] for a, b in zip([0, *ends], ends, strict=False)]
    plain = zip(*(columns[k].tolist() for k in (0, 1, 2, 4)), inside, strict=True)
    return [
        ViewEdge(i, source, target, edges, None if slot < 0 else slot, count)
        for i, (source, target, count, slot, edges) in enumerate(plain)
    ]
