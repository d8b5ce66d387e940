"""Backward rules that are wrong: which op, which input, and what the rule seems to compute instead."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from gradviz.diagnostics.case import Case, Cause, Suspect, close_to, fit
from gradviz.diagnostics.mistakes import AT_ZERO, CHAINS, formulas
from gradviz.diagnostics.wording import example, op_title, slope_text, which_input
from gradviz.explain.phrasing import bracketed, typeset
from gradviz.numbers import short
from gradviz.ops import OPS

FORMULA, CHAIN, FACTOR, NOTHING, VAGUE = 5, 5, 3, 3, 1  # how specific; see ``Suspect``
USUAL_FACTORS = (-1.0, 2.0, 0.5, -2.0, -0.5, 3.0)  # believed from one occurrence; others need two


class Uses(NamedTuple):
    """All edges by which one op reads its inputs in some slots, as columns."""

    op: str
    slots: tuple[int, ...]
    edges: np.ndarray
    x: np.ndarray
    y: np.ndarray
    z: np.ndarray
    g: np.ndarray
    slope: np.ndarray
    sample: np.ndarray


SAMPLED = 32  # open nodes on which a formula is tried before it is tried on all


def wrong_rules(case: Case) -> Iterator[Suspect]:
    """Everything that could be wrong with one op's rule and would explain open nodes."""
    graph = case.graph
    near = np.isin(graph.input, case.open) & case.books.flows & graph.has_grad[graph.consumer]
    for code in np.unique(graph.op[graph.consumer[near]]).tolist():
        op = OPS.get(graph.op_names[code])
        if op is None or not op.elementwise:
            continue
        of_op = case.books.flows & graph.has_grad[graph.consumer] & (graph.op[graph.consumer] == code)
        found = sorted(set(case.slot[near & of_op].tolist()))
        for slots in [*((slot,) for slot in found), *([tuple(found)] if len(found) > 1 else [])]:
            yield from _of_slots(case, _uses(case, op.name, slots, of_op & np.isin(case.slot, slots)))


def _uses(case: Case, op: str, slots: tuple[int, ...], chosen: np.ndarray) -> Uses:
    graph, edges = case.graph, np.flatnonzero(chosen & ~np.isnan(case.part))
    nodes = graph.consumer[edges]
    first = graph.input_start[nodes]
    last = np.maximum(graph.input_start[nodes + 1] - 1, first)
    x, y = graph.data[graph.input[first]], graph.data[graph.input[last]]
    reads = graph.input[edges]
    sample = np.isin(reads, np.unique(reads[case.balance.broken[reads]])[-SAMPLED:])
    local = case.books.local[edges]
    return Uses(op, slots, edges, x, y, graph.data[nodes], case.grad[nodes], local, np.flatnonzero(sample))


def _fit(case: Case, uses: Uses, part: np.ndarray) -> list[int]:
    """As ``fit``, of all edges, if a sample of them says it may be worth the time."""
    some = uses.sample
    if len(some) < len(uses.edges) and not fit(case, uses.edges[some], part[some]):
        return []
    return fit(case, uses.edges, part)


def _of_slots(case: Case, uses: Uses) -> Iterator[Suspect]:
    with np.errstate(all="ignore"):
        if len(uses.slots) == 1:
            for formula in formulas(uses.op, OPS[uses.op].arity or 1):
                part = uses.g * formula.of(uses.x, uses.y, uses.z, uses.g)
                if nodes := _fit(case, uses, part):
                    yield _wrong_formula(case, uses, nodes, part, formula.text, formula.remark)
                    break
        elif uses.op == "mul":
            own = np.where(case.slot[uses.edges] == 0, uses.x, uses.y)
            if nodes := _fit(case, uses, uses.g * own):
                yield _wrong_formula(
                    case,
                    uses,
                    nodes,
                    uses.g * own,
                    "x and y",
                    "each input is multiplied by itself: swap them",
                )
        for rule, remark in CHAINS:
            part = rule(uses.slope, uses.g, uses.z)
            if nodes := _fit(case, uses, part):
                yield _wrong_chain(case, uses, nodes, part, remark)
                break
    yield from _factor(case, uses)
    yield from _vague(case, uses)


