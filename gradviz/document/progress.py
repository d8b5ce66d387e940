"""How much of each box and edge is done by any step, counted without going through all the steps before."""

from __future__ import annotations

from functools import cached_property

import numpy as np

from gradviz.timeline import Timeline
from gradviz.timeline.walk import NEVER
from gradviz.view import View

EVERY = 1 << 10  # how far apart counts are kept; what lies between is counted anew, in some 3 µs


class Counter:
    """How often each of the numbers 0 … size - 1 stands among the first k of a column; -1 is not counted.

    >>> Counter(np.array([1, 0, -1, 1]), size=2).first(3)
    array([1, 1])
    """

    def __init__(self, column: np.ndarray, size: int) -> None:
        self.size = size
        self._column = np.asarray(column + 1, dtype=np.int32)
        self._every = max(EVERY, 4 * size)  # so that what is kept stays smaller than the column
        self._kept = [np.zeros(size + 1, dtype=np.int64)]
        for start in range(0, len(column), self._every):
            self._kept.append(self._kept[-1] + self._count(start, start + self._every))

    def first(self, k: int) -> np.ndarray:
        """Count among the first ``k``."""
        if k >= len(self._column):
            return self._kept[-1][1:]
        row, rest = divmod(k, self._every)
        counts = self._kept[row]
        if rest:
            counts = counts + self._count(row * self._every, k)
        return np.asarray(counts[1:])

    def _count(self, start: int, stop: int) -> np.ndarray:
        return np.bincount(self._column[start:stop], minlength=self.size + 1)


class Progress:
    """Counts per box and per edge of a view."""

    def __init__(self, timeline: Timeline, view: View) -> None:
        self.timeline, self.view = timeline, view

    def prepare(self) -> None:
        """Count now what the first frame within the backward phase would need."""
        self.computed(0), self._gained, self._travelled

    def computed(self, k: int) -> np.ndarray:
        """Per box, how many of its values the first ``k`` steps compute."""
        return self._computed.first(k)

    def gains(self, carries: int, seeded: bool) -> np.ndarray:
        """Per box, how many steps brought a gradient, by so many carries and the seed."""
        counts = self._gained.first(carries) if carries else np.zeros(len(self.singles), dtype=np.int64)
        if seeded and self.timeline.has_backward:
            counts = counts.copy()
            counts[self.view.box_of[self.timeline.graph.root]] += 1
        return counts

    def gains_at(self, k: int) -> np.ndarray:
        """Per box, how many of the first ``k`` steps brought a gradient."""
        return self.gains(self.timeline.carries_done(k), k > self.timeline.phase_range("backward").start)

    def carried_at(self, k: int) -> np.ndarray:
        """Per view edge, how many cotangents have travelled on it after ``k`` steps."""
        return self.carried(self.timeline.carries_done(k))

    def carried(self, carries: int) -> np.ndarray:
        """Per view edge, how many cotangents have travelled on it."""
        return (
            self._travelled.first(carries)
            if carries
            else np.zeros(len(self.view.edge_columns.edges), dtype=np.int64)
        )

    def order(self, k: int) -> np.ndarray:
        """Per box, its place in the topological order after ``k`` steps; -1 if it has none or is folded."""
        start = self.timeline.phase_range("order").start
        if k <= start or not self.timeline.has_backward:
            return np.full(len(self.singles), -1, dtype=np.int32)
        left_at, position = self._left
        return np.where(left_at < k - start, position, np.int32(-1))

    @cached_property
    def _left(self) -> tuple[np.ndarray, np.ndarray]:
        """Per box, the event of the visit that leaves it, and its place; ``NEVER`` and -1 if it is folded."""
        walk, single = self.timeline.walk, self.singles >= 0
        left_at = np.where(single, walk.left_at[self.singles], NEVER)
        return left_at, np.where(single, walk.position[self.singles], np.int32(-1))

    @cached_property
    def singles(self) -> np.ndarray:
        """Per box, its node; -1 if it is folded."""
        one = np.diff(self.view.node_start) == 1
        return np.where(one, self.view.node_order[self.view.node_start[:-1]], -1)

    @cached_property
    def odd(self) -> np.ndarray:
        """Per box of a single value, whether its gradient does not follow from how many have arrived.

        Something was left in it from before the pass, or it has one that no step brings.
        """
        graph, node = self.timeline.graph, self.singles
        unexplained = graph.has_grad[node] & (self.gains_total == 0)
        return np.asarray((node >= 0) & (graph.had[node] | unexplained))

    @cached_property
    def gains_total(self) -> np.ndarray:
        """Per box, how many steps bring a gradient in all."""
        targets = self.timeline.graph.input[self.timeline.carrying]
        counts = np.bincount(self.view.box_of[targets], minlength=len(self.singles))
        if self.timeline.has_backward:
            counts[self.view.box_of[self.timeline.graph.root]] += 1
        return counts

    @cached_property
    def carried_total(self) -> np.ndarray:
        """Per view edge, how many cotangents travel on it in all."""
        edges = self.view.edge_of[self.timeline.carrying]
        return np.bincount(edges + 1, minlength=len(self.view.edge_columns.edges) + 1)[1:]

    @cached_property
    def _computed(self) -> Counter:
        return Counter(self.view.box_of, len(self.singles))

    @cached_property
    def _gained(self) -> Counter:
        """The boxes that receive, carry by carry."""
        return Counter(self.view.box_of[self.timeline.sums.targets], len(self.singles))

    @cached_property
    def _travelled(self) -> Counter:
        """The view edges travelled on, carry by carry; -1 inside a box."""
        return Counter(self.view.edge_of[self.timeline.sums.edges], len(self.view.edge_columns.edges))
