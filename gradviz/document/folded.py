"""A folded box in full: two distributions, its ops, its first values."""

from __future__ import annotations

from typing import Any

import numpy as np

from gradviz.document.details import plain
from gradviz.document.scene import Scene
from gradviz.graph import KINDS, OP, Graph
from gradviz.view.naming import symbol_of

BINS = 24
PERCENTILES = (5, 25, 50, 75, 95)
LISTED = 100  # values in one answer
ELEMENTS = 1 << 20  # of arrays that a distribution is made of


def box_document(scene: Scene, key: str) -> dict[str, Any]:
    """Give what is inside the box with this key, after the whole pass."""
    box, graph = scene.view.find(key), scene.graph
    grads = np.abs(_elements(graph, "grad", graph.grad, box.nodes[graph.has_grad[box.nodes]]))
    finite = grads[np.isfinite(grads)]
    share = float(np.mean(grads == 0)) if grads.size else None
    nodes = box.nodes[:LISTED].tolist()
    return {
        "key": box.key,
        "title": box.title,
        "subtitle": box.subtitle,
        "scope": box.scope,
        "count": box.count,
        "data": _distribution(_elements(graph, "data", graph.data, box.nodes)),
        "grad": {**_distribution(grads, logarithmic=bool((finite > 0).any())), "zero_share": share},
        "ops": _ops(graph, box.nodes),
        "nodes": [
            {
                "node": node,
                "name": scene.shown.label(node),
                "data": plain(graph.data_of(node)),
                "grad": plain(graph.grad_of(node)),
            }
            for node in nodes
        ],
        "more": box.count - len(nodes),
    }


def _elements(graph: Graph, name: str, column: np.ndarray, nodes: np.ndarray) -> np.ndarray:
    """The numbers of a column at some nodes, arrays spread out, up to a bound."""
    arrays = graph.arrays[name]
    if not arrays:
        return np.asarray(column[nodes])
    parts, room = [column[[node for node in nodes.tolist() if node not in arrays]]], ELEMENTS
    for node in nodes.tolist():
        array = arrays.get(node)  # None also if it was too large to be kept
        if array is not None and room > 0:
            parts.append(array.ravel()[:room])
            room -= parts[-1].size
    return np.concatenate(parts)


def _distribution(values: np.ndarray, logarithmic: bool = False) -> dict[str, Any]:
    """Range, mean, percentiles and histogram of the finite values; gradients in logarithmic bins."""
    finite = values[np.isfinite(values)]
    out: dict[str, Any] = {"size": values.size, "nonfinite": values.size - finite.size}
    out["zeros"] = int(np.count_nonzero(values == 0))
    if not finite.size:
        return {**out, "min": None, "max": None, "mean": None, "percentiles": None, "histogram": None}
    low, high = float(finite.min()), float(finite.max())
    with np.errstate(over="ignore"):
        out |= {"min": low, "max": high, "mean": float(finite.mean())}
    cuts = np.percentile(finite, PERCENTILES, method="nearest").tolist()  # values that are there: no overflow
    out["percentiles"] = [[percent, cut] for percent, cut in zip(PERCENTILES, cuts, strict=True)]
    if logarithmic:
        sizes = np.log10(finite[finite > 0])
        counts, edges = np.histogram(sizes, bins=BINS, range=_widened(float(sizes.min()), float(sizes.max())))
        edges = 10.0**edges
    elif np.isfinite(high - low):
        counts, edges = np.histogram(finite, bins=BINS, range=_widened(low, high))
    else:
        return {**out, "histogram": None}  # wider than the numbers reach
    return {**out, "histogram": [[float(f"{edge:.6g}") for edge in edges.tolist()], counts.tolist()]}


def _widened(low: float, high: float) -> tuple[float, float]:
    """A range that is wide enough to be cut into bins."""
    margin = max(abs(low), abs(high), 1.0) / 2
    if high - low > 1e-9 * margin:
        return low, high
    largest = float(np.finfo(np.float64).max)
    return max(low - margin, -largest), min(high + margin, largest)


def _ops(graph: Graph, nodes: np.ndarray) -> list[tuple[str, int]]:
    """The ops inside with their numbers, the most frequent first; then the kinds of leaves."""
    ops = len(graph.op_names)
    code = np.where(graph.kind[nodes] == OP, graph.op[nodes], ops + graph.kind[nodes])
    codes, first, counts = np.unique(code, return_index=True, return_counts=True)
    rows = sorted(zip(codes >= ops, -counts, first, strict=True))
    names = [KINDS[graph.kind[nodes[f]]] if leaf else symbol_of(graph, int(nodes[f])) for leaf, _, f in rows]
    return [(name, int(-count)) for name, (_, count, _) in zip(names, rows, strict=True)]
