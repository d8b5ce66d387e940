"""The depth-first visit that puts a graph in topological order, without recursion."""

from __future__ import annotations

import numpy as np

from gradviz.graph import Graph

NEVER = np.iinfo(np.int32).max


class Walk:
    """The visit from the root over inputs in slot order: a node is entered once, left after its inputs.

    Attributes:
        node: per event, the node entered or left.
        enters: per event, True for "enter" and False for "leave".
        entered_by: per node, the edge by which the visit came; -1 for the root and where it never came.
        above: per node, the one that reads it by that edge; -1 likewise.
        order: the nodes as they are left: a topological order.
        position: per node, its place in ``order``, or -1.
        entered_at, left_at: per node, the events that enter and leave it, or ``NEVER``.
    """

    def __init__(self, graph: Graph) -> None:
        n = len(graph)
        events = np.array(_visit(graph) if n else [], dtype=np.int64)
        self.enters = events >= 0
        edges = events[self.enters]
        entered, left = np.append(graph.input, graph.root)[edges], ~events[~self.enters]
        self.node = np.empty(len(events), dtype=np.int32)
        self.node[self.enters], self.node[~self.enters] = entered, left
        self.entered_by = np.full(n, -1, dtype=np.int32)
        self.entered_by[entered[1:]] = edges[1:]
        self.above = np.full(n, -1, dtype=np.int32)
        self.above[entered[1:]] = graph.consumer[edges[1:]]
        self.order = left.astype(np.int32)
        self.position = _places(left, np.arange(len(left)), n, -1)
        self.entered_at = _places(entered, np.flatnonzero(self.enters), n, NEVER)
        self.left_at = _places(left, np.flatnonzero(~self.enters), n, NEVER)

    def __len__(self) -> int:
        return len(self.node)

    def stack(self, event: int, limit: int | None = None) -> list[int]:
        """The nodes that are open at an event, the root first; only the innermost ``limit``."""
        node, above, chain = int(self.node[event]), self.above.item, list[int]()
        while node >= 0 and len(chain) != limit:
            chain.append(node)
            node = above(node)
        return chain[::-1]


def _visit(graph: Graph) -> list[int]:
    """The events: the edge by which a node is entered, ~node where it is left.

    Plain lists and one flat loop: a million nodes take about a second. The stack holds what is still to do:
    edges to look along, and ~node below the edges of a node that is open.
    """
    start, inputs = graph.input_start.tolist(), graph.input.tolist()
    inputs.append(graph.root)  # the end of an edge of its own, by which the root is entered
    seen = bytearray(len(graph))
    events: list[int] = []
    stack = [len(inputs) - 1]
    happen, push, pop = events.append, stack.append, stack.pop
    while stack:
        edge = pop()
        if edge < 0:
            happen(edge)
            continue
        node = inputs[edge]
        while not seen[node]:  # and on along first inputs, which need not be pushed
            seen[node] = 1
            happen(edge)
            first, edge = start[node], start[node + 1] - 1
            if edge < first:
                happen(~node)
                break
            push(~node)
            while edge > first:
                push(edge)
                edge -= 1
            node = inputs[edge]
    return events


def _places(nodes: np.ndarray, values: np.ndarray, n: int, absent: int) -> np.ndarray:
    """A column over nodes with ``values`` at some."""
    column = np.full(n, absent, dtype=np.int32)
    column[nodes] = values
    return column
