"""The backward pass: one walk from the root's row up the tape to the first.

Every row is met after all rows that read it, since those were written later. Nothing is committed before the
walk has ended: an exception in the middle leaves every gradient as it was.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Iterator, Sequence
from heapq import heappop, heappush
from itertools import chain, repeat
from typing import Any

import numpy as np

from gradviz.engine.dense import Block
from gradviz.engine.place import place_of
from gradviz.engine.settle import settle
from gradviz.engine.tape import CONST, FIRST_OP, NO_INPUT, Leaf, Tape
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


@np.errstate(all="ignore")
def backward(root: Tape, row: int, seed: Any) -> None:
    """Compute the gradients of everything ``row`` depends on, and add them to the leaves' ``grad``.

    A gradient is the sum of its contributions, added one by one, those of values made later first, and then
    added to what a leaf's ``grad`` held before.

    Raises:
        MutationError: a leaf's data changed after it was used.
    """
    columns: dict[Tape, Grads] = {root: [None] * row + [seed]}
    leaves: dict[Leaf, Any] = {}  # what has come to them on the tapes walked so far
    passed: list[tuple[Block, list[float]]] = []
    waiting = [(-root.serial, root)]
    while waiting:  # newest tape first: a tape only reads older ones
        tape = heappop(waiting)[1]
        grads = columns[tape]
        _bring(tape, grads, leaves, columns)
        passed += _walk(tape, grads)
        n = len(grads)
        for leaf, here in zip(tape.leaves, tape.leaf_rows, strict=False):
            g = grads[here] if here < n else None
            if g is not None and g is not leaves.get(leaf):  # else nothing came on this tape
                if leaf.on is not tape.key:
                    leaf.check_unchanged(tape.data[here])
                leaves[leaf] = g
        for older, there, here in tape.imports:
            if here < n and grads[here] is not None:
                if older not in columns:
                    heappush(waiting, (-older.serial, older))
                _put(columns.setdefault(older, []), there, grads[here])
    _commit(root, row, columns, leaves, passed)


def _bring(tape: Tape, grads: Grads, leaves: dict[Leaf, Any], columns: dict[Tape, Grads]) -> None:
    """Start the rows that stand for leaves and older rows from what newer tapes have brought them."""
    if leaves:
        for leaf, here in zip(tape.leaves, tape.leaf_rows, strict=False):
            if here < len(grads):
                grads[here] = leaves.get(leaf, grads[here])
    for older, there, here in tape.imports:
        so_far = columns.get(older, [])
        if here < len(grads) and there < len(so_far):
            grads[here] = so_far[there]


def _put(grads: Grads, row: int, g: Any) -> None:
    grads.extend([None] * (row + 1 - len(grads)))
    grads[row] = g


def _walk(tape: Tape, grads: Grads) -> list[tuple[Block, list[float]]]:
    """Pull the gradient through every row that has one, last row first, and through blocks at once.

    Gives the blocks whose inner rows are not written yet, with what each of its neurons got.
    """
    end, passed = len(grads), []
    for block in reversed(tape.blocks):
        if block.start >= end:
            continue
        if block.stop <= end:
            _walk_rows(tape, grads, block.stop, end)
            end = block.stop
        totals = block.pull(grads) if end == block.stop else None
        if totals is None:
            settle(tape)
            _walk_rows(tape, grads, block.start, end)
        elif totals:
            passed.append((block, totals))
        end = block.start
    _walk_rows(tape, grads, 0, end)
    for block, totals in passed:
        if block.settled:
            block.fill(grads, totals)
    return [each for each in passed if not each[0].settled]


def _walk_rows(tape: Tape, grads: Grads, start: int, stop: int) -> None:
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


_commits = threading.RLock()


def _commit(
    root: Tape,
    row: int,
    columns: dict[Tape, Grads],
    leaves: dict[Leaf, Any],
    passed: list[tuple[Block, list[float]]],
) -> None:
    """Write the gradients down: on tapes and blocks for inner values, added up on the leaves.

    All of it happens in one call of C, which no Ctrl-C can interrupt half-way.
    """
    with _commits:
        prior = {leaf: leaf.grad[0] for leaf in leaves}
        sums = [
            g if so_far is None and type(g) is float else _sum(so_far, g)
            for g, so_far in zip(leaves.values(), prior.values(), strict=True)
        ]
        merged = [_over(tape.grad, column) for tape, column in columns.items()]
        writes: Iterator[Any] = chain(
            map(setattr, columns, repeat("grad"), merged),
            map(list.__setitem__, [leaf.grad for leaf in leaves], repeat(0), sums),
            map(dict.__setitem__, [root.prior], [row], [prior]),
            map(setattr, [block for block, _ in passed], repeat("grads"), [totals for _, totals in passed]),
        )
        deque(writes, maxlen=0)


def _sum(prior: Any, total: Any) -> Any:
    """A leaf's new gradient. It is the user's to change in place: an array shares memory with nothing."""
    if prior is not None:
        return prior + total
    return total if type(total) is float else np.array(total)


def _over(earlier: Grads, column: Grads) -> Grads:
    """``column``; rows that only an earlier pass reached keep what that pass gave them."""
    if not earlier:
        return column
    column.extend([None] * (len(earlier) - len(column)))
    for row, grad in enumerate(earlier):
        if column[row] is None:
            column[row] = grad
    return column
