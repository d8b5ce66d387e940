"""Deep copies of whole graphs, tape by tape: no recursion, however long the history."""

from __future__ import annotations

from typing import Any

import numpy as np

from gradviz.engine.settle import settle
from gradviz.engine.tape import Leaf, Tape


def copied(home: Tape | Leaf, memo: dict[int, Any]) -> Tape | Leaf:
    """Give the copy of a tape or leaf, and of all it was computed from; ``memo`` is ``copy.deepcopy``'s."""
    if id(home) not in memo:
        if isinstance(home, Leaf):
            memo[id(home)] = _leaf(home)
        else:
            for tape in _history(home, memo):  # oldest first: a tape holds only rows of older ones
                memo[id(tape)] = _tape(tape, memo)
    found: Tape | Leaf = memo[id(home)]
    return found


def _history(newest: Tape, memo: dict[int, Any]) -> list[Tape]:
    """The tapes that ``newest`` depends on and that are not copied yet, oldest first."""
    found, waiting = {newest}, [newest]
    while waiting:
        for older, _, _ in waiting.pop().imports:
            if older not in found and id(older) not in memo:
                found.add(older)
                waiting.append(older)
    return sorted(found, key=lambda tape: tape.serial)


def _leaf(leaf: Leaf) -> Leaf:
    copy = Leaf.__new__(Leaf)
    for name in ("name", "kind", "scope", "code", "at", "snapshot", "changed"):
        setattr(copy, name, getattr(leaf, name))
    copy.on, copy.here = None, leaf.here
    copy.data, copy.grad = _column(leaf.data), _column(leaf.grad)
    return copy


def _tape(tape: Tape, memo: dict[int, Any]) -> Tape:
    settle(tape)
    tape.complete()
    copy, n = Tape(), tape.n
    for name in ("op", "a", "b", "code", "at"):
        setattr(copy, name, getattr(tape, name)[:n])
    copy.data, copy.grad, copy.n, copy.limit = tape.data[:n], _column(tape.grad), n, 0
    copy.many, copy.names, copy.marks = dict(tape.many), dict(tape.names), list(tape.marks)
    copy.attrs = {row: dict(attrs) for row, attrs in tape.attrs.items()}
    copy.entries = list(tape.entries)
    copy.entries[::2] = [copied(leaf, memo) for leaf in tape.leaves]
    copy.told = tape.told
    copy.imports = [(memo[id(older)], there, here) for older, there, here in tape.imports]
    copy.prior = {
        row: ([copied(leaf, memo) for leaf in leaves], list(priors))  # type: ignore[misc]
        for row, (leaves, priors) in tape.prior.items()
    }
    return copy


def _column(values: list[Any]) -> list[Any]:
    """A copy; arrays that somebody may change are copied too."""
    return [v.copy() if isinstance(v, np.ndarray) and v.flags.writeable else v for v in values]
