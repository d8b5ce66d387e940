"""Ways in which backward() walks the values, tried out: which usual wrong one gives these very numbers?

A correct one goes in reverse topological order and takes each value once. The wrong ones here are those that
are written when that is not known yet.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from itertools import product
from typing import NamedTuple

import numpy as np

from gradviz.diagnostics.balance import RELATIVE
from gradviz.diagnostics.case import Case

VALUES = 5_000  # in a pass, up to which walks are tried
RUNS = 50_000  # of rules in one walk; one without memory may take exponentially many

Inputs = list[list[int]]


class Walk(NamedTuple):
    """A way to walk: the check that speaks of it, what it does, and the order of the rules it runs."""

    check: str
    text: str
    order: Callable[[Inputs, int], Iterator[int]]


def _each_visit(inputs: Inputs, root: int) -> Iterator[int]:
    stack = [root]
    while stack:
        node = stack.pop()
        yield node
        stack.extend(reversed(inputs[node]))


def _first_visit(inputs: Inputs, root: int) -> Iterator[int]:
    stack, seen = [root], set[int]()
    while stack:
        node = stack.pop()
        if node not in seen:
            seen.add(node)
            yield node
            stack.extend(reversed(inputs[node]))


def _seen_when_pushed(inputs: Inputs, root: int) -> Iterator[int]:
    stack, seen = [root], {root}
    while stack:
        node = stack.pop()
        yield node
        new = [source for source in dict.fromkeys(inputs[node]) if source not in seen]
        seen.update(new)
        stack.extend(new)


def _levels(inputs: Inputs, root: int) -> Iterator[int]:
    queue, seen = deque([root]), {root}
    while queue:
        node = queue.popleft()
        yield node
        new = [source for source in dict.fromkeys(inputs[node]) if source not in seen]
        seen.update(new)
        queue.extend(new)


def _levels_again(inputs: Inputs, root: int) -> Iterator[int]:
    queue = deque([root])
    while queue:
        node = queue.popleft()
        yield node
        queue.extend(inputs[node])


def _post_order(inputs: Inputs, root: int, remember: bool) -> list[int]:
    order: list[int] = []
    seen: set[int] = set()
    stack: list[tuple[int, bool]] = [(root, False)]
    while stack and len(order) <= RUNS:
        node, done = stack.pop()
        if done:
            order.append(node)
        elif not (remember and node in seen):
            seen.add(node)
            stack.append((node, True))
            stack.extend((source, False) for source in reversed(inputs[node]))
    return order


WALKS = (
    Walk("visited-twice", "on every path anew, without remembering which values were done", _each_visit),
    Walk("visited-twice", "level by level, without remembering which values were done", _levels_again),
    Walk(
        "visited-twice", "a sorted list that holds values more than once",
        lambda inputs, root: reversed(_post_order(inputs, root, remember=False)),
    ),
    Walk("backward-order", "depth first, passing on at the first visit", _first_visit),
    Walk("backward-order", "with a stack, passing on at the first visit", _seen_when_pushed),
    Walk("backward-order", "breadth first, level by level", _levels),
    Walk(
        "backward-order", "from the leaves to the root: the sorted list is not reversed",
        lambda inputs, root: iter(_post_order(inputs, root, remember=True)),
    ),
)  # fmt: skip


def right_order(case: Case) -> list[int]:
    """A correct order: reverse topological."""
    order: list[int] = np.flatnonzero(case.books.reached)[::-1].tolist()
    return order


def walked_as(case: Case) -> list[tuple[Walk, list[int]]]:
    """The usual wrong walks that give the recorded gradients, and the order they run the rules in."""
    found: dict[str, tuple[Walk, list[int]]] = {}
    if len(case.graph) > VALUES or np.isnan(case.books.local[case.books.flows]).any():
        return []
    inputs = _inputs(case)
    for walk, (once, backwards) in product(WALKS, product((False, True), repeat=2)):
        rows = [list(dict.fromkeys(row)) if once else row for row in inputs]
        rows = [row[::-1] for row in rows] if backwards else rows
        order = _bounded(walk.order(rows, case.graph.root))
        if walk.text not in found and order and gives_recorded(case, order):
            found[walk.text] = walk, order
    return list(found.values())


def gives_recorded(case: Case, order: list[int], times: int = 1) -> bool:
    """Whether running the rules in this order, from empty gradients, gives what was recorded."""
    grad = np.array(simulated(case, order, times))
    judged = case.books.reached & (case.graph.kind != 0)
    judged[case.graph.root] = False
    with np.errstate(all="ignore"):
        scale = np.maximum(np.abs(grad), np.abs(case.grad))
        near = np.abs(grad - case.grad) <= RELATIVE * scale + case.balance.slack
    return bool(near[judged].all())


def simulated(case: Case, order: list[int], times: int = 1) -> list[float]:
    """The gradients that running the table's rules in this order gives; the root starts from its own."""
    graph, root = case.graph, case.graph.root
    start, inputs = graph.input_start.tolist(), graph.input.tolist()
    local = np.where(case.books.flows, case.books.local, 0.0).tolist()
    grad: list[float] = graph.prior.tolist()
    for _ in range(times):
        grad[root] = float(graph.grad[root])
        for node in order:
            g = grad[node]
            for edge in range(start[node], start[node + 1]):
                grad[inputs[edge]] += g * local[edge]
    return grad


def first_to_blame(case: Case, order: list[int], check: str) -> int:
    """The value nearest the root that was walked wrongly: more than once, or before one that reads it."""
    places: dict[int, list[int]] = {}
    for place, node in enumerate(order):
        places.setdefault(node, []).append(place)
    graph = case.graph
    for node in sorted(places, reverse=True):
        if graph.input_start[node] == graph.input_start[node + 1]:
            continue
        readers = [int(graph.consumer[edge]) for edge in case.edges_into(node)]
        early = any(max(places.get(reader, [-1])) > places[node][0] for reader in readers)
        if len(places[node]) > 1 if check == "visited-twice" else early:
            return node
    return graph.root


def _inputs(case: Case) -> Inputs:
    graph = case.graph
    start, flat = graph.input_start.tolist(), graph.input.tolist()
    return [flat[start[node] : start[node + 1]] for node in range(len(graph))]


def _bounded(order: Iterator[int]) -> list[int]:
    found = []
    for node in order:
        found.append(node)
        if len(found) > RUNS:
            return []
    return found
