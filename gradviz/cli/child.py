"""Running a script in a process of its own, so that whatever it does to its process, we can show it after."""

from __future__ import annotations

import os
import signal
import sys
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial
from importlib import import_module
from types import FrameType
from typing import TYPE_CHECKING, Any, Protocol

import click

from gradviz.cli.leave import MAY_FORK, Leave
from gradviz.cli.terminal import refuse_existing, tell

if TYPE_CHECKING:
    from gradviz.cli.handover import Handover

TERMINATED = 128 + signal.SIGTERM


class Child(Protocol):
    """A process that was started."""

    def send_signal(self, sig: int, /) -> None:
        """Send it a signal."""

    def wait(self) -> int:
        """Wait for its end, and give its exit code; minus n if signal n ended it."""


class Forked:
    """A child by fork, which has imported already what we have."""

    def __init__(self, pid: int) -> None:
        self.pid = pid

    def send_signal(self, sig: int, /) -> None:
        """Send it a signal."""
        os.kill(self.pid, sig)

    def wait(self) -> int:
        """Wait for its end."""
        return os.waitstatus_to_exitcode(os.waitpid(self.pid, 0)[1])


def record_in_child(
    script: str,
    args: Sequence[str],
    path: str,
    options: Mapping[str, Any] | None = None,
    to_stderr: bool = False,
) -> int:
    """Do ``gradviz run --no-serve`` and give the script's exit code; 128 + n if signal n ended it."""
    child: Child
    if may_fork():
        from gradviz.cli.run import record_here

        known = ("module", "force", "no_source", "max_passes", "max_values", "every", "first", "last")
        given: dict[str, Any] = {name: (options or {}).get(name) for name in known}
        work = partial(record_here, script, tuple(args), path, quiet=True, **given)
        child = _fork(script, work, to_stderr)
    else:
        child = _start(script, args, path, options or {}, to_stderr)
    code = _awaited(child)
    settle(path)
    return code


def hand_over(script: str, args: Sequence[str], handover: Handover) -> int:
    """Run a script for one of its passes, its output on standard error; give its exit code as above."""
    from gradviz.cli.run import record_pass

    import_module("json")  # before the fork: both processes need it
    return _awaited(_fork(script, partial(record_pass, script, tuple(args), handover), to_stderr=True))


def may_fork() -> bool:
    """Whether this process is the command line's own, and the system can split it safely."""
    context = click.get_current_context(silent=True)
    return sys.platform == "linux" and context is not None and context.obj == MAY_FORK


def _awaited(child: Child) -> int:
    with _signals_to(child):
        code = child.wait()
    return code if code >= 0 else 128 - code


def _fork(script: str, work: Callable[[], Any], to_stderr: bool) -> Forked:
    """Split this process in two; the new one goes on in ``main`` with the script."""
    from gradviz.cli.process import set_aside
    from gradviz.cli.run import recording_modules

    recording_modules(script)
    set_aside()  # or both processes would go through all of this, and copy it
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of threads; OpenBLAS, whose they are, is made to be forked
        pid = os.fork()
    if pid:
        return Forked(pid)
    if to_stderr and sys.stderr is not None:
        os.dup2(sys.stderr.fileno(), 1)
    raise Leave(work)


def _start(script: str, args: Sequence[str], path: str, options: Mapping[str, Any], to_stderr: bool) -> Child:
    """Start another Python with the flags of this one."""
    import subprocess

    start = os.path.join(os.path.dirname(os.path.dirname(__file__)), "__main__.py")
    flags = subprocess._args_from_interpreter_flags()  # type: ignore[attr-defined]  # -X, -W, -O … as given to us
    words = ["-o", path, "--quiet", "--no-serve"]
    for name, value in options.items():
        option = "-m" if name == "module" else f"--{name.replace('_', '-')}"
        words += [option] if value is True else [f"{option}={value}"] if value else []
    command = [sys.executable, *flags, start, "run", *words, "--", script, *args]
    return subprocess.Popen(command, stdout=sys.stderr if to_stderr else None)


@contextmanager
def _signals_to(child: Child) -> Iterator[None]:
    """Let the child alone answer Ctrl-C, which the terminal sends to both; hand on SIGTERM."""

    def terminate(number: int, frame: FrameType | None) -> None:
        child.send_signal(number)
        child.wait()
        raise SystemExit(TERMINATED)

    before = {
        signal.SIGINT: signal.signal(signal.SIGINT, lambda number, frame: None),
        signal.SIGTERM: signal.signal(signal.SIGTERM, terminate),
    }
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def settle(path: str) -> None:
    """Make one file of a recording whose writer was killed."""
    if os.path.exists(path + "-wal"):
        import sqlite3

        try:
            db = sqlite3.connect(path)
            db.execute("PRAGMA journal_mode = DELETE")
            db.close()
        except sqlite3.Error:
            pass  # it stays readable as it is


@contextmanager
def scratch() -> Iterator[str]:
    """A folder for a while. A child that is forked meanwhile leaves it to its parent."""
    import shutil
    import tempfile

    folder, owner = tempfile.mkdtemp(prefix="gradviz-"), os.getpid()
    try:
        yield folder
    finally:
        if os.getpid() == owner:
            shutil.rmtree(folder, ignore_errors=True)


def record_and_serve(
    script: str,
    args: Sequence[str],
    output: str | None,
    options: Mapping[str, Any],
    server: Mapping[str, Any],
) -> int:
    """Run a script, then serve what it recorded until Ctrl-C; give the script's exit code."""
    from gradviz.cli.run import NOTHING
    from gradviz.cli.serve import serve
    from gradviz.recording import Recording

    with scratch() as folder:
        path = os.path.abspath(output) if output else os.path.join(folder, "run.gradviz")
        refuse_existing(path, options["force"])
        code = record_in_child(script, args, path, options)
        if not os.path.exists(path):
            if code == 0:
                tell(NOTHING)
            return code
        with Recording.open(path) as recording:
            if code:
                tell(f"the script ended with exit code {code}; this is what it did until then.")
            serve(recording, **server)
    return code
