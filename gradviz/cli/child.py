"""Running a script in a process of its own, so that whatever it does to its process, we can show it after."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from types import FrameType
from typing import Any

from gradviz.cli.terminal import refuse_existing, tell

TERMINATED = 128 + signal.SIGTERM


def record_in_child(
    script: str, args: Sequence[str], path: str, options: Mapping[str, Any] | None = None, stdout: Any = None
) -> int:
    """Run ``gradviz run --no-serve`` and give the script's exit code; 128 + n if signal n ended it."""
    start = os.path.join(os.path.dirname(os.path.dirname(__file__)), "__main__.py")
    flags = subprocess._args_from_interpreter_flags()  # type: ignore[attr-defined]  # -X, -W, -O … as given to us
    words = ["-o", path, "--quiet", "--no-serve"]
    for name, value in (options or {}).items():
        option = "-m" if name == "module" else f"--{name.replace('_', '-')}"
        words += [option] if value is True else [f"{option}={value}"] if value else []
    command = [sys.executable, *flags, start, "run", *words, "--", script, *args]
    with subprocess.Popen(command, stdout=stdout) as child, _signals_to(child):
        code = child.wait()
    settle(path)
    return code if code >= 0 else 128 - code


@contextmanager
def _signals_to(child: subprocess.Popen[bytes]) -> Iterator[None]:
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

    with tempfile.TemporaryDirectory(prefix="gradviz-", ignore_cleanup_errors=True) as folder:
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
