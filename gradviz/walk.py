"""The depth-first visit that puts a graph in topological order, without recursion."""

from __future__ import annotations

import numpy as np

from gradviz.graph import Graph

NEVER = np.iinfo(np.int64).max


class Walk:
    """The visit from the root over inputs in slot order: a node is entered once, left after its inputs.

    Attributes:
        node: per event, the node entered or left.
        enters: per event, True for "enter" and False for "leave".
        entered_by: per node, the edge by which the visit came; -1 for the root and where it never came.
        order: the nodes as they are left: a topological order.
        position: per node, its place in ``order``, or -1.
        left_at: per node, the event that leaves it, or ``NEVER``.
    """

    def __init__(self, graph: Graph) -> None:
        n = len(graph)
        entered_by = [-1] * n
        events: list[int] = []
        if n:
            _visit(graph.root, graph.input_start.tolist(), graph.input.tolist(), entered_by, events)
        column = np.array(events, dtype=np.int64)
        self.enters = column >= 0
        self.node = np.where(self.enters, column, ~column)
        self.entered_by = np.array(entered_by, dtype=np.int64)
        self.order = self.node[~self.enters]
        self.position = np.full(n, -1, dtype=np.int32)
        self.position[self.order] = np.arange(len(self.order))
        self.left_at = np.full(n, NEVER)
        self.left_at[self.order] = np.flatnonzero(~self.enters)

    def __len__(self) -> int:
        return len(self.node)


def _visit(root: int, start: list[int], inputs: list[int], entered_by: list[int], events: list[int]) -> None:
    """Fill ``entered_by``, and ``events`` with the node where it is entered and ~node where it is left.

    Plain lists and one flat loop: a million nodes take about a second.
    """
    seen = bytearray(len(entered_by))
    resume = start[:-1]  # per node, the edge to look at next
    seen[root] = 1
    events.append(root)
    stack = [root]
    while stack:
        node = stack[-1]
        for edge in range(resume[node], start[node + 1]):
            below = inputs[edge]
            if seen[below]:
                continue
            seen[below] = 1
            entered_by[below] = edge
            events.append(below)
            if start[below] == start[below + 1]:  # a leaf: entered and left at once
                events.append(~below)
                continue
            resume[node] = edge + 1
            stack.append(below)
            break
        else:
            events.append(~stack.pop())
