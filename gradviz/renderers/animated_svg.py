"""A walk as animated SVG: one drawing, and CSS that says when each part of it is seen.

It needs no script, so it moves in an ``<img>`` too; it follows the reader's wish for light or dark and for
little motion, and stands still under the pointer.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from functools import cache, lru_cache
from hashlib import sha256
from typing import TYPE_CHECKING, TypeAlias, TypeVar

from gradviz.layout import Layout
from gradviz.renderers import marks
from gradviz.renderers.animated import USUAL, Foot, Pace
from gradviz.renderers.css import SANS, css
from gradviz.renderers.drawing import Drawing, draw
from gradviz.renderers.escape import xml
from gradviz.renderers.facts import Facts
from gradviz.renderers.keyframes import Keyframes
from gradviz.renderers.states import BoxFacts, EdgeFacts
from gradviz.renderers.style import LABELLED
from gradviz.renderers.svg import box_classes, edge_classes, edge_parts, written

if TYPE_CHECKING:
    from gradviz.timeline import Timeline
    from gradviz.view import View

Told = TypeVar("Told")
Past: TypeAlias = list[tuple[int, Told]]  # from which moment on, which facts

_FOOT = (
    f".gv-sentence{{font-family:{SANS};font-size:{marks.SENTENCE_SIZE:g}px;fill:$ink}}\n"
    ".gv-way{fill:$none}\n.gv-p{fill:$now}"
)
_HEAD = re.compile(r'<(\w+)(?: class="([^"]*)")?')
_CLASS = re.compile(r"\.([\w-]+)")


def render(
    view: View,
    timeline: Timeline,
    chosen: Sequence[int],
    *,
    pace: Pace = USUAL,
    layout: Layout | None = None,
    theme: str = "auto",
    legend: bool = True,
    title: str | None = None,
) -> bytes:
    """Write a walk as SVG; the arguments are those of ``Animation.render`` and of a single picture."""
    edges, boxes, facts = _followed(view, timeline, chosen)
    drawing = draw(view, layout, facts.final_texts)
    keyframes = Keyframes(len(chosen), pace)
    body = [
        "<g>",
        *_edges(drawing, edges, keyframes),
        "</g>\n<g>",
        *_boxes(drawing, boxes, keyframes),
        "</g>",
    ]
    height = drawing.height
    if legend:
        body.append(f"<g>{_written(marks.legend(24.0, height + 4, facts.scale.legend()))}</g>")
        height += marks.LEGEND_SIZE[1]
    foot = Foot(timeline, chosen, drawing.width, height)
    body += _foot(foot, keyframes)
    words = f"{facts.words} Shown step by step, in {len(chosen):,} moments of {pace.seconds:g} s."
    size = drawing.width, height + foot.height
    return _document(size, "\n".join(body), xml(title or facts.headline), xml(words), theme, keyframes)


def _document(
    size: tuple[float, float], body: str, title: str, words: str, theme: str, keyframes: Keyframes
) -> bytes:
    """Put all together; the id is a sum of all that it holds."""
    rules = css(theme, "#\0", _FOOT) + keyframes.css("\0")
    measure = f'width="{size[0]:g}" height="{size[1]:g}"'
    text = (
        f'<svg xmlns="http://www.w3.org/2000/svg" class="gv" id="\0" role="img" {measure} '
        f'viewBox="0 0 {size[0]:g} {size[1]:g}" aria-labelledby="\0-title \0-desc">\n'
        f'<title id="\0-title">{title}</title>\n<desc id="\0-desc">{words}</desc>\n'
        f'<style>\n{rules}</style>\n<rect class="gv-paper" {measure} rx="12"/>\n{body}\n</svg>\n'
    )
    return text.replace("\0", f"gv-{sha256(text.encode()).hexdigest()[:16]}").encode()


def _followed(
    view: View, timeline: Timeline, chosen: Sequence[int]
) -> tuple[list[Past[EdgeFacts]], list[Past[BoxFacts]], Facts]:
    """Follow what is told of each edge and box, and give the facts of the last moment."""
    edges: list[Past[EdgeFacts]] = [[] for _ in view.edges]
    boxes: list[Past[BoxFacts]] = [[] for _ in view.boxes]
    facts: Facts | None = None
    for moment, k in enumerate(chosen):
        frame = timeline.frame(k)
        facts = Facts(view, frame) if facts is None else facts.at(frame)
        _follow(edges, moment, facts.edges)
        _follow(boxes, moment, facts.boxes)
    assert facts is not None  # a walk has at least one moment
    return edges, boxes, facts


def _follow(pasts: list[Past[Told]], moment: int, told: list[Told]) -> None:
    for past, now in zip(pasts, told, strict=True):
        if not past or past[-1][1] is not now:
            past.append((moment, now))


def _edges(drawing: Drawing, pasts: list[Past[EdgeFacts]], keyframes: Keyframes) -> Iterator[str]:
    labelled = len(drawing.arrows) <= LABELLED
    for arrow, past in zip(drawing.arrows, pasts, strict=True):
        yield _parts(
            ((start, edge_classes(told), edge_parts(arrow, told, labelled)) for start, told in past),
            keyframes,
        )


def _boxes(drawing: Drawing, pasts: list[Past[BoxFacts]], keyframes: Keyframes) -> Iterator[str]:
    for (x, y, w, h), shapes, past in zip(drawing.boxes, drawing.shapes, pasts, strict=True):
        parts = _parts(
            (
                (start, box_classes(told), map(written, marks.of_box(w, h, told, shapes)))
                for start, told in past
            ),
            keyframes,
        )
        yield f'<g transform="translate({x:g},{y:g})">{parts}</g>'


def _parts(past: Iterable[tuple[int, str, Iterable[str]]], keyframes: Keyframes) -> str:
    """Write each look of each part once, with the moments at which it is seen.

    Args:
        past: from which moment on, the state as classes, and the parts, as many as at every other moment.
        keyframes: knows the moments.
    """
    looks: dict[tuple[int, str, str], int] = {}
    last: list[tuple[int, str, str]] = []
    for start, classes, parts in past:
        since = keyframes.since(start)
        for look in last:
            looks[look] &= ~since
        last = [(place, _looked_at(classes, " ".join(_own(part))), part) for place, part in enumerate(parts)]
        for look in last:
            looks[look] = looks.get(look, 0) | since
    groups: list[tuple[int, dict[str, None], list[str]]] = []
    for (_, classes, part), seen in sorted(looks.items(), key=lambda item: item[0][0]):
        if part.endswith("></text>"):
            continue
        if not groups or groups[-1][0] != seen:
            groups.append((seen, {}, []))
        groups[-1][1].update(dict.fromkeys(classes.split()))
        groups[-1][2].append(part)
    return "".join(
        f'<g class="{" ".join([*classes, *keyframes.classes(seen).split()])}">{"".join(parts)}</g>'
        for seen, classes, parts in groups
    ).replace(' class=""', "")


def _own(part: str) -> tuple[str, ...]:
    """Give the element of a part and its classes."""
    found = _HEAD.match(part)
    return found.groups("") if found else ()


@lru_cache(maxsize=1 << 12)
def _looked_at(classes: str, own: str) -> str:
    """Give those classes of a state that the style sheet looks at for a part of this kind."""
    wanted = set().union(*(_states().get(name, ()) for name in own.split()))
    return " ".join(name for name in classes.split() if name in wanted)


@cache
def _states() -> dict[str, set[str]]:
    """Per class or element of a part, the states of its box or edge that change its look."""
    states: dict[str, set[str]] = {}
    for line in css("light").splitlines():
        for selector in line.partition("{")[0].split(","):
            above, _, own = selector.removeprefix(".gv ").rpartition(" ")
            for name in _CLASS.findall(own) or [own]:
                states.setdefault(name, set()).update(_CLASS.findall(above))
    return states


def _foot(foot: Foot, keyframes: Keyframes) -> Iterator[str]:
    way = foot.line("gv-p gv-t")
    yield written(foot.line("gv-way"))
    yield f'<g transform="translate({way.x:g},{way.y:g})">{written(way._replace(x=0, y=0))}</g>'
    seen: dict[tuple[marks.Text, ...], int] = {}
    for moment in range(keyframes.moments):
        words = tuple(foot.words(moment))
        seen[words] = seen.get(words, 0) | 1 << moment
    for words, when in seen.items():
        yield f'<g class="{keyframes.classes(when)}">{_written(words)}</g>'.replace(' class=""', "")


def _written(found: Iterable[marks.Mark]) -> str:
    return "".join(map(written, found))
