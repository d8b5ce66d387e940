"""The drawing as SVG: the same for the command line, the page, the notebook and notes.

Colours come from classes alone, so the page steps by changing classes and texts, and no ``style`` attribute
needs an exception from a content security policy. Text stays text.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import lru_cache
from typing import TYPE_CHECKING, Generic, TypeVar
from zlib import adler32, crc32

from gradviz.layout import Layout
from gradviz.renderers import marks
from gradviz.renderers.drawing import Arrow, Drawing, draw
from gradviz.renderers.escape import xml
from gradviz.renderers.facts import Facts
from gradviz.renderers.states import BoxFacts, EdgeFacts
from gradviz.renderers.style import LABELLED, css

if TYPE_CHECKING:
    from gradviz.renderers.lengths import Length
    from gradviz.timeline.frame import Frame
    from gradviz.view import Box, View

Told = TypeVar("Told")


def render(
    view: View,
    frame: Frame | None = None,
    *,
    layout: Layout | None = None,
    theme: str = "auto",
    embed_css: bool = True,
    legend: bool = True,
    title: str | None = None,
    width: Length | None = None,
    font: str = "system",
) -> str:
    """Draw a view as SVG.

    Args:
        view: the boxes and edges.
        frame: the moment; None is after the whole pass.
        layout: the places, if they are known already.
        theme: "light", "dark", "print", or "auto" for the reader's preference.
        embed_css: whether the style sheet and the paper are part of the SVG; the page brings its own.
        legend: whether to explain colours below the drawing.
        title: the accessible name; by default it says what is drawn.
        width: the physical width; None is as many px as the drawing has units.
        font: "system" for the reader's fonts, "embed" for letters inside the SVG, "outline" for none.

    Returns:
        A complete SVG document, byte for byte the same for the same input.

    Raises:
        GradvizError: letters cannot be embedded or outlined here.
    """
    drawn = frames(
        view, (frame,), layout=layout, theme=theme, embed_css=embed_css, legend=legend, title=title,
        width=width, font=font,
    )  # fmt: skip
    return next(drawn).decode()


def frames(
    view: View,
    moments: Iterable[Frame | None],
    *,
    layout: Layout | None = None,
    theme: str = "auto",
    embed_css: bool = True,
    legend: bool = True,
    title: str | None = None,
    width: Length | None = None,
    font: str = "system",
) -> Iterator[bytes]:
    """Draw a view at many moments, such as every step of a walk.

    Only what changes from one to the next is written anew. The options are those of ``render``, and what is
    given for each moment is byte for byte what ``render`` gives for it, in UTF-8.
    """
    if font == "outline":
        from gradviz.renderers import outline

        return outline.frames(
            view, moments, layout=layout, theme=theme, legend=legend, title=title, width=width
        )
    drawn = _drawn(view, moments, layout, theme, embed_css, legend, title)
    if width is None and font == "system":
        return drawn
    from gradviz.renderers import fonts

    return (fonts.fitted(one, width, font == "embed") for one in drawn)


def _drawn(
    view: View,
    moments: Iterable[Frame | None],
    layout: Layout | None,
    theme: str,
    embed_css: bool,
    legend: bool,
    title: str | None,
) -> Iterator[bytes]:
    facts: Facts | None = None
    for frame in moments:
        if facts is None or frame is None:
            facts = Facts(view, frame)
            sheet = _Sheet(view, draw(view, layout, facts.final_texts), facts, legend)
        else:
            facts = facts.at(frame)
        yield sheet.document(facts, title or facts.headline, theme, embed_css)


class _Pieces(Generic[Told]):
    """The edges or the boxes as they were written last, each with the facts it was written from."""

    def __init__(self, count: int, write: Callable[[int, Told], str]) -> None:
        self.texts, self.sums, self._write = [b""] * count, [0] * count, write
        self._told: Sequence[Told | None] = [None] * count

    def tell(self, facts: Sequence[Told]) -> None:
        """Write those anew whose facts are others than the last time."""
        differing = [i for i, (new, old) in enumerate(zip(facts, self._told, strict=True)) if new is not old]
        for i in differing:
            self.texts[i] = self._write(i, facts[i]).encode()
            self.sums[i] = crc32(self.texts[i])
        self._told = facts


class _Sheet:
    """A drawing to be written at one moment after the other."""

    def __init__(self, view: View, drawing: Drawing, facts: Facts, legend: bool) -> None:
        arrows, labelled = drawing.arrows, len(drawing.arrows) <= LABELLED
        columns = view.boxes, drawing.boxes, drawing.shapes
        self._edges = _Pieces[EdgeFacts](len(arrows), lambda e, told: _edge(e, arrows[e], told, labelled))
        self._boxes = _Pieces[BoxFacts](
            len(drawing.boxes), lambda i, told: _box(columns[0][i], columns[1][i], told, columns[2][i])
        )
        self._end, height = "</g>", drawing.height
        if legend:
            words = _marks(marks.legend(24.0, height + 4, facts.scale.legend()))
            self._end += f'\n<g class="gv-legend">{words}</g>'
            height += marks.LEGEND_SIZE[1]
        self._width, self._height = drawing.width, height

    def document(self, facts: Facts, title: str, theme: str, embed_css: bool) -> bytes:
        """Write the whole at one moment."""
        self._edges.tell(facts.edges)
        self._boxes.tell(facts.boxes)
        title, words = xml(title), xml(facts.words)
        ident = self._name(title, theme)
        measure = f'width="{self._width:g}" height="{self._height:g}"'
        sheet = ""
        if embed_css:
            rules = f"#{ident}".join(_style(theme))
            sheet = f'<style>\n{rules}</style>\n<rect class="gv-paper" {measure} rx="12"/>\n'
        start = (
            f'<svg xmlns="http://www.w3.org/2000/svg" class="gv" id="{ident}" role="img" {measure} '
            f'viewBox="0 0 {self._width:g} {self._height:g}" '
            f'aria-labelledby="{ident}-title {ident}-desc">\n'
            f'<title id="{ident}-title">{title}</title>\n<desc id="{ident}-desc">{words}</desc>\n'
            f'{sheet}<g class="gv-edges">'
        )
        middle, end = b'</g>\n<g class="gv-boxes">', f"{self._end}\n</svg>\n".encode()
        return b"\n".join([start.encode(), *self._edges.texts, middle, *self._boxes.texts, end])

    def _name(self, title: str, theme: str) -> str:
        """Give the same name to the same drawing, and another to every other."""
        sums = self._edges.sums + self._boxes.sums
        known = struct.pack(f"<{len(sums)}I", *sums) + "\0".join((self._end, title, theme)).encode()
        return f"gv-{crc32(known):08x}{adler32(known):08x}"


@lru_cache(maxsize=8)
def _style(theme: str) -> tuple[str, ...]:
    """Give the style sheet, cut where the name of the drawing belongs."""
    return tuple(css(theme, "\0").split("\0"))


def edge_classes(facts: EdgeFacts) -> str:
    """Give the state of an edge as classes."""
    level = facts.level
    state = "pending" if level == "none" else f"on w{level}" if isinstance(level, int) else f"on {level}"
    return f"gv-edge {state}{' now' if facts.now else ''}"


def box_classes(facts: BoxFacts) -> str:
    """Give the state of a box as classes."""
    level = f"w{facts.level}" if isinstance(facts.level, int) else facts.level
    flags = ["" if facts.computed else "absent", f"g-{level}", "bad" if facts.bad else ""]
    flags += ["updated" if facts.updated else "", "now" if facts.now else ""]
    return " ".join(filter(None, [f"gv-box kind-{facts.kind}", *flags]))


def _edge(index: int, arrow: Arrow, facts: EdgeFacts, labelled: bool) -> str:
    told = f'<g class="{edge_classes(facts)}" data-edge="{index}"><title>{_lines(facts.lines)}</title>'
    return f"{told}{''.join(edge_parts(arrow, facts, labelled))}</g>"


def edge_parts(arrow: Arrow, facts: EdgeFacts, labelled: bool) -> tuple[str, str, str]:
    """Write the curve, the tip and the number of an edge."""
    place = arrow.label
    text = facts.text if place.clear or facts.now else ""
    role = "gv-carried gv-aside" if labelled and not place.clear else "gv-carried"
    return (
        f'<path d="{arrow.path}"/>',
        f'<polygon class="gv-tip" points="{arrow.corners}"/>',
        f'<text class="{role}" x="{place.x:g}" y="{place.y:g}">{xml(text)}</text>',
    )


def _box(box: Box, place: tuple[float, float, float, float], facts: BoxFacts, shapes: marks.Shapes) -> str:
    x, y, w, h = place
    said = f"{facts.name}, {facts.op or facts.kind}, data {facts.data}, gradient {facts.grad}"
    inner = marks.of_box(w, h, facts, shapes)
    return (
        f'<g class="{box_classes(facts)}" data-box="{box.index}" data-key="{xml(box.key)}" '
        f'tabindex="0" role="button" aria-label="{xml(said)}" transform="translate({x:g},{y:g})">'
        f"<title>{_lines(facts.lines)}</title>{_marks(inner)}</g>"
    )


def _marks(found: Iterable[marks.Mark]) -> str:
    return "".join(map(written, found))


@lru_cache(maxsize=1 << 14)
def written(mark: marks.Mark) -> str:
    """Write one mark."""
    if isinstance(mark, marks.Text):
        return f'<text class="{mark.role}" x="{mark.x:g}" y="{mark.y:g}">{xml(mark.text)}</text>'
    if isinstance(mark, marks.Line):
        return f'<g class="gv-edge {mark.state}"><path d="M{mark.x:g},{mark.y:g}h{mark.length:g}"/></g>'
    if isinstance(mark, marks.Bars):
        bars = "".join(f"M{r.x:.5g},{r.y:.5g}h{r.w:.3g}v{r.h:.3g}h-{r.w:.3g}z" for r in mark.rectangles())
        return f'<path class="gv-hist {mark.role}" d="{bars}"/>'
    corner = f' rx="{mark.r:g}"' if mark.r else ""
    place = f'x="{mark.x:g}" y="{mark.y:g}" width="{mark.w:g}" height="{mark.h:g}"'
    return f'<rect class="{mark.role}" {place}{corner}/>'


def _lines(lines: tuple[str, ...]) -> str:
    return "\n".join(map(xml, lines))
