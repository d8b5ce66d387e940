"""Runs of operations among values that are drawn one by one: loops of the program, and straight ways.

A straight way is operations each of which reads the one before, and beside it at most numbers of its own, and
each of which is read by the next alone.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from gradviz.graph import CONST, OP
from gradviz.view.depth import RUN
from gradviz.view.naming import symbol_of
from gradviz.view.splitting import LONGEST, Members, Piece, Splitter
from gradviz.view.structure import Structure


class Run(NamedTuple):
    """Operations that could be one box, the iteration or step that each is, and whether that is a loop's."""

    ops: list[int]
    unit: list[int]
    loop: bool


def _longest_first(run: Run) -> tuple[bool, int, int]:
    return not run.loop, -len(run.ops), run.ops[0]


class Runs:
    """Finds the runs of one row.

    Args:
        splitter: what is known of the graph.
        nodes: the values of the row that are drawn one by one, in the order they were made.
    """

    def __init__(self, splitter: Splitter, nodes: np.ndarray) -> None:
        self.splitter, self.graph = splitter, splitter.graph
        self._root = {self.graph.root}
        first, last = (reader[nodes] for reader in splitter.readers)
        alone = (first == last) & (first != nodes)
        self._reader = dict(zip(nodes[alone].tolist(), first[alone].tolist(), strict=True))
        is_number = alone & (self.graph.kind[nodes] == CONST) & ~splitter.named[nodes]
        self._numbers = nodes[is_number].tolist()
        self._ops = nodes[self.graph.kind[nodes] == OP].tolist()

    def loops(self) -> list[Run]:
        """The loops of the program, the longest first."""
        return sorted(self._loops_of(self._ops), key=_longest_first)

    def ways(self, without: set[int]) -> list[Run]:
        """The straight ways through other operations than these, the longest first."""
        found = [run for way in self._ways(without) for run in self._between(way, self._root)]
        return sorted(found, key=_longest_first)

    def loops_on_ways(self, without: set[int]) -> list[Run]:
        """The same, but where a way has loops, they and what is between them; loops first."""
        found: list[Run] = []
        for way in self._ways(without):
            loops = self._loops_of(way)
            found += [*loops, *self._between(way, self._root.union(*(run.ops for run in loops)))]
        return sorted(found, key=_longest_first)

    def piece(self, run: Run) -> Piece:
        """A run as a piece, with the numbers that it alone reads."""
        unit_of = dict(zip(run.ops, run.unit, strict=True))
        reads = [(number, self._reader[number]) for number in self._numbers]
        unit_of |= {number: unit_of[reader] for number, reader in reads if reader in unit_of}
        nodes = sorted(unit_of, key=lambda node: (unit_of[node], node))
        starts = np.flatnonzero(np.diff([unit_of[node] for node in nodes], prepend=-1))
        inside = np.array(nodes)
        piece = self.splitter.loop(inside, starts) if run.loop else self._way(run, inside, starts)
        return piece._replace(deep=True)

    def _way(self, run: Run, nodes: np.ndarray, starts: np.ndarray) -> Piece:
        """A piece for a straight way, called by its first and its last operation if that fits."""
        place = self.splitter.lines.of(nodes)
        title = " … ".join(symbol_of(self.graph, run.ops[end]) for end in (0, -1))
        title = title if len(title) <= LONGEST else f"{len(run.ops)} operations"
        return Piece(f"{place.key}.way", title, place.text, nodes, Members(starts, 1, title, place.text))

    def _ways(self, without: set[int]) -> list[list[int]]:
        """The longest straight ways."""
        graph, numbers, after = self.graph, set(self._numbers), dict[int, int]()
        links = [op for op in self._ops if op not in without and (op in self._reader or op in self._root)]
        inside = set(links)
        for node in links:
            inputs = graph.input[graph.input_start[node] : graph.input_start[node + 1]].tolist()
            read = [value for value in inputs if value not in numbers]
            if len(read) != 1:
                inside.discard(node)
            elif read[0] in inside and read[0] not in self._root:
                after[read[0]] = node
        ways = []
        for start in sorted(inside.difference(after.values())):
            way = [start]
            while way[-1] in after:
                way.append(after[way[-1]])
            ways.append(way)
        return ways

    def _between(self, way: list[int], cuts: set[int]) -> list[Run]:
        """The runs of a straight way between some of its operations."""
        parts: list[list[int]] = [[]]
        for op in way:
            if op in cuts:
                parts.append([])
            else:
                parts[-1].append(op)
        return [Run(part, part, False) for part in parts if len(part) >= RUN]

    def _loops_of(self, ops: list[int]) -> list[Run]:
        """The loops among some operations; without the iteration that holds the root."""
        found = Structure(self.splitter, np.array(ops, dtype=np.int64))
        runs = []
        for loop in range(found.loops):
            at = np.flatnonzero(found.box == loop)
            inside, unit = found.ops[at], found.unit[at]
            kept = unit != unit[inside == self.graph.root].max(initial=-1)
            inside, unit = inside[kept].tolist(), unit[kept].tolist()
            if len(inside) >= RUN and len(set(unit)) > 1:
                runs.append(Run(inside, unit, True))
        return runs
