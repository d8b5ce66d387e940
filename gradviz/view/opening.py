"""What a View opens when it is not told: a calm first look, a depth, or all there is room for."""

from __future__ import annotations

import numpy as np

from gradviz.graph import OP, Graph
from gradviz.grouping import distinct
from gradviz.view.depth import LONG_ROW, paths_through
from gradviz.view.expansion import Expansion, shown
from gradviz.view.folding import FOLD, FoldTree
from gradviz.view.numbering import distinct_pairs
from gradviz.view.scopetree import ROOT
from gradviz.view.shallow import edges_between_boxes

EDGES_PER_BOX = 3  # a first look with more lines than this is a tangle, however few its boxes
TRIALS = 50  # families of scopes tried one by one
FEW = 3  # boxes that say too little of a graph


def open_depth(tree: FoldTree, depth: int) -> Expansion:
    """The program's scopes open down to ``depth``: at 0 none, at 1 the outermost; however deep that is."""
    is_open: Expansion = {ROOT: False}
    front = list(tree.children(ROOT))
    while front:
        row = front.pop()
        gathers = not tree.real[row] and any(tree.real[child] for child in tree.below[row])
        opens = tree.scopes[row] + gathers <= depth and (tree.real[row] or gathers)
        if opens or row in tree.deep:
            is_open[row] = False
            front += tree.children(row)
    return is_open


def open_all(tree: FoldTree, most: int) -> Expansion:
    """Everything open from the outside in, as far as ``most`` boxes hold it."""
    is_open: Expansion = {ROOT: False}
    boxes, front = tree.shown(ROOT), [*tree.children(ROOT)]
    for row in front:  # grows
        if boxes - 1 + tree.shown(row) <= most:
            boxes += tree.shown(row) - 1
            is_open[row] = False
            front += tree.children(row)
    return is_open


def open_automatically(graph: Graph, tree: FoldTree, limit: int) -> list[Expansion]:
    """Open scopes from the outside in while boxes and edges stay few, and no row of boxes is long.

    Gives every stage, the last one last.

    Scopes of one depth open together if they can; otherwise sisters do. A scope that would show nothing but
    folded values stays closed. Then pieces that compute few values open, and last, where hardly a box is
    left, the largest ones.
    """
    opener = _Opener(graph, tree, limit)
    scopes = [row for row in range(1, len(tree)) if tree.real[row]]
    if not tree.folds and opener.take(scopes):
        return opener.stages
    tried: set[int] = set()
    while frontier := [row for row in opener.closed() if row not in tried and _says_more(tree, row)]:
        tried.update(frontier)
        if not opener.take(frontier):
            opener.take_families(frontier)
            if not tree.folds:  # few values, and only too deep
                opener.take_each(frontier)
    _open_pieces(graph, tree, opener)
    tried = set()
    while len(closed := opener.closed()) + len(tree.own(ROOT)) <= FEW:
        rows = [row for row in closed if row not in tried]
        if not rows:
            break
        largest = max(rows, key=lambda row: (tree.count[row], tree.keys[row]))
        tried.add(largest)
        alone = tree.real[largest] and shown(tree, opener.is_open).boxes <= FEW
        opener.take([largest], even_long=alone)  # one box of a program says less than a long row of them
    return opener.stages


def _says_more(tree: FoldTree, row: int) -> bool:
    """Whether a closed row holds scopes, or few values; not what would be folded, or a piece of values."""
    if row in tree.long_rows or any(tree.real[child] for child in tree.below[row]):
        return True
    return tree.real[row] and 1 < tree.count[row] <= FOLD


def _open_pieces(graph: Graph, tree: FoldTree, opener: _Opener) -> None:
    """Open pieces that compute few values, the root's own first."""
    computes = np.bincount(tree.leaf[graph.kind == OP], minlength=len(tree)) > 0
    pieces = [
        row for row in opener.closed() if not tree.real[row] and computes[row] and tree.count[row] <= FOLD
    ]
    home = int(tree.leaf[graph.root])
    for row in sorted(pieces, key=lambda row: (row != home, tree.count[row], tree.keys[row])):
        if not opener.take([row]):
            break


class _Opener:
    """Tries openings on the graph of tree rows, which is far smaller than the graph itself.

    Attributes:
        is_open: what is open by now.
        stages: how it came to be.
    """

    def __init__(self, graph: Graph, tree: FoldTree, limit: int) -> None:
        self.graph, self.tree, self.limit = graph, tree, limit
        self.is_open: Expansion = {ROOT: False}
        self.stages = [dict(self.is_open)]
        self._rows = 0

    def closed(self) -> list[int]:
        """The rows that are boxes, hold more than one value, and would not make the view too deep."""
        count, deep = self.tree.count, self.tree.deep
        return [row for row in shown(self.tree, self.is_open).closed if count[row] > 1 and row not in deep]

    def take(self, rows: list[int], even_long: bool = False) -> bool:
        """Open ``rows`` if the result is still calm."""
        trial = self.is_open | dict.fromkeys(rows, False)
        boxes = shown(self.tree, trial).boxes
        if boxes > self.limit:
            return False
        group, _ = self.tree.groups(trial)
        if self.tree.folds and self._edge_count(group) > EDGES_PER_BOX * self.limit:
            return False
        if not even_long and boxes > LONG_ROW and self._depth(group) > LONG_ROW:
            return False
        self.is_open = trial
        self.stages.append(trial)
        return True

    def take_each(self, rows: list[int]) -> None:
        """Open what can be opened of some scopes, smallest first."""
        for row in sorted(rows, key=lambda row: (self.tree.count[row], self.tree.keys[row])):
            if row not in self.is_open:
                self.take([row])

    def take_families(self, rows: list[int]) -> None:
        """Open the scopes of one parent together, smallest families first."""
        families: dict[int, list[int]] = {}
        for row in rows:
            families.setdefault(self.tree.parent[row], []).append(row)
        sizes = {parent: sum(len(self.tree.below[row]) for row in rows) for parent, rows in families.items()}
        for parent in sorted(families, key=lambda parent: (sizes[parent], self.tree.keys[parent]))[:TRIALS]:
            self.take(families[parent])

    def _depth(self, group: np.ndarray) -> int:
        """How many boxes the longest path has."""
        tree = self.tree
        number = np.full(len(tree), -1)
        closed = np.flatnonzero(np.bincount(group[group >= 0], minlength=len(tree)))
        number[closed] = np.arange(len(closed))
        box_of = np.append(number, -1)[group][tree.leaf]
        single = np.flatnonzero(box_of < 0)
        box_of[single] = len(closed) + np.arange(len(single))
        count = len(closed) + len(single)
        return max(paths_through(count, edges_between_boxes(self.graph, box_of, count))[0], default=0)

    def _edge_count(self, group: np.ndarray) -> int:
        """At most how many edges are drawn: those of single values one by one."""
        tree, graph = self.tree, self.graph
        if self._rows != len(tree):
            self._rows, leaf = len(tree), tree.leaf
            source, target = leaf[graph.input], leaf[graph.consumer]
            apart = source != target
            self._inside = np.bincount(source[~apart], minlength=len(tree))
            pairs, self._count = distinct_pairs(source[apart], target[apart], len(tree))
            self._source, self._target = pairs // len(tree), pairs % len(tree)
        source, target = group[self._source], group[self._target]
        single = (source < 0) | (target < 0)
        between = ~single & (source != target)
        aggregated = distinct(source[between] * len(group) + target[between])
        return int(self._count[single].sum()) + len(aggregated) + int(self._inside[group < 0].sum())
