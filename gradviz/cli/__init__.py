"""The command line: ``gradviz WORD …``. One file per word; nothing heavy is imported before it is needed."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, NoReturn

import click

from gradviz.cli.group import cli
from gradviz.cli.leave import MAY_FORK, Leave
from gradviz.cli.terminal import tell
from gradviz.errors import GradvizError, OutOfMemoryError

__all__ = ["Done", "main"]

FAILED, INTERRUPTED, BROKEN_PIPE = 1, 130, 141


class Done(SystemExit):
    """The end of a command in a process that no user's script ran in."""


def main(argv: Sequence[str] | None = None) -> NoReturn:
    """Run one command and exit.

    A command may give back what is left to do: a user's script runs outside of click, so that no context of
    ours is around it.
    """
    debug = "--debug" in (sys.argv[1:2] if argv is None else argv[:1])
    # A caller with arguments of its own has a process that is not ours to split.
    obj = MAY_FORK if argv is None else None
    work: Any = partial(cli.main, args=argv, prog_name="gradviz", standalone_mode=False, obj=obj)
    status = _done(work, debug)
    if not callable(status):
        raise Done(status)
    while callable(status):
        status = _done(status, debug)
    sys.exit(status)


def _done(work: Callable[[], Any], debug: bool) -> Any:
    """Do one piece of work, and give the exit status or what is left to do."""
    try:
        return work()
    except Leave as leave:
        return leave.work
    except click.ClickException as error:
        tell(f"{error.format_message()}{_usage(error)}")
        return error.exit_code
    except click.Abort:
        return INTERRUPTED
    except KeyboardInterrupt:
        # Python ends by the signal, as a shell expects; a script's traceback stands there already.
        sys.excepthook = lambda *_: None
        raise
    except BrokenPipeError:  # `gradviz steps … | head`
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return BROKEN_PIPE
    except (GradvizError, MemoryError, OSError) as error:
        if debug:
            raise
        tell(str(error if str(error) else OutOfMemoryError("this")))
        return FAILED


def _usage(error: click.ClickException) -> str:
    context = getattr(error, "ctx", None)
    return f"\nTry '{context.command_path} --help'." if context is not None else ""
