"""What a check is, and what it finds."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Protocol

from gradviz.graph import Graph, Span

SEVERITIES = ("note", "warning", "error")


@dataclass(frozen=True)
class Finding:
    """A diagnosis.

    Attributes:
        check: the row of ``CHECKS`` that found it.
        severity: "error": training is broken; "warning": it suffers; "note": worth knowing.
        pass_index: the first pass it was seen in.
        node, edge: where to look, or None.
        source: the line of the user's program, or None.
        message: one sentence: what is wrong, and where.
        evidence: the numbers that show it.
        cure: what to do.
        place: the scope or value it concerns; the same finding at the same place is reported once per run.
        times: in how many passes it was seen.
    """

    check: str
    severity: str
    pass_index: int
    node: int | None
    edge: int | None
    source: Span | None
    message: str
    evidence: str
    cure: str
    place: str = ""
    times: int = 1


class Watch(Protocol):
    """A check at work on one recording: it is shown the passes in order, and may remember."""

    def see(self, index: int, graph: Graph) -> Iterable[Finding]:
        """Look at one pass."""
        ...


@dataclass(frozen=True)
class Check:
    """One row of ``CHECKS``.

    Attributes:
        name: its key.
        looks_for: one sentence for the docs and the page.
        thresholds: each threshold in words, with where it comes from.
        watch: makes the object that looks.
    """

    name: str
    looks_for: str
    thresholds: tuple[str, ...]
    watch: Callable[[], Watch]


class EachPass:
    """A check that looks at every pass by itself."""

    def __init__(self, look: Callable[[int, Graph], Iterable[Finding]]) -> None:
        self.see = look
