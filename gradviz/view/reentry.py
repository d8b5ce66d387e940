"""Which values of a scope come before the scopes inside it, and which come after.

A loop body often feeds a layer and then reads what the layer made. Drawn as one box it would both feed the
layer and be fed by it. So the values of a scope are told apart by re-entry: how often a way to them has left
the scope and come back.
"""

from __future__ import annotations

import numpy as np

from gradviz.graph import Graph
from gradviz.view.numbering import distinct_pairs

MOST = 8  # re-entries; where there are more, ways go round in circles
ROUNDS = 500
LARGEST = 1 << 16  # kinds of values and scopes that are told apart


def reentries(graph: Graph, nodes: np.ndarray, symbol: np.ndarray) -> np.ndarray | None:
    """Per node of ``nodes``, how often a way to it has come back in; None where that is the same for all.

    All values with one ``symbol``, an operation at one place in the source, have one number: the longest way
    on the small graph of symbols and scopes, where each way back in counts one.
    """
    symbols = int(symbol.max()) + 1
    size = symbols + len(graph.scopes)
    if len(nodes) == len(graph) or size > LARGEST:
        return None
    code = symbols + graph.scope.astype(np.int64)
    code[nodes] = symbol[nodes]
    pairs, _ = distinct_pairs(code[graph.input], code[graph.consumer], size)
    source, target = pairs // size, pairs % size
    enters = (source >= symbols) & (target < symbols)
    entered = np.where(np.arange(size) < symbols, 0, -1)  # −1: no way leads there from here
    for _ in range(ROUNDS):
        before = entered.copy()
        np.maximum.at(entered, target, entered[source] + enters)
        if entered.max() > MOST:
            return None
        if np.array_equal(before, entered):
            found = entered[code[nodes]]
            return found if found.min() < found.max() else None
    return None
