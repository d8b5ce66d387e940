"""Which boxes and edges of a view may differ between two moments of one walk."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from gradviz.timeline.frame import Frame
    from gradviz.view import View

NEAR = 32  # steps; further apart everything is told anew


class Change(NamedTuple):
    """The indices of the boxes and edges that may differ; the others are the same."""

    boxes: list[int]
    edges: list[int]


def between(view: View, before: Frame, after: Frame) -> Change | None:
    """Find what may differ between two frames of one timeline; None where that may be everything.

    A step changes its own node and edge, and loses or gains the mark of being the current one. At the end of
    the backward phase gradients appear that no step explains, and another phase has another progress.
    """
    timeline = after.timeline
    low, high = sorted((before.k, after.k))
    end = timeline.phase_range("backward").stop
    if before.timeline is not timeline or not 0 < low or high - low > NEAR or low < end <= high:
        return None
    steps = timeline.steps(low - 1, high)
    if steps[0].phase != steps[-1].phase:
        return None
    boxes = {int(view.box_of[step.node]) for step in steps}
    edges = {int(view.edge_of[step.edge]) for step in steps if step.edge is not None}
    return Change(sorted(boxes), sorted(edges - {-1}))
