"""Watches engines that a running script defines, and records every ``backward()`` of theirs.

The user's classes do what they did. Where their values are made is noted (``making``), and in which call
(``calls``, ``scopes``); ``backward`` is followed (``passes``, ``rules``); what never ran backward is found in
the end (``roots``).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import FrameType
from typing import Any

from gradviz.engine.value import Value
from gradviz.recorders.duck import shape_of
from gradviz.recorders.duck.registering import told
from gradviz.recorders.listener import PassListener
from gradviz.recorders.watch.between import Between
from gradviz.recorders.watch.calls import Calls
from gradviz.recorders.watch.capture import Capture
from gradviz.recorders.watch.classes import is_engine, notice_classes
from gradviz.recorders.watch.making import Making
from gradviz.recorders.watch.overlooked import overlooked
from gradviz.recorders.watch.passes import Passes
from gradviz.recorders.watch.roots import record_leftovers, unseen_of
from gradviz.recorders.watch.rules import reached

OVERLOOKED = 3  # classes of which it is said why they are not recorded
_watching: list[Watch] = []


class Watch:
    """Watches for one listener, from ``install()`` to ``remove()``."""

    def __init__(self, listener: PassListener) -> None:
        self.listener = listener
        self._calls = Calls(lambda variables: self._passes.enter(variables))
        self._making = Making(self._calls)
        self._capture = Capture(listener, self._making)
        self._passes = Passes(self._capture)
        self._between = Between(self._capture)
        self._stop: Callable[[], None] = lambda: None
        self._overlooked: list[str] = []

    def install(self) -> Callable[[], None]:
        """Watch what is defined from now on; call the result to stop."""
        self._stop = notice_classes(lambda cls: self.listener.guarded(lambda: self._notice(cls)))
        told.append(self._registered)
        _watching.append(self)
        return self.remove

    def remove(self) -> None:
        """Watch no longer."""
        self._stop()
        if self._registered in told:
            told.remove(self._registered)
        self._passes.put_back()
        self._making.wanted = False
        if self in _watching:
            _watching.remove(self)

    def watch(self, cls: type) -> None:
        """Watch the values of a class."""
        self._capture.add(cls)
        self._making.watch(cls)
        self._passes.watch(cls)

    def _notice(self, cls: type) -> None:
        if is_engine(cls):
            self.watch(cls)
        elif len(self._overlooked) < OVERLOOKED:
            self._overlooked += overlooked(cls)

    def _registered(self, cls: type) -> None:
        if id(cls) not in self._capture.classes:
            self.listener.guarded(lambda: self.watch(cls))

    def conclude(self, variables: Mapping[str, Any], file: str) -> None:
        """Record the roots that are left in the program's own variables; say why there is nothing, if so."""
        if self._capture.classes:
            self._capture.guarded(lambda: record_leftovers(self._capture, variables, file))
        if not self.listener.passes and not self.listener.refused:
            for text in self._overlooked:
                self.listener.say(text)

    def after_cell(self, variables: Mapping[str, Any], file: str) -> None:
        """Record the roots whose gradients a cell of a notebook has set by hand."""
        if self._capture.classes:
            self._capture.guarded(lambda: self._between.look(variables, file))

    def handed(self, root: Any, frame: FrameType) -> None:
        """Record a value that was handed to gradviz, unless it was in a pass."""
        if issubclass(type(root), Value):
            if root.grad is None:
                self.listener.on_backward(root, frame)
        elif shape_of(root) is not None and not self._capture.is_done(root):
            self._capture.guarded(lambda: self._take(root, frame))

    def _take(self, root: Any, frame: FrameType) -> None:
        if self._capture.begin():
            objects = reached(root)
            self._capture.take(root, unseen_of(objects), map(id, objects), frame)


def handed(root: Any, frame: FrameType) -> bool:
    """Record a value that a script under ``gradviz run`` hands to gradviz; False if none is running.

    Args:
        root: the value to look back from.
        frame: who handed it.
    """
    for watch in _watching:
        watch.handed(root, frame)
    return bool(_watching)


def after_cell(variables: Mapping[str, Any], file: str) -> None:
    """Look at what a cell of a notebook under ``gradviz run`` has left in its variables."""
    for watch in _watching:
        watch.after_cell(variables, file)
