"""Random programs: the same straight-line program for gradviz, for PyTorch, or for any other library.

A program is a list of registers, first the leaves, and of instructions that add one register each. What does
not fit (shapes, two bare numbers) is left out, so that every list of small integers is a program, and shrinks
well.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st

import gradviz
from gradviz import Value
from gradviz.errors import ShapeError

EXAMPLES = int(os.environ.get("GRADVIZ_EXAMPLES", "3000"))  # per run; more before a release

thorough = settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=list(HealthCheck))
brief = settings(max_examples=max(1, EXAMPLES // 10), deadline=None, suppress_health_check=list(HealthCheck))

Function = Callable[..., Any]

# name -> (arguments, gradviz); PyTorch's spelling of the same stands in ``in_torch``
NUMBERS: dict[str, tuple[int, Function]] = {
    "add": (2, lambda x, y: x + y),
    "sub": (2, lambda x, y: x - y),
    "mul": (2, lambda x, y: x * y),
    "div": (2, lambda x, y: x / y),
    "square": (1, lambda x: x**2),
    "cube_root": (1, lambda x: (x * x + 0.1) ** (1 / 3)),
    "pow": (2, lambda x, y: (abs(x) + 0.5) ** y),
    "neg": (1, lambda x: -x),
    "abs": (1, abs),
    "maximum": (2, gradviz.maximum),
    "minimum": (2, gradviz.minimum),
    "log": (1, lambda x: (x * x + 0.25).log()),
    "sqrt": (1, lambda x: (x * x + 0.25).sqrt()),
    **{
        name: (1, lambda x, name=name: getattr(x, name)())
        for name in ("exp", "sigmoid", "tanh", "relu", "leaky_relu", "elu", "selu")
    },
    **{
        name: (1, lambda x, name=name: getattr(x, name)())
        for name in ("gelu", "silu", "softplus", "mish", "hardtanh")
    },
}
ARRAYS: dict[str, tuple[int, Function]] = {
    **NUMBERS,
    "sum0": (1, lambda x: x.sum(axis=0)),
    "sum_kept": (1, lambda x: x.sum(axis=-1, keepdims=True)),
    "mean": (1, lambda x: x.mean()),
    "max": (1, lambda x: x.max(axis=-1)),
    "prod": (1, lambda x: (x * 0.5).prod(axis=0)),
    "matmul": (2, lambda x, y: x @ y),
    "transpose": (1, lambda x: x.transpose()),
    "flat": (1, lambda x: x.reshape(-1)),
    "first": (1, lambda x: x[0]),
    "reread": (1, lambda x: x[[0, 1, 0]]),
    "softmax": (1, lambda x: x.softmax()),
    "log_softmax": (1, lambda x: x.log_softmax()),
    "concat": (2, lambda x, y: gradviz.concat([x, y])),
    "stack": (2, lambda x, y: gradviz.stack([x, y])),
}


def in_torch() -> dict[str, Function]:
    """The same functions on tensors."""
    import torch
    from torch.nn import functional as F

    def tensor(x: Any) -> Any:
        return x if isinstance(x, torch.Tensor) else torch.tensor(x, dtype=torch.float64)

    same = ("add", "sub", "mul", "div", "square", "cube_root", "pow", "neg", "abs", "log", "sqrt", "matmul")
    return {
        **{name: ARRAYS[name][1] for name in same},
        **{name: getattr(torch, name) for name in ("exp", "sigmoid", "tanh")},
        **{
            name: getattr(F, name)
            for name in ("relu", "leaky_relu", "elu", "selu", "gelu", "silu", "softplus")
        },
        **{name: getattr(F, name) for name in ("mish", "hardtanh")},
        "maximum": lambda x, y: torch.maximum(tensor(x), tensor(y)),
        "minimum": lambda x, y: torch.minimum(tensor(x), tensor(y)),
        "sum0": lambda x: x.sum(0),
        "sum_kept": lambda x: x.sum(-1, keepdim=True),
        "mean": lambda x: x.mean(),
        "max": lambda x: torch.amax(x, -1),
        "prod": lambda x: (x * 0.5).prod(0),
        "transpose": lambda x: x.permute(tuple(reversed(range(x.ndim)))),
        "flat": lambda x: x.reshape(-1),
        "first": lambda x: x[0],
        "reread": lambda x: x[[0, 1, 0]],
        "softmax": lambda x: torch.softmax(x, -1),
        "log_softmax": lambda x: torch.log_softmax(x, -1),
        "concat": lambda x, y: torch.cat([tensor(x), tensor(y)]),
        "stack": lambda x, y: torch.stack([tensor(x), tensor(y)]),
    }


@dataclass(frozen=True)
class Program:
    """Leaves, bare numbers, and instructions (name, register, register)."""

    leaves: list[Any]
    constants: list[float]
    steps: list[tuple[str, int, int]]

    def run(self, functions: dict[str, Function], make: Function) -> tuple[list[Any], list[Any]]:
        """Run the instructions; give the leaves made by ``make``, and the results."""
        leaves = [make(x) for x in self.leaves]
        registers, results = [*leaves, *self.constants], []
        for name, i, j in self.steps:
            inputs = [registers[i], registers[j]][: ARRAYS[name][0]]
            registers.append(functions[name](*inputs))
            results.append(registers[-1])
        return leaves, results

    def gradviz(self) -> tuple[list[Value], list[Value]]:
        """Run it on Values."""
        return self.run({name: function for name, (_, function) in ARRAYS.items()}, Value)


def complete(
    leaves: list[Any], constants: list[float], drawn: list[tuple[int, int, int]], menu: list[str]
) -> Program:
    """Make a program of drawn integers: find out what fits by running it."""
    registers: list[Any] = [*map(Value, leaves), *constants]
    steps = []
    for op, i, j in drawn:
        name = menu[op % len(menu)]
        # recent registers are read most, so that programs become deep
        i, j = len(registers) - 1 - i % len(registers), len(registers) - 1 - j % len(registers)
        count, function = ARRAYS[name]
        inputs = [registers[i], registers[j]][:count]
        if not isinstance(inputs[0], Value) and not (
            count == 2 and isinstance(inputs[1], Value) and name in OPERATORS
        ):
            continue
        try:
            result = function(*inputs)
        except ShapeError:
            continue
        if result.size and result.size <= 64:
            registers.append(result)
            steps.append((name, i, j))
    return Program(leaves, constants, steps)


OPERATORS = ("add", "sub", "mul", "div")
ordinary = st.sampled_from([0.5, -0.75, 1.0, 2.0, -1.5, 0.1, 3.0, -0.3, 1.25, -2.5]) | st.floats(-3, 3)
# Beside 1, numbers like 1e-16 cancel: what is left of sigmoid(x) - 0.5 is rounding, and each library's own.
comparable = ordinary.filter(lambda x: x == 0 or abs(x) > 1e-4)
drawn = st.lists(st.tuples(st.integers(0, 63), st.integers(0, 9), st.integers(0, 9)), min_size=1, max_size=24)


@st.composite
def scalar_programs(draw: st.DrawFn, numbers: st.SearchStrategy[float] = ordinary) -> Program:
    """Programs on single numbers."""
    leaves = draw(st.lists(numbers, min_size=1, max_size=4))
    return complete(leaves, draw(st.lists(numbers, max_size=2)), draw(drawn), list(NUMBERS))


@st.composite
def array_programs(draw: st.DrawFn, numbers: st.SearchStrategy[float] = ordinary) -> Program:
    """Programs on numbers and arrays of up to three axes."""
    shapes = draw(
        st.lists(
            st.sampled_from([(), (3,), (2, 3), (2, 1), (1, 3), (3, 2), (2, 2, 3)]), min_size=1, max_size=4
        )
    )
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    leaves: list[Any] = [
        rng.uniform(-2, 2, shape) if shape else float(rng.uniform(-2, 2)) for shape in shapes
    ]
    return complete(leaves, draw(st.lists(numbers, max_size=1)), draw(drawn), list(ARRAYS))


programs = scalar_programs() | array_programs()
comparable_programs = scalar_programs(comparable) | array_programs(comparable)  # with other libraries
