"""What stands on a box: title and subtitle."""

from __future__ import annotations

import re
from collections import Counter

import numpy as np

from gradviz.folding import FoldTree
from gradviz.graph import CONST, KINDS, OP, Graph
from gradviz.ops import OPS

NAMED = 3  # ops named before the rest are left out
_INDEXED = re.compile(r"(.+)\[\d+\]")


def symbol_of(graph: Graph, node: int) -> str:
    """What a single node is: its op's symbol, or its kind."""
    if graph.kind[node] != OP:
        return KINDS[graph.kind[node]]
    name = graph.op_of(node)
    return OPS[name].symbol if name in OPS else name


def subtitles(graph: Graph, box_of: np.ndarray, boxes: int) -> list[str]:
    """Per box, what its values are: its activation, else its most frequent ops, else its kinds of leaves."""
    ops = len(graph.op_names)
    code = np.where(graph.kind == OP, graph.op, ops + graph.kind)
    width = ops + len(KINDS)
    cells, counts = np.unique(box_of * np.int64(width) + code, return_counts=True)
    found: list[list[tuple[int, int]]] = [[] for _ in range(boxes)]
    for cell, count in zip(cells.tolist(), counts.tolist(), strict=True):
        found[cell // width].append((count, cell % width))
    return [_composition(graph.op_names, rows) for rows in found]


def family(tree: FoldTree, row: int) -> str:
    """The scopes inside a scope, where they are a numbered family: "16 neurons"."""
    stems = Counter(
        match[1] for child in tree.children(row).tolist() if (match := _INDEXED.fullmatch(tree.titles[child]))
    )
    stem, count = stems.most_common(1)[0] if stems else ("", 0)
    return f"{count:,} {stem}" if count > 1 else ""


def _composition(op_names: tuple[str, ...], rows: list[tuple[int, int]]) -> str:
    """Words for ``(count, code)`` of ops and leaf kinds."""
    ranked = [code for _, code in sorted(rows, key=lambda row: (-row[0], row[1]))]
    ops = [op_names[code] for code in ranked if code < len(op_names)]
    curves = [name for name in ops if name in OPS and OPS[name].curve]
    if curves:
        return OPS[curves[0]].symbol
    if ops:
        return " ".join(OPS[name].symbol if name in OPS else name for name in ops[:NAMED])
    kinds = [code - len(op_names) for code in ranked]
    return " and ".join("constants" if kind == CONST else f"{KINDS[kind]}s" for kind in kinds)
