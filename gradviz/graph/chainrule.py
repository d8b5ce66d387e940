"""Local derivatives and cotangents of every edge, from the op table, after the fact.

Scalar nodes are done column by column, one op at a time, in the very arithmetic of the scalar engine: the
numbers are the engine's, bit for bit. Array nodes are done one by one.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from gradviz.arithmetic import columns
from gradviz.graph.columns import Columns, EdgeColumns
from gradviz.graph.facts import CONST
from gradviz.operation import Op
from gradviz.ops import OPS


def edge_columns(graph: Columns) -> EdgeColumns:
    """Compute local derivatives and cotangents of all edges whose op is in the table."""
    out = EdgeColumns(graph.edge_count)
    touched = np.zeros(len(graph), dtype=bool)
    touched[list(graph.arrays["data"])] = True
    if touched.any():
        touched[graph.consumer[touched[graph.input]]] = True  # now: what is, or reads, an array
    one_by_one: list[tuple[Op, np.ndarray]] = []
    for code in np.flatnonzero(np.bincount(graph.op)).tolist():
        if (op := OPS.get(graph.op_names[code])) is None:
            continue
        nodes = np.flatnonzero(graph.op == code)
        if op.elementwise:
            _scalar_column(graph, op, nodes[~touched[nodes]], out)
            nodes = nodes[touched[nodes]]
        one_by_one.append((op, nodes))
    np.logical_and(out.has_local, graph.has_grad[graph.consumer], out=out.has_cotangent)
    out.has_cotangent &= graph.kind[graph.input] != CONST
    out.cotangent[~out.has_cotangent] = np.nan
    for op, nodes in one_by_one:
        for node in nodes.tolist():
            _array_node(graph, op, node, out)
    return out


def _scalar_column(graph: Columns, op: Op, nodes: np.ndarray, out: EdgeColumns) -> None:
    """All scalar nodes of one elementwise op at once (nodes with unusual attributes one group each).

    Cotangents are written for every edge; which of them really flow is for the caller to say.
    """
    for attrs, group in _by_attrs(graph, nodes):
        first = graph.input_start[group]
        slots = range(op.arity or 0)
        reads = any(map(callable, op.partials or ()))  # a constant partial, as of add, asks for no data
        xs = tuple(graph.data[graph.input[first + slot]] for slot in slots) if reads else ()
        z, g = graph.data[group], graph.grad[group]
        for slot in slots:
            local = op.local(slot, xs, z, m=columns, **attrs)
            if local is None:
                continue
            edges = first + slot
            out.local[edges] = local
            out.has_local[edges] = True
            out.cotangent[edges] = op.carry(g, local)


def _by_attrs(graph: Columns, nodes: np.ndarray) -> list[tuple[dict[str, Any], np.ndarray]]:
    """The nodes in groups of equal attributes; most have none."""
    special = np.isin(nodes, list(graph.attrs)) if graph.attrs else np.zeros(len(nodes), dtype=bool)
    groups: dict[str, list[int]] = {}
    for node in nodes[special].tolist():
        groups.setdefault(repr(sorted(graph.attrs[node].items())), []).append(node)
    found = [(graph.attrs[group[0]], np.array(group)) for group in groups.values()]
    return [({}, nodes[~special]), *found]


def _array_node(graph: Columns, op: Op, node: int, out: EdgeColumns) -> None:
    """One node by its vjp; the local derivative is kept where it has the result's shape."""
    start, stop = int(graph.input_start[node]), int(graph.input_start[node + 1])
    inputs = [int(i) for i in graph.input[start:stop]]
    xs = tuple(graph.data_of(i) for i in inputs)
    z, g, attrs = graph.data_of(node), graph.grad_of(node), graph.attrs.get(node, {})
    if z is None or any(x is None for x in xs):
        return  # an array that was too large to keep
    for slot in range(len(xs)):
        local = op.local(slot, xs, z, **attrs)
        if local is not None:
            _put(out.local, out.local_arrays, start + slot, np.broadcast_to(local, np.shape(z)))
            out.has_local[start + slot] = True
    if g is None or np.shape(g) != np.shape(z):
        return  # of another shape, as an engine's own rules may leave it, it says nothing of the inputs
    for slot, cotangent in enumerate(op.vjp(g, z, xs, **attrs)):
        if cotangent is not None and graph.kind[inputs[slot]] != CONST:
            _put(out.cotangent, out.cotangent_arrays, start + slot, cotangent)
            out.has_cotangent[start + slot] = True


def _put(column: np.ndarray, arrays: dict[int, np.ndarray | None], edge: int, value: Any) -> None:
    if np.ndim(value):
        arrays[edge] = np.asarray(value)
    else:
        column[edge] = value
