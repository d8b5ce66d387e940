"""How large a gradient is: the one scale behind every colour and width.

Logarithmic, from the 2nd to the 98th percentile of what flows in this graph, so that a few outliers do not
take the colours away from all the rest. At the upper end no more than eight are cut off: a folded scope shows
its largest gradient, and many scopes would all look the same. Zero and NaN/Inf are no points of the scale but
states of their own.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Literal, NamedTuple
from weakref import WeakKeyDictionary

import numpy as np
from numpy.typing import NDArray

from gradviz.graph import Graph
from gradviz.numbers import short
from gradviz.summary import magnitude

LEVELS = 16
Level = int | Literal["zero", "bad", "none"]

_CUT = 0.02  # the share of outliers at either end
_MOST_CUT = 8  # how many of them at the upper end
_LEAST_SPAN = 1.0  # decades: factors below ten are not blown up to all colours
_DEFAULT = (-1.0, 0.0)  # log10, where nothing flows yet
_SMALLEST, _LARGEST = -323.0, 308.25  # log10 of the smallest and of the largest float


class Legend(NamedTuple):
    """The numbers beside the colours."""

    low: str
    mid: str
    high: str


class Scale:
    """The scale of one graph.

    Attributes:
        low: the magnitude of the lowest level; what is smaller is shown as this.
        mid: the magnitude in the middle.
        high: the magnitude of the highest level; what is larger is shown as this.
    """

    def __init__(self, graph: Graph) -> None:
        self._log_low, self._log_high = _ends(_magnitudes(graph))
        ends = self._log_low, (self._log_low + self._log_high) / 2, self._log_high
        self.low, self.mid, self.high = (10.0 ** min(end, _LARGEST) for end in ends)

    def level(self, value: float | NDArray[np.float64] | None) -> Level:
        """Give the level of a gradient, 0 to 15, or "zero", "bad" (NaN or Inf) or "none" (not computed)."""
        size = abs(value) if isinstance(value, float) else magnitude(value)
        if size is None:
            return "none"
        if not math.isfinite(size):
            return "bad"
        if size == 0:
            return "zero"
        share = (math.log10(size) - self._log_low) / (self._log_high - self._log_low)
        return min(max(int(share * LEVELS), 0), LEVELS - 1)

    def legend(self) -> Legend:
        """Give the numbers to print beside the colours, two digits each."""
        return Legend(*(short(float(f"{x:.2g}")) for x in (self.low, self.mid, self.high)))


_scales: WeakKeyDictionary[Graph, Scale] = WeakKeyDictionary()


def scale_of(graph: Graph) -> Scale:
    """Give the scale of a graph, computed once."""
    if graph not in _scales:
        _scales[graph] = Scale(graph)
    return _scales[graph]


def level_of(value: float | NDArray[np.float64] | None, scale: Scale) -> Level:
    """Give the level of a gradient on a scale."""
    return scale.level(value)


def _magnitudes(graph: Graph) -> NDArray[np.float64]:
    """Collect |cotangent| of every edge and |grad| of every node, the largest element of each array."""
    edges = graph.edges_derived
    columns = [
        graph.grad[graph.has_grad],
        _largest(graph.arrays["grad"]),
        edges.cotangent[edges.has_cotangent],
        _largest(edges.cotangent_arrays),
    ]
    return np.asarray(np.abs(np.concatenate(columns)))


def _largest(arrays: Mapping[int, NDArray[np.float64] | None]) -> NDArray[np.float64]:
    return np.array([magnitude(a) for a in arrays.values() if a is not None], dtype=np.float64)


def _ends(magnitudes: NDArray[np.float64]) -> tuple[float, float]:
    """Find the scale's two ends, as log10."""
    flowing = magnitudes[np.isfinite(magnitudes) & (magnitudes > 0)]
    if not len(flowing):
        return _DEFAULT
    cut = min(_CUT, _MOST_CUT / len(flowing))
    low, high = _quantiles_of_logs(flowing, (_CUT, 1 - cut))
    low = max(min(low, high - _LEAST_SPAN), _SMALLEST)
    return low, max(high, low + _LEAST_SPAN)


def _quantiles_of_logs(numbers: NDArray[np.float64], shares: tuple[float, float]) -> list[float]:
    """Give ``np.quantile(np.log10(numbers), shares)`` by four logarithms; ``numbers`` are reordered."""
    at = np.array(shares) * (len(numbers) - 1)
    below = at.astype(np.int64)
    above = np.minimum(below + 1, len(numbers) - 1)
    numbers.partition(sorted({*below.tolist(), *above.tolist()}))
    low, high = np.log10(numbers[below]), np.log10(numbers[above])
    quantiles: list[float] = (low + (at - below) * (high - low)).tolist()
    return quantiles
