"""Your gradient is wrong here: from the books of a pass to the few causes of what does not come out.

Only nodes whose own sum is wrong are causes (see ``balance``). What explains them is looked for from the
surest evidence to the weakest: data that was changed, what was seen while the rules ran, a usual wrong walk
that gives every number, then the rule or the lost sum that explains most of what is open, again and again.
What nothing explains is said to be out of balance, and nothing more.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from weakref import WeakKeyDictionary

from gradviz.diagnostics.arrays import wrong_arrays
from gradviz.diagnostics.case import Case, Cause, Suspect, open_case
from gradviz.diagnostics.finding import Check, EachPass, Finding
from gradviz.diagnostics.forward import wrong_data
from gradviz.diagnostics.hand import by_hand, is_manual
from gradviz.diagnostics.leftovers import earlier_passes, lost_arrays, never_computed, out_of_balance
from gradviz.diagnostics.order import failed, seed, tried_order, watched_order
from gradviz.diagnostics.rules import wrong_rules
from gradviz.diagnostics.sums import early_rules, lost_gradients, passed_on, repeated_rules, silent_rules
from gradviz.diagnostics.wording import with_differences
from gradviz.graph import Graph

OR_ORDER = (
    "If it does: the same numbers come of a wrong order, in which a value passes its gradient on too early."
)
MOST = 8  # causes looked for in one pass
_known: WeakKeyDictionary[Graph, list[Cause]] = WeakKeyDictionary()


def causes(graph: Graph) -> list[Cause]:
    """Why gradients of this pass are wrong, or data is; nothing if all is as the rules say."""
    if graph not in _known:
        _known[graph] = list(_investigate(graph)) if len(graph) else []
    return _known[graph]


def _investigate(graph: Graph) -> Iterator[Cause]:
    case = open_case(graph)
    case, found = wrong_data(case)
    for cause in found:
        yield cause
        case = case.settled(cause.explains)
    start = [told for told in (seed(case), failed(case)) if told is not None]
    for cause in start:
        yield _finished(case, cause)
        case = case.settled(cause.explains)
    if not case.graph.has_grad.any():
        return
    case, seen = watched_order(case)
    tried = tried_order(case) if seen is None else None
    if seen is not None:
        yield _finished(case, seen)
    elif tried is not None and not _lost_alone(case):
        yield _finished(case, tried)
        return
    if is_manual(graph) and not _by_rules(case):
        yield from (_finished(case, told) for told in by_hand(case))
        return
    for told in _explained(case):
        or_else = tried is not None and told.check == "lost-gradient"
        yield replace(told, cure=f"{told.cure} {OR_ORDER}") if or_else else told


def _lost_alone(case: Case) -> bool:
    """Whether ``=`` in one rule explains everything: then it is likelier than a wrong walk."""
    return any(len(one.cause.explains) == len(case.open) for one in lost_gradients(case))


def _by_rules(case: Case) -> bool:
    """Whether one wrong rule explains several gradients at once: then a function set them, and no hand."""
    return any(len(one.cause.explains) == len(case.open) > 1 and one.likely > 1 for one in _suspects(case))


def _explained(case: Case) -> Iterator[Cause]:
    """The best explanation of what is open, then that of what it leaves open."""
    for _ in range(MOST):
        if not len(case.open):
            break
        suspects = list(_suspects(case))
        if not suspects:
            break
        best = max(suspects, key=lambda one: one.weight)
        yield _finished(case, best.cause)
        case = case.with_parts(best.edges, best.part).settled(best.cause.explains)
    for wrong in wrong_arrays(case):
        yield wrong
        case = case.settled(wrong.explains)
    for last in (earlier_passes, lost_arrays, never_computed, out_of_balance):
        told = last(case)
        if told is not None:
            yield told
            case = case.settled(told.explains)


def _suspects(case: Case) -> Iterator[Suspect]:
    yield from lost_gradients(case)
    yield from wrong_rules(case)
    passed = passed_on(case)
    yield from early_rules(case, passed)
    yield from repeated_rules(case, passed)
    yield from silent_rules(case, passed)


def _finished(case: Case, cause: Cause) -> Cause:
    if cause.at is None:
        return cause
    return replace(cause, evidence=with_differences(case, cause.at, cause.evidence))


def _finding(index: int, graph: Graph, cause: Cause) -> Finding:
    return Finding(
        check=cause.check,
        severity=cause.severity,
        pass_index=index,
        node=cause.node,
        edge=cause.edge,
        source=cause.source or graph.span_of(cause.node),
        message=cause.message,
        evidence=cause.evidence,
        cure=cause.cure,
        place=cause.place,
    )


def findings_of(check: str, index: int, graph: Graph) -> list[Finding]:
    """The causes of one check as findings of a pass."""
    return [_finding(index, graph, one) for one in causes(graph) if one.check == check]


SUM = "relative difference above 1e-06: engines compute the same functions in other ways"
MEASURED = "ops that are not in the table are trusted: they owe what was measured"


def _row(name: str, looks_for: str, *thresholds: str) -> Check:
    return Check(name, looks_for, (*thresholds, SUM), lambda: EachPass(partial(findings_of, name)))


ROWS = (
    _row(
        "seed",
        "A backward() that does not start from 1 at the root; only in engines that are not gradviz's own.",
        "none: any other number counts",
    ),
    _row(
        "hand-gradient",
        "A gradient set by hand that does not follow from those above it.",
        f"{MEASURED}; at most 20 in a pass are shown",
    ),
    _row(
        "lost-gradient",
        "A gradient that holds one part of its sum only: a backward rule with = where += belongs.",
        "a value that is sent at least two gradients that are not 0, and holds some of them exactly",
    ),
    _row(
        "backward-order",
        "Backward rules that ran before the gradient they pass on was complete.",
        "seen while it ran; else the recorded numbers are those of a usual wrong walk, or of a partial sum",
    ),
    _row(
        "visited-twice",
        "Backward rules that ran more than once in one backward().",
        "seen while it ran; else the recorded numbers are those of a usual wrong walk, or of a multiple",
    ),
    _row(
        "not-reached",
        "A gradient that was never computed, though what reads the value has one.",
        "none: nothing came back from an op that owes something",
    ),
    _row(
        "wrong-local-derivative",
        "A backward rule that passes on something else than the gradient times the op's derivative.",
        "true of every value that the op passes something to; a factor of another kind than 2, ½ or −1 "
        "must hold for two values at least",
    ),
    _row(
        "changed-value",
        "Data changed after it was used: the graph no longer shows what was computed.",
        "every op that reads the value comes out with one other number",
    ),
    _row(
        "wrong-forward",
        "An op whose result is not what its name says.",
        "for every value that the op gave",
    ),
    _row(
        "conservation",
        "A gradient that is not the sum of what came back for a reason that no other check names.",
        MEASURED,
    ),
)
