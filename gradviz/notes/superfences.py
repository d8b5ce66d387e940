"""Notes in every host of pymdownx superfences: MkDocs, Material, Zensical.

markdown_extensions:
  - pymdownx.superfences:
      custom_fences:
        - name: gradviz
          class: gradviz
          format: !!python/name:gradviz.notes.fence
          validator: !!python/name:gradviz.notes.accept
"""

from __future__ import annotations

import logging
import os
from collections.abc import Mapping
from typing import Any

from gradviz.notes.cache import Cache
from gradviz.notes.embed import html
from gradviz.notes.fences import Note, find
from gradviz.notes.figures import figure
from gradviz.notes.options import options_of, words

CACHE = ".gradviz-cache"  # in the folder that the site is built from
_log = logging.getLogger("mkdocs.gradviz")  # below "mkdocs", so that `mkdocs build --strict` counts it


def accept(
    language: str, inputs: dict[str, str], options: dict[str, Any], attrs: dict[str, str], md: Any
) -> bool:
    """Take every option: a fence that is refused would break, and swallow the next one.

    What is wrong with them, the figure says.
    """
    options.update({key: "" if value == key else value for key, value in inputs.items()})
    return True


def fence(source: str, language: str, css_class: str, options: dict[str, Any], md: Any, **kwargs: Any) -> str:
    """Draw a fence as HTML; Python does not run. It never raises."""
    return _html(source, css_class, options, md, allow_exec=False, **kwargs)


def fence_exec(
    source: str, language: str, css_class: str, options: dict[str, Any], md: Any, **kwargs: Any
) -> str:
    """Draw a fence as HTML; one that is Python runs, in a process of its own. It never raises."""
    return _html(source, css_class, options, md, allow_exec=True, **kwargs)


def _html(
    source: str,
    css_class: str,
    options: dict[str, Any],
    md: Any,
    *,
    allow_exec: bool,
    classes: list[str] | None = None,
    id_value: str = "",
    **_: Any,
) -> str:
    name, path = _page(md)
    drawn = figure(
        source,
        options,
        allow_exec=allow_exec,
        folder=os.path.dirname(path) or ".",
        file=name,
        line=_line(path, source, options),
        cache=Cache(CACHE),
    )
    if drawn.error:
        _log.warning("%s", drawn.error)
    return html(drawn, id_value, tuple(name for name in (css_class, *(classes or ())) if name != "gradviz"))


def _page(md: Any) -> tuple[str, str]:
    """The file that is being converted, by its short name and its path; "" where the host does not tell."""
    try:
        page = md.treeprocessors["relpath"].file  # MkDocs
        return str(page.src_uri), str(page.abs_src_path)
    except (KeyError, ValueError, AttributeError):
        return "", ""


def _line(path: str, source: str, options: Mapping[str, Any]) -> int:
    """The line that a note begins in, which superfences does not tell; 0 if it cannot be found."""
    try:
        with open(path, encoding="utf-8-sig") as file:
            notes = [note for note in find(file.read().split("\n")) if note.source.strip() == source.strip()]
        same = [note for note in notes if _options(note) == options]
        return next((note.first for note in same or notes), 0)
    except (OSError, ValueError):
        return 0


def _options(note: Note) -> dict[str, str]:
    return {key: value or "" for key, value in options_of(words(note.info)).items()}
