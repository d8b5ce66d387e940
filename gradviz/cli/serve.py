"""Serving a recording to a browser. The only file of the command line that knows the server."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar

import click

if TYPE_CHECKING:
    from gradviz.recording import Recording

Command = TypeVar("Command", bound=Callable[..., Any])


def serving(command: Command) -> Command:
    """Add the options that say where to serve."""
    for option in (
        click.option(
            "--open/--no-open", "open_browser", default=None,
            help="Open the browser. By default if there is a terminal and a display.",
        ),
        click.option("--token", help="What the page must know; needed to listen beyond this machine."),
        click.option("--port", type=click.IntRange(0, 65535), help="Default: 8765, or the next free one."),
        click.option("--host", default="127.0.0.1", show_default=True),
    ):  # fmt: skip
        command = option(command)
    return command


def serve(recording: Recording, **where: Any) -> int:
    """Serve until Ctrl-C or SIGTERM; give the exit code that stands for which it was."""
    from gradviz import server
    from gradviz.cli.process import resume_collector

    resume_collector()
    return int(server.serve(recording, **where))
