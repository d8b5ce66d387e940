"""What is being written: in each thread a tape of its own, and the scope that values are made in."""

from __future__ import annotations

import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from gradviz.engine.place import Site, user_frame
from gradviz.engine.tape import LARGEST, MARGIN, SMALLEST, Scope, Tape


class _Now(threading.local):
    """The tape that is being written, in each thread its own."""

    def __init__(self) -> None:
        self.tape = Tape(scope=scopes.here)


def room(rows: int = MARGIN) -> Tape:
    """Give this thread's tape, with room for ``rows`` more rows."""
    tape = now.tape
    while tape.n + rows > len(tape.op):
        if len(tape.op) >= LARGEST and tape.n:
            tape = begin()
        else:
            tape.grow(max(len(tape.op), SMALLEST))
    return tape


def begin() -> Tape:
    """End this thread's tape, and give a new one."""
    ended = now.tape
    rows = max(SMALLEST, min(ended.n + MARGIN, LARGEST))  # the next graph is mostly as large
    now.tape = Tape(rows, scopes.here)
    ended.trim()
    return now.tape


class _Scopes(threading.local):
    """The module or block that values are being made in, and the user's line that entered it."""

    path = ""
    site: Site | None = None

    @property
    def here(self) -> Scope:
        """The scope."""
        return self.path, self.site

    def enter(self, name: str) -> Scope:
        """Go one scope down; give what ``leave`` needs."""
        before = self.here
        if self.site is None:
            frame = user_frame(sys._getframe(1))
            self.site = frame.f_code, frame.f_lasti
        self.path = f"{self.path}/{name}" if self.path else name
        self._mark()
        return before

    def leave(self, before: Scope) -> None:
        """Go back to where ``enter`` came from."""
        self.path, self.site = before
        self._mark()

    def _mark(self) -> None:
        tape = now.tape
        if tape.marks[-1][0] == tape.n:
            tape.marks.pop()
        tape.marks.append((tape.n, self.path, self.site))


@contextmanager
def scope(name: str) -> Iterator[None]:
    """Put the values made in a ``with`` block into a scope of that name, drawn as one box that opens."""
    before = scopes.enter(name)
    try:
        yield
    finally:
        scopes.leave(before)


scopes = _Scopes()
now = _Now()
