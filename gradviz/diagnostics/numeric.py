"""Finite differences as independent evidence: they know no derivative rule."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from gradviz.errors import GradvizError
from gradviz.graph import CONST, Graph, Number
from gradviz.program import replay
from gradviz.program.interpreter import Interpreter

LEAVES = 64  # that are varied when nobody says which
STEPS = (1e-4, 1e-5, 1e-6)  # times max(1, |x|); of neighbours, the two that agree best are believed


def numeric_gradients(
    graph: Graph, seed: Number = 1.0, nodes: Sequence[int] | None = None
) -> dict[int, float]:
    """Central differences of the root times the seed, by leaf, with several steps.

    They are about the program that the graph shows, computed by the table's forward rules. Empty if an op is
    not in the table, or the root is no single number.
    """
    leaves = _leaves(graph) if nodes is None else list(nodes)
    if not leaves or graph.arrays["data"] or not isinstance(seed, float):
        return {}
    try:
        program = replay(_recomputed(graph))
        size = max(1.0, float(np.max(np.abs(graph.data[leaves]))))
        tried = [program.finite_differences(leaves, step=step * size) for step in STEPS]
    except (GradvizError, KeyError):
        return {}
    found = {}
    for leaf in leaves:
        slopes = np.array([float(one[leaf]) for one in tried])
        steps = np.abs(np.diff(slopes))
        if np.isfinite(steps).any():
            found[leaf] = seed * float(slopes[int(np.nanargmin(steps)) + 1])
    return found


def _leaves(graph: Graph) -> list[int]:
    leaf = (np.diff(graph.input_start) == 0) & (graph.kind != CONST)
    found: list[int] = np.flatnonzero(leaf)[:LEAVES].tolist()
    return found


def _recomputed(graph: Graph) -> Graph:
    """The graph with the data that the table's rules give: other engines differ in the last bit."""
    runner = Interpreter(graph, 1.0)
    runner.reset({})
    runner.forward()
    data, _ = runner.data_columns()
    return graph.replace(data=data)
