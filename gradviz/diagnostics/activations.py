"""Activations through which nothing flows back: dead and saturated, read from the local derivative."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from gradviz.diagnostics.columns import largest_grad, layer_names
from gradviz.diagnostics.finding import Check, EachPass, Finding
from gradviz.graph import Graph
from gradviz.ops import OPS

SAMPLES = 8  # in a row without one that gets through, before a unit is called dead
DEAD_SHARE = 0.5  # of a layer's units: SageMaker Debugger, rule DeadRelu, threshold_layer
FLAT = 1e-3  # |slope| below which nothing worth mentioning passes
FLAT_SHARE = 0.5  # of a layer: SageMaker Debugger, rule SaturatedActivation, threshold_layer
NODES = 8  # activations in a layer, below which a share says nothing
GATES = ("relu", "hardtanh")  # exactly flat on one side, by design
UNBOUNDED = ("relu", "leaky_relu", "abs", "sign", "floor", "step", "exp", "log", "sqrt")


class _Slopes(NamedTuple):
    """The slopes of the activations of one kind: per entry the node, a unit within it, and what passes."""

    node: np.ndarray
    unit: np.ndarray
    slope: np.ndarray


def _slopes(graph: Graph, ops: tuple[str, ...]) -> _Slopes:
    """All slopes of these ops inside scopes; arrays element by element, their last axis being units."""
    codes = [code for code, name in enumerate(graph.op_names) if name in ops]
    scoped = np.array([bool(scope) for scope in graph.scopes])[graph.scope]
    nodes = np.flatnonzero(np.isin(graph.op, codes) & scoped)
    edges = graph.input_start[nodes]
    arrays = graph.edges_derived.local_arrays
    plain = graph.edges_derived.has_local[edges] & ~np.isin(edges, list(arrays))
    parts = [(nodes[plain], np.zeros(np.count_nonzero(plain), dtype=int), graph.local[edges[plain]])]
    for node, edge in zip(nodes.tolist(), edges.tolist(), strict=True):
        slope = arrays.get(edge)
        if slope is not None and slope.ndim:
            units = np.broadcast_to(np.arange(slope.shape[-1]), slope.shape)
            parts.append((np.full(slope.size, node), units.ravel(), slope.ravel()))
    return _Slopes(*(np.concatenate(columns) for columns in zip(*parts, strict=True)))


class _Dead:
    """Remembers for how many samples in a row each unit let nothing through."""

    def __init__(self) -> None:
        self.silent: dict[tuple[str, int], int] = {}

    def see(self, index: int, graph: Graph) -> Iterator[Finding]:
        entries = _slopes(graph, GATES)
        keys = entries.unit * len(graph.scopes) + graph.scope[entries.node]
        units, first, which = np.unique(keys, return_index=True, return_inverse=True)
        samples, passing = np.bincount(which), np.bincount(which, weights=entries.slope != 0)
        silent: dict[tuple[str, int], int] = {}
        layers: dict[str, list[tuple[int, int]]] = {}  # silent samples, node
        names = layer_names(graph)
        for key, at, total, through in zip(units.tolist(), first.tolist(), samples, passing, strict=True):
            scope, unit = key % len(graph.scopes), key // len(graph.scopes)
            name = graph.scopes[scope], unit
            silent[name] = 0 if through else self.silent.get(name, 0) + int(total)
            layers.setdefault(names[scope], []).append((silent[name], int(entries.node[at])))
        self.silent = silent
        for layer, found in layers.items():
            dead = [(run, node) for run, node in found if run >= SAMPLES]
            if dead:
                yield _dead(index, graph, layer, dead, len(found))


def _dead(index: int, graph: Graph, layer: str, dead: list[tuple[int, int]], units: int) -> Finding:
    run, node = min(dead)
    share = len(dead) / units
    symbol = OPS[graph.op_of(node)].symbol
    severity = "error" if share == 1 else "warning" if share > DEAD_SHARE else "note"
    more = " Nothing flows back through this layer." if share == 1 else ""
    return Finding(
        check="dead-unit",
        severity=severity,
        pass_index=index,
        node=node,
        edge=int(graph.input_start[node]),
        source=graph.span_of(node),
        message=f"{len(dead)} of {units} {symbol} units in {layer} are dead.{more}",
        evidence=f"Their slope was 0 for each of the last {run:,} samples or more.",
        cure="Lower the learning rate, start with smaller weights or a small positive bias, or leaky ReLU.",
        place=layer,
    )


def _saturated(index: int, graph: Graph) -> Iterator[Finding]:
    ops = tuple(name for name in graph.op_names if name in OPS and OPS[name].curve and name not in UNBOUNDED)
    entries = _slopes(graph, ops)
    names = layer_names(graph)
    layers = sorted(set(names))
    layer = np.array([layers.index(name) for name in names])[graph.scope[entries.node]]
    flat = np.abs(entries.slope) < FLAT
    totals, flats = (np.bincount(layer[mask], minlength=len(layers)) for mask in (slice(None), flat))
    arriving = largest_grad(graph)
    for which in np.flatnonzero((totals >= NODES) & (flats > FLAT_SHARE * totals)).tolist():
        nodes = entries.node[flat & (layer == which)]
        node = int(nodes[np.argmax(np.nan_to_num(arriving[nodes]))])
        symbol = OPS[graph.op_of(node)].symbol
        yield Finding(
            check="saturation",
            severity="warning",
            pass_index=index,
            node=node,
            edge=int(graph.input_start[node]),
            source=graph.span_of(node),
            message=f"Most {symbol} activations in {layers[which]} are saturated: almost no gradient passes.",
            evidence=f"{flats[which]:,} of {totals[which]:,} slopes are below {FLAT:g} in size.",
            cure="Start with smaller weights, scale the inputs, or lower the learning rate.",
            place=layers[which],
        )


DEAD = Check(
    "dead-unit",
    "ReLU-like units that let nothing through for any sample, so that they no longer learn.",
    (
        f"slope 0 for at least {SAMPLES} samples in a row, over passes: one small batch proves little",
        f"warning above {DEAD_SHARE:.0%} of a layer (SageMaker Debugger, DeadRelu), error at all of it",
    ),
    _Dead,
)
SATURATION = Check(
    "saturation",
    "Layers of bounded activations that sit where their curve is flat.",
    (
        f"|slope| below {FLAT:g}, read from the edge, so that it holds for every activation",
        f"more than {FLAT_SHARE:.0%} of at least {NODES} in a layer (SageMaker, SaturatedActivation)",
    ),
    lambda: EachPass(_saturated),
)
