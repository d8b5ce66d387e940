"""Boxes, made from a grouping of nodes."""

from __future__ import annotations

import re
from copy import copy
from functools import cached_property
from typing import NamedTuple

import numpy as np

from gradviz.frozen import Frozen
from gradviz.graph import Graph
from gradviz.graph.labelling import labeller
from gradviz.view.acyclic import Grouping
from gradviz.view.folding import FoldTree
from gradviz.view.naming import subtitles, symbol_of, told_apart
from gradviz.view.splitting import LOOP

JOIN = " + "  # between the keys of groups drawn as one box
NAMED = 2  # groups of such a box that its title names
_PART = re.compile(r" #\d+$")


class Box(Frozen, eq=False):
    """A single value, or everything in a collapsed scope.

    Attributes:
        index: its place in ``view.boxes``; boxes come in the order of their first values.
        key: ``n12`` for a single value, else the path of the scope, with `` #2`` for the second of its parts.
        node: the single value, or None.
        title, subtitle: what stands on it.
        count, nodes: the values inside.
        scope: the key of the scope it lies in.
        opens: the keys that opening it opens; none for a single value.
    """

    index: int
    key: str
    node: int | None
    title: str
    subtitle: str
    count: int
    nodes: np.ndarray
    scope: str
    opens: tuple[str, ...]

    @property
    def expandable(self) -> bool:
        """Whether there is something to open."""
        return bool(self.opens)


class BoxColumns(NamedTuple):
    """All boxes in columns, for drawing very many: texts in lists, numbers in arrays.

    Attributes:
        key, title, subtitle, scope: as of a ``Box``.
        node: the single value, or -1 in a collapsed box.
        values: how many values are inside.
    """

    key: list[str]
    title: list[str]
    subtitle: list[str]
    scope: list[str]
    node: np.ndarray
    values: np.ndarray


class Boxes:
    """Makes the boxes of one grouping.

    Args:
        graph, tree: what is drawn.
        grouping: the nodes in boxes; a group is a row of the tree, or beyond those a single value.
        home: per row that the tree had by then, the row that single values in it are said to lie in.

    Attributes:
        box_of: per node, its box.
        node_order, node_start: the nodes by box, and where each box starts in them.
    """

    def __init__(self, graph: Graph, tree: FoldTree, grouping: Grouping, home: np.ndarray) -> None:
        self.graph, self.tree, self.grouping, self.row_count = graph, tree, grouping, len(home)
        self.box_of = grouping.box_of
        narrow = self.box_of.astype(np.uint16) if len(self) < 1 << 16 else self.box_of
        self.node_order = np.argsort(narrow, kind="stable")  # a radix sort where numbers are narrow
        self.count = np.bincount(self.box_of, minlength=len(self))
        self.node_start = np.concatenate(([0], np.cumsum(self.count)))
        first = self.node_order[self.node_start[:-1]]
        self.node = np.where(self.count == 1, first, -1)
        self._scope = home[tree.leaf[first]].tolist() if len(self) else []

    def __len__(self) -> int:
        return len(self.grouping.group)

    def over(self, graph: Graph) -> Boxes:
        """The same boxes over a graph of the same structure with other numbers."""
        other = copy(self)
        other.graph = graph
        for numbers in ("columns", "_label"):  # a constant is called by its number
            other.__dict__.pop(numbers, None)
        return other

    @cached_property
    def columns(self) -> BoxColumns:
        """All boxes in columns."""
        label = labeller(self.graph, int(np.count_nonzero(self.node >= 0)))
        words = subtitles(self.graph, self.tree.splitter.what, self.box_of, len(self))
        rows = [
            self._collapsed(box, words[box]) if node < 0 else self._single(box, node, label(node))
            for box, node in enumerate(self.node.tolist())
        ]
        key, title, subtitle, scope = (
            (list(column) for column in zip(*rows, strict=True)) if rows else ([],) * 4
        )
        collapsed = np.flatnonzero(self.node < 0).tolist()
        title = told_apart(title, {box: self._longer(box, title[box]) for box in collapsed})
        return BoxColumns(key, title, subtitle, scope, self.node, self.count)

    def boxes(self) -> list[Box]:
        """All boxes."""
        columns, starts = self.columns, self.node_start.tolist()
        nodes = [self.node_order[a:b] for a, b in zip(starts, starts[1:], strict=False)]
        plain = zip(*columns[:4], self.node.tolist(), self.count.tolist(), nodes, strict=True)
        return [
            Box(i, key, None if node < 0 else node, title, subtitle, count, inside, scope, self.opens(i))
            for i, (key, title, subtitle, scope, node, count, inside) in enumerate(plain)
        ]

    def opens(self, box: int) -> tuple[str, ...]:
        """The keys that opening a box opens."""
        return tuple(self.tree.keys[row] for row in self._rows(box)) if self.node[box] < 0 else ()

    def _rows(self, box: int) -> list[int]:
        """The rows of the tree in a collapsed box; other groups in it are single values."""
        return [row for row in self.grouping.groups(box) if row < self.row_count]

    def _longer(self, box: int, title: str) -> str:
        """The title of a collapsed box with the lines of a loop, or with what is around."""
        row = self._rows(box)[0]
        if title.startswith(f"{LOOP} ") and self.tree.notes[row]:
            return title.replace(LOOP, self.tree.notes[row], 1)
        around = self.tree.titles[self.tree.parent[row]]
        return f"{around}/{title}" if around else title

    def _single(self, box: int, node: int, label: str) -> tuple[str, str, str, str]:
        scope = self.tree.keys[self._scope[box]]
        return f"n{node}", label, symbol_of(self.graph, node), scope

    def _collapsed(self, box: int, words: str) -> tuple[str, str, str, str]:
        """Texts of a box of several values: one group or a part of it, or several groups that were joined."""
        groups, part = self.grouping.groups(box), int(self.grouping.part[box])
        names = [self._group_name(group) for group in groups]
        key = JOIN.join(key for key, _ in names)
        title = ", ".join(title for _, title in names[:NAMED])
        title += f" + {len(names) - NAMED} more" if len(names) > NAMED else ""
        if part:
            key, title = f"{key} #{part}", f"{title} {part}/{int(self.grouping.parts[box])}"
        row = self._rows(box)[0]
        around = self.tree.parent[row]
        note = self.tree.notes[row] if len(groups) == 1 else ""
        subtitle = " · ".join(filter(None, [words if words not in title else "", note]))
        return key, title, subtitle or self.tree.titles[around], self.tree.keys[around]

    def _group_name(self, group: int) -> tuple[str, str]:
        """Key and title of a group: a row of the tree, or beyond those a single value."""
        node = group - self.row_count
        if node < 0:
            return self.tree.keys[group], self.tree.titles[group]
        return f"n{node}", self.graph.label(node)


def keys_in(key: str) -> list[str]:
    """The scopes that the key of a box stands for: without its part, and one by one if they were joined."""
    return [_PART.sub("", piece) for piece in key.split(JOIN)]
