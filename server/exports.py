"""The queue of exports: drawing takes long, so one is drawn at a time, one waits, and others are told so."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from .answers import Busy

AT_ONCE = 2  # one that is drawn and one that waits


class Exports:
    """A queue with little room."""

    def __init__(self) -> None:
        self._room = threading.BoundedSemaphore(AT_ONCE)
        self._pen = threading.Lock()

    @contextmanager
    def turn(self) -> Iterator[None]:
        """Wait for one's turn.

        Raises:
            Busy: the queue is full.
        """
        if not self._room.acquire(blocking=False):
            raise Busy("Other exports are being drawn.", "Try again in a moment.")
        try:
            with self._pen:
                yield
        finally:
            self._room.release()
