"""A small drawing in characters: boxes in columns, and lines that run forward between them.

Columns, and the order within them, are those of the layout. All lines out of one box are one tree; between
two columns it has at most one trunk, on a track of its own, so that no line runs along another's.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from gradviz.layout import layout
from gradviz.layout.geometry import BOX_GAP, Curve
from gradviz.renderers.characters import Grid, columns

_LINE = BOX_GAP  # px of the layout per row of characters, so that its gap between boxes is one row
_WIDE = 100.0  # px of a box there: all alike, so that each layer has one middle
_MOST_INPUTS = 8


class Card(NamedTuple):
    """What stands on a box: the two ends of its upper border, its rows, and whether it is the current one.

    ``room`` is how many columns its rows may take at another moment.
    """

    name: str
    mark: str
    rows: tuple[tuple[str, str], ...]
    now: bool = False
    room: int = 0

    @property
    def width(self) -> int:
        """Columns that it takes."""
        inner = [columns(left) + columns(right) for left, right in ((self.name, self.mark), *self.rows)]
        return max(*inner, self.room) + 6


class Line(NamedTuple):
    """An edge: from which box, to which, what is written on it, and whether it is the current one.

    ``room`` is how many columns the text may take at another moment.
    """

    source: int
    target: int
    text: str = ""
    now: bool = False
    room: int = 0


class _Net(NamedTuple):
    """The part of a tree of lines between two columns: where it comes in, and where it goes out."""

    tree: int
    row: int
    outs: tuple[int, ...]

    @property
    def span(self) -> tuple[int, int]:
        return min(self.row, *self.outs), max(self.row, *self.outs)


def draw(cards: Sequence[Card], lines: Sequence[Line]) -> list[str] | None:
    """Draw boxes and lines; None where lines could not be told apart.

    Args:
        cards: the boxes.
        lines: the edges, without cycles.
    """
    inputs: dict[int, list[int]] = defaultdict(list)
    for e, line in enumerate(lines):
        inputs[line.target].append(e)
    if any(len(found) > _MOST_INPUTS for found in inputs.values()):
        return None
    heights = [max(len(card.rows), len(inputs[i])) + 2 for i, card in enumerate(cards)]
    return _Plan(cards, lines, inputs, heights).drawn()


class _Plan:
    """The rows and columns of everything."""

    def __init__(
        self,
        cards: Sequence[Card],
        lines: Sequence[Line],
        inputs: dict[int, list[int]],
        heights: list[int],
    ) -> None:
        self.cards, self.lines, self.heights = cards, lines, heights
        placed = layout(
            [(_WIDE, height * _LINE) for height in heights], [(e.source, e.target) for e in lines]
        )
        middles = (placed.boxes[:, 0] + placed.boxes[:, 2] / 2).round(1)
        self.xs, layer = np.unique(middles, return_inverse=True)
        self.layer = layer.tolist()
        tops = placed.boxes[:, 1] / _LINE
        self._settle(tops.tolist(), placed.edges)
        self.entry: dict[int, int] = {}
        for box, found in inputs.items():
            found.sort(key=lambda e: (placed.edges[e][-1][1], e))
            first = self.top[box] + (1 if len(found) > 1 else 2)
            self.entry |= {e: first + i for i, e in enumerate(found)}

    def _settle(self, tops: list[float], curves: Sequence[Curve]) -> None:
        """Give boxes and passing lines rows of their own, in the order of the layout."""
        wanted: dict[int, list[tuple[float, int, tuple[int, int]]]] = defaultdict(list)
        for box, top in enumerate(tops):
            wanted[self.layer[box]].append((top, self.heights[box], (box, -1)))
        passing: set[tuple[int, int]] = set()
        for line, curve in zip(self.lines, curves, strict=True):
            for between in range(self.layer[line.source] + 1, self.layer[line.target]):
                if (line.source, between) not in passing:
                    passing.add((line.source, between))
                    height = _height_at(curve, float(self.xs[between])) / _LINE
                    wanted[between].append((height, 1, (line.source, between)))
        self.top: dict[int, int] = {}
        self.passing: dict[tuple[int, int], int] = {}
        for found in wanted.values():
            free = 0
            for at, height, (box, between) in sorted(found):
                row = max(round(at) - 1, free)
                free = row + height
                if between < 0:
                    self.top[box] = row
                else:
                    self.passing[box, between] = row

    def _nets(self, channel: int) -> list[_Net]:
        """Find what runs between a column and the next."""
        outs: dict[int, set[int]] = defaultdict(set)
        for e, line in enumerate(self.lines):
            first, last = self.layer[line.source], self.layer[line.target]
            if first <= channel < last:
                arrives = channel + 1 == last
                outs[line.source].add(self.entry[e] if arrives else self.passing[line.source, channel + 1])
        return [
            _Net(box, self._row(box, channel), tuple(sorted(found))) for box, found in sorted(outs.items())
        ]

    def _row(self, box: int, channel: int) -> int:
        return self.top[box] + 2 if self.layer[box] == channel else self.passing[box, channel]

    def drawn(self) -> list[str] | None:
        """Draw it all."""
        grid, left = Grid(), 0
        for channel in range(len(self.xs)):
            members = [box for box in range(len(self.cards)) if self.layer[box] == channel]
            wide = max(self.cards[box].width for box in members)
            nets = self._nets(channel)
            tracks = _tracks(nets)
            if tracks is None:
                return None
            for box in members:
                _draw_card(grid, self.cards[box], self.top[box], left, wide, self.heights[box])
            for (box, between), row in self.passing.items():
                if between == channel:
                    grid.across(row, left - 1, left + wide, box)
            left = self._draw_channel(grid, channel, nets, tracks, left + wide)
        return grid.rows()

    def _draw_channel(
        self, grid: Grid, channel: int, nets: list[_Net], tracks: dict[int, int], left: int
    ) -> int:
        """Draw what runs between two columns, and give where the second starts."""
        arriving = [e for e, line in enumerate(self.lines) if self.layer[line.target] == channel + 1]
        room = max((max(columns(self.lines[e].text), self.lines[e].room) for e in arriving), default=0)
        right = left + 2 * (max(tracks.values(), default=-1) + 1) + 2 + (room + 1 if room else 0)
        for net in nets:
            start, stop = net.span
            track = left + 1 + 2 * tracks[net.tree] if start < stop else left
            grid.across(net.row, left - 1, track, net.tree)
            grid.down(track, start, stop, net.tree)
            for row in net.outs:
                grid.across(row, track, right, net.tree)
        for e in arriving:
            line, row = self.lines[e], self.entry[e]
            grid.text(row, right - 1 - columns(line.text), line.text)
            grid.text(row, right - line.now, "━▶" if line.now else "▶")
        return right + 1


def _tracks(nets: list[_Net]) -> dict[int, int] | None:
    """Give each tree a track between two columns; None if two would have to run along each other.

    A tree that comes in on the row on which another goes out must turn before that other does.
    """
    bent = [net for net in nets if net.span[0] < net.span[1]]
    before = {net: [n for n in bent if n is not net and n.row in net.outs] for net in bent}
    taken: list[list[tuple[int, int]]] = []
    found: dict[int, int] = {}
    while len(found) < len(bent):
        ready = [n for n in bent if n.tree not in found and all(b.tree in found for b in before[n])]
        if not ready:
            return None
        for net in ready:
            track = max((found[b.tree] + 1 for b in before[net]), default=0)
            while track < len(taken) and any(_meet(net.span, span) for span in taken[track]):
                track += 1
            taken += [[] for _ in range(track + 1 - len(taken))]
            taken[track].append(net.span)
            found[net.tree] = track
    return found


def _meet(a: tuple[int, int], b: tuple[int, int]) -> bool:
    return a[0] <= b[1] and b[0] <= a[1]


def _height_at(curve: Curve, x: float) -> float:
    """Give y of a curve where it is nearest to x."""
    points = np.asarray(curve)
    t = np.linspace(0, 1, 17)[:, None]
    parts = [
        (1 - t) ** 3 * a + 3 * (1 - t) ** 2 * t * b + 3 * (1 - t) * t**2 * c + t**3 * d
        for a, b, c, d in (points[i : i + 4] for i in range(0, len(points) - 1, 3))
    ]
    line = np.concatenate(parts)
    return float(line[np.argmin(np.abs(line[:, 0] - x)), 1])


def _draw_card(grid: Grid, card: Card, top: int, left: int, wide: int, height: int) -> None:
    corners, flat, side = ("┏┓┗┛", "━", "┃") if card.now else ("╭╮╰╯", "─", "│")
    room = wide - 2
    name, mark = f" {card.name} ", f" {card.mark} " if card.mark else flat
    filled = flat * (room - columns(name) - columns(mark))
    grid.text(top, left, f"{corners[0]}{name}{filled}{mark}{corners[1]}")
    for i in range(height - 2):
        text, number = card.rows[i] if i < len(card.rows) else ("", "")
        space = " " * (room - 2 - columns(text) - columns(number))
        grid.text(top + 1 + i, left, f"{side} {text}{space}{number} {side}")
    grid.text(top + height - 1, left, f"{corners[2]}{flat * room}{corners[3]}")
