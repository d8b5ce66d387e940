"""A Graph as a networkx MultiDiGraph: keys are slots, attributes plain types that GraphML and JSON accept."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import numpy as np

from gradviz.facts import KINDS, Number
from gradviz.summary import summarise

if TYPE_CHECKING:
    import networkx as nx

    from gradviz.graph import Graph

# What XML 1.0 cannot hold, however it is escaped.
_NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def to_networkx(graph: Graph) -> nx.MultiDiGraph:
    """Export to networkx.

    Node attributes: name, op, kind, data, grad, state, scope, source; of edges: slot, cotangent, local.
    Numbers are floats, NaN and infinities included; arrays are given as their summary, in words. What nobody
    computed has no attribute. Characters that XML cannot hold are written as ``\\x00``.
    """
    import networkx as nx

    title = _text(graph.label(graph.root)) if len(graph) else ""
    out = nx.MultiDiGraph(root=int(graph.root), name=title)
    out.add_nodes_from(_nodes(graph))
    out.add_edges_from(_edges(graph))
    return out


def _nodes(graph: Graph) -> Iterator[tuple[int, dict[str, Any]]]:
    scopes, sources = list(map(_text, graph.scopes)), [_text(str(span or "")) for span in graph.spans]
    data, grad = graph.data.tolist(), graph.grad.tolist()
    columns = (graph.op.tolist(), graph.kind.tolist(), graph.scope.tolist(), graph.source.tolist())
    arrays = graph.arrays["data"], graph.arrays["grad"]
    for i, (op, kind, scope, source) in enumerate(zip(*columns, strict=True)):
        values = {
            "data": _plain(arrays[0].get(i, data[i])),
            "grad": _plain(arrays[1].get(i, grad[i])) if graph.has_grad[i] else None,
        }
        yield (
            i,
            {
                **{"name": _text(graph.label(i)), "op": graph.op_names[op], "kind": KINDS[kind]},
                **{key: value for key, value in values.items() if value is not None},
                **{"state": graph.state_of(i), "scope": scopes[scope], "source": sources[source]},
            },
        )


def _edges(graph: Graph) -> Iterator[tuple[int, int, int, dict[str, Any]]]:
    slots = np.arange(graph.edge_count) - graph.input_start[graph.consumer]
    columns = graph.input.tolist(), graph.consumer.tolist(), slots.tolist()
    for e, (source, target, slot) in enumerate(zip(*columns, strict=True)):
        values = {"cotangent": _plain(graph.cotangent_of(e)), "local": _plain(graph.local_of(e))}
        present = {key: value for key, value in values.items() if value is not None}
        yield source, target, slot, {"slot": slot, **present}


def _plain(value: Number | None) -> float | str | None:
    if isinstance(value, np.ndarray):
        return summarise(value).text() if value.ndim else float(value)
    return value


def _text(text: str) -> str:
    return _NOT_XML.sub(lambda found: found[0].encode("unicode_escape", "surrogatepass").decode(), text)
