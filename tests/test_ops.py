"""The op table against PyTorch, 50-digit arithmetic, differences, and its own words."""

from __future__ import annotations

import ast
import itertools
import math
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from opspage import PAGE, page

from gradviz import Value
from gradviz.arithmetic import columns, floats
from gradviz.engine.record import record
from gradviz.operation import Op
from gradviz.ops import OPS, ROWS

ELEMENTWISE = [op for op in ROWS if op.elementwise]
SMOOTH = [op for op in ELEMENTWISE if op.name != "where"]
by_name = {"ids": lambda op: op.name}

# Zeros of both signs, kinks, saturation, overflow, subnormals, and what is no number.
EDGES = (0.0, 1.0, 0.5, 2.0, 3.0, 20.0, 1e-8, 700.0, 1000.0, 1e-300, 5e-324, 1e300, 1.7e308, math.inf)
EDGES = (*EDGES, *(-x for x in EDGES), math.nan)


def points(op: Op, count: int, seed: int = 0) -> list[tuple[float, ...]]:
    """Ordinary inputs, away from kinks and ties, within the op's domain."""
    rng = np.random.default_rng(seed)
    found = []
    while len(found) < count:
        xs = rng.uniform(-3, 3, op.arity or 1).tolist()
        if op.name in ("log", "sqrt", "pow"):
            xs[0] = abs(xs[0])
        far = [abs(x - kink) > 0.01 for x in xs for kink in (-1.0, 0.0, 1.0, *map(float, range(-3, 4)))]
        if all(far) and all(abs(x - y) > 0.01 for x, y in itertools.combinations(xs, 2)):
            found.append(tuple(xs))
    return found


def same_bits(a: Any, b: Any) -> bool:
    a, b = np.asarray(a, dtype=np.float64), np.asarray(b, dtype=np.float64)
    equal = (a == b) & (np.signbit(a) == np.signbit(b))
    return a.shape == b.shape and bool(np.all(equal | (np.isnan(a) & np.isnan(b))))


def run(name: str, inputs: list[Any], seed: Any, **attrs: Any) -> tuple[Any, list[Any]]:
    """The value of an op and the gradients of its inputs, by the engine."""
    values = [Value(x) for x in inputs]
    z = record(Value, name, values, **attrs)
    z.backward(seed, allow_nan=True)
    return z.data, [v.grad for v in values]


# -- the table itself


def test_names_and_words() -> None:
    assert len(OPS) == len(ROWS)
    for op in ROWS:
        assert op.name.isidentifier() and op.symbol.strip(), op
        assert op.sentence[0].isupper() or op.sentence.split()[0] in OPS, op.sentence
        assert op.sentence.endswith(".") and ". " not in op.sentence, op.sentence
        assert not op.kink.endswith("."), op.kink
        assert op.arity is None or len(op.example) == len(op.derivative) == op.arity, op
        assert op.code.format("a", "b", "c"), op


def test_symbols_tell_ops_apart() -> None:
    shared: dict[tuple[str, int | None], list[str]] = {}
    for op in ROWS:
        shared.setdefault((op.symbol, op.arity), []).append(op.name)
    assert [names for names in shared.values() if len(names) > 1] == []


@pytest.mark.parametrize("op", ELEMENTWISE, **by_name)
def test_formulas_are_python(op: Op) -> None:
    for text in (op.formula, *op.derivative):
        ast.parse(text, mode="eval")


def test_the_page_of_the_table_is_up_to_date() -> None:
    assert PAGE.read_text(encoding="utf-8") == page(), "run: python tests/opspage.py"


def test_a_curve_is_value_and_slope() -> None:
    for op in ROWS:
        if op.curve:
            assert op.arity == 1 and op.elementwise, op.name


# -- PyTorch


