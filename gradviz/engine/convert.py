"""What becomes of what users hand in: data, seeds, indices; and what is refused, with the alternative."""

from __future__ import annotations

import math
import sys
import warnings
from collections.abc import Callable
from decimal import Decimal
from fractions import Fraction
from typing import Any, NoReturn

import numpy as np

from gradviz.engine.place import is_own
from gradviz.errors import DataError, ShapeError

_EXACT = 2**53  # ints up to here have an exact float64
_NUMBERS = (float, int, np.floating, np.integer, np.bool_, Fraction, Decimal)
_REFUSED = (complex, np.complexfloating, np.timedelta64)  # taken by operators all the same, to say so


def takes(x: Any) -> bool:
    """Whether an operator accepts ``x`` beside a Value."""
    return type(x) is float or isinstance(x, (*_NUMBERS, np.ndarray, *_REFUSED))


def as_data(x: Any) -> Any:
    """Give ``x`` as a Python float, or as a float64 array of at least one axis that nobody else holds.

    Raises:
        DataError: ``x`` is no real number, too large for float64, or an array of something else.
    """
    if type(x) is float:
        return x
    if isinstance(x, np.ndarray):
        return _as_array(x)
    if isinstance(x, _NUMBERS) and not isinstance(x, _REFUSED):
        return _as_float(x)
    what = f"{type(x).__name__} {x!r:.60}" if isinstance(x, (str, complex)) else type(x).__name__
    hint = {
        "list": "Use np.array(…) for one array, or one Value per number.",
        "tuple": "Use np.array(…) for one array, or one Value per number.",
        "complex": "gradviz computes with real numbers.",
        "Value": "It is a Value already; .detach() gives its data without the history.",
    }.get(type(x).__name__, "Give a float, an int or a numpy array.")
    raise DataError(f"A Value cannot hold {what}.", hint)


def _as_float(x: Any) -> float:
    try:
        number = float(x)
    except OverflowError:
        number = math.inf
    except ValueError:  # Decimal("sNaN")
        return math.nan
    if math.isinf(number) and x != number:
        size = f"int of {x.bit_length()} bits" if isinstance(x, int) else type(x).__name__
        raise DataError(f"An {size} is too large for float64.", "The largest is about 1.8e308.")
    if isinstance(x, (int, np.integer)) and int(number) != x:
        warnings.warn(f"{x} has no exact float64; {number!r} is used", UserWarning, stacklevel=_outside())
    return number


def _as_array(x: np.ndarray) -> Any:
    if isinstance(x, np.ma.MaskedArray):
        raise DataError("A Value cannot hold a masked array.", "Say what stands in the gaps: .filled(…).")
    if x.dtype.kind not in "fiub":
        raise DataError(f"An array of {x.dtype} is not an array of real numbers.")
    with np.errstate(all="ignore"):
        data = np.array(x, dtype=np.float64, subok=False)
    if x.dtype.kind in "iu" and x.dtype.itemsize == 8 and np.any((x > _EXACT) | (x < -_EXACT)):
        warnings.warn("integers above 2**53 are rounded to float64", UserWarning, stacklevel=_outside())
    return data if data.ndim else float(data)


def _outside() -> int:
    """The stack level, counted from the caller, of the first frame that is not gradviz's own."""
    frame, level = sys._getframe(1), 1
    while frame.f_back is not None and is_own(frame.f_code):
        frame, level = frame.f_back, level + 1
    return level


def as_grad(x: Any, shape: tuple[int, ...]) -> Any:
    """Give a gradient that the user sets, in the shape of its value; a number stands for all elements.

    Raises:
        ShapeError: it has another shape.
    """
    data = as_data(x)
    if np.ndim(data) == 0 and shape:
        return np.full(shape, data)
    if np.shape(data) != shape:
        raise ShapeError(f"The gradient has shape {np.shape(data)}, the value has {shape}.")
    return data


def as_seed(seed: Any, shape: tuple[int, ...], allow_nan: bool) -> Any:
    """Give the gradient that ``backward()`` starts from, in the shape of its root.

    Raises:
        ShapeError: it does not have that shape, or it is missing where it is needed.
        DataError: it is NaN and that was not asked for.
    """
    if seed is None:
        if shape == ():
            return 1.0
        if int(np.prod(shape)) == 1:
            return np.ones(shape)
        raise ShapeError(
            f"backward() on a value of shape {shape} needs a seed of that shape.",
            "Reduce it to one number first, e.g. with .sum() or .mean(), or pass the seed.",
        )
    data = as_data(getattr(seed, "data", seed) if not isinstance(seed, np.ndarray) else seed)
    if np.shape(data) != shape:
        raise ShapeError(f"The seed has shape {np.shape(data)}, the value has {shape}.")
    if not allow_nan and np.any(np.isnan(data)):
        raise DataError(
            "The seed is NaN, so every gradient would be.", "Pass allow_nan=True if you want that."
        )
    return data


def encode_index(index: Any) -> Any:
    """Give an index in plain types that a file can hold; ``decode_index`` undoes it.

    Raises:
        DataError: it is no index.
    """
    if isinstance(index, tuple):
        return ("tuple", *(encode_index(part) for part in index))
    if isinstance(index, slice):
        return (
            "slice",
            *(None if part is None else int(part) for part in (index.start, index.stop, index.step)),
        )
    if index is None or index is Ellipsis:
        return ("newaxis",) if index is None else ("ellipsis",)
    if isinstance(index, (int, np.integer)) and not isinstance(index, bool):
        return int(index)
    if isinstance(index, (list, np.ndarray)):
        array = np.asarray(index)
        if array.dtype.kind in "iub" or array.size == 0:
            return ("bools" if array.dtype.kind == "b" else "ints", array.tolist(), array.shape)
    raise DataError(
        f"A Value cannot be indexed by {type(index).__name__}.", "Use ints, slices or arrays of them."
    )


def refuse(what: str, instead: str) -> Callable[..., NoReturn]:
    """A method that says why there is none, and what to do."""

    def method(self: Any, *others: Any) -> NoReturn:
        raise DataError(
            f"{what} of a Value would leave the graph, and its gradient would be lost.", f"Use {instead}."
        )

    return method
