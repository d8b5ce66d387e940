"""Ops that take several values, as functions."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from gradviz.engine.record import record
from gradviz.engine.value import Value


def maximum(x: Any, y: Any) -> Value:
    """The larger of two, element by element; at a tie each gets half the gradient."""
    return record(Value, "maximum", (x, y))


def minimum(x: Any, y: Any) -> Value:
    """The smaller of two, element by element; at a tie each gets half the gradient."""
    return record(Value, "minimum", (x, y))


def where(condition: Any, x: Any, y: Any) -> Value:
    """``x`` where the condition holds, else ``y``. Both are computed, and both are differentiated."""
    return record(Value, "where", (condition.data if isinstance(condition, Value) else condition, x, y))


def concat(values: Sequence[Any], axis: int = 0) -> Value:
    """Join arrays along an axis they have."""
    return record(Value, "concat", tuple(values), axis=axis)


def stack(values: Sequence[Any], axis: int = 0) -> Value:
    """Join values of one shape along a new axis."""
    return record(Value, "stack", tuple(values), axis=axis)


def softmax(x: Any, axis: int = -1) -> Any:
    """Exponentials that add up to 1: of an array, or of a list of single numbers (then a list is given)."""
    return _over("softmax", x, axis)


def log_softmax(x: Any, axis: int = -1) -> Any:
    """The logarithm of softmax, taken stably: of an array, or of a list of single numbers."""
    return _over("log_softmax", x, axis)


def _over(name: str, x: Any, axis: int) -> Any:
    if isinstance(x, (list, tuple)):
        return list(record(Value, name, (stack(x),)))
    return record(Value, name, (x,), axis=axis)
