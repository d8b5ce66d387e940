"""The structure of crowded values: which loops they are, and which leaves belong to which iteration."""

from __future__ import annotations

import numpy as np

from gradviz.graph import OP
from gradviz.grouping import distinct
from gradviz.view.loops import find_loop, groups, regions
from gradviz.view.splitting import MOST_PIECES, TINY, Piece, Splitter, piece_count

REGIONS = 1_000  # stretches with anything repeated in them, beyond which no loop is looked for


class Structure:
    """Sorts values into loops and stretches.

    Args:
        splitter: what is known of the graph.
        nodes: the values, in the order they were made.
        entered: per value, how often a way to it has come back into the scope; values of different numbers go
            to different pieces. None where it is the same for all.

    Attributes:
        box: per operation, the piece it goes to, or -1.
        unit: per operation, the iteration in it.
    """

    def __init__(self, splitter: Splitter, nodes: np.ndarray, entered: np.ndarray | None = None) -> None:
        self.splitter, self.nodes = splitter, nodes
        self.is_op = splitter.graph.kind[nodes] == OP
        self.ops = nodes[self.is_op]
        self.box = np.full(len(self.ops), -1)
        self.unit = np.arange(len(self.ops))
        self.loops = 0
        times = np.zeros(len(self.ops), dtype=np.int8) if entered is None else entered[self.is_op]
        self.parts = [np.flatnonzero(times == n) for n in range(int(times.max(initial=-1)) + 1)]
        for part in self.parts:
            if len(part):
                self._find_loops(part)
        self.boxes = self.loops
        if np.count_nonzero(self.box < 0) + self.loops > self.splitter.room:
            self._cut()

    def pieces(self) -> list[Piece]:
        """The loops, the stretches, and the leaves that are alike, in this order."""
        box, unit = np.full(len(self.nodes), -1), np.full(len(self.nodes), -1)
        box[self.is_op], unit[self.is_op] = self.box, self.unit
        box[~self.is_op], unit[~self.is_op] = self._leaves()
        inside = [np.flatnonzero(box == b) for b in range(self.boxes)]
        loops = [self._loop(at, unit[at]) for at in inside[: self.loops]]
        stretches = self.splitter.stretches([self.nodes[at] for at in inside[self.loops :] if len(at) > 1])
        free = self.nodes[(box < 0) & ~self.is_op]
        return [*loops, *stretches, *self._alike(free)]

    def _find_loops(self, part: np.ndarray) -> None:
        """Put the iterations of the loops among the operations at ``part`` into boxes."""
        symbols = self.splitter.symbol[self.ops[part]]
        bounds = regions(symbols, int(symbols.max()) + 1)
        repeats = np.flatnonzero(np.diff(bounds) > 1)
        if len(repeats) > REGIONS:
            return
        for a, b in zip(bounds[repeats].tolist(), bounds[repeats + 1].tolist(), strict=True):
            loop = find_loop(symbols[a:b]) if b - a > TINY else None
            if loop is None:
                continue
            at, edges = part[a:b], groups(loop)
            iteration = np.repeat(np.arange(len(loop.starts)), np.diff(loop.starts, append=b - a))
            self.unit[at] = at[loop.starts][iteration]
            self.box[at] = self.loops + np.searchsorted(edges, iteration, side="right") - 1
            self.loops += len(edges) - 1

    def _cut(self) -> None:
        """Cut what is in no loop into stretches; where there are many loops, the loops as well."""
        atoms = self.unit.copy()
        if self.loops > self.splitter.room // 2:
            atoms = np.where(self.box >= 0, len(self.ops) + self.box, atoms)
            self.loops = self.boxes = 0
            self.box[:] = -1
        total = len(distinct(atoms[self.box < 0]))
        size = -(-total // min(piece_count(total, self.splitter.room), MOST_PIECES))
        for part in self.parts:
            in_loop = self.box[part] >= 0
            at, loops_before = part[~in_loop], np.cumsum(np.diff(in_loop, prepend=False))[~in_loop]
            if not len(at):
                continue
            atom = np.cumsum(np.diff(atoms[at], prepend=-1) != 0) - 1
            starts = np.diff(loops_before * (total + 1) + atom // size, prepend=-1) != 0
            self.box[at] = self.boxes + np.cumsum(starts) - 1
            self.boxes += int(np.count_nonzero(starts))
        cut = self.box >= self.loops
        self.unit[cut] = len(self.ops) + self.box[cut]

    def _leaves(self) -> tuple[np.ndarray, np.ndarray]:
        """Per leaf, the box and the unit that all of its readers are in; -1 where they are in several."""
        leaves = self.nodes[~self.is_op]
        if not len(self.ops):
            return (np.full(len(leaves), -1),) * 2
        unit, box = [], []
        for reader in self.splitter.readers:
            place = np.minimum(np.searchsorted(self.ops, reader[leaves]), len(self.ops) - 1)
            here = self.ops[place] == reader[leaves]
            unit.append(np.where(here, self.unit[place], -1))
            box.append(np.where(here, self.box[place], -1))
        own = (unit[0] == unit[1]) & (box[0] == box[1])
        symbols = self.splitter.symbol[leaves]
        own &= ~self.splitter.named[leaves] | (
            np.bincount(symbols)[symbols] > 1
        )  # not the one input of a loop
        return np.where(own, box[0], -1), np.where(own, unit[0], -1)

    def _loop(self, at: np.ndarray, unit: np.ndarray) -> Piece:
        if np.any(np.diff(unit) < 0):
            order = np.argsort(unit, kind="stable")
            at, unit = at[order], unit[order]
        starts = np.flatnonzero(np.diff(unit, prepend=-1))
        return self.splitter.loop(self.nodes[at], starts)

    def _alike(self, free: np.ndarray) -> list[Piece]:
        """Boxes for leaves that belong to nobody alone; stretches of them if even those are too many."""
        pieces = self.splitter.leaves(free, TINY)
        if len(pieces) + len(free) - sum(len(piece.nodes) for piece in pieces) <= self.splitter.room:
            return pieces
        parts = np.array_split(free, piece_count(len(free), self.splitter.room))
        return [piece._replace(name=f"{piece.name}.leaves") for piece in self.splitter.stretches(parts)]
