"""One value in full: its numbers, its op, and where its gradient comes from."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

import numpy as np

from gradviz.document.asides import node_asides
from gradviz.document.scene import Pass
from gradviz.document.whatif import node_facts
from gradviz.explain.phrasing import derivative, expression
from gradviz.graph import OP, Edge, Number
from gradviz.ops import OPS
from gradviz.summary import summarise, text_of
from gradviz.view.naming import symbol_of

EDGES = 200  # rows of inputs or of consumers in one answer
ELEMENTS = 256  # of an array that is given element by element
CURVE_POINTS = 97
CURVE_REACH = 4.0  # how far a curve is drawn around 0, at least


def node_document(shown: Pass, node: int) -> dict[str, Any]:
    """Give everything there is to know of one value after the whole pass."""
    graph = shown.graph
    one, op = graph.node(node), OPS.get(graph.op_of(node))
    inputs, consumers = graph.inputs_of(node), graph.consumers_of(node)
    steps = shown.timeline.steps_of(node)
    return {
        "node": node,
        "name": shown.label(node),
        "label": one.name,
        "op": one.op,
        "symbol": symbol_of(graph, node) if one.op else "",
        "kind": one.kind,
        "formula": expression(graph, node),
        "derivatives": [derivative(graph, node, slot) for slot in range(len(inputs[:EDGES]))] if op else [],
        "rule": op.sentence if op else "",
        "kink": op.kink if op else "",
        "attrs": {key: plain(value) for key, value in one.attrs.items()},
        "data": plain(one.data),
        "grad": plain(one.grad),
        "state": one.state,
        "prior": plain(graph.prior_of(node)),
        **node_facts(shown, node),
        **node_asides(shown, node),
        "shape": list(one.shape),
        **_arrays(one.data, one.grad),
        "scope": one.scope,
        **shown.place(one.source),
        "inputs": [_input(shown, graph.edge(int(e))) for e in inputs[:EDGES]],
        "moreInputs": max(len(inputs) - EDGES, 0),
        "consumers": [_consumer(shown, graph.edge(int(e))) for e in consumers[:EDGES]],
        "more": max(len(consumers) - EDGES, 0),
        "curve": _curve(shown, node),
        "update": _update(shown, node) if steps["update"] is not None else None,
        "steps": {**steps, "grad": _few(steps["grad"])},
    }


def _few(steps: Any) -> Any:
    """The first steps and the last, which completes the gradient."""
    return steps if len(steps) <= EDGES else [*steps[: EDGES - 1], steps[-1]]


def plain(value: Any) -> Any:
    """Give a number in full, an array in a few words, anything else as text."""
    if isinstance(value, np.ndarray) and value.ndim:
        return text_of(value)
    if value is None or isinstance(value, (bool, int, str)):
        return value
    return float(value) if isinstance(value, (float, np.generic, np.ndarray)) else str(value)


def _arrays(data: Number | None, grad: Number | None) -> dict[str, Any]:
    """Of an array the summary, and its elements if they are few."""
    if not isinstance(data, np.ndarray) or not data.ndim:
        return {}
    summary = summarise(data)
    out: dict[str, Any] = {"summary": {**asdict(summary), "text": summary.text()}}
    if data.size <= ELEMENTS:
        out["elements"] = {"data": data, "grad": grad}
    return out


def _input(shown: Pass, edge: Edge) -> dict[str, Any]:
    return {
        "node": edge.source,
        "name": shown.label(edge.source),
        "slot": edge.slot,
        "data": plain(shown.graph.data_of(edge.source)),
        "local": plain(edge.local),
        "cotangent": plain(edge.cotangent),
    }


def _consumer(shown: Pass, edge: Edge) -> dict[str, Any]:
    return {
        "node": edge.target,
        "edge": edge.id,
        "name": shown.label(edge.target),
        "op": symbol_of(shown.graph, edge.target),
        "slot": edge.slot,
        "cotangent": plain(edge.cotangent),
        "local": plain(edge.local),
    }


def _curve(shown: Pass, node: int) -> dict[str, Any] | None:
    """Where a scalar sits on the curve of its op."""
    graph = shown.graph
    op = OPS.get(graph.op_of(node))
    if op is None or not op.curve or graph.kind[node] != OP or len(graph.inputs_of(node)) != 1:
        return None
    edge = graph.edge(int(graph.inputs_of(node)[0]))
    x, y = graph.data_of(edge.source), graph.data_of(node)
    if np.ndim(0.0 if x is None else x) or x is None:
        return None
    attrs = graph.attrs.get(node, {})
    reach = max(CURVE_REACH, 1.25 * abs(float(x))) if np.isfinite(x) and abs(float(x)) < 1e6 else CURVE_REACH
    xs = np.linspace(-reach, reach, CURVE_POINTS)
    ys = np.broadcast_to(op.forward(xs, **attrs), xs.shape)
    slope = op.local(0, (xs,), ys, **attrs)
    slopes = np.broadcast_to(np.asarray(np.nan if slope is None else slope, dtype=np.float64), xs.shape)
    points = {"xs": _rounded(xs), "ys": _rounded(ys), "slopes": _rounded(slopes)}
    return {"op": op.name, **points, "x": float(x), "y": plain(y), "slope": plain(edge.local)}


def _rounded(values: np.ndarray) -> list[float]:
    """Six digits are more than a curve can show."""
    return [float(f"{value:.6g}") for value in values.tolist()]


def _update(shown: Pass, node: int) -> dict[str, Any]:
    update = shown.timeline.update_of(node)
    place = shown.place(update.source)
    return {
        "before": plain(update.before),
        "after": plain(update.after),
        "rule": update.rule,
        "file": place["file"],
        "line": place["line"],
    }
