"""The op table: one row computes, differentiates, draws, explains, tests and documents an operation.

``m`` is the namespace a rule runs in (floats or arrays), ``x`` and ``y`` are inputs, ``z`` the result.
At kinks the rows follow PyTorch and say so. Formulas are Python; a test evaluates them against the rules.
"""

from __future__ import annotations

import math
import operator
from typing import Any

import numpy as np

from gradviz import vjps
from gradviz.operation import Op, X, Y, Z, activation, elementwise, general

INV_SQRT_2PI = 1 / math.sqrt(2 * math.pi)
SQRT_2_OVER_PI = math.sqrt(2 / math.pi)
GELU_CUBIC = 0.044715  # Hendrycks & Gimpel 2016
SELU_ALPHA, SELU_SCALE = 1.6732632423543772, 1.0507009873554805  # Klambauer et al. 2017


def _sigmoid(m: Any, x: Any) -> Any:
    e = m.exp(-m.abs(x))  # never above 1, so it cannot overflow
    return m.where(x >= 0, m.div(1.0, 1.0 + e), m.div(e, 1.0 + e))


def _softplus(m: Any, x: Any) -> Any:
    return m.maximum(x, 0.0) + m.log1p(m.exp(-m.abs(x)))


def _normal_cdf(m: Any, x: Any) -> Any:
    return 0.5 * (1.0 + m.erf(x * math.sqrt(0.5)))


def _gelu_slope(m: Any, x: Any, z: Any) -> Any:
    return _normal_cdf(m, x) + x * INV_SQRT_2PI * m.exp(-0.5 * x * x)


def _gelu_inner(m: Any, x: Any) -> Any:
    return m.tanh(SQRT_2_OVER_PI * (x + GELU_CUBIC * x * x * x))


def _gelu_tanh_slope(m: Any, x: Any, z: Any) -> Any:
    t = _gelu_inner(m, x)
    return 0.5 * (1.0 + t) + 0.5 * x * (1.0 - t * t) * SQRT_2_OVER_PI * (1.0 + 3 * GELU_CUBIC * x * x)


def _silu_slope(m: Any, x: Any, z: Any) -> Any:
    s = _sigmoid(m, x)
    return s * (1.0 + x * (1.0 - s))


def _mish_slope(m: Any, x: Any, z: Any) -> Any:
    t = m.tanh(_softplus(m, x))
    return t + x * (1.0 - t * t) * _sigmoid(m, x)


def _elu(m: Any, x: Any, alpha: float) -> Any:
    return m.where(x > 0, x, alpha * m.expm1(x))


def _elu_slope(m: Any, x: Any, z: Any, alpha: float) -> Any:
    return m.where(x <= 0, alpha * m.exp(x), 1.0)  # not z + alpha, which cancels far below 0


def _power_base(m: Any, x: Any, y: Any, z: Any) -> Any:
    return m.where(y == 0, 0.0, y * m.pow(x, y - 1.0))


def _power_exponent(m: Any, x: Any, y: Any, z: Any) -> Any:
    return m.where((x == 0) & (y >= 0), 0.0, z * m.log(x))


def _winner(m: Any, mine: Any, other: Any) -> Any:
    """1 where mine wins, 0 where other does, a half each on a tie."""
    return m.where(mine == other, 0.5, m.where(mine < other, 0.0, 1.0))


def _inside(m: Any, x: Any, z: Any) -> Any:
    return m.where(x <= -1.0, 0.0, m.where(x >= 1.0, 0.0, 1.0))


FLAT = "The op is flat, so nothing flows back through it."
TIE = "at a tie each input gets one half"

