"""Moving pictures: a walk through the steps in one file. One table, name -> row, as for single pictures.

The drawing is laid out once. Below it a thin line says how far the walk is, and a sentence what the step
does.
"""

from __future__ import annotations

import math
import os
import textwrap
from collections.abc import Iterator, Sequence
from importlib import import_module
from typing import TYPE_CHECKING, Any, NamedTuple

from gradviz.errors import LayoutError, NotFoundError
from gradviz.explain import explain
from gradviz.renderers.escape import visible
from gradviz.renderers.marks import SENTENCE_SIZE, Rect, Text

if TYPE_CHECKING:
    from gradviz.timeline import Timeline
    from gradviz.view import View

__all__ = ["ANIMATIONS", "USUAL", "Animation", "Foot", "Pace", "animation_for"]

_INSET, _LINE = 24.0, 18.0  # px beside the foot, and from one line of the sentence to the next
_ADVANCE = 0.56  # em: how far letters of a sans-serif font step, rather more than less
_MOST_LINES = 3


class Pace(NamedTuple):
    """How a walk is played.

    Attributes:
        seconds: how long each step is shown.
        times: how often the walk is played, before it stays at its end; 0 is without end.
    """

    seconds: float = 0.8
    times: int = 0

    @property
    def last(self) -> float:
        """How many seconds the last step is shown: long enough to see that it is the end."""
        return max(2.0, 2 * self.seconds)


USUAL = Pace()


class Animation(NamedTuple):
    """One way to write a walk.

    Attributes:
        name: its key in ``ANIMATIONS``.
        module: where its ``render`` lives.
        extension: the ending of its files.
        media_type: for HTTP and notebooks.
        most: moments it takes at most: what is longer nobody watches, and it would be slow and large.
        options: the keywords that ``render`` takes beyond ``pace``, ``layout``, ``theme`` and ``legend``.
    """

    name: str
    module: str
    extension: str
    media_type: str
    most: int
    options: tuple[str, ...] = ()

    def render(self, view: View, timeline: Timeline, chosen: Sequence[int], **options: Any) -> bytes:
        """Write a walk.

        Args:
            view: the boxes and edges.
            timeline: of the view's graph.
            chosen: after how many steps each moment is, in the order in which they are shown.
            options: what the format takes.

        Raises:
            LayoutError: there are too many moments or none, or they cannot be painted.
        """
        if not 0 < len(chosen) <= self.most:
            raise LayoutError(
                f"{self.name.upper()} takes 1 to {self.most:,} moments, not {len(chosen):,}.",
                f"Take one in {math.ceil(len(chosen) / self.most)}." if chosen else None,
            )
        written: bytes = import_module(self.module).render(view, timeline, chosen, **options)
        return written


_ROWS = (
    Animation("svg", "gradviz.renderers.animated_svg", ".svg", "image/svg+xml", 1000, ("title",)),
    Animation("apng", "gradviz.renderers.apng", ".apng", "image/apng", 300, ("scale", "engine")),
    Animation("gif", "gradviz.renderers.gif", ".gif", "image/gif", 300, ("scale", "engine")),
)
ANIMATIONS: dict[str, Animation] = {row.name: row for row in _ROWS}
_ENDINGS = {row.extension: row for row in _ROWS} | {".png": ANIMATIONS["apng"]}


def animation_for(name: str) -> Animation:
    """Find the row for a format's name or for a file's name.

    Raises:
        NotFoundError: there is none; the message says what exists.
    """
    ending = os.path.splitext(name)[1].lower() or f".{name.lower()}"
    if ending not in _ENDINGS:
        raise NotFoundError(f"{ending[1:41]!r} does not move.", f"What does: {', '.join(ANIMATIONS)}.")
    return _ENDINGS[ending]


class Foot:
    """What stands below the drawing: a line of progress and the sentence of each moment, in as many lines.

    Attributes:
        sentences: per moment its lines.
        height: px, the same at every moment.
        width: px of the line of progress.
    """

    def __init__(self, timeline: Timeline, chosen: Sequence[int], width: float, top: float) -> None:
        self.width, self._top = width - 2 * _INSET, top
        letters = int(self.width / (SENTENCE_SIZE * _ADVANCE))
        self.sentences = [_lines(_sentence(timeline, k), letters) for k in chosen]
        self.height = 24 + _LINE * max(map(len, self.sentences))

    def line(self, role: str, share: float = 1.0) -> Rect:
        """Give the line of progress up to a share of the way."""
        return Rect(role, _INSET, self._top + 5, self.width * share, 2, 1)

    def share(self, moment: int) -> float:
        """How far the walk is."""
        return moment / max(len(self.sentences) - 1, 1)

    def words(self, moment: int) -> Iterator[Text]:
        """Give the sentence of a moment."""
        for i, line in enumerate(self.sentences[moment]):
            yield Text("gv-sentence", _INSET, self._top + 26 + _LINE * i, line)


def _sentence(timeline: Timeline, k: int) -> str:
    return explain(timeline.graph, timeline[k - 1], timeline).sentence if k else "Before the first step."


def _lines(sentence: str, letters: int) -> list[str]:
    return textwrap.wrap(visible(sentence), letters, max_lines=_MOST_LINES, placeholder=" …")
