"""Names of files as short as they stay unambiguous: a recording does not tell where its author's home is."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable

_SEPARATOR = re.compile(r"[/\\]+")
_LIBRARY = re.compile(r"^.*[/\\](?:site|dist)-packages[/\\]")


class FileNames:
    """Short names for the files of one recording, the same whenever they are asked for.

    >>> names = FileNames(["/home/ada/run.py", "/home/ada/nets/mlp.py", "/home/ada/old/mlp.py"])
    >>> names["/home/ada/run.py"], names["/home/ada/old/mlp.py"], names["<stdin>"]
    ('run.py', 'old/mlp.py', '<stdin>')
    """

    def __init__(self, files: Iterable[str]) -> None:
        self._short = _shortest({file for file in files if file})
        self._taken = set(self._short.values())

    def __getitem__(self, file: str) -> str:
        """Give the short name; of a file that was not announced, its path below a library or home."""
        return self._short.get(file) or unannounced(file)

    def get(self, file: str | None) -> str | None:
        """Give the short name, or None for no file."""
        return self[file] if file else None

    def in_text(self, text: str) -> str:
        """Shorten the announced files where a text names them."""
        for file, short in self._short.items():
            if len(file) > len(short) and file in text:
                text = text.replace(file, short)
        return text


def unannounced(file: str) -> str:
    """Shorten a path by itself: from site-packages on, or with ``~`` for home."""
    if _LIBRARY.match(file):
        return _LIBRARY.sub("", file).replace("\\", "/")
    home = os.path.expanduser("~").rstrip("/\\")
    if home and file.startswith((home + "/", home + "\\")):
        return "~" + file[len(home) :]
    return file


def _shortest(files: set[str]) -> dict[str, str]:
    """For each path as many of its last parts as tell it from all others."""
    parts = {file: [part for part in _SEPARATOR.split(file) if part] or [file] for file in files}
    short: dict[str, str] = {}
    length, left = 1, set(files)
    while left:
        tails: dict[str, list[str]] = {}
        for file in left:
            tails.setdefault("/".join(parts[file][-length:]), []).append(file)
        for tail, same in tails.items():
            for file in same:
                if len(same) == 1 and tail not in short.values():
                    short[file] = tail
                elif length >= len(parts[file]):
                    short[file] = file  # "/a/b" and "a/b": nothing shorter tells them apart
        left -= short.keys()
        length += 1
    return short
