"""A Graph as a networkx MultiDiGraph: keys are slots, attributes plain types that GraphML and JSON accept."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from gradviz.summary import summarise

if TYPE_CHECKING:
    import networkx as nx

    from gradviz.graph import Graph, Number


def to_networkx(graph: Graph) -> nx.MultiDiGraph:
    """Export to networkx.

    Node attributes: name, op, kind, data, grad, state, scope, source; of edges: slot, cotangent, local.
    Numbers are floats, NaN and infinities included; arrays are given as their summary, in words. What nobody
    computed has no attribute.
    """
    import networkx as nx

    out = nx.MultiDiGraph(root=graph.root, name=graph.label(graph.root))
    out.add_nodes_from((node.id, _node_attributes(graph, node.id)) for node in graph.nodes())
    out.add_edges_from(
        (
            edge.source,
            edge.target,
            edge.slot,
            _present(slot=edge.slot, cotangent=edge.cotangent, local=edge.local),
        )
        for edge in graph.edges()
    )
    return out


def _node_attributes(graph: Graph, i: int) -> dict[str, Any]:
    node = graph.node(i)
    return _present(
        name=node.label,
        op=node.op,
        kind=node.kind,
        data=node.data,
        grad=node.grad,
        state=node.state,
        scope=node.scope,
        source=str(node.source) if node.source else "",
    )


def _present(**attributes: Number | str | int | None) -> dict[str, Any]:
    """The attributes that exist, in plain types."""
    return {key: _plain(value) for key, value in attributes.items() if value is not None}


def _plain(value: Any) -> Any:
    if isinstance(value, np.ndarray):
        return summarise(value).text() if value.ndim else float(value)
    return value
