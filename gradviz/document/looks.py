"""How boxes and edges look in the end, in columns: large views are told in them, small ones row by row."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

import numpy as np

from gradviz.graph import CONST, KINDS
from gradviz.numbers import short
from gradviz.renderers.style import Level
from gradviz.renderers.wording import range_text, share_text
from gradviz.summary import text_of

if TYPE_CHECKING:
    from gradviz.document.scene import Scene

Final = tuple[str | None, str | None, Level | None]

_KINDS = (*KINDS, "group")


def box_columns(scene: Scene) -> dict[str, list[Any]]:
    """What the view says of each box."""
    graph, columns = scene.graph, scene.view.box_columns
    nodes, first = scene.singles, scene.view.node_order[scene.view.node_start[:-1]]
    facts = scene.view.summary_columns(scene.timeline.frame(len(scene.timeline)))
    source = graph.source[first].tolist()
    place = {row: scene.shown.place(graph.spans[row]) for row in set(source)}
    single = nodes >= 0
    unasked = (single & (graph.kind[nodes] == CONST)).tolist()
    data, grad, level = zip(*scene.final_boxes, strict=True) if len(nodes) else ((), (), ())
    shares = zip(single.tolist(), facts.done_grads.tolist(), facts.zero_share.tolist(), strict=True)
    return {
        "key": columns.key,
        "node": [node if node >= 0 else None for node in nodes.tolist()],
        "title": columns.title,
        "subtitle": columns.subtitle,
        "kind": [_KINDS[kind] for kind in np.where(single, graph.kind[nodes], len(KINDS)).tolist()],
        "count": scene.counts.tolist(),
        "scope": columns.scope,
        "expandable": (~single).tolist(),
        **{name: [place[row][name] for row in source] for name in ("file", "line", "span")},
        "data": list(data),
        "grad": ["not asked" if no else text for no, text in zip(unasked, grad, strict=True)],
        "glevel": ["na" if no else one for no, one in zip(unasked, level, strict=True)],
        "zeros": [share_text(share) if not one and done else None for one, done, share in shares],
        "bad": (facts.nonfinite > 0).tolist(),
    }


def edge_columns(scene: Scene) -> dict[str, list[Any]]:
    """What the view says of each edge, but for its text."""
    columns = scene.view.edge_columns
    return {
        "source": columns.source.tolist(),
        "target": columns.target.tolist(),
        "count": columns.edges.tolist(),
        "level": ["none" if level is None else level for level in scene.final_levels],
    }


def final_boxes(scene: Scene) -> list[Final]:
    """Per box its data, gradient and level after the last step; of several values range and largest."""
    frame = scene.timeline.frame(len(scene.timeline))
    facts = scene.view.summary_columns(frame)
    level = scene.shown.level
    folded = zip(
        *(column.tolist() for column in (facts.data_min, facts.data_max, facts.grad_norm, facts.done_grads)),
        strict=True,
    )
    final: list[Final] = []
    for node, plain, data, grad, (low, high, largest, done) in zip(*_values(scene), folded, strict=True):
        if node < 0:
            norm = largest if done else None
            final.append((range_text(low, high), None if norm is None else text_of(norm), level(norm)))
        elif plain:
            final.append((short(data), short(grad), level(grad)))
        else:
            last = frame.grad_of(node)
            text = None if last is None else text_of(last)
            final.append((text_of(frame.data_of(node)), text, level(last)))
    return final


def _values(scene: Scene) -> Iterable[list[Any]]:
    """Per box its node, whether that is one plain number with a gradient, its data and its gradient."""
    graph, nodes = scene.graph, scene.singles
    special = ~graph.has_grad
    special[[*graph.arrays["data"], *graph.arrays["grad"], *(update.node for update in graph.updates)]] = True
    return nodes.tolist(), (~special[nodes]).tolist(), graph.data[nodes].tolist(), graph.grad[nodes].tolist()
