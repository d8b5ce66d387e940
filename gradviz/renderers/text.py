"""The graph as plain text, for a terminal, a log or a diff: one line per box, inputs first."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

from gradviz.renderers.escape import visible
from gradviz.renderers.facts import BoxFacts, Facts

if TYPE_CHECKING:
    from gradviz.timeline.frame import Frame
    from gradviz.view import View

Row: TypeAlias = tuple[str, str, str, str, str, str]

_WIDEST = 40  # characters of a column; longer names are cut


def render(view: View, frame: Frame | None = None) -> str:
    """Write a view as text.

    Args:
        view: the boxes and edges.
        frame: the moment; None is after the backward pass.
    """
    facts = Facts(view, frame)
    inputs: list[list[str]] = [[] for _ in view.boxes]
    for edge, found in zip(view.edges, facts.edges, strict=True):
        carried = f" ({found.text})" if found.text else ""
        inputs[edge.target].append(_cut(view.boxes[edge.source].title) + carried)
    rows: list[Row] = [("", "name", "op", "data", "grad", "reads (gradient carried back)")]
    rows += [
        (_mark(box), _cut(box.name), _what(box), box.data, box.grad, ", ".join(read))
        for box, read in zip(facts.boxes, inputs, strict=True)
    ]
    widths = [max(len(row[i]) for row in rows) for i in range(5)]
    lines = [_line(row, widths) for row in rows]
    return "\n".join([visible(facts.words), "", *lines]) + "\n"


def _line(row: Row, widths: list[int]) -> str:
    mark, name, what, data, grad, read = row
    _, wide_name, wide_what, wide_data, wide_grad = widths
    cells = f"{mark:1} {name:<{wide_name}}  {what:<{wide_what}}  {data:>{wide_data}}  {grad:>{wide_grad}}"
    return f"{cells}  {read}".rstrip()


def _mark(facts: BoxFacts) -> str:
    """Mark what needs a look: the current box, then NaN or Inf."""
    return ">" if facts.now else "!" if facts.bad or facts.level == "bad" else ""


def _what(facts: BoxFacts) -> str:
    return f"×{facts.count:,}" if facts.kind == "group" else visible(facts.op or facts.kind)


def _cut(name: str) -> str:
    shown = visible(name)
    return shown if len(shown) <= _WIDEST else f"{shown[: _WIDEST - 1]}…"
