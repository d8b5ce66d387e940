"""What one group does: read cells, compute, write cells. Columns may have an axis of lanes besides."""

from __future__ import annotations

import operator
from typing import Any

import numpy as np

from gradviz.arithmetic import columns
from gradviz.program.plan import NOWHERE, Group, Plan

# Python's operators, and the same on columns with a place for the result
_IN_PLACE = {
    operator.add: np.add,
    operator.sub: np.subtract,
    operator.mul: np.multiply,
    operator.neg: np.negative,
}


NARROW = 200  # columns; below, accumulating down the columns costs less than a call for each row


class Read:
    """Cells of a column in any order and shape: a view where they lie side by side, else gathered."""

    def __init__(self, column: np.ndarray, cells: np.ndarray, out: np.ndarray | None = None) -> None:
        lanes, flat = column.shape[1:], cells.ravel()
        self.column, self.cells = column, cells
        self.gathers = out is not None or not _is_run(flat)
        if not self.gathers:
            self.values = column[flat[0] : flat[-1] + 1].reshape(cells.shape + lanes)
        else:
            self.values = np.empty(cells.shape + lanes) if out is None else out

    def __call__(self) -> np.ndarray:
        """Give the values that are there now; they may change with the column."""
        if self.gathers:  # "clip" spares a copy; the cells are in range
            np.take(self.column, self.cells, axis=0, out=self.values, mode="clip")
        return self.values


def _is_run(cells: np.ndarray) -> bool:
    """Whether the cells lie side by side."""
    size = cells.size
    return bool(size and cells[-1] - cells[0] == size - 1 and np.all(np.diff(cells) == 1))


def _period(cells: np.ndarray) -> int:
    """How long the run of cells is that is repeated throughout; 0 if there is none."""
    width = int(np.append(np.flatnonzero(cells[1:] == cells[0]) + 1, cells.size)[0])
    if cells.size % width or not _is_run(cells[:width]):
        return 0
    rows = cells.reshape(-1, width)
    return width if np.all(rows == rows[0]) else 0


def total(rows: np.ndarray, out: np.ndarray) -> None:
    """Add up the rows one after another, from the first, as a loop would: the same roundings."""
    if out.size == 1:  # numpy would add a single column pair by pair
        out[...] = np.add.accumulate(rows.ravel())[-1]
    else:
        np.add.reduce(rows, axis=0, out=out, initial=-0.0)  # −0 + x is x, also where x is −0


class Pull:
    """Gradients of nodes as sums over the edges that leave them."""

    def __init__(self, grad: np.ndarray, start: int, cells: np.ndarray) -> None:
        self.out = grad[start : start + cells.shape[1]]
        self.alone = len(cells) == 1
        width = _period(cells[0]) if self.alone else 0
        if width:  # the terms of chains, all with the gradients of the chains' ends
            self.out = self.out.reshape(-1, width, *grad.shape[1:])
            self.read = Read(grad, cells[0, :width])
        else:
            self.read = Read(grad, cells[0], self.out) if self.alone else Read(grad, cells)
        self.copies = bool(width)

    def __call__(self) -> None:
        """Write the gradients."""
        rows = self.read()
        if self.copies:
            self.out[...] = rows
        elif not self.alone:
            total(rows, self.out)


class Kernel:
    """One op on a group of single numbers."""

    def __init__(self, group: Group, plan: Plan, data: np.ndarray, grad: np.ndarray | None) -> None:
        assert group.op is not None
        stop = group.start + len(group.nodes)
        self.op, self.attrs = group.op, {**group.op.attrs, **group.attrs}
        self.in_place: Any = _IN_PLACE.get(group.op.rule)
        self.rule = group.op.on_columns()
        self.reads = [Read(data, plan.data_cell[plan.graph.input[edges]]) for edges in group.edges]
        self.out = data[group.start : stop]
        self.inputs: tuple[np.ndarray, ...] = ()
        if grad is not None:
            self.grad = grad[group.start : stop]
            self.pulls = [Pull(grad, *pull) for pull in group.pulls]
            self.cotangents = [
                (slot, grad[cell : cell + len(group.nodes)])
                for slot, cell in enumerate(group.cotangent)
                if cell != NOWHERE
            ]

    def forward(self) -> None:
        """Compute the nodes."""
        self.inputs = tuple(read() for read in self.reads)
        if self.in_place:
            self.in_place(*self.inputs, out=self.out)
        else:
            self.out[...] = self.rule(*self.inputs, **self.attrs)

    def backward(self) -> None:
        """Sum up the nodes' gradients, and compute the cotangents of the edges they read."""
        for pull in self.pulls:
            pull()
        for slot, out in self.cotangents:
            local = self.op.local(slot, self.inputs, self.out, m=columns, **self.attrs)
            self.op.carry(self.grad, local, out=out)


class ChainKernel:
    """Chains of additions of one length. Their edges all carry the gradient of the chain's end."""

    def __init__(self, group: Group, plan: Plan, data: np.ndarray, grad: np.ndarray | None) -> None:
        lanes = data.shape[1:]
        cells = plan.data_cell[plan.graph.input[group.edges]]
        self.terms = np.empty(cells.shape + lanes)
        self.base, self.rest = Read(data, cells[0], self.terms[0]), Read(data, cells[1:])
        if self.rest.gathers:
            self.rest = Read(data, cells[1:], self.terms[1:])
        stop = group.sums_start + group.sums.size
        wanted = len(data) > plan.ends
        self.sums = data[group.sums_start : stop].reshape(group.sums.shape + lanes) if wanted else None
        self.out = data[group.start : group.start + len(group.nodes)]
        self.pulls = [] if grad is None else [Pull(grad, *pull) for pull in group.pulls]

    def forward(self) -> None:
        """Compute the ends of the chains."""
        self.base()
        rest = self.rest()
        if not self.rest.gathers:
            self.terms[1:] = rest
        total(self.terms, self.out)

    def between(self) -> None:
        """Compute the sums inside the chains, after ``forward``."""
        if self.sums is None or not self.sums.size:
            return
        if self.out.size < NARROW:
            self.sums[...] = np.add.accumulate(self.terms[:-1], axis=0)[1:]
            return
        before = self.terms[0]
        for term, out in zip(self.terms[1:-1], self.sums, strict=True):
            np.add(before, term, out=out)
            before = out

    def backward(self) -> None:
        """Sum up the gradients of the ends."""
        for pull in self.pulls:
            pull()
