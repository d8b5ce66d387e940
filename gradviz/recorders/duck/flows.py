"""What travelled back along each edge of an engine that has its own rules.

If every op is known and every gradient is the sum that the op table gives, nothing needs to be measured. Else
the engine's own numbers are taken: what its rules were seen to add, or the gradient of an input that only one
result reads; where neither tells, the table's.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from gradviz.frozen import Frozen
from gradviz.graph import CONST, Graph
from gradviz.graph.columns import EdgeColumns
from gradviz.graph.laws import ROUNDING
from gradviz.grouping import grouped
from gradviz.recorders.duck.seen import Ran

SAME = 1e-9  # relative: an engine's formula and the table's, for the same thing
EPSILON = 4 * float(np.finfo(np.float64).eps)


class Flows(Frozen):
    """Per edge the cotangent and the local derivative, and which cotangents there are."""

    cotangent: np.ndarray
    local: np.ndarray
    has_cotangent: np.ndarray
    cotangent_arrays: dict[int, np.ndarray | None]
    local_arrays: dict[int, np.ndarray | None]


def follows_the_table(graph: Graph, edges: EdgeColumns) -> bool:
    """Whether the gradients are those that the op table gives, so that nothing needs to be measured."""
    inner = graph.kind[graph.input] != CONST
    arrived = graph.has_grad[graph.consumer] & inner
    if np.any(arrived & (~edges.has_cotangent | ~graph.has_grad[graph.input])):
        return False
    at = np.flatnonzero(edges.has_cotangent)
    at = at[np.argsort(-graph.consumer[at], kind="stable")]
    heard = np.bincount(graph.input[at], minlength=len(graph)) > 0
    for node in np.flatnonzero(heard & graph.has_grad).tolist() if graph.arrays["grad"] else ():
        if node in graph.arrays["grad"] and not _array_follows(graph, edges, node):
            return False
    heard[list(graph.arrays["grad"])] = False
    with np.errstate(all="ignore"):
        total = graph.prior + np.bincount(graph.input[at], weights=edges.cotangent[at], minlength=len(graph))
        size = np.bincount(graph.input[at], weights=np.abs(edges.cotangent[at]), minlength=len(graph))
        near = np.abs(graph.grad - total) <= ROUNDING * (np.abs(graph.prior) + size)
    same = near & np.isfinite(total) | (graph.grad == total) | (np.isnan(graph.grad) & np.isnan(total))
    off = heard & graph.has_grad & ~same
    off[graph.root] = False
    return not off.any()


def measured(graph: Graph, edges: EdgeColumns, ran: Sequence[Ran] | None, nodes: dict[int, int]) -> Flows:
    """Measure, edge by edge.

    Args:
        graph: with the gradients that were computed.
        edges: what the op table gives, as far as it knows.
        ran: the backward rules that were seen to run.
        nodes: by ``id()`` of an object, its node.
    """
    has = edges.has_cotangent & graph.has_grad[graph.input]
    flows = Flows(
        np.where(has, edges.cotangent, np.nan),
        np.where(edges.has_local, edges.local, np.nan),
        has,
        {e: array for e, array in edges.cotangent_arrays.items() if has[e]},
        dict(edges.local_arrays),
    )
    if ran is None:
        _from_gradients(graph, flows)
    else:
        _from_rules(graph, flows, ran, nodes)
    return flows


def _from_gradients(graph: Graph, flows: Flows) -> None:
    """Read what travelled off the gradients of the inputs."""
    arrived = graph.has_grad[graph.consumer] & graph.has_grad[graph.input]
    arrived &= graph.kind[graph.input] != CONST
    order, start = grouped(graph.input, len(graph))
    with np.errstate(all="ignore"):
        flow = graph.grad - graph.prior
        sent = np.where(arrived & flows.has_cotangent, flows.cotangent, 0.0)
        off = flow - np.bincount(graph.input, weights=sent, minlength=len(graph))
    unknown = np.bincount(graph.input[arrived & ~flows.has_cotangent], minlength=len(graph)) > 0
    for node in np.flatnonzero(graph.has_grad & (unknown | (off != 0))).tolist():
        at = order[start[node] : start[node + 1]]
        at = at[arrived[at]]
        if not len(at):
            continue
        if node in graph.arrays["grad"]:
            _to_an_array(graph, flows, node, at)
        elif not any(e in flows.cotangent_arrays for e in at.tolist()):
            _to_a_number(graph, flows, float(flow[node]), at)


def _to_a_number(graph: Graph, flows: Flows, flow: float, at: np.ndarray) -> None:
    known = flows.has_cotangent[at]
    total = float(flows.cotangent[at[known]].sum())
    size = float(np.abs(flows.cotangent[at[known]]).sum())
    if known.all() and abs(flow - total) <= SAME * size:
        flows.cotangent[at[np.argmax(np.abs(flows.cotangent[at]))]] += flow - total  # rounding
    elif len(set(graph.consumer[at].tolist())) == 1:
        _send(graph, flows, at, flow)
    elif len(set(graph.consumer[at[~known]].tolist())) == 1:
        _send(graph, flows, at[~known], flow - total)


def _to_an_array(graph: Graph, flows: Flows, node: int, at: np.ndarray) -> None:
    unknown = [int(e) for e in at if len(at) == 1 or not flows.has_cotangent[e]]
    grad = graph.arrays["grad"][node]
    if len(unknown) == 1 and grad is not None:
        rest: list[Any] = [
            flows.cotangent_arrays.get(int(e), flows.cotangent[e]) for e in at if e != unknown[0]
        ]
        if all(part is not None and np.shape(part) in ((), grad.shape) for part in rest):
            flows.cotangent_arrays[unknown[0]] = grad - graph.prior_of(node) - sum(rest)
            flows.has_cotangent[unknown[0]] = True


def _send(graph: Graph, flows: Flows, at: np.ndarray, sent: float, arrived: float | None = None) -> None:
    """Note what one result sent back to one input, over all its edges there."""
    parts = flows.local[at]
    share = (
        parts / parts.sum() if np.all(np.isfinite(parts)) and parts.sum() else np.full(len(at), 1 / len(at))
    )
    flows.cotangent[at] = sent * share
    flows.has_cotangent[at] = True
    grad = float(graph.grad[graph.consumer[at[0]]]) if arrived is None else arrived
    with np.errstate(all="ignore"):
        local = np.float64(sent) / grad * share
    if grad and np.all(np.isfinite(local)) and not np.all(np.abs(local - parts) <= SAME * np.abs(parts)):
        flows.local[at] = local


class _Sent:
    """What the rules of one result sent to one input, in all their runs."""

    def __init__(self, at: np.ndarray) -> None:
        self.at, self.sent, self.arrived = at, 0.0, 0.0


def _from_rules(graph: Graph, flows: Flows, ran: Sequence[Ran], nodes: dict[int, int]) -> None:
    """Take what each rule was seen to write. What it assigned, it sent."""
    flows.has_cotangent[:] = False
    flows.cotangent[:] = np.nan
    pairs: dict[tuple[int, int], _Sent] = {}
    habits: dict[int, int] = {}  # by op: how much more often it assigned than added
    unclear = []
    for one in ran:
        above = nodes.get(one.id, -1)
        for key, before, after in dict((change[0], change) for change in one.changes).values():
            below = nodes.get(key, -1)
            if above < 0 or below < 0 or graph.kind[below] == CONST:
                continue
            at = graph.inputs_of(above)
            at = at[graph.input[at] == below]
            if not len(at):
                continue
            pair = pairs.setdefault((above, below), _Sent(at))
            pair.arrived += one.grad
            way = _way(one.grad * float(flows.local[at].sum()), before, after)
            if way is None and before:
                unclear.append((pair, before, after, int(graph.op[above])))
                continue
            pair.sent += after if way == "assigned" else after - before
            if before and way:
                op = int(graph.op[above])
                habits[op] = habits.get(op, 0) + (1 if way == "assigned" else -1)
    for pair, before, after, op in unclear:
        pair.sent += after if habits.get(op, 0) > 0 else after - before
    for pair in pairs.values():
        expected = pair.arrived * float(flows.local[pair.at].sum())
        rounding = SAME * abs(expected) + EPSILON * abs(float(graph.grad[graph.input[pair.at[0]]]))
        exact = abs(pair.sent - expected) <= rounding
        _send(graph, flows, pair.at, expected if exact else pair.sent, pair.arrived)


def _way(expected: float, before: float, after: float) -> str | None:
    """Whether a rule added what it should send, or assigned it; None if it did neither."""
    rounding = SAME * abs(expected) + EPSILON * max(abs(before), abs(after))
    if abs(after - before - expected) <= rounding:
        return "added"
    return "assigned" if abs(after - expected) <= rounding else None


def _array_follows(graph: Graph, edges: EdgeColumns, node: int) -> bool:
    at = graph.consumers_of(node)
    parts: list[Any] = [
        edges.cotangent_arrays.get(e, edges.cotangent[e]) for e in at[edges.has_cotangent[at]].tolist()
    ]
    grad: Any = graph.grad_of(node)
    if node == graph.root or any(part is None for part in parts):
        return True
    with np.errstate(all="ignore"):
        total = graph.prior_of(node) + sum(parts)
        size = np.abs(graph.prior_of(node)) + sum(map(np.abs, parts))
        if np.shape(grad) != np.shape(total):
            return False
        near = np.isclose(grad, total, rtol=0, atol=0, equal_nan=True) | (
            np.abs(grad - total) <= ROUNDING * size
        )
    return bool(np.all(near))
