"""A Frame: what exists at step k, and what does not yet."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from gradviz.graph import Number
from gradviz.summary import text_of

if TYPE_CHECKING:
    from gradviz.timeline import Step, Timeline


@dataclass(frozen=True, eq=False)
class Frame:
    """The state after the first ``k`` steps.

    Attributes:
        timeline: the story this is a moment of.
        k: how many steps were executed.
        computed: per node, whether its data exists.
        position: per node, its place in the topological order, or -1.
        grad: per node, its gradient so far; NaN where it is an array or does not exist.
        has_grad: per node, whether it has a gradient: something was carried to it, or was left from before.
        carried: per edge, whether its cotangent has travelled.
        updated: per node, whether the update has reached it.
        current: the step just executed, or None at the start.
    """

    timeline: Timeline
    k: int
    computed: np.ndarray
    position: np.ndarray
    grad: np.ndarray
    has_grad: np.ndarray
    carried: np.ndarray
    updated: np.ndarray
    current: Step | None

    def data_of(self, node: int) -> Number | None:
        """The value of a node by now, or None if it is not computed yet."""
        if self.updated[node]:
            return self.timeline.update_of(node).after
        return self.timeline.graph.data_of(node) if self.computed[node] else None

    def grad_of(self, node: int) -> Number | None:
        """The gradient of a node by now, or None if there is none yet."""
        return self.timeline.grad_at(node, self.k)

    def data_text(self, node: int) -> str:
        """The value in a few characters; – if it is not computed yet."""
        return text_of(self.data_of(node))

    def grad_text(self, node: int) -> str:
        """The gradient in a few characters; – if there is none yet."""
        return text_of(self.grad_of(node))


def frame_at(timeline: Timeline, k: int) -> Frame:
    """Build the frame after the first ``k`` steps, column by column."""
    graph, walk = timeline.graph, timeline.walk
    visits, update = (timeline.phase_range(phase).start for phase in ("order", "update"))
    updated = np.zeros(len(graph), dtype=bool)
    updated[[u.node for u in graph.updates[: max(0, k - update)]]] = True
    grad, has_grad, carried = _gradients(timeline, k)
    left = timeline.has_backward & (walk.left_at < k - visits)
    return Frame(
        timeline=timeline,
        k=k,
        computed=np.arange(len(graph)) < k,
        position=np.where(left, walk.position, np.int32(-1)),
        grad=grad,
        has_grad=has_grad,
        carried=carried,
        updated=updated,
        current=timeline[k - 1] if k else None,
    )


def _gradients(timeline: Timeline, k: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Grad, has_grad and carried after the first ``k`` steps."""
    graph, sums, backward = timeline.graph, timeline.sums, timeline.phase_range("backward")
    edges, targets = (column[: timeline.carries_done(k)] for column in (sums.edges, sums.targets))
    carried = np.zeros(graph.edge_count, dtype=bool)
    carried[edges] = True
    has_grad = sums.had.copy()
    grad = np.where(has_grad, graph.prior, np.nan)
    grad[list(graph.arrays["prior"])] = np.nan
    grad[targets] = sums.after[: len(targets)]  # of several to one node the last stays
    has_grad[targets] = True
    if backward and k > backward.start:
        has_grad[graph.root], grad[graph.root] = True, graph.grad[graph.root]
    if k >= backward.stop:  # also what no measured edge explains
        has_grad |= graph.has_grad
        grad[graph.has_grad] = graph.grad[graph.has_grad]
    return grad, has_grad, carried
