"""What to call a node that has no name: the short expression that made it, if it is short enough."""

from __future__ import annotations

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


def label_of(graph: Graph, node: int) -> str:
    """Give a node's name, else its number if it is a constant, else a short expression, else ``n9``."""
    return _expression(graph, node, DEEPEST)[0]


def _expression(graph: Graph, node: int, depth: int) -> tuple[str, int]:
    """The text for a node, and the precedence of its outermost operator."""
    if node in graph.names:
        return graph.names[node], ATOM
    fallback = f"n{node}", ATOM
    op = OPS.get(graph.op_of(node))
    if op is None:
        if graph.kind[node] != CONST or node in graph.arrays["data"]:
            return fallback
        text = short(float(graph.data[node]))
        return text, UNARY if text.startswith("-") else ATOM
    if depth == 0 or op.arity is None:
        return fallback
    parts = []
    for slot, i in enumerate(graph.input[graph.input_start[node] : graph.input_start[node + 1]].tolist()):
        text, precedence = _expression(graph, i, depth - 1)
        if len(text) > LONGEST:
            return fallback
        parts.append(f"({text})" if precedence < bound_at(op.precedence, slot) else text)
    text = op.code.format(*parts)
    return (text, op.precedence) if len(text) <= LONGEST else fallback


def bound_at(outer: int, slot: int) -> int:
    """How tightly an input must bind to stand without brackets, as in Python."""
    if outer >= ATOM:
        return 0
    power = outer == OPS["pow"].precedence
    return outer + (slot != power)  # a - (b - c) on the right of others, (a**b)**c on the left of a power
