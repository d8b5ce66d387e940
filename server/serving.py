"""Listen, say where, and stop at once when asked to."""

from __future__ import annotations

import errno
import ipaddress
import logging
import os
import secrets
import signal
import socket
import sys
import threading
import webbrowser
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any

import waitress
from waitress.server import BaseWSGIServer

from gradviz.errors import GradvizError
from gradviz.layout.child import kill_running
from gradviz.recording import Recording

from .app import DEFAULT_PORT, create_app
from .channel import Channel
from .security import bracketed
from .workers import Workers

NEXT_PORTS = 20  # tried after the default one
TOKEN_BYTES = 32
LEAST_TOKEN = 8  # characters of a token that somebody chose
BACKLOG = 512
THREADS = 8
LIMITS: dict[str, Any] = {
    "asyncore_use_poll": True,  # select() ends at descriptor 1023
    "channel_timeout": 10,  # seconds that a connection may be idle
    "cleanup_interval": 2,
    "max_request_header_size": 1 << 16,
    "max_request_body_size": 1 << 10,
    "backlog": BACKLOG,
    "ident": "",  # no Server header
}
MOST_CONNECTIONS = 800  # waitress stops accepting at its limit, until idle ones have timed out
_SPARE_DESCRIPTORS = 100
_TURN = 1e-4  # seconds; Python's own is 5 ms, and one answer takes several turns
_LAST_WORDS = 0.3  # seconds that running answers get when the server stops


def serve(
    recording: Recording | str | os.PathLike[str],
    host: str = "127.0.0.1",
    port: int | None = None,
    token: str | None = None,
    open_browser: bool | None = None,
) -> int:
    """Serve a recording until Ctrl-C or SIGTERM.

    Args:
        recording: what to show, or the path of its file.
        host: where to listen; beyond loopback only with a token of your own.
        port: where to listen; None is 8765 or the next free one, 0 any.
        token: what the page must know; by default a new random one.
        open_browser: None opens one where somebody sits in front of it.

    Returns:
        The exit status: 130 after Ctrl-C, 143 after SIGTERM.

    Raises:
        GradvizError: the port is taken, or the host cannot be listened on.
    """
    if not _is_loopback(host):
        if not token:
            raise GradvizError(
                f"{host} can be reached by others, and the recording would be theirs to read.",
                "Give --token as well, or leave --host out.",
            )
        _say(f"Warning: everybody who reaches {host} and knows the token can read this recording.")
    if token is not None and len(token) < LEAST_TOKEN:
        cure = f"Take {LEAST_TOKEN} or more, or leave --token out."
        raise GradvizError(f"A token of {len(token)} characters keeps nobody out.", cure)
    secret = token or secrets.token_urlsafe(TOKEN_BYTES)
    listening = _listen(host, port)
    try:
        at = listening.getsockname()[1]
        app = create_app(recording, token=secret, host=host, port=at)
        url = f"http://{bracketed(host)}:{at}/#token={secret}"
        _say(f"gradviz is at {url}")
        _say("Stop it with Ctrl-C.")
        if _somebody_sits_here() if open_browser is None else open_browser:
            threading.Thread(target=webbrowser.open, args=(url,), daemon=True).start()
        return _run(app, listening)
    finally:
        listening.close()


def start_server(app: Any, listening: socket.socket, **limits: Any) -> BaseWSGIServer:
    """Make the server on a socket that listens already; ``limits`` replace those of ``LIMITS``."""
    limits = {"connection_limit": _most_connections(), **LIMITS, **limits}
    server = waitress.create_server(app, sockets=[listening], _dispatcher=Workers(THREADS), **limits)
    assert isinstance(server, BaseWSGIServer)
    server.channel_class = Channel
    return server


def _most_connections() -> int:
    """As many as file descriptors allow, some left over for work."""
    try:
        import resource
    except ImportError:  # Windows has no such limit
        return MOST_CONNECTIONS
    soft = resource.getrlimit(resource.RLIMIT_NOFILE)[0]
    return MOST_CONNECTIONS if soft < 0 else max(min(MOST_CONNECTIONS, soft - _SPARE_DESCRIPTORS), 32)


def _run(app: Any, listening: socket.socket) -> int:
    with _stopping_on_signals() as stopped, _short_turns():
        server = start_server(app, listening)
        try:
            # not server.run(), which waits five seconds for its threads
            server.asyncore.loop(timeout=1, map=server._map, use_poll=True)
        except KeyboardInterrupt:
            pass
        finally:
            logging.getLogger("waitress").setLevel(logging.CRITICAL)  # that answers are cut off is meant
            server.close()
            kill_running()
            server.task_dispatcher.shutdown(timeout=_LAST_WORDS)
            server.asyncore.close_all(server._map, ignore_all=True)
    return 128 + (stopped[0] if stopped else signal.SIGINT)


@contextmanager
def _short_turns() -> Iterator[None]:
    """Let no thread keep the others waiting for long: a step is told while a picture is drawn."""
    before = sys.getswitchinterval()
    sys.setswitchinterval(_TURN)
    try:
        yield
    finally:
        sys.setswitchinterval(before)


@contextmanager
def _stopping_on_signals() -> Iterator[list[int]]:
    """Turn SIGINT, SIGTERM and SIGHUP into KeyboardInterrupt, and remember which it was."""
    stopped: list[int] = []

    def stop(number: int, frame: FrameType | None) -> None:
        stopped.append(number)
        raise KeyboardInterrupt

    wanted = [getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name)]
    if threading.current_thread() is not threading.main_thread():
        wanted = []  # only the main thread may; then it is the caller's business
    before = {number: signal.signal(number, stop) for number in wanted}
    try:
        yield stopped
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _listen(host: str, port: int | None) -> socket.socket:
    """Open the socket: on the port asked for, else on the default one or the next that is free."""
    family, address = _address(host)
    if port is not None and not 0 <= port < 1 << 16:
        raise GradvizError(f"There is no port {port}.", "Ports go from 1 to 65535; 0 takes any that is free.")
    ports = [port] if port is not None else [*range(DEFAULT_PORT, DEFAULT_PORT + NEXT_PORTS), 0]
    for candidate in ports:
        try:
            return socket.create_server((address, candidate), family=family, backlog=BACKLOG)
        except OSError as error:
            if port is None and error.errno in (errno.EADDRINUSE, errno.EACCES):
                continue
            reason = error.strerror or str(error)
            cure = "Choose another with --port, or leave it out." if error.errno == errno.EADDRINUSE else None
            raise GradvizError(f"Port {candidate} on {host} cannot be listened on: {reason}.", cure) from None
    raise AssertionError("port 0 is always free")


def _address(host: str) -> tuple[socket.AddressFamily, str]:
    """Resolve a host to the one address to listen on: of localhost, 127.0.0.1."""
    if host == "localhost":
        return socket.AF_INET, "127.0.0.1"
    try:
        found = socket.getaddrinfo(host.strip("[]"), None, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        cure = "Leave --host out to listen here only."
        raise GradvizError(f"There is no host {host!r}: {error}.", cure) from None
    return found[0][0], str(found[0][4][0])


def _is_loopback(host: str) -> bool:
    return ipaddress.ip_address(_address(host)[1].split("%")[0]).is_loopback


def _somebody_sits_here() -> bool:
    """Whether a browser would open in front of who started this: a terminal, a display, no remote session."""
    if not sys.stderr.isatty() or os.environ.get("SSH_CONNECTION") or os.environ.get("SSH_TTY"):
        return False
    display = os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY")
    return bool(display) or sys.platform in ("darwin", "win32")


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)
