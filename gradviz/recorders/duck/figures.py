"""Numbers and arrays as strangers keep them, and words for what is neither."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction
from typing import Any

import numpy as np

from gradviz.errors import DataError
from gradviz.recorders.duck.shape import ClassShape, loose_shape_of, mro_of, shape_of

NUMBERS = frozenset(map(id, (float, int, np.floating, np.integer, np.bool_, Fraction, Decimal)))
HEAP = 1 << 9  # Py_TPFLAGS_HEAPTYPE
SHOWN = 60  # characters of a bad value in a message


def number_of(value: Any) -> float | np.ndarray | None:
    """A number as a float, an array as a copy in float64; None if it is neither.

    Raises:
        OverflowError: it does not fit into a float.
    """
    kind = type(value)
    if kind is float:
        number: float = value
        return number
    if kind is int or _is_number(kind):
        own = next((base for base in (float, int) if issubclass(kind, base)), None)
        return float(value) if own is None else own.__float__(value)
    if issubclass(kind, np.ndarray) or kind is list or kind is tuple or kind is memoryview:
        try:
            array = np.array(value)
        except ValueError:
            return None  # rows of different length
        if array.dtype.kind not in "fiub" or (kind is not np.ndarray and array.size == 0):
            return None
        return np.array(array, dtype=np.float64) if array.ndim else float(array)
    return None


def is_constant(obj: Any) -> bool:
    """Whether an input is a bare number and not an object that remembers, which may itself be a number."""
    kind = type(obj)
    if not _is_number(kind) and not issubclass(kind, np.ndarray):
        return False
    return is_of_c(kind) or shape_of(obj) is None


def is_of_c(cls: type) -> bool:
    """Whether a class is built in, or made in C for good: nobody's own."""
    flags: int = type.__dict__["__flags__"].__get__(cls)
    return not flags & HEAP


def _is_number(cls: type) -> bool:
    return any(id(base) in NUMBERS for base in mro_of(cls))  # issubclass would ask the stranger's metaclass


def named_class(cls: type) -> str:
    """A class with its place: "Value (engine.py:3)"."""
    file, line = ClassShape(cls).place
    return f"{cls.__name__} ({file}:{line})" if file else cls.__name__


def shown(value: Any) -> str:
    """A bad value in a message; no code of a stranger runs for it."""
    kind = type(value)
    if value is None:
        return "None"
    if kind is int:
        return f"an int of {value.bit_length():,} bits"
    if kind is str or kind is bytes:
        return f"the {kind.__name__} {value[:SHOWN]!r}"
    return f"the complex {value!r}" if kind is complex else f"a {kind.__name__}"


def raised(error: BaseException) -> str:
    """An exception in a message; what it says may itself raise."""
    try:
        text = str(error)[:SHOWN]
    except Exception:
        text = ""
    return f"{type(error).__name__}: {text}" if text else type(error).__name__


def not_a_number(value: Any, obj: Any, what: str, place: str) -> DataError:
    """The error for data or a gradient that is neither a number nor an array."""
    message = f"The {what} of {place}, a {named_class(type(obj))}, is {shown(value)}, not a number."
    if type(value).__module__.partition(".")[0] in ("torch", "jax", "jaxlib", "tensorflow"):
        return DataError(
            message, "Take the number out of the tensor, as with .item(), or the array, as with .numpy()."
        )
    if loose_shape_of(value) is not None:
        return DataError(message, "It holds a value where a number belongs: take what that has in it.")
    return DataError(message, "A number, or an array of numbers, is needed.")
