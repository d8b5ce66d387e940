"""A Timeline tells a Graph as steps: forward, order, backward, update.

Nothing is recorded for it: graph and cotangents fix every partial sum. Steps are columns, so any step and any
frame is reached directly, never by replaying from the start. How many steps there are is counted; the
depth-first visit itself is made for the first step that needs it.

>>> from gradviz.graph import Graph
>>> square = Graph(op_names=["", "mul"], op=[0, 1], kind=[1, 3], input_start=[0, 0, 2], input=[0, 0],
...                data=[3, 9], grad=[6, 1], has_grad=[True, True])
>>> for step in Timeline(square).steps(6):
...     print(step.event, step.node, step.before, step.after)
seed 1 None 1.0
carry 0 None 3.0
carry 0 3.0 6.0
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator
from functools import cached_property
from itertools import accumulate, pairwise
from threading import RLock

import numpy as np

from gradviz.errors import NotFoundError
from gradviz.graph import Graph, Number, Update
from gradviz.graph.reach import reached
from gradviz.timeline.frame import Frame
from gradviz.timeline.partialsums import PartialSums
from gradviz.timeline.step import PHASES, Step
from gradviz.timeline.walk import Walk

__all__ = ["PHASES", "Step", "Timeline"]


class Timeline:
    """The steps of one Graph.

    * forward: one "compute" per node, in the order they were made.
    * order: the depth-first visit from the root; ``order`` lists the nodes as they are left.
    * backward: "seed", then for each node of the reversed order one "carry" per edge with a cotangent. The
      last carry to a node leaves exactly ``graph.grad``, whatever order the engine added in.
    * update: one "update" per parameter that changed after the pass.

    Without a backward pass the phases order and backward are empty.

    Args:
        graph: the graph.
        like: a timeline of a graph with the same edges, whose visit is the same.
    """

    def __init__(self, graph: Graph, like: Timeline | None = None) -> None:
        self.graph, self._like = graph, like
        self.has_backward = len(graph) > 0 and bool(graph.has_grad[graph.root])
        self._ends: dict[int, Frame] = {}
        self._making = RLock()
        self._walk: Walk | None = None
        self._sums: PartialSums | None = None

    def __len__(self) -> int:
        return self._starts[-1]

    def __iter__(self) -> Iterator[Step]:
        return (self[k] for k in range(len(self)))

    def __getitem__(self, k: int) -> Step:
        """Give step ``k``; negative numbers count from the end.

        Raises:
            NotFoundError: there is no such step.
        """
        starts = self._starts
        total = starts[-1]
        if not -total <= k < total:
            raise NotFoundError(f"There is no step {k}.", self._extent("steps", total - 1))
        k %= total
        phase = bisect_right(starts, k) - 1
        return (self._compute, self._visit, self._travel, self._update)[phase](k, k - starts[phase])

    def steps(self, start: int = 0, stop: int | None = None) -> list[Step]:
        """Give the steps from ``start`` up to ``stop``, cut off at the end as a slice is."""
        return [self[k] for k in range(*slice(start, stop).indices(len(self)))]

    def phase_range(self, name: str) -> range:
        """The steps of one phase; empty when the pass has none.

        Raises:
            NotFoundError: there is no such phase.
        """
        if name not in self._ranges:
            raise NotFoundError(f"There is no phase {name!r}.", f"The phases are {', '.join(PHASES)}.")
        return self._ranges[name]

    @cached_property
    def order(self) -> list[int]:
        """The nodes in topological order, as the visit leaves them; backward runs through it from the end."""
        order: list[int] = self.walk.order.tolist()
        return order

    def stack(self, k: int, limit: int | None = None) -> list[int]:
        """The depth-first stack at step ``k`` of the order phase: the root first, the node of that step last.

        Args:
            k: a step of the order phase; at any other step the stack is empty.
            limit: give only so many of the innermost.
        """
        order = self.phase_range("order")
        return self.walk.stack(k - order.start, limit) if k in order else []

    def steps_of(self, node: int) -> dict[str, int | None | list[int]]:
        """The steps at which something happens to ``node``: compute, enter, leave, grad (a list), update."""
        node, order, backward = self.graph.find(node), self.phase_range("order"), self.phase_range("backward")
        grad = [backward.start] if backward and node == self.graph.root else []
        if backward:
            grad += (self.sums.carries_to(node) + backward.start + 1).tolist()
        visited = bool(order) and bool(self._reached[node])
        updated = self._update_index.get(node)
        return {
            "compute": node,
            "enter": order.start + int(self.walk.entered_at[node]) if visited else None,
            "leave": order.start + int(self.walk.left_at[node]) if visited else None,
            "grad": grad,
            "update": None if updated is None else self.phase_range("update").start + updated,
        }

    def frame(self, k: int) -> Frame:
        """The state after the steps 0 to k − 1: nothing at 0, everything at ``len``.

        Raises:
            NotFoundError: ``k`` is outside 0 … len.
        """
        if not 0 <= k <= len(self):
            raise NotFoundError(f"There is no frame {k}.", self._extent("frames", len(self)))
        if k in (0, len(self)):  # asked for again and again
            return self._ends.setdefault(k, Frame(self, k))
        return Frame(self, k)

    def grad_at(self, node: int, k: int) -> Number | None:
        """The gradient of ``node`` after the first ``k`` steps; None if there is none yet."""
        backward = self.phase_range("backward")
        if k > backward.start and backward and node == self.graph.root:
            return self.graph.grad_of(node)
        if k >= backward.stop and (final := self.graph.grad_of(node)) is not None:
            return final
        if k <= backward.start or not self.receives[node]:
            return self.graph.left_over(node)
        return self.sums.sum_after(node, self.carries_done(k))

    def update_of(self, node: int) -> Update:
        """The update of ``node``.

        Raises:
            NotFoundError: the update did not change it.
        """
        if node not in self._update_index:
            raise NotFoundError(f"{self.graph.label(node)} was not updated after this pass.")
        return self.graph.updates[self._update_index[node]]

    def is_updated(self, node: int, k: int) -> bool:
        """Whether the update has reached ``node`` within the first ``k`` steps."""
        at = self._update_index.get(node)
        return at is not None and self.phase_range("update").start + at < k

    @cached_property
    def carrying(self) -> np.ndarray:
        """Per edge, whether a step of the backward phase carries a cotangent along it."""
        if not self.has_backward:
            return np.zeros(self.graph.edge_count, dtype=bool)
        if self._reached.all():
            return self.graph.has_cotangent
        return np.asarray(self.graph.has_cotangent & self._reached[self.graph.consumer])

    @cached_property
    def receives(self) -> np.ndarray:
        """Per node, whether a step of the backward phase carries something to it."""
        return np.bincount(self.graph.input[self.carrying], minlength=len(self.graph)) > 0

    @property
    def sums(self) -> PartialSums:
        """The carries of the backward phase and their partial sums."""
        if self._sums is None:
            with self._making:  # one thread makes them, others wait for it
                if self._sums is None:
                    like = self._like.sums if self._like else None
                    self._sums = PartialSums(self.graph, self.walk.order, self.carrying, like)
        return self._sums

    @property
    def walk(self) -> Walk:
        """The depth-first visit."""
        if self._walk is None:
            with self._making:
                if self._walk is None:
                    self._walk = self._like.walk if self._like else Walk(self.graph)
        return self._walk

    @cached_property
    def _update_index(self) -> dict[int, int]:
        return {update.node: i for i, update in enumerate(self.graph.updates)}

    @cached_property
    def _starts(self) -> tuple[int, ...]:
        """The first step of each phase, and the end."""
        visits, carries = (2 * int(self._reached.sum()), 1 + self._carries) if self.has_backward else (0, 0)
        return (0, *accumulate((len(self.graph), visits, carries, len(self.graph.updates))))

    @cached_property
    def _ranges(self) -> dict[str, range]:
        return {name: range(*ends) for name, ends in zip(PHASES, pairwise(self._starts), strict=True)}

    def carries_done(self, k: int) -> int:
        """How many carries are among the first ``k`` steps."""
        return min(max(0, k - self.phase_range("backward").start - 1), self._carries)

    @cached_property
    def _reached(self) -> np.ndarray:
        """Per node, whether the depth-first visit comes to it."""
        return self._like._reached if self._like else reached(self.graph)

    @cached_property
    def _carries(self) -> int:
        return int(np.count_nonzero(self.carrying))

    def _compute(self, k: int, node: int) -> Step:
        return Step(k, "forward", "compute", node, None, None, self.graph.data_of(node))

    def _visit(self, k: int, at: int) -> Step:
        node = int(self.walk.node[at])
        if not self.walk.enters[at]:
            return Step(k, "order", "leave", node, None, None, int(self.walk.position[node]))
        edge = int(self.walk.entered_by[node])
        return Step(k, "order", "enter", node, edge if edge >= 0 else None, None, None)

    def _travel(self, k: int, at: int) -> Step:
        if at == 0:
            root, graph = self.graph.root, self.graph
            return Step(k, "backward", "seed", root, None, graph.left_over(root), graph.grad_of(root))
        sums = self.sums
        node, edge = int(sums.targets[at - 1]), int(sums.edges[at - 1])
        before, after = sums.sum_after(node, at - 1), sums.sum_after(node, at)
        return Step(k, "backward", "carry", node, edge, before, after)

    def _update(self, k: int, at: int) -> Step:
        update = self.graph.updates[at]
        return Step(k, "update", "update", update.node, None, update.before, update.after)

    def _extent(self, what: str, last: int) -> str:
        return f"This pass has {what} 0 to {last}." if last >= 0 else "This pass is empty."
