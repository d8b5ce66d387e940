"""What stands on a card and in the legend: rectangles, lines and texts, each with its role.

SVG writes the role as a class and leaves the rest to the style sheet; the painter looks up what the style
sheet would say.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple, TypeAlias

from gradviz.renderers.escape import visible
from gradviz.renderers.states import BoxFacts
from gradviz.renderers.style import LEVELS, Legend, fit, fit_number, text_width

NAME_SIZE, DATA_SIZE, LABEL_SIZE, SMALL_SIZE, SENTENCE_SIZE = 12.5, 11.5, 10.5, 10.5, 13.0  # px
INDENT, INSET = 14.0, 11.0  # px from a card's left and right side to its text
KEY_WIDTH = 28.0  # px that "data" and "grad" take before a number
Shapes: TypeAlias = tuple[list[float], list[float]]
LEGEND_SIZE = (372.0, 62.0)  # px
RADIUS = 9.0
UNDER = (8.0, 4.0)  # px: how far the cards below a folded one stand out
_SAMPLES = (("pending", "not computed"), ("on zero", "exactly zero"), ("on bad", "NaN or Inf"))


class Text(NamedTuple):
    """A text with its baseline at ``y``; the role says how it is anchored."""

    role: str
    x: float
    y: float
    text: str


class Rect(NamedTuple):
    """A rectangle with rounded corners."""

    role: str
    x: float
    y: float
    w: float
    h: float
    r: float = 0.0


class Line(NamedTuple):
    """A sample of how edges in a state look: level, from left to right."""

    state: str
    x: float
    y: float
    length: float


class Bars(NamedTuple):
    """A histogram: bars with these heights, 0 to 1, that stand on ``y + h``."""

    role: str
    x: float
    y: float
    w: float
    h: float
    heights: tuple[float, ...]

    def rectangles(self) -> Iterator[Rect]:
        """Give the bars that are not empty."""
        step = self.w / len(self.heights)
        for i, share in enumerate(self.heights):
            if share > 0:
                high = max(self.h * share, 0.8)
                yield Rect(self.role, self.x + i * step, self.y + self.h - high, step * 0.76, high)


Mark: TypeAlias = Text | Rect | Line | Bars


def of_box(w: float, h: float, facts: BoxFacts, shapes: Shapes) -> Iterator[Mark]:
    """What stands on the card of a box: as many marks, in the same order, at every moment."""
    return group(w, h, facts, shapes) if facts.kind == "group" else card(w, h, facts)


def card(w: float, h: float, facts: BoxFacts) -> Iterator[Mark]:
    """What stands on the card of one value."""
    right, mark = w - INSET, facts.op or facts.kind
    room = right - INDENT - text_width(mark, NAME_SIZE if facts.op else 9.0) - 6
    yield from _frame(w, h)
    yield Text("gv-name", INDENT, 20, fit(visible(facts.name), NAME_SIZE, room))
    yield Text("gv-op" if facts.op else "gv-kind", right, 20, visible(mark))
    yield from _row(w, 38, "data", facts.data, "gv-data")
    yield from _row(w, 54, "grad", facts.grad, "gv-grad")
    yield Text("gv-order", w - 3, -4, str(facts.order + 1) if facts.order >= 0 else "")


def group(w: float, h: float, facts: BoxFacts, shapes: Shapes) -> Iterator[Mark]:
    """What stands on the card of a folded scope."""
    right, count = w - INSET, f"×{facts.count:,}"
    room = right - INDENT - text_width(count, 11) - 7
    yield from (Rect("gv-under", d, -d, w, h, RADIUS) for d in UNDER)
    yield from _frame(w, h)
    yield Text("gv-name", INDENT, 21, fit(visible(facts.name), NAME_SIZE, room))
    yield Text("gv-count", right, 21, count)
    yield Text("gv-sub", INDENT, 36, fit(visible(facts.sub), 9.5, right - INDENT))
    yield from _row(w, 54, "data", facts.data, "gv-data")
    yield from _row(w, 70, "|grad|", facts.grad, "gv-grad")
    yield from _row(w, 86, "zero grads", facts.zeros, "gv-zero")
    half = (right - INDENT - 10) / 2
    for role, x, shape in zip(("gv-hist-data", "gv-hist-grad"), (INDENT, right - half), shapes, strict=True):
        if shape:
            yield Bars(role, x, 93, half, 19, tuple(shape))
    yield Rect("gv-track", INDENT, h - 7, right - INDENT, 2, 1)
    yield Rect("gv-progress", INDENT, h - 7, round((right - INDENT) * facts.progress, 2), 2, 1)


def _frame(w: float, h: float) -> Iterator[Mark]:
    """The card itself: a shade below it, the paper, the bar in the colour of its gradient."""
    yield Rect("gv-shade", -0.5, 1.5, w + 1, h, RADIUS + 0.5)
    yield Rect("gv-card", 0, 0, w, h, RADIUS)
    yield Rect("gv-bar", 0, RADIUS, 4.5, h - 2 * RADIUS, 2.25)


def _row(w: float, y: float, key: str, text: str, role: str) -> Iterator[Mark]:
    room = w - INDENT - INSET - (KEY_WIDTH if len(key) < 5 else len(key) * 5.6 + 4)
    yield Text("gv-key", INDENT, y, key)
    yield Text(role, w - INSET, y, fit_number(text, DATA_SIZE, room))


def legend(x: float, y: float, numbers: Legend) -> Iterator[Mark]:
    """What the colours, widths and dashes mean, with numbers."""
    step = 12.0
    end = x + LEVELS * step
    yield Text("gv-say", x, y, "|gradient|, log scale")
    yield from (Rect(f"gv-ramp w{i}", x + i * step, y + 8, step + 0.4, 8) for i in range(LEVELS))
    yield Text("gv-tick", x, y + 29, f"≤ {numbers.low}")
    yield Text("gv-tick gv-mid", (x + end) / 2, y + 29, numbers.mid)
    yield Text("gv-tick gv-end", end, y + 29, f"≥ {numbers.high}")
    for i, (state, words) in enumerate(_SAMPLES):
        yield Line(state, end + 30, y - 1.5 + 15 * i, 24)
        yield Text("gv-say", end + 62, y + 2 + 15 * i, words)
