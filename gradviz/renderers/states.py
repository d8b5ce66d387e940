"""What a box and an edge are at one moment: texts and states, no geometry, no colours."""

from __future__ import annotations

from typing import Literal, NamedTuple

from gradviz.frozen import Frozen
from gradviz.renderers.style import Level
from gradviz.summary import ABSENT


class BoxFacts(Frozen):
    """One box at one moment.

    Attributes:
        name: its title.
        op: the op's symbol; "" for a leaf or a folded scope.
        kind: "op", "input", "param", "const", or "group" for a folded scope.
        data: short text; – if not computed yet.
        grad: short text; – if not computed yet.
        level: of its gradient; "na" if none is asked for.
        computed: whether all its data exists.
        bad: whether it holds NaN or Inf.
        updated: whether an update changed it.
        now: whether the current step is about it.
        lines: the same in full, one fact a line.
        order: its place in the topological order, or -1.
        count: how many values it holds.
        sub: the second line of a folded scope.
        zeros: for a folded scope the share of gradients that are exactly zero.
        progress: for a folded scope the share that the current phase has done; 0 if nothing is under way.
    """

    name: str
    op: str
    kind: str
    data: str
    grad: str
    level: Level | Literal["na"]
    computed: bool
    bad: bool
    updated: bool
    now: bool
    lines: tuple[str, ...]
    order: int = -1
    count: int = 1
    sub: str = ""
    zeros: str = ABSENT
    progress: float = 0.0


class EdgeFacts(NamedTuple):
    """One edge at one moment.

    Attributes:
        level: of the cotangent it carries; "none" if it carries none yet.
        text: the cotangent, signed and short; of several the largest, unsigned; "" if none.
        now: whether the current step is about it.
        lines: the same in full, one fact a line.
    """

    level: Level
    text: str
    now: bool
    lines: tuple[str, ...]
