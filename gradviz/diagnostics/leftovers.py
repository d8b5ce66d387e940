"""What no rule and no order explains: gradients of earlier passes, sums of arrays, and the rest."""

from __future__ import annotations

import numpy as np

from gradviz.diagnostics.arrays import broken_arrays
from gradviz.diagnostics.balance import agree
from gradviz.diagnostics.case import Case, Cause
from gradviz.diagnostics.sums import ACCUMULATE
from gradviz.diagnostics.wording import grad_of, more, op_title, sum_text
from gradviz.explain.phrasing import called
from gradviz.graph import OP, Number
from gradviz.numbers import short
from gradviz.ops import OPS
from gradviz.summary import text_of

LISTED = 3  # ops in a sentence


def earlier_passes(case: Case) -> Cause | None:
    """Several leaves hold more than came back, and nothing else is wrong: left over from passes before."""
    graph, open_ = case.graph, case.open
    if len(open_) < 2 or np.any(graph.kind[open_] == OP) or not graph.has_grad[open_].all():
        return None
    node = int(open_[np.argmax(np.abs(case.grad[open_] - case.balance.total[open_]))])
    label, total = called(graph, node), float(case.balance.total[node])
    left = short(float(case.grad[node]) - total)
    return Cause(
        "stale-gradient",
        node,
        f"{label} seems to hold gradients from before this pass, as {len(open_):,} leaves do.",
        f"{grad_of(graph, node)}: {left} from before + {short(total)} of this pass "
        f"= {short(float(case.grad[node]))}.",
        "Set the gradients to 0 before backward(), after every update.",
        open_.tolist(),
        severity="warning",
        place="before",
        at=node,
    )


def lost_arrays(case: Case) -> Cause | None:
    """An array whose gradient is one of the parts of its sum."""
    for node in broken_arrays(case):
        grad, parts = case.graph.grad_of(node), _parts(case, node)
        if len(parts) > 1 and grad is not None and any(_same(grad, part) for part in parts):
            label = called(case.graph, node)
            return Cause(
                "lost-gradient",
                node,
                f"The gradient of {label} is one of {len(parts)} parts alone: a backward rule writes `=` "
                "where it must add with `+=`.",
                f"{grad_of(case.graph, node)} is {text_of(grad)}, and the sum is {text_of(sum(parts, 0.0))}.",
                ACCUMULATE,
                [node],
                place=label,
            )
    return None


def never_computed(case: Case) -> Cause | None:
    """Values without a gradient that several rules owe something, none of which explains it alone."""
    missing = case.open[~case.graph.has_grad[case.open]]
    if not len(missing):
        return None
    graph, node = case.graph, int(missing[-1])
    label, count = called(graph, node), len({int(graph.consumer[edge]) for edge in case.edges_into(node)})
    have = "the value that reads it has its" if count == 1 else f"the {count} values that read it have theirs"
    return Cause(
        "not-reached",
        node,
        f"The gradient of {label} was never computed, though {have}.",
        f"By the chain rule {grad_of(graph, node)} = {sum_text(case, node)}{more(len(missing))}.",
        f"See that backward() goes on to it; if it does, what came back cancelled out: look at "
        f"{_readers(case, node)}.",
        missing.tolist(),
        place=label,
        at=node,
    )


def out_of_balance(case: Case) -> Cause | None:
    """The rest: the node nearest the root whose gradient is not its sum."""
    broken = np.flatnonzero(case.balance.broken)
    if not len(broken):
        return None
    graph, node = case.graph, int(broken[-1])
    grad, parts, prior = graph.grad_of(node), _parts(case, node), graph.prior_of(node)
    total: Number = sum(parts, prior)
    label = called(graph, node)
    number = isinstance(grad, float) and node not in broken_arrays(case)
    terms = f"{' + '.join(map(text_of, parts[:6]))} = " if len(parts) > 1 else ""
    told = sum_text(case, node) if number else f"{terms}{text_of(total)}"
    return Cause(
        "conservation",
        node,
        f"The gradient of {label} is {text_of(grad)}, but what came back adds up to {text_of(total)}.",
        f"By the chain rule {grad_of(graph, node)} = {told}{more(len(broken))}.",
        f"Look at {_readers(case, node)}, and at code that changes grad by hand.",
        broken.tolist(),
        place=label,
    )


def _readers(case: Case, node: int) -> str:
    """The rules that feed a node: ``the backward rule of +``."""
    graph = case.graph
    ops = dict.fromkeys(graph.op_of(int(graph.consumer[edge])) for edge in case.edges_into(node))
    names = [op_title(op) if op in OPS else op for op in ops]
    if not 0 < len(names) <= LISTED:
        return "the backward rules of what reads it"
    return f"the backward rule{'s' * (len(names) > 1)} of {' and '.join(names)}"


def _parts(case: Case, node: int) -> list[Number]:
    found = (case.books.part_of(edge) for edge in case.edges_into(node))
    return [part for part in found if part is not None]


def _same(grad: Number, part: Number) -> bool:
    return np.shape(grad) == np.shape(part) and agree(grad, [part])
