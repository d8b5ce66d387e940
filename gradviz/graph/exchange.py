"""A Graph as a networkx MultiDiGraph: keys are slots, attributes plain types that GraphML and JSON accept."""

from __future__ import annotations

import gc
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from threading import Lock
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np

from gradviz.graph.facts import CONST, KINDS, Number
from gradviz.graph.labelling import labels_of
from gradviz.summary import summarise

if TYPE_CHECKING:
    import networkx as nx

    from gradviz.graph import Graph

# What XML 1.0 cannot hold, however it is escaped.
_NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_STATES = ("not asked", "not computed", "non-finite", "zero", "value")  # as Graph.state_of

_Thing = TypeVar("_Thing")
Facts = dict[str, Any]
Neighbours = dict[int, dict[int, Facts]]  # by node, then by slot


def to_networkx(graph: Graph) -> nx.MultiDiGraph:
    """Export to networkx.

    Node attributes: name, op, kind, data, grad, state, scope, source; of edges: slot, cotangent, local.
    Numbers are floats, NaN and infinities included; arrays are given as their summary, in words. What nobody
    computed has no attribute. Characters that XML cannot hold are written as ``\\x00``.
    """
    import networkx as nx

    title = _text(graph.label(graph.root)) if len(graph) else ""
    out = nx.MultiDiGraph(root=int(graph.root), name=title)
    # What add_nodes_from and add_edges_from would do, without asking of each node whether it is known: a test
    # compares the two.
    with _collector.paused():
        numbers = np.arange(len(graph)).astype(object)  # the same objects wherever a node is named
        nodes = numbers.tolist()
        out._node.update(zip(nodes, _nodes(graph), strict=True))
        consumers, inputs = _connect(graph, numbers)
        for neighbours, made in ((out._succ, consumers), (out._pred, inputs)):
            neighbours.update(out._node)  # a copy at its full size: filled in with nothing to move
            neighbours.update(zip(nodes, made, strict=True))
    return out


class _Collector:
    """Python's cyclic garbage collector. It would go through all that is made in vain.

    Where it is on, it is paused, and turned on again when the last of several threads has finished. What was
    made is then handed to its oldest generation, or it would be gone through at once.
    """

    def __init__(self) -> None:
        self.lock, self.was_on = Lock(), False
        self.users: set[object] = set()

    @contextmanager
    def paused(self) -> Iterator[None]:
        user = object()
        try:  # from here on, or an interrupt could leave it off
            with self.lock:
                if not self.users:
                    self.was_on = gc.isenabled()
                self.users.add(user)
                gc.disable()
            yield
        finally:
            with self.lock:
                self.users.discard(user)
                if not self.users and self.was_on:
                    self.was_on = False
                    if not gc.get_freeze_count():  # else somebody else keeps things frozen
                        gc.freeze()
                        gc.unfreeze()
                    gc.enable()


_collector = _Collector()


def _nodes(graph: Graph) -> list[Facts]:
    arrays, grad = graph.arrays, graph.grad.tolist()
    for node in np.flatnonzero(~graph.has_grad).tolist():
        grad[node] = None
    facts = _alike(graph)
    columns = _labels(graph), _plain(graph.data.tolist(), arrays["data"]), _plain(grad, arrays["grad"])
    for fact, name, number, gradient in zip(facts, *columns, strict=True):
        fact["name"] = name
        fact["data"] = number
        fact["grad"] = gradient
    _drop_absent(facts, "data", list(arrays["data"]))
    _drop_absent(facts, "grad", np.flatnonzero(~graph.has_grad).tolist() + list(arrays["grad"]))
    return facts


def _alike(graph: Graph) -> list[Facts]:
    """Each node's facts, its name and numbers left open: copied from the few that differ in the others."""
    sources = [_text(str(span or "")) for span in graph.spans]
    things = graph.op_names, KINDS, _STATES, [*map(_text, graph.scopes)], sources
    columns = graph.op, graph.kind, _states(graph), graph.scope, graph.source
    sizes = [max(len(each), 1) for each in things]
    codes, which = np.unique(np.ravel_multi_index(columns, sizes), return_inverse=True)
    picked = [
        _picked(each, index) for each, index in zip(things, np.unravel_index(codes, sizes), strict=True)
    ]
    patterns = [
        {"name": "", "op": op, "kind": kind, "data": 0.0, "grad": 0.0, "state": state, "scope": scope,
         "source": source}
        for op, kind, state, scope, source in zip(*picked, strict=True)
    ]  # fmt: skip
    return [*map(dict.copy, _picked(patterns, which))]


