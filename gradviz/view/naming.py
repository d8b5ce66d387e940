"""What stands on a box: title and subtitle."""

from __future__ import annotations

from collections import Counter

import numpy as np

from gradviz.graph import CONST, KINDS, OP, Graph
from gradviz.ops import OPS
from gradviz.view.numbering import distinct_pairs
from gradviz.view.splitting import LONGEST

NAMED = 3  # ops named before the rest are left out


def symbol_of(graph: Graph, node: int) -> str:
    """What a single node is: its op's symbol, or its kind."""
    if graph.kind[node] != OP:
        return KINDS[graph.kind[node]]
    name = graph.op_of(node)
    return OPS[name].symbol if name in OPS else name


def subtitles(graph: Graph, what: np.ndarray, box_of: np.ndarray, boxes: int) -> list[str]:
    """Per box, what its values are: its activation, else its most frequent ops, else its kinds of leaves.

    ``what`` is the index of a node's op, or for a leaf the number of ops plus its kind.
    """
    width = len(graph.op_names) + len(KINDS)
    cells, counts = distinct_pairs(box_of, what, width, boxes)
    rows, codes = cells // width, cells % width
    order = np.lexsort((codes, -counts, rows))
    starts = np.searchsorted(rows[order], np.arange(boxes + 1)).tolist()
    ranked = codes[order].tolist()
    return [_composition(graph.op_names, ranked[a:b]) for a, b in zip(starts, starts[1:], strict=False)]


def told_apart(titles: list[str], longer: dict[int, str]) -> list[str]:
    """The titles; alike ones of boxes in ``longer`` give way to longer ones that fit, or get a number."""
    titles = list(titles)
    seen = Counter(titles[box] for box in longer)
    for box, title in longer.items():
        if seen[titles[box]] > 1 and len(title) <= LONGEST:
            titles[box] = title
    seen, rank = Counter(titles[box] for box in longer), Counter[str]()
    for box in longer:
        title = titles[box]
        if seen[title] > 1:
            rank[title] += 1
            titles[box] = f"{title} ({rank[title]})"
    return titles


def _composition(op_names: tuple[str, ...], ranked: list[int]) -> str:
    """Words for codes of ops and leaf kinds, the most frequent first."""
    ops = [op_names[code] for code in ranked if code < len(op_names)]
    curves = [name for name in ops if name in OPS and OPS[name].curve]
    if curves:
        return OPS[curves[0]].symbol
    if ops:
        return " ".join(OPS[name].symbol if name in OPS else name for name in ops[:NAMED])
    kinds = [code - len(op_names) for code in ranked]
    return " and ".join("constants" if kind == CONST else f"{KINDS[kind]}s" for kind in kinds)
