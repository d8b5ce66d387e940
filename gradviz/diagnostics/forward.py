"""Data that is not what its op gives: values changed after they were used, and wrong forward rules."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from gradviz.diagnostics.case import Case, Cause, open_case
from gradviz.diagnostics.wording import made, more, op_title
from gradviz.explain.phrasing import called, expression_in_numbers
from gradviz.graph import OP, Graph
from gradviz.numbers import short
from gradviz.ops import OPS

RELATIVE, ABSOLUTE = 1e-6, 1e-12  # engines compute the same functions in other ways
LOOKED_AT = 2_000  # values with other data than their inputs give, of which the reason is looked for


class Told(NamedTuple):
    """Nodes of one op by what they call it, and whether each has that op's result."""

    op: str
    text: str
    nodes: np.ndarray
    fits: np.ndarray


def told_ops(graph: Graph) -> list[Told]:
    """The scalar nodes by the op that they say they are."""
    array = np.zeros(len(graph), dtype=bool)
    array[list(graph.arrays["data"])] = True
    array[graph.consumer[array[graph.input]]] = True
    found = []
    for code, text in enumerate(graph.op_names):
        name = text if text in OPS else _meant(text)
        op = OPS.get(name)
        if op is None or not op.elementwise:
            continue
        nodes = np.flatnonzero((graph.op == code) & ~array & (np.diff(graph.input_start) == (op.arity or 0)))
        for attrs, group in _by_attrs(graph, nodes):
            if len(group):
                found.append(Told(name, text, group, _fits(graph, name, group, attrs)))
    return found


def _by_attrs(graph: Graph, nodes: np.ndarray) -> Iterator[tuple[dict[str, object], np.ndarray]]:
    special = np.isin(nodes, list(graph.attrs)) if graph.attrs else np.zeros(len(nodes), dtype=bool)
    yield {}, nodes[~special]
    yield from ((graph.attrs[node], np.array([node])) for node in nodes[special].tolist())


def _meant(text: str) -> str:
    from gradviz.recorders.duck.meaning import meanings_of

    meanings = meanings_of(text) if text else ()
    return meanings[0].op if meanings and meanings[0].constant is None else ""


def _fits(graph: Graph, name: str, nodes: np.ndarray, attrs: dict[str, object]) -> np.ndarray:
    xs = [graph.data[graph.input[graph.input_start[nodes] + slot]] for slot in range(OPS[name].arity or 0)]
    return _close(_forward(name, xs, attrs), graph.data[nodes])


def _forward(name: str, xs: list[np.ndarray], attrs: dict[str, object] | None = None) -> np.ndarray:
    with np.errstate(all="ignore"):
        return np.asarray(
            OPS[name].on_columns()(*xs, **{**OPS[name].attrs, **(attrs or {})}), dtype=np.float64
        )


