"""Run a user's script and record every ``backward()`` it makes."""

from __future__ import annotations

import atexit
import os
import sys
import time
from collections.abc import Callable, Sequence
from importlib import import_module
from typing import Any

import numpy as np

from gradviz import __version__
from gradviz.engine import hooks
from gradviz.errors import RecordingError
from gradviz.recorders import RECORDERS
from gradviz.recorders.classless import is_classless
from gradviz.recorders.keeping import Keep, Sink
from gradviz.recorders.listener import Limits, PassListener, say
from gradviz.recorders.program import Outcome, Program
from gradviz.recorders.standin import StandIn

LONGEST = 10_000  # characters of an exception's message


class RunResult:
    """How a recorded run ended; ``passes`` still grows while threads of the script go on."""

    def __init__(self, outcome: Outcome, listener: PassListener) -> None:
        self.outcome, self.listener = outcome, listener

    @property
    def passes(self) -> int:
        """How many passes there were."""
        return self.listener.passes

    @property
    def kept(self) -> int:
        """How many of them were recorded."""
        return self.listener.keeper.kept

    @property
    def exit_code(self) -> int:
        """The exit code the script would have had under plain Python."""
        return self.outcome.exit_code

    @property
    def exception(self) -> dict[str, Any] | None:
        """The uncaught exception in plain types, or None."""
        error = self.outcome.error
        return None if error is None else describe(error)


def run_script(
    path: str,
    argv: Sequence[str],
    writer: Sink,
    *,
    module: bool = False,
    limits: Limits | None = None,
    sources: bool = True,
    wants: Callable[[int], bool] | None = None,
    until_exit: Callable[[RunResult], None] | None = None,
) -> RunResult:
    """Run a script as Python would, and record it.

    Args:
        path: the script, or with ``module`` the name of a module.
        argv: the script's arguments.
        writer: takes the passes; it is finished in the end.
        module: run it as ``python -m`` would.
        limits: where recording stops while the script goes on.
        sources: keep the text of the user's files that the passes were made in.
        wants: which passes to take, by number, such as a ``Keep``; the others are only counted.
        until_exit: go on recording until the interpreter exits, after the script's threads and its atexit
            functions, and then call this; ``__main__`` stays the script's. Else all is put back on return.
    """
    program, owner = program_of(path, argv, module=module), os.getpid()
    script = "" if module else path
    listener = PassListener(writer, say, script=script, limits=limits, sources=sources, wants=wants)
    result = RunResult(Outcome(), listener)
    removers = [hooks.listen(listener), *install_stand_ins()]
    removers = [*_watched(program, listener), *removers]

    def finish() -> None:
        if os.getpid() != owner:
            return  # a forked child that exits has nothing to finish
        for remove in removers:
            remove()
        listener.flush()
        _finish(writer, result)
        if until_exit is not None:
            until_exit(result)

    if until_exit is not None:
        atexit.register(finish)  # before the script's own, so that it runs after them
        result.outcome = program.run()
        return result
    try:
        result.outcome = program.run()
    finally:
        finish()
        program.restore()
    return result


def _watched(program: Program, listener: PassListener) -> list[Callable[[], None]]:
    """Watch the classes that a program defines, if it can define any; give what is to be done in the end."""
    if is_classless(program.target):
        return []
    from gradviz.recorders.watch import Watch

    watch = Watch(listener)
    remove = watch.install()
    return [lambda: watch.conclude(vars(program.main), program.file), remove]


def _finish(writer: Sink, result: RunResult) -> None:
    try:
        writer.finish(result.exception, result.exit_code)
    except RecordingError as error:
        if not result.listener.stopped.startswith(str(error)):  # else it was said
            say(str(error))


def program_of(path: str, argv: Sequence[str], *, module: bool = False) -> Program:
    """Give what runs a script, a module or a notebook."""
    if module or not path.lower().endswith(".ipynb"):
        return Program(path, argv, module=module)
    from gradviz.recorders.cells import Notebook

    return Notebook(path, argv)


def install_stand_ins() -> list[Callable[[], None]]:
    """Put recordable packages in the place of those whose values are not."""
    rows = [row for row in RECORDERS.values() if row.stands_in_for]
    return [StandIn(import_module(row.stand_in).make_modules, row.stands_in_for).install() for row in rows]


def facts_of_run(
    path: str,
    argv: Sequence[str],
    *,
    module: bool = False,
    limits: Limits | None = None,
    keep: Keep | None = None,
) -> dict[str, Any]:
    """Give what a recording says of the run it is of. The environment is not part of it."""
    return {
        "script": path,
        "module": module,
        "argv": list(argv),
        "limits": (limits or Limits())._asdict(),
        "keep": (keep or Keep()).facts,
        "started": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
        "gradviz": __version__,
        "python": sys.version.split()[0],
        "numpy": np.__version__,
        "platform": sys.platform,
    }


def describe(error: BaseException) -> dict[str, Any]:
    """Give an exception in plain types, with the last line of the user's that it passed through."""
    try:
        message = str(error)[:LONGEST]
    except Exception:  # a __str__ of the user's
        message = "(its message cannot be shown)"
    file, line = "", 0
    trace = error.__traceback__
    while trace is not None:
        file, line = trace.tb_frame.f_code.co_filename, trace.tb_lineno
        trace = trace.tb_next
    if isinstance(error, SyntaxError) and error.filename:
        file, line = error.filename, error.lineno or 0
    return {"type": type(error).__name__, "message": message, "file": file, "line": line}
