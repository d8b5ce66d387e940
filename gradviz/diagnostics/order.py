"""Gradients passed on in the wrong order, or more than once: seen while it ran, or told by the numbers."""

from __future__ import annotations

import numpy as np

from gradviz.diagnostics.case import Case, Cause, close_to
from gradviz.diagnostics.sums import AFRESH, ONCE, SORT, early_suspect, repeated_suspect
from gradviz.diagnostics.walks import first_to_blame, gives_recorded, right_order, walked_as
from gradviz.diagnostics.wording import grad_is, grad_of, made
from gradviz.explain.phrasing import bracketed, called
from gradviz.numbers import short

WATCHED = 20_000  # runs of rules that a recorder keeps
GENERAL = {
    "visited-twice": "that does not remember which values were done",
    "backward-order": "that passes gradients on at the first visit",
}
PASSES = (2, 3, 4, 5)  # of backward() over the same values that are tried


def watched_order(case: Case) -> tuple[Case, Cause | None]:
    """What was seen of the order of the rules: the case with what they really passed on, and the cause."""
    if not len(case.ran) or len(case.ran) >= WATCHED:
        return case, None
    graph, n = case.graph, len(case.graph)
    runs = np.bincount(case.ran, minlength=n)
    sent = np.bincount(case.ran, weights=np.nan_to_num(case.then), minlength=n)
    inner = np.diff(graph.input_start) > 0
    slack = 1e-6 * np.abs(case.grad)
    many = np.flatnonzero((runs > 1) & inner & (np.abs(sent) > 0))
    early = np.flatnonzero((runs == 1) & inner & (np.abs(sent - case.grad) > slack))
    if not len(many) and not len(early):
        return case, None
    told = {int(node): float(sent[node]) for node in np.union1d(many, early)}
    if len(many):
        found = repeated_suspect(case, {node: told[node] for node in many.tolist()})
        both = early_suspect(case, told)
        return case.with_parts(both.edges, both.part), found.cause
    suspect = early_suspect(case, told)
    return case.with_parts(suspect.edges, suspect.part), suspect.cause


def tried_order(case: Case) -> Cause | None:
    """The usual wrong walk that gives all the recorded numbers, if there is one."""
    if not case.balance.broken.any():
        return None
    if (times := _run_again(case)) > 1:
        return _again(case, times)
    found = walked_as(case)
    if not found:
        return None
    walk, order = found[0]
    text = walk.text if len(found) == 1 else GENERAL[walk.check]
    graph, node = case.graph, first_to_blame(case, order, walk.check)
    if walk.check == "visited-twice":
        message = f"The backward rule of {made(graph, node)} ran {order.count(node)} times."
        evidence = f"All {len(graph):,} gradients are those of a walk {text}."
        return Cause(walk.check, node, message, evidence, ONCE, case.open.tolist(), place="order")
    message = f"{made(graph, node)} passed its gradient on before all of it was there."
    evidence = (
        f"All {len(graph):,} gradients are those of a walk {text}; "
        f"{grad_of(graph, node)} was complete, {short(float(case.grad[node]))}, only later."
    )
    return Cause(walk.check, node, message, evidence, SORT, case.open.tolist(), place="order")


def _run_again(case: Case) -> int:
    """How often backward() ran over the same values, if that gives the recorded numbers."""
    if len(case.graph) > WATCHED or np.isnan(case.books.local[case.books.flows]).any():
        return 1
    order = right_order(case)
    return next((times for times in PASSES if gives_recorded(case, order, times)), 1)


def _again(case: Case, times: int) -> Cause:
    graph = case.graph
    node = int(case.open[-1])
    return Cause(
        "stale-gradient",
        node,
        f"backward() ran {times} times over the same values, which still held the gradients from before.",
        f"{grad_is(graph, node)}; every gradient is that of {times} runs.",
        AFRESH,
        case.open.tolist(),
        place="again",
    )


def failed(case: Case) -> Cause | None:
    """A backward rule that raised: what lies below it has no gradient."""
    told = case.graph.meta.get("failed")
    node = told.get("node") if isinstance(told, dict) else None
    if not isinstance(told, dict) or not isinstance(node, int) or not 0 <= node < len(case.graph):
        return None
    what = f"{told.get('type', 'an error')}: {told.get('message', '')}".rstrip(": ")
    count = int(np.count_nonzero(case.balance.broken))
    return Cause(
        "not-reached",
        node,
        f"The backward rule of {made(case.graph, node)} raised {what}.",
        f"{grad_is(case.graph, node)}; {count:,} gradients are not complete.",
        "Mend the rule; what lies below it was not computed.",
        np.flatnonzero(case.balance.broken).tolist(),
        place="failed",
    )  # fmt: skip


def seed(case: Case) -> Cause | None:
    """A root that a learner's backward() did not start from 1."""
    graph, root = case.graph, case.graph.root
    if "engine" not in graph.meta or root in graph.arrays["data"]:
        return None
    grad = float(case.grad[root])
    if not grad and not case.grad.any() and not len(case.ran):
        return None  # backward() has not run yet
    below = case.books.reached & (graph.kind != 0) & (np.arange(len(graph)) != root)
    if close_to(grad, 1.0) or not below.any():
        return None
    name = called(graph, root)
    of = bracketed(name)
    started = f"starts from {short(grad)}" if graph.has_grad[root] else "has no gradient"
    others = int(np.count_nonzero(case.grad[below]))
    return Cause(
        "seed",
        root,
        f"The root {name} {started}, not from 1."
        if grad else f"The gradient of the root {name} was never set: nothing can flow from it.",
        f"{grad_of(graph, root)} is {short(grad)}, but ∂{of}/∂{of} = 1; "
        f"{others:,} of {int(below.sum()):,} other gradients are not 0.",
        "Set self.grad = 1.0 at the start of backward(), before any rule runs.",
        np.flatnonzero(case.balance.broken).tolist() if not grad else (),
        place="seed",
    )  # fmt: skip
