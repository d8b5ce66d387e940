"""Local derivatives and cotangents of every edge, from the op table, after the fact.

Scalar nodes are done column by column, one op at a time, in the very arithmetic of the scalar engine: the
numbers are the engine's, bit for bit. Array nodes are done one by one.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from gradviz.arithmetic import columns
from gradviz.operation import Op
from gradviz.ops import OPS

if TYPE_CHECKING:
    from gradviz.graph import Graph

CONST = 0  # the index of "const" in graph.KINDS


class EdgeColumns:
    """Per edge: the cotangent, the local derivative (NaN where it has no elementwise form), and which exist."""

    def __init__(self, graph: Graph) -> None:
        m = graph.edge_count
        self.cotangent = np.full(m, np.nan)
        self.local = np.full(m, np.nan)
        self.has_cotangent = np.zeros(m, dtype=bool)
        self.has_local = np.zeros(m, dtype=bool)
        self.cotangent_arrays: dict[int, np.ndarray] = {}
        self.local_arrays: dict[int, np.ndarray] = {}


def edge_columns(graph: Graph) -> EdgeColumns:
    """Compute local derivatives and cotangents of all edges whose op is in the table."""
    out = EdgeColumns(graph)
    array_nodes = set(graph.arrays["data"])
    touched = np.zeros(len(graph), dtype=bool)  # nodes that are, or read, an array
    if array_nodes:
        is_array = np.zeros(len(graph), dtype=bool)
        is_array[list(array_nodes)] = True
        touched |= is_array
        touched[graph.consumer[is_array[graph.input]]] = True
    for code, name in enumerate(graph.op_names):
        op = OPS.get(name)
        if op is None:
            continue
        nodes = np.flatnonzero(graph.op == code)
        if op.elementwise:
            _scalar_column(graph, op, nodes[~touched[nodes]], out)
            nodes = nodes[touched[nodes]]
        for node in nodes.tolist():
            _array_node(graph, op, node, out)
    return out


def _scalar_column(graph: Graph, op: Op, nodes: np.ndarray, out: EdgeColumns) -> None:
    """All scalar nodes of one elementwise op at once (nodes with unusual attributes one group each)."""
    for attrs, group in _by_attrs(graph, nodes):
        first = graph.input_start[group]
        xs = tuple(graph.data[graph.input[first + slot]] for slot in range(op.arity or 0))
        z, g = graph.data[group], graph.grad[group]
        for slot in range(op.arity or 0):
            local = op.local(slot, xs, z, m=columns, **attrs)
            if local is None:
                continue
            edges = first + slot
            out.local[edges] = local
            out.has_local[edges] = True
            flows = graph.has_grad[group] & (graph.kind[graph.input[edges]] != CONST)
            with np.errstate(all="ignore"):
                out.cotangent[edges[flows]] = (g * local)[flows]
            out.has_cotangent[edges[flows]] = True


def _by_attrs(graph: Graph, nodes: np.ndarray) -> list[tuple[dict[str, Any], np.ndarray]]:
    groups: dict[tuple[tuple[str, Any], ...], list[int]] = {}
    if not graph.attrs:
        return [({}, nodes)] if len(nodes) else []
    for node in nodes.tolist():
        groups.setdefault(tuple(sorted(graph.attrs.get(node, {}).items())), []).append(node)
    return [(dict(key), np.array(group)) for key, group in groups.items()]


def _array_node(graph: Graph, op: Op, node: int, out: EdgeColumns) -> None:
    """One node by its vjp; the local derivative is kept where it has the result's shape."""
    start, stop = int(graph.input_start[node]), int(graph.input_start[node + 1])
    inputs = [int(i) for i in graph.input[start:stop]]
    xs = tuple(graph.data_of(i) for i in inputs)
    z, g, attrs = graph.data_of(node), graph.grad_of(node), graph.attrs.get(node, {})
    if any(x is None for x in (*xs, z)):
        return
    for slot in range(len(xs)):
        local = op.local(slot, xs, z, **attrs)
        if local is not None:
            _put(out.local, out.local_arrays, start + slot, np.broadcast_to(local, np.shape(z)))
            out.has_local[start + slot] = True
    if g is None:
        return
    for slot, cotangent in enumerate(op.vjp(g, z, xs, **attrs)):
        if cotangent is None or graph.kind[inputs[slot]] == CONST:
            continue
        _put(out.cotangent, out.cotangent_arrays, start + slot, cotangent)
        out.has_cotangent[start + slot] = True


def _put(column: np.ndarray, arrays: dict[int, np.ndarray], edge: int, value: Any) -> None:
    if np.ndim(value):
        arrays[edge] = np.asarray(value)
    else:
        column[edge] = value
