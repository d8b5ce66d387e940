"""A graph as a picture: what ``gradviz.draw`` gives, and how a notebook shows it."""

from __future__ import annotations

import os
from base64 import b64encode
from collections.abc import Callable, Collection, Mapping
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from gradviz.errors import GradvizError, unwritable
from gradviz.figure import frame_of, framed
from gradviz.graph import Graph
from gradviz.numbers import short
from gradviz.summary import text_of

if TYPE_CHECKING:
    from gradviz.timeline.frame import Frame
    from gradviz.view import View

LARGEST = 1_000_000  # characters that one cell keeps; larger ones are slow to open and to compare
THEMES = ("auto", "light", "dark")
UNASKED = 100_000  # values of a graph that is drawn without being asked: about a second
STEPPED = 20_000  # values up to which a player is tried; of more it would carry no pass


class Drawing:
    """A picture of a moment of a graph. A notebook shows it; ``svg`` and ``save`` give it away.

    Args:
        graph: what is drawn.
        depth, expand: how deep scopes are open, or the keys of those that are.
        phase, step: the moment, as ``gradviz.player.html`` takes it; None is the finished pass.
        words: ``alt``, ``caption`` and ``width`` of the figure in a notebook.
        player: whether a notebook may show the page that steps, where that can be.
        options: how it is drawn, as the renderers take it.

    Attributes:
        graph: what is drawn.
        options: how.
    """

    def __init__(
        self,
        graph: Graph,
        depth: int | None = None,
        expand: Collection[str] | None = None,
        *,
        phase: str | None = None,
        step: int | None = None,
        words: Mapping[str, str | None] | None = None,
        player: bool = True,
        **options: Any,
    ) -> None:
        self.graph, self.options = graph, {key: value for key, value in options.items() if value is not None}
        self._opened, self._moment, self._player = (depth, expand), (phase, step), player
        self._words = {key: word for key, word in (words or {}).items() if word is not None}
        self._alt = self._words.pop("alt", None)

    def __repr__(self) -> str:
        return f"Drawing({summary(self.graph)})"

    @cached_property
    def view(self) -> View:
        """The boxes and edges that are drawn."""
        from gradviz.view import View

        depth, expand = self._opened
        return View(self.graph, expand, depth=depth)

    @cached_property
    def frame(self) -> Frame | None:
        """The moment that is drawn; None is the finished pass, with no step current."""
        phase, step = self._moment
        if phase is None and step is None:
            return None
        from gradviz.player import moment_of
        from gradviz.timeline import Timeline

        timeline = Timeline(self.graph)
        return timeline.frame(moment_of(timeline, phase, step))

    @property
    def alt(self) -> str:
        """What it shows, in words."""
        return self._alt or summary(self.graph)

    @cached_property
    def svg(self) -> str:
        """The drawing as an SVG document, the same bytes for the same graph."""
        return self._rendered("svg").decode()

    @cached_property
    def png(self) -> bytes:
        """The drawing as PNG.

        Raises:
            LayoutError: it would be too large, or no Graphviz engine paints it.
        """
        return self._rendered("png")

    def save(self, path: str | os.PathLike[str], **options: Any) -> None:
        """Write the drawing to a file; its ending says how: .svg, .png, .dot, .json or .txt.

        Args:
            path: the file; one of that name is replaced.
            options: for the renderer, such as ``scale`` of a PNG.

        Raises:
            NotFoundError: there is no such format.
            GradvizError: the file cannot be written.
        """
        path = os.fspath(path)
        data = self._rendered(path, **options)
        try:
            with open(path, "wb") as file:
                file.write(data)
        except OSError as error:
            raise unwritable(path, error) from None

    def _rendered(self, name: str, **given: Any) -> bytes:
        from gradviz.renderers import renderer_for
        from gradviz.renderers.drawing import lay_out

        row, options = renderer_for(name), dict(self.options)
        if "layout" in row.options:
            options["layout"] = lay_out(self.view, options.get("engine"))
        known = {key: value for key, value in options.items() if key in row.options}
        written = row.render(self.view, self.frame, **known, **given)
        return written if isinstance(written, bytes) else written.encode("utf-8")

    def _repr_mimebundle_(
        self, include: Collection[str] | None = None, exclude: Collection[str] | None = None
    ) -> dict[str, Any]:
        """What a notebook shows, in every way it may: none of them is left to fail.

        A notebook that is not trusted strips scripts and hides SVG, so that the picture is there as PNG too.
        """
        bundle: dict[str, Any] = {"text/plain": _tried(self.__repr__) or "Drawing"}
        room = LARGEST
        parts = {"image/png": self._base64, "image/svg+xml": lambda: self.svg, "text/html": self._html}
        for mime, make in parts.items():
            if (include and mime not in include) or mime in (exclude or ()):
                continue
            found = _tried(make)
            if found is not None and len(found) <= room:
                bundle[mime], room = found, room - len(found)
            elif found is not None:
                note = f"{mime} is left out: {len(found):,} characters are too many for a cell."
                bundle["text/plain"] += f"\n{note}"
        if (include and "text/plain" not in include) or "text/plain" in (exclude or ()):
            del bundle["text/plain"]
        return bundle

    def _mime_(self) -> tuple[str, str]:
        """What marimo shows. It runs no script that stands in HTML, but frames."""
        page = _tried(lambda: frame_of(self._page or "", self.svg, self.alt, **self._words))
        if page is not None and self._page:
            return "text/html", page
        bundle = self._repr_mimebundle_(exclude=("text/html", "image/svg+xml"))
        png = bundle.get("image/png")
        return ("image/png", f"data:image/png;base64,{png}") if png else ("text/plain", bundle["text/plain"])

    def _base64(self) -> str:
        return b64encode(self.png).decode()

    def _html(self) -> str:
        return framed(self.svg, self._base64(), self.alt, page=self._page, **self._words)

    @cached_property
    def _page(self) -> str | None:
        """The page that steps through the pass; None if it is too large for one."""
        if not self._player or len(self.graph) > STEPPED or "engine" in self.options:
            return None
        from gradviz.player import html
        from gradviz.timeline import Timeline

        (depth, expand), (phase, step) = self._opened, self._moment
        given = {key: self.options[key] for key in ("theme", "title") if key in self.options}
        if phase is None and step is None:
            step = len(Timeline(self.graph))  # as the picture, whose place it takes
        try:
            return html(
                self.graph, compact=True, picture=False, sources=False, phase=phase, step=step,
                depth=depth if expand is None else 0, expand=tuple(expand or ()),
                most_bytes=LARGEST // 2, **given,
            )  # fmt: skip
        except GradvizError:
            return None


