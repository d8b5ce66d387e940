"""The laws a Graph keeps, checked: one sentence for each that is broken."""

from __future__ import annotations

from functools import reduce
from operator import add
from typing import TYPE_CHECKING

import numpy as np

from gradviz.graph.facts import KINDS, OP, Number
from gradviz.ops import OPS
from gradviz.summary import full_text_of

if TYPE_CHECKING:
    from gradviz.graph import Graph

SHOWN = 20  # broken laws listed before the rest are counted
ROUNDING = 1e-12  # relative to Σ|cotangent|; the additions may have been done in another order


def broken_laws(graph: Graph) -> list[str]:
    """Check shape and order of the graph, then that every gradient is the sum of what came back."""
    broken = _structure(graph) or _conservation(graph)
    if len(broken) > SHOWN:
        broken = [*broken[:SHOWN], f"… and {len(broken) - SHOWN:,} more"]
    return broken


def _structure(graph: Graph) -> list[str]:
    n, m, start = len(graph), graph.edge_count, graph.input_start
    if n == 0:
        return ["the graph has no nodes"]
    if start[0] != 0 or start[-1] != m or np.any(np.diff(start) < 0):
        return ["input_start is not a rising count that ends at the number of edges"]
    if not 0 <= graph.root < n:
        return [f"the root n{graph.root} is not a node: there are n0 to n{n - 1}"]
    broken = []
    for name, column, size in (
        ("op", graph.op, len(graph.op_names)),
        ("kind", graph.kind, len(KINDS)),
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
    for node in np.flatnonzero((graph.kind != OP) & (np.diff(start) > 0)).tolist():
        broken.append(f"n{node} is a leaf, but has inputs")
    return broken


def _conservation(graph: Graph) -> list[str]:
    """grad = what was there before + Σ cotangents over the outgoing edges; at the root the seed besides."""
    edges = np.flatnonzero(graph.has_cotangent)
    # as the engine adds: values made later first, and of one value the slots in order
    edges = edges[np.argsort(-graph.consumer[edges], kind="stable")]
    heard = np.bincount(graph.input[edges], minlength=len(graph)) > 0
    checked = graph.has_grad & heard & ~_unexplained(graph)
    checked[graph.root] = False
    arrays = np.zeros(len(graph), dtype=bool)
    arrays[[*graph.arrays["data"], *graph.arrays["grad"], *graph.arrays["prior"]]] = True
    with np.errstate(all="ignore"):
        total, size = _sums(graph, edges)
        off = ~_agree(graph.grad, total, size)
    wrong: dict[int, Number] = {int(i): float(total[i]) for i in np.flatnonzero(checked & ~arrays & off)}
    for node in np.flatnonzero(checked & arrays).tolist():
        wrong.update(_array_off(graph, node))
    return [
        f"{graph.label(node)} (n{node}): its gradient is {full_text_of(graph.grad_of(node))}, "
        f"but what came back adds up to {full_text_of(total)}"
        for node, total in sorted(wrong.items())
    ]


def _unexplained(graph: Graph) -> np.ndarray:
    """Nodes that are read by an op we do not know, so that not all that came back is known."""
    known = np.array([not name or name in OPS for name in graph.op_names], dtype=bool)
    consumer = graph.consumer
    silent = ~known[graph.op[consumer]] & graph.has_grad[consumer] & ~graph.has_cotangent
    return np.bincount(graph.input[silent], minlength=len(graph)) > 0


def _sums(graph: Graph, edges: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Per node prior + Σ cotangents, added one by one in the order of ``edges``; the same of absolutes."""
    cotangent, node = graph.cotangent[edges], graph.input[edges]
    total = np.bincount(node, weights=cotangent, minlength=len(graph))
    size = np.bincount(node, weights=np.abs(cotangent), minlength=len(graph))
    return graph.prior + total, np.abs(graph.prior) + size


def _agree(grad: Number, total: Number, size: Number) -> np.ndarray:
    close = np.isfinite(grad) & np.isfinite(total) & (np.abs(grad - total) <= ROUNDING * size)
    return close | np.equal(grad, total) | (np.isnan(grad) & np.isnan(total))


def _array_off(graph: Graph, node: int) -> dict[int, Number]:
    """The sum of what came back to an array, if its gradient is another."""
    edges = graph.consumers_of(node)
    edges = edges[np.argsort(-graph.consumer[edges], kind="stable")]
    found = [graph.cotangent_of(int(e)) for e in edges[graph.has_cotangent[edges]]]
    parts = [part for part in found if part is not None]
    grad, prior = graph.grad_of(node), graph.prior_of(node)
    if grad is None or len(parts) < len(found):
        return {}  # an array that was too large to keep
    with np.errstate(all="ignore"):
        total: Number = prior + reduce(add, parts)
        size = np.abs(prior) + sum(map(np.abs, parts))
        fits = np.shape(grad) == np.shape(total) and bool(np.all(_agree(grad, total, size)))
    return {} if fits else {node: total}
