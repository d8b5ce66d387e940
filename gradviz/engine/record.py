"""Writing ops on the tape: the methods behind operators, made from the table's rows, and ``record``."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from sys import _getframe
from types import FrameType
from typing import Any

import numpy as np

from gradviz.engine.convert import as_data, takes
from gradviz.engine.current import begin, now, room
from gradviz.engine.handle import H, Handle, at, describe
from gradviz.engine.leaf import frozen
from gradviz.engine.place import user_frame
from gradviz.engine.tape import CODES, MANY, NO_INPUT, Outdated, Tape
from gradviz.errors import ShapeError
from gradviz.operation import Op
from gradviz.ops import OPS

_new = object.__new__


# The two methods below are where programs spend their time. Both know their operands' rows at a glance if
# these were made on the thread's present tape, or are leaves with a row there; ``enter`` sees to the rest.


def binary(name: str, *, reflected: bool = False) -> Callable[[H, Any], H]:
    """Make the method for an operator of two inputs; ``reflected`` for ``number - value``."""
    op, code = OPS[name], CODES[name]
    compute = op.on_floats()

    def method(self: Any, other: Any) -> Any:
        kind, tape = type(self), now.tape
        alike = type(other) is kind
        if not (alike or type(other) is float or isinstance(other, Handle) or takes(other)):
            return NotImplemented
        if tape.n > tape.limit:
            tape = room()
        try:
            home, key = self._tape, tape.key
            a = self._row if home is tape else home.here if home.on is key else tape.enter(self)
            if alike:
                home = other._tape
                b = other._row if home is tape else home.here if home.on is key else tape.enter(other)
            else:
                b = take(tape, other, _getframe(1))
        except Outdated:
            tape, (a, b) = enter((self, other), _getframe(1))
        if reflected:
            a, b = b, a
        data = tape.data
        x, y = data[a], data[b]
        if tape.arrays and not (type(x) is float and type(y) is float):
            z = _forward(op, tape, (a, b))
        else:
            z = compute(x, y)
        frame, row = _getframe(1), tape.n
        tape.op[row], tape.a[row], tape.b[row] = code, a, b
        data[row], tape.code[row], tape.at[row] = z, frame.f_code, frame.f_lasti
        tape.n = row + 1
        out = _new(kind)
        out._tape, out._row = tape, row
        return out

    method.__name__, method.__doc__ = name, op.sentence
    return method


def unary(name: str) -> Callable[[H], H]:
    """Make the method for an elementwise op of one input."""
    op, code = OPS[name], CODES[name]
    compute = op.on_floats()

    def method(self: Any) -> Any:
        tape, home = now.tape, self._tape
        if tape.n > tape.limit:
            tape = room()
        if home is tape:
            a = self._row
        else:
            tape, (a,) = enter((self,), _getframe(1))
        x = tape.data[a]
        z = compute(x) if type(x) is float else _forward(op, tape, (a,))
        frame, row = _getframe(1), tape.n
        tape.op[row], tape.a[row], tape.b[row] = code, a, NO_INPUT
        tape.data[row], tape.code[row], tape.at[row] = z, frame.f_code, frame.f_lasti
        tape.n = row + 1
        out = _new(type(self))
        out._tape, out._row = tape, row
        return out

    method.__name__, method.__doc__ = name, op.sentence
    return method


def record(kind: type[H], name: str, inputs: Sequence[Any], **attrs: Any) -> H:
    """Compute op ``name`` on values and numbers, write it on the tape, and give a handle of class ``kind``.

    Raises:
        ShapeError: the inputs do not fit; the message names them and where they were made.
        DataError: an input is neither a Value nor a number.
    """
    op, frame = OPS[name], user_frame(_getframe(1))
    plain = {key: x.tolist() if isinstance(x, (np.ndarray, np.generic)) else x for key, x in attrs.items()}
    given = {key: x for key, x in plain.items() if x != op.attrs.get(key)}
    tape, rows = enter(inputs, frame)
    xs = [tape.data[row] for row in rows]
    if op.elementwise and all(type(x) is float for x in xs):
        z = op.on_floats()(*xs, **{**op.attrs, **given})
    else:
        z = _forward(op, tape, rows, given)
    a, b = (*rows, NO_INPUT)[:2] if 1 <= len(rows) <= 2 else (MANY, MANY)
    if a == MANY:
        tape.many[tape.n] = tuple(rows)
    if given:
        tape.attrs[tape.n] = given
    return at(kind, tape, tape.write(CODES[name], a, b, z, frame.f_code, frame.f_lasti))


def take(tape: Tape, x: Any, frame: FrameType) -> int:
    """The row of a value or a number on a tape that has room."""
    return tape.enter(x) if isinstance(x, Handle) else tape.constant(as_data(x), frame)


def enter(inputs: Sequence[Any], frame: FrameType) -> tuple[Tape, list[int]]:
    """Put values and numbers on this thread's tape; a new one, if they cannot be on the present one.

    Gives the tape, with room for one more row, and the rows.
    """
    tape = room(len(inputs) + 1)
    while True:
        try:
            rows = [take(tape, v, frame) for v in inputs]
        except Outdated:
            begin()
            tape = room(len(inputs) + 1)
        else:
            return tape, rows


def _forward(op: Op, tape: Tape, rows: Sequence[int], attrs: dict[str, Any] | None = None) -> Any:
    """Compute an op with numpy; its result is read-only, as gradients will be computed from it."""
    xs = [tape.data[row] for row in rows]
    try:
        return frozen(op.forward(*xs, **(attrs or {})))
    except (ValueError, IndexError, TypeError) as error:
        parts = [f"{describe(tape, row)} of shape {np.shape(tape.data[row])}" for row in rows[:4]]
        more = f" and {len(rows) - 4} more" if len(rows) > 4 else ""
        with_ = "".join(f", {key}={value!r}" for key, value in (attrs or {}).items())
        message = f"{op.name}({', '.join(parts)}{more}{with_}) is not possible: {error}."
    raise ShapeError(message)
