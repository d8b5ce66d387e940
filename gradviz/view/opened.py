"""What is open in a View: the rows, the keys that stand for them, and how many boxes they show."""

from __future__ import annotations

from collections.abc import Collection
from typing import NamedTuple

from gradviz.view.folding import FoldTree
from gradviz.view.rows import ROOT

MOST = 1_000  # boxes in one View that nobody was asked about
MOST_EVER = 60_000  # boxes in one View; beyond that neither a layout nor a canvas stays quick
WHOLE = "*"  # at the end of a key: everything in it, down to single values

Opened = dict[int, bool]  # the open rows, and whether everything below is open as well


class Shown(NamedTuple):
    """What a choice of open rows shows.

    Attributes:
        order: the rows that are shown, open or as boxes, each before those inside.
        opened, closed: of these, the open ones and the boxes.
        single: how many values are drawn one by one.
    """

    order: list[int]
    opened: list[int]
    closed: list[int]
    single: int

    @property
    def boxes(self) -> int:
        """How many boxes that makes."""
        return len(self.closed) + self.single


def shown(tree: FoldTree, is_open: Opened) -> Shown:
    """Walk down the open rows. They are split as far as need be."""
    order, opened, closed, single, front = list[int](), list[int](), list[int](), 0, [ROOT]
    while front:
        row = front.pop()
        order.append(row)
        if row not in is_open:
            closed.append(row)
            continue
        opened.append(row)
        if is_open[row]:
            single += tree.count[row]
        else:
            front += reversed(tree.children(row))
            single += len(tree.own(row))
    return Shown(order, opened, closed, single)


def open_keys(tree: FoldTree, keys: Collection[str]) -> Opened:
    """The rows with these keys open, and the runs around a scope that is; unknown keys are passed over."""
    is_open: Opened = {ROOT: False}
    for key, whole in map(without_whole, sorted(keys)):
        row = tree.find(key)
        if row is None:
            continue
        is_open[row] = whole or is_open.get(row, False)
        around = tree.parent[row] if tree.real[row] and row != ROOT else ROOT
        while not tree.real[around]:
            is_open.setdefault(around, False)
            around = tree.parent[around]
    return is_open


def key_of(tree: FoldTree, row: int, whole: bool) -> str:
    """The key that opens a row, or all in it."""
    return f"{tree.keys[row]}/{WHOLE}".lstrip("/") if whole else tree.keys[row]


def keys_of(tree: FoldTree, is_open: Opened) -> frozenset[str]:
    """The keys that open just these rows."""
    return frozenset(key_of(tree, row, whole) for row, whole in is_open.items() if row != ROOT or whole)


def without_whole(key: str) -> tuple[str, bool]:
    """The key of a row, and whether all in it is meant."""
    whole = key == WHOLE or key.endswith(f"/{WHOLE}")
    return (key[:-1].rstrip("/"), True) if whole else (key, False)


def through(tree: FoldTree, row: int) -> list[int]:
    """A row to open, those around it, and those inside it as long as it would show a single box."""
    rows = [row]
    while (around := tree.parent[rows[-1]]) > ROOT:
        rows.append(around)
    rows.reverse()
    while len(inside := tree.children(rows[-1])) == 1 and not len(tree.own(rows[-1])):
        rows.append(inside[0])
    return rows


def closed(tree: FoldTree, is_open: Opened, row: int) -> Opened:
    """What stays open where ``row`` closes, and all in it."""
    left = {ROOT: False} | {other: whole for other, whole in is_open.items() if other != row}
    return {other: left[other] for other in shown(tree, left).opened}


def hold_back(tree: FoldTree, is_open: Opened, most: int = MOST) -> dict[int, tuple[int, bool]]:
    """Close the rows that show the most boxes until at most ``most`` are left.

    Gives the rows that were closed: how many boxes each would show, and whether all in it was to be open.
    """
    held: dict[int, tuple[int, bool]] = {}
    while (excess := (now := shown(tree, is_open)).boxes - most) > 0:
        shows = {row: tree.count[row] if is_open[row] else tree.shown(row) for row in now.opened}
        rows = sorted(
            (row for row in now.opened if shows[row] > 1), key=lambda row: (-shows[row], tree.keys[row])
        )
        rows = [row for row in rows if row != ROOT or is_open[row]]
        if not rows:
            break
        for row in rows:
            held[row] = shows[row], is_open.pop(row)
            excess -= shows[row] - 1
            if excess <= 0:
                break
        is_open.setdefault(ROOT, False)
    visible = set(shown(tree, is_open).closed)
    return {row: what for row, what in held.items() if row in visible or row == ROOT}