def torch_functions() -> dict[str, Any]:
    import torch
    from torch.nn import functional as F

    def axes(f: Any) -> Any:
        def reduce(x: Any, axis: Any = None, keepdims: bool = False) -> Any:
            return f(x, tuple(range(x.ndim)) if axis is None else axis, keepdims)

        return reduce

    def prod(x: Any, axis: Any = None, keepdims: bool = False) -> Any:
        return torch.prod(x) if axis is None else torch.prod(x, axis, keepdims)

    return {
        **{name: getattr(torch, name) for name in ("add", "sub", "mul", "div", "neg", "pow", "exp", "log")},
        **{name: getattr(torch, name) for name in ("sqrt", "abs", "sign", "floor", "sigmoid", "tanh")},
        **{name: getattr(F, name) for name in ("relu", "elu", "selu", "gelu", "silu", "mish", "hardtanh")},
        **{name: getattr(torch, name) for name in ("maximum", "minimum", "matmul")},
        "leaky_relu": lambda x, slope=0.01: F.leaky_relu(x, slope),
        "gelu_tanh": lambda x: F.gelu(x, approximate="tanh"),
        "softplus": lambda x: F.softplus(x, threshold=200),
        "step": lambda x: torch.heaviside(x.detach(), torch.zeros_like(x)) + 0 * x,
        "where": lambda c, x, y: torch.where(c.detach() != 0, x, y),
        "sum": axes(torch.sum),
        "mean": axes(torch.mean),
        "max": axes(torch.amax),
        "min": axes(torch.amin),
        "prod": prod,
        "reshape": lambda x, shape: torch.reshape(x, shape),
        "transpose": lambda x, axes=None: x.permute(axes or tuple(reversed(range(x.ndim)))),
        "getitem": lambda x, index: x[index],
        "concat": lambda *xs, axis=0: torch.cat(xs, axis),
        "stack": lambda *xs, axis=0: torch.stack(xs, axis),
        "softmax": lambda x, axis=-1: torch.softmax(x, axis),
        "log_softmax": lambda x, axis=-1: torch.log_softmax(x, axis),
    }


def torch_run(name: str, inputs: list[Any], seed: Any, **attrs: Any) -> tuple[Any, list[Any]]:
    import torch

    tensors = [torch.tensor(x, dtype=torch.float64, requires_grad=True) for x in inputs]
    z = torch_functions()[name](*tensors, **attrs)
    z.backward(torch.tensor(seed, dtype=torch.float64).expand_as(z))
    return z.detach().numpy(), [None if t.grad is None else t.grad.numpy() for t in tensors]


@pytest.mark.torch
def test_every_op_has_its_counterpart() -> None:
    assert torch_functions().keys() == OPS.keys()


# Where gradviz decides otherwise, and why.
DIFFERS = {
    "sign": lambda xs, g: math.isnan(xs[0]),  # PyTorch: sign(NaN) = 0, which hides it
    "abs": lambda xs, g: math.isnan(xs[0]),
    "step": lambda xs, g: not math.isfinite(xs[0] * g),  # no derivative in PyTorch: ours is 0
    "pow": lambda xs, g: xs[1] == 0 and not math.isfinite(g),  # inf arriving at x**0
}


@pytest.mark.torch
@pytest.mark.parametrize("op", [op for op in SMOOTH], **by_name)
def test_edges_as_pytorch(op: Op) -> None:
    inputs = list(itertools.product(EDGES, repeat=op.arity or 1))
    for g in (1.0, -2.0, math.inf, math.nan):
        told, told_grads = torch_run(op.name, [np.array(column) for column in zip(*inputs, strict=True)], g)
        as_array, array_grads = run(
            op.name, [np.array(column) for column in zip(*inputs, strict=True)], np.full(len(inputs), g)
        )
        for k, xs in enumerate(inputs):
            if op.name in DIFFERS and DIFFERS[op.name](xs, g):
                continue
            value, grads = run(op.name, list(xs), g)
            expected = [told[k], *(t[k] for t in told_grads)]
            np.testing.assert_allclose([value, *grads], expected, 1e-12, 1e-300, err_msg=f"{xs} · {g}")
            found = [as_array[k], *(t[k] for t in array_grads)]
            np.testing.assert_allclose(found, expected, 1e-12, 1e-300, err_msg=f"array of {xs} · {g}")


