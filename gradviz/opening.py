"""Which scopes a View opens: by itself for a calm first look, by depth, or as asked within bounds."""

from __future__ import annotations

from collections.abc import Collection

import numpy as np

from gradviz.folding import FOLD, ROOT, FoldTree
from gradviz.graph import OP, Graph

MOST = 1_000  # boxes in one View
EDGES_PER_BOX = 3  # a first look with more lines than this is a tangle, however few its boxes
TRIALS = 50  # families of scopes tried one by one


def open_all(tree: FoldTree) -> np.ndarray:
    """Every row open."""
    return np.ones(len(tree), dtype=bool)


def open_keys(tree: FoldTree, keys: Collection[str]) -> np.ndarray:
    """The rows with these keys open; keys of other graphs are passed over."""
    is_open = np.zeros(len(tree), dtype=bool)
    is_open[[ROOT, *(tree.row_of[key] for key in keys if key in tree.row_of)]] = True
    return is_open


def open_depth(tree: FoldTree, depth: int) -> np.ndarray:
    """The program's scopes open down to ``depth``: at 0 none, at 1 the outermost."""
    is_open = tree.real & (tree.depth <= depth)
    is_open[ROOT] = True
    return np.asarray(is_open)


def hold_back(tree: FoldTree, is_open: np.ndarray) -> list[int]:
    """Close the rows that show the most boxes until at most ``MOST`` are left; give those closed."""
    closed: list[int] = []
    while (excess := _box_count(tree, tree.groups(is_open)) - MOST) > 0:
        shown = _shown_by(tree, is_open)
        shown[ROOT] = 0
        largest = np.argsort(-shown, kind="stable")[: np.count_nonzero(shown > 1)]
        largest = largest[: np.searchsorted(np.cumsum(shown[largest] - 1), excess) + 1]
        if not len(largest):
            break
        is_open[largest] = False
        closed += largest.tolist()
    visible = tree.groups(is_open)
    return [row for row in closed if visible[row] == row]


def open_automatically(graph: Graph, tree: FoldTree, limit: int) -> np.ndarray:
    """Open scopes from the outside in while boxes and edges stay few.

    Scopes of one depth open together if they can; otherwise sisters do. A scope that would show nothing but
    folded lines stays closed. Last, lines that compute few values open, the root's own line first.
    """
    if len(graph) <= limit:
        return open_all(tree)
    opener = _Opener(graph, tree, limit)
    is_open = open_keys(tree, ())
    rows = np.arange(len(tree))
    holds_scopes, holds_lines = (np.isin(rows, tree.parent[kind]) for kind in (tree.real, ~tree.real))
    tried = ~tree.real | (tree.count < 2) | (holds_lines & ~holds_scopes)
    while len(frontier := np.flatnonzero(~is_open & ~tried & is_open[tree.parent])):
        tried[frontier] = True
        if not opener.take(is_open, frontier):
            opener.take_families(is_open, frontier)
    _open_lines(graph, tree, is_open, opener)
    return is_open


def _open_lines(graph: Graph, tree: FoldTree, is_open: np.ndarray, opener: _Opener) -> None:
    computes = np.bincount(tree.leaf[graph.kind == OP], minlength=len(tree)) > 0
    few = (tree.count > 1) & (tree.count <= FOLD)
    lines = np.flatnonzero(~tree.real & computes & few & is_open[tree.parent])
    for line in lines[np.argsort(tree.count[lines] - FOLD * (lines == tree.leaf[graph.root]), kind="stable")]:
        if not opener.take(is_open, np.array([line])):
            break


class _Opener:
    """Tries openings on the graph of tree rows, which is far smaller than the graph itself."""

    def __init__(self, graph: Graph, tree: FoldTree, limit: int) -> None:
        self.tree, self.limit = tree, limit
        codes = tree.leaf[graph.input] * len(tree) + tree.leaf[graph.consumer]
        pairs, self.count = np.unique(codes, return_counts=True)
        self.source, self.target = pairs // len(tree), pairs % len(tree)

    def take(self, is_open: np.ndarray, rows: np.ndarray) -> bool:
        """Open ``rows`` if the result is still calm."""
        is_open[rows] = True
        group = self.tree.groups(is_open)
        few = _box_count(self.tree, group) <= self.limit
        calm = few and self._edge_count(group) <= EDGES_PER_BOX * self.limit
        is_open[rows] = calm
        return calm

    def take_families(self, is_open: np.ndarray, rows: np.ndarray) -> None:
        """Open the scopes of one parent together, smallest families first."""
        parents = self.tree.parent[rows]
        shown = self.tree.direct + np.bincount(self.tree.parent[1:], minlength=len(self.tree))
        families = [rows[parents == parent] for parent in np.unique(parents)]
        for family in sorted(families, key=lambda members: int(shown[members].sum()))[:TRIALS]:
            self.take(is_open, family)

    def _edge_count(self, group: np.ndarray) -> int:
        source, target = group[self.source], group[self.target]
        single = (source < 0) | (target < 0)
        between = ~single & (source != target)
        aggregated = np.unique(source[between] * len(group) + target[between])
        return int(self.count[single].sum()) + len(aggregated)


def _box_count(tree: FoldTree, group: np.ndarray) -> int:
    closed = np.unique(group[(group >= 0) & (tree.count > 0)])
    return len(closed) + int(tree.direct[group < 0].sum())


def _shown_by(tree: FoldTree, is_open: np.ndarray) -> np.ndarray:
    """Per row, how many boxes lie directly in it; 0 for a row that is not open to the outside."""
    group = tree.groups(is_open)
    shown = np.where(group < 0, tree.direct, 0)
    tops = np.flatnonzero((group == np.arange(len(tree))) & (tree.count > 0))
    np.add.at(shown, tree.parent[tops], 1)
    return shown