def bundle_of(
    graph: Graph, include: Collection[str] | None = None, exclude: Collection[str] | None = None
) -> dict[str, Any] | None:
    """What a notebook shows of a graph that is a cell's last expression; None is its ``repr`` alone.

    One that nobody has asked to draw is drawn up to ``UNASKED`` values; ``gradviz.draw`` draws any.
    """
    if len(graph) > UNASKED:
        return None
    bundle = Drawing(graph)._repr_mimebundle_(include, exclude)
    if "text/plain" in bundle:
        bundle["text/plain"] = repr(graph)
    return bundle


def mime_of(graph: Graph) -> tuple[str, str]:
    """As ``bundle_of``, for marimo."""
    return ("text/plain", repr(graph)) if len(graph) > UNASKED else Drawing(graph)._mime_()


def summary(graph: Graph) -> str:
    """A graph in a line: "10 values, 9 edges, o = 0.7071, |grad| 0.5 … 1.5"."""
    from gradviz.renderers.wording import counted

    if not len(graph):
        return "no values"
    counts = f"{counted(len(graph), 'value')}, {counted(graph.edge_count, 'edge')}"
    root = f"{graph.label(graph.root)} = {text_of(graph.data_of(graph.root))}"
    sizes = np.abs(graph.grad[graph.has_grad])
    sizes = sizes[np.isfinite(sizes)]
    if not graph.has_grad.any():
        return f"{counts}, {root}, no gradient computed"
    if not len(sizes):
        return f"{counts}, {root}"
    low, high = short(float(sizes.min())), short(float(sizes.max()))
    return f"{counts}, {root}, |grad| {low if low == high else f'{low} … {high}'}"


def _tried(make: Callable[[], str]) -> str | None:
    """What can be made of a drawing; None where a font, an engine or memory is missing."""
    try:
        return make()
    except Exception:  # a notebook shows what there is, not a traceback of ours
        return None
