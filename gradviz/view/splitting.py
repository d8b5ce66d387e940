"""Split crowded values into pieces: loops of the program, leaves that are alike, stretches of the rest.

Values are taken in the order they were made, so that a piece is a stretch of the program and pieces hang
together without cycles. A leaf that one iteration alone reads belongs to that iteration.
"""

from __future__ import annotations

import math
from functools import cached_property
from typing import NamedTuple
from weakref import ref

import numpy as np

from gradviz.graph import KINDS, OP, Graph
from gradviz.ops import OPS
from gradviz.view.depth import LONG_ROW
from gradviz.view.numbering import numbered
from gradviz.view.sourcelines import SourceLines

LONGEST = 22  # characters of a title that fit on a card
RUNS = 50  # pieces that a row is cut into where nothing but their order tells them apart
MOST_PIECES = LONG_ROW - 2  # of a long sequence: they may follow one another, between an input and the root
DIRECT = 72  # values of tiny members drawn one by one
LOOP = "loop"  # what iterations over several lines are of
TINY = 4  # values of a member that needs no box of its own; alike leaves that need none in a crowd
LEAVES = 8  # alike leaves that stay apart where there is room; twice as many in a graph that is not folded


class Members(NamedTuple):
    """What a row that is a sequence consists of: iterations, or single values.

    Attributes:
        starts: where each member starts among the row's values.
        first: the number of its first member, counted from 1 in the whole sequence.
        stem, place: what they are members of, and where in the source that is.
    """

    starts: np.ndarray
    first: int
    stem: str
    place: str


class Piece(NamedTuple):
    """A row to make.

    Attributes:
        name, title, note: the last part of its key, what to call it, and what else is to be said of it.
        nodes: its values.
        members: what it consists of if it is a sequence.
        deep: whether it was made because the row would be too deep without.
    """

    name: str
    title: str
    note: str
    nodes: np.ndarray
    members: Members | None = None
    deep: bool = False


