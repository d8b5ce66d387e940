"""The backward pass edge by edge: which cotangents are carried, and the partial sums they leave behind."""

from __future__ import annotations

import numpy as np

from gradviz.graph import Graph, Number
from gradviz.grouping import grouped, ranges

FEW = 16  # fan-out up to which the sums of all nodes are advanced together, one addition at a time


class PartialSums:
    """The carries of one backward pass in the order they happen, and the running sums they leave.

    The last partial sum of a node is the graph's own ``grad``: the engine adds in reverse order of creation,
    the depth-first order may add in another, and the two can differ in the last bit.

    Args:
        graph: the graph.
        order: its nodes in topological order; nothing is carried from others.
        carrying: per edge, whether anything is carried along it.
        like: those of a graph with the same edges; what is the same is shared.

    Attributes:
        edges: the graph edges that carry, in order.
        targets: per carry, the node that receives.
        after: per carry, the sum at that node once it has received; NaN where it is an array.
    """

    edges: np.ndarray
    targets: np.ndarray
    _by_target: np.ndarray  # carries by the node that receives
    _start: np.ndarray  # where each node starts in them, and the end

    def __init__(
        self, graph: Graph, order: np.ndarray, carrying: np.ndarray, like: PartialSums | None = None
    ) -> None:
        self.graph, self._carrying = graph, carrying
        if like is not None and np.array_equal(carrying, like._carrying):
            self.edges, self.targets = like.edges, like.targets
            self._by_target, self._start = like._by_target, like._start
        else:
            order = order[::-1]
            edges = ranges(graph.input_start[order], graph.input_start[order + 1]).astype(np.int32)
            self.edges = edges[carrying[edges]]
            self.targets = graph.input[self.edges].astype(np.int32)
            self._by_target, self._start = grouped(self.targets, len(graph))
        self.after = self._running_sums()

    def __len__(self) -> int:
        return len(self.edges)

    def carries_to(self, node: int) -> np.ndarray:
        """The carries that ``node`` receives, in order."""
        return self._by_target[self._start[node] : self._start[node + 1]]

    def is_first(self, carry: int) -> bool:
        """Whether it is the first that its target receives."""
        return bool(self.carries_to(int(self.targets[carry]))[0] == carry)

    def sum_after(self, node: int, carries: int) -> Number | None:
        """The gradient of ``node`` once that many carries of the pass are done; None if it has none."""
        mine = self.carries_to(node)
        done = int(mine.searchsorted(carries))
        if not done:
            return self.graph.left_over(node)
        if not self._is_array(node):
            return float(self.after[mine[done - 1]])
        final = self.graph.grad_of(node)
        if done == len(mine) and final is not None:
            return final
        parts = [self.graph.cotangent_of(int(e)) for e in self.edges[mine[:done]]]
        with np.errstate(all="ignore"):
            return np.asarray(sum((p for p in parts if p is not None), self.graph.prior_of(node)))

    def _is_array(self, node: int) -> bool:
        arrays = self.graph.arrays
        return node in arrays["data"] or node in arrays["grad"]

    def _running_sums(self) -> np.ndarray:
        """Prior + first cotangent, + second, …: one by one, so that each sum is what a program would hold."""
        graph, start = self.graph, self._start[:-1]
        counts = np.diff(self._start)
        part = graph.cotangent[self.edges][self._by_target]
        sums = np.empty(len(part))
        with np.errstate(all="ignore"):
            few = np.flatnonzero((counts > 0) & (counts <= FEW))
            for rank in range(FEW):
                few = few[counts[few] > rank]
                at = start[few] + rank
                sums[at] = (sums[at - 1] if rank else graph.prior[few]) + part[at]
            for node in np.flatnonzero(counts > FEW):
                here = slice(start[node], start[node] + counts[node])
                sums[here] = np.add.accumulate(np.concatenate(([graph.prior[node]], part[here])))[1:]
        ends = np.flatnonzero((counts > 0) & graph.has_grad)
        sums[start[ends] + counts[ends] - 1] = graph.grad[ends]
        after = np.empty_like(sums)
        after[self._by_target] = sums
        return after
