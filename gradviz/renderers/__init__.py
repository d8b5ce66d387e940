"""Renderers: one table, name -> row. What draws is loaded when it is first used.

The file's ending picks the row: ``renderer_for("neuron.svg")``.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from importlib import import_module
from typing import TYPE_CHECKING, Any, NamedTuple

from gradviz.errors import NotFoundError

if TYPE_CHECKING:
    from gradviz.timeline.frame import Frame
    from gradviz.view import View

__all__ = ["RENDERERS", "Renderer", "renderer_for"]


class Renderer(NamedTuple):
    """One way to write a view.

    Attributes:
        name: its key in ``RENDERERS``.
        module: where its ``render`` lives.
        extension: the ending of its files.
        media_type: for HTTP and notebooks.
        summary: what it is, in a few words.
        binary: whether ``render`` gives bytes.
        needs: what must be installed beyond gradviz, or "".
        options: the keywords that ``render`` takes.
    """

    name: str
    module: str
    extension: str
    media_type: str
    summary: str
    binary: bool = False
    needs: str = ""
    options: tuple[str, ...] = ()

    def render(self, view: View, frame: Frame | None = None, **options: Any) -> str | bytes:
        """Write a view at a moment; without a frame after the backward pass."""
        written: str | bytes = import_module(self.module).render(view, frame, **options)
        return written

    def render_all(self, view: View, frames: Iterable[Frame | None], **options: Any) -> Iterator[bytes]:
        """Write a view at many moments, in UTF-8 if it is text; SVG writes only what changes between them."""
        module = import_module(self.module)
        if hasattr(module, "frames"):
            yield from module.frames(view, frames, **options)
            return
        for frame in frames:
            written = module.render(view, frame, **options)
            yield written if self.binary else written.encode("utf-8")


_DRAWN = ("layout", "theme", "legend")
_ROWS = (
    Renderer(
        "svg",
        "gradviz.renderers.svg",
        ".svg",
        "image/svg+xml",
        "the drawing, light and dark in one file",
        options=(*_DRAWN, "embed_css", "title", "width", "font"),
    ),
    Renderer(
        "png",
        "gradviz.renderers.png",
        ".png",
        "image/png",
        "the drawing as pixels",
        binary=True,
        needs="a Graphviz engine, to paint",
        options=(*_DRAWN, "scale", "engine", "timeout"),
    ),
    Renderer(
        "pdf",
        "gradviz.renderers.pdf",
        ".pdf",
        "application/pdf",
        "the drawing for print",
        binary=True,
        needs="a Graphviz with cairo: dot, or the extra pdf",
        options=(*_DRAWN, "width", "engine", "timeout"),
    ),
    Renderer(
        "tikz",
        "gradviz.renderers.tikz",
        ".tex",
        "text/x-tex",
        "the drawing for papers, in their fonts",
        options=(*_DRAWN, "width", "standalone"),
    ),
    Renderer(
        "mermaid",
        "gradviz.renderers.mermaid",
        ".mmd",
        "text/vnd.mermaid",
        "a flowchart for hosts that draw Mermaid",
        options=("theme", "title"),
    ),
    Renderer(
        "dot", "gradviz.renderers.dot", ".dot", "text/vnd.graphviz", "source for Graphviz", options=("theme",)
    ),
    Renderer(
        "json",
        "gradviz.renderers.nx",
        ".json",
        "application/json",
        "every value in full, networkx node-link",
        options=("indent",),
    ),
    Renderer(
        "graphml",
        "gradviz.renderers.graphml",
        ".graphml",
        "application/graphml+xml",
        "every value in full, for yEd, Gephi and others",
        options=("whole",),
    ),
    Renderer(
        "gexf",
        "gradviz.renderers.gexf",
        ".gexf",
        "application/gexf+xml",
        "every value in full, for Gephi",
        options=("whole",),
    ),
    Renderer(
        "text",
        "gradviz.renderers.text",
        ".txt",
        "text/plain",
        "boxes and lines for a terminal, or a line per box",
        options=("columns", "boxes", "ascii"),
    ),
)
RENDERERS: dict[str, Renderer] = {row.name: row for row in _ROWS}
_ALIASES = {".gv": "dot", ".mermaid": "mermaid", ".text": "text", ".tikz": "tikz"}


def renderer_for(name: str) -> Renderer:
    """Find the renderer for a format's name or for a file's name.

    Raises:
        NotFoundError: there is none; the message says what exists.
    """
    if name in RENDERERS:
        return RENDERERS[name]
    ending = os.path.splitext(name)[1].lower() or f".{name.lower()}"
    by_ending = {row.extension: row for row in _ROWS}
    by_ending |= {alias: RENDERERS[key] for alias, key in _ALIASES.items()}
    if ending in by_ending:
        return by_ending[ending]
    from difflib import get_close_matches

    near = get_close_matches(ending[1:], [*RENDERERS, *(row.extension[1:] for row in _ROWS)], n=1)
    guess = f"Did you mean {near[0]}? " if near else ""
    raise NotFoundError(f"There is no format {ending[1:41]!r}.", f"{guess}There are {', '.join(RENDERERS)}.")
