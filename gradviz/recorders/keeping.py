"""Which passes of a run are kept: every k-th, the first of these, the last of these."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol

from gradviz.frozen import Frozen
from gradviz.graph import Graph, Update


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


class Keep(Frozen):
    """Passes 0, ``every``, 2 · ``every``, …; of these the ``first`` and the ``last``, or all of them."""

    every: int = 1
    first: int | None = None
    last: int | None = None

    def __call__(self, index: int) -> bool:
        """Whether to take a pass, as far as that can be known before the last one."""
        return index % self.every == 0 and (self.is_first(index) or self.last is not None)

    def is_first(self, index: int) -> bool:
        """Whether a pass is kept whatever comes after."""
        if self.first is None:
            return self.last is None
        return index // self.every < self.first

    @property
    def facts(self) -> dict[str, int]:
        """What was asked for, in plain types."""
        return {name: number for name, number in self._asdict().items() if number is not None}


class Keeper:
    """Hands passes on to ``sink``; the last ones when the run is over, for only then they are known.

    Until then they are in memory, and lost if the process is killed; not if an exception ends it.

    Attributes:
        wants: which passes to take, by number; the others are only counted.
    """

    def __init__(self, sink: Sink, wants: Callable[[int], bool] | None = None) -> None:
        self.sink = sink
        self.wants: Callable[[int], bool] = wants or Keep()
        last = wants.last if isinstance(wants, Keep) else None
        self._ring: deque[tuple[Graph, list[Update]]] = deque(maxlen=last or 0)
        self._written = self._values = 0
        self._in_ring = False

    @property
    def kept(self) -> int:
        """How many passes are kept by now."""
        return self._written + len(self._ring)

    @property
    def values(self) -> int:
        """How many values these have."""
        return self._values + sum(len(graph) for graph, _ in self._ring)

    def expects(self, index: int) -> bool:
        """Whether a pass that is yet to come can be wanted."""
        return not isinstance(self.wants, Keep) or self.wants(index)

    def full(self, most: int) -> bool:
        """Whether ``most`` are kept, and one more would not take the place of another."""
        return self.kept >= most and not (self._ring.maxlen and len(self._ring) == self._ring.maxlen)

    def add(self, graph: Graph, index: int) -> None:
        """Keep pass ``index`` of the run."""
        self._in_ring = isinstance(self.wants, Keep) and not self.wants.is_first(index)
        if isinstance(self.wants, Keep) and self.wants != Keep():
            graph.meta["number"] = index
        if self._in_ring:
            self._ring.append((graph, []))
        else:
            self._write(graph)

    def update(self, updates: Sequence[Update]) -> None:
        """Keep the updates that followed the pass that was kept last."""
        if self._in_ring:
            self._ring[-1][1].extend(updates)
        elif self._written:
            self.sink.update(self._written - 1, updates)

    def finish(self) -> None:
        """Hand on what was waiting."""
        while self._ring:
            graph, updates = self._ring.popleft()
            self._write(graph)
            if updates:
                self.sink.update(self._written - 1, updates)

    def _write(self, graph: Graph) -> None:
        self.sink.add(graph)
        self._written += 1
        self._values += len(graph)
