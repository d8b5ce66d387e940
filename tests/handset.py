"""Graphs whose gradients somebody set by hand, some of them wrong and some never: for the tests of hosts."""

from collections.abc import Collection, Mapping
from typing import Any

import numpy as np

from gradviz.graph import Graph


def hand_set(graph: Graph, grads: Mapping[int, float], never: Collection[int] = (), **meta: Any) -> Graph:
    """The same pass as a recorder measures it: with these gradients by node, and ``never`` not computed."""
    grad, has = graph.grad.copy(), graph.has_grad.copy()
    grad[list(grads)], has[list(never)] = list(grads.values()), False
    grad[~has] = np.nan
    return graph.replace(
        grad=grad,
        has_grad=has,
        cotangent=graph.cotangent,
        local=graph.local,
        has_cotangent=graph.has_cotangent & has[graph.input],
        meta={**graph.meta, "manual": True, **meta},
    )
