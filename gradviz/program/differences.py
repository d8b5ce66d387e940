"""Finite differences of the root: what gradients ought to be, found without any derivative rule."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from gradviz.graph.facts import Number

# Press et al., Numerical Recipes, 3rd ed. (2007), §5.7: for central differences the rounding of the function
# and the neglected third derivative weigh the same at about ε^(1/3) times the scale on which x matters.
STEP = float(np.finfo(np.float64).eps) ** (1 / 3)

Vary = tuple[int, int]  # a leaf, and which of its elements
Roots = Callable[[Sequence[Vary], np.ndarray], np.ndarray]


def step_sizes(x: np.ndarray, step: float | None) -> np.ndarray:
    """How far to go from each number: ``step``, or ``STEP`` times its size, that of 1 at least."""
    return np.full(len(x), step) if step is not None else STEP * np.maximum(1.0, np.abs(x))


def central(leaves: dict[int, Number], step: float | None, roots: Roots) -> dict[int, Number]:
    """``(f(x + h) − f(x − h)) / 2h`` for every element of every leaf, its shape kept.

    ``roots`` gives f for one element changed at a time; 2h is what lies between the two after rounding.
    """
    varied = [(node, k) for node, x in leaves.items() for k in range(np.size(x))]
    x = np.concatenate([np.ravel(np.asarray(x)) for x in leaves.values()]) if leaves else np.zeros(0)
    with np.errstate(all="ignore"):
        h = step_sizes(x, step)
        above, below = x + h, x - h
        f = roots([*varied, *varied], np.concatenate([above, below]))
        slopes = (f[: len(x)] - f[len(x) :]) / (above - below)
    found: dict[int, Number] = {}
    at = 0
    for node, value in leaves.items():
        size = int(np.size(value))
        part = slopes[at : at + size]
        found[node] = part.reshape(np.shape(value)) if isinstance(value, np.ndarray) else float(part[0])
        at += size
    return found
