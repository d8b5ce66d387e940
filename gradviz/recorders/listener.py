"""Writes every pass of a running script into a recording, and never stands in the script's way."""

from __future__ import annotations

import os
import sys
import threading
import tokenize
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from types import CodeType, FrameType
from typing import Any, Protocol

import numpy as np

from gradviz.engine.tape import Leaf
from gradviz.engine.value import Value
from gradviz.errors import RecordingError
from gradviz.graph import Graph, Span, Update
from gradviz.recorders.value import freeze, span_of

SOURCE_BYTES, SOURCE_FILES = 1 << 20, 200


@dataclass(frozen=True)
class Limits:
    """Where recording stops while the script goes on."""

    passes: int = 10_000
    values: int = 20_000_000


class Sink(Protocol):
    """What takes the passes of a run, as ``recording.Writer`` does."""

    def add(self, graph: Graph, /) -> object:
        """Take a pass."""

    def update(self, index: int, updates: Sequence[Update], /) -> None:
        """Take the updates that followed a pass."""

    def source(self, file: str, text: str, /) -> None:
        """Take the text of a user's file."""

    def finish(self, exception: Mapping[str, Any] | None, exit_code: int | None, /) -> None:
        """Take how the run ended."""


class PassListener:
    """Listens to the engine's hooks.

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
        wants: Callable[[int], bool] = lambda index: True,
    ) -> None:
        self.writer, self.say, self.limits = writer, say, limits or Limits()
        self.passes = self.values = 0
        self._active, self._pid, self._lock = True, os.getpid(), threading.RLock()
        self._sources, self._wants = sources, wants
        self._script = os.path.abspath(script) if script else ""
        self._leaves: Mapping[Leaf, int] = {}
        self._updates: list[Update] = []
        self._places: dict[tuple[CodeType, int], Span | None] = {}
        self._files: set[str] = set()

    def on_backward(self, root: Value, frame: FrameType) -> None:
        """Record a pass."""
        self._guarded(lambda: self._add(root, frame))

    def on_update(self, leaf: Leaf, before: Any, after: Any, rule: str, frame: FrameType) -> None:
        """Note an update of the pass that was recorded last."""
        self._guarded(lambda: self._note(leaf, before, after, rule, frame))

    def flush(self) -> None:
        """Write the updates that followed the last pass."""
        self._guarded(self._write_updates)

    def _guarded(self, work: Callable[[], None]) -> None:
        """Do our part; whatever goes wrong in it is said once, and is not the script's concern."""
        if not self._active or os.getpid() != self._pid:
            return  # stopped, or a forked child
        try:
            with self._lock, np.errstate(all="ignore"):
                work()
        except RecordingError as error:
            self._stop(f"{error} Recording has stopped; the script goes on.")
        except Exception as error:
            self._stop(f"recording has stopped ({type(error).__name__}: {error}); the script goes on.")

    def _stop(self, why: str) -> None:
        self._active = False
        self._leaves = {}
        self.say(why)

    def _add(self, root: Value, frame: FrameType) -> None:
        self._write_updates()
        if not self._wants(self.passes):
            self.passes += 1
            self._leaves = {}
            return
        frozen = freeze(root, names_in(frame))
        graph = frozen.graph
        if self.passes >= self.limits.passes or self.values + len(graph) > self.limits.values:
            reached = f"{self.passes:,} passes and {self.values:,} values are recorded"
            self._stop(f"{reached}, which is the limit; the script goes on unrecorded.")
            return
        graph.meta.update(file=frame.f_code.co_filename, line=frame.f_lineno)
        self.writer.add(graph)
        self.passes += 1
        self.values += len(graph)
        self._leaves = frozen.leaves
        if self._sources:
            self._keep_sources(graph, frame)

    def _note(self, leaf: Leaf, before: Any, after: Any, rule: str, frame: FrameType) -> None:
        node = self._leaves.get(leaf)
        if node is not None:
            place = frame.f_code, frame.f_lasti
            if place not in self._places:
                self._places[place] = span_of(*place)
            self._updates.append(Update(node, _kept(before), _kept(after), rule, self._places[place]))

    def _write_updates(self) -> None:
        if self._updates and self.passes:
            updates, self._updates = self._updates, []
            self.writer.update(self.passes - 1, updates)

    def _keep_sources(self, graph: Graph, frame: FrameType) -> None:
        found = {span.file for span in graph.spans if span} | {frame.f_code.co_filename}
        for file in sorted(found - self._files):
            self._files.add(file)
            if len(self._files) <= SOURCE_FILES and (file == self._script or is_users(file)):
                text = source_text(file)
                if text is not None:
                    self.writer.source(file, text)


def names_in(frame: FrameType) -> dict[str, Value]:
    """Give the variables of a frame that hold values: its own first, then those of its module."""
    found: dict[str, Value] = {}
    for variables in (frame.f_locals, frame.f_globals):
        for name, value in list(variables.items()):
            # type(), since isinstance would run the code of a lazy object that pretends to be something else
            if issubclass(type(value), Value) and name != "_" and not name.startswith("__"):
                found.setdefault(name, value)
    return found


def is_users(file: str) -> bool:
    """Whether a file is neither Python's, nor an installed package's, nor ours."""
    return os.path.isabs(file) and not os.path.realpath(file).startswith(_libraries())


@cache
def _libraries() -> tuple[str, ...]:
    import sysconfig

    folders = {sysconfig.get_path(name) for name in ("stdlib", "platstdlib", "purelib", "platlib")}
    folders.add(os.path.dirname(os.path.dirname(__file__)))
    return tuple(os.path.realpath(folder) + os.sep for folder in folders)


def source_text(file: str) -> str | None:
    """Read a Python file as Python does; None if it cannot be, or is too long to keep."""
    try:
        if os.path.getsize(file) > SOURCE_BYTES:
            return None
        with tokenize.open(file) as stream:
            return stream.read()
    except (OSError, SyntaxError, ValueError):
        return None


def say(text: str) -> None:
    """Tell the user something on the real standard error, if there still is one."""
    if sys.__stderr__ is None:
        return
    try:
        os.fstat(sys.__stderr__.fileno())  # what a closed file keeps in its buffer changes the exit code
        print(f"gradviz: {text}", file=sys.__stderr__, flush=True)
    except (OSError, ValueError):
        pass  # the script has closed it


def _kept(value: Any) -> Any:
    return value.copy() if isinstance(value, np.ndarray) else value