ROWS: tuple[Op, ...] = (
    # ---- arithmetic -------------------------------------------------------------------------------------------
    elementwise("add", "+", operator.add, 1.0, 1.0,
        formula="x + y", derivative=("1", "1"), code="{0} + {1}", precedence=1, example=(2.0, -3.0),
        sentence="Addition distributes: both inputs receive the incoming gradient unchanged."),
    elementwise("sub", "−", operator.sub, 1.0, -1.0,
        formula="x - y", derivative=("1", "-1"), code="{0} - {1}", precedence=1, example=(2.0, -3.0),
        sentence="Subtraction distributes: the first input receives the gradient unchanged, the second negated."),
    elementwise("mul", "×", operator.mul, Y, X,
        formula="x * y", derivative=("y", "x"), code="{0}*{1}", precedence=2, example=(2.0, -3.0),
        sentence="Multiplication swaps: each input receives the gradient times the other input."),
    elementwise("div", "÷", lambda m, x, y: m.div(x, y), lambda m, x, y, z: m.div(1.0, y), lambda m, x, y, z: m.div(-z, y),
        formula="x / y", derivative=("1/y", "-x/y**2"), code="{0}/{1}", precedence=2, example=(2.0, -3.0),
        sentence="Division scales: the numerator's gradient is divided by the denominator, which gets −result/denominator."),
    elementwise("neg", "−", operator.neg, -1.0,
        formula="-x", derivative=("-1",), code="-{0}", precedence=3, example=(2.0,),
        sentence="Negation flips the sign of the gradient."),
    elementwise("pow", "^", lambda m, x, y: m.pow(x, y), _power_base, _power_exponent,
        formula="x**y", derivative=("y * x**(y - 1)", "z * log(x)"), code="{0}**{1}", precedence=4, example=(2.0, 3.0),
        kink="x**0 has slope 0 everywhere, also at x = 0",
        sentence="A power brings its exponent down: the base receives the gradient times y·x^(y−1)."),
    # ---- functions of one number ------------------------------------------------------------------------------
    activation("exp", "exp", lambda m, x: m.exp(x), Z,
        formula="exp(x)", derivative=("z",),
        sentence="exp is its own derivative: the gradient is multiplied by the result."),
    activation("log", "log", lambda m, x: m.log(x), lambda m, x, z: m.div(1.0, x),
        formula="log(x)", derivative=("1/x",), kink="log(0) is −inf and its slope inf; below 0 the value is NaN",
        sentence="The logarithm divides: the gradient is divided by the input."),
    activation("sqrt", "√", lambda m, x: m.sqrt(x), lambda m, x, z: m.div(0.5, z),
        formula="sqrt(x)", derivative=("1/(2*z)",), kink="at 0 the slope is inf",
        sentence="The square root divides the gradient by twice the result: steep near 0."),
    activation("abs", "|x|", lambda m, x: m.abs(x), lambda m, x, z: m.sign(x), code="abs({0})",
        formula="abs(x)", derivative=("sign(x)",), kink="at 0 the slope is 0", example=(-0.75,),
        sentence="The absolute value passes the gradient with the sign of the input."),
    activation("sign", "sign", lambda m, x: m.sign(x), 0.0,
        formula="sign(x)", derivative=("0",), kink="flat everywhere; NaN stays NaN (PyTorch: 0)", gate=True, sentence=FLAT),
    activation("floor", "floor", lambda m, x: m.floor(x), 0.0,
        formula="floor(x)", derivative=("0",), kink="flat everywhere", gate=True, sentence=FLAT),
    # ---- activations ------------------------------------------------------------------------------------------
    activation("step", "step", lambda m, x: m.where(x > 0, 1.0, m.where(x <= 0, 0.0, x)), 0.0,
        formula="1 if x > 0 else 0", derivative=("0",), kink="at 0 the value is 0; flat everywhere", gate=True, sentence=FLAT),
    activation("sigmoid", "σ", _sigmoid, lambda m, x, z: z * (1.0 - z),
        formula="1/(1 + exp(-x))", derivative=("z * (1 - z)",),
        sentence="The sigmoid passes at most a quarter of the gradient, and almost nothing where it is saturated."),
    activation("tanh", "tanh", lambda m, x: m.tanh(x), lambda m, x, z: 1.0 - z * z,
        formula="tanh(x)", derivative=("1 - z**2",),
        sentence="tanh passes the gradient times 1 − tanh², so almost nothing where it is saturated."),
    activation("relu", "ReLU", lambda m, x: m.where(x <= 0, 0.0, x), lambda m, x, z: m.where(z <= 0, 0.0, 1.0),
        formula="max(0, x)", derivative=("1 if z > 0 else 0",), kink="at 0 the slope is 0", gate=True,
        sentence="ReLU is a gate: the gradient passes where the input was positive, and stops where it was not."),
    activation("leaky_relu", "leaky ReLU", lambda m, x, slope: m.where(x > 0, x, slope * x),
        lambda m, x, z, slope: m.where(x > 0, 1.0, slope), attrs={"slope": 0.01},
        formula="x if x > 0 else slope*x", derivative=("1 if x > 0 else slope",), kink="at 0 the slope is that of the left side",
        sentence="Leaky ReLU lets a small share of the gradient through where the input was negative."),
    activation("elu", "ELU", _elu, _elu_slope, attrs={"alpha": 1.0},
        formula="x if x > 0 else alpha*(exp(x) - 1)", derivative=("1 if x > 0 else alpha*exp(x)",), kink="at 0 the slope is alpha",
        sentence="ELU passes the gradient where the input was positive, and less and less of it towards −∞."),
    activation("selu", "SELU", lambda m, x: SELU_SCALE * _elu(m, x, SELU_ALPHA),
        lambda m, x, z: SELU_SCALE * _elu_slope(m, x, z, SELU_ALPHA),
        formula="1.0507009873554805*(x if x > 0 else 1.6732632423543772*(exp(x) - 1))",
        derivative=("1.0507009873554805*(1 if x > 0 else 1.6732632423543772*exp(x))",), kink="at 0 the slope is that of the left side, 1.758",
        sentence="SELU is ELU scaled so that activations keep zero mean and unit variance."),
    activation("gelu", "GELU", lambda m, x: x * _normal_cdf(m, x), _gelu_slope,
        formula="x * Phi(x)", derivative=("Phi(x) + x * phi(x)",),
        sentence="GELU weighs the input by how likely a normal number is below it; its slope dips slightly below 0."),
    activation("gelu_tanh", "GELU≈", lambda m, x: 0.5 * x * (1.0 + _gelu_inner(m, x)), _gelu_tanh_slope,
        formula="0.5*x*(1 + tanh(sqrt(2/pi)*(x + 0.044715*x**3)))",
        derivative=("0.5*(1 + tanh(sqrt(2/pi)*(x + 0.044715*x**3))) + 0.5*x*(1 - tanh(sqrt(2/pi)*(x + 0.044715*x**3))**2)"
                    "*sqrt(2/pi)*(1 + 0.134145*x**2)",),
        sentence="The tanh form of GELU: the same curve to within 0.0005, without erf."),
    activation("silu", "SiLU", lambda m, x: x * _sigmoid(m, x), _silu_slope,
        formula="x * sigmoid(x)", derivative=("sigmoid(x) * (1 + x*(1 - sigmoid(x)))",),
        sentence="SiLU gates the input by its own sigmoid; its slope dips slightly below 0."),
    activation("softplus", "softplus", _softplus, lambda m, x, z: _sigmoid(m, x),
        formula="log(1 + exp(x))", derivative=("sigmoid(x)",),
        sentence="Softplus is a smooth ReLU: the gradient is multiplied by the sigmoid of the input."),
    activation("mish", "Mish", lambda m, x: x * m.tanh(_softplus(m, x)), _mish_slope,
        formula="x * tanh(log(1 + exp(x)))",
        derivative=("tanh(log(1 + exp(x))) + x*(1 - tanh(log(1 + exp(x)))**2)*sigmoid(x)",),
        sentence="Mish gates the input by the tanh of its softplus; smooth, and slightly negative on the left."),
    activation("hardtanh", "hardtanh", lambda m, x: m.where(x < -1.0, -1.0, m.where(x > 1.0, 1.0, x)), _inside,
        formula="min(1, max(-1, x))", derivative=("1 if -1 < x < 1 else 0",), kink="at ±1 the slope is 0", gate=True,
        sentence="Hardtanh passes the gradient between −1 and 1 and stops it outside."),
    # ---- choosing ---------------------------------------------------------------------------------------------
    elementwise("maximum", "max", lambda m, x, y: m.maximum(x, y),
        lambda m, x, y, z: _winner(m, x, y), lambda m, x, y, z: _winner(m, y, x),
        formula="max(x, y)", derivative=("1 if x > y else 0", "1 if y > x else 0"), kink=TIE, gate=True, example=(2.0, -3.0),
        sentence="The larger input wins and receives the whole gradient."),
    elementwise("minimum", "min", lambda m, x, y: m.minimum(x, y),
        lambda m, x, y, z: _winner(m, y, x), lambda m, x, y, z: _winner(m, x, y),
        formula="min(x, y)", derivative=("1 if x < y else 0", "1 if y < x else 0"), kink=TIE, gate=True, example=(2.0, -3.0),
        sentence="The smaller input wins and receives the whole gradient."),
    elementwise("where", "where", lambda m, c, x, y: m.where(c, x, y),
        None, lambda m, c, x, y, z: m.where(c, 1.0, 0.0), lambda m, c, x, y, z: m.where(c, 0.0, 1.0),
        formula="x if c else y", derivative=("0", "1 if c else 0", "0 if c else 1"), gate=True, example=(1.0, 2.0, -3.0),
        sentence="The chosen branch receives the gradient; the other receives 0, which its own slope may still turn into NaN."),
    # ---- arrays -----------------------------------------------------------------------------------------------
    general("matmul", "@", vjps.matmul, vjps.matmul_vjp, arity=2, code="{0} @ {1}", precedence=2,
        formula="x @ y", derivative=("g @ y.T", "x.T @ g"), example=(np.array([[1.0, 2.0], [3.0, 4.0]]), np.array([[0.5], [-1.0]])),
        sentence="A matrix product swaps, as multiplication does: each side receives the gradient times the other, transposed."),
    general("sum", "Σ", vjps.total, vjps.total_vjp, code="sum({0})", attrs={"axis": None, "keepdims": False},
        formula="sum(x)", derivative=("1",), example=(np.array([[1.0, 2.0], [3.0, -4.0]]),),
        sentence="A sum distributes: every summand receives the gradient unchanged."),
    general("mean", "mean", vjps.mean, vjps.mean_vjp, code="mean({0})", attrs={"axis": None, "keepdims": False},
        formula="sum(x)/n", derivative=("1/n",), example=(np.array([[1.0, 2.0], [3.0, -4.0]]),),
        sentence="A mean shares: every element receives the gradient divided by their number."),
    general("prod", "Π", vjps.product, vjps.product_vjp, code="prod({0})", attrs={"axis": None, "keepdims": False},
        formula="prod(x)", derivative=("prod of the others",), example=(np.array([[1.0, 2.0], [3.0, -4.0]]),),
        sentence="A product swaps: each factor receives the gradient times the product of the others."),
    general("max", "max", vjps.largest, vjps.extreme_vjp, code="max({0})", attrs={"axis": None, "keepdims": False},
        formula="max(x)", derivative=("1 at the largest, else 0",), kink="ties share evenly", example=(np.array([[1.0, 2.0], [3.0, -4.0]]),),
        sentence="The largest element wins and receives the whole gradient."),
    general("min", "min", vjps.smallest, vjps.extreme_vjp, code="min({0})", attrs={"axis": None, "keepdims": False},
        formula="min(x)", derivative=("1 at the smallest, else 0",), kink="ties share evenly", example=(np.array([[1.0, 2.0], [3.0, -4.0]]),),
        sentence="The smallest element wins and receives the whole gradient."),
    general("reshape", "reshape", vjps.reshape, vjps.reshape_vjp, code="reshape({0})", attrs={"shape": (-1,)},
        formula="x", derivative=("1",), example=(np.array([[1.0, 2.0], [3.0, -4.0]]),),
        sentence="Reshaping moves no numbers: the gradient is reshaped back."),
    general("transpose", "ᵀ", vjps.transpose, vjps.transpose_vjp, code="{0}.T", attrs={"axes": None},
        formula="x", derivative=("1",), example=(np.array([[1.0, 2.0], [3.0, -4.0]]),),
        sentence="Transposing moves no numbers: the gradient is transposed back."),
    general("getitem", "[ ]", vjps.getitem, vjps.getitem_vjp, code="{0}[…]", attrs={"index": 0},
        formula="x[i]", derivative=("1 at the places read, else 0",), example=(np.array([[1.0, 2.0], [3.0, -4.0]]),),
        sentence="Indexing routes: the gradient goes back to the places it was read from, and adds up where one was read twice."),
    general("concat", "concat", vjps.concat, vjps.concat_vjp, arity=None, code="concat({0}, …)", attrs={"axis": 0},
        formula="concat(x, y)", derivative=("1",), example=(np.array([1.0, 2.0]), np.array([3.0])),
        sentence="Joining moves no numbers: each input receives its own part of the gradient."),
    general("stack", "stack", vjps.stack, vjps.stack_vjp, arity=None, code="stack({0}, …)", attrs={"axis": 0},
        formula="stack(x, y)", derivative=("1",), example=(1.0, 2.0),
        sentence="Stacking moves no numbers: each input receives its own part of the gradient."),
    general("softmax", "softmax", vjps.softmax, vjps.softmax_vjp, code="softmax({0})", attrs={"axis": -1},
        formula="exp(x) / sum(exp(x))", derivative=("z * (g - sum(g*z))",), example=(np.array([1.0, 2.0, -0.5]),),
        sentence="Softmax makes its outputs compete: each receives its own gradient less the weighted mean of all."),
    general("log_softmax", "log softmax", vjps.log_softmax, vjps.log_softmax_vjp, code="log_softmax({0})", attrs={"axis": -1},
        formula="x - log(sum(exp(x)))", derivative=("g - exp(z) * sum(g)",), example=(np.array([1.0, 2.0, -0.5]),),
        sentence="Log-softmax gives each input its gradient less its share of the total."),
)  # fmt: skip

OPS: dict[str, Op] = {op.name: op for op in ROWS}