def _connect(graph: Graph, numbers: np.ndarray) -> tuple[list[Neighbours], list[Neighbours]]:
    """Each node's consumers and inputs; the edges of one pair of nodes share one dict, which both hold."""
    consumers: list[Neighbours] = [{} for _ in range(len(graph))]
    inputs: list[Neighbours] = [{} for _ in range(len(graph))]
    source, target = numbers[graph.input].tolist(), numbers[graph.consumer].tolist()
    slots = (np.arange(graph.edge_count) - graph.input_start[graph.consumer]).tolist()
    facts = _edges(graph, slots)
    for u, v, slot, fact in zip(source, target, slots, facts, strict=True):
        consumers[u][v] = inputs[v][u] = {slot: fact}
    for parallel in _parallel(graph.input, graph.consumer):
        u, v = source[parallel[0]], target[parallel[0]]
        consumers[u][v] = inputs[v][u] = {slots[edge]: facts[edge] for edge in parallel}
    return consumers, inputs


def _edges(graph: Graph, slots: list[int]) -> list[Facts]:
    derived, cotangent, local = graph.edges_derived, graph.cotangent.tolist(), graph.local.tolist()
    no_cotangent = np.flatnonzero(~derived.has_cotangent).tolist()
    no_local = np.flatnonzero(~derived.has_local).tolist()
    for edge in no_cotangent:
        cotangent[edge] = None
    for edge in no_local:
        local[edge] = None
    columns = slots, _plain(cotangent, derived.cotangent_arrays), _plain(local, derived.local_arrays)
    facts = [
        {"slot": slot, "cotangent": cotangent, "local": local}
        for slot, cotangent, local in zip(*columns, strict=True)
    ]
    _drop_absent(facts, "cotangent", no_cotangent + list(derived.cotangent_arrays))
    _drop_absent(facts, "local", no_local + list(derived.local_arrays))
    return facts


def _parallel(source: np.ndarray, target: np.ndarray) -> list[list[int]]:
    """The edges between two nodes between which there are several, in slot order."""
    pairs = target << 32 | source
    order = np.argsort(pairs, kind="stable")  # quick, as targets rise already
    rising = pairs[order]
    again = np.flatnonzero(rising[1:] == rising[:-1]) + 1
    found: dict[int, list[int]] = {}
    for pair, before, edge in zip(
        rising[again].tolist(), order[again - 1].tolist(), order[again].tolist(), strict=True
    ):
        found.setdefault(pair, [before]).append(edge)
    return list(found.values())


def _labels(graph: Graph) -> list[str]:
    labels = labels_of(graph)
    strange = any(map(_NOT_XML.search, graph.names.values()))
    return [*map(_text, labels)] if strange else labels


def _picked(things: Sequence[_Thing], index: np.ndarray) -> list[_Thing]:
    """The things at the places that an index says."""
    found: list[_Thing] = np.fromiter(things, dtype=object, count=len(things))[index].tolist()
    return found


def _plain(column: list[Any], arrays: dict[int, Any]) -> list[Any]:
    """Numbers, and arrays in words; None where there is none, or one that was too large to keep."""
    for key, array in arrays.items():
        if array is None or column[key] is not None:
            column[key] = _said(array)
    return column


def _said(value: Number | None) -> float | str | None:
    if isinstance(value, np.ndarray):
        return summarise(value).text() if value.ndim else float(value)
    return value


def _states(graph: Graph) -> np.ndarray:
    """Per node an index into ``_STATES``."""
    conditions = [graph.kind == CONST, ~graph.has_grad, ~np.isfinite(graph.grad), graph.grad == 0]
    states = np.select(conditions, range(4), 4)
    for node in graph.arrays["grad"]:
        states[node] = _STATES.index(graph.state_of(node))
    return states


def _drop_absent(facts: list[Facts], key: str, candidates: list[int]) -> None:
    """Take out what nobody computed; it can be missing only in some."""
    for i in candidates:
        if facts[i].get(key, 0) is None:
            del facts[i][key]


def _text(text: str) -> str:
    return _NOT_XML.sub(lambda found: found[0].encode("unicode_escape", "surrogatepass").decode(), text)
