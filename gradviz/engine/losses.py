"""Losses: one number that says how wrong predictions are, and one that keeps parameters small.

A loss is a mean over the samples. Predictions are a list of Values, one for each sample, or one array of
them. The values that a loss makes lie in a scope of its name.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from functools import wraps
from sys import _getframe
from typing import Any, ParamSpec

import numpy as np

from gradviz.engine.atonce import squares_at_once
from gradviz.engine.functions import stack
from gradviz.engine.modules import enter, leave
from gradviz.engine.value import Value
from gradviz.errors import DataError, ShapeError

P = ParamSpec("P")


def _scoped(loss: Callable[P, Any]) -> Callable[P, Value]:
    @wraps(loss)
    def scoped(*args: P.args, **kwargs: P.kwargs) -> Any:
        before = enter(loss.__name__, _getframe(1))
        try:
            return loss(*args, **kwargs)
        finally:
            leave(before)

    return scoped


@_scoped
def mse(predictions: Any, targets: Any) -> Any:
    """Mean squared error: the mean of ``(prediction − target)²``.

    Raises:
        ShapeError: there are not as many targets as predictions, or none at all.
    """
    return _mean(lambda p, t: (p - t) ** 2, predictions, targets)


@_scoped
def hinge(scores: Any, targets: Any) -> Any:
    """Hinge loss: the mean of ``max(0, 1 − target · score)``, for targets of −1 and 1.

    Cortes & Vapnik, "Support-vector networks", 1995, with the margin set to 1.

    Raises:
        DataError: a target is neither −1 nor 1.
        ShapeError: there are not as many targets as scores, or none at all.
    """
    strange = [t for t in np.ravel(np.asarray(targets)).tolist() if t not in (-1, 1)]
    if strange:
        raise DataError(f"hinge() was given the target {strange[0]!r}.", "Its targets are -1 and 1: 2*y - 1.")
    return _mean(lambda s, t: (1 - s * t).relu(), scores, targets)


@_scoped
def bce_with_logits(logits: Any, targets: Any) -> Any:
    """Binary cross-entropy of ``sigmoid(logit)``, for targets from 0 to 1.

    The mean of ``t·softplus(−z) + (1 − t)·softplus(z)``, which is −t·log σ(z) − (1 − t)·log(1 − σ(z)) without
    a logarithm of 0 or a difference of large numbers.

    Raises:
        ShapeError: there are not as many targets as logits, or none at all.
    """
    return _mean(_binary_entropy, logits, targets)


def _binary_entropy(z: Any, t: Any) -> Any:
    if np.ndim(t) == 0 and t in (0, 1):  # the usual targets need one term only
        return (-z if t else z).softplus()
    return t * (-z).softplus() + (1 - t) * z.softplus()


@_scoped
def cross_entropy(logits: Any, targets: Any) -> Any:
    """Cross-entropy of ``softmax(logits)``: the mean of ``−log_softmax(logits)[target]``, taken stably.

    Args:
        logits: of one sample a list of Values, one for each class, and ``targets`` one int; of more samples a
            list of such lists, or an array of shape (samples, classes).
        targets: for each sample the index of its class.

    Raises:
        ShapeError: there are not as many targets as samples, or none at all.
        DataError: a target is no class.
    """
    one = np.ndim(targets) == 0
    indices = np.atleast_1d(np.asarray(targets))
    if _is_array(logits):
        rows = [logits] if one else logits
    else:
        rows = [stack(row) for row in ([logits] if one else logits)]
    if len(rows) != len(indices) or not len(rows):
        raise ShapeError(f"cross_entropy() was given {len(rows)} samples and {len(indices)} targets.")
    classes = rows[0].shape[-1]
    if indices.dtype.kind not in "iu" or indices.min() < 0 or indices.max() >= classes:
        raise DataError(f"A target is none of the {classes} classes.", f"Use ints from 0 to {classes - 1}.")
    if isinstance(rows, list):
        terms = [row.log_softmax()[int(k)] for row, k in zip(rows, indices, strict=True)]
        return -_sum(terms) / len(terms) if len(terms) > 1 else -terms[0]
    return -rows.log_softmax()[np.arange(len(indices)), indices].mean()


@_scoped
def l2(parameters: Iterable[Value]) -> Any:
    """The sum of the squares of all parameters, for a loss that keeps them small: ``… + 1e-4 * l2(params)``.

    >>> from gradviz import Value
    >>> l2([Value(3.0), Value(4.0)]).data
    25.0

    Raises:
        ShapeError: there are no parameters.
    """
    values = list(parameters)
    if not values:
        raise ShapeError("l2() was given no parameters.", "Pass model.parameters().")
    total = squares_at_once(values)
    return _sum([(p * p).sum() if p.shape else p * p for p in values]) if total is None else total


def _mean(term: Callable[[Any, Any], Any], predictions: Any, targets: Any) -> Any:
    """The mean of a term over samples, of arrays or of single numbers."""
    if isinstance(predictions, Value) and not predictions.shape:
        predictions, targets = [predictions], [targets] if np.ndim(targets) == 0 else targets
    if _is_array(predictions):
        targets = targets if isinstance(targets, Value) else np.asarray(targets)
        if predictions.shape != targets.shape:
            raise ShapeError(f"Predictions have shape {predictions.shape}, targets {targets.shape}.")
        return term(predictions, targets).mean()
    if len(predictions) != len(targets) or not len(predictions):
        raise ShapeError(f"There are {len(predictions)} predictions and {len(targets)} targets.")
    terms = [term(p, t) for p, t in zip(predictions, targets, strict=True)]
    return _sum(terms) / len(terms) if len(terms) > 1 else terms[0]


def _sum(terms: Sequence[Any]) -> Any:
    return sum(terms[1:], terms[0])


def _is_array(x: Any) -> bool:
    return isinstance(x, Value) and bool(x.shape)
