"""A Graph as a networkx MultiDiGraph: keys are slots, attributes plain types that GraphML and JSON accept."""

from __future__ import annotations

import gc
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from threading import Lock
from typing import TYPE_CHECKING, Any

import numpy as np

from gradviz.graph.facts import CONST, KINDS, Number
from gradviz.graph.labelling import labels_of
from gradviz.grouping import distinct
from gradviz.summary import summarise

if TYPE_CHECKING:
    import networkx as nx

    from gradviz.graph import Graph

# What XML 1.0 cannot hold, however it is escaped.
_NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_STATES = ("not asked", "not computed", "non-finite", "zero", "value")  # as Graph.state_of

Facts = dict[str, Any]


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
        out._node.update(enumerate(_nodes(graph)))
        out._succ.update({node: {} for node in out._node})
        out._pred.update({node: {} for node in out._node})
        _connect(graph, out._succ, out._pred)
    return out


class _Collector:
    """Python's cyclic garbage collector. It would go through all that is made in vain.

    Where it is on, it is paused, and turned on again when the last of several threads has finished.
    """

    def __init__(self) -> None:
        self.lock, self.users, self.was_on = Lock(), 0, False

    @contextmanager
    def paused(self) -> Iterator[None]:
        with self.lock:
            if not self.users:
                self.was_on = gc.isenabled()
                gc.disable()
            self.users += 1
        try:
            yield
        finally:
            with self.lock:
                self.users -= 1
                if not self.users and self.was_on:
                    gc.enable()


_collector = _Collector()


def _nodes(graph: Graph) -> list[Facts]:
    arrays, grad = graph.arrays, graph.grad.tolist()
    for node in np.flatnonzero(~graph.has_grad).tolist():
        grad[node] = None
    columns = (
        *(_labels(graph), _picked(graph.op_names, graph.op), _picked(KINDS, graph.kind)),
        *(_plain(graph.data.tolist(), arrays["data"]), _plain(grad, arrays["grad"]), _states(graph)),
        *(_picked([*map(_text, graph.scopes)], graph.scope),),
        *(_picked([_text(str(span or "")) for span in graph.spans], graph.source),),
    )
    facts = [
        {"name": name, "op": op, "kind": kind, "data": data, "grad": grad, "state": state, "scope": scope,
         "source": source}
        for name, op, kind, data, grad, state, scope, source in zip(*columns, strict=True)
    ]  # fmt: skip
    _drop_absent(facts, "data", list(arrays["data"]))
    _drop_absent(facts, "grad", np.flatnonzero(~graph.has_grad).tolist() + list(arrays["grad"]))
    return facts


def _connect(graph: Graph, succ: dict[int, Any], pred: dict[int, Any]) -> None:
    """Put in the edges; those of one pair of nodes share one dict, which both ends hold."""
    slots = (np.arange(graph.edge_count) - graph.input_start[graph.consumer]).tolist()
    facts = _edges(graph, slots)
    source, target = graph.input, graph.consumer
    parallel = _parallel(source, target)
    alone = [{slot: fact} for slot, fact in zip(slots, facts, strict=True)]
    for u, v, keys in zip(source.tolist(), target.tolist(), alone, strict=True):
        succ[u][v] = pred[v][u] = keys
    for pair in parallel:
        first = alone[pair[0]]
        first.update((slots[edge], facts[edge]) for edge in pair[1:])
        u, v = int(source[pair[0]]), int(target[pair[0]])
        succ[u][v] = pred[v][u] = first


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
    rising = np.sort(pairs)
    several = distinct(rising[1:][rising[1:] == rising[:-1]])
    edges = np.flatnonzero(np.isin(pairs, several)) if len(several) else np.zeros(0, dtype=np.int64)
    found: dict[int, list[int]] = {}
    for pair, edge in zip(pairs[edges].tolist(), edges.tolist(), strict=True):
        found.setdefault(pair, []).append(edge)
    return list(found.values())


def _labels(graph: Graph) -> list[str]:
    labels = labels_of(graph)
    strange = any(map(_NOT_XML.search, graph.names.values()))
    return [*map(_text, labels)] if strange else labels


def _picked(texts: Sequence[str], index: np.ndarray) -> list[str]:
    """The text that each node's index says."""
    found: list[str] = np.array([*texts, None], dtype=object)[index].tolist()
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


def _states(graph: Graph) -> list[str]:
    conditions = [graph.kind == CONST, ~graph.has_grad, ~np.isfinite(graph.grad), graph.grad == 0]
    states = _picked(_STATES, np.select(conditions, range(4), 4))
    for node in graph.arrays["grad"]:
        states[node] = graph.state_of(node)
    return states


def _drop_absent(facts: list[Facts], key: str, candidates: list[int]) -> None:
    """Take out what nobody computed; it can be missing only in some."""
    for i in candidates:
        if facts[i].get(key, 0) is None:
            del facts[i][key]


def _text(text: str) -> str:
    return _NOT_XML.sub(lambda found: found[0].encode("unicode_escape", "surrogatepass").decode(), text)
