"""One pass of a script, handed in memory from the process that runs it to the process that shows it."""

from __future__ import annotations

import os
import pickle
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from gradviz.errors import NotFoundError, RecordingError
from gradviz.graph import Graph, Update

_COUNT = 8  # bytes before the pass: how many there were
_STORED = (
    "op_names", "op", "kind", "input_start", "input", "data", "grad", "has_grad", "prior", "scope", "spans",
    "source", "attrs", "arrays", "root", "meta",
)  # fmt: skip
_MEASURED = ("cotangent", "local", "has_cotangent")


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
        columns = {name: getattr(graph, name) for name in _STORED}
        if graph.measured:
            columns |= {name: getattr(graph, name) for name in _MEASURED}
        # a user's own kind of str would not be known in the other process
        columns["names"] = {node: str.__str__(name) for node, name in graph.names.items()}
        columns["scopes"] = [str.__str__(scope) for scope in graph.scopes]
        self._append(columns)
        self._count(self.wanted + 1)

    def update(self, index: int, updates: Sequence[Update]) -> None:
        """Keep the updates that followed the pass."""
        self._append({"updates": updates})

    def source(self, file: str, text: str) -> None:
        """Pictures show no files."""

    def finish(self, exception: Mapping[str, Any] | None = None, exit_code: int | None = None) -> None:
        """Nothing is left to write."""

    def taken(self) -> Handed:
        """Read what was written, and forget it. What a process that was killed wrote in part is left out."""
        with open(self._file, "rb") as file:
            file.seek(0)  # the two processes share one position
            count = int.from_bytes(file.read(_COUNT), "little")
            columns: dict[str, Any] = {}
            try:
                while True:
                    columns |= pickle.load(file)
            except (EOFError, pickle.UnpicklingError):
                pass
        return Handed(count, self.wanted, Graph(**columns) if columns else None)

    def _count(self, count: int) -> None:
        self._check()
        os.pwrite(self._file, count.to_bytes(_COUNT, "little"), 0)

    def _append(self, columns: Mapping[str, Any]) -> None:
        self._check()
        with open(self._file, "wb", closefd=False) as file:
            file.seek(max(_COUNT, os.fstat(self._file).st_size))
            pickle.dump(columns, file, pickle.HIGHEST_PROTOCOL)

    def _check(self) -> None:
        """Refuse if the script has closed all files: a file of its own may have our number now."""
        try:
            same = os.path.samestat(os.fstat(self._file), self._known)
        except OSError:
            same = False
        if not same:
            raise RecordingError("The script has closed the file that its passes are handed over in.")


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
            raise NotFoundError(f"There is no pass {index}.", f"There are passes 0 to {self.count - 1}.")
        return self._graph
