"""Gradients that were set by hand: each that is wrong, with the number and the rule."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from gradviz.diagnostics.case import Case, Cause
from gradviz.diagnostics.reference import verify
from gradviz.diagnostics.wording import grad_of, sum_text
from gradviz.explain.phrasing import called
from gradviz.graph import Graph
from gradviz.numbers import short

SHOWN = 20  # in one pass


def is_manual(graph: Graph) -> bool:
    """Whether gradients were set by hand, and no backward() was seen."""
    return bool(graph.meta.get("manual"))


def by_hand(case: Case) -> Iterator[Cause]:
    """One cause for each gradient that does not follow from those above it."""
    graph, expected = case.graph, None
    shown = 0
    for node in np.flatnonzero(graph.has_grad & case.books.reached)[::-1].tolist():
        if node == graph.root or shown >= SHOWN or np.isnan(case.balance.total[node]):
            continue
        above = [int(graph.consumer[edge]) for edge in graph.consumers_of(node) if case.books.flows[edge]]
        if all(graph.has_grad[reader] for reader in above):
            right, rule = float(case.balance.total[node]), sum_text(case, node)
            wrong = bool(case.balance.broken[node])
        else:
            expected = expected or verify(graph)
            right, rule = float(expected.expected[node]), expected.rule(node).partition(" = ")[2]
            wrong = abs(right - float(case.grad[node])) > 1e-6 * abs(right) + 1e-12
        if wrong:
            shown += 1
            name = grad_of(graph, node)
            yield Cause(
                "hand-gradient",
                node,
                f"{name} is set to {short(float(case.grad[node]))}, but it is {short(right)}.",
                f"By the chain rule {name} = {rule}.",
                f"Set {name} = {short(right)}: for each reader, its grad × its local derivative.",
                [node],
                place=called(graph, node),
                at=node,
            )
