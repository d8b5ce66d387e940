"""Who is told when a gradient is computed or a leaf changes; recorders listen here."""

from __future__ import annotations

from collections.abc import Callable
from types import FrameType
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from gradviz.engine.tape import Leaf
    from gradviz.engine.value import Value


class Listener(Protocol):
    """What a recorder offers."""

    def on_backward(self, root: Value, frame: FrameType) -> None:
        """``root.backward()`` has finished; ``frame`` called it."""

    def on_update(self, leaf: Leaf, before: Any, after: Any, rule: str, frame: FrameType) -> None:
        """A leaf that took part in a pass got new data; ``rule`` says by what, "" if by hand."""


listeners: list[Listener] = []


def listen(listener: Listener) -> Callable[[], None]:
    """Tell ``listener`` from now on; call the result to stop."""
    listeners.append(listener)
    return lambda: listeners.remove(listener) if listener in listeners else None
