"""FILE|SCRIPT: a recording to open, or a script to run first."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING

import click

from gradviz.cli.terminal import tell
from gradviz.errors import GradvizError, RecordingError

if TYPE_CHECKING:
    from gradviz.recording import Recording

SQLITE = b"SQLite format 3\0"


@contextmanager
def opened(target: str, args: Sequence[str] = ()) -> Iterator[Recording]:
    """Open a recording, or run a script to get one; what the script prints goes to standard error."""
    from gradviz.cli.quiet import load_numpy

    load_numpy()
    from gradviz.recording import Recording

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
        if not os.path.exists(path):
            if code:
                raise GradvizError(f"{target} ended with exit code {code} before any backward().")
            raise GradvizError(f"{target} never called backward(), so there is nothing to show.")
        if code:
            tell(f"{target} ended with exit code {code}; this is what it did until then.")
        with Recording.open(path) as recording:
            yield recording


def is_script(target: str) -> bool:
    """Whether a file is to be run rather than opened. Raises RecordingError if it is not there."""
    if target.endswith(".gradviz"):
        return False
    try:
        if not os.path.isfile(target):
            return not os.path.exists(target) and target.endswith(".py")
        with open(target, "rb") as file:
            return file.read(len(SQLITE)) != SQLITE
    except (OSError, ValueError) as error:
        raise RecordingError(f"{target} cannot be opened: {error}.") from None


def warn_of_damage(recording: Recording) -> None:
    """Say what is wrong with a file, and go on with the rest of it."""
    for sentence in recording.damage:
        tell(f"damaged recording: {sentence}.")
