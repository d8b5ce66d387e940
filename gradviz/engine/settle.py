"""The inner rows of blocks: their numbers as arrays, and writing them when somebody wants to see them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import chain, groupby
from operator import attrgetter
from typing import Any

import numpy as np

from gradviz.engine.dense import Block, Dense
from gradviz.engine.tape import CODES, NO_INPUT, Tape

MOST = 1 << 20  # numbers computed together


def settle(tape: Tape) -> None:
    """Write what is still missing on a tape, the blocks of one layer together. May be called at any time."""
    if not tape.blocks or tape.blocks[-1].settled:
        return  # they are settled all together
    for layer, blocks in _by_layer(block for block in tape.blocks if not block.settled):
        _write(tape, layer, blocks)


class Inner:
    """The rows of a tape before row ``n``: those that are written, and the inner ones that are not.

    Attributes:
        blocks: those whose inner rows are not written.
        written: the other rows, as slices in their order; ``at``: the same as a mask over all.
    """

    def __init__(self, tape: Tape, n: int) -> None:
        if any(block.start < n < block.stop and not block.settled for block in tape.blocks):
            settle(tape)
        self.blocks = [block for block in tape.blocks if block.stop <= n and not block.settled]
        self.written: list[slice] = []
        self.at, end = np.ones(n, dtype=bool), 0
        for block in self.blocks:
            self.written += [slice(end, block.start), block.outputs]
            end = block.stop
            self.at[block.start : end] = False
            self.at[block.outputs] = True
        self.written.append(slice(end, n))

    def pick(self, column: list[Any]) -> list[Any]:
        """The entries of a column that are written; None beyond its end."""
        if len(column) < len(self.at):
            column = column + [None] * (len(self.at) - len(column))
        return list(chain.from_iterable([column[rows] for rows in self.written]))

    def data(self, written: np.ndarray) -> np.ndarray:
        """The data of all rows, given that of the written ones."""
        column = np.empty(len(self.at))
        for layer, blocks in _by_layer(self.blocks):
            for block, data in zip(blocks, _data(layer, blocks), strict=True):
                column[block.start : block.stop] = data
        column[self.at] = written
        return column

    def grads(self, written: np.ndarray) -> np.ndarray:
        """The gradients of all rows, NaN for none, given those of the written ones."""
        column = np.full(len(self.at), np.nan)
        for layer, blocks in _by_layer(block for block in self.blocks if block.grads):
            totals = np.repeat(np.array([block.grads for block in blocks]), layer.plan.stride, axis=1)
            for block, grads in zip(blocks, totals, strict=True):
                column[block.start : block.stop] = grads
        column[self.at] = written
        return column

    def reached(self, written: np.ndarray) -> np.ndarray:
        """Whether rows have a gradient, given whether the written ones have."""
        column = np.zeros(len(self.at), dtype=bool)
        for block in self.blocks:
            column[block.start : block.stop] = bool(block.grads)
        column[self.at] = written
        return column


def _by_layer(blocks: Iterable[Block]) -> Iterator[tuple[Dense, list[Block]]]:
    """Blocks of one layer, as many as are computed together."""
    for layer, group in groupby(sorted(blocks, key=lambda block: id(block.layer)), key=attrgetter("layer")):
        some = list(group)
        step = max(1, MOST // (some[0].stop - some[0].start))
        for k in range(0, len(some), step):
            yield layer, some[k : k + step]


def _write(tape: Tape, layer: Dense, blocks: list[Block]) -> None:
    """Write the rows of some blocks of one layer."""
    a, b = _inputs(layer, blocks)
    data = _data(layer, blocks)
    op = [CODES[name] for name in layer.plan.names] * layer.plan.neurons
    for block, *columns in zip(blocks, a.tolist(), b.tolist(), data.tolist(), strict=True):
        rows = slice(block.start, block.stop)
        tape.a[rows], tape.b[rows], tape.data[rows] = columns
        tape.op[rows] = op
        tape.code[rows] = [tape.code[block.stop - 1]] * len(op)
        if block.grads:
            block.fill(tape.grad, block.grads)
        block.settled = True


def _inputs(layer: Dense, blocks: list[Block]) -> tuple[np.ndarray, np.ndarray]:
    """The two columns of rows that are read, one line for each block."""
    plan, count = layer.plan, len(blocks)
    start = np.array([block.start for block in blocks])[:, None, None]
    row = start + np.arange(plan.neurons * plan.stride).reshape(plan.neurons, plan.stride)
    a, b = row - 2, row - 1  # a running sum reads the one before it, and the product just made
    parameters, products = np.array(layer.rows), slice(0, 2 * plan.inputs, 2)
    a[:, :, products] = parameters[: -plan.neurons].reshape(plan.neurons, -1)
    a[:, :, 1] = parameters[-plan.neurons :]
    b[:, :, products] = np.array([block.inputs for block in blocks])[:, None, :]
    if plan.forward:
        a[:, :, -1] += 1
        b[:, :, -1] = NO_INPUT
    return a.reshape(count, -1), b.reshape(count, -1)


def _data(layer: Dense, blocks: list[Block]) -> np.ndarray:
    """The column of data, one line for each block."""
    plan, x = layer.plan, np.array([block.x for block in blocks])
    data = np.empty((len(blocks), plan.neurons, plan.stride))
    with np.errstate(all="ignore"):
        data[:, :, 0 : 2 * plan.inputs : 2] = layer.weights * x[:, None, :]
        data[:, :, 1 : 2 * plan.inputs : 2] = layer.forward(x)[..., 1:]
    if plan.forward:
        data[:, :, -1] = [block.results for block in blocks]
    return data.reshape(len(blocks), -1)
