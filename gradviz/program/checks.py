"""What is refused: graphs that cannot be computed again, and new data that does not fit."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np

from gradviz.engine.convert import as_data
from gradviz.errors import DataError, ReplayError, ShapeError
from gradviz.graph import Graph
from gradviz.graph.facts import Number
from gradviz.ops import OPS
from gradviz.summary import full_text_of


def named(graph: Graph, node: int) -> str:
    """A node in words: its name or expression, its number, and where it was made."""
    span = graph.span_of(node)
    label = graph.label(node)
    number = "" if label == f"n{node}" else f" (n{node})"
    return f"{label}{number}" + (f", made at {span}," if span else "")


def check_known(graph: Graph) -> None:
    """Refuse an empty graph, one with an op that is not in the table, or a leaf whose data was not kept.

    Raises:
        ReplayError: names the first such node.
    """
    if not len(graph):
        raise ReplayError("The graph has no values to compute.")
    known = np.array([name in OPS or not name for name in graph.op_names], dtype=bool)
    strange = np.flatnonzero(~known[graph.op])
    if len(strange):
        node = int(strange[0])
        raise ReplayError(
            f"{named(graph, node)} is the result of {graph.op_of(node)!r}, which is not in the table of ops.",
            "Only a graph of known ops can be computed again.",
        )
    for node, array in graph.arrays["data"].items():
        if array is None and not graph.op_of(node):
            raise ReplayError(
                f"{named(graph, node)} was too large to keep, so nothing can be computed from it."
            )


def check_same(graph: Graph, data: np.ndarray, arrays: Mapping[int, np.ndarray]) -> None:
    """Refuse a graph whose leaves, as they were recorded, do not give the data that was recorded.

    Raises:
        ReplayError: names the first node that differs, and both numbers.
    """
    recorded = graph.arrays["data"]
    differs = (data != graph.data) & ~(np.isnan(data) & np.isnan(graph.data))
    wrong = [node for node in recorded.keys() ^ arrays.keys()]
    wrong += [
        node
        for node, array in recorded.items()
        if array is not None and not np.array_equal(array, arrays[node], equal_nan=True)
    ]
    wrong += np.flatnonzero(differs).tolist()
    if wrong:
        node = min(wrong)
        before, now = graph.data_of(node), arrays.get(node, float(data[node]))
        raise ReplayError(
            f"{named(graph, node)} was {full_text_of(before)}, but what it reads gives {full_text_of(now)}.",
            "The recording does not hold the numbers that it was computed from: "
            "was a value changed in place, or computed by other rules?",
        )


def known(graph: Graph, node: int) -> Number:
    """The data of a node that was kept."""
    data = graph.data_of(node)
    assert data is not None
    return data


def seed_of(graph: Graph) -> Number:
    """The gradient that the root starts from: what was recorded, else 1.

    Raises:
        ReplayError: the root is an array, and nothing was recorded.
    """
    root = graph.root
    seed, data = graph.grad_of(root) if graph.op_of(root) else None, graph.data_of(root)
    if seed is not None:
        return seed
    if isinstance(data, float):
        return 1.0
    if data is None or data.size != 1:
        raise ReplayError(
            f"{named(graph, root)} is an array and has no gradient to start from.",
            "Record its sum, or call backward() with a seed first.",
        )
    return np.ones(data.shape)


def leaf_of(graph: Graph, key: int | str) -> int:
    """The leaf that a node's number or name says.

    Raises:
        NotFoundError: there is no such node.
        ReplayError: it was computed.
    """
    node = graph.find(key)
    if graph.op_of(node):
        raise ReplayError(
            f"{named(graph, node)} was computed by {graph.op_of(node)}, so it cannot be given new data.",
            "Change the leaves that it was computed from.",
        )
    return node


def leaf_data(graph: Graph, new: Mapping[Any, Any]) -> dict[int, Number]:
    """New data by leaf, as Python floats and float64 arrays.

    Raises:
        NotFoundError, ReplayError: a key is no leaf.
        DataError: a value is no number.
        ShapeError: a value has another shape than the leaf.
    """
    found: dict[int, Number] = {}
    for key, value in new.items():
        node, data = leaf_of(graph, key), as_data(value)
        shape = np.shape(known(graph, node))
        if np.shape(data) != shape:
            raise ShapeError(
                f"{named(graph, node)} has shape {shape}, but was given data of shape {np.shape(data)}.",
                "A replay keeps every shape; record the program again for others.",
            )
        found[node] = data
    return found


def leaves_of(graph: Graph, keys: Iterable[int | str]) -> list[int]:
    """The leaves that numbers or names say; see ``leaf_of``. Each must be a single number.

    Raises:
        ShapeError: one is an array.
    """
    nodes = [leaf_of(graph, key) for key in keys]
    for node in nodes:
        if node in graph.arrays["data"]:
            raise ShapeError(f"{named(graph, node)} is an array; only single numbers can be varied in lanes.")
    return nodes


def as_rows(rows: Any, width: int) -> np.ndarray:
    """Rows of numbers, float64, of shape (rows, width).

    Raises:
        DataError: they are no numbers, or not all as long.
        ShapeError: they have another shape.
    """
    try:
        found = np.asarray(rows, dtype=np.float64)
    except (TypeError, ValueError):
        raise DataError("The rows are not real numbers, or not all of one length.") from None
    if found.ndim != 2 or found.shape[1] != width:
        raise ShapeError(f"{width} leaves need data of shape (rows, {width}), not {found.shape}.")
    return found


def check_step(step: float | None) -> None:
    """Refuse a step of finite differences that leads nowhere.

    Raises:
        DataError: it is not a positive finite number.
    """
    if step is not None and not 0 < step < np.inf:
        raise DataError(f"The step is {step}; it must be a positive number, or None.")
