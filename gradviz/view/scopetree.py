"""A tree of scopes: one row for each, with its key, its title and its place."""

from __future__ import annotations

from collections import Counter

import numpy as np

from gradviz.view.families import stem_of

ROOT = 0


class ScopeTree:
    """Scopes of the program and pseudo-scopes made for others; row 0 is the graph itself.

    Attributes:
        keys, titles: per row, its path and what to call it.
        notes: per row, what else is to be said of it.
        parent, depth: per row, where it stands.
        scopes: per row, how many scopes of the program it lies in, itself included.
        real: per row, whether it is a scope of the program and not a pseudo-scope.
        count: per row, the nodes inside.
        below: per row, the rows right below it that hold anything.
    """

    def __init__(self, count: int) -> None:
        self.keys, self.titles, self.notes = [""], [""], [""]
        self.parent, self.depth, self.scopes = [-1], [0], [0]
        self.real, self.count = [True], [count]
        self.below: list[list[int]] = [[]]
        self.row_of: dict[str, int] = {"": ROOT}
        self._columns: tuple[np.ndarray, list[np.ndarray]] | None = None

    def __len__(self) -> int:
        return len(self.keys)

    def levels(self) -> tuple[np.ndarray, list[np.ndarray]]:
        """The parents as a column, and the rows by depth."""
        if self._columns is None or len(self._columns[0]) != len(self):
            depth = np.array(self.depth)
            levels = np.split(np.argsort(depth, kind="stable"), np.cumsum(np.bincount(depth))[:-1])
            self._columns = np.array(self.parent), levels
        return self._columns

    def add(self, parent: int, name: str, title: str, note: str = "", real: bool = False) -> int:
        """Make a row; a name that is taken gets a number."""
        key = stem = f"{self.keys[parent]}/{name}" if parent else name
        again = 1
        while key in self.row_of:
            again += 1
            key = f"{stem}~{again}"
        row = self.row_of[key] = len(self.keys)
        self.keys.append(key)
        self.titles.append(title)
        self.notes.append(note)
        self.parent.append(parent)
        self.depth.append(self.depth[parent] + 1)
        self.scopes.append(self.scopes[parent] + real)
        self.real.append(real)
        self.count.append(0)
        self.below.append([])
        return row

    def add_scopes(self, paths: tuple[str, ...]) -> np.ndarray:
        """Make rows for scopes and the scopes around them; give the row of each path."""
        return np.array([self._scope(path) for path in paths], dtype=np.int32)

    def _scope(self, path: str) -> int:
        row = ROOT
        for name in filter(None, path.split("/")):
            known = self.row_of.get(f"{self.keys[row]}/{name}" if row else name)
            row = self.add(row, name, name, real=True) if known is None else known
        return row

    def add_counts(self, own: np.ndarray) -> None:
        """Count up from the nodes that lie in each row directly; empty rows are below nobody."""
        self.count = own.tolist()
        for row in range(len(self) - 1, 0, -1):  # a scope comes after the one around it
            self.count[self.parent[row]] += self.count[row]
        for row in range(1, len(self)):
            if self.count[row]:
                self.below[self.parent[row]].append(row)
        for row, below in enumerate(self.below):
            stems = Counter(stem for child in below if (stem := stem_of(self.titles[child])))
            stem, sisters = stems.most_common(1)[0] if stems else ("", 0)
            self.notes[row] = f"{sisters:,} {stem}" if sisters > 1 else ""

    def wrap(self, row: int, members: list[int], name: str, title: str) -> int:
        """Put some rows below ``row`` under a row of their own, in the place of the first of them."""
        into, taken = self.add(row, name, title), set(members)
        place = min(i for i, child in enumerate(self.below[row]) if child in taken)
        kept = [child for child in self.below[row] if child not in taken]
        self.below[row] = [*kept[:place], into, *kept[place:]]
        self.below[into] = list(members)
        self.count[into] = sum(self.count[member] for member in members)
        for member in members:
            self.parent[member] = into
        return into

    def sisters(self, sisters: list[int], first: int = 0) -> np.ndarray:
        """Per row, the number of the sister that it lies in, counted from ``first``; -1 outside."""
        sister_of = np.full(len(self), -1)
        for at, sister in enumerate(sisters, first):
            front = [sister]
            for inside in front:  # grows
                front += self.below[inside]
            sister_of[front] = at
        return sister_of

    def order(self) -> None:
        """Set depths anew, after rows were wrapped."""
        front = [ROOT]
        while front:
            row = front.pop()
            for child in self.below[row]:
                self.depth[child] = self.depth[row] + 1
                front.append(child)
