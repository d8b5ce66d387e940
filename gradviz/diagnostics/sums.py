"""Gradients that are not the whole sum: lost by ``=``, passed on too early, twice, or never."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from itertools import combinations

import numpy as np

from gradviz.diagnostics.case import Case, Cause, Suspect, close_to
from gradviz.diagnostics.wording import example, grad_is, grad_of, in_brackets, made, more, op_title
from gradviz.explain.phrasing import called
from gradviz.numbers import short

LOST, EARLY, TWICE, SILENT = 6, 4, 4, 2  # how specific; see ``Suspect``
MANY = 8  # parts of a sum whose subsets are tried

ACCUMULATE = "Accumulate: write `self.grad += …`, since a value that is read twice is sent two gradients."
SORT = "Sort the values topologically and walk them in reverse: each gradient is complete when passed on."
AFRESH = "Set the gradients of all values to 0 before backward() runs again, or compute the loss anew."
ONCE = "Visit each value once: keep a set of those visited while sorting, and call each backward rule once."


def lost_gradients(case: Case) -> Iterator[Suspect]:
    """Nodes that hold what was written last instead of the sum: grouped by the op that wrote it."""
    kept: dict[int, list[int]] = {}
    for node in case.looked_at:
        edges = [edge for edge in case.edges_into(node) if case.part[edge] != 0]
        held = _held(case, node, edges)
        if held:
            kept[node] = held
    writers = Counter(_op(case, held[0]) for held in kept.values())
    for op, _ in writers.most_common():
        nodes = [node for node, held in kept.items() if _op(case, held[0]) == op]
        edges = [edge for node in nodes for edge in case.edges_into(node) if edge not in kept[node]]
        node = nodes[-1]
        held, label = kept[node], called(case.graph, node)
        gone = [edge for edge in case.edges_into(node) if edge not in held and case.part[edge] != 0]
        message = (
            f"The gradient of {label} lost what came through {_ways(case, gone)}: "
            f"the backward rule of {op_title(op)} writes `=` where it must add with `+=`."
        )
        nodes = _all_alike(case, op, nodes)
        cause = Cause(
            "lost-gradient", node, message, example(case, node, len(nodes)), ACCUMULATE, nodes,
            edge=gone[0], place=op, at=node,
        )  # fmt: skip
        yield Suspect(cause, LOST, np.array(edges), np.zeros(len(edges)))


def _all_alike(case: Case, op: str, nodes: list[int]) -> list[int]:
    """The nodes, and where not all were looked at, the open ones that this op writes to besides others."""
    if len(case.open) <= len(case.looked_at):
        return nodes
    graph = case.graph
    count = np.bincount(graph.input, minlength=len(graph))
    written = np.unique(graph.input[graph.op[graph.consumer] == graph.op_names.index(op)])
    found: list[int] = np.intersect1d(case.open, written[count[written] > 1]).tolist()
    return sorted({*nodes, *found})


def _held(case: Case, node: int, edges: list[int]) -> list[int]:
    """The edges whose parts alone make the recorded gradient: those that ran last, if a suffix does."""
    if len(edges) < 2 or not case.graph.has_grad[node]:
        return []
    grad, parts = float(case.grad[node]), [float(case.part[edge]) for edge in edges]
    for start in range(1, len(edges)):
        if close_to(grad, sum(parts[start:])):
            return edges[start:]
    for k in range(1, len(edges)) if len(edges) <= MANY else (1,):
        for chosen in combinations(range(len(edges)), k):
            if close_to(grad, sum(parts[i] for i in chosen)):
                return [edges[i] for i in chosen]
    return []


def early_rules(case: Case, passed: dict[int, float]) -> Iterator[Suspect]:
    """Nodes whose rule ran before all of their gradient was there: what they passed on is a part of it."""
    early: dict[int, float] = {}
    for node, sent in passed.items():
        parts = _parts(case, node)
        if not close_to(sent, float(case.grad[node])) and len(parts) > 1 and _is_subset(sent, parts):
            early[node] = sent
    if early:
        yield early_suspect(case, early)


def early_suspect(case: Case, early: dict[int, float]) -> Suspect:
    """The suspect for nodes that passed on a gradient that was not complete."""
    graph = case.graph
    node = max(early)
    edges, part, fed = _resent(case, early)
    message = (
        f"The backward rule of {made(graph, node)} ran too early: "
        f"its gradient was {short(early[node])} then, and {short(float(case.grad[node]))} when all was there."
    )
    evidence = f"{grad_of(graph, node)} = {_plus(_parts(case, node))} = {short(float(case.grad[node]))}, "
    evidence += f"but it passed on {short(early[node])} only{more(len(early))}."
    cause = Cause("backward-order", node, message, evidence, SORT, fed, place="order")
    return Suspect(cause, EARLY, edges, part)


def repeated_rules(case: Case, passed: dict[int, float]) -> Iterator[Suspect]:
    """Nodes that are read more than once and passed their gradient on more than once."""
    twice: dict[int, float] = {}
    for node, sent in passed.items():
        parts, grad = _parts(case, node), float(case.grad[node])
        whole = any(close_to(sent, k * grad) for k in range(2, len(parts) + 1))
        if len(parts) > 1 and grad and (whole or any(close_to(sent, total) for total in _prefixes(parts))):
            twice[node] = sent
    if twice:
        yield repeated_suspect(case, twice)


def repeated_suspect(case: Case, twice: dict[int, float]) -> Suspect:
    """The suspect for nodes whose rule ran more than once."""
    graph = case.graph
    node = max(twice)
    edges, part, fed = _resent(case, twice)
    message = f"The backward rule of {made(graph, node)} ran more than once: what lies below counts twice."
    evidence = f"{grad_is(graph, node)}, but it passed on {short(twice[node])} in all{more(len(twice))}."
    cause = Cause("visited-twice", node, message, evidence, ONCE, fed, place="order")
    return Suspect(cause, TWICE, edges, part)


def silent_rules(case: Case, passed: dict[int, float]) -> Iterator[Suspect]:
    """Nodes that have a gradient and passed none of it on."""
    silent = {node: 0.0 for node, sent in passed.items() if close_to(sent, 0.0, 1.0) and abs(sent) < 1e-12}
    if not silent:
        return
    graph, node = case.graph, max(silent)
    edges, part, fed = _resent(case, silent)
    below = len(case.balance.missing.nonzero()[0])
    cause = Cause(
        "not-reached",
        node,
        f"{made(graph, node)} has a gradient, but passed nothing on: its backward rule never ran, "
        "or ran before the gradient was there.",
        f"{example(case, int(graph.input[edges[0]]), max(below, len(fed)))}",
        "Walk the values from the root to the leaves (reverse the sorted list), and call the rule of each.",
        fed,
        place="order",
    )  # fmt: skip
    yield Suspect(cause, SILENT, edges, part)


def passed_on(case: Case) -> dict[int, float]:
    """By consumer of open nodes the gradient that it seems to have passed on: the same to all its inputs."""
    graph = case.graph
    wanted: dict[int, list[float]] = {}
    tried = {int(graph.consumer[edge]) for node in case.looked_at for edge in case.edges_into(node)}
    for node in tried:
        slopes: dict[int, float] = {}
        for edge in graph.inputs_of(node).tolist():
            if case.books.flows[edge] and not np.isnan(case.books.local[edge]):
                source = int(graph.input[edge])
                slopes[source] = slopes.get(source, 0.0) + float(case.books.local[edge])
        for source, slope in slopes.items():
            if slope and np.isfinite(slope) and np.isfinite(case.balance.total[source]):
                left = (
                    float(case.grad[source] - case.balance.total[source])
                    if case.balance.broken[source]
                    else 0.0
                )
                wanted.setdefault(node, []).append(float(case.grad[node]) + left / slope)
    scale = float(np.max(np.abs(case.grad), initial=0.0))
    return {
        node: sent[0]
        for node, sent in wanted.items()
        if all(close_to(sent[0], one, 1e-6 * scale) for one in sent)
    }


def _resent(case: Case, sent: dict[int, float]) -> tuple[np.ndarray, np.ndarray, list[int]]:
    """The edges that these nodes read, what they owe by what was sent, and which open nodes they feed."""
    graph = case.graph
    edges = np.array(
        [edge for node in sent for edge in graph.inputs_of(node).tolist() if case.books.flows[edge]]
    )
    part = np.array([sent[int(graph.consumer[edge])] for edge in edges.tolist()]) * case.books.local[edges]
    fed = np.unique(graph.input[edges])
    return edges, part, fed[case.balance.broken[fed]].tolist()


def _parts(case: Case, node: int) -> list[float]:
    return [float(case.part[edge]) for edge in case.edges_into(node) if case.part[edge] != 0]


def _is_subset(value: float, parts: list[float]) -> bool:
    """Whether a value is the sum of some, but not all, of the parts; of none it is 0."""
    scale = max(map(abs, parts))
    if abs(value) <= 1e-9 * scale:
        return True
    sizes = range(1, len(parts)) if len(parts) <= MANY else (1, len(parts) - 1)
    return any(close_to(value, sum(chosen)) for k in sizes for chosen in combinations(parts, k))


def _prefixes(parts: list[float]) -> list[float]:
    """What is passed on in all if a rule runs after each part that comes in."""
    orders = (parts, parts[::-1])
    return [float(np.sum(np.cumsum(order))) for order in orders]


def _op(case: Case, edge: int) -> str:
    return case.graph.op_of(int(case.graph.consumer[edge]))


def _ways(case: Case, edges: list[int]) -> str:
    names = [called(case.graph, int(case.graph.consumer[edge])) for edge in edges[:3]]
    return " and ".join(dict.fromkeys(names)) + (" and others" if len(edges) > 3 else "")


def _plus(parts: list[float]) -> str:
    shown = [in_brackets(part) for part in parts[:5]] + ["…"] * (len(parts) > 5)
    return " + ".join(shown)
