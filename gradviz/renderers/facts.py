"""What there is to say of each box and edge at one moment: texts and states, no geometry, no colours.

Every renderer tells these facts in its own way, so that no two of them can disagree.
"""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, TypeVar
from weakref import WeakKeyDictionary

import numpy as np

from gradviz.graph import CONST, KINDS, Number
from gradviz.renderers import change
from gradviz.renderers.states import BoxFacts, EdgeFacts
from gradviz.renderers.style import LABELLED, Scale, scale_of
from gradviz.renderers.wording import counted, in_full, place, range_text, share_text, signed
from gradviz.summary import ABSENT, text_of
from gradviz.timeline import Timeline
from gradviz.view.boxfacts import BoxFacts as ScopeFacts
from gradviz.view.boxfacts import EdgeFacts as BundleFacts

if TYPE_CHECKING:
    from gradviz.timeline import Step
    from gradviz.timeline.frame import Frame
    from gradviz.view import Box, View, ViewEdge

__all__ = ["BoxFacts", "EdgeFacts", "Facts", "signed"]

Kind = TypeVar("Kind")

_final_texts: WeakKeyDictionary[View, list[str]] = WeakKeyDictionary()


class Facts:
    """The facts of a view at a frame; without a frame after the backward pass, before the update.

    Attributes:
        frame: the moment.
        stepping: whether a frame was asked for, so that the current step and the order are shown.
    """

    def __init__(self, view: View, frame: Frame | None = None) -> None:
        self.view, self.graph, self.stepping = view, view.graph, frame is not None
        self.frame = frame or _after_backward(Timeline(view.graph))

    @cached_property
    def current(self) -> Step | None:
        """The step that was just executed; None where no moment was asked for."""
        return self.frame.current if self.stepping else None

    @cached_property
    def scale(self) -> Scale:
        """The scale of the whole graph, so that views and moments of it can be compared."""
        return scale_of(self.graph)

    @cached_property
    def boxes(self) -> list[BoxFacts]:
        """The facts of each box."""
        return self._told([box.index for box in self.view.boxes])

    @cached_property
    def edges(self) -> list[EdgeFacts]:
        """The facts of each edge."""
        return self._told_edges([edge.index for edge in self.view.edges])

    def at(self, frame: Frame) -> Facts:
        """Give the facts at another moment; those that are the same as here are the same objects."""
        facts = Facts(self.view, frame)
        found = change.between(self.view, self.frame, frame) if self.stepping else None
        if found is not None:
            facts.boxes = _with(self.boxes, found.boxes, facts._told(found.boxes))
            facts.edges = _with(self.edges, found.edges, facts._told_edges(found.edges))
        return facts

    def _told(self, chosen: list[int]) -> list[BoxFacts]:
        """Give the facts of some boxes."""
        boxes = [self.view.boxes[index] for index in chosen]
        summaries = self.view.summaries(self.frame) if any(box.node is None for box in boxes) else []
        return [
            self._value(box, box.node) if box.node is not None else self._group(box, summaries[box.index])
            for box in boxes
        ]

    def _told_edges(self, chosen: list[int]) -> list[EdgeFacts]:
        """Give the facts of some edges."""
        edges = [self.view.edges[index] for index in chosen]
        flows = self.view.flows(self.frame) if any(edge.count > 1 for edge in edges) else []
        return [
            self._single(edge) if edge.count == 1 else self._bundle(edge, flows[edge.index]) for edge in edges
        ]

    @cached_property
    def final_texts(self) -> list[str]:
        """The number that each edge carries in the end; an empty list if they are too many to be shown."""
        view = self.view
        if view not in _final_texts:
            few = len(view.edge_columns.edges) <= LABELLED
            final = Facts(view, _after_backward(self.frame.timeline))
            final.stepping = False  # its current step would cost the depth-first visit
            _final_texts[view] = [edge.text for edge in final.edges] if few else []
        return _final_texts[view]

    @property
    def headline(self) -> str:
        """What is drawn, in a few words."""
        changed = self.graph.meta.get("what_if")
        told = f", what if {changed}" if changed else ""
        return f"Computation graph of {self.graph.label(self.graph.root)}{told}"

    @property
    def words(self) -> str:
        """What the drawing shows, for who cannot see it."""
        graph, boxes = self.graph, self.boxes
        root = f"{graph.label(graph.root)} = {text_of(graph.data_of(graph.root))}"
        values, edges = counted(len(graph), "value"), counted(len(self.view.edges), "edge")
        shown = f"{values} in {counted(len(boxes), 'box', 'boxes')} with {edges}; {root}."
        if changed := graph.meta.get("what_if"):
            shown = f"Not as recorded, but with {changed}: {shown}"
        flowing = [facts for facts in boxes if isinstance(facts.level, int)]
        if not flowing:
            return f"{shown} No gradient yet."
        largest = max(flowing, key=lambda facts: int(facts.level))
        return f"{shown} The largest gradient is that of {largest.name}: {largest.grad}."

    def _value(self, box: Box, node: int) -> BoxFacts:
        graph, frame = self.graph, self.frame
        kind, op = KINDS[graph.kind[node]], graph.op_of(node)
        data, grad = frame.data_of(node), frame.grad_of(node)
        asked = graph.kind[node] != CONST
        lines = [f"{box.title}: {op or kind}", box.scope, f"data {in_full(data)}"]
        lines += [f"grad {in_full(grad) if asked else 'not asked'}", place(graph.span_of(node))]
        return BoxFacts(
            name=box.title,
            op=box.subtitle if op else "",
            kind=kind,
            data=text_of(data),
            grad=text_of(grad) if asked else "not asked",
            level=self.scale.level(grad) if asked else "na",
            computed=bool(frame.computed[node]),
            bad=data is not None and not bool(np.all(np.isfinite(data))),
            updated=bool(frame.updated[node]),
            now=self._is_current(box),
            lines=tuple(filter(None, lines)),
            order=frame.order_of(node) if self.stepping else -1,
        )

    def _group(self, box: Box, found: ScopeFacts) -> BoxFacts:
        computed = found.computed == found.total
        has_grad = found.done_grads > 0 and found.grads >= found.grads_total
        norm = found.grad_norm if has_grad else None
        span = f"data {in_full(found.data_min)} … {in_full(found.data_max)}"
        lines = [box.key, f"{box.count:,} values: {box.subtitle}", span if computed else "not computed"]
        if has_grad:
            lines.append(f"largest |grad| {in_full(norm)}; {found.zero_share:.4%} are exactly zero")
        if found.nonfinite:
            lines.append(f"{found.nonfinite:,} are NaN or infinite")
        return BoxFacts(
            name=box.title,
            op="",
            kind="group",
            data=range_text(found.data_min, found.data_max) if computed else ABSENT,
            grad=text_of(norm),
            level=self.scale.level(norm),
            computed=computed,
            bad=found.nonfinite > 0,
            updated=found.updated > 0,
            now=self._is_current(box),
            lines=tuple(lines),
            count=box.count,
            sub=box.subtitle,
            zeros=share_text(found.zero_share) if has_grad else ABSENT,
            progress=self._progress(found),
        )

    def _progress(self, found: ScopeFacts) -> float:
        backward = self.current is not None and self.current.phase == "backward"
        done, total = (found.grads, found.grads_total) if backward else (found.computed, found.total)
        return done / total if done < total else 0.0

    def _is_current(self, box: Box) -> bool:
        return self.current is not None and int(self.view.box_of[self.current.node]) == box.index

    def _single(self, edge: ViewEdge) -> EdgeFacts:
        e = int(edge.edges[0])
        value = self.graph.cotangent_of(e) if self.frame.carried[e] else None
        local = self.graph.local_of(e)
        lines = [f"{self._ends(edge)}, argument {edge.slot}", f"carries back {in_full(value)}"]
        if local is not None:
            lines.append(f"local derivative {in_full(local)}")
        return EdgeFacts(self.scale.level(value), signed(value), self._on_edge(edge), tuple(lines))

    def _bundle(self, edge: ViewEdge, found: BundleFacts) -> EdgeFacts:
        value: Number | None = found.largest if found.carried == found.total > 0 else None
        if found.total == 1 and value is not None:  # the others stay silent: no need to hide the sign
            value = self.graph.cotangent_of(int(edge.edges[self.frame.carried[edge.edges]][0]))
        lines = (f"{self._ends(edge)}, {edge.count:,} edges", f"the largest carries back {in_full(value)}")
        text = signed(value) if found.total == 1 else text_of(value) if value is not None else ""
        return EdgeFacts(self.scale.level(value), text, self._on_edge(edge), lines)

    def _ends(self, edge: ViewEdge) -> str:
        return f"{self.view.boxes[edge.source].title} → {self.view.boxes[edge.target].title}"

    def _on_edge(self, edge: ViewEdge) -> bool:
        step = self.current
        return step is not None and step.edge is not None and int(self.view.edge_of[step.edge]) == edge.index


def _after_backward(timeline: Timeline) -> Frame:
    return timeline.frame(timeline.phase_range("backward").stop)


def _with(known: list[Kind], chosen: list[int], new: list[Kind]) -> list[Kind]:
    """Give a list with some of its items changed."""
    items = list(known)
    for index, item in zip(chosen, new, strict=True):
        items[index] = item
    return items
