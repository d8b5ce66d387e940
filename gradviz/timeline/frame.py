"""A Frame: what exists at step k, and what does not yet."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from gradviz.graph import Number
from gradviz.summary import text_of

if TYPE_CHECKING:
    from gradviz.timeline import Step, Timeline


class Frame:
    """The state after the first ``k`` steps. Its columns are made when they are asked for.

    Attributes:
        timeline: the story this is a moment of.
        k: how many steps were executed.
    """

    def __init__(self, timeline: Timeline, k: int) -> None:
        self.timeline, self.k = timeline, k

    @cached_property
    def computed(self) -> np.ndarray:
        """Per node, whether its data exists."""
        column = np.zeros(len(self.timeline.graph), dtype=bool)
        column[: self.k] = True
        return column

    @cached_property
    def position(self) -> np.ndarray:
        """Per node, its place in the topological order, or -1."""
        order = self.timeline.phase_range("order")
        if self.k <= order.start or not order:
            return np.full(len(self.timeline.graph), -1, dtype=np.int32)
        walk = self.timeline.walk
        if self.k >= order.stop:
            return walk.position
        return np.where(walk.left_at < self.k - order.start, walk.position, np.int32(-1))

    @property
    def grad(self) -> np.ndarray:
        """Per node, its gradient so far; NaN where it is an array or does not exist."""
        return self._gradients[0]

    @property
    def has_grad(self) -> np.ndarray:
        """Per node, whether it has a gradient: something was carried to it, or was left from before."""
        return self._gradients[1]

    @cached_property
    def carried(self) -> np.ndarray:
        """Per edge, whether its cotangent has travelled."""
        timeline = self.timeline
        if self.k >= timeline.phase_range("backward").stop:
            return timeline.carrying
        column = np.zeros(timeline.graph.edge_count, dtype=bool)
        if done := timeline.carries_done(self.k):
            column[timeline.sums.edges[:done]] = True
        return column

    @cached_property
    def updated(self) -> np.ndarray:
        """Per node, whether the update has reached it."""
        graph, update = self.timeline.graph, self.timeline.phase_range("update")
        column = np.zeros(len(graph), dtype=bool)
        column[[u.node for u in graph.updates[: max(0, self.k - update.start)]]] = True
        return column

    @cached_property
    def current(self) -> Step | None:
        """The step just executed, or None at the start."""
        return self.timeline[self.k - 1] if self.k else None

    def data_of(self, node: int) -> Number | None:
        """The value of a node by now, or None if it is not computed yet."""
        if self.timeline.is_updated(node, self.k):
            return self.timeline.update_of(node).after
        return self.timeline.graph.data_of(node) if node < self.k else None

    def grad_of(self, node: int) -> Number | None:
        """The gradient of a node by now, or None if there is none yet."""
        return self.timeline.grad_at(node, self.k)

    def order_of(self, node: int) -> int:
        """The place of a node in the topological order, or -1 if it has none by now."""
        order = self.timeline.phase_range("order")
        if self.k <= order.start or not order:
            return -1
        walk = self.timeline.walk
        return int(walk.position[node]) if walk.left_at[node] < self.k - order.start else -1

    def data_text(self, node: int) -> str:
        """The value in a few characters; – if it is not computed yet."""
        return text_of(self.data_of(node))

    def grad_text(self, node: int) -> str:
        """The gradient in a few characters; – if there is none yet."""
        return text_of(self.grad_of(node))

    @cached_property
    def _gradients(self) -> tuple[np.ndarray, np.ndarray]:
        """Grad and has_grad; before and after the backward phase without its order."""
        timeline, graph, k = self.timeline, self.timeline.graph, self.k
        backward = timeline.phase_range("backward")
        if k >= backward.stop and not np.any((timeline.receives | graph.had) & ~graph.has_grad):
            return graph.grad, graph.has_grad
        has_grad, grad = graph.had.copy(), np.where(graph.had, graph.prior, np.nan)
        grad[list(graph.arrays["prior"])] = np.nan
        if done := timeline.carries_done(k):
            targets = timeline.sums.targets[:done]
            grad[targets] = timeline.sums.after[:done]  # of several to one node the last stays
            has_grad[targets] = True
        if backward and k > backward.start:
            has_grad[graph.root], grad[graph.root] = True, graph.grad[graph.root]
        if k >= backward.stop:  # also what no measured edge explains
            has_grad |= graph.has_grad
            grad[graph.has_grad] = graph.grad[graph.has_grad]
        return grad, has_grad
