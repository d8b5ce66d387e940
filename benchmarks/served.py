"""Recordings of the demo, and a real `gradviz show` to ask: for the families that need one."""

from __future__ import annotations

import atexit
import functools
import re
import socket
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
_LENGTH = re.compile(rb"\r\nContent-Length: (\d+)\r\n")


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


class Connection:
    """A kept connection to a server on loopback, that takes as little time of its own as a browser's.

    Python's ``http.client`` spends 0.3 ms of CPU time on each answer, this less than 0.1.
    """

    def __init__(self, port: int) -> None:
        self._socket = socket.create_connection(("127.0.0.1", port), timeout=STARTS_IN)
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._headers = f"Host: 127.0.0.1:{port}\r\nX-Gradviz-Token: {TOKEN}\r\n\r\n"

    def __enter__(self) -> Connection:
        return self

    def __exit__(self, *exception: object) -> None:
        self._socket.close()

    def request(self, path: str) -> bytes:
        """The bytes that ask for a path."""
        return f"GET {path} HTTP/1.1\r\n{self._headers}".encode()

    def answer(self, request: bytes) -> bytes:
        """Send a request; give head and body of what comes back, unread."""
        self._socket.sendall(request)
        got = b""
        while (end := got.find(b"\r\n\r\n")) < 0:
            got += self._received()
        length = _LENGTH.search(got, 0, end + 2)
        if length is None:
            raise Failed(f"an answer of unknown length: {got[:200]!r}")
        while len(got) < end + 4 + int(length[1]):
            got += self._received()
        return got

    def _received(self) -> bytes:
        if chunk := self._socket.recv(1 << 18):
            return chunk
        raise Failed("the server closed the connection")


def body_of(answer: bytes) -> bytes:
    """The body of an answer that is good."""
    head, _, body = answer.partition(b"\r\n\r\n")
    if not head.startswith(b"HTTP/1.1 200 "):
        raise Failed(f"{head.splitlines()[0].decode()}: {body[:200]!r}")
    return body
