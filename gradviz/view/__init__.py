"""A View: the part of a Graph that is drawn, single values and collapsed scopes as boxes. Always a DAG."""

from __future__ import annotations

from collections.abc import Collection
from copy import copy
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from gradviz.errors import NotFoundError
from gradviz.graph import Graph
from gradviz.view.boxes import Box, BoxColumns, keys_in
from gradviz.view.boxfacts import BoxFactColumns, BoxFacts, EdgeFactColumns, EdgeFacts, box_facts, edge_facts
from gradviz.view.edges import ViewEdge, ViewEdgeColumns, edge_columns, edge_of, edge_rows
from gradviz.view.expansion import ScopeRow, closed, keys_of, open_keys, scope_rows, through, without_whole
from gradviz.view.folding import fold_tree
from gradviz.view.limits import MOST, MOST_EVER, Held, bounded, calm
from gradviz.view.magnitudes import Magnitudes, magnitudes
from gradviz.view.opening import open_all, open_automatically, open_depth
from gradviz.view.scopetree import ROOT

if TYPE_CHECKING:
    import networkx as nx

    from gradviz.timeline.frame import Frame

__all__ = ["MOST", "MOST_EVER", "Box", "BoxFacts", "EdgeFacts", "Held", "ScopeRow", "View", "ViewEdge"]

CALM = 60  # boxes of a first look; a screen holds some 330


