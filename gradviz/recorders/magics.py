"""What IPython adds to Python in a cell: lines that begin with ``%`` or ``!``, questions that end with ``?``.

A line is taken for one only if Python cannot read the cell because of it. It gives way to ``pass``, so that
lines keep their numbers, and a note says so. Nothing is ever handed to a shell.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Callable
from importlib import import_module
from importlib.util import find_spec
from typing import Any

TIMERS = ("time", "capture")  # what these measure or catch is run all the same
_SUSPECT = re.compile(r"^\s*[%!?]|\?\s*$|=\s*[%!]", re.MULTILINE)
_WHOLE = re.compile(r"\s*%%(\w+)")
_TIMED = re.compile(r"(\s*)%time\s+(?=\S)")
_LINE = re.compile(r"\s*(%{1,2}\s*\w+|!+\s*[\w./~-]*|\?)")
_ASSIGNED = re.compile(r"(\s*[\w.,\s*\[\]]+=\s*)(%\s*\w+|!+\s*[\w./~-]*)")
_ASKED = re.compile(r"\s*[\w.*\[\]'\"]+(\?{1,2})\s*$")


def to_python(source: str) -> tuple[str, list[str]]:
    """Give a cell in plain Python, and what had to be left out: ``["%matplotlib", "!pip"]``.

    What is no Python for another reason stays as it is.
    """
    source = source.replace("\r\n", "\n").replace("\r", "\n")
    whole = _WHOLE.match(source)
    if whole and whole[1] not in TIMERS:
        return _commented(source), [f"%%{whole[1]}"]
    if whole:
        source = source[: whole.start(1) - 2] + "# %%" + source[whole.start(1) :]
    lines, skipped = source.split("\n"), dict[int, str]()
    for _ in lines if _SUSPECT.search(source) else ():
        at = _broken_line("\n".join(lines))
        if not 0 < at <= len(lines):
            break
        found = _without_magic(lines[at - 1])
        if found is None:
            break
        lines[at - 1], skipped[at] = found
    python = "\n".join(lines)
    if _broken_line(python):
        python = _by_ipython(source) or python
    return python, [skipped[at] for at in sorted(skipped) if skipped[at]]


def _broken_line(source: str) -> int:
    """The line that Python stumbles over; 0 if it does not."""
    try:
        compile(source, "<cell>", "exec", ast.PyCF_ONLY_AST, dont_inherit=True)
    except SyntaxError as error:
        return error.lineno or -1
    except (ValueError, RecursionError, MemoryError):  # a NUL, brackets without end
        return -1
    return 0


def _without_magic(line: str) -> tuple[str, str] | None:
    """A line that is Python's, and what was left out, "" for nothing; None if no magic stands there."""
    if timed := _TIMED.match(line):
        return timed[1] + line[timed.end() :], ""
    indent = line[: len(line) - len(line.lstrip())]
    if magic := _LINE.match(line):
        return f"{indent}pass  # {line.strip()}", re.sub(r"\s+", "", magic[1])
    if assigned := _ASSIGNED.match(line):
        return f"{assigned[1]}None  # {line[assigned.start(2) :].strip()}", re.sub(r"\s+", "", assigned[2])
    if asked := _ASKED.match(line):
        return f"{indent}pass  # {line.strip()}", asked[1]
    return None


def _commented(source: str) -> str:
    return "\n".join(f"# {line}" for line in source.split("\n"))


def _by_ipython(source: str) -> str | None:
    """What IPython makes of a cell, if it is installed and what it makes is Python."""
    if find_spec("IPython") is None:
        return None
    try:
        transformer = import_module("IPython.core.inputtransformer2").TransformerManager()
        python = str(transformer.transform_cell(source))
    except Exception:  # of any version of it: then the cell's own error is shown
        return None
    return None if _broken_line(python) else python


class Shell:
    """What ``get_ipython()`` gives in a cell: it does nothing, and notes what it was asked."""

    def __init__(self, skip: Callable[[str], None]) -> None:
        self._skip = skip

    def __repr__(self) -> str:
        return "<gradviz run: no IPython>"

    def run_line_magic(self, magic_name: str, line: str = "", *_: Any) -> None:
        """Skip a line magic; the timed statement of ``%time`` too."""
        self._skip(f"%{magic_name}")

    def run_cell_magic(self, magic_name: str, line: str = "", cell: str = "") -> None:
        """Skip a cell magic."""
        self._skip(f"%%{magic_name}")

    def system(self, command: str) -> None:
        """Skip a shell command."""
        self._skip(f"!{command.split()[0] if command.split() else ''}")

    getoutput = system
