"""The laws a Graph keeps, checked: one sentence for each that is broken."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from gradviz.graph import Graph

SHOWN = 20  # broken laws listed before the rest are counted
ROUNDING = 1e-12  # relative; the additions may have been done in another order


def broken_laws(graph: Graph) -> list[str]:
    """Check shape and order of the graph, then that every gradient is the sum of what came back."""
    broken = _structure(graph)
    if not broken:
        broken = _conservation(graph)
    if len(broken) > SHOWN:
        broken = [*broken[:SHOWN], f"… and {len(broken) - SHOWN} more"]
    return broken


def _structure(graph: Graph) -> list[str]:
    n, m = len(graph), graph.edge_count
    start = graph.input_start
    if n == 0:
        return ["the graph has no nodes"]
    if start[0] != 0 or start[-1] != m or np.any(np.diff(start) < 0):
        return ["input_start is not a rising count that ends at the number of edges"]
    if not 0 <= graph.root < n:
        return [f"the root n{graph.root} is not a node: there are n0 to n{n - 1}"]
    broken = []
    for name, column, size in (
        ("op", graph.op, len(graph.op_names)),
        ("scope", graph.scope, len(graph.scopes)),
        ("source", graph.source, len(graph.spans)),
    ):
        for node in np.flatnonzero((column < 0) | (column >= size)).tolist():
            broken.append(f"n{node} names {name} {column[node]}, but there are {size}")
    for edge in np.flatnonzero((graph.input < 0) | (graph.input >= graph.consumer)).tolist():
        broken.append(
            f"n{graph.consumer[edge]} reads n{graph.input[edge]}, which was not made before it: "
            "the graph has a cycle or is out of order"
        )
    leaf = graph.kind != 3
    for node in np.flatnonzero(leaf & (np.diff(start) > 0)).tolist():
        broken.append(f"n{node} is a leaf, but has inputs")
    return broken


def _conservation(graph: Graph) -> list[str]:
    """grad = Σ cotangents over the outgoing edges + the seed at the root + what was there before."""
    broken = []
    for node in np.flatnonzero(graph.has_grad).tolist():
        if node == graph.root:
            continue
        edges = graph.consumers_of(node)
        parts = [graph.cotangent_of(int(e)) for e in edges[graph.has_cotangent[edges]]]
        if not parts:
            continue
        total, size = graph.prior_of(node), np.abs(graph.prior_of(node))
        for part in parts:
            if part is not None:
                total, size = total + part, size + np.abs(part)
        grad = graph.grad_of(node)
        assert grad is not None
        with np.errstate(invalid="ignore"):
            off = np.abs(grad - total) > ROUNDING * size
        if np.shape(grad) != np.shape(total) or np.any(off) or np.any(np.isnan(grad) != np.isnan(total)):
            broken.append(
                f"{graph.label(node)} (n{node}): its gradient is {grad}, but what came back adds up to {total}"
            )
    return broken
