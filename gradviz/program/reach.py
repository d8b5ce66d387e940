"""Which edges carry a gradient, and which nodes receive one: a question of structure, not of numbers."""

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


def reached_from_root(graph: Columns) -> np.ndarray:
    """Per node, whether the root depends on it along edges that carry gradients.

    That is every node but those that nothing carries back to, and what only they read: mostly constants.
    """
    carries, start, root = carrying(graph), graph.input_start, graph.root
    readers = np.bincount(graph.input[carries], minlength=len(graph))
    readers[root] = len(graph) * 2  # never given up
    dead = np.flatnonzero(readers == 0)
    waiting = dead[start[dead + 1] > start[dead]].tolist()
    while waiting:
        node = waiting.pop()
        for edge in range(start[node], start[node + 1]):
            if carries[edge]:
                source = graph.input[edge]
                readers[source] -= 1
                if not readers[source]:
                    waiting.append(source)
    return np.asarray(readers > 0)
