"""micrograd's ``Value`` on gradviz's tape. What it promises stands at the head of ``recorders.micrograd``."""

from __future__ import annotations

import math
import operator
from collections.abc import Callable, Sequence
from sys import _getframe
from types import FrameType
from typing import Any
from weakref import WeakValueDictionary

from gradviz.engine import value as engine
from gradviz.engine.convert import as_data
from gradviz.engine.current import now
from gradviz.engine.handle import Handle, at
from gradviz.engine.place import user_frame
from gradviz.engine.record import enter
from gradviz.engine.settle import settle
from gradviz.engine.tape import CODES, FIRST_OP, NO_INPUT, Leaf, Outdated, Tape
from gradviz.errors import DataError, GradvizError
from gradviz.ops import OPS, ROWS
from gradviz.recorders import wholenumbers

_RULES: dict[str, Callable[..., Any]] = {"add": operator.add, "mul": operator.mul, "pow": operator.pow}
_set_grad: Callable[[engine.Value, Any], None] = engine.Value.grad.fset  # type: ignore[attr-defined]
_new = object.__new__
_TEXTS = {"add": "+", "mul": "*", "relu": "ReLU"}

# So that one value is one object for whoever draws by `_prev` and `id`.
_handles: WeakValueDictionary[tuple[int, int], Value] = WeakValueDictionary()


def _operator(name: str) -> Callable[[Any, Any], Any]:
    """The method of + or *: what a training loop spends its time in."""
    code, compute = CODES[name], _RULES[name]

    def method(self: Value, other: Any) -> Any:
        tape = now.tape
        if tape.n > tape.limit or not isinstance(other, Handle):
            return _make(name, self, other, _getframe(1))
        try:
            home, key = self._tape, tape.key
            a = self._row if home is tape else home.here if home.on is key else tape.enter(self)
            home = other._tape
            b = other._row if home is tape else home.here if home.on is key else tape.enter(other)
        except Outdated:
            return _make(name, self, other, _getframe(1))
        x, y = tape.data[a], tape.data[b]
        z = compute(x, y)
        frame = _getframe(1)
        if z == 0 and x.is_integer() and y.is_integer():
            return _make(name, self, other, frame)
        row = tape.n
        tape.op[row], tape.a[row], tape.b[row], tape.data[row] = code, a, b, z
        tape.code[row], tape.at[row] = frame.f_code, frame.f_lasti
        tape.n = row + 1
        out = _new(Value)
        out._tape, out._row = tape, row
        return out

    return method


