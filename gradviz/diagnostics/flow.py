"""Gradients that fade or grow on their way through the layers, compared with each other."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from gradviz.diagnostics.columns import largest_grad, layer_names
from gradviz.diagnostics.finding import Check, EachPass, Finding
from gradviz.graph import OP, PARAM, Graph
from gradviz.numbers import short
from gradviz.ops import OPS

LAYERS = 3  # layers a trend needs
LEVELS = 4  # activations in a row it needs where there are no scopes
FADES, PER_LAYER_FADES = 1e-3, 0.5
GROWS, PER_LAYER_GROWS = 70.0, 2.0
HUGE = 1e6
SHOWN = 8  # layers listed in the evidence


class _Layer(NamedTuple):
    name: str
    nodes: np.ndarray
    size: float


def _look(index: int, graph: Graph) -> Iterator[Finding]:
    size = largest_grad(graph)
    layers = [layer for layer in _layers(graph, size) if math.isfinite(layer.size)]
    if len(layers) >= 2 and layers[-1].size > 0:
        first, last = layers[0], layers[-1]
        ratio = first.size / last.size
        hop = ratio ** (1 / (len(layers) - 1))
        if ratio < FADES and hop <= PER_LAYER_FADES:
            yield _finding(index, graph, size, layers, "vanishing-gradient", ratio)
        elif ratio > GROWS and hop >= PER_LAYER_GROWS:
            yield _finding(index, graph, size, layers, "exploding-gradient", ratio)
    yield from _huge(index, graph, size)


def _layers(graph: Graph, size: np.ndarray) -> list[_Layer]:
    """The layers from input to output, each with the root mean square of its gradients."""
    found = _by_scope(graph)
    if len(found) < LAYERS:
        found = _by_activation(graph)
    if not found:
        return []
    counts = np.array([len(nodes) for _, nodes in found])
    starts = np.concatenate([[0], np.cumsum(counts)[:-1]])
    with np.errstate(all="ignore"):
        total = np.add.reduceat(size[np.concatenate([nodes for _, nodes in found])] ** 2, starts)
        sizes = np.sqrt(total / counts).tolist()
    return [_Layer(*layer, mean) for layer, mean in zip(found, sizes, strict=True)]


def _by_scope(graph: Graph) -> list[tuple[str, np.ndarray]]:
    """The scopes that hold parameters, in the order they compute."""
    names = np.array(layer_names(graph), dtype=object)[graph.scope]
    ops = (graph.kind == OP) & graph.has_grad
    held = set(names[graph.kind == PARAM]) - {""}
    order = [name for name in dict.fromkeys(names[ops].tolist()) if name in held]
    return [(name, np.flatnonzero(ops & (names == name))) for name in order]


def _by_activation(graph: Graph) -> list[tuple[str, np.ndarray]]:
    """Activations by how many of them lie on the longest way from a leaf: for chains, and loops over time."""
    curves = [code for code, name in enumerate(graph.op_names) if name in OPS and OPS[name].curve]
    is_curve = np.isin(graph.op, curves)
    if np.count_nonzero(is_curve) < LEVELS:
        return []
    level = is_curve.astype(int).tolist()
    own = list(level)
    for source, target in zip(graph.input.tolist(), graph.consumer.tolist(), strict=True):
        level[target] = max(level[target], level[source] + own[target])
    at = np.where(is_curve & graph.has_grad, level, 0)
    order = np.argsort(at, kind="stable")
    levels, starts = np.unique(at[order], return_index=True)
    nodes = np.split(order, starts[1:])
    found = [(f"activation {i}", some) for i, some in zip(levels.tolist(), nodes, strict=True) if i > 0]
    return found if len(found) >= LEVELS else []


def _finding(
    index: int, graph: Graph, size: np.ndarray, layers: list[_Layer], check: str, ratio: float
) -> Finding:
    first, last = layers[0], layers[-1]
    node = int(first.nodes[np.argmax(size[first.nodes])])
    way = [*layers[:-SHOWN:-1], *layers[:1]] if len(layers) > SHOWN else layers[::-1]
    sizes = ", ".join(f"{layer.name} {short(layer.size)}" for layer in way)
    if check == "exploding-gradient":
        message = f"Gradients grow {short(ratio)}-fold from {last.name} back to {first.name}."
    elif ratio:
        message = f"Gradients shrink {short(1 / ratio)}-fold from {last.name} back to {first.name}."
    else:
        message = f"No gradient reaches {first.name}."
    return Finding(
        check=check,
        severity="warning" if ratio else "error",
        pass_index=index,
        node=node,
        edge=None,
        source=graph.span_of(node),
        message=message,
        evidence=f"Root mean square of the gradients, from the loss back: {sizes}.",
        cure=_CURES[check],
        place=first.name,
    )


def _huge(index: int, graph: Graph, size: np.ndarray) -> Iterator[Finding]:
    """The absolute test, secondary: the scale of a loss is a matter of taste."""
    params = np.flatnonzero((graph.kind == PARAM) & np.isfinite(size) & (size > HUGE))
    if len(params):
        node = int(params[np.argmax(size[params])])
        yield Finding(
            check="exploding-gradient",
            severity="warning",
            pass_index=index,
            node=node,
            edge=None,
            source=graph.span_of(node),
            message=f"The gradient of {graph.label(node)} is huge.",
            evidence=f"{short(size[node])} in size; {len(params):,} parameters are above {HUGE:g}.",
            cure=_CURES["exploding-gradient"],
            place="parameters",
        )


_CURES = {
    "vanishing-gradient": "Use ReLU-like activations, weights scaled to the number of inputs (Xavier, He), "
    "normalisation or skip connections.",
    "exploding-gradient": "Start with smaller weights, lower the learning rate, or clip gradients.",
}


def _only(check: str) -> EachPass:
    return EachPass(lambda index, graph: (found for found in _look(index, graph) if found.check == check))


VANISHING = Check(
    "vanishing-gradient",
    "Gradients that fade from the last layer to the first.",
    (
        f"first to last layer below {FADES:g} (AUTOTRAINER)",
        f"at most ×{PER_LAYER_FADES:g} per layer on average (TheDeepChecker, for every layer)",
        f"layers: at least {LAYERS} scopes with parameters, else at least {LEVELS} activations in a row",
    ),
    lambda: _only("vanishing-gradient"),
)
EXPLODING = Check(
    "exploding-gradient",
    "Gradients that grow from the last layer to the first, or that are huge.",
    (
        f"first to last layer above {GROWS:g} (AUTOTRAINER)",
        f"at least ×{PER_LAYER_GROWS:g} per layer on average (TheDeepChecker, for every layer)",
        f"secondary, since it depends on the scale of the loss: above {HUGE:g} (TheDeepChecker)",
    ),
    lambda: _only("exploding-gradient"),
)