@pytest.mark.torch
@pytest.mark.parametrize("op", SMOOTH, **by_name)
@pytest.mark.parametrize(
    "shapes",
    [
        ((3,), (3,)),
        ((1, 3), (2, 1)),
        ((), (2, 2)),
        ((2, 3), (3,)),
        ((0,), (1,)),
        ((2, 0), (1,)),
        ((4, 1, 2), (3, 1)),
    ],
    ids=str,
)
def test_arrays_broadcast_as_pytorch(op: Op, shapes: tuple[tuple[int, ...], ...]) -> None:
    rng = np.random.default_rng(7)
    shapes = shapes[: op.arity]
    inputs = [rng.uniform(0.1, 2.0, shape) if shape else float(rng.uniform(0.1, 2)) for shape in shapes]
    result = np.broadcast_shapes(*shapes)
    seed: Any = rng.normal(size=result) if result else 0.7
    value, grads = run(op.name, inputs, seed)
    told, told_grads = torch_run(op.name, inputs, seed)
    np.testing.assert_allclose(value, told, 1e-12)
    for x, grad, expected in zip(inputs, grads, told_grads, strict=True):
        assert np.shape(grad) == np.shape(x)
        np.testing.assert_allclose(grad, expected, 1e-11, 1e-14)


A = np.arange(24.0).reshape(2, 3, 4) % 7 - 2.5
ZEROS = np.array([[1.0, 0.0, 3.0], [0.0, 0.0, 2.0], [4.0, 5.0, 6.0]])
TIES = np.array([[1.0, 1.0, 1.0, 0.5], [3.0, 0.0, 3.0, 3.0]])
CASES: list[tuple[str, list[Any], dict[str, Any]]] = [
    *(
        (name, [A], {"axis": axis, "keepdims": keep})
        for name in ("sum", "mean", "max", "min")
        for axis in (None, 0, -1, (0, 2), (1, -1))
        for keep in (False, True)
    ),
    *((name, [x], {}) for name in ("sum", "mean", "max", "min", "prod") for x in (TIES, 3.5, np.ones(1))),
    *((name, [TIES], {"axis": 1}) for name in ("max", "min", "prod")),
    *(("prod", [ZEROS], {"axis": axis}) for axis in (0, 1)),
    *(("prod", [x], {}) for x in (ZEROS, np.array([0.0, 2.0]), np.array([0.0, 0.0, 5.0]))),
    *((name, [np.zeros((0,))], {}) for name in ("sum", "mean", "prod")),
    *((name, [np.zeros((2, 0))], {"axis": 1}) for name in ("sum", "mean", "prod")),
    *((name, [np.array([1.0, math.nan, 2.0])], {}) for name in ("sum", "mean", "max", "min")),
    *((name, [A], {"axis": axis}) for name in ("softmax", "log_softmax") for axis in (0, 1, -1)),
    *((name, [x], {}) for name in ("softmax", "log_softmax") for x in (2.5, np.array([1e4, 0.0, -1e4]))),
    *(("reshape", [A], {"shape": shape}) for shape in ((24,), (6, -1), (4, 3, 2), (-1,))),
    *(("transpose", [A], {"axes": axes}) for axes in (None, (0, 2, 1), (2, 0, 1), (-1, 0, 1))),
    *(("matmul", [np.ones(s) * 2, np.linspace(-1, 1, math.prod(t)).reshape(t)], {}) for s, t in (
        ((3,), (3,)), ((2, 3), (3,)), ((3,), (3, 2)), ((2, 3), (3, 4)), ((5, 2, 3), (3, 4)),
        ((2, 3), (5, 3, 1)), ((5, 2, 3), (3,)), ((3,), (5, 3, 2)), ((4, 1, 2, 3), (5, 3, 2)),
        ((0, 3), (3, 2)),
    )),
    *(("concat", [A, A + 1], {"axis": axis}) for axis in (0, 1, -1)),
    ("concat", [np.ones(2), np.zeros(0), np.ones(3)], {}),
    *(("stack", [A, A + 1, A * 2], {"axis": axis}) for axis in (0, 2, -1, -4)),
    ("stack", [1.0, 2.0, 3.0], {}),
    ("where", [np.array([1.0, 0.0]), np.array([2.0, 3.0]), 4.0], {}),
]  # fmt: skip


