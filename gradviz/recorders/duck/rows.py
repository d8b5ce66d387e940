"""Who reads what, and an order that puts inputs first. Never recursive."""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property

import numpy as np

from gradviz.errors import GraphError

IN_A_CYCLE = 6  # labels that a message lists


class Rows:
    """The inputs of every node in compressed rows, as a Graph has them."""

    def __init__(self, start: np.ndarray, inputs: np.ndarray) -> None:
        self.start, self.inputs = start, inputs

    def __len__(self) -> int:
        return len(self.start) - 1

    def __getitem__(self, k: int) -> list[int]:
        row: list[int] = self.inputs[self.start[k] : self.start[k + 1]].tolist()
        return row

    @cached_property
    def consumer(self) -> np.ndarray:
        """Per edge, the node that reads."""
        return np.repeat(np.arange(len(self)), np.diff(self.start))

    def of(self, nodes: np.ndarray, width: int) -> np.ndarray:
        """The rows of nodes that have equally many inputs, as a matrix."""
        matrix: np.ndarray = self.inputs[self.start[nodes][:, None] + np.arange(width)]
        return matrix


def topological(rows: Rows, called: Callable[[int], str]) -> np.ndarray:
    """Depth first from object 0, inputs in the order of their row: the order in which all are complete.

    Raises:
        GraphError: there is a cycle; the message names it.
    """
    start, inputs = rows.start.tolist(), rows.inputs.tolist()
    order: list[int] = []
    at, end = start[:-1], start[1:]  # the next input to visit
    state = bytearray(len(end))  # 1: on the path, 2: has its place
    path = [0]
    while path:
        node = path[-1]
        state[node] = 1
        while at[node] < end[node] and state[inputs[at[node]]] == 2:
            at[node] += 1
        if at[node] == end[node]:
            state[node] = 2
            order.append(path.pop())
            continue
        below = inputs[at[node]]
        if state[below] == 1:
            raise GraphError(_cycle(path[path.index(below) :], called), "Inputs must be made before results.")
        path.append(below)
    return np.array(order)


def _cycle(path: list[int], called: Callable[[int], str]) -> str:
    names = [called(k) for k in path[:IN_A_CYCLE]]
    more = [f"… {len(path) - IN_A_CYCLE:,} more"] if len(path) > IN_A_CYCLE else []
    return f"The inputs form a cycle: {' reads '.join([*names, *more, called(path[0])])}."
