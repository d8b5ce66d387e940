"""The graph as a Mermaid flowchart, for hosts that draw ```mermaid fences themselves.

Text of a user is written as entities wherever a character could mean something to Mermaid, Markdown or HTML;
there is no click line and no init directive, so that the host's own settings hold, "strict" among them.
"""

from __future__ import annotations

import re
from collections import defaultdict
from typing import TYPE_CHECKING

from gradviz.errors import GradvizError
from gradviz.renderers.escape import visible
from gradviz.renderers.facts import BoxFacts, EdgeFacts, Facts
from gradviz.renderers.paint import level_colour, stroke
from gradviz.renderers.palette import fixed
from gradviz.renderers.style import colours

if TYPE_CHECKING:
    from gradviz.timeline.frame import Frame
    from gradviz.view import View

MOST_EDGES, MOST_TEXT = 500, 50_000  # what Mermaid draws as it comes: its maxEdges and maxTextSize
_LONGEST = 60  # characters of a name
_MEANING = re.compile(r"[^A-Za-z0-9 \u00a0.,()…–×±·→≤≥À-ÖØ-öø-ÿͰ-Ͽ₀-₉∂一-鿿]")
# Formulas and icons, looked for when entities are characters again: a joiner without width parts them.
_FOUND_LATER = re.compile(r"\$(?=\$)|:(?=fa-)")
_DASHES = {"zero": "4 4", "bad": "9 3 2 3"}  # as the style sheet of the SVG has them


def render(view: View, frame: Frame | None = None, *, theme: str = "light", title: str | None = None) -> str:
    """Write a view as a Mermaid flowchart.

    Args:
        view: the boxes and edges.
        frame: the moment; None is after the backward pass.
        theme: "light", "dark" or "print"; "auto" is light, for a flowchart has one set of colours.
        title: the accessible name; by default it says what is drawn.

    Raises:
        GradvizError: Mermaid would refuse it, as it is too large.
    """
    facts = Facts(view, frame)
    colour = colours(fixed(theme))
    lines = [
        "flowchart LR",
        f"accTitle: {escaped(facts.headline if title is None else title)}",
        f"accDescr: {escaped(facts.words)}",
        *(f'b{i}["{_label(box)}"]' for i, box in enumerate(facts.boxes)),
        *(
            f"b{edge.source} -->{_carried(found)} b{edge.target}"
            for edge, found in zip(view.edges, facts.edges, strict=True)
        ),
        *_classes(facts.boxes, colour),
        *_strokes(facts.edges, colour),
    ]
    text = "\n".join(lines) + "\n"
    if len(view.edges) > MOST_EDGES or len(text) > MOST_TEXT:
        raise GradvizError(
            f"Mermaid draws {MOST_EDGES} edges and {MOST_TEXT:,} characters; "
            f"this drawing has {len(view.edges):,} and {len(text):,}.",
            "Fold some scopes (--depth, --collapse), or export SVG.",
        )
    return text


def escaped(text: str) -> str:
    """Write a text so that Mermaid shows it as it is: what could mean something becomes an entity.

    >>> escaped('a*b "<i>"')
    'a#42;b #34;#60;i#62;#34;'
    """
    shown = visible(text)
    shown = shown if len(shown) <= _LONGEST * 4 else f"{shown[: _LONGEST * 4 - 1]}…"
    shown = _FOUND_LATER.sub("\\g<0>\u2060", shown)
    return _MEANING.sub(lambda found: f"#{ord(found[0])};", shown)


def _label(facts: BoxFacts) -> str:
    name = facts.name if len(facts.name) <= _LONGEST else f"{facts.name[: _LONGEST - 1]}…"
    what = f"×{facts.count:,}" if facts.kind == "group" else facts.op or facts.kind
    grad = "|grad|" if facts.kind == "group" else "grad"
    numbers = (f"data {facts.data}", f"{grad} {facts.grad}")
    rows = f"{name} ·\u00a0{what}", *(row.replace(" ", "\u00a0") for row in numbers)  # only a name is broken
    return "<br/>".join(map(escaped, rows))


def _carried(facts: EdgeFacts) -> str:
    return f'|"{escaped(facts.text)}"|' if facts.text else ""


def _classes(boxes: list[BoxFacts], colour: dict[str, str]) -> list[str]:
    """Give each look of a box a class: its outline is the level of its gradient."""
    members: dict[str, list[str]] = defaultdict(list)
    looks: dict[str, str] = {}
    for i, facts in enumerate(boxes):
        line = "now" if facts.now else "line" if facts.level in ("none", "na") else level_colour(facts.level)
        text = "bad" if facts.bad else "ink" if facts.computed else "soft"
        strong = facts.now or isinstance(facts.level, int) or facts.level == "bad"
        name = f"{line}{text.title()}"
        dashes = "" if facts.computed or facts.now else ",stroke-dasharray:3 3"
        members[name].append(f"b{i}")
        looks[name] = (
            f"fill:{colour['wash' if facts.now else 'card']},stroke:{colour[line]},"
            f"stroke-width:{3 if strong else 1}px,color:{colour[text]}{dashes}"
        )
    return [
        line
        for name in sorted(members)
        for line in (f"classDef {name} {looks[name]}", f"class {','.join(members[name])} {name}")
    ]


def _strokes(edges: list[EdgeFacts], colour: dict[str, str]) -> list[str]:
    """Give edges of one look one line: colour and width are the level of what they carry."""
    members: dict[str, list[str]] = defaultdict(list)
    for i, facts in enumerate(edges):
        name, pen, _ = stroke(facts.level)
        dashes = f",stroke-dasharray:{_DASHES[name]}" if name in _DASHES else ""
        marked = "now" if facts.now else "bad" if name == "bad" else ""
        text = f",color:{colour[marked]}" if marked else ""  # else as the host has it, on its own ground
        members[f"stroke:{colour[name]},stroke-width:{pen:g}px{dashes}{text}"].append(str(i))
    return [f"linkStyle {','.join(found)} {look}" for look, found in sorted(members.items())]
