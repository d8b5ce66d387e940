"""What a row of the op table is, and the two constructors that make one.

``elementwise`` is given the partial derivatives; its vjp is ``unbroadcast(g · partial)``, and the same
partial is what an edge shows. ``general`` is given the vjp itself; no Jacobian is ever formed.

Rules are written once in terms of a namespace ``m`` (see ``arithmetic``), the inputs, and ``z``, the result,
so that the same row runs on Python floats and on arrays.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from types import BuiltinFunctionType, MappingProxyType
from typing import Any

import numpy as np

from gradviz.arithmetic import arrays, columns, floats, unbroadcast
from gradviz.frozen import Frozen

Rule = Callable[..., Any]
Partial = Rule | float | None  # a rule, a constant, or None: no gradient goes to this input


def X(m: Any, x: Any, *_: Any) -> Any:  # noqa: N802 - a letter of the table
    """The partial that is the first input."""
    return x


def Y(m: Any, x: Any, y: Any, *_: Any) -> Any:  # noqa: N802
    """The partial that is the second input."""
    return y


def Z(m: Any, *xs_z: Any) -> Any:  # noqa: N802
    """The partial that is the result."""
    return xs_z[-1]


class Op(Frozen):
    """One operation.

    Attributes:
        name: the key in ``OPS``.
        symbol: what a box shows, such as ``+`` or ``tanh``.
        formula: the value, as a Python expression of the inputs ``x``, ``y`` and the attributes.
        derivative: for each input the local derivative as such an expression, ``z`` being the result.
        code: the source form, ``{0}`` and ``{1}`` being the inputs.
        sentence: how the gradient passes, in plain words.
        example: inputs for tests and docs.
        rule: the forward rule: ``(m, *inputs, **attrs)`` if elementwise, else ``(*inputs, **attrs)``.
        partials: for each input its partial derivative ``(m, *inputs, z, **attrs)``; None if not elementwise.
        pull: the vjp ``(g, z, *inputs, **attrs)`` of a row that is not elementwise.
        attrs: default attributes, such as a slope or an axis.
        arity: how many inputs, or None for any number.
        precedence: of the source form, as in Python; 9 for a call.
        kink: the convention where the derivative does not exist, or "".
        gate: whether a partial of 0 stops any gradient, also inf and NaN, instead of multiplying it.
        curve: whether the op is a function of one number, worth drawing.
    """

    name: str
    symbol: str
    formula: str
    derivative: tuple[str, ...]
    code: str
    sentence: str
    example: tuple[Any, ...]
    rule: Rule
    partials: tuple[Partial, ...] | None = None
    pull: Rule | None = None
    attrs: Mapping[str, Any] = MappingProxyType({})
    arity: int | None = 1
    precedence: int = 9
    kink: str = ""
    gate: bool = False
    curve: bool = False

    @property
    def elementwise(self) -> bool:
        """Whether the op has a partial derivative per input, element by element."""
        return self.partials is not None

    def on_floats(self) -> Rule:
        """The forward rule on Python floats."""
        return _bind(self.rule, floats)

    def on_columns(self) -> Rule:
        """The forward rule on columns of scalars: bit for bit what ``on_floats`` computes, many at a time."""
        return _bind(self.rule, columns)

    def partials_on_floats(self) -> tuple[Partial, ...]:
        """The partials on Python floats: rules of ``(*inputs, z)``, constants, or None."""
        return tuple(_bind(p, floats) if callable(p) else p for p in self.partials or ())

    def forward(self, *xs: Any, **attrs: Any) -> Any:
        """Compute the op with numpy: a float64 array in C order, or a float where it has no axes."""
        rule = self.rule if self.partials is None else _bind(self.rule, arrays)
        with np.errstate(all="ignore"):
            z = rule(*xs, **{**self.attrs, **attrs})
        return float(z) if np.ndim(z) == 0 else np.ascontiguousarray(z, dtype=np.float64)

    def local(self, slot: int, xs: tuple[Any, ...], z: Any, m: Any = arrays, **attrs: Any) -> Any:
        """The partial derivative to input ``slot``; None where there is none."""
        rule = self.partials[slot] if self.partials else None
        if not callable(rule):
            return rule
        with np.errstate(all="ignore"):
            return _bind(rule, m)(*xs, z, **{**self.attrs, **attrs})

    def carry(self, g: Any, local: Any, out: np.ndarray | None = None) -> Any:
        """What an edge with this local derivative passes back of ``g``; written to ``out`` if given."""
        with np.errstate(all="ignore"):
            carried = np.multiply(g, local, out=out)
        if self.gate:
            carried = np.where(np.equal(local, 0), 0.0, carried)
            if out is not None:
                out[...] = carried
        return carried

    def vjp(self, g: Any, z: Any, xs: tuple[Any, ...], **attrs: Any) -> tuple[Any, ...]:
        """The cotangent of each input, in that input's shape; None where no gradient goes."""
        with np.errstate(all="ignore"):
            if self.pull is not None:
                pulled = self.pull(g, z, *xs, **{**self.attrs, **attrs})
            else:
                partials = (self.local(slot, xs, z, **attrs) for slot in range(len(xs)))
                pulled = [None if d is None else self.carry(g, d) for d in partials]
            return tuple(
                None if p is None else _in_rows(unbroadcast(p, np.shape(x)))
                for p, x in zip(pulled, xs, strict=True)
            )


def _in_rows(array: Any) -> Any:
    """An array that lies in memory row by row: products of others may differ in the last bit."""
    return array if np.ndim(array) == 0 else np.ascontiguousarray(array)


def _bind(rule: Rule, m: Any) -> Rule:
    """``rule`` with its namespace filled in; functions of ``operator`` need none."""
    return rule if isinstance(rule, BuiltinFunctionType) else partial(rule, m)


def elementwise(name: str, symbol: str, rule: Rule, *partials: Partial, **row: Any) -> Op:
    """A row whose result and derivatives are taken element by element."""
    row.setdefault("code", f"{name}({', '.join(f'{{{i}}}' for i in range(len(partials)))})")
    return Op(name, symbol, rule=rule, partials=partials, arity=len(partials), **row)


def activation(name: str, symbol: str, rule: Rule, slope: Partial, **row: Any) -> Op:
    """An elementwise row of one input that is worth drawing as a curve."""
    row.setdefault("example", (0.75,))
    return elementwise(name, symbol, rule, slope, curve=True, **row)


def general(name: str, symbol: str, rule: Rule, pull: Rule, **row: Any) -> Op:
    """A row that gives its own vjp."""
    return Op(name, symbol, rule=rule, pull=pull, **row)
