"""How deep a picture may be: beyond that, runs of operations are folded.

A graph is drawn in layers, and a layer takes some 170 px: what is much deeper than a screen is wide is one
long row, of which nobody sees more than a few boxes. So a first look folds runs of values (``runs``), only
those on too long a path, the longest first, and never the root, or a leaf that is more than a number in an
expression (``shallow``). Scopes stay closed (``opening``) or are gathered (``gathering``). What somebody
opens stays open.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from copy import copy

ROW = 16  # boxes on a path from which straight runs fold, which hides no branching: some 2,700 px
LONG_ROW = 24  # and from which loops fold and scopes stay closed; an RNN unrolled five times is 23 deep
RUN = 4  # operations of a run; folding fewer hides more than it saves

Pairs = Collection[tuple[int, int]]


def paths_through(count: int, edges: Pairs) -> tuple[list[int], int]:
    """Per box, how many boxes the longest path through it has; and how many boxes are on or behind cycles.

    Of a cycle, those edges count that lead from a lower number to a higher.
    """
    leads_to: list[list[int]] = [[] for _ in range(count)]
    waiting = [0] * count
    for source, target in edges:
        leads_to[source].append(target)
        waiting[target] += 1
    order = [box for box in range(count) if not waiting[box]]
    for box in order:  # grows
        for target in leads_to[box]:
            waiting[target] -= 1
            if not waiting[target]:
                order.append(target)
    left = [box for box in range(count) if waiting[box]]
    order += left
    place = [0] * count
    for at, box in enumerate(order):
        place[box] = at
    before, after = [1] * count, [1] * count
    for box in order:
        for target in leads_to[box]:
            if place[target] > place[box]:
                before[target] = max(before[target], before[box] + 1)
    for box in reversed(order):
        for target in leads_to[box]:
            if place[target] > place[box]:
                after[box] = max(after[box], after[target] + 1)
    return [a + b - 1 for a, b in zip(before, after, strict=True)], len(left)


class Contraction:
    """Boxes of which some are drawn as one.

    Args:
        count: how many boxes there are.
        edges: pairs of them.

    Attributes:
        through: per box, how many boxes the longest path through it has by now.
    """

    def __init__(self, count: int, edges: Pairs) -> None:
        self._to, self._edges = list(range(count)), edges
        self.through, self._cyclic = paths_through(count, edges)

    @property
    def depth(self) -> int:
        """The boxes on the longest path."""
        return max(self.through, default=0)

    def copy(self) -> Contraction:
        """The same boxes, to try something."""
        return copy(self)  # nothing is changed in place

    def join(self, boxes: Sequence[int]) -> bool:
        """Draw some boxes as one, unless that would close a cycle."""
        kept, inside = self._to[boxes[0]], {self._to[box] for box in boxes}
        to = [kept if box in inside else box for box in self._to]
        edges = {(to[a], to[b]) for a, b in self._edges if to[a] != to[b]}
        through, cyclic = paths_through(len(to), edges)
        if cyclic > self._cyclic:
            return False
        self._to, self._cyclic = to, cyclic
        self.through = [through[box] for box in to]
        return True

    def fold(self, runs: Sequence[Sequence[int]], most: int) -> list[int]:
        """Join those of these runs that lie on paths of more than ``most`` boxes, in their order.

        Gives which they are. It ends as soon as no path is that long.
        """
        found = []
        for i, run in enumerate(runs):
            if self.depth <= most:
                break
            if max(self.through[box] for box in run) > most and self.join(run):
                found.append(i)
        return found
