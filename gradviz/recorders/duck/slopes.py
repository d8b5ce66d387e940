"""Local derivatives of ops that the table does not hold, by finite differences of their own forward rule."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from gradviz.graph import OP, Graph
from gradviz.graph.columns import EdgeColumns
from gradviz.recorders.duck.figures import number_of

DIGITS = 11  # that such a slope has at best
MANY = 256  # operands of which a product's slopes are worked out, each from all of them
# Relative to max(1, |x|). The five-point rule errs by h⁴ in its formula and by ε/h in its rounding.
STEP = float(np.finfo(np.float64).eps) ** 0.2
FUNCTIONS: dict[str, Callable[..., Any]] = {
    name: getattr(math, name)
    for name in (
        *("sin", "cos", "tan", "asin", "acos", "atan", "sinh", "cosh", "asinh", "acosh", "atanh"),
        *("log2", "log10", "log1p", "expm1", "erf", "gamma"),
    )
}  # in no row of the table, yet what such a text means is no question
FUNCTIONS |= {
    "sum": lambda *xs: sum(xs),
    "mean": lambda *xs: sum(xs) / len(xs),
    "prod": lambda *xs: math.prod(xs),
}
FUNCTIONS |= {"+": FUNCTIONS["sum"], "*": FUNCTIONS["prod"], "max": max, "min": min}
FUNCTIONS |= {"arcsin": math.asin, "arccos": math.acos, "arctan": math.atan}


def rule_for(text: str, forward: Mapping[str, Callable[..., Any]]) -> Callable[..., Any] | None:
    """The forward rule for an op's text: the registered one, else a function that Python has."""
    return forward.get(text) or forward.get(text.lower()) or FUNCTIONS.get(text.strip("_ ").lower())


def gives(rule: Callable[..., Any], xs: Sequence[float], z: float, rounding: float) -> bool:
    """Whether a forward rule gives the recorded result."""
    got = _value(rule, xs)
    return abs(got - z) <= rounding * abs(z) or got == z


def fill(
    graph: Graph,
    edges: EdgeColumns,
    forward: Mapping[str, Callable[..., Any]],
    known: np.ndarray,
    rounding: float,
) -> None:
    """Fill in the slopes of unknown ops, and the cotangents that they give, where all numbers are there."""
    rules = {k: rule_for(text, forward) for k, text in enumerate(graph.op_names) if text}
    asked = np.array([rules.get(k) is not None for k in range(len(graph.op_names))], dtype=bool)
    arrays = graph.arrays["data"]
    for node in np.flatnonzero(asked[graph.op] & ~known & (graph.kind == OP)).tolist():
        rule = rules[int(graph.op[node])]
        at = graph.inputs_of(node)
        xs = graph.data[graph.input[at]].tolist()
        if node in arrays or not all(map(math.isfinite, xs)) or rule is None:
            continue
        if not gives(rule, xs, float(graph.data[node]), rounding):
            continue
        for slot, edge in enumerate(at.tolist()):
            slope = _slope(rule, xs, slot)
            if math.isfinite(slope):
                edges.local[edge], edges.has_local[edge] = slope, True
                edges.has_cotangent[edge] = graph.has_grad[node]
                edges.cotangent[edge] = slope * graph.grad[node]


def disputed(graph: Graph, nodes: Sequence[int], tolerance: float = 1e-6) -> dict[int, float]:
    """Slopes of functions that Python has, by edge, where what was measured is another.

    Args:
        graph: with measured local derivatives.
        nodes: ops that are not in the table.
        tolerance: relative to max(1, |slope|); far above the error of finite differences.
    """
    found = {}
    for node in nodes:
        name, at = graph.op_of(node).strip("_ ").lower(), graph.inputs_of(node)
        xs, rule = graph.data[graph.input[at]].tolist(), getattr(math, name, None)
        if len(xs) != 1 or name not in FUNCTIONS or rule is None or node in graph.arrays["data"]:
            continue
        if not math.isfinite(xs[0]) or not gives(rule, xs, float(graph.data[node]), 1e-9):
            continue
        slope, measured = _slope(rule, xs, 0), float(graph.local[at[0]])
        if math.isfinite(slope) and abs(measured - slope) > tolerance * max(1.0, abs(slope)):
            found[int(at[0])] = slope
    return found


def _slope(rule: Callable[..., Any], xs: Sequence[float], slot: int) -> float:
    if rule is FUNCTIONS["sum"]:
        return 1.0
    if rule is FUNCTIONS["mean"]:
        return 1 / len(xs)
    if len(xs) > MANY:
        return math.nan
    h = STEP * max(1.0, abs(xs[slot]))
    at = [_value(rule, [*xs[:slot], xs[slot] + k * h, *xs[slot + 1 :]]) for k in (-2, -1, 1, 2)]
    return float(f"{(at[0] - 8 * at[1] + 8 * at[2] - at[3]) / (12 * h):.{DIGITS}g}")


def _value(rule: Callable[..., Any], xs: Sequence[float]) -> float:
    """What a rule that is not ours gives; NaN if it raises, or gives no number."""
    try:
        value = number_of(rule(*xs))
    except Exception:
        return math.nan
    return value if type(value) is float else math.nan
