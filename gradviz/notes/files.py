"""The files of ``gradviz md``: documents are written whole or not at all, and their pictures before."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping, Set
from pathlib import Path

from gradviz.errors import GradvizError, unwritable
from gradviz.notes.rewrite import IMAGES

_BOM = b"\xef\xbb\xbf"
_OURS = re.compile(r"gradviz-[0-9a-f]{16}\.[a-z]+")
_DOCUMENTS = (".md", ".markdown", ".mdx", ".qmd", ".rmd", ".rst", ".ipynb", ".html", ".tex", ".typ")


def read(path: str) -> tuple[str, bytes]:
    """Give the text of a document as it is, line ends included, and the byte order mark it began with.

    Raises:
        GradvizError: there is no such file, or it is not UTF-8.
    """
    try:
        with open(path, "rb") as file:
            data = file.read()
    except (OSError, ValueError) as error:
        raise GradvizError(f"{path} cannot be read: {getattr(error, 'strerror', error)}.") from None
    mark = _BOM if data.startswith(_BOM) else b""
    try:
        return data[len(mark) :].decode(), mark
    except UnicodeDecodeError as error:
        line = data[: len(mark) + error.start].count(b"\n") + 1
        wrong = data[len(mark) + error.start]
        raise GradvizError(f"{path}:{line}: byte 0x{wrong:02x} is not UTF-8.", "Save it as UTF-8.") from None


def write(path: str, data: bytes) -> bool:
    """Put a whole file in its place, with the rights of the one that was there. False if it is so already.

    Raises:
        GradvizError: the file cannot be written.
    """
    path = os.path.realpath(path)  # of a link, the file that it leads to
    part = f"{path}.part-{os.getpid()}"
    if os.path.exists(path) and not os.path.isfile(path):  # a device would be replaced by a file
        raise GradvizError(f"{path} cannot be written: it is not a file.", "Choose another name.")
    try:
        if os.path.isfile(path) and os.path.getsize(path) == len(data) and Path(path).read_bytes() == data:
            return False
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(part, "xb") as file:
            file.write(data)
            if os.path.exists(path):
                os.chmod(part, os.stat(path).st_mode & 0o7777)
        os.replace(part, path)
    except OSError as error:
        if os.path.exists(part):
            os.unlink(part)
        raise unwritable(path, error) from None
    return True


def write_pictures(target: str, files: Mapping[str, bytes]) -> None:
    """Put pictures beside the document in the folder ``target``."""
    for name, data in files.items():
        write(os.path.join(target, IMAGES, name), data)


def prune(target: str, shown: Set[str]) -> list[str]:
    """Remove our pictures that neither this document nor another one beside it shows; give their paths."""
    folder = os.path.join(target, IMAGES)
    if not os.path.isdir(folder):
        return []
    ours = {name for name in os.listdir(folder) if _OURS.fullmatch(name)} - shown
    for entry in os.scandir(target) if ours else ():
        if entry.is_file() and entry.name.lower().endswith(_DOCUMENTS):
            text = Path(entry.path).read_text(encoding="utf-8", errors="replace")
            ours -= set(_OURS.findall(text))
    removed = [os.path.join(folder, name) for name in sorted(ours)]
    for path in removed:
        os.unlink(path)
    return removed
