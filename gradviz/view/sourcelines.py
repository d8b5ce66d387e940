"""Which lines of the source some values come from, for keys and for titles."""

from __future__ import annotations

from pathlib import PurePath
from typing import NamedTuple
from weakref import ref

import numpy as np

from gradviz.graph import Graph

FILE = 12  # characters of a file's name in a title


class Place(NamedTuple):
    """A place as part of a key, and in words; both say little where the source is unknown."""

    key: str
    text: str


class SourceLines:
    """The lines of one graph.

    Attributes:
        line_of: per span of the graph, the number of its line among all lines that occur.
    """

    def __init__(self, graph: Graph) -> None:
        self._graph = ref(graph)
        spans = graph.spans
        files = {span.file for span in spans if span}
        base = {file: PurePath(file).name for file in files}
        self._base = base if len(set(base.values())) == len(base) else {file: file for file in files}
        lines: dict[tuple[str, int], int] = {}
        known = [(span.file, span.line) if span else ("", 0) for span in spans]
        self.line_of = np.array([lines.setdefault(line, len(lines)) for line in known], dtype=np.int64)

    def of(self, nodes: np.ndarray) -> Place:
        """The lines that ``nodes`` come from, in the file of the first that has one."""
        graph = self._graph()
        assert graph is not None
        sources = graph.source[nodes]
        found = np.flatnonzero(np.bincount(sources, minlength=len(graph.spans)))
        spans = [span for i in found.tolist() if (span := graph.spans[i]) and span.line]
        if not spans:
            return Place("@unknown", "")
        first = graph.spans[int(sources[0])]
        file = first.file if first else spans[0].file
        lines = [span.line for span in spans if span.file == file] or [0]
        low, high = min(lines), max(lines)
        numbers = str(low) if low == high else f"{low}–{high}"
        words = f"line{'s' if low < high else ''} {numbers}"
        if len(self._base) > 1:
            name = PurePath(file).name
            words = f"{name if len(name) <= FILE else name[: FILE - 1] + '…'} {numbers}"
        return Place(f"@{self._base[file]}:{numbers.replace('–', '-')}", words)
