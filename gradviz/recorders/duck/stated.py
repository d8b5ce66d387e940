"""What an object keeps for its backward rule: numbers beside its data, and an input that it reads twice."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from functools import partial
from itertools import chain
from types import FunctionType, MethodType
from typing import Any, NamedTuple

from gradviz.recorders.duck.figures import is_constant, number_of
from gradviz.recorders.duck.shape import ClassShape, mro_of, stored, vars_of

MOST = 64  # entries of one container that are looked at
_RULES = (FunctionType, MethodType, partial)
_UNUSED = ("add", "sub")  # ops whose derivative does not depend on a constant operand


class Kept(NamedTuple):
    """What a backward rule can use.

    Attributes:
        numbers: the constants in its reach.
        twice: whether two of its variables hold the same value, as ``self`` and ``other`` do for ``a*a``.
    """

    numbers: list[float]
    twice: bool

    def allows(self, op: str, constant: float, rounding: float) -> bool:
        """Whether a constant can have been the other operand: a rule that needs it must have kept it."""
        if self.twice:
            return False
        near = (constant, 1 / constant) if op == "div" and constant else (constant,)
        return op in _UNUSED or any(abs(k - c) <= rounding * abs(c) for k in self.numbers for c in near)


def kept_by(obj: Any, shape: ClassShape) -> Kept | None:
    """Give what the backward rule of an object can use; None if it has no rule.

    A rule that multiplies by a number finds it in its code, its closure or its arguments, or in an attribute
    of the object, there also inside of a list, tuple or dict.
    """
    held = list(_attributes(obj, shape))
    rules = [part for part in held if issubclass(type(part), _RULES)]
    if not rules and not shape.has_backward:
        return None
    scopes = [_inside(rule) for rule in rules]
    scopes += [_inside(part) for scope in scopes for part in scope if type(part) is FunctionType]
    numbers = [number for part in (*held, *chain(*scopes)) for number in _numbers(part)]
    rows = [part for scope in scopes for part in scope if type(part) in (tuple, list)]
    return Kept(numbers, any(_has_twice(type(obj), entries) for entries in (*scopes, *rows)))


def _has_twice(cls: type, entries: Sequence[Any]) -> bool:
    counts = Counter(id(entry) for entry in entries[:MOST] if type(entry) is cls)
    return any(count > 1 for count in counts.values())


def _attributes(obj: Any, shape: ClassShape) -> Iterator[Any]:
    taken = {shape.data, shape.grad}
    yield from (part for name, part in stored(obj).items() if name not in taken)
    for base in mro_of(type(obj)):
        slots = vars_of(base).get("__slots__", ())
        for name in (slots,) if type(slots) is str else slots if type(slots) in (list, tuple) else ():
            if name not in taken and name in vars_of(base):
                try:
                    yield object.__getattribute__(obj, name)
                except Exception:
                    continue  # nothing was put there


def _inside(rule: Any) -> list[Any]:
    """What a rule has written in it, closes over, or is given beforehand."""
    if type(rule) is partial:
        return [*rule.args, *rule.keywords.values()]
    if type(rule) is not FunctionType:
        return []
    found = [*rule.__code__.co_consts, *(rule.__defaults__ or ())]
    for cell in rule.__closure__ or ():
        try:
            found.append(cell.cell_contents)
        except ValueError:
            continue  # it is empty
    return found


def _numbers(part: Any) -> Iterator[float]:
    if type(part) is dict:
        part = list(part.values())
    entries = part[:MOST] if type(part) in (list, tuple) else (part,)
    pairs = (entry if type(entry) is tuple else (entry,) for entry in entries)  # such as (value, slope)
    for entry in chain(*pairs):
        if is_constant(entry):
            try:
                number = number_of(entry)
            except OverflowError:
                continue
            if type(number) is float:
                yield number