class Splitter:
    """What all splits of one graph need to know about it.

    Args:
        graph: the graph.
        room: the boxes that one row may show.
    """

    def __init__(self, graph: Graph, room: int = RUNS) -> None:
        self._graph, self.room = ref(graph), room
        self.lines = SourceLines(graph)

    @property
    def graph(self) -> Graph:
        """The graph; whoever asks for its pieces keeps it alive."""
        graph = self._graph()
        assert graph is not None
        return graph

    @cached_property
    def what(self) -> np.ndarray:
        """Per node the index of its op, or for a leaf the number of ops plus its kind."""
        graph = self.graph
        return np.where(graph.kind == OP, graph.op, len(graph.op_names) + graph.kind.astype(np.int32))

    @cached_property
    def symbol(self) -> np.ndarray:
        """Per node, which operation or kind of leaf it is, and where in the source it stands."""
        graph, width = self.graph, len(self.graph.op_names) + len(KINDS)
        return numbered(graph.source * np.int64(width) + self.what, len(graph.spans) * width)[0]

    @cached_property
    def named(self) -> np.ndarray:
        """Per node, whether it has a name."""
        named = np.zeros(len(self.graph), dtype=bool)
        named[list(self.graph.names)] = True
        return named

    @cached_property
    def readers(self) -> tuple[np.ndarray, np.ndarray]:
        """Per node its first and its last consumer; itself if there is none."""
        graph = self.graph
        first, last = (np.arange(len(graph), dtype=np.int32) for _ in range(2))
        last[graph.input] = graph.consumer  # edges come by consumer, and of several the last stays
        first[graph.input[::-1]] = graph.consumer[::-1]
        return first, last

    def leaves(self, nodes: np.ndarray, few: int) -> list[Piece]:
        """A piece for the leaves of one kind and line wherever there are more than ``few``."""
        graph = self.graph
        nodes = nodes[graph.kind[nodes] != OP]
        if len(nodes) <= few:
            return []
        code = self.lines.line_of[graph.source[nodes]] * len(KINDS) + graph.kind[nodes]
        order = np.argsort(code, kind="stable")
        alike = np.split(nodes[order], np.flatnonzero(np.diff(code[order])) + 1)
        return [self._leaves(found) for found in alike if len(found) > few]

    def _leaves(self, nodes: np.ndarray) -> Piece:
        kind, place = KINDS[self.graph.kind[nodes[0]]], self.lines.of(nodes)
        stem = "constants" if kind == "const" else f"{kind}s"
        members = Members(np.arange(len(nodes)), 1, stem, place.text)
        return Piece(f"{place.key}.{kind}", stem, place.text, nodes, members)

    def loop(self, nodes: np.ndarray, starts: np.ndarray) -> Piece:
        """A piece for iterations that start at ``starts``."""
        place, sizes = self.lines.of(nodes), np.diff(starts, append=len(nodes))
        ops = nodes[self.graph.kind[nodes] == OP]
        symbols = np.flatnonzero(np.bincount(self.symbol[ops]))
        stem = place.text if place.text.startswith("line ") else LOOP
        if len(symbols) == 1:
            name = self.graph.op_of(int(ops[0]))
            symbol = OPS[name].symbol if name in OPS else name
            stem = symbol if symbol.isalpha() else stem  # × ×100 reads badly
        each = f"{sizes.min():,}" if sizes.min() == sizes.max() else f"{sizes.min():,}–{sizes.max():,}"
        where = place.text if stem != place.text else ""
        note = where or (f"{each} each" if sizes.max() > 1 else "")
        members = Members(starts, 1, stem, where)
        return Piece(place.key, f"{stem} ×{len(starts):,}", note, nodes, members)

    def stretches(self, parts: list[np.ndarray]) -> list[Piece]:
        """Pieces that are told apart by their lines, or else by their order."""
        places = [self.lines.of(nodes) for nodes in parts]
        total, distinct = len(parts), len({place.text for place in places}) == len(parts)
        return [
            Piece(
                f"@{i}of{total}",
                place.text if distinct else f"part {i} of {total}",
                "" if distinct else place.text,
                nodes,
            )
            for i, (nodes, place) in enumerate(zip(parts, places, strict=True), 1)
        ]


def sequence(nodes: np.ndarray, members: Members, room: int) -> list[Piece]:
    """Pieces of a row in sequence: its members, runs of them if they are many, none if they are tiny."""
    count, ends = len(members.starts), np.append(members.starts[1:], len(nodes))
    tiny = int(np.max(ends - members.starts)) <= TINY
    if count < 2 or (tiny and len(nodes) <= DIRECT):
        return []
    pieces_at_most = min(piece_count(count, room), MOST_PIECES)
    size = 1 if count <= room and count < len(nodes) else rounded(count / pieces_at_most)
    pieces = []
    for a in range(0, count, size):
        b = min(a + size, count)
        low, high = members.first + a, members.first + b - 1
        start = int(members.starts[a])
        inside = members._replace(starts=members.starts[a:b] - start, first=low) if b - a > 1 else None
        key, number = (f"@{low}-{high}", f"#{low:,}–{high:,}") if b - a > 1 else (f"@{low}", f"#{low:,}")
        title = f"{members.stem} {number}"
        title = title if len(title) <= LONGEST else number
        pieces.append(Piece(key, title, members.place, nodes[start : ends[b - 1]], inside))
    return pieces


def piece_count(count: int, room: int) -> int:
    """Into how many pieces to cut so many things, so that a few levels of pieces hold about as many each."""
    levels = max(2, math.ceil(round(math.log(max(count, 2), room), 9)))
    return max(2, math.ceil(round(math.pow(count, 1 / levels), 9)))


def rounded(size: float) -> int:
    """The next of 1, 2, 5, 10, 20, 50, …: runs of so many are easy to count in."""
    power = int(math.pow(10, math.floor(math.log10(max(size, 1)))))
    return next(step * power for step in (1, 2, 5, 10) if step * power >= size)