def _close(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    with np.errstate(all="ignore"):
        near = np.abs(a - b) <= RELATIVE * np.abs(b) + ABSOLUTE
    return np.asarray(near | (a == b) | ~np.isfinite(a) | ~np.isfinite(b))


def wrong_data(case: Case) -> tuple[Case, list[Cause]]:
    """The case with the data that was used, and why some data is not what its op gives."""
    graph, told = case.graph, told_ops(case.graph)
    off = np.concatenate([one.nodes[~one.fits] for one in told]) if told else np.zeros(0, dtype=np.int64)
    if not len(off):
        return case, []
    changed = _changed_leaves(graph, told, off) if len(off) <= LOOKED_AT else {}
    if changed:
        return _with_old_data(case, told, changed)
    wrong = [one for one in told if not one.fits.any()]
    if wrong:
        others = {one.text: _other_op(graph, one) for one in wrong}
        causes = [_wrong_forward(graph, one, others[one.text]) for one in wrong]
        return open_case(_called(graph, others)), causes
    return case, [_changed_result(graph, one) for one in told if not one.fits.all()][:1]


def _called(graph: Graph, others: dict[str, str]) -> Graph:
    """The graph with its ops called what they compute; what that is nobody knows is then trusted."""
    names = [(others[name] or f"other {name}") if name in others else name for name in graph.op_names]
    return graph.replace(op_names=names)


def _changed_leaves(graph: Graph, told: list[Told], off: np.ndarray) -> dict[int, float]:
    """Leaves that must have held another number when they were read: by leaf that number."""
    named = {int(node): one.op for one in told for node in one.nodes.tolist()}
    wrong = set(off.tolist())
    leaves = dict.fromkeys(
        int(source) for node in off.tolist() for source in graph.input[graph.inputs_of(node)]
    )
    found: dict[int, float] = {}
    for leaf in sorted(leaves, key=lambda leaf: -len(graph.consumers_of(leaf))):
        readers = [int(graph.consumer[edge]) for edge in graph.consumers_of(leaf)]
        if graph.kind[leaf] == OP or not wrong.intersection(readers):
            continue
        if len(wrong.intersection(readers)) < len(set(readers)):
            continue  # another op that reads it comes out
        values = [_used(graph, named[node], node, leaf) for node in set(readers)]
        known = [value for value in values if value is not None]
        if known and all(_close(np.array(value), np.array(known[0])) for value in known):
            found[leaf] = known[0]
            wrong -= set(readers)
    return {} if wrong else found


def _used(graph: Graph, op: str, node: int, leaf: int) -> float | None:
    """The data that an op must have read from a leaf to give its result; None if that is not known."""
    edges = graph.inputs_of(node).tolist()
    sources = [int(graph.input[edge]) for edge in edges]
    z, slots = float(graph.data[node]), [slot for slot, source in enumerate(sources) if source == leaf]
    xs = [float(graph.data[source]) for source in sources]
    with np.errstate(all="ignore"):
        for guess in _inverses(op, xs, z, slots):
            tried = [guess if slot in slots else x for slot, x in enumerate(xs)]
            if np.isfinite(guess) and _close(_forward(op, [np.array([x]) for x in tried]), np.array([z]))[0]:
                return float(guess)
    return None


def _inverses(op: str, xs: list[float], z: float, slots: list[int]) -> list[float]:
    """Numbers that may solve ``op(…) = z`` for the inputs in ``slots``."""
    sign = -1.0 if xs[slots[0]] < 0 else 1.0
    root = float(np.sqrt(z)) if z >= 0 else np.nan
    if len(slots) > 1:
        return {"add": [z / 2], "mul": [sign * root, -sign * root]}.get(op, [])
    first, other = slots[0] == 0, xs[1 - slots[0]] if len(xs) == 2 else 0.0
    other = np.float64(other)
    both: dict[str, list[float]] = {
        "add": [z - other],
        "sub": [z + other if first else other - z],
        "mul": [z / other],
        "div": [z * other if first else other / z],
        "pow": [sign * np.abs(z) ** (1 / other), np.abs(z) ** (1 / other)] if first else [],
    }
    one = {"neg": -z, "exp": np.log(z), "log": np.exp(z), "sqrt": z * z, "tanh": np.arctanh(z), "relu": z}
    one["sigmoid"] = -np.log(1 / z - 1) if z else np.nan
    return both.get(op, [one[op]] if op in one else [])


def _with_old_data(case: Case, told: list[Told], changed: dict[int, float]) -> tuple[Case, list[Cause]]:
    """The case as it was when the ops ran; which numbers the rules used tells whether the change did harm."""
    graph = case.graph
    now, then = (open_case(_renamed(graph, told, data)) for data in ({}, changed))
    harmless = then.balance.broken.sum() <= now.balance.broken.sum() and graph.has_grad.any()
    leaf = max(changed, key=lambda node: abs(float(case.grad[node])))
    graph = now.graph  # its ops are called what they are
    label, old, new = called(graph, leaf), short(changed[leaf]), short(float(graph.data[leaf]))
    edge = int(graph.consumers_of(leaf)[0])
    reader = int(graph.consumer[edge])
    cause = Cause(
        "changed-value",
        leaf,
        f"{label} was changed after {made(graph, reader)} had used it: from {old} to {new}"
        + (", after its gradient was computed." if harmless else "; the backward rule used the new number."),
        f"{called(graph, reader)} is {short(float(graph.data[reader]))}, "
        f"which {expression_in_numbers(graph, reader)} is not{more(len(changed))}.",
        "Harmless after an update; draw the graph before it to see data and gradients of one moment."
        if harmless else "Change data only after backward(), or keep in the op what its backward rule needs.",
        explains=[] if harmless else case.open.tolist(),
        edge=edge,
        severity="note" if harmless else "error",
        place=label,
    )  # fmt: skip
    return (then if harmless else now), [cause]


def _renamed(graph: Graph, told: list[Told], data: dict[int, float]) -> Graph:
    """The graph with other data, and with the ops that its texts mean."""
    names, op = list(graph.op_names), graph.op.copy()
    for one in told:
        if one.op not in names:
            names.append(one.op)
        op[one.nodes] = names.index(one.op)
    column = graph.data.copy()
    column[list(data)] = list(data.values())
    return graph.replace(
        op_names=names, op=op, data=column, cotangent=None, local=None, has_cotangent=None,
        arrays={key: found for key, found in graph.arrays.items() if key not in ("cotangent", "local")},
    )  # fmt: skip


def _wrong_forward(graph: Graph, one: Told, other: str) -> Cause:
    node = int(one.nodes[0])
    right = _forward(
        one.op,
        [graph.data[graph.input[graph.inputs_of(node)]][k : k + 1] for k in range(OPS[one.op].arity or 0)],
    )
    title = op_title(one.op)
    message = f"{made(graph, node)} is called {title}, but computes something else" + (
        f": {op_title(other)}." if other else "."
    )
    return Cause(
        "wrong-forward",
        node,
        message,
        f"It gave {short(float(graph.data[node]))}, and {title} gives {short(float(right[0]))}"
        f"{more(len(one.nodes))}.",
        f"Mend the forward rule of {title}: its backward rule belongs to another function."
        if not other else f"Call {op_title(other)} what it is, or compute {title}.",
        place=one.op,
    )  # fmt: skip


def _other_op(graph: Graph, one: Told) -> str:
    """The op whose forward rule gives all the recorded results."""
    arity = OPS[one.op].arity
    xs = [graph.data[graph.input[graph.input_start[one.nodes] + slot]] for slot in range(arity or 0)]
    for name, op in OPS.items():
        if op.elementwise and op.arity == arity and _close(_forward(name, xs), graph.data[one.nodes]).all():
            return name
    return ""


def _changed_result(graph: Graph, one: Told) -> Cause:
    node = int(one.nodes[~one.fits][0])
    return Cause(
        "changed-value",
        node,
        f"The data of {called(graph, node)} is not what {op_title(one.op)} gives for its inputs: "
        "it, or one of them, was changed by hand.",
        f"It is {short(float(graph.data[node]))}, but should be {expression_in_numbers(graph, node)}.",
        "Change data only after backward(), and only of leaves.",
        place=called(graph, node),
    )
