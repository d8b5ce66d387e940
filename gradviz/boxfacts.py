"""What there is to say of a collapsed box, or of an edge that stands for many, at one frame."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from gradviz.graph import Graph
from gradviz.summary import magnitude

if TYPE_CHECKING:
    from gradviz.frame import Frame
    from gradviz.view import View


@dataclass(frozen=True)
class BoxFacts:
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


@dataclass(frozen=True)
class EdgeFacts:
    """An edge at one frame: its cotangents, how many of them travelled, and the largest of these."""

    total: int
    carried: int
    largest: float


class Magnitudes:
    """Per node and edge one number even where the value is an array; computed once per graph."""

    def __init__(self, graph: Graph) -> None:
        self.graph = graph

    @cached_property
    def data(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Per node the smallest and largest finite element (NaN if none), and whether one is not finite."""
        low = np.where(np.isfinite(self.graph.data), self.graph.data, np.nan)
        high, bad = low.copy(), ~np.isfinite(self.graph.data)
        for node, array in self.graph.arrays["data"].items():
            finite = array[np.isfinite(array)]
            bad[node] = finite.size < array.size
            low[node], high[node] = (finite.min(), finite.max()) if finite.size else (np.nan, np.nan)
        return low, high, bad

    @cached_property
    def carried(self) -> np.ndarray:
        """Per edge the largest |cotangent|; NaN where there is none, or where it is NaN."""
        size: np.ndarray = np.abs(self.graph.cotangent)
        for edge, array in self.graph.edges_derived.cotangent_arrays.items():
            size[edge] = magnitude(array)
        return size

    def grad(self, frame: Frame) -> np.ndarray:
        """Per node the largest |gradient| at ``frame``; NaN where there is none, or where it is NaN."""
        size: np.ndarray = np.abs(frame.grad)
        arrays = self.graph.arrays
        for node in {*arrays["grad"], *arrays["prior"]}:
            size[node] = magnitude(frame.grad_of(node)) if frame.has_grad[node] else np.nan
        return size


def box_facts(view: View, frame: Frame) -> list[BoxFacts]:
    """The facts of every box, all at once."""
    per_box = _PerBox(view)
    low, high, bad = view.magnitudes.data
    grad = view.magnitudes.grad(frame)
    has = frame.has_grad
    backward = frame.timeline.phase_range("backward")
    seeds = per_box.count((np.arange(len(has)) == view.graph.root) & (len(backward) > 0))
    targets = view.box_of[frame.timeline.sums.targets]
    receives = view.box_of[view.graph.input[frame.carried]]
    done = per_box.count(has)
    with np.errstate(all="ignore"):
        zero_share = per_box.count(has & (grad == 0)) / done
    columns = (
        per_box.count(np.ones(len(has), dtype=bool)),
        per_box.count(frame.computed),
        per_box.reduce(np.fmin, np.where(frame.computed, low, np.nan)),
        per_box.reduce(np.fmax, np.where(frame.computed, high, np.nan)),
        seeds + np.bincount(targets, minlength=len(done)),
        seeds * (frame.k > backward.start) + np.bincount(receives, minlength=len(done)),
        done,
        _largest(per_box, grad, has),
        zero_share,
        per_box.count((frame.computed & bad) | (has & ~np.isfinite(grad))),
        per_box.count(frame.updated),
    )
    return [BoxFacts(*row) for row in zip(*(column.tolist() for column in columns), strict=True)]


def edge_facts(view: View, frame: Frame) -> list[EdgeFacts]:
    """The facts of every edge of the view, all at once."""
    drawn = view.edge_of >= 0
    count = len(view.edges)
    total = np.bincount(view.edge_of[drawn & _travels(frame)], minlength=count)
    on = drawn & frame.carried
    carried = np.bincount(view.edge_of[on], minlength=count)
    largest = np.full(count, -np.inf)
    with np.errstate(invalid="ignore"):  # NaN wins, which is meant
        np.maximum.at(largest, view.edge_of[on], view.magnitudes.carried[on])
    largest[carried == 0] = np.nan
    columns = (total.tolist(), carried.tolist(), largest.tolist())
    return [EdgeFacts(*row) for row in zip(*columns, strict=True)]


def _travels(frame: Frame) -> np.ndarray:
    """Per edge, whether a cotangent travels on it at all."""
    travels = np.zeros(frame.timeline.graph.edge_count, dtype=bool)
    travels[frame.timeline.sums.edges] = True
    return travels


def _largest(per_box: _PerBox, grad: np.ndarray, has: np.ndarray) -> np.ndarray:
    """Per box the largest |gradient|, NaN where one of them is NaN or none exists."""
    largest = per_box.reduce(np.maximum, np.where(has, grad, -np.inf))
    largest[largest == -np.inf] = np.nan
    return largest


class _PerBox:
    """Columns over nodes brought down to columns over boxes."""

    def __init__(self, view: View) -> None:
        self.box_of, self.boxes = view.box_of, len(view.boxes)
        self.order, self.start = view.node_order, view.node_start[:-1]

    def count(self, mask: np.ndarray) -> np.ndarray:
        return np.bincount(self.box_of[mask], minlength=self.boxes)

    def reduce(self, ufunc: np.ufunc, column: np.ndarray) -> np.ndarray:
        return np.asarray(ufunc.reduceat(column[self.order], self.start) if self.boxes else np.empty(0))
