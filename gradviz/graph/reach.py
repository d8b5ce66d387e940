"""Which edges can carry a gradient, and which nodes the root depends on: structure, not numbers."""

from __future__ import annotations

import numpy as np

from gradviz.graph.columns import Columns
from gradviz.graph.facts import CONST
from gradviz.ops import OPS


def carrying(graph: Columns) -> np.ndarray:
    """Per edge, whether a gradient at its consumer would flow on: not to constants, nor to conditions."""
    carries = np.asarray(graph.kind[graph.input] != CONST)
    for code, name in enumerate(graph.op_names):
        op = OPS.get(name)
        for slot, partial in enumerate((op and op.partials) or ()):
            if partial is None:
                carries[graph.input_start[:-1][graph.op == code] + slot] = False
    return carries


def reached(graph: Columns, along: np.ndarray | None = None) -> np.ndarray:
    """Per node, whether the root depends on it.

    That is all but what nobody reads, and what only that reads.

    Args:
        graph: the graph.
        along: per edge, whether it counts; all do if not given.
    """
    start, inputs = graph.input_start, graph.input
    readers = np.bincount(inputs if along is None else inputs[along], minlength=len(graph))
    if len(graph):
        readers[graph.root] += 1
    dead = np.flatnonzero(readers == 0)
    dead = dead[start[dead + 1] > start[dead]].tolist()  # a leaf takes nothing with it
    if dead:
        left = readers.tolist()
        while dead:
            edges = slice(*start[(node := dead.pop()) : node + 2].tolist())
            below = inputs[edges] if along is None else inputs[edges][along[edges]]
            for source in below.tolist():
                left[source] -= 1
                if not left[source]:
                    dead.append(source)
        readers = np.array(left)
    return np.asarray(readers > 0)
