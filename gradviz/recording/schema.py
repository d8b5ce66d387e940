"""What a recording file is made of: one SQLite file, every row sealed.

    meta(key, json)        "run": what was recorded; "state": how many passes and sources, and how it ended
    source(file, text)     the user's files
    pass(id, json)         the small facts of each pass, and the names of its columns
    column(id, name, …)    the columns of pass i, see ``columns``, from id 256 · i on

Every row carries a CRC of its key and content, and every list its length, so that damage is found and never
shown as a number. A pass is one transaction. While it grows the file has a write-ahead log beside it, so that
it is readable after its writer was killed at any moment; in the end it is a single file.
"""

from __future__ import annotations

import os
import sqlite3
import zlib
from typing import Any

from gradviz.errors import RecordingError
from gradviz.numbers import dumps

VERSION = 2  # of the tables and codecs; a file of an older version opens for ever
APPLICATION_ID = 0x67726476  # "grdv", where `file` and others look for who made an SQLite file
MAX_COLUMNS = 256  # of a pass
TABLES = {
    "meta": "CREATE TABLE meta(key TEXT PRIMARY KEY, json BLOB, crc32 INTEGER)",
    "source": "CREATE TABLE source(file BLOB PRIMARY KEY, text BLOB, crc32 INTEGER)",
    "pass": "CREATE TABLE pass(id INTEGER PRIMARY KEY, json BLOB, crc32 INTEGER)",
    "column": (
        "CREATE TABLE column(id INTEGER PRIMARY KEY, name TEXT, dtype TEXT, length INTEGER, codec TEXT, "
        "blob BLOB, crc32 INTEGER)"
    ),
}


def crc(*parts: object) -> int:
    """Give the CRC of a row: of its key, and of what it holds."""
    total = 0
    for part in parts:
        data = part if isinstance(part, bytes) else str(part).encode("utf-8", "surrogatepass")
        total = zlib.crc32(data, zlib.crc32(b"%d:" % len(data), total))
    return total


def json_bytes(obj: Any) -> bytes:
    """Give plain types as JSON; a lone surrogate, as in a file name that is not UTF-8, survives."""
    return dumps(obj).encode("utf-8", "surrogatepass")


def create(path: str, overwrite: bool) -> sqlite3.Connection:
    """Make an empty recording, ready to be written.

    Raises:
        RecordingError: the file exists and is not to be overwritten, or cannot be made.
    """
    try:
        if overwrite and os.path.isfile(path):
            for ending in ("", "-wal", "-shm"):  # a log of the old file must not be read into the new one
                if os.path.lexists(path + ending):
                    os.unlink(path + ending)
        os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o666))
        db = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
        db.execute(f"PRAGMA application_id = {APPLICATION_ID}")
        db.execute(f"PRAGMA user_version = {VERSION}")
        for sql in TABLES.values():
            db.execute(sql)
        db.execute(
            "PRAGMA journal_mode = WAL"
        )  # after the tables: the file itself is a recording from here on
        db.execute("PRAGMA synchronous = NORMAL")
    except FileExistsError:
        raise RecordingError(f"{path} exists already.", "Choose another name, or --force.") from None
    except (OSError, sqlite3.Error) as error:
        raise RecordingError(f"{path} cannot be written: {reason(error)}.") from None
    return db


def reason(error: BaseException) -> str:
    """Give the cause without the path, which the message names itself."""
    return getattr(error, "strerror", None) or str(error)