def _factor(case: Case, uses: Uses) -> Iterator[Suspect]:
    """The rule's own derivative times a constant, or times nothing at all."""
    part, zero = case.part[uses.edges], np.zeros(len(uses.edges))
    if nodes := _fit(case, uses, zero):
        yield _nothing(case, uses, nodes)
        return
    owed = case.sum_into(uses.edges, part)
    at = [node for node in np.unique(case.graph.input[uses.edges]).tolist() if case.balance.broken[node]]
    with np.errstate(all="ignore"):
        ratios = 1 + (case.grad[at] - case.balance.total[at]) / owed[at]
    if not len(at) or not np.isfinite(ratios).any():
        return
    factor = float(np.median(ratios[np.isfinite(ratios)]))
    usual = any(close_to(factor, known) for known in USUAL_FACTORS)
    nodes = _fit(case, uses, part * factor)
    if nodes and case.grad[nodes].any() and (usual or len(nodes) > 1) and not close_to(factor, 1.0):
        wrong = (
            "has the wrong sign" if close_to(factor, -1.0) else f"is {short(factor)} times what it should be"
        )
        yield _suspect(
            case,
            uses,
            nodes,
            part * factor,
            FACTOR,
            f"The backward rule of {op_title(uses.op)} is wrong: "
            f"what it passes to {which_input(uses.op, uses.slots)} {wrong}.",
            f"Pass on out.grad × {bracketed(slope_text(uses.op, uses.slots))}.",
        )


def _vague(case: Case, uses: Uses) -> Iterator[Suspect]:
    """Every node that the rule passes something to is wrong, though no formula that is known here fits."""
    part = case.part[uses.edges]
    fed = np.unique(case.graph.input[uses.edges[part != 0]])
    if len(fed) < 1 or not case.balance.broken[fed].all():
        return
    sent = case.books.flows & case.graph.has_grad[case.graph.consumer]
    readers = np.bincount(case.graph.input[sent], minlength=len(case.graph))
    alone = fed[readers[fed] == 1].tolist()
    if alone and len(uses.slots) == 1:
        grad = case.grad[case.graph.input[uses.edges]]
        single = np.isin(case.graph.input[uses.edges], alone)
        yield _suspect(
            case,
            uses,
            alone,
            np.where(single, grad, part),
            VAGUE,
            f"The backward rule of {op_title(uses.op)} passes a wrong gradient "
            f"to {which_input(uses.op, uses.slots)}.",
            f"Pass on out.grad × {bracketed(slope_text(uses.op, uses.slots))}.",
        )


def _wrong_formula(
    case: Case, uses: Uses, nodes: list[int], part: np.ndarray, text: str, remark: str
) -> Suspect:
    right, tail = slope_text(uses.op, uses.slots), f" ({remark})" if remark else ""
    return _suspect(
        case,
        uses,
        nodes,
        part,
        FORMULA,
        f"The backward rule of {op_title(uses.op)} is wrong for {which_input(uses.op, uses.slots)}: "
        f"it passes out.grad × ({typeset(text)}), not out.grad × ({right}){tail}.",
        f"The derivative of z = {typeset(OPS[uses.op].formula)} is {right}; z is out.data.",
        severity="note" if remark == AT_ZERO else "error",
    )


def _wrong_chain(case: Case, uses: Uses, nodes: list[int], part: np.ndarray, remark: str) -> Suspect:
    right = slope_text(uses.op, uses.slots)
    return _suspect(
        case,
        uses,
        nodes,
        part,
        CHAIN,
        f"The backward rule of {op_title(uses.op)} is wrong for {which_input(uses.op, uses.slots)}: "
        f"{remark}.",
        f"Pass on out.grad × {bracketed(right)}; z is out.data.",
    )


def _nothing(case: Case, uses: Uses, nodes: list[int]) -> Suspect:
    return _suspect(
        case,
        uses,
        nodes,
        np.zeros(len(uses.edges)),
        NOTHING,
        f"The backward rule of {op_title(uses.op)} passes nothing to {which_input(uses.op, uses.slots)}.",
        f"Add out.grad × {bracketed(slope_text(uses.op, uses.slots))} to its grad; see that it is called.",
        check="not-reached",
    )


def _suspect(
    case: Case,
    uses: Uses,
    nodes: list[int],
    part: np.ndarray,
    likely: int,
    message: str,
    cure: str,
    check: str = "wrong-local-derivative",
    severity: str = "error",
) -> Suspect:
    """The suspect, with the example that lies nearest to the root."""
    hit = np.isin(case.graph.input[uses.edges], nodes) & (part != case.part[uses.edges])
    edges = uses.edges[hit] if hit.any() else uses.edges
    edge = int(edges[np.argmax(case.graph.input[edges])])  # nearest the root, where least else can be wrong
    place = f"{uses.op}[{','.join(map(str, uses.slots))}]"
    at = int(case.graph.input[edge])
    cause = Cause(
        check=check,
        node=int(case.graph.consumer[edge]),
        edge=edge,
        message=message,
        evidence=example(case, at, len(nodes)),
        at=at,
        cure=cure,
        explains=nodes,
        place=place,
        severity=severity,
    )
    return Suspect(cause, likely, uses.edges, part)
