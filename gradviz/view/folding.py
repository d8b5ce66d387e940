"""The tree of everything that can be collapsed: scopes, and inside crowded ones pseudo-scopes.

Where too many values lie directly in a scope to be drawn, they are folded by structure: the iterations of a
loop (``MLP/@nn.py:23``, opening to ``…/@7`` or to runs ``…/@1-20``), leaves of one kind and line
(``@train.py:30.input``), stretches of the program (``@3of12``). Sister scopes that differ in their number
are a family (``MLP/@neurons``). So every value of any graph is reached by opening boxes of bearable size. The
``@`` keeps pseudo-scopes apart from the program's own.

Only what somebody opens is split. How a row is split depends on nothing but the graph and the row, so keys
are the same whatever was opened before.
"""

from __future__ import annotations

from threading import RLock
from weakref import WeakKeyDictionary

import numpy as np

from gradviz.graph import OP, Graph
from gradviz.view.depth import ROW, RUN
from gradviz.view.gathering import gather_scopes
from gradviz.view.reentry import reentries
from gradviz.view.scopetree import ROOT, ScopeTree
from gradviz.view.shallow import edges_between, edges_between_boxes, shallow
from gradviz.view.splitting import LEAVES, RUNS, Members, Piece, Splitter, sequence
from gradviz.view.structure import Structure

FOLD = 24  # values drawn one by one inside one open scope
DEEPEST = 100  # parts of a key


