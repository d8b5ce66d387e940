"""A View: the part of a Graph that is drawn, single values and collapsed scopes as boxes. Always a DAG."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from gradviz.acyclic import without_cycles
from gradviz.boxes import Box, Boxes, ViewEdge, keys_in
from gradviz.boxfacts import BoxFacts, EdgeFacts, Magnitudes, box_facts, edge_facts
from gradviz.errors import NotFoundError
from gradviz.folding import ROOT, FoldTree
from gradviz.graph import Graph
from gradviz.opening import MOST, hold_back, open_automatically, open_depth, open_keys

if TYPE_CHECKING:
    import networkx as nx

    from gradviz.frame import Frame

__all__ = ["Box", "BoxFacts", "EdgeFacts", "ScopeRow", "View", "ViewEdge"]

CALM = 60  # boxes of a first look; a screen holds some 330


@dataclass(frozen=True)
class ScopeRow:
    """A scope or pseudo-scope that can be opened or closed from here."""

    key: str
    title: str
    parent: str
    count: int
    open: bool


class View:
    """The boxes and edges to draw.

    Args:
        graph: the graph.
        expanded: keys of scopes to open; None opens by itself, to about ``limit`` boxes at most.
        depth: instead of ``expanded``: open the program's scopes to this depth.
        limit: graphs of at most so many values are never folded by line or op.

    Attributes:
        expanded: the keys that are open.
        note: the view in a few words, and what was kept closed.
        boxes, edges: what to draw.
        box_of: per node, its box.
        edge_of: per graph edge, its view edge, or -1 inside a box.
    """

    def __init__(
        self,
        graph: Graph,
        expanded: Collection[str] | None = None,
        depth: int | None = None,
        limit: int = CALM,
    ) -> None:
        self.graph, self.limit = graph, limit
        self.tree = FoldTree(graph, min(limit, MOST))
        self.magnitudes = Magnitudes(graph)
        if expanded is not None:
            is_open = open_keys(self.tree, [k for key in expanded for k in (key, *keys_in(key))])
        elif depth is not None:
            is_open = open_depth(self.tree, depth)
        else:
            is_open = open_automatically(graph, self.tree, min(limit, MOST))
        self._held_back = hold_back(self.tree, is_open)
        self._inside = self.tree.groups(is_open) < 0  # per row, whether it is open and all around it too
        self._is_open = is_open
        self._parts = self._group()
        self._facts: tuple[Frame, list[BoxFacts]] | None = None

    def __repr__(self) -> str:
        return f"View({self.note})"

    @property
    def box_of(self) -> np.ndarray:
        """Per node, the index of its box."""
        return self._parts.box_of

    @property
    def node_order(self) -> np.ndarray:
        """The nodes by box."""
        return self._parts.node_order

    @property
    def node_start(self) -> np.ndarray:
        """Where each box starts in ``node_order``, and the end."""
        return self._parts.node_start

    @cached_property
    def boxes(self) -> list[Box]:
        """All boxes, in the order of their first values."""
        return self._parts.boxes()

    @cached_property
    def edges(self) -> list[ViewEdge]:
        """All edges, in the order of their first graph edges; those of two single values stay apart."""
        return self._parts.edges(self.edge_of)

    @cached_property
    def edge_of(self) -> np.ndarray:
        """Per graph edge, the index of its view edge; -1 where it lies inside one box."""
        return self._parts.edge_of()

    @cached_property
    def expanded(self) -> frozenset[str]:
        """The keys of the open scopes."""
        return frozenset(self.tree.keys[row] for row in np.flatnonzero(self._is_open).tolist() if row != ROOT)

    @cached_property
    def note(self) -> str:
        """How much is shown in how many boxes, and what was too large to open."""
        values, boxes = len(self.graph), len(self._parts)
        text = f"all {values:,} values" if boxes == values else f"{values:,} values in {boxes:,} boxes"
        if not self._held_back:
            return text
        titles = [self.tree.titles[row] for row in self._held_back]
        named = ", ".join(titles[:3]) + (f" and {len(titles) - 3:,} more" if len(titles) > 3 else "")
        return f"{text}; {named} stayed closed, because a view holds at most {MOST:,} boxes"

    def find(self, key: str) -> Box:
        """Give the box with this key.

        Raises:
            NotFoundError: this view has no such box.
        """
        for box in self.boxes:
            if box.key == key:
                return box
        known = ", ".join(box.key for box in self.boxes[:5])
        more = " …" if len(self.boxes) > 5 else ""
        raise NotFoundError(f"This view has no box {key[:80]!r}.", f"It has {known}{more}.")

    def scopes(self) -> list[ScopeRow]:
        """The scopes that are open, and those right below them."""
        tree, inside = self.tree, self._inside
        shown = inside[tree.parent] & (tree.count > 0)
        shown[ROOT] = False
        keys, titles = tree.keys, tree.titles
        return [
            ScopeRow(keys[row], titles[row], keys[tree.parent[row]], int(tree.count[row]), bool(inside[row]))
            for row in np.flatnonzero(shown).tolist()
        ]

    def expand(self, key: str) -> View:
        """Open a box or scope, and on through boxes that would hold a single box.

        Raises:
            NotFoundError: there is no such box or scope.
        """
        tree = self.tree
        opens = [k for k in (key, *keys_in(key)) if k in tree.row_of] or self.find(key).opens
        keys = set(self.expanded)
        for opened in opens:
            row = tree.row_of[opened]
            keys.add(opened)
            while len(inside := tree.children(row)) == 1 and not tree.direct[row]:
                row = int(inside[0])
                keys.add(tree.keys[row])
        return View(self.graph, keys, limit=self.limit)

    def collapse(self, key: str) -> View:
        """Close an open scope and all it holds.

        Raises:
            NotFoundError: it is not open.
        """
        if key not in self.expanded:
            known = ", ".join(sorted(self.expanded)[:5]) or "none"
            raise NotFoundError(f"{key[:80]!r} is not an open scope.", f"Open are: {known}.")
        is_open = self._is_open.copy()
        is_open[self.tree.row_of[key]] = False
        kept = is_open & (self.tree.groups(is_open) < 0)
        return View(self.graph, [self.tree.keys[row] for row in np.flatnonzero(kept)], limit=self.limit)

    def expand_all(self, limit: int = MOST) -> View:
        """Open as much as ``limit`` boxes hold."""
        return View(self.graph, limit=limit)

    def collapse_all(self) -> View:
        """Close everything."""
        return View(self.graph, (), limit=self.limit)

    def summaries(self, frame: Frame) -> list[BoxFacts]:
        """The facts of every box at ``frame``."""
        if self._facts is None or self._facts[0] is not frame:
            self._facts = (frame, box_facts(self, frame))
        return self._facts[1]

    def summary(self, box: Box, frame: Frame) -> BoxFacts:
        """The facts of one box at ``frame``."""
        return self.summaries(frame)[box.index]

    def flows(self, frame: Frame) -> list[EdgeFacts]:
        """The facts of every edge at ``frame``."""
        return edge_facts(self, frame)

    def to_networkx(self) -> nx.MultiDiGraph:
        """Export boxes and edges with plain attributes; parallel edges keep their own keys."""
        import networkx as nx

        out = nx.MultiDiGraph(note=self.note)
        for box in self.boxes:
            facts = {"title": box.title, "subtitle": box.subtitle, "count": box.count, "scope": box.scope}
            out.add_node(box.key, **facts, node=box.node)
        for e in self.edges:
            source, target = self.boxes[e.source].key, self.boxes[e.target].key
            out.add_edge(source, target, key=e.index, slot=e.slot, count=e.count)
        return out

    def _group(self) -> Boxes:
        """Put nodes into boxes: those of a closed row together, the others one by one."""
        group = self.tree.groups(self._is_open)[self.tree.leaf]
        code = np.where(group >= 0, group, len(self.tree) + np.arange(len(self.graph)))
        return Boxes(self.graph, self.tree, without_cycles(self.graph, code))
