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

from _thread import get_ident
from collections.abc import Callable, Iterator
from sys import _getframe
from typing import Any

import numpy as np

from gradviz.engine import hooks
from gradviz.engine.backward import backward
from gradviz.engine.convert import as_data, as_seed, encode_index, refuse, takes
from gradviz.engine.record import describe, no_fit, record
from gradviz.engine.tape import CODES, FIRST_OP, NO_INPUT, Leaf, Tape, now, room, user_frame
from gradviz.errors import DataError, GradvizError
from gradviz.ops import OPS, ROWS

_new = object.__new__


def _binary(name: str, *, reflected: bool = False) -> Callable[[Value, Any], Value]:
    """Make the method for an operator of two inputs; ``reflected`` for ``number - value``."""
    op, code = OPS[name], CODES[name]
    compute = op.on_floats()

    def method(self: Value, other: Any) -> Value:
        tape = now.tape
        if tape.owner != get_ident() or tape.n + 3 > tape.limit:
            tape = room(3)
        row_a = self._row if self._tape is tape else tape.enter(self)
        if isinstance(other, Value):
            row_b = other._row if other._tape is tape else tape.enter(other)
        elif takes(other):
            row_b = tape.constant(as_data(other), _getframe(1))
        else:
            return NotImplemented
        if reflected:
            row_a, row_b = row_b, row_a
        data = tape.data
        x, y = data[row_a], data[row_b]
        if type(x) is float and type(y) is float:
            z = compute(x, y)
        else:
            try:
                z = op.forward(x, y)
            except ValueError as error:
                raise no_fit(op, tape, (row_a, row_b), {}, error) from None
        row, frame = tape.n, _getframe(1)
        tape.op[row], tape.a[row], tape.b[row], data[row] = code, row_a, row_b, z
        tape.code[row], tape.at[row] = frame.f_code, frame.f_lasti
        tape.n = row + 1
        out: Value = _new(type(self))
        out._tape, out._row = tape, row
        return out

    method.__doc__ = op.sentence
    return method


def _unary(name: str) -> Callable[[Value], Value]:
    """Make the method for an elementwise op of one input."""
    op, code = OPS[name], CODES[name]
    compute = op.on_floats()

    def method(self: Value) -> Value:
        tape = now.tape
        if tape.owner != get_ident() or tape.n + 2 > tape.limit:
            tape = room(2)
        row_a = self._row if self._tape is tape else tape.enter(self)
        x = tape.data[row_a]
        z = compute(x) if type(x) is float else op.forward(x)
        row, frame = tape.n, _getframe(1)
        tape.op[row], tape.a[row], tape.b[row], tape.data[row] = code, row_a, NO_INPUT, z
        tape.code[row], tape.at[row] = frame.f_code, frame.f_lasti
        tape.n = row + 1
        out: Value = _new(type(self))
        out._tape, out._row = tape, row
        return out

    method.__doc__ = op.sentence
    return method