@pytest.mark.torch
@pytest.mark.parametrize(("name", "inputs", "attrs"), CASES, ids=lambda x: x if isinstance(x, str) else "")
def test_whole_arrays_as_pytorch(name: str, inputs: list[Any], attrs: dict[str, Any]) -> None:
    with np.errstate(all="ignore"):
        shape = np.shape(record(Value, name, [Value(x) for x in inputs], **attrs).data)
    seed: Any = np.linspace(0.5, 1.5, math.prod(shape)).reshape(shape) if shape else -1.25
    value, grads = run(name, inputs, seed, **attrs)
    told, told_grads = torch_run(name, inputs, seed, **attrs)
    np.testing.assert_allclose(value, told, 1e-12)
    for k, (x, grad, expected) in enumerate(zip(inputs, grads, told_grads, strict=True)):
        if name == "where" and k == 0:
            assert grad is None
            continue
        assert np.shape(grad) == np.shape(x)
        np.testing.assert_allclose(grad, expected, 1e-11, 1e-14)


INDICES: list[Any] = [
    *(0, -1, slice(None, None, 2), slice(2, None), slice(None, None, -1), None, ..., [0, 0], [1, 0, 1]),
    *((0, 1), (slice(None), 2), (..., -1), (None, 0), (slice(1), [0, 0, 2]), ([0, 1, 0], [1, 1, 1])),
    *(np.array([[0, 1], [1, 1]]), np.array([True, False]), np.zeros((0,), dtype=int)),
]


@pytest.mark.torch
@pytest.mark.parametrize("index", INDICES, ids=repr)
def test_indexing_as_pytorch(index: Any) -> None:
    import torch

    data = np.arange(24.0).reshape(2, 3, 4)
    x = Value(data)
    y = x[index]
    np.testing.assert_array_equal(y.data, data[index])
    seed: Any = np.arange(1.0, y.size + 1).reshape(y.shape) if y.shape else 2.0
    y.backward(seed)
    expected = np.zeros_like(data)
    np.add.at(expected, index, seed)
    np.testing.assert_array_equal(x.grad, expected)
    if repr(index) != repr(slice(None, None, -1)):  # PyTorch has no negative steps
        t = torch.tensor(data, requires_grad=True)
        t[index].backward(torch.tensor(seed))
        assert t.grad is not None
        np.testing.assert_array_equal(x.grad, t.grad.numpy())


# -- the same numbers three ways: floats, columns of floats, and the table's own formulas


@pytest.mark.parametrize("op", ELEMENTWISE, **by_name)
def test_columns_are_floats_bit_for_bit(op: Op) -> None:
    grid = list(itertools.product(EDGES, repeat=min(op.arity or 1, 2)))
    inputs = [(*xs, -0.5)[: op.arity] for xs in grid] + points(op, 200)
    one_by_one = [op.on_floats()(*xs, **op.attrs) for xs in inputs]
    assert all(type(z) is float for z in one_by_one)
    xs = [np.array(column) for column in zip(*inputs, strict=True)]
    with np.errstate(all="ignore"):
        together = op.rule(columns, *xs, **op.attrs) if not _plain(op.rule) else op.rule(*xs)
    assert same_bits(together, one_by_one)
    for slot, partial in enumerate(op.partials_on_floats()):
        if callable(partial):
            listed = [partial(*x, z, **op.attrs) for x, z in zip(inputs, one_by_one, strict=True)]
            assert same_bits(op.local(slot, tuple(xs), together, m=columns), listed)


def _plain(rule: Any) -> bool:
    return type(rule).__name__ == "builtin_function_or_method"


def _sigmoid(x: Any, exp: Any) -> Any:
    return 1 / (1 + exp(-x))


