"""Where NaN and infinity are born: an op with finite inputs and a non-finite result, forward or backward."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from gradviz.diagnostics.columns import any_input, finite_cotangent, finite_data, finite_grad
from gradviz.diagnostics.finding import Check, EachPass, Finding
from gradviz.explain.phrasing import equation, expression_in_numbers
from gradviz.graph import OP, Graph
from gradviz.summary import text_of

HOPS = 20  # how far the `where` above a masked branch is looked for

CURES = {
    "log": "Keep the input above 0, for example log(x + 1e-12), or use log_softmax.",
    "sqrt": "Keep the input above 0, for example sqrt(x + 1e-12).",
    "div": "Keep the denominator away from 0, for example x / (y + 1e-12).",
    "pow": "Keep the base above 0 where the exponent is negative or not whole.",
    "exp": "Keep the input small: subtract the largest first, or use softmax, log_softmax or sigmoid.",
    "mul": "One factor is too large or 0 × inf: look at where its size comes from.",
}
MASKED = (
    "Make the input safe before the op, not only its result: "
    "where(ok, log(where(ok, x, 1)), 0) instead of where(ok, log(x), 0)."
)
ELSE = "Look at the sizes of the inputs, and lower the learning rate if they grew from pass to pass."


def _look(index: int, graph: Graph) -> Iterator[Finding]:
    finite = finite_data(graph)
    yield from _forward(index, graph, finite)
    yield from _backward(index, graph)


def _forward(index: int, graph: Graph, finite: np.ndarray) -> Iterator[Finding]:
    births = np.flatnonzero(~finite & ~any_input(graph, ~finite))
    if not len(births):
        return
    node = int(births[0])
    reaches = not finite[graph.root] or not finite_grad(graph).all()
    value = text_of(graph.data_of(node))
    if graph.kind[node] == OP:
        made = equation(graph, node)
        message = f"{made} gives {value} although its inputs are finite."
        evidence = f"{made} = {expression_in_numbers(graph, node)} = {value}"
    else:
        message = f"{graph.label(node)} comes in as {value}."
        evidence = f"{graph.label(node)} = {value}"
    hit = int(np.count_nonzero(~finite))
    yield Finding(
        check="non-finite",
        severity="error" if reaches else "note",
        pass_index=index,
        node=node,
        edge=None,
        source=graph.span_of(node),
        message=message,
        evidence=f"{evidence}; {hit:,} values are not finite, from {len(births):,} such beginnings.",
        cure=CURES.get(graph.op_of(node), ELSE) if graph.kind[node] == OP else "Clean the data first.",
        place="forward",
    )


def _backward(index: int, graph: Graph) -> Iterator[Finding]:
    healthy, passed = finite_grad(graph), finite_cotangent(graph)
    births = np.flatnonzero(~passed & healthy[graph.consumer])
    if not len(births):
        return
    edge = int(births[-1])  # backward starts at the end
    above, node = int(graph.consumer[edge]), int(graph.input[edge])
    arrived, left = text_of(graph.grad_of(above)), text_of(graph.cotangent_of(edge))
    choice = _masked_by(graph, above)
    cure = CURES.get(graph.op_of(above), ELSE)
    made, label = equation(graph, above), graph.label(node)
    message = f"{made} turns a finite gradient, {arrived}, into {left} for {label}."
    if choice is not None:
        message += f" It lies in the branch that {graph.label(choice)} did not choose."
        cure = MASKED
    local = text_of(graph.local_of(edge))
    yield Finding(
        check="non-finite",
        severity="error",
        pass_index=index,
        node=above,
        edge=edge,
        source=graph.span_of(above),
        message=message,
        evidence=f"{arrived} × {local} = {left}; {np.count_nonzero(~healthy):,} gradients are not finite.",
        cure=cure,
        place="backward",
    )


def _masked_by(graph: Graph, node: int) -> int | None:
    """The ``where`` that did not choose what ``node`` leads to, if that is why its gradient is zero."""
    for _ in range(HOPS):
        grad = graph.grad_of(node)
        edges = graph.consumers_of(node)
        if grad is None or not np.any(np.equal(grad, 0)) or not len(edges):
            return None
        for edge in edges.tolist():
            local = graph.local_of(edge)
            chosen = graph.op_of(int(graph.consumer[edge])) == "where"
            if chosen and local is not None and np.any(np.equal(local, 0)):
                return int(graph.consumer[edge])
        node = int(graph.consumer[edges[0]])
    return None


NON_FINITE = Check(
    "non-finite",
    "The first value, and the first gradient, that is NaN or infinite although all before it were finite.",
    ("none: any non-finite number counts",),
    lambda: EachPass(_look),
)
