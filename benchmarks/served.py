"""Recordings of the demo, and a real `gradviz show` to ask: for the families that need one."""

from __future__ import annotations

import atexit
import functools
import re
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from benchmarks.harness import GRADVIZ, WORKLOADS, Failed, cpu_of

TOKEN = "a-token-for-benchmarks"
SAMPLES = {"65k": 100, "1M": 1530}  # of the demo, with 654 values each and 1,012 for the regularisation
STARTS_IN = 60  # seconds that a server may take


@functools.cache
def _folder() -> tempfile.TemporaryDirectory[str]:
    folder = tempfile.TemporaryDirectory(prefix="gradviz-bench-")
    atexit.register(folder.cleanup)
    return folder


@functools.cache
def recorded(size: str) -> Path:
    """The recording of one pass of the demo, of about 65k or 1M values."""
    file = Path(_folder().name) / f"{size}.gradviz"
    script = WORKLOADS / "own_moons.py"
    cpu_of(*GRADVIZ, "run", "--no-serve", "--quiet", "--force", "-o", file, script, 1, SAMPLES[size])
    return file


@contextmanager
def serving(file: Path) -> Iterator[tuple[int, float]]:
    """Serve a recording by a process of its own; gives the port, and the seconds until it listened."""
    start = time.perf_counter()
    command = [*GRADVIZ, "show", "--no-open", "--port", "0", "--token", TOKEN, str(file)]
    server = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
    try:
        assert server.stderr is not None
        for line in server.stderr:
            if at := re.search(r"http://[\d.]+:(\d+)/", line):
                yield int(at[1]), time.perf_counter() - start
                return
        raise Failed(f"gradviz show ended with exit code {server.wait(STARTS_IN)}")
    finally:
        server.terminate()
        server.wait(STARTS_IN)
