"""One number per node and edge, also where the value is an array."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary, ref

import numpy as np

from gradviz.graph import Graph
from gradviz.summary import magnitude

if TYPE_CHECKING:
    from gradviz.timeline.frame import Frame


class Magnitudes:
    """Per node and edge one number even where the value is an array; computed once per graph."""

    def __init__(self, graph: Graph) -> None:
        self._graph = ref(graph)

    @property
    def graph(self) -> Graph:
        """The graph; whoever asks keeps it alive."""
        graph = self._graph()
        assert graph is not None
        return graph

    @cached_property
    def data(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Per node the smallest and largest finite element (NaN if none), and whether one is not finite.

        An array that was too large to keep counts as one without elements.
        """
        low = np.where(np.isfinite(self.graph.data), self.graph.data, np.nan)
        high, bad = low.copy(), ~np.isfinite(self.graph.data)
        for node, array in self.graph.arrays["data"].items():
            known = np.empty(0) if array is None else array
            finite = known[np.isfinite(known)]
            bad[node] = finite.size < known.size
            low[node], high[node] = (finite.min(), finite.max()) if finite.size else (np.nan, np.nan)
        return low, high, bad

    @cached_property
    def has_lost_grad(self) -> np.ndarray:
        """Per node, whether its gradient is an array that was too large to keep."""
        lost = np.zeros(len(self.graph), dtype=bool)
        lost[[node for node, array in self.graph.arrays["grad"].items() if array is None]] = True
        return lost

    @cached_property
    def carried(self) -> np.ndarray:
        """Per edge the largest |cotangent|; NaN where there is none, or where it is NaN."""
        size: np.ndarray = np.abs(self.graph.cotangent)
        for edge, array in self.graph.edges_derived.cotangent_arrays.items():
            size[edge] = magnitude(array)
        return size

    def grad(self, frame: Frame) -> np.ndarray:
        """Per node the largest |gradient| at ``frame``; NaN where there is none, or where it is NaN."""
        size: np.ndarray = np.abs(frame.grad)
        arrays = self.graph.arrays
        for node in {*arrays["grad"], *arrays["prior"]}:
            size[node] = magnitude(frame.grad_of(node)) if frame.has_grad[node] else np.nan
        return size


_MAGNITUDES: WeakKeyDictionary[Graph, Magnitudes] = WeakKeyDictionary()


def magnitudes(graph: Graph) -> Magnitudes:
    """The magnitudes of a graph, which all its views share and which live as long as the graph."""
    return _MAGNITUDES.setdefault(graph, Magnitudes(graph))
