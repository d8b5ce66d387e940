"""The page's own files, without links that lead out of their folder."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path

KINDS = (".css", ".html", ".js", ".svg")
INDEX = "index.html"


def page_files() -> dict[str, Path]:
    """The files of the page by their path."""
    folder = Path(str(files("gradviz.static"))).resolve()
    found = [path for path in sorted(folder.rglob("*")) if path.suffix in KINDS and path.is_file()]
    inside = [path for path in found if path.resolve().is_relative_to(folder)]
    return {path.relative_to(folder).as_posix(): path for path in inside}


def modules(known: dict[str, Path]) -> dict[str, str]:
    """The text of each module by its path."""
    return {name: path.read_text("utf-8") for name, path in known.items() if name.endswith(".js")}
