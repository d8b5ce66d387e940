"""What there is to say of a collapsed box, or of an edge that stands for many, at one frame."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from gradviz.frozen import Frozen
from gradviz.view.magnitudes import magnitudes

if TYPE_CHECKING:
    from gradviz.timeline.frame import Frame
    from gradviz.view import View


class BoxFacts(Frozen):
    """A box at one frame.

    Attributes:
        total, computed: the values in it, and how many of them exist by now.
        data_min, data_max: over the finite ones that exist; NaN if there are none.
        grads_total, grads: the backward steps (seed and carries) that land in it, and those already done.
        done_grads: how many of its values have a gradient by now.
        grad_norm: the largest |gradient|; NaN if there is none. A non-finite one wins.
        zero_share: the share of its gradients that are exactly zero; NaN if there are none.
        nonfinite: how many of its values or gradients are NaN or infinite.
        updated: how many of its values the update has reached.
    """

    total: int
    computed: int
    data_min: float
    data_max: float
    grads_total: int
    grads: int
    done_grads: int
    grad_norm: float
    zero_share: float
    nonfinite: int
    updated: int


class BoxFactColumns(NamedTuple):
    """The facts of all boxes at one frame in columns; the names and units of ``BoxFacts``."""

    total: np.ndarray
    computed: np.ndarray
    data_min: np.ndarray
    data_max: np.ndarray
    grads_total: np.ndarray
    grads: np.ndarray
    done_grads: np.ndarray
    grad_norm: np.ndarray
    zero_share: np.ndarray
    nonfinite: np.ndarray
    updated: np.ndarray

    def rows(self) -> list[BoxFacts]:
        """One object per box."""
        return [BoxFacts(*row) for row in zip(*(column.tolist() for column in self), strict=True)]


class EdgeFacts(Frozen):
    """An edge at one frame: its cotangents, how many of them travelled, and the largest of these."""

    total: int
    carried: int
    largest: float


class EdgeFactColumns(NamedTuple):
    """The facts of all edges at one frame in columns; the names and units of ``EdgeFacts``."""

    total: np.ndarray
    carried: np.ndarray
    largest: np.ndarray

    def rows(self) -> list[EdgeFacts]:
        """One object per edge."""
        return [EdgeFacts(*row) for row in zip(*(column.tolist() for column in self), strict=True)]


def box_facts(view: View, frame: Frame) -> BoxFactColumns:
    """The facts of every box, all at once."""
    per_box, sizes = _PerBox(view), magnitudes(view.graph)
    low, high, bad = sizes.data
    grad = sizes.grad(frame)
    has, known = frame.has_grad, frame.has_grad & ~sizes.has_lost_grad
    backward = frame.timeline.phase_range("backward")
    seeds = np.zeros(per_box.boxes, dtype=np.int64)
    if len(backward):
        seeds[view.box_of[view.graph.root]] = 1
    carries, carried = frame.timeline.carrying, frame.carried
    receives_in_all = per_box.tally(view.box_of[view.graph.input[carries]])
    finished = np.array_equal(carries, carried)
    receives = receives_in_all if finished else per_box.tally(view.box_of[view.graph.input[carried]])
    with np.errstate(all="ignore"):
        zero_share = per_box.count(known & (grad == 0)) / per_box.count(known)
    return BoxFactColumns(
        total=per_box.sizes,
        computed=per_box.count(frame.computed),
        data_min=per_box.reduce(np.fmin, low, frame.computed, np.nan),
        data_max=per_box.reduce(np.fmax, high, frame.computed, np.nan),
        grads_total=seeds + receives_in_all,
        grads=seeds * (frame.k > backward.start) + receives,
        done_grads=per_box.count(has),
        grad_norm=_largest(per_box, grad, known),
        zero_share=zero_share,
        nonfinite=per_box.count((frame.computed & bad) | (known & ~np.isfinite(grad))),
        updated=per_box.count(frame.updated),
    )


def edge_facts(view: View, frame: Frame) -> EdgeFactColumns:
    """The facts of every edge of the view, all at once."""
    drawn = view.edge_of >= 0
    count = len(view.edge_columns.source)
    total = np.bincount(view.edge_of[drawn & frame.timeline.carrying], minlength=count)
    on = drawn & frame.carried
    carried = np.bincount(view.edge_of[on], minlength=count)
    largest = np.full(count, -np.inf)
    with np.errstate(invalid="ignore"):  # NaN wins, which is meant
        np.maximum.at(largest, view.edge_of[on], magnitudes(view.graph).carried[on])
    largest[carried == 0] = np.nan
    return EdgeFactColumns(total, carried, largest)


def _largest(per_box: _PerBox, grad: np.ndarray, known: np.ndarray) -> np.ndarray:
    """Per box the largest |gradient|, NaN where one of them is NaN or none exists."""
    largest = per_box.reduce(np.maximum, grad, known, -np.inf)
    largest[largest == -np.inf] = np.nan
    return largest


class _PerBox:
    """Columns over nodes brought down to columns over boxes."""

    def __init__(self, view: View) -> None:
        self.box_of, self.boxes = view.box_of, len(view.node_start) - 1
        self.order, self.start = view.node_order, view.node_start[:-1]
        self.sizes = np.diff(view.node_start)

    def tally(self, boxes: np.ndarray) -> np.ndarray:
        return np.bincount(boxes, minlength=self.boxes)

    def count(self, mask: np.ndarray) -> np.ndarray:
        return self.sizes if mask.all() else self.tally(self.box_of[mask])

    def reduce(self, ufunc: np.ufunc, column: np.ndarray, mask: np.ndarray, default: float) -> np.ndarray:
        """The ufunc over the values of each box where ``mask`` holds, and ``default`` elsewhere."""
        if not self.boxes or not mask.any():  # as before the first step
            return np.full(self.boxes, default)
        if not mask.all():
            column = np.where(mask, column, default)
        return np.asarray(ufunc.reduceat(column[self.order], self.start))
