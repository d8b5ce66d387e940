"""The graph as DOT source, to lay out, restyle or convert with Graphviz by hand.

Text of a user reaches labels and tooltips only, quoted by our own ``escape.dot``; every other attribute comes
from a fixed table. Nodes are called b0, b1, ….
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from gradviz.renderers.escape import dot, visible
from gradviz.renderers.facts import BoxFacts, EdgeFacts, Facts
from gradviz.renderers.paint import level_colour, stroke
from gradviz.renderers.palette import fixed
from gradviz.renderers.style import colours

if TYPE_CHECKING:
    from gradviz.timeline.frame import Frame
    from gradviz.view import View

_LONGEST = 120  # characters of a label's line; the whole text is in the tooltip


def render(view: View, frame: Frame | None = None, *, theme: str = "light") -> str:
    """Write a view as DOT.

    Args:
        view: the boxes and edges.
        frame: the moment; None is after the backward pass.
        theme: "light", "dark" or "print"; "auto" is light.
    """
    facts = Facts(view, frame)
    colour = colours(fixed(theme))
    lines = [
        "digraph gradviz {",
        f'graph [rankdir=LR, nodesep=0.3, ranksep=0.8, bgcolor="{colour["paper"]}", '
        f"tooltip={_label(facts.headline)}]",
        f'node [shape=box, style="rounded,filled", fontname="Courier", fontsize=11, margin="0.15,0.08", '
        f'fontcolor="{colour["ink"]}", fillcolor="{colour["card"]}"]',
        f'edge [fontname="Courier", fontsize=10, fontcolor="{colour["soft"]}", arrowsize=0.8]',
    ]
    lines += [f"b{i} [{_box(box, colour)}]" for i, box in enumerate(facts.boxes)]
    lines += [
        f"b{edge.source} -> b{edge.target} [{_edge(found, colour)}]"
        for edge, found in zip(view.edges, facts.edges, strict=True)
    ]
    return "\n".join([*lines, "}\n"])


def _box(facts: BoxFacts, colour: dict[str, str]) -> str:
    what = f"×{facts.count:,}" if facts.kind == "group" else facts.op or facts.kind
    label = _label(f"{facts.name}   {what}", f"data {facts.data}", f"grad {facts.grad}")
    style = "rounded,filled" if facts.computed else "rounded,filled,dashed"
    line = "now" if facts.now else "line" if facts.level in ("none", "na") else level_colour(facts.level)
    text = "bad" if facts.bad else "ink" if facts.computed else "soft"
    pen = 2.5 if facts.now or isinstance(facts.level, int) or facts.level == "bad" else 1
    return (
        f'label={label}, tooltip={_label(*facts.lines)}, color="{colour[line]}", penwidth={pen}, '
        f'fontcolor="{colour[text]}", style="{style}"'
    )


def _edge(facts: EdgeFacts, colour: dict[str, str]) -> str:
    name, pen, style = stroke(facts.level)
    label = f"label={_label(facts.text)}, " if facts.text else ""
    text = f', fontcolor="{colour["now"]}"' if facts.now else ""
    look = f'color="{colour[name]}", penwidth={pen:g}, style={style}{text}'
    return f"{label}tooltip={_label(*facts.lines)}, {look}"


def _label(*lines: str) -> str:
    """Quote lines of text as one label."""
    cut = (visible(line) for line in lines)
    short = (line if len(line) <= _LONGEST else f"{line[: _LONGEST - 1]}…" for line in cut)
    return '"' + "\\n".join(dot(line)[1:-1] for line in short) + '"'
