"""Boxes and the edges between them, made from a grouping of nodes."""

from __future__ import annotations

import re
from dataclasses import dataclass

import numpy as np

from gradviz.acyclic import Grouping
from gradviz.folding import FoldTree
from gradviz.graph import Graph
from gradviz.naming import family, subtitles, symbol_of

JOIN = " + "  # between the keys of groups drawn as one box
NAMED = 3  # groups of such a box that its title names
_PART = re.compile(r" #\d+$")


@dataclass(frozen=True, eq=False)
class Box:
    """A single value, or everything in a collapsed scope.

    Attributes:
        index: its place in ``view.boxes``; boxes come in the order of their first values.
        key: ``n12`` for a single value, else the path of the scope, with `` #2`` for the second of its parts.
        node: the single value, or None.
        title, subtitle: what stands on it.
        count, nodes: the values inside.
        scope: the key of the scope it lies in.
        opens: the keys that opening it opens; none for a single value.
    """

    index: int
    key: str
    node: int | None
    title: str
    subtitle: str
    count: int
    nodes: np.ndarray
    scope: str
    opens: tuple[str, ...]

    @property
    def expandable(self) -> bool:
        """Whether there is something to open."""
        return bool(self.opens)


@dataclass(frozen=True, eq=False)
class ViewEdge:
    """One edge of the graph (then ``slot`` says which argument it is), or all those between two boxes."""

    index: int
    source: int
    target: int
    edges: np.ndarray
    slot: int | None
    count: int


class Boxes:
    """Makes the boxes and edges of one grouping.

    Attributes:
        box_of: per node, its box.
        node_order, node_start: the nodes by box, and where each box starts in them.
    """

    def __init__(self, graph: Graph, tree: FoldTree, grouping: Grouping) -> None:
        self.graph, self.tree, self.grouping = graph, tree, grouping
        self.box_of = grouping.box_of
        self.node_order = np.argsort(self.box_of, kind="stable")
        self.node_start = np.searchsorted(self.box_of[self.node_order], np.arange(len(self) + 1))

    def __len__(self) -> int:
        return len(self.grouping.part)

    def boxes(self) -> list[Box]:
        """All boxes."""
        words = subtitles(self.graph, self.box_of, len(self))
        nodes = [self.node_order[a:b] for a, b in zip(self.node_start, self.node_start[1:], strict=False)]
        return [
            self._single(i, int(inside[0])) if len(inside) == 1 else self._collapsed(i, inside, words[i])
            for i, inside in enumerate(nodes)
        ]

    def edge_of(self) -> np.ndarray:
        """Per graph edge, the index of its view edge; -1 where it lies inside one box."""
        source, target = self.box_of[self.graph.input], self.box_of[self.graph.consumer]
        single = np.diff(self.node_start) == 1
        edges = np.flatnonzero(source != target)
        codes = source[edges] * len(self) + target[edges]
        own = single[source[edges]] & single[target[edges]]
        codes[own] = len(self) ** 2 + edges[own]
        _, first, which = np.unique(codes, return_index=True, return_inverse=True)
        rank = np.empty(len(first), dtype=np.int32)
        rank[np.argsort(first)] = np.arange(len(first))
        edge_of = np.full(self.graph.edge_count, -1, dtype=np.int32)
        edge_of[edges] = rank[which]
        return edge_of

    def edges(self, edge_of: np.ndarray) -> list[ViewEdge]:
        """All view edges."""
        drawn = np.flatnonzero(edge_of >= 0)
        order = drawn[np.argsort(edge_of[drawn], kind="stable")]
        starts = np.flatnonzero(np.diff(edge_of[order])) + 1
        return [self._edge(i, edges) for i, edges in enumerate(np.split(order, starts)) if len(edges)]

    def _edge(self, index: int, edges: np.ndarray) -> ViewEdge:
        first = int(edges[0])
        target = int(self.graph.consumer[first])
        slot = first - int(self.graph.input_start[target]) if len(edges) == 1 else None
        source = int(self.box_of[self.graph.input[first]])
        return ViewEdge(index, source, int(self.box_of[target]), edges, slot, len(edges))

    def _single(self, index: int, node: int) -> Box:
        scope = self.tree.keys[self.tree.leaf[node]]
        title, subtitle = self.graph.label(node), symbol_of(self.graph, node)
        return Box(index, f"n{node}", node, title, subtitle, 1, np.array([node]), scope, ())

    def _collapsed(self, index: int, nodes: np.ndarray, words: str) -> Box:
        """A box of several values: one group or a part of it, or several groups that were joined."""
        groups, part = self.grouping.groups[index], self.grouping.part[index]
        rows = [row for row in groups if row < len(self.tree)]  # the others are single values
        keys, names = zip(*(self._group_name(group) for group in groups), strict=True)
        title = ", ".join(names[:NAMED]) + (f" + {len(names) - NAMED} more" if len(names) > NAMED else "")
        key = JOIN.join(keys)
        if part:
            key, title = f"{key} #{part}", f"{title} · part {part} of {self.grouping.parts[index]}"
        around = int(self.tree.parent[rows[0]])
        inside = family(self.tree, rows[0]) if len(groups) == 1 else ""
        subtitle = " · ".join(filter(None, [words if words != title else self.tree.titles[around], inside]))
        scope = self.tree.keys[around]
        opens = tuple(self.tree.keys[row] for row in rows)
        return Box(index, key, None, title, subtitle, len(nodes), nodes, scope, opens)

    def _group_name(self, group: int) -> tuple[str, str]:
        """Key and title of a group: a row of the tree, or beyond those a single value."""
        node = group - len(self.tree)
        if node < 0:
            return self.tree.keys[group], self.tree.titles[group]
        return f"n{node}", self.graph.label(node)


def keys_in(key: str) -> list[str]:
    """The scopes that the key of a box stands for: without its part, and one by one if they were joined."""
    return [_PART.sub("", piece) for piece in key.split(JOIN)]
