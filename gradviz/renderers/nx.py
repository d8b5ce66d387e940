"""The graph as JSON in networkx's node-link form, for other programs: every number in full."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import networkx

from gradviz.numbers import dumps
from gradviz.renderers.wording import in_full, place

if TYPE_CHECKING:
    from gradviz.graph import Number
    from gradviz.timeline.frame import Frame
    from gradviz.view import View


_LONE = re.compile("[\ud800-\udfff]")  # half a surrogate pair has no UTF-8, but JSON has an escape for it


def render(view: View, frame: Frame | None = None, *, indent: int | None = None) -> str:
    """Write the graph of a view as node-link JSON: all its values, whatever is folded.

    Args:
        view: its graph is written.
        frame: the moment; what does not exist by then is left out. None is the whole pass.
        indent: spaces to indent by; None is one line.
    """
    exported = view.graph.to_networkx()
    for i, node in exported.nodes(data=True):
        if "source" in node:
            node["source"] = place(view.graph.span_of(i))
    if frame is not None:
        _set_back(exported, frame)
    text = dumps(networkx.node_link_data(exported, edges="edges"), indent=indent)
    return _LONE.sub(lambda match: f"\\u{ord(match[0]):04x}", text) + "\n"


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
