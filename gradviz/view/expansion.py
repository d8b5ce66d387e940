"""What is expanded in a View: the open rows, the keys that stand for them, and the boxes they show."""

from __future__ import annotations

from collections.abc import Collection
from typing import NamedTuple

from gradviz.frozen import Frozen
from gradviz.view.folding import FoldTree
from gradviz.view.scopetree import ROOT

WHOLE = "*"  # at the end of a key: everything in it, down to single values

Expansion = dict[int, bool]  # the open rows, and whether everything below is open as well


class ScopeRow(Frozen):
    """A scope or pseudo-scope that can be opened or closed from here.

    Attributes:
        key, title: what opens it, and what to call it.
        parent: the key of the one around it.
        count: the values inside.
        open: whether it is open.
    """

    key: str
    title: str
    parent: str
    count: int
    open: bool


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


def shown(tree: FoldTree, is_open: Expansion) -> Shown:
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


def open_keys(tree: FoldTree, keys: Collection[str]) -> Expansion:
    """The rows with these keys open, and the runs around a scope that is; unknown keys are passed over."""
    is_open: Expansion = {ROOT: False}
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


def keys_of(tree: FoldTree, is_open: Expansion) -> frozenset[str]:
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


def closed(tree: FoldTree, is_open: Expansion, row: int) -> Expansion:
    """What stays open where ``row`` closes, and all in it."""
    left = {ROOT: False} | {other: whole for other, whole in is_open.items() if other != row}
    return {other: left[other] for other in shown(tree, left).opened}


def scope_rows(tree: FoldTree, is_open: Expansion) -> list[ScopeRow]:
    """The rows that are shown, open or as boxes, but for the graph itself; from the outside in."""
    now = shown(tree, is_open)
    opened = set(now.opened)
    keys, titles, parent = tree.keys, tree.titles, tree.parent
    return [
        ScopeRow(keys[row], titles[row], keys[parent[row]], tree.count[row], row in opened)
        for row in now.order[1:]
    ]
