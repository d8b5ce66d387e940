"""The drawing as SVG: the same for the command line, the page, the notebook and notes.

Colours come from classes alone, so the page steps by changing classes and texts, and no ``style`` attribute
needs an exception from a content security policy. Text stays text.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from functools import lru_cache
from typing import TYPE_CHECKING

from gradviz.layout import Layout
from gradviz.renderers import marks
from gradviz.renderers.drawing import Arrow, draw
from gradviz.renderers.escape import xml
from gradviz.renderers.facts import LABELLED, BoxFacts, EdgeFacts, Facts
from gradviz.renderers.style import css

if TYPE_CHECKING:
    from gradviz.frame import Frame
    from gradviz.view import Box, View


def render(
    view: View,
    frame: Frame | None = None,
    *,
    layout: Layout | None = None,
    theme: str = "auto",
    embed_css: bool = True,
    legend: bool = True,
    title: str | None = None,
) -> str:
    """Draw a view as SVG.

    Args:
        view: the boxes and edges.
        frame: the moment; None is after the whole pass.
        layout: the places, if they are known already.
        theme: "light", "dark", or "auto" for the reader's preference.
        embed_css: whether the style sheet and the paper are part of the SVG; the page brings its own.
        legend: whether to explain colours below the drawing.
        title: the accessible name; by default it says what is drawn.

    Returns:
        A complete SVG document, byte for byte the same for the same input.
    """
    facts = Facts(view, frame)
    drawing = draw(view, layout, facts.final_texts)
    labelled = len(drawing.arrows) <= LABELLED
    body = [
        '<g class="gv-edges">',
        *(_edge(e, *pair, labelled) for e, pair in enumerate(zip(drawing.arrows, facts.edges, strict=True))),
        '</g>\n<g class="gv-boxes">',
        *map(_box, view.boxes, drawing.boxes, facts.boxes, drawing.shapes),
        "</g>",
    ]
    height = drawing.height
    if legend:
        words = _marks(marks.legend(24.0, height + 4, facts.scale.legend()))
        body.append(f'<g class="gv-legend">{words}</g>')
        height += marks.LEGEND_SIZE[1]
    said = title or facts.headline, facts.words
    return _document("\n".join(body), (drawing.width, height), said, theme, embed_css)


def _document(
    body: str, size: tuple[float, float], said: tuple[str, str], theme: str, embed_css: bool
) -> str:
    title, words = map(xml, said)
    ident = "gv-" + hashlib.sha256("\0".join((body, title, theme)).encode()).hexdigest()[:12]
    measure = f'width="{size[0]:g}" height="{size[1]:g}"'
    sheet = f'<style>\n{css(theme, f"#{ident}")}</style>\n<rect class="gv-paper" {measure} rx="12"/>\n'
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" class="gv" id="{ident}" role="img" {measure} '
        f'viewBox="0 0 {size[0]:g} {size[1]:g}" aria-labelledby="{ident}-title {ident}-desc">\n'
        f'<title id="{ident}-title">{title}</title>\n<desc id="{ident}-desc">{words}</desc>\n'
        f"{sheet if embed_css else ''}{body}\n</svg>\n"
    )


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
    x, y = arrow.label
    text = facts.text if labelled or facts.now else ""
    return (
        f'<g class="{edge_classes(facts)}" data-edge="{index}"><title>{_lines(facts.lines)}</title>'
        f'<path d="{arrow.path}"/><polygon class="gv-tip" points="{arrow.corners}"/>'
        f'<text class="gv-carried" x="{x:g}" y="{y:g}">{xml(text)}</text></g>'
    )


def _box(box: Box, place: tuple[float, float, float, float], facts: BoxFacts, shapes: marks.Shapes) -> str:
    x, y, w, h = place
    said = f"{facts.name}, {facts.op or facts.kind}, data {facts.data}, gradient {facts.grad}"
    inner = marks.group(w, h, facts, shapes) if facts.kind == "group" else marks.card(w, h, facts)
    return (
        f'<g class="{box_classes(facts)}" data-box="{box.index}" data-key="{xml(box.key)}" '
        f'tabindex="0" role="button" aria-label="{xml(said)}" transform="translate({x:g},{y:g})">'
        f"<title>{_lines(facts.lines)}</title>{_marks(inner)}</g>"
    )


def _marks(found: Iterable[marks.Mark]) -> str:
    return "".join(map(_mark, found))


@lru_cache(maxsize=1 << 14)
def _mark(mark: marks.Mark) -> str:
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
