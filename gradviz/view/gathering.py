"""Gather sister scopes where they are many: families under one row, the others in runs."""

from __future__ import annotations

import numpy as np

from gradviz.view.families import families, index_of, stem_of
from gradviz.view.rows import ROOT, Rows
from gradviz.view.splitting import steps

SHORT = 9  # characters of a scope's name at either end of a run


def gather_scopes(rows: Rows, leaf: np.ndarray, what: np.ndarray, room: int) -> None:
    """Make families, and runs of sisters where more than ``room`` are left.

    Args:
        rows: the tree of scopes.
        leaf, what: per node, the row it lies in, and a small number for its op or kind of leaf.
        room: the boxes that one row may show.
    """
    mix = np.random.default_rng(0).integers(1 << 20, size=int(what.max()) + 1)
    likeness = np.bincount(leaf, weights=mix.astype(np.float64)[what], minlength=len(rows))  # below 2**53
    scopes = len(rows)
    for row in range(scopes - 1, 0, -1):
        likeness[rows.parent[row]] += likeness[row]
    for row in range(scopes):
        sisters = rows.below[row]
        for stem, members in families(sisters, rows.titles, likeness):
            if row == ROOT or rows.count[row] > sum(rows.count[member] for member in members):
                into = rows.wrap(row, members, f"@{stem}", f"{stem} ×{len(members):,}")
                _gather(rows, into, room)
        _gather(rows, row, room)
    rows.order()


def _gather(rows: Rows, row: int, room: int) -> None:
    sisters = rows.below[row]
    if len(sisters) <= room:
        return
    cuts = np.linspace(0, len(sisters), steps(len(sisters), room) + 1).astype(int).tolist()
    for a, b in zip(cuts[:-1], cuts[1:], strict=True):
        first, last = rows.titles[sisters[a]], rows.titles[sisters[b - 1]]
        stem = stem_of(first)
        if stem and stem == stem_of(last):
            title = f"{stem}[{index_of(first)}–{index_of(last)}]"
        else:
            title = f"{_short(first)} … {_short(last)}"
        _gather(rows, rows.wrap(row, sisters[a:b], f"@{a + 1}-{b}", title), room)


def _short(name: str) -> str:
    return name if len(name) <= SHORT else name[: SHORT - 1] + "…"
