"""The backward pass: one walk from the root's row up the tape to the first.

Every row is met after all rows that read it, since those were written later. Nothing is committed before the
walk has ended: an exception in the middle leaves every gradient as it was.
"""

from __future__ import annotations

from typing import Any

from gradviz.engine.tape import CONST, FIRST_OP, NO_INPUT, Leaf, Tape
from gradviz.errors import MutationError
from gradviz.ops import ROWS

# Per op code, for each of two slots: the partial on floats, or None with a constant to use in its place.
_PARTIALS = [row.partials_on_floats() for row in ROWS]
_SIMPLE = [False] * FIRST_OP + [
    row.elementwise and len(p) <= 2 and not row.attrs for row, p in zip(ROWS, _PARTIALS, strict=True)
]


def _slot(k: int) -> tuple[list[Any], list[float]]:
    found = [p[k] if k < len(p) else None for p in _PARTIALS]
    rules = [p if callable(p) else None for p in found]
    return [None] * FIRST_OP + rules, [0.0] * FIRST_OP + [0.0 if p is None or callable(p) else p for p in found]


FIRST_RULE, FIRST_CONSTANT = _slot(0)
SECOND_RULE, SECOND_CONSTANT = _slot(1)


def backward(tape: Tape, row: int, seed: Any) -> None:
    """Compute the gradients of everything ``row`` depends on, and add them to the leaves' ``grad``.

    Raises:
        MutationError: a leaf's data changed after it was used.
    """
    columns: dict[Tape, list[Any]] = {tape: [None] * (row + 1)}
    columns[tape][row] = seed
    totals: dict[Leaf, Any] = {}
    waiting = {tape.serial: tape}
    while waiting:  # newest tape first: a tape only reads older ones
        current = waiting.pop(max(waiting))
        column = columns[current]
        for leaf, here in current.leaves:
            if leaf in totals and here < len(column):
                column[here] = totals[leaf]
        _walk(current, column)
        for leaf, here in current.leaves:
            if here < len(column) and column[here] is not None:
                _check_unchanged(leaf, current.data[here])
                totals[leaf] = column[here]
        for older, there, here in current.imports:
            if here < len(column) and column[here] is not None:
                theirs = columns.setdefault(older, [])
                theirs.extend([None] * (there + 1 - len(theirs)))
                theirs[there] = _add(theirs[there], column[here])
                waiting[older.serial] = older
    _commit(tape, columns, totals)


def _add(so_far: Any, more: Any) -> Any:
    return more if so_far is None else so_far + more


def _walk(tape: Tape, grads: list[Any]) -> None:
    """Pull the gradient through every row that has one, last row first."""
    ops, first, second, data = tape.op, tape.a, tape.b, tape.data
    simple = _SIMPLE
    for row in range(len(grads) - 1, -1, -1):
        g = grads[row]
        op = ops[row]
        if g is None or op < FIRST_OP:
            continue
        if type(g) is not float or not simple[op]:
            _pull(tape, grads, row, g)
            continue
        a, b = first[row], second[row]
        x = data[a]
        if b == NO_INPUT:
            if ops[a]:
                rule = FIRST_RULE[op]
                ga = g * FIRST_CONSTANT[op] if rule is None else g * rule(x, data[row])
                s = grads[a]
                grads[a] = ga if s is None else s + ga
            continue
        y = data[b]
        if ops[a]:
            rule = FIRST_RULE[op]
            ga = g * FIRST_CONSTANT[op] if rule is None else g * rule(x, y, data[row])
            s = grads[a]
            grads[a] = ga if s is None else s + ga
        if ops[b]:
            rule = SECOND_RULE[op]
            gb = g * SECOND_CONSTANT[op] if rule is None else g * rule(x, y, data[row])
            s = grads[b]
            grads[b] = gb if s is None else s + gb


def _pull(tape: Tape, grads: list[Any], row: int, g: Any) -> None:
    """Pull through one row by its vjp: arrays, attributes, any number of inputs."""
    code = tape.op[row] - FIRST_OP
    op, inputs, attrs = ROWS[code], tape.inputs(row), tape.attrs.get(row, {})
    xs = tuple(tape.data[i] for i in inputs)
    z = tape.data[row]
    if op.elementwise and type(z) is float:
        given = {**op.attrs, **attrs}
        pulled = tuple(g * p(*xs, z, **given) if callable(p) else p and g * p for p in _PARTIALS[code])
    else:
        pulled = op.vjp(g, z, xs, **attrs)
    for i, cotangent in zip(inputs, pulled, strict=True):
        if cotangent is not None and tape.op[i] != CONST:
            grads[i] = _add(grads[i], cotangent)


def _check_unchanged(leaf: Leaf, snapshot: Any) -> None:
    if not leaf.unchanged_since(snapshot):
        raise MutationError(_changed(leaf, snapshot), "Compute the loss again after changing data.")


def _changed(leaf: Leaf, used: Any) -> str:
    name = leaf.name or "a value"
    made = f"{leaf.code.co_filename}:{line_of(leaf.code, leaf.at)}"
    where = ""
    if leaf.changed:
        where = f" at {leaf.changed[0].co_filename}:{line_of(*leaf.changed)}"
    what = f"was {used!r} when it was used" if type(used) is float else "changed after it was used"
    now = f", but was set to {leaf.data[0]!r}{where}" if type(used) is float else where
    return f"{name} (made at {made}) {what}{now}, before backward()."


def line_of(code: Any, at: int) -> int:
    """The source line of instruction ``at`` of a code object; 0 if unknown."""
    for start, stop, line in code.co_lines():
        if start <= at < stop:
            return line or 0
    return 0


def _commit(root: Tape, columns: dict[Tape, list[Any]], totals: dict[Leaf, Any]) -> None:
    """Write the gradients down: on the tapes for inner values, added up on the leaves."""
    root.prior = {leaf: leaf.grad[0] for leaf in totals}
    for leaf, total in totals.items():
        leaf.grad[0] = total if leaf.grad[0] is None else leaf.grad[0] + total
    for tape, column in columns.items():
        earlier = tape.grad  # rows that only an earlier pass reached keep what that pass gave them
        column.extend([None] * (len(earlier) - len(column)))
        for row, grad in enumerate(earlier):
            if column[row] is None:
                column[row] = grad
        tape.grad = column
