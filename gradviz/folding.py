"""The tree of everything that can be collapsed: scopes, and inside crowded ones pseudo-scopes.

A scope is crowded when too many values lie directly in it to be drawn. They fold by source line
(``MLP/@nn.py:23``), a crowded line by op (``MLP/@nn.py:23/@mul``), and a very crowded op into runs of values
that were made one after the other (``…/@mul/@3of40``). So every value of any graph is reached by opening
boxes of bearable size. The ``@`` keeps pseudo-scopes apart from the program's own.
"""

from __future__ import annotations

import math
from functools import cached_property
from pathlib import PurePath

import numpy as np

from gradviz.graph import KINDS, OP, Graph
from gradviz.ops import OPS

FOLD = 24  # values drawn one by one inside one open scope
RUN = 200  # values of one op drawn one by one when somebody asks to see them
ROOT = 0


class FoldTree:
    """Scopes and pseudo-scopes as a tree in columns; row 0 is the graph itself and is always open.

    Attributes:
        keys, titles: per row, its path and what to call it.
        parent, depth: per row, where it stands.
        real: per row, whether it is a scope of the program and not a pseudo-scope.
        leaf: per node of the graph, the row it lies in directly.
        count: per row, the nodes inside, and ``direct`` those that lie in it directly.
    """

    def __init__(self, graph: Graph, limit: int) -> None:
        self.graph = graph
        self.keys: list[str] = [""]
        self.titles: list[str] = [""]
        self._parent: list[int] = [-1]
        self._depth: list[int] = [0]
        self._real: list[bool] = [True]
        self.row_of: dict[str, int] = {"": ROOT}
        scope_rows = np.array([self._scope_row(path) for path in graph.scopes], dtype=np.int64)
        self.leaf = scope_rows[graph.scope] if len(graph) else np.empty(0, dtype=np.int64)
        if len(graph) > limit:
            self._fold(limit)
            self._gather(limit)
        self.parent, self.depth = np.array(self._parent), np.array(self._depth)
        self.real = np.array(self._real)
        self.direct = np.bincount(self.leaf, minlength=len(self))
        self.count = self.direct.copy()
        for depth in range(int(self.depth.max()), 0, -1):
            rows = np.flatnonzero(self.depth == depth)
            np.add.at(self.count, self.parent[rows], self.count[rows])

    def __len__(self) -> int:
        return len(self.keys)

    def groups(self, is_open: np.ndarray) -> np.ndarray:
        """Per row, the outermost closed row around it, itself included; -1 where all of them are open."""
        group = np.full(len(self), -1)
        for rows in self._levels[1:]:
            above = group[self.parent[rows]]
            group[rows] = np.where((above < 0) & ~is_open[rows], rows, above)
        return group

    def children(self, row: int) -> np.ndarray:
        """The rows right below ``row`` that hold anything."""
        return np.flatnonzero((self.parent == row) & (self.count > 0))

    @cached_property
    def _levels(self) -> list[np.ndarray]:
        return [np.flatnonzero(self.depth == depth) for depth in range(int(self.depth.max()) + 1)]

    def _add(self, parent: int, name: str, title: str, real: bool = False) -> int:
        key = f"{self.keys[parent]}/{name}" if parent else name
        row = self.row_of.get(key)
        if row is None:
            row = self.row_of[key] = len(self.keys)
            self.keys.append(key)
            self.titles.append(title)
            self._parent.append(parent)
            self._depth.append(self._depth[parent] + 1)
            self._real.append(real)
        return row

    def _scope_row(self, path: str) -> int:
        row = ROOT
        for name in filter(None, path.split("/")):
            row = self._add(row, name, name, real=True)
        return row

    def _fold(self, limit: int) -> None:
        """Move the nodes of crowded scopes down by line, of crowded lines by op, of crowded ops by run."""
        below = np.bincount(self._parent[1:], minlength=len(self)) if len(self) > 1 else np.zeros(1, int)
        crowded = np.bincount(self.leaf, minlength=len(self)) > FOLD
        crowded[ROOT] |= np.count_nonzero(self.leaf == ROOT) + below[ROOT] > limit
        nodes = np.flatnonzero(crowded[self.leaf])
        nodes = self._fold_by(nodes, *self._lines(), always={ROOT})
        nodes = self._fold_by(nodes, *self._ops(), always=set())
        for row in np.flatnonzero(np.bincount(self.leaf[nodes], minlength=len(self)) > RUN).tolist():
            self._runs(row, nodes[self.leaf[nodes] == row])

    def _fold_by(
        self, nodes: np.ndarray, names: list[str], titles: list[str], code: np.ndarray, always: set[int]
    ) -> np.ndarray:
        """Move ``nodes`` one row down by ``code``; give those that are still crowded.

        A row whose nodes all share one code stays as it is, unless it is in ``always``: a box with one box
        inside says nothing.
        """
        pairs, which = np.unique(self.leaf[nodes] * len(names) + code[nodes], return_inverse=True)
        rows, codes = pairs // len(names), pairs % len(names)
        sizes, alone = np.bincount(which), np.bincount(rows, minlength=len(self))[rows] == 1
        target = np.array(
            [
                row if lone and row not in always else self._add(row, names[c], titles[c])
                for row, c, lone in zip(rows.tolist(), codes.tolist(), alone.tolist(), strict=True)
            ],
            dtype=np.int64,
        )
        self.leaf[nodes] = target[which]
        return nodes[sizes[which] > FOLD]

    def _lines(self) -> tuple[list[str], list[str], np.ndarray]:
        """Names and titles of the source lines, and per node the index of its line."""
        files = {span.file for span in self.graph.spans if span}
        base = {file: PurePath(file).name for file in files}
        unique = len(set(base.values())) == len(base)
        names: dict[str, int] = {}
        titles: list[str] = []
        of_span = []
        for span in self.graph.spans:
            name = f"@{base[span.file] if unique else span.file}:{span.line}" if span else "@unknown"
            if name not in names:
                names[name] = len(names)
                many = f"{base[span.file]} " if span and len(files) > 1 else ""
                titles.append(f"{many}line {span.line}" if span else "line unknown")
            of_span.append(names[name])
        return list(names), titles, np.array(of_span)[self.graph.source]

    def _ops(self) -> tuple[list[str], list[str], np.ndarray]:
        """Names and symbols of the ops and leaf kinds, and per node the index of its own."""
        graph = self.graph
        symbols = [OPS[name].symbol if name in OPS else name for name in graph.op_names]
        code = np.where(graph.kind == OP, graph.op, len(symbols) + graph.kind)
        return [f"@{name}" for name in (*graph.op_names, *KINDS)], [*symbols, *KINDS], code

    def _runs(self, row: int, nodes: np.ndarray) -> None:
        """Cut many nodes of one kind into runs: about as many runs as nodes in each."""
        runs = math.ceil(math.sqrt(len(nodes)))
        size = math.ceil(len(nodes) / runs)
        runs = math.ceil(len(nodes) / size)
        for i in range(runs):
            first, last = i * size + 1, min((i + 1) * size, len(nodes))
            child = self._add(row, f"@{i + 1}of{runs}", f"{self.titles[row]} {first:,}–{last:,}")
            self.leaf[nodes[first - 1 : last]] = child

    def _gather(self, limit: int) -> None:
        """Where the graph itself has too many rows, put runs of them under rows of their own."""
        top = [row for row, parent in enumerate(self._parent) if parent == ROOT]
        if len(top) <= limit:
            return
        runs = min(limit, math.ceil(math.sqrt(len(top))))
        size = math.ceil(len(top) / runs)
        for i in range(0, len(top), size):
            members = top[i : i + size]
            title = f"{self.titles[members[0]]} … {self.titles[members[-1]]}"
            self._parent[members[0]] = self._add(ROOT, f"@{i + 1}-{i + len(members)}", title)
            for row in members:
                self._parent[row] = self._parent[members[0]]
        for row in range(1, len(self)):  # depths below have grown; a gathered row may come before its parent
            depth, above = 0, row
            while above != ROOT:
                depth, above = depth + 1, self._parent[above]
            self._depth[row] = depth
