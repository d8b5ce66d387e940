"""The threads that answer requests."""

from __future__ import annotations

import logging
import threading
import time
from collections import deque
from typing import Protocol

_log = logging.getLogger("waitress")  # silent once the server stops


class Task(Protocol):
    """What waitress gives to be done."""

    def service(self) -> None:
        """Do it."""

    def cancel(self) -> None:
        """Call it off."""


class Workers:
    """Threads in the place of waitress's dispatcher, for less between a request and who answers it.

    Who rested last goes first: what it needs is still in the processor's caches. It is woken by a lock of its
    own, where it meets nobody.

    Args:
        count: how many threads there are.
    """

    def __init__(self, count: int) -> None:
        self._lock = threading.Lock()
        self._waiting: deque[Task] = deque()
        self._resting: list[_Worker] = []
        self._stopped = False
        self._all = [_Worker(self, f"gradviz-{number}") for number in range(count)]
        for worker in self._all:
            worker.start()

    def add_task(self, task: Task) -> None:
        """Have a task done, as soon as somebody is free."""
        with self._lock:
            if not self._resting:
                self._waiting.append(task)
                return
            worker = self._resting.pop()
        worker.wake(task)

    def next_of(self, worker: _Worker) -> Task | None:
        """Give a worker what waits; None if nothing does, and it will be woken."""
        with self._lock:
            if self._waiting:
                return self._waiting.popleft()
            if self._stopped:
                worker.wake(None)
            else:
                self._resting.append(worker)
        return None

    def shutdown(self, timeout: float = 5) -> None:
        """Call off what waits, and give the threads so many seconds to end."""
        with self._lock:
            self._stopped = True
            resting, self._resting = self._resting, []
            waiting, self._waiting = self._waiting, deque()
        for task in waiting:
            task.cancel()
        for worker in resting:
            worker.wake(None)
        end = time.monotonic() + timeout
        for worker in self._all:
            worker.join(max(0.0, end - time.monotonic()))


class _Worker(threading.Thread):
    """One of them."""

    def __init__(self, pool: Workers, name: str) -> None:
        super().__init__(name=name, daemon=True)
        self._pool, self._asleep = pool, threading.Lock()
        self._task: Task | None = None
        self._asleep.acquire()

    def wake(self, task: Task | None) -> None:
        """Go on with a task; with None, end."""
        self._task = task
        self._asleep.release()

    def run(self) -> None:
        """Do tasks, and sleep between them."""
        while True:
            task = self._pool.next_of(self)
            if task is None:
                self._asleep.acquire()
                task, self._task = self._task, None
            if task is None:
                return
            try:
                task.service()
            except BaseException:  # as waitress does: whatever it was, the next request is answered
                _log.exception("A request was not answered.")
