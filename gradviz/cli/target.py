"""FILE|SCRIPT: a recording to open, or a script to run first."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Protocol

import click

from gradviz.cli.terminal import tell
from gradviz.errors import GradvizError, RecordingError

if TYPE_CHECKING:
    from gradviz.graph import Graph
    from gradviz.recording import Recording


class Passes(Protocol):
    """Where a pass can be had by its number: a recording, or what was handed over."""

    def graph(self, index: int, /) -> Graph:
        """Give the graph of a pass."""


SQLITE = b"SQLite format 3\0"


@contextmanager
def opened(target: str, args: Sequence[str] = ()) -> Iterator[Recording]:
    """Open a recording, or run a script to get one; what the script prints goes to standard error."""
    from gradviz.cli.process import resume_collector
    from gradviz.cli.quiet import load_numpy

    load_numpy()
    from gradviz.recording import Recording

    resume_collector()
    if not is_script(target):
        if args:
            raise click.UsageError(f"{target} is a recording, and takes no arguments ({args[0]!r}).")
        with Recording.open(target) as recording:
            warn_of_damage(recording)
            yield recording
        return
    from gradviz.cli.child import record_in_child, scratch

    with scratch() as folder:
        path = os.path.join(folder, "run.gradviz")
        code = record_in_child(target, args, path, to_stderr=True)
        tell_end(target, code, os.path.exists(path))
        with Recording.open(path) as recording:
            yield recording


@contextmanager
def opened_at(target: str, args: Sequence[str], index: int) -> Iterator[Passes]:
    """Open a recording, or run a script, for one pass alone: then none of it is written anywhere."""
    from gradviz.cli.child import hand_over, may_fork

    if index < 0 or not may_fork() or not is_script(target):
        with opened(target, args) as recording:
            yield recording
        return
    from gradviz.cli.quiet import load_numpy

    load_numpy()
    from gradviz.cli.handover import Handover

    handover = Handover(index)
    code = hand_over(target, args, handover)
    handed = handover.taken()
    tell_end(target, code, len(handed) > 0)
    yield handed


def tell_end(script: str, code: int, any_pass: bool) -> None:
    """Say how a script ended, if it was not as usual.

    Raises:
        GradvizError: there is nothing to show.
    """
    if not any_pass and code:
        raise GradvizError(f"{script} ended with exit code {code} before any backward().")
    if not any_pass:
        raise GradvizError(f"No backward() of {script} was recorded, so there is nothing to show.")
    if code:
        tell(f"{script} ended with exit code {code}; this is what it did until then.")


def is_script(target: str) -> bool:
    """Whether a file is to be run rather than opened. Raises RecordingError if it is not there."""
    if target.endswith(".gradviz"):
        return False
    try:
        if not os.path.isfile(target):
            return not os.path.exists(target) and target.endswith((".py", ".ipynb"))
        with open(target, "rb") as file:
            return file.read(len(SQLITE)) != SQLITE
    except (OSError, ValueError) as error:
        raise RecordingError(f"{target} cannot be opened: {error}.") from None


def warn_of_damage(recording: Recording) -> None:
    """Say what is wrong with a file, and go on with the rest of it."""
    for sentence in recording.damage:
        tell(f"damaged recording: {sentence}.")
