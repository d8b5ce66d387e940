"""The graph as plain text: boxes and lines where they fit, else one line per box, inputs first."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, TypeAlias

from gradviz.renderers import boxart
from gradviz.renderers.characters import columns, cut, plain
from gradviz.renderers.escape import visible
from gradviz.renderers.facts import BoxFacts, Facts

if TYPE_CHECKING:
    from gradviz.timeline.frame import Frame
    from gradviz.view import View

Row: TypeAlias = tuple[str, str, str, str, str, str]

WIDEST = 120  # columns of a drawing
_MOST = 40  # boxes of a drawing; more cannot be followed with the eye
_WIDEST_COLUMN = 40  # columns of a list's name; longer ones are cut
_WIDEST_NAME = 22  # the same on a box


def render(
    view: View,
    frame: Frame | None = None,
    *,
    columns: int = WIDEST,
    boxes: bool | None = None,
    ascii: bool = False,
) -> str:
    """Write a view as text, its words in a line before it.

    Args:
        view: the boxes and edges.
        frame: the moment; None is after the backward pass.
        columns: how wide a drawing may be; a wider one is written as a list.
        boxes: True draws boxes and lines however wide, False never does.
        ascii: whether to keep to ASCII.
    """
    facts = Facts(view, frame)
    drawn = None
    if boxes is not False and (boxes or len(view.boxes) <= _MOST):
        drawn = _drawing(facts)
    if drawn is None or not boxes and max(map(_columns, drawn)) > columns:
        drawn = _list(facts)
    text = "\n".join([visible(facts.words), "", *drawn]) + "\n"
    return plain(text) if ascii else text


_columns = columns


def _drawing(facts: Facts) -> list[str] | None:
    """Draw boxes and lines. A number stands on a line only where it is not the gradient of its box alone.

    The room for numbers is that of the whole pass, so that nothing moves from one moment to another.
    """
    edges, final = facts.view.edges, Facts(facts.view)
    shared = Counter(edge.source for edge in edges)
    lines = [
        boxart.Line(edge.source, edge.target, now.text, now.now, columns(end.text))
        if shared[edge.source] > 1
        else boxart.Line(edge.source, edge.target, now=now.now)
        for edge, now, end in zip(edges, facts.edges, final.edges, strict=True)
    ]
    cards = [_card(now, _rows(end)) for now, end in zip(facts.boxes, final.boxes, strict=True)]
    return boxart.draw(cards, lines)


def _card(facts: BoxFacts, final: tuple[tuple[str, str], ...]) -> boxart.Card:
    name, room = (
        cut(visible(facts.name), _WIDEST_NAME),
        max(columns(key) + columns(text) for key, text in final),
    )
    return boxart.Card(name, _what(facts), _rows(facts), facts.now, room)


def _rows(facts: BoxFacts) -> tuple[tuple[str, str], ...]:
    return ("data", facts.data), ("|grad|" if facts.kind == "group" else "grad", facts.grad)


def _list(facts: Facts) -> list[str]:
    """Write one line per box."""
    view = facts.view
    inputs: list[list[str]] = [[] for _ in view.boxes]
    for edge, found in zip(view.edges, facts.edges, strict=True):
        carried = f" ({found.text})" if found.text else ""
        inputs[edge.target].append(_cut(view.boxes[edge.source].title) + carried)
    rows: list[Row] = [("", "name", "op", "data", "grad", "reads (gradient carried back)")]
    rows += [
        (_mark(box), _cut(box.name), _what(box), box.data, box.grad, ", ".join(read))
        for box, read in zip(facts.boxes, inputs, strict=True)
    ]
    widths = [max(columns(row[i]) for row in rows) for i in range(5)]
    return [_line(row, widths) for row in rows]


def _line(row: Row, widths: list[int]) -> str:
    mark, name, what, data, grad, read = row
    room = [" " * (width - columns(cell)) for cell, width in zip(row[:5], widths, strict=True)]
    cells = f"{mark or ' '} {name}{room[1]}  {what}{room[2]}  {room[3]}{data}  {room[4]}{grad}"
    return f"{cells}  {read}".rstrip()


def _mark(facts: BoxFacts) -> str:
    """Mark what needs a look: the current box, then NaN or Inf."""
    return ">" if facts.now else "!" if facts.bad or facts.level == "bad" else ""


def _what(facts: BoxFacts) -> str:
    return f"×{facts.count:,}" if facts.kind == "group" else visible(facts.op or facts.kind)


def _cut(name: str) -> str:
    return cut(visible(name), _WIDEST_COLUMN)
