"""What each op on arrays was: rows of the op table are tried, with all attributes that may fit."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from gradviz.operation import Op
from gradviz.ops import OPS
from gradviz.recorders.duck.meaning import meanings_of
from gradviz.recorders.duck.operands import COMMUTING, Fitted, solved, ways

CURVES = 1e-12  # absolute


def fit_array(
    out: Fitted,
    node: int,
    text: str,
    data: Sequence[Any],
    given: Sequence[int],
    ordered: bool,
    rounding: float,
) -> None:
    """Find the row of the table, the operands and the attributes that give an array, or come from one.

    Args:
        out: takes what is found.
        node: the node, and ``given`` its inputs, as ``data`` numbers them.
        text: the op's.
        data: of all nodes: numbers and arrays.
        ordered: whether the order of ``given`` means something.
        rounding: relative, for the data to be the same.
    """
    z = data[node]
    if not ordered and len(given) > 1:
        out.free[node] = out.inferred[node] = True
    for meaning in meanings_of(text):
        op = OPS[meaning.op]
        for way in ways(op, meaning, len(given)):
            xs = [data[given[k]] for k in way]
            if -1 in way:
                at, stated = way.index(-1), meaning.constant
                xs[at] = _constant(op, at, xs[1 - at], z) if stated is None else stated
            for attrs in _attributes(op, xs, z):
                if _gives(op, xs, attrs, z, rounding):
                    out.keep(op, way, meaning, node, list(given), [x if np.ndim(x) == 0 else 0.0 for x in xs])
                    if op.name not in COMMUTING:
                        out.free[node] = False
                    if attrs != op.attrs:
                        out.attrs[node] = attrs
                    return


def _gives(op: Op, xs: Sequence[Any], attrs: dict[str, Any], z: Any, rounding: float) -> bool:
    try:
        got = op.forward(*xs, **attrs)
    except (ValueError, IndexError, TypeError):  # shapes that do not fit this op
        return False
    with np.errstate(all="ignore"):
        scale = rounding * np.abs(z) + CURVES * np.max(np.abs(z), initial=0.0)
        return np.shape(got) == np.shape(z) and bool(
            np.all((np.abs(got - z) <= scale) | (got == z) | (np.isnan(got) & np.isnan(z)))
        )


def _attributes(op: Op, xs: Sequence[Any], z: Any) -> Iterator[dict[str, Any]]:
    """The attributes worth trying: those that an op's text does not tell."""
    if "axis" in op.attrs:
        axes = range(np.ndim(xs[0]))
        for axis in (op.attrs["axis"], *(axis for axis in axes if axis != op.attrs["axis"])):
            for keepdims in (False, True) if "keepdims" in op.attrs else (None,):
                yield {"axis": axis} | ({} if keepdims is None else {"keepdims": keepdims})
    elif "shape" in op.attrs:
        yield {"shape": np.shape(z)}
    else:
        yield dict(op.attrs)


def _constant(op: Op, at: int, x: Any, z: Any) -> float:
    """The one number that can have been the other operand; NaN if there is none."""
    if np.shape(x) != np.shape(z) or not np.size(z):
        return float("nan")
    found = solved(op.name, at, np.ravel(x), np.ravel(z))
    finite = found[np.isfinite(found)]
    return float(np.median(finite)) if len(finite) else float("nan")
