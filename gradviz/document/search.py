"""Look for values by name, number, op, scope or line."""

from __future__ import annotations

import re
from typing import Any

import numpy as np

from gradviz.document.scene import Pass
from gradviz.graph import KINDS, OP
from gradviz.ops import OPS
from gradviz.view.naming import symbol_of

MATCHES = 50  # in one answer
LABELLED = 20_000  # values up to which also the expressions of unnamed ones are searched
_NUMBER = re.compile(r"n?([0-9]{1,12})")
_LINE = re.compile(r"(?:(.*):|line ?)([0-9]{1,9})")


def find_document(shown: Pass, q: str) -> dict[str, Any]:
    """Give the values that match ``q``: names first, exact ones before all, then ops, scopes and lines."""
    text = q.strip().casefold()
    found = np.concatenate(_matches(shown, text)) if text else np.empty(0, dtype=np.int64)
    _, first = np.unique(found, return_index=True)
    best = found[np.sort(first)[:MATCHES]].tolist()
    return {"matches": [_match(shown, node) for node in best], "more": len(first) - len(best)}


def _matches(shown: Pass, text: str) -> list[np.ndarray]:
    """Lists of nodes, the most telling first."""
    graph = shown.graph
    names = {node: name.casefold() for node, name in graph.names.items()}
    number = _NUMBER.fullmatch(text)
    by_number = [int(number[1])] if number and int(number[1]) < len(graph) else []
    exact = [node for node, name in names.items() if name == text]
    part = [node for node, name in names.items() if text in name]
    labels: list[int] = []
    if len(graph) <= LABELLED:
        labels = [node for node in range(len(graph)) if text in shown.label(node).casefold()]
    columns = _of_op(shown, text) | _of_scope(shown, text) | _of_line(shown, text)
    lists = (exact, by_number, part, labels)
    return [*(np.array(nodes, dtype=np.int64) for nodes in lists), np.flatnonzero(columns)]


def _of_op(shown: Pass, text: str) -> np.ndarray:
    graph = shown.graph
    codes = [
        code
        for code, name in enumerate(graph.op_names)
        if name and (text in name.casefold() or (name in OPS and text == OPS[name].symbol.casefold()))
    ]
    kinds = [kind for kind, name in enumerate(KINDS) if text == name and kind != OP]
    is_op = (graph.kind == OP) & np.isin(graph.op, codes)
    return np.asarray(is_op | np.isin(graph.kind, kinds))


def _of_scope(shown: Pass, text: str) -> np.ndarray:
    graph = shown.graph
    return np.isin(graph.scope, [i for i, scope in enumerate(graph.scopes) if text in scope.casefold()])


def _of_line(shown: Pass, text: str) -> np.ndarray:
    """Values made at "nets.py:12" or "line 12"."""
    graph, wanted = shown.graph, _LINE.fullmatch(text)
    places: list[int] = []
    if wanted:
        file, line = wanted[1] or "", int(wanted[2])
        places = [
            i
            for i, span in enumerate(graph.spans)
            if span and span.line == line and shown.files[span.file].casefold().endswith(file)
        ]
    return np.isin(graph.source, places)


def _match(shown: Pass, node: int) -> dict[str, Any]:
    graph = shown.graph
    return {
        "node": node,
        "name": shown.label(node),
        "op": symbol_of(graph, node),
        "scope": graph.scopes[graph.scope[node]],
        "file": (place := shown.place(graph.span_of(node)))["file"],
        "line": place["line"],
    }
