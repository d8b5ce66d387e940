"""A Graph as named columns and back: what is stored of a pass, and what is checked before it is believed.

Cotangents and local derivatives follow from the op table, and are stored only where a recorder measured them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any
from weakref import ref

import numpy as np

from gradviz.graph import Graph, Number, Span, Update
from gradviz.graph.chainrule import edge_columns
from gradviz.recording.checked import FLOATS, INTEGERS, TRUTHS, Checked, Listing, put_arrays, require
from gradviz.recording.columns import Column, json_text, pack, pack_json

_coded: dict[str, tuple[ref[np.ndarray], Column]] = {}  # the structure of the last pass, see recorders.shape
_facts: tuple[tuple[Any, ...], tuple[Any, ...], Column] | None = None  # those of the last pass
MAX_NODES, MAX_EDGES = 10_000_000, 40_000_000


def columns_of(graph: Graph) -> dict[str, Column]:
    """Code a graph without its updates."""
    columns = {
        "op": _again("op", graph.op, pack),
        "kind": _again("kind", graph.kind, pack),
        "arity": _again("arity", graph.input_start, lambda start: pack(np.diff(start))),
        "back": _again("back", graph.input, lambda read: pack(graph.consumer - read)),
        "scope": _again("scope", graph.scope, pack),
        "source": _again("source", graph.source, pack),
        "data": pack(graph.data),
        "grad": pack(graph.grad),
        "has_grad": pack(graph.has_grad),
        "prior": pack(graph.prior),
    }
    keys = ["data", "grad", "prior"]
    if _is_measured(graph):
        for name in ("cotangent", "local", "has_cotangent"):
            columns[name] = pack(getattr(graph, name))
        keys += ["cotangent", "local"]
    columns["facts"] = _facts_of(graph, {key: put_arrays(columns, key, graph.arrays[key]) for key in keys})
    return columns


def _facts_of(graph: Graph, arrays: Mapping[str, Listing]) -> Column:
    """Code the facts of a pass, or give what those of the last one were coded as if they are the same."""
    global _facts
    shared = graph.op_names, graph.scopes, graph.spans
    own = {"attrs": graph.attrs, "meta": graph.meta, "arrays": arrays}
    told = int(graph.root), dict(graph.names), json_text(own)
    last = _facts
    if last is not None and all(a is b for a, b in zip(shared, last[0], strict=True)) and told == last[1]:
        return last[2]
    lists = {"op_names": list(graph.op_names), "scopes": list(graph.scopes)}
    spans = [_span_fields(span) for span in graph.spans]
    column = pack_json({"root": told[0], **lists, "spans": spans, "names": graph.names, **own})
    _facts = shared, told, column
    return column


def _again(name: str, values: np.ndarray, code: Callable[[np.ndarray], Column]) -> Column:
    """Code a column of structure, or give what it was coded as if it is the last pass's own array."""
    known = _coded.get(name)
    if known is not None and known[0]() is values:
        return known[1]
    column = code(values)
    _coded[name] = ref(values), column
    return column


def update_columns_of(updates: Sequence[Update]) -> dict[str, Column]:
    """Code the updates that followed a pass."""
    columns = {"update.node": pack(np.array([update.node for update in updates], np.int64))}
    listings = {}
    for side in ("before", "after"):
        values = [getattr(update, side) for update in updates]
        arrays = {i: np.asarray(v) for i, v in enumerate(values) if type(v) is not float and np.ndim(v)}
        numbers = [np.nan if i in arrays else v for i, v in enumerate(values)] if arrays else values
        columns[f"update.{side}"] = pack(np.array(numbers, np.float64))
        listings[side] = put_arrays(columns, f"update.{side}", arrays)
    spans = {id(update.source): update.source for update in updates}
    fields = {key: _span_fields(span) for key, span in spans.items()}
    place_of = [(update.rule, fields[id(update.source)]) for update in updates]
    places = list(dict.fromkeys(place_of))
    index = {place: i for i, place in enumerate(places)}
    where = [index[place] for place in place_of]
    columns["update.place"] = pack(np.array(where, np.int64))
    columns["update.facts"] = pack_json({"places": places, "arrays": listings})
    return columns


