"""Writing the inner rows of blocks, when somebody wants to see them."""

from __future__ import annotations

from itertools import groupby
from operator import attrgetter

import numpy as np

from gradviz.engine.dense import Block, Dense
from gradviz.engine.tape import CODES, NO_INPUT, Tape

MOST = 1 << 20  # numbers computed together


def settle(tape: Tape) -> None:
    """Write what is still missing on a tape, the blocks of one layer together. May be called at any time."""
    if not tape.blocks or tape.blocks[-1].settled:
        return  # they are settled all together
    waiting = [block for block in tape.blocks if not block.settled]
    waiting.sort(key=lambda block: id(block.layer))
    for _, blocks in groupby(waiting, key=attrgetter("layer")):
        some = list(blocks)
        step = max(1, MOST // (some[0].stop - some[0].start))
        for k in range(0, len(some), step):
            _write(tape, some[k].layer, some[k : k + step])


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
