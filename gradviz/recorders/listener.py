"""Writes every pass of a running script into a recording, and never stands in the script's way."""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Callable, Mapping
from contextlib import suppress
from types import CodeType, FrameType
from typing import Any

import numpy as np

from gradviz.engine.tape import Leaf
from gradviz.engine.value import Value
from gradviz.errors import RecordingError
from gradviz.frozen import Frozen
from gradviz.graph import Graph, Span, Update
from gradviz.recorders.files import in_library as in_library
from gradviz.recorders.files import is_users, source_text
from gradviz.recorders.keeping import Keeper, Sink
from gradviz.recorders.naming import names_in
from gradviz.recorders.signals import undisturbed
from gradviz.recorders.value import freeze, span_of

SOURCE_FILES = 200


class Limits(Frozen):
    """Where recording stops while the script goes on."""

    passes: int = 10_000
    values: int = 20_000_000


class PassListener:
    """Listens to the engine's hooks.

    Attributes:
        passes: how many there were.
        refused: how many more that could not be recorded.
        stopped: why recording has stopped; "" while it goes on.
        keeper: keeps those that are wanted.

    Args:
        writer: takes the passes.
        say: shows one line to the user.
        script: the user's own file; its text is kept wherever it lies.
        limits: where to stop.
        sources: whether to keep the text of files.
        wants: which passes to take, by number; the others are only counted.
    """

    def __init__(
        self,
        writer: Sink,
        say: Callable[[str], None],
        *,
        script: str = "",
        limits: Limits | None = None,
        sources: bool = True,
        wants: Callable[[int], bool] | None = None,
    ) -> None:
        self.writer, self.say, self.limits = writer, say, limits or Limits()
        self.passes, self.refused, self.keeper = 0, 0, Keeper(writer, wants)
        self.stopped = ""
        self._active, self._pid, self._lock = True, os.getpid(), threading.RLock()
        self._sources = sources
        self._script = os.path.abspath(script) if script else ""
        self._leaves: Mapping[Leaf, int] = {}
        self._updates: list[Update] = []
        self._changes: Callable[[], list[Update]] = list
        self._places: dict[tuple[CodeType, int], Span | None] = {}
        self._files: set[str] = set()

    def on_backward(self, root: Value, frame: FrameType) -> None:
        """Record a pass."""
        self.guarded(lambda: self._add(root, frame))

    def on_update(self, leaf: Leaf, before: Any, after: Any, rule: str, frame: FrameType) -> None:
        """Note an update of the pass that was recorded last."""
        self.guarded(lambda: self._note(leaf, before, after, rule, frame))

    def flush(self) -> None:
        """Write what waits for the end of the run, even if recording has stopped before."""
        self.guarded(self._write_updates)
        if os.getpid() == self._pid:
            with suppress(RecordingError), self._lock:
                self.keeper.finish()

    def guarded(self, work: Callable[[], None]) -> None:
        """Do our part; whatever goes wrong in it is said once, and is not the script's concern."""
        if not self._active or os.getpid() != self._pid:
            return  # stopped, or a forked child
        undisturbed(lambda: self._careful(work))

    def _careful(self, work: Callable[[], None]) -> None:
        try:
            with self._lock, np.errstate(all="ignore"):
                work()
        except RecordingError as error:
            self._stop(f"{error} Recording has stopped; the script goes on.")
        except Exception as error:
            self._stop(f"recording has stopped ({type(error).__name__}: {error}); the script goes on.")

    def begin(self) -> bool:
        """Say that a pass begins; give whether it is wanted. One that is not is only counted."""
        self._write_updates()
        if self.keeper.wants(self.passes):
            return True
        self.passes += 1
        return False

    @property
    def wants_next(self) -> bool:
        """Whether the next pass is wanted, as far as that is known."""
        return self._active and self.keeper.expects(self.passes)

    def take(self, graph: Graph, file: str, line: int, changes: Callable[[], list[Update]] = list) -> bool:
        """Record a pass; give whether there was room for it.

        Args:
            graph: the pass.
            file, line: where it was asked for.
            changes: gives the updates that followed; called before the next pass and in the end.
        """
        keeper, limits = self.keeper, self.limits
        if keeper.full(limits.passes) or keeper.values + len(graph) > limits.values:
            reached = f"{keeper.kept:,} passes and {keeper.values:,} values are recorded"
            self._stop(f"{reached}, which is the limit; the script goes on unrecorded.")
            return False
        graph.meta.update(file=file, line=line)
        keeper.add(graph, self.passes)
        self.passes += 1
        self._changes = changes
        if self._sources:
            self._keep_sources(graph, file)
        return True

    def _stop(self, why: str) -> None:
        self._active, self.stopped = False, why
        self._leaves, self._changes = {}, list
        self.say(why)

    def _add(self, root: Value, frame: FrameType) -> None:
        if self.begin():
            frozen = freeze(root, names_in(frame, is_value))
            if self.take(frozen.graph, frame.f_code.co_filename, frame.f_lineno):
                self._leaves = frozen.leaves

    def _note(self, leaf: Leaf, before: Any, after: Any, rule: str, frame: FrameType) -> None:
        node = self._leaves.get(leaf)
        if node is not None:
            place = frame.f_code, frame.f_lasti
            if place not in self._places:
                self._places[place] = span_of(*place)
            self._updates.append(Update(node, _kept(before), _kept(after), rule, self._places[place]))

    def _write_updates(self) -> None:
        updates, self._updates = [*self._updates, *self._changes()], []
        self._changes, self._leaves = list, {}
        if updates:
            self.keeper.update(updates)

    def _keep_sources(self, graph: Graph, file: str) -> None:
        found = {span.file for span in graph.spans if span} | {file}
        for file in sorted(found - self._files):
            self._files.add(file)
            if len(self._files) <= SOURCE_FILES and (file == self._script or is_users(file)):
                text = source_text(file)
                if text is not None:
                    self.writer.source(file, text)


def is_value(held: object) -> bool:
    """Whether an object is a value of the engine's."""
    # type(), since isinstance would run the code of a lazy object that pretends to be something else
    return issubclass(type(held), Value)


def say(text: str) -> None:
    """Tell the user something on the real standard error, if there still is one: one line, and no control."""
    if sys.__stderr__ is None:
        return
    try:
        os.fstat(sys.__stderr__.fileno())  # what a closed file keeps in its buffer changes the exit code
        line = "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)
        print(f"gradviz: {line}", file=sys.__stderr__, flush=True)
    except (OSError, ValueError):
        pass  # the script has closed it


def _kept(value: Any) -> Any:
    return value.copy() if isinstance(value, np.ndarray) else value
