"""The three namespaces a rule of the op table can run in.

* ``floats``: Python floats by ``math``; fast. Where Python raises, these give what IEEE 754 gives.
* ``arrays``: numpy arrays.
* ``columns``: numpy arrays of which each element is computed as ``floats`` would: bit for bit the
  numbers of a scalar program, many at a time.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

INF, NAN = math.inf, math.nan
SQRT_HALF = math.sqrt(0.5)


def _guarded(f: Callable[[float], float], overflow: float = INF) -> Callable[[float], float]:
    """``f`` with IEEE's answer where ``math`` raises: ``overflow`` if too large, NaN outside the domain."""

    def guarded(x: float) -> float:
        try:
            return f(x)
        except OverflowError:
            return overflow
        except ValueError:
            return NAN

    return guarded


def _log(x: float) -> float:
    if x > 0:
        return math.log(x)
    return -INF if x == 0 else NAN


def _div(x: float, y: float) -> float:
    try:
        return x / y
    except ZeroDivisionError:
        if x == 0 or x != x:
            return NAN
        return math.copysign(INF, x) * math.copysign(1.0, y)


def _pow(x: float, y: float) -> float:
    try:
        return math.pow(x, y)
    except OverflowError:
        return -INF if x < 0 and y % 2 == 1 else INF
    except ValueError:  # a pole at 0, or a negative base with a fractional exponent
        if x == 0:
            return math.copysign(INF, x) if y % 2 == 1 else INF
        return NAN


def _sign(x: float) -> float:
    return 1.0 if x > 0 else -1.0 if x < 0 else 0.0 if x == 0 else NAN


def _floor(x: float) -> float:
    return float(math.floor(x)) if math.isfinite(x) and x else x  # −0 stays −0


def _where(condition: bool, x: float, y: float) -> float:
    return x if condition else y


def _maximum(x: float, y: float) -> float:
    return x if x >= y or x != x else y


def _minimum(x: float, y: float) -> float:
    return x if x <= y or x != x else y


class floats:  # noqa: N801 - a namespace, read like a module
    """Rules on Python floats."""

    exp = staticmethod(_guarded(math.exp))
    expm1 = staticmethod(_guarded(math.expm1))
    log = staticmethod(_log)
    log1p = staticmethod(_guarded(math.log1p))
    sqrt = staticmethod(_guarded(math.sqrt))
    tanh = staticmethod(math.tanh)
    erf = staticmethod(math.erf)
    abs = staticmethod(math.fabs)
    sign = staticmethod(_sign)
    floor = staticmethod(_floor)
    div = staticmethod(_div)
    pow = staticmethod(_pow)
    where = staticmethod(_where)
    maximum = staticmethod(_maximum)
    minimum = staticmethod(_minimum)


def _each(f: Callable[..., float]) -> Callable[..., Any]:
    """``f`` element by element on broadcast arrays."""
    ufunc = np.frompyfunc(f, f.__code__.co_argcount if hasattr(f, "__code__") else 1, 1)
    return lambda *xs: np.asarray(ufunc(*xs), dtype=np.float64)


class arrays:  # noqa: N801
    """Rules on numpy arrays; callers silence numpy's floating-point warnings."""

    exp, expm1, log, log1p, sqrt, tanh = np.exp, np.expm1, np.log, np.log1p, np.sqrt, np.tanh
    abs, sign, floor = np.abs, np.sign, np.floor
    div, pow, where = np.divide, np.power, np.where
    maximum, minimum = np.maximum, np.minimum
    erf = staticmethod(_each(math.erf))


class columns:  # noqa: N801
    """Rules on columns of scalars: the same bits as ``floats``."""

    exp = staticmethod(_each(floats.exp))
    expm1 = staticmethod(_each(floats.expm1))
    log = staticmethod(_each(_log))
    log1p = staticmethod(_each(floats.log1p))
    tanh = staticmethod(_each(math.tanh))
    erf = staticmethod(_each(math.erf))
    pow = staticmethod(_each(_pow))
    abs, sign, floor, sqrt = np.abs, np.sign, np.floor, np.sqrt
    div, where = np.divide, np.where
    # at a tie the first, as floats: numpy may choose the other zero
    maximum = staticmethod(lambda x, y: np.where((x >= y) | np.isnan(x), x, y))
    minimum = staticmethod(lambda x, y: np.where((x <= y) | np.isnan(x), x, y))


def unbroadcast(g: Any, shape: tuple[int, ...]) -> Any:
    """Sum ``g`` over the axes that broadcasting added, back to exactly ``shape``.

    A gradient with respect to an input of shape ``()`` is a Python float.
    """
    if shape == ():
        return float(np.sum(g))
    g = np.asarray(g)
    if g.shape == shape:
        return g
    extra = g.ndim - len(shape)
    stretched = [extra + axis for axis, size in enumerate(shape) if size == 1 and g.shape[extra + axis] != 1]
    return g.sum(axis=(*range(extra), *stretched)).reshape(shape)