@pytest.mark.parametrize("op", ELEMENTWISE, **by_name)
def test_words_and_rules_agree(op: Op) -> None:
    words: dict[str, Any] = {
        **{name: getattr(math, name) for name in ("exp", "log", "sqrt", "tanh", "pi", "floor")},
        **{
            "abs": abs,
            "max": max,
            "min": min,
            "sign": floats.sign,
            "sigmoid": lambda x: _sigmoid(x, math.exp),
        },
        "Phi": lambda x: 0.5 * (1 + math.erf(x / math.sqrt(2))),
        "phi": lambda x: math.exp(-x * x / 2) / math.sqrt(2 * math.pi),
    }
    letters = ("c", "x", "y") if op.name == "where" else ("x", "y")
    for xs in points(op, 50):
        scope = {**words, **dict(zip(letters, xs, strict=False)), **op.attrs}
        z = eval(op.formula, scope)  # the table's own text
        assert op.forward(*xs) == pytest.approx(z, rel=1e-12, abs=1e-14)
        for slot, text in enumerate(op.derivative):
            local = op.local(slot, xs, z)
            assert (0.0 if local is None else local) == pytest.approx(
                eval(text, {**scope, "z": z}), rel=1e-11, abs=1e-14
            )


@pytest.mark.parametrize("op", SMOOTH, **by_name)
def test_fifty_digits(op: Op) -> None:
    """A second oracle that shares no code: the formula, and its derivative taken numerically, by mpmath."""
    mp = pytest.importorskip("mpmath")
    mp.mp.dps = 50
    words: dict[str, Any] = {
        **{name: getattr(mp, name) for name in ("exp", "log", "sqrt", "tanh", "pi", "floor", "sign")},
        **{"abs": abs, "max": max, "min": min, "sigmoid": lambda x: _sigmoid(x, mp.exp), "Phi": mp.ncdf},
        "phi": mp.npdf,
    }
    code = compile(
        op.formula.replace("1.6732632423543772", "A").replace("1.0507009873554805", "S"), "", "eval"
    )
    words |= {"A": mp.mpf(1.6732632423543772), "S": mp.mpf(1.0507009873554805)}
    wide = [tuple(30 * x for x in xs) for xs in points(op, 30, seed=2)] if op.arity == 1 else []
    for xs in points(op, 30) + wide:

        def f(*at: Any) -> Any:
            attrs = {key: mp.mpf(value) for key, value in op.attrs.items()}
            return eval(code, {**words, **attrs, **dict(zip("xy", at, strict=False))})

        z, g = run(op.name, list(xs), 1.0)
        exact = [mp.mpf(x) for x in xs]
        # one rounding of the input, carried through the function, is no error of ours; GELU's 1 + erf
        # cancels, as PyTorch's does
        slopes = [
            mp.diff(f, tuple(exact), tuple(int(k == j) for j in range(len(xs)))) for k in range(len(xs))
        ]
        slack = sum(abs(s * x) for s, x in zip(slopes, exact, strict=True)) + abs(f(*exact))
        assert abs(z - f(*exact)) <= 4e-16 * (slack + abs(exact[0]) * op.name.startswith("gelu")) + mp.mpf(
            1e-300
        )
        for grad, slope in zip(g, slopes, strict=True):
            assert abs(grad - slope) <= 1e-13 * abs(slope) + mp.mpf(2e-15) * (1 + abs(slope))


# -- differences: the one method that needs no oracle


@pytest.mark.parametrize("op", ROWS, **by_name)
@pytest.mark.parametrize("arrays", [False, True], ids=["numbers", "arrays"])
def test_differences(op: Op, arrays: bool) -> None:
    inputs: list[Any] = list(op.example)
    if arrays and op.elementwise:
        inputs = [np.array(column) for column in zip(*points(op, 6), strict=True)]
    rng = np.random.default_rng(3)
    z, _ = op.forward(*inputs), None
    weights: Any = rng.uniform(0.5, 1.5, np.shape(z)) if np.ndim(z) else 0.7
    _, grads = run(op.name, inputs, weights)
    for slot, (x, grad) in enumerate(zip(inputs, grads, strict=True)):
        if op.name == "where" and slot == 0:
            continue
        for at in np.ndindex(np.shape(x)):
            moved = []
            for step in (1e-6, -1e-6):
                nudged = np.array(x, dtype=float)
                nudged[at] += step
                changed = [*inputs[:slot], nudged if nudged.ndim else float(nudged), *inputs[slot + 1 :]]
                moved.append(np.sum(weights * op.forward(*changed)))
            assert np.asarray(grad)[at] == pytest.approx((moved[0] - moved[1]) / 2e-6, rel=1e-5, abs=1e-7)


# -- rows of CASES.md that the table decides