class View:
    """The boxes and edges to draw.

    Args:
        graph: the graph.
        expanded: keys of scopes to open; None opens by itself, to about ``limit`` boxes at most and,
            where something can be folded, to no long row of them (see ``depth.py``).
        depth: instead of ``expanded``: open the program's scopes to this depth.
        limit: graphs of at most so many values are never folded by line or op.
        most: at most so many boxes are drawn; what would show more stays closed. Up to ``MOST_EVER``.

    Attributes:
        expanded: the keys that are open.
        note: the view in a few words, and what was kept closed.
        held: what was to be open and stayed closed, the largest first.
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
        most: int = MOST,
    ) -> None:
        self.graph, self.limit = graph, limit
        self._folded = graph  # the tree lives as long as it
        self.most = max(1, min(most, MOST_EVER))
        self.tree = fold_tree(graph, min(limit, MOST))
        calmest = min(limit, MOST)
        with self.tree.lock:
            if expanded is not None:
                keys = [k for key in expanded for k in (key, *keys_in(key))]
                choice = bounded(graph, self.tree, open_keys(self.tree, keys), self.most)
            elif depth is not None:
                choice = bounded(graph, self.tree, open_depth(self.tree, depth), self.most)
            else:
                stages = open_automatically(graph, self.tree, calmest)
                choice = calm(graph, self.tree, stages, min(calmest, self.most))
        self._is_open, self.held, self._parts = choice
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

    @property
    def box_columns(self) -> BoxColumns:
        """All boxes in columns, without an object for each."""
        return self._parts.columns

    @cached_property
    def boxes(self) -> list[Box]:
        """All boxes, in the order of their first values."""
        return self._parts.boxes()

    @cached_property
    def edge_columns(self) -> ViewEdgeColumns:
        """All edges in columns, without an object for each."""
        return edge_columns(self.graph, self.box_of, self.edge_of)

    @cached_property
    def edges(self) -> list[ViewEdge]:
        """All edges, in the order of their first graph edges; those of two single values stay apart."""
        return edge_rows(self.edge_columns, self.edge_of)

    @cached_property
    def edge_of(self) -> np.ndarray:
        """Per graph edge, the index of its view edge; -1 where it lies inside one box."""
        return edge_of(self.graph, self.box_of, self._parts.node >= 0)

    @property
    def magnitudes(self) -> Magnitudes:
        """Per node and edge of the graph one number; shared by its views."""
        return magnitudes(self.graph)

    @cached_property
    def expanded(self) -> frozenset[str]:
        """The keys of the open scopes; ``key/*`` where all in it is open."""
        return keys_of(self.tree, self._is_open)

    @cached_property
    def note(self) -> str:
        """How much is shown in how many boxes, and what was too large to open."""
        values, boxes = len(self.graph), len(self._parts)
        inside = f"{values:,} values in {boxes:,} box{'' if boxes == 1 else 'es'}"
        text = f"all {values:,} values" if boxes == values else inside
        if not self.held:
            return text
        titles = [held.title for held in self.held]
        named = ", ".join(titles[:3]) + (f" and {len(titles) - 3:,} more" if len(titles) > 3 else "")
        return f"{text}; {named} stayed closed, because this view holds at most {self.most:,} boxes"

    def find(self, key: str) -> Box:
        """Give the box with this key.

        Raises:
            NotFoundError: this view has no such box.
        """
        index = self._index.get(key)
        if index is not None:
            return self.boxes[index]
        known = ", ".join(self.box_columns.key[:5]) or "none"
        more = " …" if len(self._parts) > 5 else ""
        raise NotFoundError(f"This view has no box {key[:80]!r}.", f"It has {known}{more}.")

    def scopes(self) -> list[ScopeRow]:
        """The scopes that are open, and those right below them; from the outside in."""
        return scope_rows(self.tree, self._is_open)

    def expand(self, key: str) -> View:
        """Open a box or scope, those around it, and on through boxes that would hold a single box.

        ``key/*`` opens all in it, down to single values, and ``*`` the whole graph.

        Raises:
            NotFoundError: there is no such box or scope.
        """
        tree, (asked, whole) = self.tree, without_whole(key)
        opens = [k for k in (asked, *keys_in(asked)) if tree.find(k) is not None] or self.find(asked).opens
        opened = dict(self._is_open)
        for row in map(tree.row_of.__getitem__, opens):
            opened = dict.fromkeys(through(tree, row), False) | opened
            opened |= {row: True} if whole else {}
        return View(self.graph, keys_of(tree, opened), limit=self.limit, most=self.most)

    def collapse(self, key: str) -> View:
        """Close an open scope and all it holds.

        Raises:
            NotFoundError: it is not open.
        """
        row = self.tree.row_of.get(without_whole(key)[0])
        if row is None or row not in self._is_open or (row == ROOT and not self._is_open[row]):
            known = ", ".join(sorted(self.expanded)[:5]) or "none"
            raise NotFoundError(f"{key[:80]!r} is not an open scope.", f"Open are: {known}.")
        keys = keys_of(self.tree, closed(self.tree, self._is_open, row))
        return View(self.graph, keys, limit=self.limit, most=self.most)

    def over(self, graph: Graph) -> View:
        """The same boxes over a graph of the same structure with other numbers, some of which are titles."""
        other = copy(self)
        other.graph, other._facts = graph, None
        other._parts = self._parts.over(graph)
        other.__dict__.pop("boxes", None)
        return other

    def expand_all(self, limit: int = MOST) -> View:
        """Open from the outside in as much as ``limit`` boxes hold."""
        keys = keys_of(self.tree, open_all(self.tree, min(limit, MOST_EVER)))
        return View(self.graph, keys, limit=self.limit, most=max(limit, self.most))

    def collapse_all(self) -> View:
        """Close everything."""
        return View(self.graph, (), limit=self.limit, most=self.most)

    def summaries(self, frame: Frame) -> list[BoxFacts]:
        """The facts of every box at ``frame``."""
        if self._facts is None or self._facts[0] is not frame:
            self._facts = (frame, self.summary_columns(frame).rows())
        return self._facts[1]

    def summary_columns(self, frame: Frame) -> BoxFactColumns:
        """The facts of every box at ``frame`` in columns, without an object for each."""
        return box_facts(self, frame)

    def summary(self, box: Box, frame: Frame) -> BoxFacts:
        """The facts of one box at ``frame``."""
        return self.summaries(frame)[box.index]

    def flows(self, frame: Frame) -> list[EdgeFacts]:
        """The facts of every edge at ``frame``."""
        return self.flow_columns(frame).rows()

    def flow_columns(self, frame: Frame) -> EdgeFactColumns:
        """The facts of every edge at ``frame`` in columns, without an object for each."""
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

    @cached_property
    def _index(self) -> dict[str, int]:
        """Boxes by key."""
        return {key: index for index, key in enumerate(self.box_columns.key)}
