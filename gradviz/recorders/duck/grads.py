"""Which gradients somebody computed: engines start all of them at 0, and 0 is a gradient too."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from gradviz.graph import CONST, Graph
from gradviz.graph.columns import EdgeColumns

EXACT = 1e-12  # relative to Σ|cotangent|: a sum that is 0 but for rounding


def computed(graph: Graph, edges: EdgeColumns, written: Iterable[int], trusted: bool) -> np.ndarray:
    """Per node, whether its gradient was computed.

    A gradient of exactly 0 counts if 0 is what the chain rule gives, and all consumers have theirs; what a
    backward rule was seen to write counts in any case.

    Args:
        graph: with ``has_grad`` where an object holds a number.
        edges: the cotangents that the op table gives, as far as it knows.
        written: the nodes that a backward rule was seen to write to.
        trusted: whether 0 counts where an unknown op may have sent it.
    """
    has: np.ndarray = graph.has_grad & (graph.kind != CONST)
    zero = has & (graph.grad == 0)
    zero[list(graph.arrays["grad"])] = False
    for node, grad in graph.arrays["grad"].items():
        zero[node] = grad is not None and not np.any(grad)
    zero[list(written)] = False
    if not zero.any():
        return has
    missing = ~has & (graph.kind != CONST) | zero & _expected(graph, edges, trusted)
    missing[graph.root] |= zero[graph.root]
    waiting = np.flatnonzero(missing).tolist()
    start, inputs = graph.input_start.tolist(), graph.input
    while waiting:
        node = waiting.pop()
        for below in inputs[start[node] : start[node + 1]].tolist():
            if zero[below] and not missing[below]:
                missing[below] = True
                waiting.append(below)
    has &= ~missing
    return has


def _expected(graph: Graph, edges: EdgeColumns, trusted: bool) -> np.ndarray:
    """Nodes to which the chain rule sends something else than 0."""
    n, consumer = len(graph), graph.consumer
    arriving = edges.has_cotangent & np.isfinite(edges.cotangent)
    sent = np.where(arriving, edges.cotangent, 0.0)
    total = np.bincount(graph.input, weights=sent, minlength=n)
    size = np.bincount(graph.input, weights=np.abs(sent), minlength=n)
    expected: np.ndarray = np.abs(total) > EXACT * size
    flows = np.nan_to_num(graph.grad, nan=1.0) != 0
    odd = edges.has_cotangent & ~np.isfinite(edges.cotangent)  # NaN, infinite, or an array
    odd[list(edges.cotangent_arrays)] = False
    for edge, array in edges.cotangent_arrays.items():
        odd[edge] = array is not None and bool(np.any(array))
    if not trusted:
        unknown = ~edges.has_local & graph.has_grad[consumer] & flows[consumer] & ~edges.has_cotangent
        odd |= unknown & (graph.kind[graph.input] != CONST)
    expected[graph.input[odd]] = True
    return expected
