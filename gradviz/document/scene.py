"""A pass, and a pass seen through one view: everything that its JSON shapes are read from."""

from __future__ import annotations

import re
from collections.abc import Collection
from functools import cached_property, lru_cache
from typing import Any

import numpy as np

from gradviz.document.files import FileNames
from gradviz.graph import Graph, Number, Span
from gradviz.recording import PassInfo
from gradviz.renderers import svg
from gradviz.renderers.style import Level, Scale
from gradviz.renderers.wording import range_text, signed
from gradviz.summary import text_of
from gradviz.timeline import Timeline
from gradviz.view import View

LABELS_KEPT = 1 << 16
_SIZE = re.compile(r'viewBox="0 0 ([\d.]+) ([\d.]+)"')


class Pass:
    """One pass: its graph, its timeline, its scale, and what they are called."""

    def __init__(self, info: PassInfo, graph: Graph, files: FileNames) -> None:
        self.info, self.graph, self.files = info, graph, files
        self.index = info.index
        self.timeline = Timeline(graph)
        self.label = lru_cache(maxsize=LABELS_KEPT)(graph.label)

    @cached_property
    def scale(self) -> Scale:
        """The scale of all gradients of this pass."""
        return Scale(self.graph)

    @cached_property
    def late(self) -> np.ndarray:
        """Per node, whether its gradient is there in the end although no step brings it."""
        graph, late = self.graph, self.graph.has_grad.copy()
        late[self.timeline.sums.targets] = False
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
        """Give file, line and columns of a place; columns count UTF-8 bytes, as Python does."""
        if span is None or not span.line:
            return {"file": self.files.get(span.file) if span else None, "line": None, "span": None}
        one_line = span.end_line in (0, span.line) and span.end_column > span.column
        columns = [span.column, span.end_column] if one_line else None
        return {"file": self.files[span.file], "line": span.line, "span": columns}


class Scene:
    """A pass seen through one view."""

    def __init__(self, shown: Pass, open: Collection[str] | None = None, depth: int | None = None) -> None:
        self.shown = shown
        self.graph, self.timeline = shown.graph, shown.timeline
        self.view = View(shown.graph, open, depth)

    @cached_property
    def svg(self) -> str:
        """The drawing before the first step; the page brings the style sheet and the legend."""
        return svg.render(self.view, self.timeline.frame(0), embed_css=False, legend=False)

    @cached_property
    def size(self) -> tuple[float, float]:
        """Width and height of the drawing."""
        found = _SIZE.search(self.svg)
        return (float(found[1]), float(found[2])) if found else (0.0, 0.0)

    @cached_property
    def gain_box(self) -> np.ndarray:
        """Per carry, the box that receives."""
        return np.asarray(self.view.box_of[self.timeline.sums.targets])

    @cached_property
    def carry_edge(self) -> np.ndarray:
        """Per carry, the view edge it travels on; -1 inside a box."""
        return np.asarray(self.view.edge_of[self.timeline.sums.edges])

    def gains(self, carries: int, seeded: bool) -> np.ndarray:
        """Per box, how many steps brought a gradient, by so many carries and the seed."""
        counts = np.bincount(self.gain_box[:carries], minlength=len(self.view.boxes))
        if seeded and self.timeline.has_backward:
            counts[self.view.box_of[self.graph.root]] += 1
        return np.asarray(counts)

    def carried(self, carries: int) -> np.ndarray:
        """Per view edge, how many cotangents have travelled on it."""
        edges = self.carry_edge[:carries]
        return np.bincount(edges[edges >= 0], minlength=len(self.view.edges))

    @cached_property
    def gains_total(self) -> np.ndarray:
        """Per box, how many steps bring a gradient in all."""
        return self.gains(len(self.timeline.sums), seeded=True)

    @cached_property
    def carried_total(self) -> np.ndarray:
        """Per view edge, how many cotangents travel on it in all."""
        return self.carried(len(self.timeline.sums))

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
    def final_boxes(self) -> list[tuple[str | None, str | None, Level | None]]:
        """Per box its data, gradient and level after the last step; of several values range and largest."""
        frame = self.timeline.frame(len(self.timeline))
        facts = self.view.summaries(frame)
        final: list[tuple[str | None, str | None, Level | None]] = []
        for box, fact in zip(self.view.boxes, facts, strict=True):
            if box.node is not None:
                grad = frame.grad_of(box.node)
                text = None if grad is None else text_of(grad)
                final.append((text_of(frame.data_of(box.node)), text, self.shown.level(grad)))
            else:
                largest = fact.grad_norm if fact.done_grads else None
                data = range_text(fact.data_min, fact.data_max)
                final.append((data, None if largest is None else text_of(largest), self.shown.level(largest)))
        return final

    @cached_property
    def final_edges(self) -> list[tuple[str | None, Level | None]]:
        """Per view edge its text and level after the last step; of several cotangents the largest."""
        edges, sums = self.carry_edge, self.timeline.sums
        drawn = edges >= 0
        largest = np.full(len(self.view.edges), -np.inf)
        with np.errstate(invalid="ignore"):  # a NaN wins, silently
            np.maximum.at(largest, edges[drawn], self.view.magnitudes.carried[sums.edges[drawn]])
        last = np.full(len(self.view.edges), -1)
        last[edges[drawn]] = sums.edges[drawn]
        final: list[tuple[str | None, Level | None]] = []
        for edge, total in enumerate(self.carried_total.tolist()):
            if total == 1:
                final.append(self.cotangent(int(last[edge])))
            elif total:
                final.append((text_of(float(largest[edge])), self.shown.level(float(largest[edge]))))
            else:
                final.append((None, None))
        return final

    def cotangent(self, edge: int) -> tuple[str, Level | None]:
        """Give what one graph edge carries back: its signed text, and its level."""
        value = self.graph.cotangent_of(edge)
        return signed(value), self.shown.level(value)
