"""Takes Graphs of watched values and gives them to the listener."""

from __future__ import annotations

import gc
import os
import weakref
from collections.abc import Callable, Iterable
from types import FrameType
from typing import Any

import numpy as np

from gradviz.errors import GradvizError, RecordingError
from gradviz.graph import OP, Update
from gradviz.recorders.duck import Frozen, freeze
from gradviz.recorders.duck.figures import number_of
from gradviz.recorders.duck.reading import attribute
from gradviz.recorders.duck.seen import Seen
from gradviz.recorders.duck.shape import loose_shape_of, mro_of
from gradviz.recorders.listener import PassListener
from gradviz.recorders.naming import names_in
from gradviz.recorders.watch.making import Making
from gradviz.recorders.watch.scopes import places_of

REMEMBERED = 200_000  # values of the passes recorded last, known to have had theirs


class Capture:
    """What watching hands to the listener, and what it must remember of it.

    Attributes:
        classes: those that are watched, by ``id()``.
    """

    def __init__(self, listener: PassListener, making: Making) -> None:
        self.listener, self.making = listener, making
        self.classes: dict[int, type] = {}
        self._is_value: dict[int, tuple[type, bool]] = {}
        self._done: dict[int, int] = {}  # id of a value that was in a pass -> its serial
        self._told: set[str] = set()

    def is_value(self, obj: Any) -> bool:
        """Whether an object is of a watched class. No code of the object's runs."""
        kind = type(obj)
        known = self._is_value.get(id(kind))
        if known is None:
            is_value = any(id(base) in self.classes or self.making.notes(base) for base in mro_of(kind))
            known = self._is_value[id(kind)] = kind, is_value
        return known[1]

    def add(self, cls: type) -> None:
        """Count the objects of a class as values."""
        self.classes[id(cls)] = cls
        self._is_value.clear()

    def guarded(self, work: Callable[[], None], frame: FrameType | None = None) -> None:
        """Do our part, whatever goes wrong in it; what cannot be recorded is said once, with who asked."""

        def careful() -> None:
            try:
                work()
            except RecordingError:
                raise
            except GradvizError as error:
                self._refuse(f"is not recorded. {error}", frame)
            except Exception as error:
                self._refuse(f"is not recorded ({type(error).__name__}: {error}).", frame)

        collects = gc.isenabled()
        gc.disable()  # it would go through all of the user's objects, again and again, as we make ours
        try:
            self.listener.guarded(careful)
        finally:
            if collects:
                gc.enable()

    def _refuse(self, why: str, frame: FrameType | None) -> None:
        self.listener.refused += 1
        if why not in self._told:
            self._told.add(why)
            user = self.users(frame) if frame is not None else None
            where = f"{os.path.basename(user.f_code.co_filename)}:{user.f_lineno}: " if user else ""
            self.listener.say(f"{where}a pass {why}")

    def begin(self) -> bool:
        """Say that a pass begins; give whether it is wanted."""
        return self.listener.begin()

    def look_ahead(self) -> None:
        """Note where values are made only if they can be in a pass that is wanted."""
        self.making.wanted = self.listener.wants_next

    def take(self, root: Any, seen: Seen, reach: Iterable[int], frame: FrameType) -> None:
        """Record a pass as it stands now.

        Args:
            root: what was run backward from.
            seen: what is known of it, but for where its values were made.
            reach: its values, by ``id()``.
            frame: who asked.
        """
        frame = self.users(frame)
        self.record(
            root, seen, reach, names_in(frame, self.is_value), frame.f_code.co_filename, frame.f_lineno
        )

    def record(
        self, root: Any, seen: Seen, reach: Iterable[int], names: dict[str, Any], file: str, line: int
    ) -> None:
        """As ``take``, from no frame."""
        frozen = freeze(root, names, seen._replace(made=places_of(self.making.made, reach)))
        if self.listener.take(frozen.graph, file, line, _Leaves(frozen).changes):
            self._remember(id(obj) for obj in frozen.objects if obj is not None)

    def is_done(self, obj: Any) -> bool:
        """Whether a value was in one of the passes recorded last."""
        return id(obj) in self._done and self._done[id(obj)] == self.serial(id(obj))

    def users(self, frame: FrameType) -> FrameType:
        """The first frame around that is not the engine's own."""
        around: FrameType | None = frame
        while around is not None and id(around.f_code) in self.making.calls.own:
            around = around.f_back
        return around or frame

    def _remember(self, ids: Iterable[int]) -> None:
        for key in ids:
            self._done.pop(key, None)
            self._done[key] = self.serial(key)
        if len(self._done) > REMEMBERED:
            for key in list(self._done)[:-REMEMBERED]:
                del self._done[key]

    def serial(self, key: int) -> int:
        """Rises with every value that was made; -1 where that was not seen."""
        raw = self.making.made.get(key)
        return raw[3] if raw else -1


class _Leaves:
    """The leaves of a pass, without keeping alive those that the script lets go of."""

    def __init__(self, frozen: Frozen) -> None:
        graph = frozen.graph
        self._held: list[tuple[int, Callable[[], Any], Any]] = []
        for node in np.flatnonzero(graph.kind != OP).tolist():
            obj = frozen.objects[node]
            if obj is not None:
                self._held.append((node, _reference(obj), graph.data_of(node)))

    def changes(self) -> list[Update]:
        """Those whose data is another one by now."""
        found = []
        for node, held, before in self._held:
            obj = held()
            after = _data_of(obj) if obj is not None else None
            if after is not None and before is not None and not np.array_equal(after, before, equal_nan=True):
                found.append(Update(node, before, after))
        return found


def _reference(obj: Any) -> Callable[[], Any]:
    try:
        return weakref.ref(obj)
    except TypeError:
        return lambda: obj


def _data_of(obj: Any) -> Any:
    shape = loose_shape_of(obj)
    try:
        return number_of(attribute(obj, shape.data)) if shape is not None else None
    except Exception:
        return None
