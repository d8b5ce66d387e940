"""``Value``: a number or array that remembers the op and the inputs that made it.

    >>> from gradviz import Value
    >>> a, b = Value(2.0, name="a"), Value(-3.0, name="b")
    >>> c = a * b + a
    >>> c.backward()
    >>> c.data, a.grad, b.grad
    (-4.0, -2.0, 2.0)

A ``Value`` is a handle: a tape and a row on it (see ``tape``). What an op computes and how its gradient flows
stands in the op table (``gradviz.ops``), once; the methods here only write it on the tape.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Self

import numpy as np

from gradviz.engine.convert import encode_index, refuse, takes
from gradviz.engine.handle import Handle, at
from gradviz.engine.record import binary, record, unary
from gradviz.engine.settle import settle
from gradviz.engine.tape import FIRST_OP, Leaf
from gradviz.errors import DataError, GradvizError
from gradviz.ops import ROWS


class Value(Handle):
    """A number or array, and how it was made.

    Args:
        data: a number (kept as a Python float) or a numpy array (copied, as float64). An array without axes
            becomes a number: shape ``()`` and Python float are one thing.
        name: what to call it in drawings; ``label`` is the same.
        kind: "input", or "param" for what training changes.

    Values hash and compare (``==``) by identity; ``<`` and its kin compare data; ``if v`` is its truth.

    Raises:
        DataError: the data is no real number and no array of them.
    """

    __slots__ = ()

    # -- operators: one line each, the rest is in the table --------------------------------------------------
    __add__ = binary("add")
    __radd__ = binary("add", reflected=True)
    __sub__ = binary("sub")
    __rsub__ = binary("sub", reflected=True)
    __mul__ = binary("mul")
    __rmul__ = binary("mul", reflected=True)
    __truediv__ = binary("div")
    __rtruediv__ = binary("div", reflected=True)
    __pow__ = binary("pow")
    __rpow__ = binary("pow", reflected=True)
    __neg__ = unary("neg")
    __abs__ = abs = unary("abs")

    exp = unary("exp")
    log = unary("log")
    sqrt = unary("sqrt")
    sign = unary("sign")
    floor = unary("floor")
    step = unary("step")
    sigmoid = unary("sigmoid")
    tanh = unary("tanh")
    relu = unary("relu")
    selu = unary("selu")
    silu = unary("silu")
    softplus = unary("softplus")
    mish = unary("mish")
    hardtanh = unary("hardtanh")

    def __pos__(self) -> Self:
        return self

    def __matmul__(self, other: Any) -> Self:
        known = isinstance(other, Handle) or takes(other)
        return record(type(self), "matmul", (self, other)) if known else NotImplemented

    def __rmatmul__(self, other: Any) -> Self:
        return record(type(self), "matmul", (other, self)) if takes(other) else NotImplemented

    def __getitem__(self, index: Any) -> Self:
        return record(type(self), "getitem", (self,), index=encode_index(index))

    def leaky_relu(self, slope: float = 0.01) -> Self:
        """``x`` where positive, else ``slope · x``."""
        return record(type(self), "leaky_relu", (self,), slope=float(slope))

    def elu(self, alpha: float = 1.0) -> Self:
        """``x`` where positive, else ``alpha · (exp(x) − 1)``."""
        return record(type(self), "elu", (self,), alpha=float(alpha))

    def gelu(self, approximate: str = "none") -> Self:
        """``x · Φ(x)``; ``approximate="tanh"`` for the form without erf."""
        if approximate not in ("none", "tanh"):
            raise GradvizError(f"approximate={approximate!r} is not known.", 'Use "none" or "tanh".')
        return record(type(self), "gelu_tanh" if approximate == "tanh" else "gelu", (self,))

    def sum(self, axis: Any = None, keepdims: bool = False) -> Self:
        """The sum over axes (all of them for None)."""
        return record(type(self), "sum", (self,), axis=axis, keepdims=keepdims)

    def mean(self, axis: Any = None, keepdims: bool = False) -> Self:
        """The mean over axes; NaN of nothing."""
        return record(type(self), "mean", (self,), axis=axis, keepdims=keepdims)

    def prod(self, axis: Any = None, keepdims: bool = False) -> Self:
        """The product over axes."""
        return record(type(self), "prod", (self,), axis=axis, keepdims=keepdims)

    def max(self, axis: Any = None, keepdims: bool = False) -> Self:
        """The largest over axes; ties share the gradient evenly."""
        return record(type(self), "max", (self,), axis=axis, keepdims=keepdims)

    def min(self, axis: Any = None, keepdims: bool = False) -> Self:
        """The smallest over axes; ties share the gradient evenly."""
        return record(type(self), "min", (self,), axis=axis, keepdims=keepdims)

    def reshape(self, *shape: Any) -> Self:
        """The same elements in another shape; one size may be −1."""
        return record(
            type(self), "reshape", (self,), shape=shape[0] if len(shape) == 1 and np.ndim(shape[0]) else shape
        )

    def transpose(self, *axes: int) -> Self:
        """The axes in another order; reversed if none are given."""
        return record(type(self), "transpose", (self,), axes=axes or None)

    @property
    def T(self) -> Self:  # noqa: N802 - numpy's name
        """The axes reversed."""
        return record(type(self), "transpose", (self,), axes=None)

    def softmax(self, axis: int = -1) -> Self:
        """Exponentials that add up to 1 along an axis."""
        return record(type(self), "softmax", (self,), axis=axis)

    def log_softmax(self, axis: int = -1) -> Self:
        """The logarithm of softmax, taken stably."""
        return record(type(self), "log_softmax", (self,), axis=axis)

    # -- what a number or a container is expected to do ------------------------------------------------------
    def __lt__(self, other: Any) -> Any:
        return self.data < (other.data if isinstance(other, Value) else other)

    def __le__(self, other: Any) -> Any:
        return self.data <= (other.data if isinstance(other, Value) else other)

    def __gt__(self, other: Any) -> Any:
        return self.data > (other.data if isinstance(other, Value) else other)

    def __ge__(self, other: Any) -> Any:
        return self.data >= (other.data if isinstance(other, Value) else other)

    def __bool__(self) -> bool:
        if self.size != 1:
            raise DataError(
                f"A value of shape {self.shape} is neither true nor false.", "Use .data.any() or .data.all()."
            )
        return bool(self.item())

    def __len__(self) -> int:
        if not self.shape:
            raise DataError("A single number has no length.")
        return self.shape[0]

    def __iter__(self) -> Iterator[Value]:
        if not self.shape:
            raise DataError("A single number cannot be iterated over.")
        return (self[i] for i in range(self.shape[0]))

    def __format__(self, spec: str) -> str:
        return format(self.item(), spec) if spec else repr(self)

    __float__ = refuse("float()", ".item() or .data, or the op's own method such as .exp()")
    __int__ = refuse("int()", "int(v.data)")
    __complex__ = refuse("complex()", "v.data")
    __round__ = refuse("round()", "round(v.data)")
    __floordiv__ = __rfloordiv__ = refuse("//", "(v / w).floor()")
    __mod__ = __rmod__ = refuse("%", "v - w * (v / w).floor()")
    __divmod__ = __rdivmod__ = refuse("divmod()", "/ and .floor()")
    __reduce_ex__ = refuse("pickle", "a recording: gradviz run SCRIPT -o FILE.gradviz")

    # -- read-only, for code written for micrograd -----------------------------------------------------------
    @property
    def _prev(self) -> tuple[Self, ...]:
        tape = self._tape
        if isinstance(tape, Leaf):
            return ()
        settle(tape)
        return tuple(at(type(self), *tape.origin(row)) for row in tape.inputs(self._row))

    @property
    def _op(self) -> str:
        tape = self._tape
        if isinstance(tape, Leaf) or tape.op[self._row] < FIRST_OP:
            return ""
        return ROWS[tape.op[self._row] - FIRST_OP].symbol


def Parameter(data: Any, name: str | None = None) -> Value:  # noqa: N802 - reads as the type it makes
    """A Value that training changes: ``Value(data, name, kind="param")``."""
    return Value(data, name, kind="param")
