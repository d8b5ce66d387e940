"""What was seen of a foreign engine while it ran: all of it optional, and more than its objects can tell."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import CodeType, MappingProxyType
from typing import Any, NamedTuple

from gradviz.frozen import Frozen

UNSEEN = -1  # the serial of what nobody saw made
Change = tuple[int, float, float]  # id(input), its grad before the rule ran, and after


class Made(NamedTuple):
    """Where an object was made: an instruction of the user's code, and the scope it ran in."""

    code: CodeType | None
    lasti: int
    scope: str
    serial: int


class Ran(NamedTuple):
    """A backward rule that ran: whose, what the gradient of its node was by then, what it changed."""

    id: int
    grad: float
    changes: Sequence[Change]


_NONE: Mapping[int, Any] = MappingProxyType({})


class Seen(Frozen):
    """What was seen while a foreign engine ran. Objects are named by ``id()``; they live as long as this.

    Attributes:
        made: where each object was made.
        prior: what its gradient held before this backward.
        ran: the backward rules, in the order they ran.
        error: the node whose rule raised, and what.
        backward: whether a backward() was seen at all; else gradients are set by hand.
    """

    made: Mapping[int, Made] = _NONE
    prior: Mapping[int, float] = _NONE
    ran: Sequence[Ran | tuple[int, float, Sequence[Change]]] | None = None
    error: tuple[int, BaseException] | None = None
    backward: bool = False
