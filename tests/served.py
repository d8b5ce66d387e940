"""A real server on a free port, and raw requests to it: for the tests of the server."""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from gradviz.server import create_app
from gradviz.server.serving import start_server

from gradviz import Value, record
from gradviz.graph import Graph
from gradviz.recording import Recording

TOKEN = "a-token-for-tests"


def neuron() -> Graph:
    x1, x2 = Value(2.0, name="x1"), Value(0.0, name="x2")
    w1, w2 = Value(-3.0, name="w1", kind="param"), Value(1.0, name="w2", kind="param")
    b = Value(6.8813735870195432, name="b", kind="param")
    n = x1 * w1 + x2 * w2 + b
    n.name = "n"
    o = n.tanh()
    o.name = "o"
    o.backward()
    return record(o)


def recording(*graphs: Graph) -> Recording:
    meta = {"script": "/home/ada/neuron.py", "argv": ["--fast"]}
    return Recording.of(graphs or [neuron()], sources={"/home/ada/neuron.py": "x1 = 2\n"}, meta=meta)


@contextmanager
def running(shown: Recording, **limits: Any) -> Iterator[int]:
    """Serve ``shown`` in a thread; gives the port."""
    listening = socket.create_server(("127.0.0.1", 0))
    port = listening.getsockname()[1]
    server = start_server(create_app(shown, token=TOKEN, port=port), listening, **limits)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    try:
        yield port
    finally:
        close_all = server.asyncore.close_all
        server.trigger.pull_trigger(lambda: close_all(server._map, ignore_all=True))
        thread.join(5)
        server.task_dispatcher.shutdown(timeout=1)
        listening.close()


def raw(port: int, request: bytes, timeout: float = 5.0) -> bytes:
    """Send bytes, give all that comes back until the server closes or has answered."""
    received = b""
    with socket.create_connection(("127.0.0.1", port), timeout=timeout) as connection:
        try:
            connection.sendall(request)
            connection.shutdown(socket.SHUT_WR)
        except OSError:
            pass  # the server has said enough before it heard all
        try:
            while chunk := connection.recv(65536):
                received += chunk
        except (TimeoutError, ConnectionResetError):
            pass
    return received


def get(port: int, path: str = "/api/recording", method: str = "GET", **headers: str) -> bytes:
    """Send a request of one's own making: by default a good one, with header ``a_b`` sent as ``a-b``."""
    sent = {"Host": f"127.0.0.1:{port}", "X-Gradviz-Token": TOKEN, "Connection": "close"}
    sent |= {name.replace("_", "-"): value for name, value in headers.items()}
    lines = [f"{name}: {value}" for name, value in sent.items() if value is not None]
    return raw(port, "\r\n".join([f"{method} {path} HTTP/1.1", *lines, "", ""]).encode("latin-1"))


def status(answer: bytes) -> int:
    return int(answer.split(b" ", 2)[1]) if answer.startswith(b"HTTP/") else 0
