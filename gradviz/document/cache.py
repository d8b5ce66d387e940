"""A small memory for what is dear to build: bounded, least recently used out first, safe for threads."""

from __future__ import annotations

import math
import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable
from typing import Generic, TypeVar

T = TypeVar("T")


class _Slot(Generic[T]):
    """A place for one value, with the lock of whoever builds it."""

    def __init__(self, weight: int) -> None:
        self.lock, self.weight = threading.Lock(), weight
        self.values: list[T] = []


class Cache(Generic[T]):
    """Keeps the last ``size`` values, or fewer if they weigh more than ``most`` together, but at least one.

    Two threads that want the same value build it once.

    >>> squares = Cache[int](size=2)
    >>> squares.get(3, lambda: 9), squares.get(3, lambda: 0), len(squares)
    (9, 9, 1)
    """

    def __init__(self, size: int, most: float = math.inf) -> None:
        self.size, self.most = size, most
        self._slots: OrderedDict[Hashable, _Slot[T]] = OrderedDict()
        self._lock = threading.Lock()

    def __len__(self) -> int:
        return len(self._slots)

    def clear(self) -> None:
        """Forget all values; who holds one keeps it."""
        with self._lock:
            self._slots.clear()

    def get(self, key: Hashable, make: Callable[[], T], weight: int = 0) -> T:
        """Give the value of ``key``, made now if it is not there; what raised is tried again next time."""
        with self._lock:
            slot = self._slots.setdefault(key, _Slot(weight))
            self._slots.move_to_end(key)
            while len(self._slots) > self.size or (len(self._slots) > 1 and self._weight() > self.most):
                self._slots.popitem(last=False)
        with slot.lock:
            if not slot.values:
                slot.values.append(make())
            return slot.values[0]

    def _weight(self) -> int:
        return sum(slot.weight for slot in self._slots.values())