class FoldTree(ScopeTree):
    """Scopes and pseudo-scopes as a tree; row 0 is the graph itself and is always open.

    Args:
        graph: the graph.
        limit: graphs of at most so many values are not folded, but for leaves that are many and alike.

    Attributes:
        leaf: per node of the graph, the row it lies in directly.
        deep: the rows that were made because the one around them would be too deep without.
        long_rows: the rows whose scopes follow one another, and are gathered for that.
        lock: held while rows are made, and by who reads ``leaf`` together with rows.
    """

    def __init__(self, graph: Graph, limit: int) -> None:
        super().__init__(len(graph))
        self.limit, self.folds, self.lock = limit, len(graph) > limit, RLock()
        self.splitter = Splitter(graph, max(4, min(RUNS, limit)))
        row_of_scope = self.add_scopes(graph.scopes)
        self.leaf = row_of_scope[graph.scope] if len(graph) else np.empty(0, dtype=np.int32)
        self.add_counts(np.bincount(self.leaf, minlength=len(self)))
        self.long_rows: set[int] = set()
        if self.folds:
            self.long_rows = gather_scopes(self, graph, self.leaf, self.splitter.what, self.splitter.room)
        self._own: dict[int, np.ndarray] = {}
        self._members: dict[int, Members] = {}
        self._split: set[int] = set()
        self.deep: set[int] = set()

    def groups(self, is_open: dict[int, bool]) -> tuple[np.ndarray, np.ndarray]:
        """Per row, the box it is in, and where its values are said to be if they are drawn one by one.

        The first is the outermost closed row around it, itself included, or -1; the second the row itself, or
        the outermost one around it that is open wholly.

        Args:
            is_open: the open rows, and whether everything below is open as well.
        """
        opened, wholly = np.zeros(len(self), dtype=bool), np.zeros(len(self), dtype=bool)
        opened[list(is_open)] = True
        wholly[[row for row, whole in is_open.items() if whole]] = True
        group, home = np.full(len(self), -1), np.arange(len(self))
        parent, levels = self.levels()
        for rows in levels[1:]:
            around = parent[rows]
            taken = wholly[around]
            wholly[rows] |= taken
            home[rows] = np.where(taken, home[around], rows)
            closed = (group[around] < 0) & ~opened[rows] & ~wholly[rows]
            group[rows] = np.where(closed, rows, group[around])
        return group, home

    def children(self, row: int) -> list[int]:
        """The rows right below ``row``, which is split if it is crowded."""
        if row not in self._split:
            with self.lock:
                if row not in self._split:
                    self._make_pieces(row)
        return self.below[row]

    def own(self, row: int) -> np.ndarray:
        """The nodes that lie in ``row`` directly."""
        own = self._own.get(row)
        if own is None:
            own = self._own[row] = np.flatnonzero(self.leaf == row)
        return own

    def shown(self, row: int) -> int:
        """How many boxes an open row shows."""
        return len(self.children(row)) + len(self.own(row))

    def find(self, key: str) -> int | None:
        """The row with this key, or None; rows around it are split as far as need be."""
        self.children(ROOT)
        end = -1
        for _ in range(DEEPEST):
            end = key.find("/", end + 1)
            if key in self.row_of or end < 0:
                break
            if (row := self.row_of.get(key[:end])) is not None:
                self.children(row)
        return self.row_of.get(key)

    def _make_pieces(self, row: int) -> None:
        nodes = self.own(row)
        pieces = self._pieces(row, nodes)
        for piece in pieces:
            child = self.add(row, piece.name, piece.title, piece.note)
            self.count[child] = len(piece.nodes)
            self._own[child] = piece.nodes
            if piece.members:
                self._members[child] = piece.members
            if piece.deep:
                self.deep.add(child)
            self.below[row].append(child)
            self.leaf[piece.nodes] = child
        if pieces:
            self._own[row] = nodes[self.leaf[nodes] == row]
        self._split.add(row)

    def _pieces(self, row: int, nodes: np.ndarray) -> list[Piece]:
        splitter, sisters = self.splitter, len(self.below[row])
        if row in self._members:
            return sequence(nodes, self._members.pop(row), splitter.room)
        crowded = sisters + len(nodes) > self.limit if row == ROOT else len(nodes) > FOLD
        if self.folds and crowded and len(nodes):
            entered = reentries(splitter.graph, nodes, splitter.symbol) if sisters else None
            pieces = Structure(splitter, nodes, entered).pieces()
            pieces += self._runs(row, nodes, pieces)
        else:
            pieces = self._runs(row, nodes, [])
            pieces += splitter.leaves(_without(nodes, pieces), LEAVES if self.folds else 2 * LEAVES)
        if row == ROOT or sisters or len(pieces) != 1 or len(pieces[0].nodes) < len(nodes):
            return pieces
        only = pieces[0]  # a box that holds one box says nothing
        return sequence(only.nodes, only.members, splitter.room) if only.members else []

    def _runs(self, row: int, nodes: np.ndarray, pieces: list[Piece]) -> list[Piece]:
        """Pieces for runs of what is left beside others, where the row would be too deep without."""
        nodes, graph, sisters = _without(nodes, pieces), self.splitter.graph, self.below[row]
        count = len(nodes) + len(pieces) + len(sisters)
        if count <= ROW or np.count_nonzero(graph.kind[nodes] == OP) < RUN:
            return []
        if count == len(nodes):
            edges = edges_between(graph, nodes)
        else:
            box_of = self.sisters(sisters, len(nodes) + len(pieces))[self.leaf]
            for at, piece in enumerate(pieces, len(nodes)):
                box_of[piece.nodes] = at
            box_of[nodes] = np.arange(len(nodes))
            edges = edges_between_boxes(graph, box_of, count)
        return shallow(self.splitter, nodes, count, edges)


def _without(nodes: np.ndarray, pieces: list[Piece]) -> np.ndarray:
    """The nodes, which rise, that are in none of the pieces."""
    left = np.ones(len(nodes), dtype=bool)
    for piece in pieces:
        left[np.searchsorted(nodes, piece.nodes)] = False
    return nodes[left]


_TREES: WeakKeyDictionary[Graph, dict[int, FoldTree]] = WeakKeyDictionary()
_LOCK = RLock()


def fold_tree(graph: Graph, limit: int) -> FoldTree:
    """The tree of a graph, which all its views share and which lives as long as the graph."""
    with _LOCK:
        trees = _TREES.setdefault(graph, {})
        if limit not in trees:
            trees[limit] = FoldTree(graph, limit)
        return trees[limit]