class Value(engine.Value):
    """A number that remembers how it was made, as micrograd's."""

    __module__ = "micrograd.engine"

    def __init__(self, data: Any, _children: Sequence[Any] = (), _op: str = "") -> None:
        if _children:
            _own_op(self, data, tuple(_children), _op, user_frame(_getframe(1)))
        else:
            super().__init__(data)
            if self.shape:
                raise DataError("micrograd's Value holds one number.", "gradviz.Value holds arrays too.")
            wholenumbers.note(self._tape, 0, data)
        _handles[id(self._tape), self._row] = self

    __add__ = __radd__ = _operator("add")
    __mul__ = __rmul__ = _operator("mul")

    def __pow__(self, other: Any) -> Any:
        return _power(self, other, _getframe(1))

    def __neg__(self) -> Any:
        return _make("mul", self, -1, _getframe(1))

    def __sub__(self, other: Any) -> Any:
        frame = _getframe(1)
        minus = _make("mul", other, -1, frame) if isinstance(other, Handle) else -other
        return _make("add", self, minus, frame)

    def __rsub__(self, other: Any) -> Any:
        frame = _getframe(1)
        return _make("add", _make("mul", self, -1, frame), other, frame)

    def __truediv__(self, other: Any) -> Any:
        frame = _getframe(1)
        return _make("mul", self, _power(other, -1, frame) if isinstance(other, Handle) else other**-1, frame)

    def __rtruediv__(self, other: Any) -> Any:
        frame = _getframe(1)
        return _make("mul", _power(self, -1, frame), other, frame)

    def relu(self) -> Any:
        """0 for what is below 0, and everything else as it is."""
        x = self._tape.data[self._row]
        return _write("relu", self, None, 0.0 if x < 0 else x, _getframe(1))

    def backward(self) -> None:  # type: ignore[override]
        """Compute the gradient of everything this was computed from."""
        super().backward()
        wholenumbers.note_grads(self)

    @property
    def data(self) -> Any:
        """The number."""
        return wholenumbers.as_given(self._tape, self._row, self._tape.data[self._row])

    @data.setter
    def data(self, data: Any) -> None:
        self._set(data, "", _getframe(1))
        wholenumbers.note(self._tape, 0, data)

    @property
    def grad(self) -> Any:
        """The gradient; 0 before it is computed."""
        grads = self._tape.grad
        return wholenumbers.grad_as_given(
            self._tape, self._row, grads[self._row] if self._row < len(grads) else None
        )

    @grad.setter
    def grad(self, grad: Any) -> None:
        nothing = type(grad) is int and grad == 0  # as before backward()
        _set_grad(self, None if nothing else grad)
        wholenumbers.note_grad(self._tape, self._row, grad)

    @property
    def _prev(self) -> Any:
        home, row = self._tape, self._row
        _handles.setdefault((id(home), row), self)
        if isinstance(home, Leaf):
            return set()
        settle(home)
        rows = home.inputs(row)
        return {_handle(home, k) for k in (rows[:1] if home.op[row] == CODES["pow"] else rows)}

    @property
    def _op(self) -> str:
        home, row = self._tape, self._row
        if isinstance(home, Leaf) or home.op[row] < FIRST_OP:
            return ""
        name = ROWS[home.op[row] - FIRST_OP].name
        if name == "pow":
            return f"**{wholenumbers.as_given(home, home.b[row], home.data[home.b[row]])}"
        return _TEXTS.get(name, name)

    @property
    def _backward(self) -> Callable[[], None]:
        return lambda: None

    @_backward.setter
    def _backward(self, function: Callable[[], None]) -> None:
        """The op's own rule is used; that it is the right one was checked when the value was made."""

    def __bool__(self) -> bool:
        return True

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Handle) and self._tape is other._tape and self._row == other._row

    def __hash__(self) -> int:
        return hash((id(self._tape), self._row))

    def __repr__(self) -> str:
        return f"Value(data={self.data}, grad={self.grad})"


def _make(name: str, a: Handle, b: Any, frame: FrameType) -> Value:
    x = a._tape.data[a._row]
    y = b._tape.data[b._row] if isinstance(b, Handle) else as_data(b)
    z = _RULES[name](x, y)
    if type(z) is float and z == 0:  # an int 0 has no sign, so that 0 * -1 is not -0.0
        z = _RULES[name](a.data, b.data if isinstance(b, Handle) else b)
    return _write(name, a, b, z, frame)


def _power(a: Handle, exponent: Any, frame: FrameType) -> Value:
    assert isinstance(exponent, (int, float)), "only supporting int/float powers for now"
    return _make("pow", a, exponent, frame)


def _write(name: str, a: Handle, b: Any, z: Any, frame: FrameType) -> Value:
    """Write a row of one or two inputs for the line in ``frame``."""
    z = as_data(z)
    tape, rows = enter((a,) if b is None else (a, b), frame)
    row_b = NO_INPUT if b is None else rows[1]
    if b is not None and not isinstance(b, Handle):
        wholenumbers.note(tape, row_b, b)
    return at(Value, tape, tape.write(CODES[name], rows[0], row_b, z, frame.f_code, frame.f_lasti))


def _own_op(self: Value, data: Any, children: tuple[Any, ...], text: str, frame: FrameType) -> None:
    """Write the row of an op that the script computed by itself."""
    xs = [v._tape.data[v._row] for v in children]
    for op in ROWS:
        if op.elementwise and op.arity == len(xs) and text.lower() in (op.name, op.symbol.lower()):
            z = OPS[op.name].on_floats()(*xs, **op.attrs)
            if math.isclose(z, data, rel_tol=1e-9, abs_tol=1e-12):
                made = _write(op.name, children[0], children[1] if len(xs) == 2 else None, data, frame)
                self._tape, self._row = made._tape, made._row
                return
    raise GradvizError(
        f"A Value was made by hand with _op={text!r}, and gradviz has no op of that name with that result.",
        "Use gradviz.Value, which has tanh, exp, log and more.",
    )


def _handle(tape: Tape, row: int) -> Value:
    """The handle of a row: the one that is in use, if any."""
    home, row = tape.origin(row)
    found = _handles.get((id(home), row))
    if found is None:
        found = _handles[id(home), row] = at(Value, home, row)
    return found
