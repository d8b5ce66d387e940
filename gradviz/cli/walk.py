"""``gradviz export --steps A:B``: a picture after each of many steps."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from gradviz.timeline import Timeline

_RANGE = re.compile(r"(-?\d*):(-?\d*)(?::(\d+))?", re.ASCII)
NUMBER = re.compile(r"%(?:0\d)?d", re.ASCII)


def parsed(asked: str) -> slice:
    """Read ``A:B`` or ``A:B:EVERY``.

    Raises:
        UsageError: it is not such a range.
    """
    found = _RANGE.fullmatch(asked)
    if found is None or found[3] is not None and int(found[3]) == 0:
        raise click.UsageError(f"--steps is {asked!r}; it must be A:B, such as 0:100, or A:B:EVERY.")
    return slice(*(int(text) if text else None for text in found.groups()))


def numbers(timeline: Timeline, asked: str, phase: str | None) -> list[int]:
    """Give the numbers of steps after which to draw, as Python slices do: from A up to, but without, B.

    Args:
        timeline: the walk.
        asked: the range.
        phase: count from the start of this phase; its whole walk is ``:``.

    Raises:
        UsageError: nothing is left of the range.
    """
    part = range(len(timeline)) if phase is None else timeline.phase_range(phase)
    frames = range(part.start, part.stop + 1)  # one more than steps: before the first
    chosen = list(frames[parsed(asked)])
    if not chosen:
        raise click.UsageError(f"--steps {asked} has nothing to draw: there are 0 to {len(frames) - 1}.")
    return chosen


def names(output: str, chosen: list[int]) -> list[str]:
    """Give each picture's file: the number of its step in the place of ``%03d``.

    Raises:
        UsageError: there is no such place, or more than one.
    """
    head, place, tail = output.rpartition(found[0]) if (found := NUMBER.search(output)) else ("", "", "")
    if not place or NUMBER.search(head):
        raise click.UsageError("With --steps, FILE has one place for the number, such as walk-%03d.svg.")
    return [f"{head}{place % k}{tail}" for k in chosen]
