"""A recording to write, while the run goes on."""

from __future__ import annotations

import os
import sqlite3
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from typing import Any

from gradviz.errors import RecordingError
from gradviz.graph import Graph, Update
from gradviz.recording.columns import Column
from gradviz.recording.graphs import columns_of, update_columns_of
from gradviz.recording.passes import PassInfo
from gradviz.recording.schema import MAX_COLUMNS, crc, create, json_bytes, reason


class Writer:
    """Writes a recording while the run goes on. A forked child that inherits one writes nothing.

    Args:
        path: where; it must not exist unless ``overwrite``.
        meta: what was run; plain types.
        overwrite: replace an existing file.

    Raises:
        RecordingError: from every method, when the file cannot be written. What was added stays readable.
    """

    def __init__(
        self, path: str | os.PathLike[str], meta: Mapping[str, Any] | None = None, *, overwrite: bool = False
    ) -> None:
        self.path = os.path.abspath(path)
        self._db = create(self.path, overwrite)
        self._pid, self._lock = os.getpid(), threading.RLock()
        self._facts: list[dict[str, Any]] = []
        self._state: dict[str, Any] = {"passes": 0, "sources": 0, "finished": False, "exception": None}
        with self._transaction():
            self._put("meta", "run", json_bytes(dict(meta or {})))

    def add(self, graph: Graph) -> int:
        """Write a pass and give its index."""
        with self._transaction():
            index = len(self._facts)
            columns = columns_of(graph)
            columns |= update_columns_of(graph.updates) if graph.updates else {}
            self._facts.append({**PassInfo.of(index, graph)._asdict(), "columns": []})
            self._put_columns(index, columns)
        return index

    def update(self, index: int, updates: Sequence[Update]) -> None:
        """Say which parameters were updated after a pass; this replaces what was said before."""
        with self._transaction():
            facts = self._facts[index]
            names = [name for name in facts["columns"] if not name.startswith("update.")]
            self._facts[index] = {**facts, "updated": len(updates), "columns": names}
            self._drop_columns(index, len(names))
            self._put_columns(index, update_columns_of(updates))

    def source(self, file: str, text: str) -> None:
        """Keep a file of the user's."""
        with self._transaction():
            self._state["sources"] += 1
            self._put("source", file.encode("utf-8", "surrogatepass"), text.encode("utf-8", "surrogatepass"))

    def finish(self, exception: Mapping[str, Any] | None = None, exit_code: int | None = None) -> None:
        """Say how the run ended, and leave a single file. May be called twice."""
        if self._state["finished"] or os.getpid() != self._pid:
            return
        with self._transaction():
            how = {"finished": True, "exception": exception and dict(exception), "exit_code": exit_code}
            self._state.update(how)
        with suppress(sqlite3.Error):  # somebody may be reading: then an empty log stays beside the file
            self._db.execute("PRAGMA busy_timeout = 0")
            self._db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
            self._db.execute("PRAGMA journal_mode = DELETE")
        self._db.close()

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        """All or nothing: what fails leaves the file, and what is known of it, as they were."""
        if os.getpid() != self._pid:
            yield  # a forked child: _put does nothing
            return
        with self._lock:
            before = list(self._facts), dict(self._state)
            try:
                self._db.execute("BEGIN IMMEDIATE")
                yield
                self._state["passes"] = len(self._facts)
                self._put("meta", "state", json_bytes(self._state))
                self._db.execute("COMMIT")
            except BaseException as error:
                self._facts, self._state = before
                with suppress(sqlite3.Error):
                    self._db.rollback()
                if isinstance(error, (sqlite3.Error, OSError)):
                    raise RecordingError(f"{self.path} cannot be written: {reason(error)}.") from None
                raise

    def _put_columns(self, index: int, columns: Mapping[str, Column]) -> None:
        """Write columns after those that the pass has already, and say so in its facts."""
        names = self._facts[index]["columns"]
        self._facts[index] = {**self._facts[index], "columns": [*names, *columns]}
        for place, (name, column) in enumerate(columns.items(), len(names)):
            fields = column.dtype, column.length, column.codec, column.blob
            self._put("column", index * MAX_COLUMNS + place, name, *fields)
        self._put("pass", index, json_bytes(self._facts[index]))

    def _drop_columns(self, index: int, place: int) -> None:
        """Remove the columns of a pass from a place on."""
        if os.getpid() == self._pid:
            between = index * MAX_COLUMNS + place, (index + 1) * MAX_COLUMNS - 1
            self._db.execute("DELETE FROM column WHERE id BETWEEN ? AND ?", between)

    def _put(self, table: str, *row: Any) -> None:
        """Write a row, sealed with its CRC."""
        if os.getpid() == self._pid:
            marks = ", ".join("?" * (len(row) + 1))
            self._db.execute(f"INSERT OR REPLACE INTO {table} VALUES ({marks})", (*row, crc(table, *row)))
