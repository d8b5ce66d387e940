"""What was seen of a foreign engine while it ran: all of it optional, and more than its objects can tell."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from types import CodeType
from typing import NamedTuple

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


@dataclass(frozen=True)
class Seen:
    """What was seen while a foreign engine ran. Objects are named by ``id()``; they live as long as this.

    Attributes:
        made: where each object was made.
        prior: what its gradient held before this backward.
        ran: the backward rules, in the order they ran.
        error: the node whose rule raised, and what.
        backward: whether a backward() was seen at all; else gradients are set by hand.
    """

    made: Mapping[int, Made] = field(default_factory=dict)
    prior: Mapping[int, float] = field(default_factory=dict)
    ran: Sequence[Ran | tuple[int, float, Sequence[Change]]] | None = None
    error: tuple[int, BaseException] | None = None
    backward: bool = False
