"""Gradients from before: left over from another pass, so that this one adds to them."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from gradviz.diagnostics.causes import findings_of
from gradviz.diagnostics.finding import Check, Finding
from gradviz.diagnostics.sums import AFRESH
from gradviz.diagnostics.wording import grad_of, more
from gradviz.graph import INPUT, OP, PARAM, Graph, Number, Span
from gradviz.summary import text_of


class _Stale:
    """Remembers what was updated after the pass before."""

    def __init__(self) -> None:
        self.updated: set[str] = set()

    def see(self, index: int, graph: Graph) -> Iterator[Finding]:
        updated, self.updated = self.updated, {graph.label(update.node) for update in graph.updates}
        yield from findings_of("stale-gradient", index, graph)
        if not graph.has_grad.any():
            return
        held = _held(graph)
        inner = np.flatnonzero(np.where(graph.kind == OP, held, 0.0))
        inner = inner[inner != graph.root]  # whose gradient is set, and not added to
        lasting = _lasting(graph, updated)
        kept = np.where(lasting, held, 0.0)
        if len(inner):
            yield _again(index, graph, int(inner[-1]), len(inner))
        elif kept.any():
            yield _left(index, graph, kept, int(lasting.sum()), bool(updated))


def _held(graph: Graph) -> np.ndarray:
    """Per node the largest size of what its gradient held before."""
    held: np.ndarray = np.abs(graph.prior)
    for node, array in graph.arrays["prior"].items():
        held[node] = 0.0 if array is None else np.abs(array).max(initial=0.0)
    return held


def _lasting(graph: Graph, updated: set[str]) -> np.ndarray:
    """The leaves that live from pass to pass: parameters.

    Other engines do not say which leaves those are: they are what was updated, and not the data beside it.
    """
    lasting: np.ndarray = np.isin(graph.kind, (PARAM, INPUT) if "engine" in graph.meta else (PARAM,))
    if updated and "engine" in graph.meta:
        trained = [node for node in np.flatnonzero(lasting).tolist() if graph.label(node) in updated]
        if trained:
            lasting[:] = False
            lasting[trained] = True
    return lasting


def _left(index: int, graph: Graph, held: np.ndarray, all_: int, updated: bool) -> Finding:
    """Leaves that hold what passes before this one left."""
    stale = int(np.count_nonzero(held))
    node = int(np.argmax(held))
    label, prior, grad = graph.label(node), graph.prior_of(node), graph.grad_of(node)
    this = None if grad is None else np.asarray(grad) - np.asarray(prior)
    now = "" if this is None else f" + {text_of(_plain(this))} of this pass = {text_of(grad)}"
    return Finding(
        check="stale-gradient",
        severity="error" if updated else "note",
        pass_index=index,
        node=node,
        edge=None,
        source=_call(graph),
        message=f"{label} still holds the gradient from before the last update."
        if updated
        else f"This pass adds to gradients that were there before it, {label} among them.",
        evidence=f"{grad_of(graph, node)}: {text_of(prior)} from before{now}; "
        f"so for {stale:,} of {all_:,} parameters.",
        cure="Call zero_grad() before backward(), after every update."
        if updated
        else "Fine if passes are meant to add up before one update; else call zero_grad() in between.",
        place="after update" if updated else "",
    )


def _again(index: int, graph: Graph, node: int, count: int) -> Finding:
    """Computed values that still held a gradient: backward() ran over them before."""
    label, prior = graph.label(node), graph.prior_of(node)
    return Finding(
        check="stale-gradient",
        severity="error",
        pass_index=index,
        node=node,
        edge=None,
        source=_call(graph),
        message=f"backward() ran again over values that still held gradients, {label} among them: "
        "they are passed on a second time.",
        evidence=f"{grad_of(graph, node)}: {text_of(prior)} from before, "
        f"{text_of(graph.grad_of(node))} now{more(count)}.",
        cure=AFRESH,
        place="again",
    )


def _plain(x: np.ndarray) -> Number:
    return x if x.ndim else float(x)


def _call(graph: Graph) -> Span | None:
    """The line that called backward(), else the root's."""
    file, line = graph.meta.get("file"), graph.meta.get("line")
    return Span(str(file), int(line)) if file and line else graph.span_of(graph.root)


STALE = Check(
    "stale-gradient",
    "Gradients that still hold what a pass before left: a forgotten zero_grad(), or backward() run twice.",
    (
        "any gradient that is not zero before a pass counts",
        "unwatched: all numbers are those of several runs, or only leaves hold more than came back",
    ),
    _Stale,
)