@pytest.mark.parametrize(
    ("build", "data", "grad"),
    [
        (lambda x: x.relu(), math.nan, 1.0),
        (lambda x: (x * 0).log(), math.nan, math.nan),
        (lambda x: x.sign(), math.nan, 0.0),
    ],
)
def test_nan_is_not_hidden(build: Any, data: float, grad: float) -> None:
    x = Value(math.nan)
    y = build(x)
    y.backward()
    assert same_bits(y.data, data) and same_bits(x.grad, grad)


@pytest.mark.parametrize(
    ("name", "x", "data", "grad"),
    [
        *(("relu", 0.0, 0.0, 0.0), ("relu", -0.0, 0.0, 0.0), ("abs", 0.0, 0.0, 0.0)),
        *(("sqrt", 0.0, 0.0, math.inf), ("sqrt", -1.0, math.nan, math.nan)),
        *(("log", -1.0, math.nan, -1.0), ("log", 0.0, -math.inf, math.inf)),
        *(("exp", 1000.0, math.inf, math.inf), ("tanh", 1000.0, 1.0, 0.0), ("tanh", -1000.0, -1.0, 0.0)),
        *(("sigmoid", -1000.0, 0.0, 0.0), ("softplus", 1000.0, 1000.0, 1.0), ("softplus", -1000.0, 0.0, 0.0)),
    ],
)
def test_edges_by_hand(name: str, x: float, data: float, grad: float) -> None:
    value, (slope,) = run(name, [x], 1.0)
    assert (value == data or same_bits(value, data)) and (slope == grad or same_bits(slope, grad))


@pytest.mark.parametrize(
    ("x", "y", "data", "grads"),
    [
        *((0.0, 0.0, 1.0, (0.0, 0.0)), (0.0, 1.0, 0.0, (1.0, 0.0)), (0.0, 2.0, 0.0, (0.0, 0.0))),
        *((0.0, 0.5, 0.0, (math.inf, 0.0)), (0.0, -1.0, math.inf, (-math.inf, -math.inf))),
        *((-2.0, 3.0, -8.0, (12.0, math.nan)), (-1.0, 0.5, math.nan, (math.nan, math.nan))),
        *((1e200, 2.0, math.inf, (2e200, math.inf)), (-8.0, 1 / 3, math.nan, (math.nan, math.nan))),
    ],
)
def test_powers_by_hand(x: float, y: float, data: float, grads: tuple[float, float]) -> None:
    value, found = run("pow", [x, y], 1.0)
    assert np.array_equal([value, *found], [data, *grads], equal_nan=True)
    base = Value(x)
    (base**y).backward()  # a constant exponent gets no gradient, and its NaN poisons nothing
    assert np.array_equal(base.grad, grads[0], equal_nan=True)


def test_division_by_zero_is_recorded_not_raised() -> None:
    x = Value(0.0)
    y = 1 / x + x / x
    y.backward()
    assert math.isnan(y.data) and math.isnan(x.grad)
    for x, y in ((1.0, 0.0), (-1.0, 0.0), (1.0, -0.0), (0.0, 0.0), (math.nan, 0.0), (math.inf, 0.0)):
        with np.errstate(all="ignore"):
            assert same_bits(floats.div(x, y), np.divide(x, y)), (x, y)


def test_ties() -> None:
    x = Value(2.0)
    record(Value, "maximum", (x, x)).backward()
    assert x.grad == 1.0
    v = Value(np.array([1.0, 3.0, 3.0]))
    v.max().backward()
    assert v.grad.tolist() == [0.0, 0.5, 0.5]


def test_a_masked_branch_can_still_make_nan() -> None:
    x = Value(0.0)
    record(Value, "where", (x > 0, x.log(), 0.0)).backward()
    assert math.isnan(x.grad)  # 0 · inf: the gate's 0 meets the slope of log at 0


def test_one_op_costs_no_warning() -> None:
    code = (
        "import numpy as np; from gradviz import Value; Value(np.array([-1.0, 0.0])).log().sum().backward()"
    )
    subprocess.run([sys.executable, "-W", "error", "-c", code], check=True, cwd=Path(__file__).parent.parent)
