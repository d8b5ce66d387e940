"""The shape of many values at a glance: a small histogram of a folded scope's data and gradients."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from gradviz.graph import Graph

if TYPE_CHECKING:
    from gradviz.view import Box

BINS = 20
_FEWEST = 4  # values; fewer have no shape


def histograms(graph: Graph, box: Box) -> tuple[list[float], list[float]]:
    """Give the heights of the bars, 0 to 1, of data and of gradients; empty where there is no shape."""
    nodes = box.nodes
    return (
        _heights(_values(graph.data[nodes], graph.arrays["data"], nodes)),
        _heights(_values(graph.grad[nodes][graph.has_grad[nodes]], graph.arrays["grad"], nodes)),
    )


def _values(
    scalars: NDArray[np.float64], arrays: Mapping[int, NDArray[np.float64] | None], nodes: NDArray[np.int64]
) -> NDArray[np.float64]:
    found = [arrays.get(node) for node in nodes.tolist()] if arrays else []
    inside = [array.ravel() for array in found if array is not None]  # None: too large to be kept
    values = np.concatenate([scalars, *inside])
    return np.asarray(values[np.isfinite(values)])


def _heights(values: NDArray[np.float64]) -> list[float]:
    if len(values) < _FEWEST or values.min() == values.max():
        return []
    with np.errstate(all="ignore"):
        share = (values / 2 - values.min() / 2) / (values.max() / 2 - values.min() / 2)  # halves: no overflow
    counts = np.bincount(np.minimum((share * BINS).astype(np.int64), BINS - 1), minlength=BINS)
    heights: list[float] = np.sqrt(counts / counts.max()).round(3).tolist()  # the root: the rare stays seen
    return heights
