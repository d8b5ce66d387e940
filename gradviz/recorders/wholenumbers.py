"""Which numbers a micrograd program would hold as Python ints.

The tape holds floats; micrograd holds what Python's arithmetic gives, so that ``Value(2) * Value(3)`` prints
6 and not 6.0. Nothing is tracked while a program computes: the tape says, when somebody looks, which results
came of ints only.
"""

from __future__ import annotations

import heapq
from typing import Any
from weakref import WeakKeyDictionary

from gradviz.engine.settle import settle
from gradviz.engine.tape import CODES, FIRST_OP, IMPORT, LEAF, NO_INPUT, Leaf, Tape
from gradviz.engine.value import Value

Home = Tape | Leaf

_EXACT = 2**53  # ints below it are floats without loss

_ADD, _MUL, _POW, _RELU = (CODES[name] for name in ("add", "mul", "pow", "relu"))
_known: WeakKeyDictionary[Home, dict[int, bool]] = WeakKeyDictionary()
_grads: WeakKeyDictionary[Home, dict[int, int]] = WeakKeyDictionary()


def note(home: Home, row: int, given: Any) -> None:
    """Remember whether a number that the program gave is an int."""
    whole = isinstance(given, int)
    if whole or home in _known:
        _known.setdefault(home, {})[row] = whole


def as_given(home: Home, row: int, data: Any) -> Any:
    """The data of a row as micrograd would hold it."""
    return int(data) if type(data) is float and data.is_integer() and _is_whole(home, row) else data


def _is_whole(home: Home, row: int) -> bool:
    """Whether a row was computed from ints alone, in a way that gives an int."""
    waiting, seen = [(home, row)], {(home, row)}
    while waiting:
        at, k = waiting.pop()
        known = _known.get(at, {}).get(k)
        needs = () if known else None if known is False else _needs(at, k)
        if needs is None:
            _known.setdefault(home, {})[row] = False
            return False
        fresh = [place for place in needs if place not in seen]
        seen.update(fresh)
        waiting.extend(fresh)
    for at, k in seen:
        _known.setdefault(at, {})[k] = True
    return True


def _row(home: Tape, row: int) -> tuple[int, int, int, list[Any]]:
    """A row's op and inputs, and all data. What a neuron's last row read may have to be written first."""
    if home.op[row] >= FIRST_OP and home.a[row] == NO_INPUT:
        settle(home)
    return home.op[row], home.a[row], home.b[row], home.data


def _needs(home: Home, row: int) -> tuple[tuple[Home, int], ...] | None:
    """What must be ints for this row to be one; None if it never is."""
    if isinstance(home, Leaf):
        return None
    op, a, b, data = _row(home, row)
    if op == LEAF:
        return (home.origin(row),)
    if op == IMPORT:
        return (home.imports[a][:2],)
    if op in (_ADD, _MUL) or (op == _POW and data[b] >= 0):
        return (home, a), (home, b)
    if op == _RELU:
        return () if data[a] < 0 else ((home, a),)  # micrograd gives the int 0 for any negative number
    return None


def note_grads(root: Value) -> None:
    """Remember which gradients of a pass micrograd would hold as ints: it starts from the int 1."""
    found: dict[tuple[Home, int], int] = {(root._tape, root._row): 1}
    heap = [_newest_first(root._tape, root._row)]
    while heap:
        *_, home, row = heapq.heappop(heap)
        grad = found[home, row]
        for to, local in _locals(home, row) if abs(grad) < _EXACT else ():
            if to not in found and not isinstance(to[0], Leaf):
                heapq.heappush(heap, _newest_first(*to))
            found[to] = found.get(to, 0) + grad * local
    for (home, row), grad in found.items():
        so_far = _grads.setdefault(home, {})
        so_far[row] = grad + (so_far.get(row, 0) if isinstance(home, Leaf) else 0)


def _newest_first(home: Home, row: int) -> tuple[int, int, Home, int]:
    return (0 if isinstance(home, Leaf) else -home.serial), -row, home, row


def _locals(home: Home, row: int) -> list[tuple[tuple[Home, int], int]]:
    """The inputs of a row whose local derivative is an int, with it."""
    if isinstance(home, Leaf):
        return []
    op, a, b, data = _row(home, row)
    if op in (LEAF, IMPORT):
        return [(place, 1) for place in _needs(home, row) or ()]
    if op == _ADD:
        return [((home, a), 1), ((home, b), 1)]
    if op == _MUL:
        return [((home, to), int(data[by])) for to, by in ((a, b), (b, a)) if _whole_data(home, by)]
    if op == _POW and data[b] >= 1 and _whole_data(home, a) and _whole_data(home, b):
        return [((home, a), int(data[b]) * int(data[a]) ** int(data[b] - 1))]
    return [((home, a), int(data[row] > 0))] if op == _RELU else []


def _whole_data(home: Tape, row: int) -> bool:
    return isinstance(as_given(home, row, home.data[row]), int)


def grad_as_given(home: Home, row: int, grad: Any) -> Any:
    """A gradient as micrograd would hold it: 0 before it is computed."""
    if grad is None:
        return 0
    whole = _grads.get(home, {}).get(row)
    return whole if whole is not None and whole == grad else grad


def note_grad(home: Home, row: int, given: Any) -> None:
    """Remember whether a gradient that the program set is an int."""
    if isinstance(given, int):
        _grads.setdefault(home, {})[row] = int(given)
    elif home in _grads:
        _grads[home].pop(row, None)
