"""Run a layout engine as a limited child process.

An engine is somebody else's program fed with somebody else's graph: it may hang, crash, or write without
end. So it runs in a session of its own, with limits on time, memory and output, and is killed as a group.
"""

from __future__ import annotations

import os
import signal
import subprocess
import tempfile
import threading
from typing import IO

from gradviz.errors import LayoutError

MEMORY_LIMIT = 2 << 30  # bytes of address space
OUTPUT_LIMIT = 64 << 20  # bytes that the engine may write
_SHELL = "/bin/sh"
# The shell sets the limits and becomes the engine. A Python hook between fork and exec would not be safe in
# a threaded server. Each limit is tried alone: macOS has no limit on memory. -f counts blocks of 512 bytes.
_LIMIT = (
    'ulimit -c 0; ulimit -t "$1" 2>/dev/null; ulimit -v "$2" 2>/dev/null; ulimit -f "$3" 2>/dev/null; '
    'shift 3; exec "$@"'
)
_one_at_a_time = threading.Lock()
_running: set[subprocess.Popen[bytes]] = set()


def run(argv: list[str], source: bytes = b"", *, timeout: float = 10.0) -> tuple[bytes, str]:
    """Run an engine on ``source`` and return its output and its warnings.

    Args:
        argv: the program's absolute path and its arguments.
        source: what it reads from its standard input.
        timeout: seconds of wall time.

    Raises:
        LayoutError: it could not be started, failed, took too long or wrote too much.
    """
    name = os.path.basename(argv[0])
    with _one_at_a_time, tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        with tempfile.TemporaryFile() as given:
            given.write(source)
            given.seek(0)
            code = _wait(_limited(argv, timeout), name, timeout, (given, out, err))
        output, warnings = _read(out), _read(err, 4096).decode("utf-8", "replace").strip()
    if len(output) >= OUTPUT_LIMIT or code == -getattr(signal, "SIGXFSZ", 25):
        raise LayoutError(f"{name} wrote more than {OUTPUT_LIMIT >> 20} MB.")
    if code != 0:
        raise LayoutError(f"{name} {_ending(code)}{': ' + _first_line(warnings) if warnings else ''}.")
    if not output and not warnings:
        raise LayoutError(f"{name} wrote nothing.")
    return output, warnings


def _limited(argv: list[str], timeout: float) -> list[str]:
    if not os.access(_SHELL, os.X_OK):
        return argv
    limits = [int(timeout) + 2, MEMORY_LIMIT >> 10, OUTPUT_LIMIT >> 9]
    return [_SHELL, "-c", _LIMIT, _SHELL, *map(str, limits), *argv]


def _wait(argv: list[str], name: str, timeout: float, files: tuple[IO[bytes], IO[bytes], IO[bytes]]) -> int:
    """Start the program, wait for its end and leave nothing of it behind."""
    given, out, err = files
    try:
        process = subprocess.Popen(argv, stdin=given, stdout=out, stderr=err, start_new_session=True)
    except OSError as error:
        raise LayoutError(f"{name} cannot be started: {error.strerror}.") from None
    _running.add(process)
    try:
        return process.wait(timeout)
    except subprocess.TimeoutExpired:
        raise LayoutError(f"{name} needed more than {timeout:g} s.") from None
    finally:
        _running.discard(process)
        _kill(process)


def kill_running() -> None:
    """Kill the engines that are at work, for a server whose threads end without their ``finally``."""
    for process in list(_running):
        _kill(process)


def _kill(process: subprocess.Popen[bytes]) -> None:
    """Kill the process and whatever it started."""
    try:
        if hasattr(os, "killpg"):
            os.killpg(process.pid, signal.SIGKILL)
        else:
            process.kill()
    except (ProcessLookupError, PermissionError):
        pass  # gone already
    process.wait()


def _read(file: IO[bytes], limit: int = OUTPUT_LIMIT) -> bytes:
    file.seek(0)
    return file.read(limit)


def _first_line(text: str) -> str:
    line = text.splitlines()[0]
    return "".join(c if c.isprintable() else "?" for c in line)[:200].rstrip(".")


def _ending(code: int) -> str:
    if code > 0:
        return f"failed with exit code {code}"
    try:
        return f"was ended by {signal.Signals(-code).name}"
    except ValueError:
        return f"was ended by signal {-code}"
