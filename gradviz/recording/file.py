"""A recording that exists, opened with suspicion."""

from __future__ import annotations

import os
import sqlite3
import stat
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any
from urllib.parse import quote

from gradviz.errors import RecordingError
from gradviz.numbers import loads
from gradviz.recording.columns import Column
from gradviz.recording.schema import APPLICATION_ID, MAX_COLUMNS, TABLES, VERSION, crc, reason

MAGIC = b"SQLite format 3\0"
HEADER_BYTES = 100
MAX_ROW = 1 << 29
LEAST_PASS = 100  # bytes; the file cannot hold more passes than its size allows
KINDS = {
    stat.S_ISDIR: "a directory",
    stat.S_ISFIFO: "a pipe",
    stat.S_ISSOCK: "a socket",
    stat.S_ISCHR: "a device",
    stat.S_ISBLK: "a device",
}


class RecordingFile:
    """An existing recording, opened for reading; what it gives has passed its checks.

    Attributes:
        run: what was recorded.
        state: how far it got, and how it ended.
        sources: the user's files, by path.
        passes: the facts of each pass; None where they are lost.
        damage: what is wrong with the file, in sentences; the rest is readable.
    """

    def __init__(self, path: str) -> None:
        self.path = path
        self.damage: list[str] = []
        self._lock = threading.Lock()
        header, self._size = self._header()
        self._db = self._connect(header)
        try:
            with self._reading("its tables"):
                self._db.execute("BEGIN")  # one snapshot, also while another process writes
                found = self._db.execute("SELECT name, sql FROM sqlite_master WHERE sql IS NOT NULL")
                if dict(found.fetchall()) != TABLES:
                    raise RecordingError(f"{path} does not have the tables of a gradviz recording.")
                self._read()
        except RecordingError:
            self._db.close()
            raise

    def close(self) -> None:
        """Close the file."""
        self._db.close()

    def columns(self, index: int, expected: Any) -> dict[str, Column]:
        """Give the columns of a pass, which must be the expected ones."""
        found = {}
        query = "SELECT id, name, dtype, length, codec, blob, crc32 FROM column WHERE id BETWEEN ? AND ?"
        first = index * MAX_COLUMNS
        with self._lock, self._reading(f"pass {index}"):
            for *row, sealed in self._db.execute(query, (first, first + MAX_COLUMNS - 1)):
                sound = isinstance(row[3], int) and isinstance(row[5], bytes)
                if not sound or crc("column", *row) != sealed:
                    raise RecordingError(f"column {str(row[1])[:40]!r} does not match its checksum")
                found[row[1]] = Column(*row[2:6])
        if list(found) != expected:
            raise RecordingError("its columns are not those it was written with")
        return found

    def _read(self) -> None:
        """Read all but the columns."""
        meta = dict(self._rows("meta", "key, json"))
        self.run, self.state = (self._json(key, meta.get(key)) or {} for key in ("run", "state"))
        self.sources = {_text(file): _text(text) for file, text in self._rows("source", "file, text")}
        known = len(self.damage)
        passes = dict(self._rows("pass", "id, json"))
        count = self.state.get("passes", len(passes))
        if not isinstance(count, int) or not 0 <= count <= self._size // LEAST_PASS + len(passes):
            count = len(passes)
        if len(self.damage) > known:  # some may stand beyond the damage, each to be had by its id
            for i in set(range(count)) - passes.keys():
                passes.update(self._rows("pass", "id, json", f"WHERE id = {i}"))
        self.damage = list(dict.fromkeys(self.damage))
        self.passes = [self._json(f"pass {i}", passes.get(i)) for i in range(count)]
        if len(self.sources) != self.state.get("sources", len(self.sources)):
            self.damage.append("some of the source files are lost")

    def _connect(self, header: bytes) -> sqlite3.Connection:
        version = int.from_bytes(header[60:64], "big")
        if not 1 <= version <= VERSION:
            raise RecordingError(
                f"{self.path} is a recording of version {version}; this gradviz reads up to {VERSION}.",
                "Upgrade with: pip install --upgrade gradviz",
            )
        has_log = os.path.exists(self.path + "-wal")
        page = int.from_bytes(header[16:18], "big")
        claimed = (65536 if page == 1 else page) * int.from_bytes(header[28:32], "big")
        options = "?mode=ro"
        if not has_log and header[18] == 2:
            options += "&immutable=1"  # its log is gone: read what is in the file, and make no new log
        location = quote(os.fsencode(os.path.abspath(self.path)))
        try:
            db = sqlite3.connect(
                f"file:{location}{options}", uri=True, isolation_level=None, check_same_thread=False
            )
            db.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, MAX_ROW)
            db.execute("PRAGMA trusted_schema = OFF")
            db.execute("PRAGMA cell_size_check = ON")
            db.execute("PRAGMA busy_timeout = 2000")
            if self._size < claimed and not has_log:
                self.damage.append(f"the file is cut short: {self._size:,} of {claimed:,} bytes")
                db.execute("PRAGMA writable_schema = ON")  # which is how SQLite is asked to read a prefix
        except sqlite3.Error as error:
            raise RecordingError(f"{self.path} cannot be opened: {reason(error)}.") from None
        return db

    def _header(self) -> tuple[bytes, int]:
        try:
            mode = os.stat(self.path).st_mode
            for is_kind, name in KINDS.items():
                if is_kind(mode):
                    raise RecordingError(f"{self.path} is {name}, not a recording.")
            with open(self.path, "rb") as file:
                header = file.read(HEADER_BYTES)
                size = os.fstat(file.fileno()).st_size
        except (OSError, ValueError) as error:
            raise RecordingError(f"{self.path} cannot be opened: {reason(error)}.") from None
        if not header:
            raise RecordingError(f"{self.path} is empty, not a recording.")
        whose = int.from_bytes(header[68:72], "big")
        if len(header) < HEADER_BYTES or not header.startswith(MAGIC) or whose != APPLICATION_ID:
            start = repr(header[:16])[2:-1]
            raise RecordingError(f"{self.path} is not a gradviz recording: it starts with {start!r}.")
        return header, size

    @contextmanager
    def _reading(self, what: str) -> Iterator[None]:
        try:
            yield
        except (sqlite3.Error, OverflowError, UnicodeError) as error:
            raise RecordingError(f"{self.path}: {what} cannot be read: {reason(error)}.") from None
        finally:
            with suppress(sqlite3.Error):
                self._db.rollback()

    def _rows(self, table: str, fields: str, where: str = "") -> Iterator[tuple[Any, bytes]]:
        """The rows of a small table that are what they were when written."""
        try:
            for key, data, sealed in self._db.execute(f"SELECT {fields}, crc32 FROM {table} {where}"):
                if isinstance(data, bytes) and crc(table, key, data) == sealed:
                    yield key, data
                else:
                    self.damage.append(f"a row of table {table!r} does not match its checksum")
        except (sqlite3.Error, OverflowError, UnicodeError) as error:
            self.damage.append(f"table {table!r} cannot be read to its end: {reason(error)}")

    def _json(self, what: str, data: bytes | None) -> dict[str, Any] | None:
        try:
            facts = loads(_text(data)) if data is not None else None
        except ValueError as error:
            self.damage.append(f"{what} is not readable: {error}")
            return None
        if not isinstance(facts, dict):
            self.damage.append(f"{what} is lost")
            return None
        return facts


def _text(data: bytes) -> str:
    return data.decode("utf-8", "surrogatepass")
