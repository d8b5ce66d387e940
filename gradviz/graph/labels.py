"""What to call a node that has no name: the short expression that made it, if it is short enough."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from gradviz.graph.facts import CONST
from gradviz.numbers import short
from gradviz.ops import OPS

if TYPE_CHECKING:
    from gradviz.graph import Graph

LONGEST = 18  # characters of an expression that still reads as a name
DEEPEST = 3  # ops inside one expression
ATOM = 9  # the precedence of a name or call
UNARY = OPS["neg"].precedence
_POWER = OPS["pow"].precedence


def label_of(graph: Graph, node: int, fits: Sequence[bytes] = ()) -> str:
    """Give a node's name, else its number if it is a constant, else a short expression, else ``n9``.

    Args:
        graph: the graph.
        node: the node.
        fits: which expressions are short enough, from ``labelling.fitting``; else it is found out by writing.
    """
    return spoken(graph, node, fits)[0]


def spoken(graph: Graph, node: int, fits: Sequence[bytes] = ()) -> tuple[str, bool]:
    """As ``label_of``, and whether it is made of names and constants alone, without the number of a node."""
    text, _, whole = _expression(graph, node, DEEPEST, fits)
    return text, whole


def _expression(graph: Graph, node: int, depth: int, fits: Sequence[bytes]) -> tuple[str, int, bool]:
    """The text for a node, the precedence of its outermost operator, and whether it has no node's number."""
    if node in graph.names:
        return graph.names[node], ATOM, True
    op = OPS.get(graph.op_of(node))
    if op is None:
        if graph.kind[node] != CONST or node in graph.arrays["data"]:
            return f"n{node}", ATOM, False
        text = short(float(graph.data[node]))
        return text, UNARY if text.startswith("-") else ATOM, True
    if depth == 0 or op.arity is None or (fits and not fits[depth][node]):
        return f"n{node}", ATOM, False
    parts, whole = [], True
    for slot, i in enumerate(graph.input[graph.input_start[node] : graph.input_start[node + 1]].tolist()):
        text, precedence, named = _expression(graph, i, depth - 1, fits)
        if len(text) > LONGEST:
            return f"n{node}", ATOM, False
        whole = whole and named
        parts.append(f"({text})" if precedence < bound_at(op.precedence, slot) else text)
    text = op.code.format(*parts)
    return (text, op.precedence, whole) if len(text) <= LONGEST else (f"n{node}", ATOM, False)


def bound_at(outer: int, slot: int) -> int:
    """How tightly an input must bind to stand without brackets, as in Python."""
    if outer >= ATOM:
        return 0
    power = outer == _POWER
    return outer + (slot != power)  # a - (b - c) on the right of others, (a**b)**c on the left of a power
