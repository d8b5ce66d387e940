"""The gradients of an engine that has rules of its own: which were computed, and what travelled back."""

from __future__ import annotations

import numpy as np

from gradviz.graph import Graph
from gradviz.graph.chainrule import edge_columns
from gradviz.graph.columns import EdgeColumns
from gradviz.recorders.duck.flows import follows_the_table, measured
from gradviz.recorders.duck.grads import computed
from gradviz.recorders.duck.seen import Ran, Seen
from gradviz.recorders.duck.slopes import fill
from gradviz.recorders.duck.walk import Found


def with_gradients(graph: Graph, known: np.ndarray, found: Found, seen: Seen, nodes: dict[int, int]) -> Graph:
    """Tell 0 from "not computed", and measure the cotangents if they are not those of the op table.

    Args:
        graph: with every gradient that an object holds.
        known: per node, whether its op is the one of that name in the table: its data say so.
        found: the objects.
        seen: what was seen while they ran.
        nodes: by ``id()`` of an object, its node.
    """
    ran = [_in_numbers(Ran(*one)) for one in seen.ran] if seen.ran else None  # none ran: set by hand
    edges = _by_the_table(graph, known)
    if not known.all():
        fill(graph, edges, found.forward, known, found.rounding)
    assert found.shape is not None
    trusted = seen.backward or found.shape.has_backward
    has = computed(graph, edges, _written(ran or (), nodes), trusted)
    edges.has_cotangent &= has[graph.consumer]
    graph = graph.replace(has_grad=has)
    if known.all() and follows_the_table(graph, edges):
        return graph
    flows = measured(graph, edges, ran, nodes)
    arrays = {**graph.arrays, "cotangent": flows.cotangent_arrays, "local": flows.local_arrays}
    return graph.replace(
        arrays=arrays, cotangent=flows.cotangent, local=flows.local, has_cotangent=flows.has_cotangent
    )


def _by_the_table(graph: Graph, known: np.ndarray) -> EdgeColumns:
    """What the table gives for the ops that are known; an op that only bears a name of the table is none."""
    if known.all():
        return edge_columns(graph)
    unknown = len(graph.op_names)
    op = np.where(known | (graph.op == 0), graph.op, unknown)
    return edge_columns(graph.replace(op_names=(*graph.op_names, "?"), op=op))


def _in_numbers(one: Ran) -> Ran:
    """What a rule did, without the arrays: their sums are not taken apart."""
    changes = [change for change in one.changes if type(change[1]) is type(change[2]) is float]
    return Ran(one.id, one.grad, changes) if type(one.grad) is float else Ran(one.id, 0.0, [])


def _written(ran: list[Ran] | tuple[()], nodes: dict[int, int]) -> set[int]:
    """The nodes that a backward rule could write to when it ran."""
    keys = {change[0] for one in ran for change in one.changes}
    return {nodes[key] for key in keys if key in nodes}
