"""A pass, and a pass seen through one view: everything that its JSON shapes are read from."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from functools import cached_property
from typing import Any

import numpy as np

from gradviz.diagnostics.reference import Verified, verify
from gradviz.document import looks
from gradviz.document.files import FileNames
from gradviz.document.places import Places, before
from gradviz.document.progress import Progress
from gradviz.errors import ReplayError
from gradviz.graph import Graph, Number, Span
from gradviz.layout import Layout
from gradviz.program import Program, replay
from gradviz.program.checks import check_known, seed_of
from gradviz.recording import PassInfo
from gradviz.renderers import svg
from gradviz.renderers.drawing import lay_out
from gradviz.renderers.facts import Facts
from gradviz.renderers.style import Level, Scale, scale_of
from gradviz.renderers.wording import signed
from gradviz.summary import text_of
from gradviz.timeline import Timeline
from gradviz.view import MOST, View

_SIZE = re.compile(r'viewBox="0 0 ([\d.]+) ([\d.]+)"')


class Pass:
    """One pass: its graph, its timeline, its scale, and what they are called."""

    def __init__(self, info: PassInfo, graph: Graph, files: FileNames) -> None:
        self.info, self.graph, self.files = info, graph, files
        self.index = info.index
        self.timeline = Timeline(graph)
        self.label = graph.label

    @cached_property
    def program(self) -> Program | ReplayError:
        """The pass as a program for other leaves, or why there is none."""
        try:
            return replay(self.graph)
        except ReplayError as error:
            return error

    @property
    def refused(self) -> ReplayError | None:
        """Why leaves cannot be edited, as far as it is known without making the program, which is large."""
        if "program" not in self.__dict__:
            return self._seen_to_fail
        return self.program if isinstance(self.program, ReplayError) else None

    @cached_property
    def _seen_to_fail(self) -> ReplayError | None:
        try:
            check_known(self.graph)
            seed_of(self.graph)
        except ReplayError as error:
            return error
        return None

    @cached_property
    def verified(self) -> Verified:
        """Its gradients beside those that the op table gives."""
        return verify(self.graph)

    @cached_property
    def scale(self) -> Scale:
        """The scale of all gradients of this pass."""
        return scale_of(self.graph)

    @cached_property
    def late(self) -> np.ndarray:
        """Per node, whether its gradient is there in the end although no step brings it."""
        graph, late = self.graph, self.graph.has_grad.copy()
        late[self.timeline.receives] = False
        if self.timeline.has_backward:
            late[graph.root] = False
        return np.asarray(late)

    @property
    def late_from(self) -> int:
        """The first frame that shows the gradients that no step brings."""
        return self.timeline.phase_range("backward").stop

    def level(self, value: Number | None) -> Level | None:
        """Give the level of a gradient; None if there is none."""
        level = self.scale.level(value)
        return None if level == "none" else level

    def place(self, span: Span | None) -> dict[str, Any]:
        """Give file, line and columns of a place, and its last line where that is another.

        Columns count UTF-8 bytes, as Python does.
        """
        if span is None or not span.line:
            return {"file": self.files.get(span.file) if span else None, "line": None, "span": None}
        columns = None
        if span.end_line > span.line and span.end_column:
            columns = [span.column, span.end_column, span.end_line]
        elif span.end_column > span.column:
            columns = [span.column, span.end_column]
        return {"file": self.files[span.file], "line": span.line, "span": columns}


class Scene:
    """A pass seen through one view.

    Args:
        shown: the pass.
        open, depth, most: what the view shows; see ``Document.scene``.
        earlier: gives the places that boxes keep to, if there are any.
    """

    def __init__(
        self,
        shown: Pass,
        open: Sequence[str] | None = None,
        depth: int | None = None,
        most: int = MOST,
        earlier: Callable[[], Places | None] = lambda: None,
    ) -> None:
        self.shown, self._asked, self._earlier = shown, tuple(open or ()), earlier
        self.graph, self.timeline = shown.graph, shown.timeline
        self.view = View(shown.graph, open, depth, most=most)

    @cached_property
    def svg(self) -> str:
        """The drawing before the first step; the page brings the style sheet and the legend."""
        frame = self.timeline.frame(0)
        return svg.render(self.view, frame, layout=self.placed, embed_css=False, legend=False)

    @property
    def large(self) -> bool:
        """Whether it has more boxes than an SVG carries: it is told in columns, and the page paints it."""
        return len(self.view.node_start) - 1 > MOST

    @cached_property
    def placed(self) -> Layout:
        """Where boxes and edges stand."""
        texts = Facts(self.view, self.timeline.frame(0)).final_texts
        earlier = None if self.large else self._earlier()
        return lay_out(self.view, texts=texts, before=before(self.view, earlier) if earlier else None)

    @property
    def open(self) -> list[str]:
        """The keys that are open: those that were asked for in that order, then the others."""
        there = self.view.expanded
        asked = [key for key in self._asked if key in there]
        return [*asked, *sorted(there.difference(asked))]

    @cached_property
    def size(self) -> tuple[float, float]:
        """Width and height of the drawing."""
        if self.large:
            return self.placed.width, self.placed.height
        found = _SIZE.search(self.svg)
        return (float(found[1]), float(found[2])) if found else (0.0, 0.0)

    @property
    def singles(self) -> np.ndarray:
        """Per box its node; -1 if it is folded."""
        return self.progress.singles

    @cached_property
    def counts(self) -> np.ndarray:
        """Per box, how many values it holds."""
        return np.diff(self.view.node_start)

    @cached_property
    def progress(self) -> Progress:
        """How much of each box and edge is done by any step."""
        return Progress(self.timeline, self.view)

    @property
    def gains_total(self) -> np.ndarray:
        """Per box, how many steps bring a gradient in all."""
        return self.progress.gains_total

    @property
    def carried_total(self) -> np.ndarray:
        """Per view edge, how many cotangents travel on it in all."""
        return self.progress.carried_total

    @cached_property
    def first_update(self) -> dict[int, int]:
        """Per box that holds updated values, the first step that updates one."""
        start = self.timeline.phase_range("update").start
        first: dict[int, int] = {}
        for k, update in enumerate(self.graph.updates, start):
            first.setdefault(int(self.view.box_of[update.node]), k)
        return first

    @cached_property
    def late_boxes(self) -> set[int]:
        """The boxes whose gradient no step brings."""
        with_late = np.unique(self.view.box_of[self.shown.late])
        return {box for box in with_late.tolist() if not self.gains_total[box]}

    @cached_property
    def final_boxes(self) -> list[looks.Final]:
        """Per box its data, gradient and level after the last step; of several values range and largest."""
        return looks.final_boxes(self)

    @cached_property
    def final_rows(self) -> list[tuple[int, looks.Final, int, int, bool]]:
        """Per box what no frame changes: node, final texts, values, gradients in all, whether it is odd."""
        columns = (self.counts.tolist(), self.gains_total.tolist(), self.progress.odd.tolist())
        return list(zip(self.singles.tolist(), self.final_boxes, *columns, strict=True))

    @cached_property
    def final_levels(self) -> list[Level | None]:
        """Per view edge its level after the last step; None if nothing travels on it."""
        largest = zip(self._largest.tolist(), self.carried_total.tolist(), strict=True)
        return [self.shown.level(size) if total else None for size, total in largest]

    @cached_property
    def final_edges(self) -> list[tuple[str | None, Level | None]]:
        """Per view edge its text and level after the last step; of several cotangents the largest."""
        edges = np.flatnonzero(self.timeline.carrying & (self.view.edge_of >= 0))
        last = np.full(len(self._largest), -1)
        last[self.view.edge_of[edges]] = edges
        final: list[tuple[str | None, Level | None]] = []
        rows = zip(self.carried_total.tolist(), last.tolist(), self._largest.tolist(), strict=True)
        for (total, edge, size), level in zip(rows, self.final_levels, strict=True):
            one = signed(self.graph.cotangent_of(edge)) if total == 1 else None
            final.append((text_of(size) if total > 1 else one, level))
        return final

    @cached_property
    def _largest(self) -> np.ndarray:
        """Per view edge the largest magnitude that travels on it."""
        edges = np.flatnonzero(self.timeline.carrying & (self.view.edge_of >= 0))
        largest = np.full(len(self.view.edge_columns.edges), -np.inf)
        with np.errstate(invalid="ignore"):  # a NaN wins, silently
            np.maximum.at(largest, self.view.edge_of[edges], self.view.magnitudes.carried[edges])
        return largest

    def cotangent(self, edge: int) -> tuple[str, Level | None]:
        """Give what one graph edge carries back: its signed text, and its level."""
        value = self.graph.cotangent_of(edge)
        return signed(value), self.shown.level(value)
