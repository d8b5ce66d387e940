"""Keep a View within its number of boxes: what was to be open and stays closed."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from gradviz.frozen import Frozen
from gradviz.graph import Graph
from gradviz.view.acyclic import without_cycles
from gradviz.view.boxes import Boxes
from gradviz.view.expansion import Expansion, key_of, shown
from gradviz.view.folding import FoldTree
from gradviz.view.scopetree import ROOT

MOST = 1_000  # boxes in one View that nobody was asked about
MOST_EVER = 60_000  # boxes in one View; beyond that neither a layout nor a canvas stays quick


class Held(Frozen):
    """A scope that was to be open and stayed closed.

    Attributes:
        key, title: what would open it, and what to call it.
        boxes: how many it would show.
    """

    key: str
    title: str
    boxes: int


class Choice(NamedTuple):
    """What is open, what was held back, and the boxes that makes."""

    is_open: Expansion
    held: list[Held]
    boxes: Boxes


def hold_back(tree: FoldTree, is_open: Expansion, most: int) -> dict[int, tuple[int, bool]]:
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
    now = shown(tree, is_open)
    fewer = {ROOT} if ROOT in held and now.boxes < held[ROOT][0] else set()
    return {row: what for row, what in held.items() if row in fewer.union(now.closed)}


def bounded(graph: Graph, tree: FoldTree, is_open: Expansion, most: int) -> Choice:
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


def calm(graph: Graph, tree: FoldTree, stages: list[Expansion], most: int) -> Choice:
    """The last stage that draws at most ``most`` boxes."""
    for is_open in reversed(stages[1:]):
        boxes = put_into_boxes(graph, tree, is_open)
        if len(boxes) <= most:
            return Choice(is_open, [], boxes)
    return bounded(graph, tree, stages[0], most)


def put_into_boxes(graph: Graph, tree: FoldTree, is_open: Expansion) -> Boxes:
    """Put the nodes of a closed row together, the others into boxes one by one."""
    shown(tree, is_open)  # splits what is open
    group, home = tree.groups(is_open)
    code = group[tree.leaf]
    single = np.flatnonzero(code < 0)
    code[single] = len(tree) + single
    return Boxes(graph, tree, without_cycles(graph, code, len(tree) + len(graph)), home)