def graph_from(columns: Mapping[str, Column]) -> Graph:
    """Decode a graph and its updates.

    Raises:
        RecordingError: a column is missing, damaged, or contradicts another.
    """
    reader = Checked(columns)
    arity, n = reader.numbers("arity", INTEGERS), reader.count("arity", MAX_NODES)
    m = reader.count("back", MAX_EDGES)
    require(n > 0 and not np.any(arity < 0) and int(arity.sum()) == m, "the inputs do not add up")
    start = np.concatenate(([0], np.cumsum(arity, dtype=np.int64)))
    consumer = np.repeat(np.arange(n), np.diff(start))
    inputs = consumer - reader.numbers("back", INTEGERS, m)
    require(not np.any((inputs < 0) | (inputs >= consumer)), "an edge leads back to its own future")
    start.flags.writeable = inputs.flags.writeable = False  # so that the graph need not copy them
    facts = reader.facts("facts")
    root = facts["root"]
    require(isinstance(root, int) and 0 <= root < n, "the root is not a node")
    texts = {key: _texts(facts[key]) for key in ("op_names", "scopes")}
    spans = [_span_from(fields) for fields in facts["spans"]]
    measured = "cotangent" in columns
    graph = Graph(
        **texts,
        op=reader.indices("op", n, len(texts["op_names"])),
        kind=reader.indices("kind", n, 4),
        input_start=start,
        input=inputs,
        data=reader.numbers("data", FLOATS, n),
        grad=reader.numbers("grad", FLOATS, n),
        has_grad=reader.numbers("has_grad", TRUTHS, n),
        prior=reader.numbers("prior", FLOATS, n),
        cotangent=reader.numbers("cotangent", FLOATS, m) if measured else None,
        local=reader.numbers("local", FLOATS, m) if measured else None,
        has_cotangent=reader.numbers("has_cotangent", TRUTHS, m) if measured else None,
        scope=reader.indices("scope", n, len(texts["scopes"])),
        spans=spans,
        source=reader.indices("source", n, len(spans)),
        names=_keyed(facts["names"], n, str),
        attrs=_keyed(facts["attrs"], n, dict),
        arrays={key: reader.arrays(key, rows, max(n, m)) for key, rows in dict(facts["arrays"]).items()},
        root=root,
        updates=_updates_from(reader, n),
        meta=dict(facts["meta"]) | left_out(facts["arrays"]),
    )
    return graph


def left_out(listings: Mapping[str, Any]) -> dict[str, Any]:
    """Say which arrays were too large to keep, as ``{"left_out": {"data": {3: "400×400 · 0 … 1"}}}``."""
    notes = {key: {row[0]: row[3] for row in rows if row[3]} for key, rows in listings.items()}
    return {"left_out": {key: found for key, found in notes.items() if found}} if any(notes.values()) else {}


def _updates_from(reader: Checked, nodes: int) -> list[Update]:
    if "update.node" not in reader.columns:
        return []
    facts = reader.facts("update.facts")
    places = [(str(rule), _span_from(fields)) for rule, fields in facts["places"]]
    count = reader.count("update.node", MAX_NODES)
    node = reader.indices("update.node", count, nodes)
    place = reader.indices("update.place", count, len(places))
    sides: list[list[Number]] = []
    for side in ("before", "after"):
        values: list[Number] = reader.numbers(f"update.{side}", FLOATS, count).tolist()
        for i, array in reader.arrays(f"update.{side}", facts["arrays"][side], count).items():
            values[i] = np.float64("nan") if array is None else array
        sides.append(values)
    rows = zip(node.tolist(), *sides, place.tolist(), strict=True)
    return [Update(i, before, after, *places[where]) for i, before, after, where in rows]


def _is_measured(graph: Graph) -> bool:
    """Whether the cotangents are something else than the op table would give."""
    if graph.meta.get("measured") or "edges_derived" not in graph.__dict__:
        return bool(graph.meta.get("measured"))
    given, derived = graph.edges_derived, edge_columns(graph)
    same = all(
        np.array_equal(getattr(given, name), getattr(derived, name), equal_nan=name != "has_cotangent")
        for name in ("cotangent", "local", "has_cotangent")
    )
    return not same or given.cotangent_arrays.keys() != derived.cotangent_arrays.keys()


def _span_fields(span: Span | None) -> tuple[Any, ...] | None:
    if span is None:
        return None
    return span.file, span.line, span.end_line, span.column, span.end_column, span.function


def _span_from(fields: Any) -> Span | None:
    if fields is None:
        return None
    file, line, end_line, column, end_column, function = fields
    numbers = (line, end_line, column, end_column)
    require(all(isinstance(x, int) for x in numbers), "a source position is not one")
    return Span(str(file), *numbers, str(function))


def _texts(items: Any) -> list[str]:
    require(all(isinstance(item, str) for item in items), "a name is not a text")
    return list(items)


def _keyed(pairs: Any, nodes: int, kind: type) -> dict[int, Any]:
    good = (isinstance(i, int) and 0 <= i < nodes and isinstance(value, kind) for i, value in pairs.items())
    require(all(good), "a name or attribute belongs to no node")
    return dict(pairs)
