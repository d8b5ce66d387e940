"""Gradients that are not what this pass made them: left from before, or not the sum of what came back."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from gradviz.diagnostics.finding import Check, EachPass, Finding
from gradviz.graph import PARAM, Graph, Number, Span
from gradviz.summary import text_of

ROUNDING = 1e-9  # relative; the engine may have added in another order


class _Stale:
    """Remembers whether the pass before was followed by an update."""

    def __init__(self) -> None:
        self.updated = False

    def see(self, index: int, graph: Graph) -> Iterator[Finding]:
        updated, self.updated = self.updated, bool(graph.updates)
        held = np.abs(np.where(graph.kind == PARAM, graph.prior, 0.0))
        for node, array in graph.arrays["prior"].items():
            known = array if graph.kind[node] == PARAM else None
            held[node] = 0.0 if known is None else np.abs(known).max(initial=0.0)
        stale, params = np.flatnonzero(held), int(np.count_nonzero(graph.kind == PARAM))
        if not len(stale) or not graph.has_grad.any():
            return
        node = int(np.argmax(held))
        label, prior, grad = graph.label(node), graph.prior_of(node), graph.grad_of(node)
        this = None if grad is None else np.asarray(grad) - np.asarray(prior)
        message = (
            f"{label} still holds the gradient from before the last update."
            if updated
            else f"This pass adds to gradients that were there before it, {label} among them."
        )
        now = "" if this is None else f" + {text_of(_plain(this))} of this pass = {text_of(grad)}"
        yield Finding(
            check="stale-gradient",
            severity="error" if updated else "note",
            pass_index=index,
            node=node,
            edge=None,
            source=_call(graph),
            message=message,
            evidence=f"{label}.grad: {text_of(prior)} from before{now}; "
            f"so for {len(stale):,} of {params:,} parameters.",
            cure="Call zero_grad() before backward(), after every update."
            if updated
            else "Fine if passes are meant to add up before one update; else call zero_grad() in between.",
            place="after update" if updated else "",
        )


def _plain(x: np.ndarray) -> Number:
    return x if x.ndim else float(x)


def _call(graph: Graph) -> Span | None:
    """The line that called backward(), else the root's."""
    file, line = graph.meta.get("file"), graph.meta.get("line")
    return Span(str(file), int(line)) if file and line else graph.span_of(graph.root)


def _unbalanced(index: int, graph: Graph) -> Iterator[Finding]:
    broken = _broken(graph)
    if not broken:
        return
    node = broken[0]
    grad, parts = graph.grad_of(node), _parts(graph, node)
    total, label = sum(parts, graph.prior_of(node)), graph.label(node)
    overwritten = len(parts) > 1 and any(_same(grad, part) for part in parts)
    yield Finding(
        check="conservation",
        severity="error",
        pass_index=index,
        node=node,
        edge=None,
        source=graph.span_of(node),
        message=f"The gradient of {label} is {text_of(grad)}, "
        f"but what came back adds up to {text_of(total)}.",
        evidence=f"{' + '.join(text_of(part) for part in parts[:6])}{' + …' if len(parts) > 6 else ''} = "
        f"{text_of(total)}; so for {len(broken):,} values.",
        cure="It equals one of the parts alone: accumulate with += where the backward rule assigns with =."
        if overwritten
        else "Look at the backward rules of what reads it, and at code that changes grad by hand.",
        place=label,
    )


def _broken(graph: Graph) -> list[int]:
    """Nodes whose gradient is not the sum of its parts: numbers all at once, arrays one by one."""
    edges = np.flatnonzero(graph.has_cotangent)
    targets, parts = graph.input[edges], graph.cotangent[edges]
    total, size = graph.prior.copy(), np.abs(graph.prior)
    with np.errstate(all="ignore"):
        np.add.at(total, targets, parts)
        np.add.at(size, targets, np.abs(parts))
        off = np.isfinite(graph.grad + total) & (np.abs(graph.grad - total) > ROUNDING * size)
    received = np.zeros(len(graph), dtype=bool)
    received[targets] = True
    received[graph.root] = False
    arrays = [node for node in graph.arrays["grad"] if received[node] and not _balanced(graph, node)]
    return sorted([*np.flatnonzero(off & received & graph.has_grad).tolist(), *arrays])


def _balanced(graph: Graph, node: int) -> bool:
    """Whether an array's gradient is the sum of its parts, or was too large to keep."""
    if graph.grad_of(node) is None:
        return True
    parts = _parts(graph, node)
    total = sum(parts, graph.prior_of(node))
    size = sum((np.abs(part) for part in parts), np.abs(graph.prior_of(node)))
    return _same(graph.grad_of(node), total, size)


def _parts(graph: Graph, node: int) -> list[Number]:
    found = (graph.cotangent_of(int(edge)) for edge in graph.consumers_of(node))
    return [part for part in found if part is not None]


def _same(a: Number | None, b: Number, size: Number | None = None) -> bool:
    if a is None or np.shape(a) != np.shape(b):
        return False
    with np.errstate(all="ignore"):
        near = np.abs(np.subtract(a, b)) <= ROUNDING * np.asarray(np.abs(b) if size is None else size)
        return bool(np.all(near | np.equal(a, b) | (np.isnan(a) & np.isnan(b)) | ~np.isfinite(np.add(a, b))))


STALE = Check(
    "stale-gradient",
    "Parameters whose gradient still holds what a pass before the last update left: a forgotten zero_grad().",
    ("none: any gradient that is not zero before a pass counts",),
    _Stale,
)
CONSERVATION = Check(
    "conservation",
    "A gradient that is not the sum of what came back along its edges.",
    (f"relative difference above {ROUNDING:g}: rounding of sums in another order",),
    lambda: EachPass(_unbalanced),
)
