"""What to call a node that has no name: the short expression that made it, if it is short enough."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gradviz.numbers import short
from gradviz.ops import OPS

if TYPE_CHECKING:
    from gradviz.graph import Graph

LONGEST = 18  # characters of an expression that still reads as a name
DEEPEST = 3  # ops inside one expression
ATOM = 9  # the precedence of a name or call


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
        is_number = graph.kind[node] == 0 and node not in graph.arrays["data"]
        return (short(float(graph.data[node])), ATOM) if is_number else fallback
    if depth == 0 or op.arity is None:
        return fallback
    inputs = [int(graph.input[e]) for e in graph.inputs_of(node)]
    parts = []
    for slot, i in enumerate(inputs):
        text, precedence = _expression(graph, i, depth - 1)
        # the right-hand side of − and ÷ needs brackets where it binds no tighter
        needs = op.precedence + (1 if slot else 0) if op.precedence < ATOM else 0
        parts.append(
            f"({text})" if precedence < needs or (text[:1] == "-" and 1 < op.precedence < ATOM) else text
        )
        if len(text) > LONGEST:
            return fallback
    text = op.code.format(*parts)
    return (text, op.precedence) if len(text) <= LONGEST else fallback
