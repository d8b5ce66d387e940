"""The drawing painted in full colours: what the style sheet says by class is looked up here by state."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from gradviz.layout import Layout
from gradviz.renderers import marks
from gradviz.renderers.brush import Brush
from gradviz.renderers.drawing import Arrow, Drawing, draw
from gradviz.renderers.facts import Facts
from gradviz.renderers.states import BoxFacts, EdgeFacts
from gradviz.renderers.style import Level, colours, width

if TYPE_CHECKING:
    from gradviz.timeline.frame import Frame
    from gradviz.view import View


class Paints(Protocol):
    """A brush: made with the colours, the width and the height, then given one primitive after another."""

    width: float
    height: float

    def rectangle(self, place: marks.Rect, fill: str, line: str, pen: float, dashed: bool) -> None:
        """Fill a rectangle, with an outline if ``line`` is a colour."""

    def text(self, mark: marks.Text, colour: str = "", bold: bool | None = None) -> None:
        """Write a text, in its role's colour and weight or in others."""

    def curve(self, points: Iterable[tuple[float, float]], colour: str, pen: float, style: str) -> None:
        """Draw a Bezier spline."""

    def tip(self, arrow: Arrow, colour: str) -> None:
        """Draw an arrow head."""

    def source(self) -> str:
        """Give the whole picture."""
        ...


@dataclass(frozen=True)
class Picture:
    """A drawing with every place fixed, in the words of its brush, and its size in px."""

    source: str
    width: float
    height: float


def paint(
    view: View,
    frame: Frame | None,
    layout: Layout | None,
    theme: str,
    legend: bool,
    made: Callable[[dict[str, str], float, float], Paints] = Brush,
) -> Picture:
    """Paint a view at a moment, by the brush that ``made`` gives."""
    facts = Facts(view, frame)
    drawing = draw(view, layout, facts.final_texts)
    height = drawing.height + (marks.LEGEND_SIZE[1] if legend else 0)
    brush = made(colours(theme), drawing.width, height)
    _fill(brush, drawing, facts, legend)
    return Picture(brush.source(), brush.width, brush.height)


def painted(drawing: Drawing, facts: Facts, theme: str, legend: bool, foot: float = 0.0) -> Brush:
    """Paint a drawing at a moment, and leave room below it."""
    height = drawing.height + (marks.LEGEND_SIZE[1] if legend else 0) + foot
    brush = Brush(colours(theme), drawing.width, height)
    _fill(brush, drawing, facts, legend)
    return brush


def _fill(brush: Paints, drawing: Drawing, facts: Facts, legend: bool) -> None:
    for arrow, edge in zip(drawing.arrows, facts.edges, strict=True):
        _edge(brush, arrow, edge)
    for place, box, shapes in zip(drawing.boxes, facts.boxes, drawing.shapes, strict=True):
        _box(brush, place, box, shapes)
    for arrow, edge in zip(drawing.arrows, facts.edges, strict=True):
        if edge.now or arrow.label.clear:
            colour = "now" if edge.now else "bad" if edge.level == "bad" else "soft"
            brush.text(marks.Text("gv-carried", arrow.label.x, arrow.label.y, edge.text), colour)
    if legend:
        _paint_marks(brush, marks.legend(24.0, drawing.height + 4, facts.scale.legend()))


def _edge(brush: Paints, arrow: Arrow, facts: EdgeFacts) -> None:
    colour, pen, style = stroke(facts.level)
    brush.curve(arrow.curve, colour, pen, style)
    brush.tip(arrow, colour)


def stroke(level: Level | str) -> tuple[str, float, str]:
    """Give colour, width and dashes of an edge."""
    if isinstance(level, int):
        return f"w{level}", width(level), "solid"
    if level == "none" or level == "pending":
        return "pending", 1.1, "solid"
    return level, 2.6 if level == "bad" else 1.2, "dashed"


def _box(
    brush: Paints, place: tuple[float, float, float, float], facts: BoxFacts, shapes: marks.Shapes
) -> None:
    x, y, w, h = place
    _paint_marks(brush, marks.of_box(w, h, facts, shapes), facts, x, y)


def _paint_marks(
    brush: Paints,
    drawn: Iterable[marks.Mark],
    facts: BoxFacts | None = None,
    dx: float = 0.0,
    dy: float = 0.0,
) -> None:
    for mark in drawn:
        if isinstance(mark, marks.Text):
            colour, bold = _text_look(mark.role, facts)
            brush.text(marks.Text(mark.role, mark.x + dx, mark.y + dy, mark.text), colour, bold)
        elif isinstance(mark, marks.Line):
            third, (colour, pen, style) = mark.length / 3, stroke(mark.state.removeprefix("on "))
            points = tuple((mark.x + i * third, mark.y) for i in range(4))
            brush.curve(points, colour, pen, style)
        else:
            look = _rect_colours(mark.role, facts)
            for r in mark.rectangles() if isinstance(mark, marks.Bars) else [mark]:
                if look[0] and r.w > 0:
                    brush.rectangle(marks.Rect(r.role, r.x + dx, r.y + dy, r.w, r.h, r.r), *look)


def _text_look(role: str, facts: BoxFacts | None) -> tuple[str, bool | None]:
    """Give colour and weight of a text in this state; "" and None are its role's own."""
    if facts is None:
        return "", None
    bold = None
    if role == "gv-grad":
        bold = isinstance(facts.level, int) or facts.level == "bad"
    elif role == "gv-data":
        bold = facts.computed and (facts.bad or facts.updated)
    return _text_colour(role, facts), bold


def _text_colour(role: str, facts: BoxFacts) -> str:
    if role == "gv-zero":
        return "ghost" if facts.level == "none" else ""
    if role == "gv-grad":
        return {"bad": "bad", "none": "ghost", "na": "ghost", "zero": "faint"}.get(str(facts.level), "")
    if role == "gv-data" and facts.computed:
        return "bad" if facts.bad else "update" if facts.updated else ""
    if not facts.computed and role in ("gv-op", "gv-count", "gv-kind", "gv-data"):
        return "ghost"
    return "soft" if role == "gv-name" and not facts.computed else ""


def _rect_colours(role: str, facts: BoxFacts | None) -> tuple[str, str, float, bool]:
    """Give fill, line, line width and whether it is dashed, as the style sheet does; no fill is unseen."""
    if facts is None:
        return role.removeprefix("gv-ramp "), "", 0.0, False
    absent = not facts.computed
    if role == "gv-card":
        line = "now" if facts.now else "bad" if facts.bad else "line"
        fill = "wash" if facts.now else "card" if facts.kind in ("op", "group") else "leaf"
        return fill, line, 2.2 if facts.now else 1.0, absent and not facts.now
    if role == "gv-under":
        return "leaf", "now" if facts.now else "line", 1.0, absent
    if role == "gv-bar":
        return "" if facts.level == "na" else level_colour(facts.level), "", 0.0, False
    if role == "gv-shade":
        return "" if absent else "shade", "", 0.0, False
    if role == "gv-hist-grad":
        return "" if facts.level == "none" else level_colour(facts.level), "", 0.0, False
    if role == "gv-hist-data":
        return "" if absent else "soft", "", 0.0, False
    running = 0 < facts.progress < 1
    return {"gv-track": "none", "gv-progress": "now"}[role] if running else "", "", 0.0, False


def level_colour(level: Level | str) -> str:
    """Give the name of a level's colour."""
    return f"w{level}" if isinstance(level, int) else level
