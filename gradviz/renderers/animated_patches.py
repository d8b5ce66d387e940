"""The moments of a walk as pixels: the first one whole, of each other one only the parts that changed.

A Graphviz engine paints the parts through windows, many in one process: starting it takes longer than
painting a small part. The foot and the drawing are parts of their own. A part painted alone is what it is
in the whole picture, to the pixel.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from itertools import islice
from typing import TYPE_CHECKING, NamedTuple, TypeAlias

from gradviz.errors import LayoutError
from gradviz.layout import Layout
from gradviz.renderers.animated import Foot
from gradviz.renderers.brush import Brush
from gradviz.renderers.drawing import Arrow, Drawing, draw
from gradviz.renderers.facts import Facts
from gradviz.renderers.marks import LABEL_SIZE, LEGEND_SIZE
from gradviz.renderers.paint import painted
from gradviz.renderers.palette import colours, fixed
from gradviz.renderers.png import run_engine, scale_for, window
from gradviz.renderers.style import text_width

if TYPE_CHECKING:
    from gradviz.timeline import Timeline
    from gradviz.view import View

SCALE = 1.5  # pixels per px: less than a single picture has, for there are many
LARGEST = 4e6  # pixels, unless a scale is asked for
MOST = 60e6  # pixels of all parts together: some 15 s of painting, some 10 MB
_READABLE = 0.6  # pixels per px
_AT_ONCE = 16  # pictures for one process
_TIMEOUT = 60.0  # seconds for them

Area: TypeAlias = tuple[float, float, float, float]  # left, top, right, bottom in px


class Patch(NamedTuple):
    """A part of a moment that differs from the moment before: of its foot, or of its drawing.

    Attributes:
        moment: which.
        left: pixels from the left side of the picture.
        top: pixels from its upper side.
        png: the part.
    """

    moment: int
    left: int
    top: int
    png: bytes


def patches(
    view: View,
    timeline: Timeline,
    chosen: Sequence[int],
    layout: Layout | None,
    theme: str,
    legend: bool,
    scale: float | None,
    engine: str | None,
) -> Iterator[Patch]:
    """Paint a walk; the arguments are those of ``Animation.render`` and of a single PNG.

    Raises:
        LayoutError: the picture would be too large, there is no engine, or it failed.
    """
    facts = Facts(view, timeline.frame(chosen[0]))
    drawing = draw(view, layout, facts.final_texts)
    below = drawing.height + (LEGEND_SIZE[1] if legend else 0)
    foot = Foot(timeline, chosen, drawing.width, below)
    sheet = _Sheet(drawing, foot, legend, fixed(theme), below + foot.height)
    dots = scale_for(drawing.width, sheet.height, scale, SCALE, LARGEST)
    sizes = (_pixels(area, dots, sheet)[2:] for _, area, _ in _areas(sheet, timeline, chosen, facts))
    dots *= _share(sum(width * height for width, height in sizes), dots, scale)
    parts = _parts(sheet, timeline, chosen, facts)
    while some := list(islice(parts, _AT_ONCE)):
        places = [_pixels(area, dots, sheet) for _, area, _ in some]
        sources = [
            brush.source(window(place, dots, sheet.height))
            for place, (_, _, brush) in zip(places, some, strict=True)
        ]
        painted_parts = run_engine(sources, dots, engine, _TIMEOUT)
        for (moment, _, _), (left, top, *_), png in zip(some, places, painted_parts, strict=True):
            yield Patch(moment, left, top, png)


class _Sheet(NamedTuple):
    """What is the same at every moment."""

    drawing: Drawing
    foot: Foot
    legend: bool
    theme: str
    height: float

    def brush(self, facts: Facts, area: Area) -> Brush:
        """Paint what is in an area of the drawing."""
        drawing = self.drawing
        boxes = [i for i, place in enumerate(drawing.boxes) if _meet(_box_area(place), area)]
        told = zip(drawing.arrows, facts.edges, strict=True)
        edges = [e for e, (arrow, now) in enumerate(told) if _meet(_edge_area(arrow, now.text), area)]
        some = drawing._replace(
            boxes=[drawing.boxes[i] for i in boxes],
            shapes=[drawing.shapes[i] for i in boxes],
            arrows=[drawing.arrows[e] for e in edges],
        )
        part = Facts(facts.view, facts.frame)
        part.boxes, part.edges = [facts.boxes[i] for i in boxes], [facts.edges[e] for e in edges]
        legend = self.legend and area[3] > drawing.height
        return painted(some, part, self.theme, legend, self.height - drawing.height - LEGEND_SIZE[1] * legend)

    def paint_foot(self, brush: Brush, moment: int) -> None:
        """Paint the line of progress and the sentence."""
        brush.rectangle(self.foot.line("gv-way"), "none", "", 0.0, False)
        if share := self.foot.share(moment):
            brush.rectangle(self.foot.line("gv-p", share), "now", "", 0.0, False)
        for line in self.foot.words(moment):
            brush.text(line)


def _share(pixels: float, scale: float, asked: float | None) -> float:
    """Give what a scale is to be multiplied by, so that a walk is not too many pixels.

    Raises:
        LayoutError: another scale was asked for, or nothing could be read.
    """
    share = min(1.0, math.sqrt(MOST / pixels))
    if share < 1 and (asked is not None or scale * share < _READABLE):
        raise LayoutError(
            f"What changes in this walk is {pixels / 1e6:,.0f} million pixels at a scale of {scale:.2g}; "
            f"{MOST / 1e6:.0f} million is the most.",
            "Show fewer moments, fold some scopes, give a smaller scale, or take SVG.",
        )
    return share


def _areas(
    sheet: _Sheet, timeline: Timeline, chosen: Sequence[int], facts: Facts
) -> Iterator[tuple[int, Area, Facts | None]]:
    """Give for each moment the areas that change: the drawing's with its facts, the foot's without."""
    width, height = sheet.drawing.width, sheet.height
    yield 0, (0.0, 0.0, width, height), facts
    for moment, k in enumerate(chosen[1:], 1):
        yield moment, (0.0, height - sheet.foot.height, width, height), None
        before, facts = facts, facts.at(timeline.frame(k))
        if areas := list(_changed(sheet.drawing, before, facts)):
            yield moment, _around_tips(_union(areas), sheet.drawing.arrows), facts


def _parts(
    sheet: _Sheet, timeline: Timeline, chosen: Sequence[int], first: Facts
) -> Iterator[tuple[int, Area, Brush]]:
    """Give the areas, each with a brush that has painted what is there."""
    for moment, area, facts in _areas(sheet, timeline, chosen, first):
        if facts is None:
            brush = Brush(colours(sheet.theme), sheet.drawing.width, sheet.height)
        else:
            brush = sheet.brush(facts, area)
        if facts is None or not moment:
            sheet.paint_foot(brush, moment)
        yield moment, area, brush


def _changed(drawing: Drawing, before: Facts, after: Facts) -> Iterator[Area]:
    """Give the areas in which two moments may differ."""
    for place, old, new in zip(drawing.boxes, before.boxes, after.boxes, strict=True):
        if old != new:
            yield _box_area(place)
    for arrow, was, now in zip(drawing.arrows, before.edges, after.edges, strict=True):
        if was != now:
            yield _edge_area(arrow, was.text, now.text)


def _box_area(place: Area) -> Area:
    """Give the area of a card with its order above it, its shade and the cards below it."""
    x, y, w, h = place
    return x - 4, y - 20, x + w + 12, y + h + 6


def _edge_area(arrow: Arrow, *texts: str) -> Area:
    """Give the area of a curve, its tip and its number."""
    half = max(text_width(text, LABEL_SIZE) for text in texts) / 2 + 8
    number = arrow.label.x - half, arrow.label.y - 14, arrow.label.x + half, arrow.label.y + 8
    return _union([number, _hull(arrow.curve, 4.0), _hull(arrow.tip, 4.0)])


def _around_tips(area: Area, arrows: Sequence[Arrow]) -> Area:
    """Grow an area until it has each tip wholly or not at all: an engine does not paint half a tip."""
    tips = [_hull(arrow.tip, 2.0) for arrow in arrows]
    while cut := [tip for tip in tips if _meet(tip, area) and _union([tip, area]) != area]:
        area = _union([*cut, area])
    return area


def _hull(points: Sequence[tuple[float, float]], by: float) -> Area:
    xs, ys = zip(*points, strict=True)
    return min(xs) - by, min(ys) - by, max(xs) + by, max(ys) + by


def _meet(one: Area, other: Area) -> bool:
    return one[0] < other[2] and other[0] < one[2] and one[1] < other[3] and other[1] < one[3]


def _union(areas: Sequence[Area]) -> Area:
    lefts, tops, rights, bottoms = zip(*areas, strict=True)
    return min(lefts), min(tops), max(rights), max(bottoms)


def _pixels(area: Area, scale: float, sheet: _Sheet) -> tuple[int, int, int, int]:
    """Give left, top, width and height in whole pixels, inside of the picture."""
    full = round(sheet.drawing.width * scale), round(sheet.height * scale)
    left, top = (max(0, math.floor(value * scale)) for value in area[:2])
    right, bottom = (min(most, math.ceil(value * scale)) for value, most in zip(area[2:], full, strict=True))
    return left, top, right - left, bottom - top
