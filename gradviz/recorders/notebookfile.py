"""The code cells of an ``.ipynb`` file, read by the standard library alone: nbformat 3, 4 and the like."""

from __future__ import annotations

import json
import os
import stat
from typing import Any

from gradviz.errors import NotebookError

LARGEST = 1 << 29  # bytes; outputs with pictures are long, but not that long
_LONGEST = 60  # characters of what is shown of a wrong entry


def read_cells(path: str) -> list[str]:
    """Give the source of every code cell, in order.

    Raises:
        NotebookError: the file cannot be read or is no notebook of Python; the message says what, and where.
    """
    notebook = _parsed(path, _text(path))
    _check_language(path, notebook)
    sources = []
    for where, cell in _cells(path, notebook):
        if not isinstance(cell, dict):
            raise _damage(path, f"{where} is {_shown(cell)}, not a cell")
        if cell.get("cell_type") == "code":
            sources.append(_source(path, where, cell))
    return sources


def _text(path: str) -> str:
    try:
        found = os.stat(path)
        if not stat.S_ISREG(found.st_mode):
            raise NotebookError(f"{path} is not a file.")
        if found.st_size > LARGEST:
            raise NotebookError(f"{path} has {found.st_size >> 20:,} MB, which is too much for a notebook.")
        with open(path, "rb") as file:
            data = file.read()
    except (OSError, ValueError) as error:
        why = getattr(error, "strerror", None) or error
        raise NotebookError(f"{path} cannot be opened: {why}.") from None
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise _damage(path, f"byte {error.start} (line {line}) is not UTF-8") from None


def _parsed(path: str, text: str) -> dict[str, Any]:
    if not text.strip():
        raise _damage(path, "it is empty")
    try:
        notebook = json.loads(text)
    except json.JSONDecodeError as error:
        line = text.split("\n")[error.lineno - 1]
        if line.startswith(("<<<<<<<", "=======", ">>>>>>>", "|||||||")):
            raise _damage(path, f"line {error.lineno} is the mark of a merge that was not finished") from None
        where = f"line {error.lineno}, column {error.colno}"
        raise _damage(path, f"{where}: {error.msg[:1].lower()}{error.msg[1:]}") from None
    except (RecursionError, ValueError) as error:  # brackets without end, an integer of too many digits
        raise _damage(path, str(error)) from None
    if not isinstance(notebook, dict):
        raise _damage(path, f"it holds {_shown(notebook)}, not an object")
    return notebook


def _check_language(path: str, notebook: dict[str, Any]) -> None:
    facts = notebook.get("metadata")
    facts = facts if isinstance(facts, dict) else {}
    for key, field in (("kernelspec", "language"), ("language_info", "name")):
        entry = facts.get(key)
        language = entry.get(field) if isinstance(entry, dict) else None
        if isinstance(language, str) and language and language.lower() not in ("python", "ipython"):
            raise NotebookError(f"{path} is written in {language[:_LONGEST]}, not in Python.")


def _cells(path: str, notebook: dict[str, Any]) -> list[tuple[str, Any]]:
    """Every cell, with its place in the file; nbformat 3 keeps them on worksheets."""
    sheets = notebook.get("worksheets")
    if "cells" not in notebook and isinstance(sheets, list):
        pages = [sheet if isinstance(sheet, dict) else {} for sheet in sheets]
        held: list[tuple[str, Any]] = [
            (f"worksheets[{i}].cells", p.get("cells")) for i, p in enumerate(pages)
        ]
    elif "cells" in notebook:
        held = [("cells", notebook["cells"])]
    else:
        keys = ", ".join(list(notebook)[:5])
        raise _damage(path, f"it has no cells, only {keys[:_LONGEST]}" if keys else "it has no cells")
    for where, found in held:
        if not isinstance(found, list):
            raise _damage(path, f"{where} is {_shown(found)}, not a list")
    return [(f"{where}[{i}]", cell) for where, found in held for i, cell in enumerate(found)]


def _source(path: str, where: str, cell: dict[str, Any]) -> str:
    key = "source" if "source" in cell else "input"  # the latter up to nbformat 3
    if key not in cell:
        raise _damage(path, f"{where} has no source")
    source = cell[key]
    lines = [source] if isinstance(source, str) else source
    if not isinstance(lines, list) or not all(isinstance(line, str) for line in lines):
        raise _damage(path, f"{where}.{key} is {_shown(source)}, not text")
    return "".join(lines)


def _shown(entry: Any) -> str:
    text = json.dumps(entry)
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 1]}…"


def _damage(path: str, what: str) -> NotebookError:
    return NotebookError(f"{path} is not a notebook that can be read: {what}.")
