"""The backward pass: one walk from the root's row up the tape to the first.

Every row is met after all rows that read it, since those were written later. Nothing is committed before the
walk has ended: an exception in the middle leaves every gradient as it was.
"""

from __future__ import annotations

import threading
from bisect import bisect_left
from collections import deque
from collections.abc import Iterable, Iterator, Mapping
from heapq import heappop, heappush
from itertools import chain, compress, repeat
from operator import add, attrgetter, setitem
from types import MappingProxyType
from typing import Any

import numpy as np

from gradviz.engine.dense import Block
from gradviz.engine.pulling import Grads, walk_rows
from gradviz.engine.settle import settle
from gradviz.engine.squares import Squares
from gradviz.engine.tape import Leaf, Tape

_NONE: Mapping[Leaf, Any] = MappingProxyType({})


@np.errstate(all="ignore")
def backward(root: Tape, row: int, seed: Any) -> None:
    """Compute the gradients of everything ``row`` depends on, and add them to the leaves' ``grad``.

    A gradient is the sum of its contributions, added one by one, those of values made later first, and then
    added to what a leaf's ``grad`` held before.

    Raises:
        MutationError: a leaf's data changed after it was used.
    """
    columns: dict[Tape, Grads] = {root: [None] * row + [seed]}
    if not root.imports:
        passed = _walk(root, columns[root])
        _commit(root, row, columns, *_arrived(root, columns[root]), passed)
        return
    leaves: dict[Leaf, Any] = {}  # what has come to them on the tapes walked so far
    passed = []
    waiting = [(-root.serial, root)]
    while waiting:  # newest tape first: a tape only reads older ones
        tape = heappop(waiting)[1]
        grads = columns[tape]
        _bring(tape, grads, leaves, columns)
        passed += _walk(tape, grads)
        leaves.update(zip(*_arrived(tape, grads, leaves), strict=True))
        n = len(grads)
        for older, there, here in tape.imports:
            if here < n and grads[here] is not None:
                if older not in columns:
                    heappush(waiting, (-older.serial, older))
                _put(columns.setdefault(older, []), there, grads[here])
    _commit(root, row, columns, list(leaves), list(leaves.values()), passed)


def _arrived(tape: Tape, grads: Grads, so_far: Mapping[Leaf, Any] = _NONE) -> tuple[list[Leaf], list[Any]]:
    """The leaves that a gradient has come to on a tape, and these.

    Raises:
        MutationError: a leaf's data was changed after it was used.
    """
    rows = tape.leaf_rows
    rows = rows[: bisect_left(rows, len(grads))]
    leaves, came = tape.leaves[: len(rows)], [grads[row] for row in rows]
    if so_far or type(None) in set(map(type, came)):
        kept = [g is not None and g is not so_far.get(leaf) for leaf, g in zip(leaves, came, strict=True)]
        leaves, came, rows = (list(compress(column, kept)) for column in (leaves, came, rows))
    key = tape.key
    for leaf, row in zip(leaves, rows, strict=True):
        if leaf.on is not key:
            leaf.check_unchanged(tape.data[row])
    return leaves, came


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


def _last_first(tape: Tape) -> Iterable[Block | Squares]:
    if not tape.squares:
        return reversed(tape.blocks)
    return sorted([*tape.blocks, *tape.squares], key=attrgetter("start"), reverse=True)


def _walk(tape: Tape, grads: Grads) -> list[tuple[Block, list[float]]]:
    """Pull the gradient through every row that has one, last row first, and through blocks at once.

    Gives the blocks whose inner rows are not written yet, with what each of its neurons got.
    """
    end, passed = len(grads), []
    for block in _last_first(tape):
        if block.start >= end:
            continue
        if block.stop <= end:
            walk_rows(tape, grads, block.stop, end)
            end = block.stop
        if isinstance(block, Squares):
            if end == block.stop and block.pull(grads):
                end = block.start
            continue
        totals = block.pull(grads) if end == block.stop else None
        if totals is None:
            settle(tape)
            walk_rows(tape, grads, block.start, end)
        elif totals:
            passed.append((block, totals))
        end = block.start
    walk_rows(tape, grads, 0, end)
    for block, totals in passed:
        if block.settled:
            block.fill(grads, totals)
    return [each for each in passed if not each[0].settled]


_commits = threading.RLock()


def _commit(
    root: Tape,
    row: int,
    columns: dict[Tape, Grads],
    leaves: list[Leaf],
    totals: list[Any],
    passed: list[tuple[Block, list[float]]],
) -> None:
    """Write the gradients down: on tapes and blocks for inner values, added up on the leaves.

    All of it happens in one call of C, which no Ctrl-C can interrupt half-way.
    """
    with _commits:
        cells = [leaf.grad for leaf in leaves]
        priors = [cell[0] for cell in cells]
        sums = _sums(priors, totals)
        merged = [_over(tape.grad, column) for tape, column in columns.items()]
        writes: Iterator[Any] = chain(
            map(setattr, columns, repeat("grad"), merged),
            map(setitem, cells, repeat(0), sums),
            map(dict.__setitem__, [root.prior], [row], [(leaves, priors)]),
            map(setattr, [block for block, _ in passed], repeat("grads"), [each for _, each in passed]),
        )
        deque(writes, maxlen=0)


def _sums(priors: list[Any], totals: list[Any]) -> list[Any]:
    """The leaves' new gradients."""
    if set(map(type, totals)) == {float}:  # the others are for arrays
        kinds = set(map(type, priors))
        if kinds == {type(None)}:
            return totals
        if kinds == {float}:
            return list(map(add, priors, totals))
    return list(map(_sum, priors, totals))


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
