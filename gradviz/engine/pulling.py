"""How a gradient passes single rows: from a result to what it was computed from, by the op table's rules."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from gradviz.engine.place import place_of
from gradviz.engine.tape import CONST, FIRST_OP, NO_INPUT, Tape
from gradviz.operation import Op, X, Y
from gradviz.ops import ROWS

Grads = list[Any]  # by row; None where no gradient has come

_PARTIALS = [row.partials_on_floats() for row in ROWS]

# How a gradient that is one number passes a row, by op code. Programs are mostly sums of products: addition,
# which passes it on, and multiplication, which swaps, are written out in the walk; the others call partials.
NONE, GENERAL, RULES, GATES, SWAPS, PASSES = range(6)


def _way(row: Op) -> int:
    if row.partials == (1.0, 1.0):
        return PASSES
    if row.partials == (Y, X):
        return SWAPS
    if not row.elementwise or row.arity not in (1, 2) or row.attrs:
        return GENERAL
    return GATES if row.gate else RULES


_WAYS = [NONE] * FIRST_OP + [_way(row) for row in ROWS]


def _column(slot: int) -> list[Any]:
    """By op code, the partial to one slot as a rule of the inputs and the result."""
    found = [p[slot] if slot < len(p) else None for p in _PARTIALS]
    return [None] * FIRST_OP + [p if callable(p) else _constant(p) for p in found]


def _constant(partial: float | None) -> Any:
    return lambda *_: 0.0 if partial is None else partial


_FIRST, _SECOND = _column(0), _column(1)


def walk_rows(tape: Tape, grads: Grads, start: int, stop: int) -> None:
    """Pull it through rows one by one, from ``stop`` down to ``start``."""
    ops, first, second, data, ways = tape.op, tape.a, tape.b, tape.data, _WAYS
    for row in range(stop - 1, start - 1, -1):
        g = grads[row]
        if g is None:
            continue
        op = ops[row]
        way = ways[op]
        if way < RULES or type(g) is not float:
            if way:
                _pull(tape, grads, row, g)
            continue
        a, b = first[row], second[row]
        if way == PASSES:
            ga = gb = g
        elif way == SWAPS:
            ga, gb = g * data[b], g * data[a]
        elif b == NO_INPUT:
            local = _FIRST[op](data[a], data[row])
            ga = g * local if local or way == RULES else 0.0
        else:
            x, y, z = data[a], data[b], data[row]
            local = _FIRST[op](x, y, z)
            ga = g * local if local or way == RULES else 0.0
            local = _SECOND[op](x, y, z) if ops[b] else 0.0  # the exponent is mostly a constant
            gb = g * local if local or way == RULES else 0.0
        if ops[a]:
            so_far = grads[a]
            grads[a] = ga if so_far is None else so_far + ga
        if b >= 0 and ops[b]:
            so_far = grads[b]
            grads[b] = gb if so_far is None else so_far + gb


def _pull(tape: Tape, grads: Grads, row: int, g: Any) -> None:
    """Pull through one row by its vjp: arrays, attributes, any number of inputs."""
    op, inputs = ROWS[tape.op[row] - FIRST_OP], tape.inputs(row)
    try:
        pulled = _cotangents(op, g, tape.data[row], [tape.data[i] for i in inputs], tape.attrs.get(row, {}))
    except Exception as error:
        error.add_note(f"in the backward pass of {op.name} at {place_of(tape.code[row], tape.at[row])}")
        raise
    for i, cotangent in zip(inputs, pulled, strict=True):
        if cotangent is not None and tape.op[i] != CONST:
            so_far = grads[i]
            grads[i] = cotangent if so_far is None else so_far + cotangent


def _cotangents(op: Op, g: Any, z: Any, xs: list[Any], attrs: dict[str, Any]) -> Sequence[Any]:
    if not op.elementwise or type(z) is not float:
        return op.vjp(g, z, tuple(xs), **attrs)
    given = {**op.attrs, **attrs}
    partials = (p(*xs, z, **given) if callable(p) else p for p in op.partials_on_floats())
    return [d if d is None else 0.0 if op.gate and d == 0 else g * d for d in partials]
