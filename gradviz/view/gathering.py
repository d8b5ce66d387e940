"""Gather sister scopes where they are many: families under one row, the others in runs."""

from __future__ import annotations

import numpy as np

from gradviz.view.families import families, index_of, stem_of
from gradviz.view.numbering import scrambled
from gradviz.view.scopetree import ROOT, ScopeTree
from gradviz.view.splitting import piece_count

SHORT = 9  # characters of a scope's name at either end of a run


def gather_scopes(tree: ScopeTree, leaf: np.ndarray, what: np.ndarray, room: int) -> None:
    """Make families, and runs of sisters where more than ``room`` are left.

    Args:
        tree: the tree of scopes.
        leaf, what: per node, the row it lies in, and a small number for its op or kind of leaf.
        room: the boxes that one row may show.
    """
    mix = scrambled(int(what.max()) + 1) >> np.uint64(44)  # 20 bits are left
    likeness = np.bincount(leaf, weights=mix.astype(np.float64)[what], minlength=len(tree))  # below 2**53
    scopes = len(tree)
    for row in range(scopes - 1, 0, -1):
        likeness[tree.parent[row]] += likeness[row]
    for row in range(scopes):
        sisters = tree.below[row]
        for stem, members in families(sisters, tree.titles, likeness):
            if row == ROOT or tree.count[row] > sum(tree.count[member] for member in members):
                into = tree.wrap(row, members, f"@{stem}", f"{stem} ×{len(members):,}")
                _gather(tree, into, room)
        _gather(tree, row, room)
    tree.order()


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
