"""Writing any op of the table on the tape: arrays, attributes, any number of inputs."""

from __future__ import annotations

from collections.abc import Sequence
from sys import _getframe
from typing import TYPE_CHECKING, Any

import numpy as np

from gradviz.engine.backward import line_of
from gradviz.engine.convert import as_data
from gradviz.engine.tape import CODES, MANY, NO_INPUT, Leaf, Tape, room, user_frame
from gradviz.errors import ShapeError
from gradviz.operation import Op
from gradviz.ops import OPS

if TYPE_CHECKING:
    from gradviz.engine.value import Value


def record(name: str, inputs: Sequence[Any], **attrs: Any) -> Value:
    """Compute op ``name`` on values and numbers, and write it on the tape.

    Raises:
        ShapeError: the inputs do not fit; the message names them and where they were made.
        DataError: an input is neither a Value nor a number.
    """
    from gradviz.engine.value import Value

    op, frame = OPS[name], user_frame(_getframe(1))
    tape = room(len(inputs) + 1)
    rows = tuple(tape.enter(v) if isinstance(v, Value) else tape.constant(as_data(v), frame) for v in inputs)
    xs = tuple(tape.data[row] for row in rows)
    given = {key: value for key, value in attrs.items() if value != op.attrs.get(key)}
    try:
        if op.elementwise and all(type(x) is float for x in xs):
            z = op.on_floats()(*xs, **{**op.attrs, **given})
        else:
            z = op.forward(*xs, **given)
    except (ValueError, IndexError, TypeError) as error:
        raise no_fit(op, tape, rows, given, error) from None
    a, b = (MANY, MANY) if len(rows) > 2 or not rows else (rows[0], rows[1] if len(rows) == 2 else NO_INPUT)
    if a == MANY:
        tape.many[tape.n] = rows
    if given:
        tape.attrs[tape.n] = given
    row = tape.write(CODES[name], a, b, z, frame.f_code, frame.f_lasti)
    kind = next((type(v) for v in inputs if isinstance(v, Value)), Value)
    out: Value = object.__new__(kind)
    out._tape, out._row = tape, row
    return out


def describe(home: Tape | Leaf, row: int) -> str:
    """A value in words: its name, or where it was made."""
    if isinstance(home, Leaf):
        name, code, at = home.name, home.code, home.at
    else:
        leaf = next((leaf for leaf, here in home.leaves if here == row), None)
        name = leaf.name if leaf else home.names.get(row, "")
        found = home.code[row]
        assert found is not None
        code, at = found, home.at[row]
    place = f"{code.co_filename}:{line_of(code, at)}"
    return f"{name} (made at {place})" if name else f"the value made at {place}"


def no_fit(op: Op, tape: Tape, rows: Sequence[int], attrs: dict[str, Any], error: Exception) -> ShapeError:
    """The error for operands that do not fit, naming each and where it was made."""
    parts = [f"{describe(tape, row)} of shape {np.shape(tape.data[row])}" for row in rows[:4]]
    more = f" and {len(rows) - 4} more" if len(rows) > 4 else ""
    with_ = "".join(f", {key}={value!r}" for key, value in attrs.items())
    return ShapeError(f"{op.name}({', '.join(parts)}{more}{with_}) is not possible: {error}.")
