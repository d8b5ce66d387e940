"""Gradients of arrays that are wrong: of another shape than their value, or by a wrong formula."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import NamedTuple

import numpy as np

from gradviz.arithmetic import unbroadcast
from gradviz.diagnostics.balance import agree
from gradviz.diagnostics.case import LOOKED_AT, Case, Cause
from gradviz.diagnostics.mistakes import CHAINS, formulas
from gradviz.diagnostics.wording import grad_of, more, op_title, slope_text, which_input
from gradviz.explain.phrasing import bracketed, called, typeset
from gradviz.graph import Number
from gradviz.operation import Op
from gradviz.ops import OPS
from gradviz.summary import shape_text, text_of

SUM_BACK = "Sum the gradient over the axes that broadcasting has stretched before adding it (unbroadcast)."
FACTORS = ((-1.0, "has the wrong sign"), (2.0, "is twice what it should be"), (0.5, "is half of it"))


class _Told(NamedTuple):
    """What is wrong with a rule: the same for all nodes that it feeds so."""

    op: str
    slot: int
    message: str
    cure: str


def broken_arrays(case: Case) -> list[int]:
    """The arrays, and what arrays are made from, whose gradients nothing explains yet."""
    found: list[int] = np.flatnonzero(case.balance.broken & np.isnan(case.balance.total)).tolist()
    return found


def wrong_arrays(case: Case) -> Iterator[Cause]:
    """What can be said of arrays one by one; what is wrong with one rule is said once."""
    groups: dict[_Told, list[tuple[int, int]]] = {}
    for node in broken_arrays(case)[-LOOKED_AT:]:
        for edge in case.edges_into(node):
            if (told := _shape(case, node, edge) or _formula(case, node, edge)) is not None:
                groups.setdefault(told, []).append((node, edge))
                break
    for told, places in groups.items():
        node, edge = places[-1]
        graph, nodes = case.graph, [node for node, _ in places]
        right: Number = sum(_parts(case, node), graph.prior_of(node) or 0.0)
        yield Cause(
            "wrong-local-derivative", int(graph.consumer[edge]), told.message,
            f"{grad_of(graph, node)} is {text_of(graph.grad_of(node))}; "
            f"by the chain rule it is {text_of(right)}{more(len(nodes))}.",
            told.cure, nodes, edge=edge, place=f"{told.op}[{told.slot}]",
        )  # fmt: skip


def _parts(case: Case, node: int) -> list[Number]:
    found = (case.books.part_of(edge) for edge in case.edges_into(node))
    return [part for part in found if part is not None]


def _shape(case: Case, node: int, edge: int) -> _Told | None:
    """A gradient in the shape of what was broadcast, and not of the value."""
    graph = case.graph
    above = int(graph.consumer[edge])
    grad, data, wide = graph.grad_of(node), graph.data_of(node), graph.data_of(above)
    if grad is None or data is None or wide is None:
        return None
    if np.shape(grad) == np.shape(data) or np.shape(grad) != np.shape(wide):
        return None
    op = graph.op_of(above)
    message = (
        f"The gradient of {called(graph, node)} has the shape {shape_text(np.shape(grad))}, and its value "
        f"{shape_text(np.shape(data)) or 'none'}: the backward rule of {op_title(op)} does not sum over "
        "what was broadcast."
    )
    return _Told(op, int(case.slot[edge]), message, SUM_BACK)


def _formula(case: Case, node: int, edge: int) -> _Told | None:
    """The formula that the rule of an elementwise op seems to use, if the node has that reader alone."""
    graph, above = case.graph, int(case.graph.consumer[edge])
    op, slot = OPS.get(graph.op_of(above)), int(case.slot[edge])
    if op is None or op.arity not in (1, 2) or not op.elementwise or len(case.edges_into(node)) != 1:
        return None
    xs = [graph.data_of(i) for i in graph.input[graph.inputs_of(above)].tolist()]
    known = [np.asarray(one) for one in (*xs, graph.data_of(above), graph.grad_of(above)) if one is not None]
    held, prior = graph.grad_of(node), graph.prior_of(node)
    if len(known) != op.arity + 2 or held is None or prior is None:
        return None  # an array that was too large to keep
    z, g = known[-2:]

    def fits(sent: np.ndarray) -> bool:
        back = unbroadcast(np.broadcast_to(sent, z.shape), np.shape(held))
        return bool(np.any(sent) and np.all(np.isfinite(back))) and agree(held, [prior, back])

    with np.errstate(all="ignore"):
        local = np.asarray(op.local(slot, tuple(known[:-2]), z, **graph.attrs.get(above, {})))
        if np.size(held) < z.size and fits(g * local * np.size(held) / z.size):
            return _Told(op.name, slot, _mean(op, slot), SUM_BACK)
        return _named(op, slot, known[0], known[-3], z, g, local, fits)


def _mean(op: Op, slot: int) -> str:
    return (
        f"The backward rule of {op_title(op.name)} is wrong for {which_input(op.name, (slot,))}: "
        "it takes the mean over what was broadcast, not the sum."
    )


def _named(
    op: Op,
    slot: int,
    x: np.ndarray,
    y: np.ndarray,
    z: np.ndarray,
    g: np.ndarray,
    local: np.ndarray,
    fits: Callable[[np.ndarray], bool],
) -> _Told | None:
    """What stands in place of the right derivative, by trying."""
    right, which = slope_text(op.name, (slot,)), which_input(op.name, (slot,))
    begin = f"The backward rule of {op_title(op.name)} is wrong"
    cure = f"Pass on out.grad × {bracketed(right)}; z is out.data."
    for formula in formulas(op.name, op.arity or 1):
        if fits(g * formula.of(x, y, z, g)):
            tail = f" ({formula.remark})" if formula.remark else ""
            text = f"it passes out.grad × ({typeset(formula.text)}), not out.grad × ({right}){tail}"
            return _Told(op.name, slot, f"{begin} for {which}: {text}.", cure)
    for rule, remark in CHAINS:
        if fits(rule(local, g, z)):
            return _Told(op.name, slot, f"{begin} for {which}: {remark}.", cure)
    for factor, words in FACTORS:
        if fits(factor * g * local):
            return _Told(op.name, slot, f"{begin}: what it passes to {which} {words}.", cure)
    return None
