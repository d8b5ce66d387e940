"""A small memory for what is dear to build: bounded, least recently used out first, safe for threads."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable
from typing import Generic, TypeVar

T = TypeVar("T")


class _Slot(Generic[T]):
    """A place for one value, with the lock of whoever builds it."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.values: list[T] = []


class Cache(Generic[T]):
    """Keeps the last ``size`` values; two threads that want the same one build it once.

    >>> squares = Cache[int](size=2)
    >>> squares.get(3, lambda: 9), squares.get(3, lambda: 0), len(squares)
    (9, 9, 1)
    """

    def __init__(self, size: int) -> None:
        self.size = size
        self._slots: OrderedDict[Hashable, _Slot[T]] = OrderedDict()
        self._lock = threading.Lock()

    def __len__(self) -> int:
        return len(self._slots)

    def get(self, key: Hashable, make: Callable[[], T]) -> T:
        """Give the value of ``key``, made now if it is not there; what raised is tried again next time."""
        with self._lock:
            slot = self._slots.setdefault(key, _Slot())
            self._slots.move_to_end(key)
            while len(self._slots) > self.size:
                self._slots.popitem(last=False)
        with slot.lock:
            if not slot.values:
                slot.values.append(make())
            return slot.values[0]
