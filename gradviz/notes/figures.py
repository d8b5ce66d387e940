"""From the text of a note to a picture: what Markdown, superfences and Sphinx all do."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from gradviz import __version__
from gradviz.errors import GradvizError
from gradviz.notes.mistake import Mistake
from gradviz.notes.options import Length, settle
from gradviz.notes.sources import graph_of

if TYPE_CHECKING:
    from gradviz.graph import Graph
    from gradviz.notes.cache import Cache
    from gradviz.timeline.frame import Frame


@dataclass(frozen=True)
class Figure:
    """A picture with its words, or the reason why there is none.

    Attributes:
        picture: the bytes of the file; empty if it could not be drawn.
        extension: what their file's name ends in.
        alt: what the picture shows, in words.
        title, caption, width: as given.
        player: a page that steps through it, if that was asked for.
        error: what is wrong, with its place; None if nothing is.
        reason: the same without the place.
        line, column: the place in the text of the note, from 1; 0 if it is about no line, or the whole.
        excerpt: that line, with a caret.
        key: the same for the same text, options and version of gradviz.
    """

    picture: bytes = b""
    extension: str = ".svg"
    alt: str = ""
    title: str = ""
    caption: str = ""
    width: Length | None = None
    player: str = ""
    error: str | None = None
    reason: str = ""
    line: int = 0
    column: int = 0
    excerpt: str = ""
    key: str = ""

    @property
    def svg(self) -> bytes:
        """The picture as SVG; empty if it is none."""
        return self.picture if self.extension == ".svg" else b""

    @property
    def file_name(self) -> str:
        """The name that its file has everywhere: by what it was made from."""
        return f"gradviz-{self.key}{self.extension}"


def figure(
    source: str,
    options: Mapping[str, Any] | None = None,
    *,
    allow_exec: bool = False,
    folder: str = ".",
    file: str = "",
    line: int = 0,
    cache: Cache | None = None,
) -> Figure:
    """Draw a note. It never raises for what is wrong in the note: the figure says it.

    Args:
        source: its text: expressions, or Python with the option ``exec``; see ``docs/notes.md``.
        options: by name, as text; the text itself may begin with more of them.
        allow_exec: whether Python may run.
        folder: where relative files are looked for.
        file, line: where the text stands and the number of its first line, for messages.
        cache: where pictures are kept that were drawn before.

    >>> drawn = figure("x = 2\\nL = x**2", {"title": "A square"})
    >>> drawn.alt
    'Computation graph of L: 3 values, 2 edges, L = 4, |grad| 1 … 4'
    >>> figure("L = tanh(2", file="notes.md", line=7).error
    "notes.md:7:9: '(' is never closed."
    """
    try:
        drawn = _tried(source, options or {}, folder, allow_exec, cache)
    except Exception as problem:  # a site of a thousand pages is not to fail for one picture
        drawn = Figure(reason=f"gradviz could not draw this ({type(problem).__name__}: {problem}).")
    if not drawn.reason:
        return drawn
    place = _place(file, line, drawn.line, drawn.column)
    return replace(drawn, error=f"{place}: {drawn.reason}" if place else drawn.reason)


def _tried(
    source: str, options: Mapping[str, Any], folder: str, allow_exec: bool, cache: Cache | None
) -> Figure:
    known = Figure()
    try:
        settled, text = settle(source, options)
        known = replace(known, key=fingerprint(text, settled, folder), **_words(settled))
        drawn = cache.get(known.key) if cache else None
        if drawn is None:
            drawn = _drawn(known, text, settled, folder, allow_exec)
            if cache and not drawn.reason:
                cache.put(drawn)
        return drawn
    except Mistake as wrong:
        excerpt = wrong.excerpt(source)
        return replace(known, reason=str(wrong), line=wrong.line, column=wrong.column, excerpt=excerpt)
    except GradvizError as problem:
        return replace(known, reason=str(problem))


def key_of(source: str, options: Mapping[str, Any], folder: str = ".") -> str:
    """Give the key of a figure without drawing it; "" if its options are wrong."""
    try:
        settled, text = settle(source, options)
    except Mistake:
        return ""
    return fingerprint(text, settled, folder)


def fingerprint(text: str, options: Mapping[str, Any], folder: str = ".") -> str:
    """Give a name to everything that a picture depends on; of a file, to what it holds."""
    told = [
        __version__,
        *(f"{key}={options[key]}" for key in sorted(options)),
        "",
        text.replace("\r\n", "\n").strip(),
    ]
    digest = hashlib.sha256("\n".join(told).encode("utf-8", "surrogatepass"))
    if "file" in options:
        try:
            with open(os.path.join(folder, options["file"]), "rb") as file:
                digest.update(hashlib.file_digest(file, "sha256").digest())
        except (OSError, ValueError):
            pass  # whoever opens it says what is wrong
    return digest.hexdigest()[:16]


def _words(options: Mapping[str, Any]) -> dict[str, Any]:
    return {key: options[key] for key in ("title", "alt", "caption", "width") if key in options}


def _drawn(known: Figure, text: str, options: Mapping[str, Any], folder: str, allow_exec: bool) -> Figure:
    from gradviz.drawing import summary
    from gradviz.renderers import RENDERERS
    from gradviz.renderers.drawing import lay_out
    from gradviz.view import View

    graph = graph_of(text, options, folder, allow_exec)
    label = graph.label(graph.root) if len(graph) else "nothing"
    known = replace(known, alt=known.alt or f"Computation graph of {label}: {summary(graph)}")
    row = RENDERERS[options.get("format", "svg")]
    view = View(graph, depth=options.get("depth"))
    given = {
        "layout": lay_out(view, None),
        "theme": options.get("theme", "auto"),
        "title": known.title or None,
    }
    frame = _moment(graph, options.get("phase"), options.get("step"))
    picture = row.render(view, frame, **{key: given[key] for key in given if key in row.options})
    known = replace(
        known,
        picture=picture if isinstance(picture, bytes) else picture.encode(),
        extension=row.extension,
    )
    return _with_player(known, graph, options) if options.get("player") else known


def _moment(graph: Graph, phase: str | None, step: int | None) -> Frame | None:
    """The state to show; None is the finished pass."""
    from gradviz.renderers.wording import counted
    from gradviz.timeline import Timeline

    if phase is None and step is None:
        return None
    timeline = Timeline(graph)
    steps = timeline.phase_range(phase) if phase else range(len(timeline))
    if step is not None and step > len(steps):
        of = f"The phase {phase}" if phase else "This pass"
        raise Mistake(f"{of} has {counted(len(steps), 'step')}, so step can be 0 to {len(steps):,}.")
    return timeline.frame(steps.stop if step is None else steps.start + step)


def _with_player(drawn: Figure, graph: Graph, options: Mapping[str, Any]) -> Figure:
    """Add the page that steps; without it there is still the picture."""
    from importlib import import_module

    from gradviz.timeline import Timeline

    asked = {key: options[key] for key in ("title", "theme", "step", "phase", "depth") if key in options}
    if not asked.keys() & {"step", "phase"}:
        asked["step"] = len(Timeline(graph))  # as the picture, whose place it takes
    try:
        make = getattr(import_module("gradviz.player"), "html", None)
        if make is None:
            raise ImportError
        return replace(drawn, player=make(graph, compact=True, **asked))
    except ImportError:
        missing = "This gradviz has no player: the picture stands alone. Remove the option player."
        return replace(drawn, reason=missing)
    except Exception as problem:
        return replace(drawn, reason=f"The player could not be made ({type(problem).__name__}: {problem}).")


def _place(file: str, start: int, line: int, column: int) -> str:
    """Give a place as ``notes.md:14:9``, or ``line 2, column 9`` if it is not known where the text begins."""
    if file and (start or not line):
        number = start - 1 + line if start else 0  # about the whole: the line that the text begins after
        return ":".join(str(part) for part in (file, number, column) if part)
    words = (file, line and f"line {line}", column and f"column {column}")
    return ", ".join(str(word) for word in words if word)
