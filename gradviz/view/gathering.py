"""Gather sister scopes where they are many, or a long row: families under one row, the others in runs."""

from __future__ import annotations

import numpy as np

from gradviz.graph import Graph
from gradviz.grouping import grouped
from gradviz.view.depth import paths_through
from gradviz.view.families import families, index_of, stem_of
from gradviz.view.numbering import distinct_pairs, scrambled
from gradviz.view.scopetree import ROOT, ScopeTree
from gradviz.view.splitting import MOST_PIECES, piece_count

SHORT = 9  # characters of a scope's name at either end of a run


def gather_scopes(tree: ScopeTree, graph: Graph, leaf: np.ndarray, what: np.ndarray, room: int) -> set[int]:
    """Make families, and runs of sisters where more than ``room`` are left or they follow one another.

    Gives the rows whose sisters do.

    Args:
        tree, graph: the tree of scopes, and the graph that it is of.
        leaf, what: per node, the row it lies in, and a small number for its op or kind of leaf.
        room: the boxes that one row may show.
    """
    mix = scrambled(int(what.max()) + 1) >> np.uint64(44)  # 20 bits are left
    likeness = np.bincount(leaf, weights=mix.astype(np.float64)[what], minlength=len(tree))  # below 2**53
    scopes = len(tree)
    long_rows = _long_rows(tree, graph, leaf)
    for row in range(scopes - 1, 0, -1):
        likeness[tree.parent[row]] += likeness[row]
    for row in range(scopes):
        sisters = tree.below[row]
        for stem, members in families(sisters, tree.titles, likeness):
            if row == ROOT or tree.count[row] > sum(tree.count[member] for member in members):
                into = tree.wrap(row, members, f"@{stem}", f"{stem} ×{len(members):,}")
                _gather(tree, into, MOST_PIECES if row in long_rows else room)
        _gather(tree, row, MOST_PIECES if row in long_rows else room)
    tree.order()
    return long_rows


def _long_rows(tree: ScopeTree, graph: Graph, leaf: np.ndarray) -> set[int]:
    """The rows whose sisters, one reading the other, would be a row of boxes too long to be seen."""
    wide = [row for row, sisters in enumerate(tree.below) if len(sisters) > MOST_PIECES]
    if not wide:
        return set()
    source, target = _sisters_between(tree, leaf[graph.input], leaf[graph.consumer])
    edges_of, bounds = grouped(np.array(tree.parent)[source], len(tree))
    place = np.zeros(len(tree), dtype=np.int64)
    found = set()
    for row in wide:
        sisters = tree.below[row]
        place[sisters] = np.arange(len(sisters))
        here = edges_of[bounds[row] : bounds[row + 1]]
        edges = zip(place[source[here]].tolist(), place[target[here]].tolist(), strict=True)
        if max(paths_through(len(sisters), list(edges))[0]) > MOST_PIECES:
            found.add(row)
    return found


def _sisters_between(
    tree: ScopeTree, source: np.ndarray, target: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """For edges between rows, the different sisters that they run between; each pair once."""
    parent, depth = np.array(tree.parent), np.array(tree.depth)
    pairs, _ = distinct_pairs(source, target, len(tree))
    source, target = pairs // len(tree), pairs % len(tree)
    while len(apart := np.flatnonzero((parent[source] != parent[target]) & (source != target))):
        a, b = source[apart], target[apart]
        source[apart] = np.where(depth[a] >= depth[b], parent[a], a)
        target[apart] = np.where(depth[b] >= depth[a], parent[b], b)
    pairs, _ = distinct_pairs(source[source != target], target[source != target], len(tree))
    return pairs // len(tree), pairs % len(tree)


def _gather(tree: ScopeTree, row: int, room: int) -> None:
    sisters = tree.below[row]
    if len(sisters) <= room:
        return
    cuts = np.linspace(0, len(sisters), piece_count(len(sisters), room) + 1).astype(int).tolist()
    for a, b in zip(cuts[:-1], cuts[1:], strict=True):
        first, last = tree.titles[sisters[a]], tree.titles[sisters[b - 1]]
        stem = stem_of(first)
        if stem and stem == stem_of(last):
            title = f"{stem}[{index_of(first)}–{index_of(last)}]"
        else:
            title = f"{_short(first)} … {_short(last)}"
        _gather(tree, tree.wrap(row, sisters[a:b], f"@{a + 1}-{b}", title), room)


def _short(name: str) -> str:
    return name if len(name) <= SHORT else name[: SHORT - 1] + "…"
