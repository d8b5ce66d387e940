"""The graph at one moment for other programs: networkx, with plain attributes and every number in full."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from gradviz.renderers.escape import visible
from gradviz.renderers.facts import Facts
from gradviz.renderers.wording import in_full, place

if TYPE_CHECKING:
    import networkx

    from gradviz.graph import Number
    from gradviz.timeline.frame import Frame
    from gradviz.view import View

_NUMERIC = ("data", "grad", "cotangent", "local")
_NUMBERS = ("data_min", "data_max", "grad_norm", "zero_share", "nonfinite", "computed", "updated")


def values(view: View, frame: Frame | None) -> networkx.MultiDiGraph:
    """Give all values of a view's graph, whatever is folded; what does not exist yet has no attribute."""
    exported = view.graph.to_networkx()
    for i, node in exported.nodes(data=True):
        if "source" in node:
            node["source"] = place(view.graph.span_of(i))
    if frame is not None:
        _set_back(exported, frame)
    return exported


def boxes(view: View, frame: Frame | None) -> networkx.MultiDiGraph:
    """Give what is drawn: a view's boxes, and its edges, each with what there is to say of it.

    Where nothing is folded these are the values. Else a folded scope is one node: ``values`` is how many it
    holds, ``data_min`` to ``zero_share`` are over these. Edges between boxes have ``cotangent``, of several
    the one that is largest in magnitude, and ``edges``, how many they stand for.
    """
    if all(box.node is not None for box in view.boxes):
        return values(view, frame)
    import networkx

    known = values(view, frame)
    moment = Facts(view, frame).frame
    out = networkx.MultiDiGraph(**known.graph | {"root": int(view.box_of[view.graph.root])})
    for box, found in zip(view.boxes, view.summaries(moment), strict=True):
        folded = {"name": box.title, "kind": "scope", "scope": box.scope, "values": box.count}
        numbers = {name: getattr(found, name) for name in _NUMBERS}
        kept = {key: value for key, value in numbers.items() if not _absent(value)}
        out.add_node(box.index, **(known.nodes[box.node] if box.node is not None else folded | kept))
    for edge, flow in zip(view.edges, view.flows(moment), strict=True):
        facts: dict[str, Any] = {"edges": edge.count}
        if edge.count == 1:
            e = int(edge.edges[0])
            source, target = int(view.graph.input[e]), int(view.graph.consumer[e])
            facts |= known.edges[source, target, e - int(view.graph.input_start[target])]
        elif flow.carried:
            facts["cotangent"] = float(flow.largest)
        out.add_edge(edge.source, edge.target, edge.index, **facts)
    return out


def for_xml(exported: networkx.MultiDiGraph) -> networkx.MultiDiGraph:
    """Make a graph fit for XML, and each attribute of one type: an array's words are ``data_array``.

    An empty text is left out, like everything that is not there.
    """
    for _, facts in exported.nodes(data=True):
        _fit(facts)
    for _, _, facts in exported.edges(data=True):
        _fit(facts)
    exported.graph["name"] = visible(exported.graph["name"])
    return exported


def _fit(facts: dict[str, Any]) -> None:
    for key in [key for key in _NUMERIC if isinstance(facts.get(key), str)]:
        facts[f"{key}_array"] = facts.pop(key)
    for key, value in list(facts.items()):
        if value == "":
            del facts[key]  # readers differ in what an empty element is
        elif isinstance(value, str):
            facts[key] = visible(value)


def _absent(value: float) -> bool:
    return isinstance(value, float) and math.isnan(value)


def _set_back(exported: networkx.MultiDiGraph, frame: Frame) -> None:
    """Set every node and edge to what it held at a frame."""
    for i, node in exported.nodes(data=True):
        node.pop("state", None)
        for key, value in (("data", frame.data_of(i)), ("grad", frame.grad_of(i))):
            node.pop(key, None)
            if value is not None:
                node[key] = _plain(value)
    start = frame.timeline.graph.input_start
    for _, target, slot, edge in exported.edges(keys=True, data=True):
        if not frame.carried[start[target] + slot]:
            edge.pop("cotangent", None)


def _plain(value: Number) -> float | str:
    return float(value) if isinstance(value, float) else in_full(value)
