"""A recording to read: each pass when it is asked for."""

from __future__ import annotations

import os
import threading
from collections import OrderedDict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any

from gradviz.errors import NotFoundError, OutOfMemoryError, RecordingError
from gradviz.graph import Graph
from gradviz.recording.file import RecordingFile
from gradviz.recording.graphs import graph_from
from gradviz.recording.passes import WRONG, PassInfo, extent

KEPT, VALUES_KEPT = 8, 3_000_000  # graphs held in memory, and values in all of them but the last
BYTES_A_VALUE = 400  # measured: a pass of a million values, opened and stepped through


class Recording:
    """The passes of one run.

    Attributes:
        passes: a ``PassInfo`` for each.
        sources: the user's files, by path.
        meta: what was run, by which versions, and how it ended: ``script``, ``argv``, ``started``,
            ``finished``, ``exception``, ``exit_code``.
        damage: what is wrong with the file, in sentences; everything else is sound.
    """

    def __init__(
        self,
        passes: Sequence[PassInfo],
        load: Callable[[int], Graph],
        *,
        sources: Mapping[str, str] | None = None,
        meta: Mapping[str, Any] | None = None,
        damage: Sequence[str] = (),
        close: Callable[[], None] = lambda: None,
    ) -> None:
        self.passes = tuple(passes)
        self.sources, self.meta = dict(sources or {}), dict(meta or {})
        self.damage = tuple(damage)
        self.close = close
        self._load = load
        self._graphs: OrderedDict[int, Graph] = OrderedDict()
        self._lock = threading.Lock()

    @classmethod
    def open(cls, path: str | os.PathLike[str]) -> Recording:
        """Open a file that ``Writer`` made, also while it is still being written.

        Raises:
            RecordingError: it is not a recording, or a newer one than this gradviz can read.
        """
        file = RecordingFile(os.fspath(path))

        def load(index: int) -> Graph:
            known = file.passes[index]
            try:
                if known is None:
                    raise RecordingError("its entry in the file is damaged")
                return graph_from(file.columns(index, known.get("columns")))
            except WRONG as error:
                text = getattr(error, "message", None) or f"it contradicts itself ({error!r:.200})"
            except RecordingError as error:
                text = error.message
            raise RecordingError(
                f"Pass {index} of {file.path} is damaged: {text}.", "The other passes can still be opened."
            )

        passes = [PassInfo.read(index, known) for index, known in enumerate(file.passes)]
        meta = {"finished": False, "exception": None, **file.run, **file.state}
        return cls(passes, load, sources=file.sources, meta=meta, damage=file.damage, close=file.close)

    @classmethod
    def of(
        cls,
        graphs: Iterable[Graph],
        sources: Mapping[str, str] | None = None,
        meta: Mapping[str, Any] | None = None,
    ) -> Recording:
        """Make a recording of graphs that are in memory."""
        held = list(graphs)
        passes = [PassInfo.of(index, graph) for index, graph in enumerate(held)]
        facts = {"finished": True, "exception": None, **(meta or {})}
        return cls(passes, held.__getitem__, sources=sources, meta=facts)

    def __len__(self) -> int:
        return len(self.passes)

    def __iter__(self) -> Iterator[Graph]:
        return (self.graph(index) for index in range(len(self)))

    def __enter__(self) -> Recording:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()

    def graph(self, index: int) -> Graph:
        """Give the graph of a pass; negative counts from the end.

        Raises:
            NotFoundError: there is no such pass.
            RecordingError: it is damaged; the others can still be read.
            OutOfMemoryError: it is too large for the memory there is.
        """
        count = len(self)
        if not -count <= index < count:
            raise NotFoundError(f"There is no pass {index}.", extent(count))
        index %= count
        with self._lock:
            if index not in self._graphs:
                self._graphs[index] = self._loaded(index)
            self._graphs.move_to_end(index)
            while len(self._graphs) > KEPT or (len(self._graphs) > 1 and self._values_held() > VALUES_KEPT):
                self._graphs.popitem(last=False)
            return self._graphs[index]

    def forget(self) -> None:
        """Give back the memory of the graphs that were read."""
        with self._lock:
            self._graphs.clear()

    def _values_held(self) -> int:
        return sum(len(graph) for graph in self._graphs.values())

    def _loaded(self, index: int) -> Graph:
        try:
            return self._load(index).with_sources(self.sources)
        except MemoryError:
            self._graphs.clear()
            values = self.passes[index].node_count
            needed = f"about {max(1, values * BYTES_A_VALUE >> 20):,} MB"
            raise OutOfMemoryError(f"pass {index}: its {values:,} values take {needed}") from None