class Value:
    """A number or array, and how it was made.

    Args:
        data: a number (kept as a Python float) or a numpy array (copied, as float64). An array without axes
            becomes a number: shape ``()`` and Python float are one thing.
        name: what to call it in drawings; ``label`` is the same.
        kind: "input", or "param" for what training changes.

    Values hash and compare (``==``) by identity; ``<`` and its kin compare data. ``if v`` is the truth of the data.

    Raises:
        DataError: the data is no real number and no array of them.
    """

    __slots__ = ("_tape", "_row", "__weakref__")
    __array_ufunc__ = None  # numpy on the left then hands over to us, instead of making an array of objects
    _tape: Tape | Leaf
    _row: int

    def __init__(self, data: Any, name: str | None = None, *, label: str | None = None, kind: str = "input") -> None:
        if kind not in ("input", "param"):
            raise GradvizError(f"kind {kind!r} is not known.", 'A Value is an "input" or a "param".')
        self._tape = Leaf(as_data(data), name or label or "", kind, user_frame(_getframe(1)))
        self._row = 0

    @property
    def data(self) -> Any:
        """The number (a float) or array. Only a value that no op made can be given new data."""
        return self._tape.data[self._row]

    @data.setter
    def data(self, data: Any) -> None:
        self._set(data, "", _getframe(1))

    def _set(self, data: Any, rule: str, frame: Any) -> None:
        leaf = self._tape
        if type(leaf) is not Leaf:
            raise GradvizError(
                f"{describe(leaf, self._row)} was computed, so its data cannot be set.",
                "Change the values it was made from, or use .detach().",
            )
        before, after = leaf.data[0], as_data(data)
        if before is after:  # p.data -= … on an array has changed it in place
            before = leaf.snapshot
        leaf.data[0] = after
        leaf.changed = frame.f_code, frame.f_lasti
        if leaf.snapshot is not None:
            for listener in hooks.listeners:
                listener.on_update(leaf, before, after, rule, frame)

    @property
    def grad(self) -> Any:
        """∂root/∂self of the passes since it was last cleared; None while nobody has computed it."""
        grads = self._tape.grad
        return grads[self._row] if self._row < len(grads) else None

    @grad.setter
    def grad(self, grad: Any) -> None:
        new = None if grad is None else as_data(grad)
        if new is not None and np.shape(new) != self.shape:
            new = np.broadcast_to(new, self.shape).copy() if np.ndim(new) == 0 else as_seed(new, self.shape, True)
        grads = self._tape.grad
        grads.extend([None] * (self._row + 1 - len(grads)))
        grads[self._row] = new

    @property
    def name(self) -> str:
        """What it is called in drawings; "" if it has no name of its own."""
        home = self._tape
        return home.name if type(home) is Leaf else home.names.get(self._row, "")

    @name.setter
    def name(self, name: str) -> None:
        home = self._tape
        if type(home) is Leaf:
            home.name = name
        else:
            home.names[self._row] = name

    label = name

    @property
    def shape(self) -> tuple[int, ...]:
        """The shape of the data; ``()`` for a number."""
        data = self.data
        return () if type(data) is float else data.shape

    @property
    def ndim(self) -> int:
        """The number of axes."""
        return len(self.shape)

    @property
    def size(self) -> int:
        """The number of elements."""
        return int(np.size(self.data))

    def item(self) -> float:
        """The one number in it, as a Python float."""
        if self.size != 1:
            raise DataError(f"A value of shape {self.shape} is not one number.")
        return float(np.reshape(self.data, ())[()])

    def detach(self) -> Value:
        """The same data without its history."""
        return type(self)(self.data)

    def backward(self, seed: Any = None, *, allow_nan: bool = False) -> None:
        """Compute ∂self/∂v for every value v that self depends on.

        Gradients of leaves add up over calls, as in PyTorch; those of values in between are of this call.

        Args:
            seed: ∂L/∂self, in self's shape; 1 if not given, which only a single number may leave out.
            allow_nan: accept a seed that is not a number.

        Raises:
            ShapeError: self is not a single number and no seed was given, or the seed does not fit.
            MutationError: a leaf's data was changed after it was used.
        """
        seed = as_seed(seed, self.shape, allow_nan)
        frame = user_frame(_getframe(1))
        tape = self._tape
        if type(tape) is Leaf:
            tape, row = (room(1), 0)
            row = tape.enter(self)
        else:
            row = self._row
        backward(tape, row, seed)
        tape.seal()
        for listener in list(hooks.listeners):
            listener.on_backward(self, frame)

    # -- operators: one line each, the rest is in the table ------------------------------------------------------
    __add__ = _binary("add")
    __radd__ = _binary("add", reflected=True)
    __sub__ = _binary("sub")
    __rsub__ = _binary("sub", reflected=True)
    __mul__ = _binary("mul")
    __rmul__ = _binary("mul", reflected=True)
    __truediv__ = _binary("div")
    __rtruediv__ = _binary("div", reflected=True)
    __pow__ = _binary("pow")
    __rpow__ = _binary("pow", reflected=True)
    __neg__ = _unary("neg")
    __abs__ = abs = _unary("abs")

    exp = _unary("exp")
    log = _unary("log")
    sqrt = _unary("sqrt")
    sign = _unary("sign")
    floor = _unary("floor")
    step = _unary("step")
    sigmoid = _unary("sigmoid")
    tanh = _unary("tanh")
    relu = _unary("relu")
    selu = _unary("selu")
    silu = _unary("silu")
    softplus = _unary("softplus")
    mish = _unary("mish")
    hardtanh = _unary("hardtanh")

    def __pos__(self) -> Value:
        return self

    def __matmul__(self, other: Any) -> Value:
        return record("matmul", (self, other)) if isinstance(other, Value) or takes(other) else NotImplemented

    def __rmatmul__(self, other: Any) -> Value:
        return record("matmul", (other, self)) if takes(other) else NotImplemented

    def __getitem__(self, index: Any) -> Value:
        return record("getitem", (self,), index=encode_index(index))

    def leaky_relu(self, slope: float = 0.01) -> Value:
        """``x`` where positive, else ``slope · x``."""
        return record("leaky_relu", (self,), slope=float(slope))

    def elu(self, alpha: float = 1.0) -> Value:
        """``x`` where positive, else ``alpha · (exp(x) − 1)``."""
        return record("elu", (self,), alpha=float(alpha))

    def gelu(self, approximate: str = "none") -> Value:
        """``x · Φ(x)``; ``approximate="tanh"`` for the form without erf."""
        if approximate not in ("none", "tanh"):
            raise GradvizError(f"approximate={approximate!r} is not known.", 'Use "none" or "tanh".')
        return record("gelu_tanh" if approximate == "tanh" else "gelu", (self,))

    def sum(self, axis: Any = None, keepdims: bool = False) -> Value:
        """The sum over axes (all of them for None)."""
        return record("sum", (self,), axis=axis, keepdims=keepdims)

    def mean(self, axis: Any = None, keepdims: bool = False) -> Value:
        """The mean over axes; NaN of nothing."""
        return record("mean", (self,), axis=axis, keepdims=keepdims)

    def prod(self, axis: Any = None, keepdims: bool = False) -> Value:
        """The product over axes."""
        return record("prod", (self,), axis=axis, keepdims=keepdims)

    def max(self, axis: Any = None, keepdims: bool = False) -> Value:
        """The largest over axes; ties share the gradient evenly."""
        return record("max", (self,), axis=axis, keepdims=keepdims)

    def min(self, axis: Any = None, keepdims: bool = False) -> Value:
        """The smallest over axes; ties share the gradient evenly."""
        return record("min", (self,), axis=axis, keepdims=keepdims)

    def reshape(self, *shape: Any) -> Value:
        """The same elements in another shape; one size may be −1."""
        return record("reshape", (self,), shape=shape[0] if len(shape) == 1 and np.ndim(shape[0]) else shape)

    def transpose(self, *axes: int) -> Value:
        """The axes in another order; reversed if none are given."""
        return record("transpose", (self,), axes=axes or None)

    @property
    def T(self) -> Value:  # noqa: N802 - numpy's name
        """The axes reversed."""
        return record("transpose", (self,), axes=None)

    def softmax(self, axis: int = -1) -> Value:
        """Exponentials that add up to 1 along an axis."""
        return record("softmax", (self,), axis=axis)

    def log_softmax(self, axis: int = -1) -> Value:
        """The logarithm of softmax, taken stably."""
        return record("log_softmax", (self,), axis=axis)

    # -- what a number or a container is expected to do ----------------------------------------------------------
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
            raise DataError(f"A value of shape {self.shape} is neither true nor false.", "Use .data.any() or .data.all().")
        return bool(self.item())

    def __len__(self) -> int:
        if not self.shape:
            raise DataError("A single number has no length.")
        return self.shape[0]

    def __iter__(self) -> Iterator[Value]:
        if not self.shape:
            raise DataError("A single number cannot be iterated over.")
        return (self[i] for i in range(self.shape[0]))

    def __repr__(self) -> str:
        name = f", name={self.name!r}" if self.name else ""
        return f"{type(self).__name__}(data={self.data!r}, grad={self.grad!r}{name})"

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

    # -- read-only, for code written for micrograd ---------------------------------------------------------------
    @property
    def _prev(self) -> tuple[Value, ...]:
        tape = self._tape
        if type(tape) is Leaf:
            return ()
        return tuple(_handle(type(self), tape, row) for row in tape.inputs(self._row))

    @property
    def _op(self) -> str:
        tape = self._tape
        return "" if type(tape) is Leaf or tape.op[self._row] < FIRST_OP else ROWS[tape.op[self._row] - FIRST_OP].symbol


def Parameter(data: Any, name: str | None = None) -> Value:  # noqa: N802 - reads as the type it makes
    """A Value that training changes: ``Value(data, name, kind="param")``."""
    return Value(data, name, kind="param")


def _handle(cls: type[Value], tape: Tape, row: int) -> Value:
    out = _new(cls)
    out._tape, out._row = tape, row
    return out
