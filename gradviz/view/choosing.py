"""Choose what a View opens, and put its nodes into boxes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from gradviz.graph import Graph
from gradviz.view.acyclic import without_cycles
from gradviz.view.boxes import Boxes
from gradviz.view.folding import FoldTree
from gradviz.view.opened import Opened, hold_back, key_of, shown


@dataclass(frozen=True)
class Held:
    """A scope that was to be open and stayed closed, because it would show so many boxes."""

    key: str
    title: str
    boxes: int


@dataclass(frozen=True)
class ScopeRow:
    """A scope or pseudo-scope that can be opened or closed from here."""

    key: str
    title: str
    parent: str
    count: int
    open: bool


class Choice(NamedTuple):
    """What is open, what was held back, and the boxes that makes."""

    is_open: Opened
    held: list[Held]
    boxes: Boxes


def bounded(graph: Graph, tree: FoldTree, is_open: Opened, most: int) -> Choice:
    """Open what was asked for, but so much that at most ``most`` boxes are drawn."""
    back: dict[int, tuple[int, bool]] = {}
    bound = most
    while True:
        back |= hold_back(tree, is_open, bound)
        boxes = put_into_boxes(graph, tree, is_open)
        if len(boxes) <= most or bound <= 1:
            break
        bound = bound * most // (len(boxes) + 1)  # splitting cycles has added to them
    titles = {row: tree.titles[row] or "everything" for row in back}
    held = [Held(key_of(tree, row, whole), titles[row], count) for row, (count, whole) in back.items()]
    return Choice(is_open, sorted(held, key=lambda one: (-one.boxes, one.key)), boxes)


def calm(graph: Graph, tree: FoldTree, stages: list[Opened], most: int) -> Choice:
    """The last stage that draws at most ``most`` boxes."""
    for is_open in reversed(stages[1:]):
        boxes = put_into_boxes(graph, tree, is_open)
        if len(boxes) <= most:
            return Choice(is_open, [], boxes)
    return bounded(graph, tree, stages[0], most)


def put_into_boxes(graph: Graph, tree: FoldTree, is_open: Opened) -> Boxes:
    """Put the nodes of a closed row together, the others into boxes one by one."""
    shown(tree, is_open)  # splits what is open
    group, home = tree.groups(is_open)
    code = group[tree.leaf]
    single = np.flatnonzero(code < 0)
    code[single] = len(tree) + single
    return Boxes(graph, tree, without_cycles(graph, code, len(tree) + len(graph)), home)


def scope_rows(tree: FoldTree, is_open: Opened) -> list[ScopeRow]:
    """The rows that are shown, open or as boxes, but for the graph itself; from the outside in."""
    now = shown(tree, is_open)
    opened = set(now.opened)
    keys, titles, parent = tree.keys, tree.titles, tree.parent
    return [
        ScopeRow(keys[row], titles[row], keys[parent[row]], tree.count[row], row in opened)
        for row in now.order[1:]
    ]
