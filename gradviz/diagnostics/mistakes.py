"""Usual mistakes in backward rules: formulas that are written where another belongs.

``x`` and ``y`` are the inputs of the op, ``z`` is its result and ``g`` the gradient that arrives there. Each
formula is tried in place of the table's derivative; the first that fits all numbers is named, so they stand
with the likeliest first.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

Column = np.ndarray


class Formula(NamedTuple):
    """A derivative as somebody wrote it: as text, and what it gives for columns of x, y, z and g."""

    text: str
    of: Callable[[Column, Column, Column, Column], Column]
    remark: str = ""


def _sigmoid(x: Column) -> Column:
    return np.asarray(1 / (1 + np.exp(-x)))


def _one(x: Column) -> Column:
    return np.ones_like(x)


SQUARES = (
    Formula("1 - x**2", lambda x, y, z, g: 1 - x * x, "it takes the input instead of the result"),
    Formula("1 - z**2", lambda x, y, z, g: 1 - z * z),
    Formula("1 - z", lambda x, y, z, g: 1 - z),
    Formula("1 + z**2", lambda x, y, z, g: 1 + z * z),
    Formula("1 - tanh(z)**2", lambda x, y, z, g: 1 - np.tanh(z) ** 2),
    Formula("z * (1 - z)", lambda x, y, z, g: z * (1 - z)),
    Formula("x * (1 - x)", lambda x, y, z, g: x * (1 - x), "it takes the input instead of the result"),
    Formula("z * (z - 1)", lambda x, y, z, g: z * (z - 1)),
    Formula("sigmoid(z) * (1 - sigmoid(z))", lambda x, y, z, g: _sigmoid(z) * (1 - _sigmoid(z))),
)
AT_ZERO = "at 0 the slope is a convention; here, and in PyTorch, it is 0"
GATES = (
    Formula("1 if x >= 0 else 0", lambda x, y, z, g: (x >= 0) * 1.0, AT_ZERO),
    Formula("1 if z > 0 else 0", lambda x, y, z, g: (z > 0) * 1.0),
    Formula(
        "1 if g > 0 else 0",
        lambda x, y, z, g: (g > 0) * 1.0,
        "it looks at the gradient instead of the result",
    ),
    Formula("1 if z < 0 else 0", lambda x, y, z, g: (z < 0) * 1.0),
    Formula("1 if x > 0 else 0", lambda x, y, z, g: (x > 0) * 1.0),
    Formula("1 if x < 0 else 0", lambda x, y, z, g: (x < 0) * 1.0),
)
ONE_INPUT = (
    Formula("1", lambda x, y, z, g: _one(x), "the derivative is left out"),
    Formula("x", lambda x, y, z, g: x),
    Formula("z", lambda x, y, z, g: z),
    Formula("exp(x)", lambda x, y, z, g: np.exp(x)),
    Formula("exp(z)", lambda x, y, z, g: np.exp(z)),
    Formula("1/x", lambda x, y, z, g: 1 / x),
    Formula("1/z", lambda x, y, z, g: 1 / z),
    Formula("1/x**2", lambda x, y, z, g: 1 / x**2),
    Formula("log(x)", lambda x, y, z, g: np.log(x)),
    Formula("1/(2*x)", lambda x, y, z, g: 0.5 / x),
    Formula("sqrt(x)/2", lambda x, y, z, g: np.sqrt(x) / 2),
    Formula("sigmoid(x)", lambda x, y, z, g: _sigmoid(x)),
    Formula("x**2", lambda x, y, z, g: x * x),
)
TWO_INPUTS = (
    Formula("1", lambda x, y, z, g: _one(x), "the derivative is left out"),
    Formula("x", lambda x, y, z, g: x),
    Formula("y", lambda x, y, z, g: y),
    Formula("z", lambda x, y, z, g: z),
    Formula("-1", lambda x, y, z, g: -_one(x)),
    Formula("1/y", lambda x, y, z, g: 1 / y),
    Formula("x/y**2", lambda x, y, z, g: x / y**2, "the minus is missing"),
    Formula("-1/y**2", lambda x, y, z, g: -1 / y**2, "the factor x is missing"),
    Formula("1/y**2", lambda x, y, z, g: 1 / y**2),
    Formula("-x/y", lambda x, y, z, g: -x / y),
    Formula("x/y", lambda x, y, z, g: x / y),
    Formula("1/x", lambda x, y, z, g: 1 / x),
    Formula("y/x", lambda x, y, z, g: y / x),
    Formula("x + y", lambda x, y, z, g: x + y),
)
POWERS = (
    Formula("y * x**y", lambda x, y, z, g: y * x**y, "the exponent goes down by one: y − 1"),
    Formula("x**(y - 1)", lambda x, y, z, g: x ** (y - 1), "the factor y is missing"),
    Formula("(y - 1) * x**(y - 1)", lambda x, y, z, g: (y - 1) * x ** (y - 1)),
    Formula("(y - 1) * x**y", lambda x, y, z, g: (y - 1) * x**y),
    Formula("y * x", lambda x, y, z, g: y * x),
    Formula("y * x**(y + 1)", lambda x, y, z, g: y * x ** (y + 1)),
    Formula("(y + 1) * x**y", lambda x, y, z, g: (y + 1) * x**y),
    Formula("z * log(x)", lambda x, y, z, g: z * np.log(x), "that is the derivative to the exponent"),
    Formula("y", lambda x, y, z, g: y),
    Formula("y - 1", lambda x, y, z, g: y - 1),
    Formula("1 if z > 0 else 0", lambda x, y, z, g: (z > 0) * 1.0, "that is ReLU's"),
)
OF_OP: dict[str, tuple[Formula, ...]] = {
    **dict.fromkeys(("tanh", "sigmoid", "softplus", "silu"), SQUARES),
    **dict.fromkeys(("relu", "leaky_relu", "elu", "hardtanh", "abs"), GATES),
    "pow": POWERS,
}
# What is passed on as a whole: d is the table's derivative.
CHAINS: tuple[tuple[Callable[[Column, Column, Column], Column], str], ...] = (
    (lambda d, g, z: d, "the factor out.grad is missing: that is the chain rule"),
    (lambda d, g, z: d * g * g, "out.grad is multiplied in twice"),
    (lambda d, g, z: d * z, "out.data stands where out.grad belongs"),
    (lambda d, g, z: d + g, "out.grad is added where it is to be multiplied"),
)


def formulas(op: str, arity: int) -> tuple[Formula, ...]:
    """The formulas to try for an op, the likeliest first."""
    special = OF_OP.get(op, ())
    return (*special, *((*ONE_INPUT, *SQUARES, *GATES) if arity == 1 else TWO_INPUTS))
