"""Forward rules and vjps of the operations that are not elementwise: they mix or move elements.

Each ``…_vjp(g, z, *inputs, **attrs)`` gives one cotangent per input; ``g`` has the shape of the result ``z``.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.lib.array_utils import normalize_axis_tuple

Axis = int | tuple[int, ...] | None


def axes_of(axis: Axis, ndim: int) -> tuple[int, ...]:
    """Give ``axis`` as a tuple of non-negative axes; all of them for None.

    Raises:
        ValueError: an axis is out of range or named twice.
    """
    if axis is None:
        return tuple(range(ndim))
    return normalize_axis_tuple(axis, ndim)


def _spread(g: Any, x: Any, axis: Axis, keepdims: bool) -> Any:
    """Put the reduced axes back, so that ``g`` broadcasts against ``x``."""
    g = np.asarray(g)
    return g if keepdims else np.expand_dims(g, axes_of(axis, np.ndim(x))) if np.ndim(x) else g


def total(x: Any, axis: Axis = None, keepdims: bool = False) -> Any:
    """Sum."""
    return np.sum(x, axis=axes_of(axis, np.ndim(x)), keepdims=keepdims)


def total_vjp(g: Any, z: Any, x: Any, axis: Axis = None, keepdims: bool = False) -> tuple[Any]:
    """Every summand gets the gradient of the sum."""
    return (np.broadcast_to(_spread(g, x, axis, keepdims), np.shape(x)),)


def mean(x: Any, axis: Axis = None, keepdims: bool = False) -> Any:
    """Arithmetic mean; NaN of nothing."""
    x = np.asarray(x)
    count = np.prod([x.shape[a] for a in axes_of(axis, x.ndim)])
    return np.sum(x, axis=axes_of(axis, np.ndim(x)), keepdims=keepdims) / count


def mean_vjp(g: Any, z: Any, x: Any, axis: Axis = None, keepdims: bool = False) -> tuple[Any]:
    """Every element gets an equal share."""
    count = np.prod([np.shape(x)[a] for a in axes_of(axis, np.ndim(x))])
    return (np.broadcast_to(_spread(g, x, axis, keepdims) / count, np.shape(x)),)


def product(x: Any, axis: Axis = None, keepdims: bool = False) -> Any:
    """Product."""
    return np.prod(x, axis=axes_of(axis, np.ndim(x)), keepdims=keepdims)


def product_vjp(g: Any, z: Any, x: Any, axis: Axis = None, keepdims: bool = False) -> tuple[Any]:
    """Each factor gets the product of the others; right also where some are zero."""
    x = np.asarray(x, dtype=np.float64)
    axes = axes_of(axis, x.ndim)
    kept = [a for a in range(x.ndim) if a not in axes]
    moved = np.transpose(x, (*kept, *axes))
    rows = moved.reshape(*moved.shape[: len(kept)], math.prod(moved.shape[len(kept) :]))
    before, after = np.ones_like(rows), np.ones_like(rows)
    before[..., 1:] = np.cumprod(rows[..., :-1], axis=-1)
    after[..., :-1] = np.cumprod(rows[..., :0:-1], axis=-1)[..., ::-1]
    others = (before * after).reshape(moved.shape).transpose(np.argsort((*kept, *axes)))
    return (_spread(g, x, axis, keepdims) * others,)


def largest(x: Any, axis: Axis = None, keepdims: bool = False) -> Any:
    """Maximum over axes."""
    return np.max(x, axis=axes_of(axis, np.ndim(x)), keepdims=keepdims)


def smallest(x: Any, axis: Axis = None, keepdims: bool = False) -> Any:
    """Minimum over axes."""
    return np.min(x, axis=axes_of(axis, np.ndim(x)), keepdims=keepdims)


def extreme_vjp(g: Any, z: Any, x: Any, axis: Axis = None, keepdims: bool = False) -> tuple[Any]:
    """The winners share the gradient evenly; the others get none."""
    wins = np.asarray(x) == _spread(z, x, axis, keepdims)
    winners = np.sum(wins, axis=axes_of(axis, np.ndim(x)), keepdims=True)
    return (_spread(g, x, axis, keepdims) / winners * wins,)


def matmul(x: Any, y: Any) -> Any:
    """Matrix product, as ``numpy.matmul``."""
    return np.matmul(x, y)


def matmul_vjp(g: Any, z: Any, x: Any, y: Any) -> tuple[Any, Any]:
    """``g·yᵀ`` and ``xᵀ·g``, batch axes summed back by the caller."""
    rows = x[None, :] if x.ndim == 1 else x
    cols = y[:, None] if y.ndim == 1 else y
    g = np.asarray(g)
    if x.ndim == 1:
        g = np.expand_dims(g, -2 if y.ndim > 1 else -1)
    if y.ndim == 1:
        g = np.expand_dims(g, -1)
    gx = np.matmul(g, np.swapaxes(cols, -1, -2))
    gy = np.matmul(np.swapaxes(rows, -1, -2), g)
    return gx[..., 0, :] if x.ndim == 1 else gx, gy[..., 0] if y.ndim == 1 else gy


def reshape(x: Any, shape: tuple[int, ...]) -> Any:
    """The same elements in another shape."""
    return np.reshape(x, shape)


def reshape_vjp(g: Any, z: Any, x: Any, shape: tuple[int, ...]) -> tuple[Any]:
    """Back to the old shape."""
    return (np.reshape(g, np.shape(x)),)


def transpose(x: Any, axes: tuple[int, ...] | None = None) -> Any:
    """The axes in another order; reversed for None."""
    return np.transpose(x, axes)


def transpose_vjp(g: Any, z: Any, x: Any, axes: tuple[int, ...] | None = None) -> tuple[Any]:
    """The axes back in their places."""
    return (np.transpose(g, None if axes is None else np.argsort([a % np.ndim(x) for a in axes])),)


def decode_index(index: Any) -> Any:
    """Give back what a Value was indexed with, from its plain form."""
    if isinstance(index, int):
        return index
    tag, *parts = index
    if tag == "tuple":
        return tuple(decode_index(part) for part in parts)
    if tag == "slice":
        return slice(*parts)
    if tag == "newaxis":
        return None
    if tag == "ellipsis":
        return Ellipsis
    return np.array(parts[0], dtype=bool if tag == "bools" else np.intp).reshape(parts[1])


def getitem(x: Any, index: Any) -> Any:
    """A part of ``x``, copied."""
    return np.array(np.asarray(x)[decode_index(index)])


def getitem_vjp(g: Any, z: Any, x: Any, index: Any) -> tuple[Any]:
    """Scatter-add: an element read twice gets both gradients."""
    spread = np.zeros(np.shape(x))
    np.add.at(spread, decode_index(index), g)
    return (spread,)


def concat(*xs: Any, axis: int = 0) -> Any:
    """Join arrays along an axis they have."""
    return np.concatenate(xs, axis=axis)


def concat_vjp(g: Any, z: Any, *xs: Any, axis: int = 0) -> list[Any]:
    """Each array gets its own part back."""
    return list(np.split(g, np.cumsum([np.shape(x)[axis] for x in xs])[:-1], axis=axis))


def stack(*xs: Any, axis: int = 0) -> Any:
    """Join values of one shape along a new axis."""
    return np.stack(xs, axis=axis)


def stack_vjp(g: Any, z: Any, *xs: Any, axis: int = 0) -> list[Any]:
    """Each value gets its own slice back."""
    return list(np.moveaxis(np.asarray(g), axis, 0))


def softmax(x: Any, axis: int = -1) -> Any:
    """Exponentials that add up to 1; the largest input is subtracted first, so that none overflows."""
    powers = np.exp(x - np.max(x, axis=axis, keepdims=True))
    return powers / np.sum(powers, axis=axis, keepdims=True)


def softmax_vjp(g: Any, z: Any, x: Any, axis: int = -1) -> tuple[Any]:
    """``z · (g − Σ g·z)``: the Jacobian ``diag(z) − z zᵀ`` applied, never formed."""
    return (z * (g - np.sum(g * z, axis=axis, keepdims=True)),)


def log_softmax(x: Any, axis: int = -1) -> Any:
    """The logarithm of softmax, without the overflow of taking it afterwards."""
    shifted = x - np.max(x, axis=axis, keepdims=True)
    return shifted - np.log(np.sum(np.exp(shifted), axis=axis, keepdims=True))


def log_softmax_vjp(g: Any, z: Any, x: Any, axis: int = -1) -> tuple[Any]:
    """``g − softmax(x) · Σ g``."""
    return (g - np.exp(z) * np.sum(g, axis=axis, keepdims=True),)
