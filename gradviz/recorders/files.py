"""The user's files: which these are, and their text."""

from __future__ import annotations

import linecache
import os
import tokenize
from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from gradviz.graph import Graph

SOURCE_BYTES = 1 << 20  # of one file


def is_users(file: str) -> bool:
    """Whether a file is neither Python's, nor an installed package's, nor ours."""
    return os.path.isabs(file) and not in_library(file)


def in_library(file: str) -> bool:
    """Whether a file is Python's, an installed package's, or ours."""
    return os.path.realpath(file).startswith(_libraries())


@cache
def _libraries() -> tuple[str, ...]:
    import sysconfig

    folders = {sysconfig.get_path(name) for name in ("stdlib", "platstdlib", "purelib", "platlib")}
    folders.add(os.path.dirname(os.path.dirname(__file__)))
    return tuple(os.path.realpath(folder) + os.sep for folder in folders)


def source_text(file: str) -> str | None:
    """Read a Python file as Python does; None if it cannot be, or is too long to keep.

    A cell of a notebook is in no file; ``linecache`` has its text, without a time.
    """
    held = linecache.cache.get(file)
    if held is not None and len(held) == 4 and held[1] is None and held[0] <= SOURCE_BYTES:
        return "".join(held[2])
    try:
        if os.path.getsize(file) > SOURCE_BYTES:
            return None
        with tokenize.open(file) as stream:
            return stream.read()
    except (OSError, SyntaxError, ValueError):
        return None


def sources_of(graph: Graph) -> dict[str, str]:
    """Give the text of the user's files that a graph was made in, of cells too."""
    files = sorted({span.file for span in graph.spans if span})
    texts = {file: source_text(file) for file in files if is_users(file) or not os.path.exists(file)}
    return {file: text for file, text in texts.items() if text is not None}
