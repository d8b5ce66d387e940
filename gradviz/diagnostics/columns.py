"""Columns that several checks read: finiteness, sizes, and the layer a node belongs to."""

from __future__ import annotations

import re

import numpy as np

from gradviz.graph import Graph
from gradviz.summary import magnitude

_INDEXED = re.compile(r".*\[\d+\]")


def finite_data(graph: Graph) -> np.ndarray:
    """Per node, whether all of its data is finite."""
    finite: np.ndarray = np.isfinite(graph.data)
    return _with_arrays(finite, graph.arrays["data"])


def finite_grad(graph: Graph) -> np.ndarray:
    """Per node, whether all of its gradient is finite; True where there is none."""
    finite: np.ndarray = np.isfinite(graph.grad) | ~graph.has_grad
    return _with_arrays(finite, graph.arrays["grad"])


def finite_cotangent(graph: Graph) -> np.ndarray:
    """Per edge, whether all that travels back on it is finite; True where nothing does."""
    finite: np.ndarray = np.isfinite(graph.cotangent) | ~graph.has_cotangent
    return _with_arrays(finite, graph.edges_derived.cotangent_arrays)


def largest_grad(graph: Graph) -> np.ndarray:
    """Per node the largest |gradient|; 0 where there is none, NaN where it is NaN."""
    size: np.ndarray = np.where(graph.has_grad, np.abs(graph.grad), 0.0)
    for node, array in graph.arrays["grad"].items():
        size[node] = 0.0 if array is None else magnitude(array)
    return size


def any_input(graph: Graph, marked: np.ndarray) -> np.ndarray:
    """Per node, whether one of its inputs is marked."""
    hit = np.zeros(len(graph), dtype=bool)
    hit[graph.consumer[marked[graph.input]]] = True
    return hit


def layer_names(graph: Graph) -> list[str]:
    """Per scope of the graph, the layer it belongs to: ``MLP/layers[0]`` for ``MLP/layers[0]/neurons[3]``."""
    return [layer_of(scope) for scope in graph.scopes]


def layer_of(scope: str) -> str:
    """The layer around a scope: a numbered scope inside another scope is one of its units.

    >>> layer_of("MLP/layers[0]/neurons[3]"), layer_of("MLP/layers[0]"), layer_of("Net/fc1")
    ('MLP/layers[0]', 'MLP/layers[0]', 'Net/fc1')
    """
    above, _, name = scope.rpartition("/")
    unit = _INDEXED.fullmatch(name) and _INDEXED.fullmatch(above.rpartition("/")[2])
    return above if unit else scope


def _with_arrays(finite: np.ndarray, arrays: dict[int, np.ndarray | None]) -> np.ndarray:
    """The same with arrays; nothing is said of one that was too large to keep."""
    for at, array in arrays.items():
        finite[at] = array is None or bool(np.all(np.isfinite(array)))
    return finite
