"""One pass of a script, handed in memory from the process that runs it to the process that shows it."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from gradviz.errors import NotFoundError, RecordingError
from gradviz.graph import Graph, Update
from gradviz.numbers import dumps, loads
from gradviz.recording.columns import Column, pack_json, unpack_json
from gradviz.recording.graphs import columns_of, graph_from, update_columns_of
from gradviz.recording.passes import extent

_COUNT = 8  # bytes before the pass: how many there were
SOURCE = "source "  # before the path of a file, for a column of its text
_SIZE = 8  # bytes before each lot of columns: how long its list is


class Handover:
    """What the script's process writes to, and the other reads when that has ended, however it ended.

    A file without a name or a place on any disk, on Linux only; a child has it from its parent by fork.

    Attributes:
        wanted: the number of the pass; the others are counted and not kept.
    """

    def __init__(self, wanted: int) -> None:
        self.wanted = wanted
        self._file = os.memfd_create("gradviz")
        self._known = os.fstat(self._file)

    def wants(self, index: int) -> bool:
        """Whether a pass is the wanted one. Count it, if not."""
        if index != self.wanted:
            self._count(index + 1)
        return index == self.wanted

    def add(self, graph: Graph) -> None:
        """Keep a pass."""
        self._append(columns_of(graph))
        self._count(self.wanted + 1)

    def update(self, index: int, updates: Sequence[Update]) -> None:
        """Keep the updates that followed the pass."""
        self._append(update_columns_of(updates))

    def source(self, file: str, text: str) -> None:
        """Keep the text of a file: pictures show no files, but call values what stands there."""
        self._append({SOURCE + file: pack_json(text)})

    def finish(self, exception: Mapping[str, Any] | None = None, exit_code: int | None = None) -> None:
        """Nothing is left to write."""

    def taken(self) -> Handed:
        """Read what was written, and forget it. What a process that was killed wrote in part is left out."""
        with open(self._file, "rb") as file:
            file.seek(0)  # the two processes share one position
            count = int.from_bytes(file.read(_COUNT), "little")
            text = file.read()
        columns: dict[str, Column] = {}
        while lot := _lot(text):
            text, found = lot
            columns |= found
        texts = {name: columns.pop(name) for name in list(columns) if name.startswith(SOURCE)}
        sources = {name[len(SOURCE) :]: unpack_json(column) for name, column in texts.items()}
        graph = graph_from(columns).with_sources(sources) if columns else None
        return Handed(count, self.wanted, graph)

    def _count(self, count: int) -> None:
        self._check()
        os.pwrite(self._file, count.to_bytes(_COUNT, "little"), 0)

    def _append(self, columns: Mapping[str, Column]) -> None:
        self._check()
        listed = {name: [c.dtype, c.length, c.codec, len(c.blob)] for name, c in columns.items()}
        head = dumps(listed).encode()
        end = max(_COUNT, os.fstat(self._file).st_size)
        lot = b"".join((len(head).to_bytes(_SIZE, "little"), head, *(c.blob for c in columns.values())))
        while lot:
            written = os.pwrite(self._file, lot, end)
            lot, end = lot[written:], end + written

    def _check(self) -> None:
        """Refuse if the script has closed all files: a file of its own may have our number now."""
        try:
            same = os.path.samestat(os.fstat(self._file), self._known)
        except OSError:
            same = False
        if not same:
            raise RecordingError("The script has closed the file that its passes are handed over in.")


def _lot(text: bytes) -> tuple[bytes, dict[str, Column]] | None:
    """The first lot of columns, and what follows it; None if there is no whole one."""
    start = _SIZE + int.from_bytes(text[:_SIZE], "little")
    if len(text) < max(start, _SIZE + 1):
        return None
    columns = {}
    for name, (dtype, length, codec, size) in loads(text[_SIZE:start].decode()).items():
        columns[name] = Column(dtype, length, codec, text[start : start + size])
        start += size
    return (text[start:], columns) if start <= len(text) else None


class Handed:
    """What was handed over, to be asked as a ``Recording`` is."""

    def __init__(self, count: int, wanted: int, graph: Graph | None) -> None:
        self.count, self.wanted, self._graph = count, wanted, graph

    def __len__(self) -> int:
        return self.count

    def __iter__(self) -> Iterator[Graph]:
        return (self.graph(index) for index in range(len(self)))

    def graph(self, index: int) -> Graph:
        """Give the pass that was wanted.

        Raises:
            NotFoundError: there were not so many.
        """
        if index != self.wanted or self._graph is None:
            raise NotFoundError(f"There is no pass {index}.", extent(self.count))
        return self._graph
