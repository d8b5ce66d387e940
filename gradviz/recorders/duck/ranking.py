"""Which of several operands comes first where their order means nothing: never a matter of addresses."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from gradviz.recorders.duck.rows import Rows
from gradviz.recorders.duck.walk import Found

ROUNDS = 16  # of telling alike nodes apart by their neighbours
WORK = 200_000  # nodes × choices among nodes that cannot be told apart

_MIX = (np.uint64(0x9E3779B97F4A7C15), np.uint64(0xC2B2AE3D27D4EB4F), np.uint64(0x165667B19E3779F9))


def ranks(found: Found, rows: Rows, order: np.ndarray, data: np.ndarray, free: np.ndarray) -> np.ndarray:
    """A number per node, by which the operands of ``free`` nodes are put in order.

    The deepest expression comes first; then label, op, data and gradient decide, and of what is still alike
    the place in the graph.
    """
    height = _heights(rows, order)
    operands = np.unique(rows.inputs[np.isin(rows.consumer, free)]).tolist()
    rank = _by_facts(found, height, data, operands)
    if not len(_some_alike(rows, free, rank)):
        return rank
    rank = _by_facts(found, height, data, range(len(rows)))
    return _told_apart(rows, rank, free)


def _heights(rows: Rows, order: np.ndarray) -> list[int]:
    height = [0] * len(rows)
    start, inputs = rows.start.tolist(), rows.inputs.tolist()
    for k in order.tolist():
        if start[k] < start[k + 1]:
            height[k] = 1 + max([height[i] for i in inputs[start[k] : start[k + 1]]])
    return height


def _by_facts(found: Found, height: list[int], data: np.ndarray, asked: Iterable[int]) -> np.ndarray:
    size = len(found.objects)

    def key(i: int) -> tuple[object, ...]:
        if i >= size:
            return (0, True, "", "", repr(float(data[i])), "")
        values = _text(found.data[i]), _text(found.grad[i])
        return (-height[i], not found.label[i], found.label[i], found.op[i], *values)

    keys = {i: key(i) for i in asked}
    places = {held: at for at, held in enumerate(sorted(set(keys.values())))}
    rank = np.full(len(height), -1, dtype=np.int64)
    rank[list(keys)] = [places[held] for held in keys.values()]
    return rank


def _text(value: object) -> str:
    if type(value) is float:
        return repr(value)
    return "" if value is None else repr(np.asarray(value).tolist())


def _some_alike(rows: Rows, free: np.ndarray, rank: np.ndarray) -> np.ndarray:
    """Operands of one node that have the same rank and are not the same."""
    own = np.isin(rows.consumer, free)
    pairs = np.unique(np.column_stack([rows.consumer[own], rows.inputs[own]]), axis=0)
    ranked = np.column_stack([pairs[:, 0], rank[pairs[:, 1]]])
    _, index, count = np.unique(ranked, axis=0, return_inverse=True, return_counts=True)
    alike: np.ndarray = pairs[count[index.ravel()] > 1, 1]
    return alike


def _told_apart(rows: Rows, rank: np.ndarray, free: np.ndarray) -> np.ndarray:
    """Ranks refined by those of inputs and consumers (Weisfeiler and Leman 1968).

    What is alike even so is interchangeable: one is chosen, and those around it refined again.
    """
    slot = np.arange(len(rows.inputs)) - rows.start[rows.consumer]
    slot[np.isin(rows.consumer, free)] = 0
    weight = (2 * slot + 1).astype(np.uint64)
    colour = _refined(rows, weight, rank.astype(np.uint64))
    for _ in range(1 + WORK // len(rows)):
        fine: np.ndarray = np.unique(colour, return_inverse=True)[1]
        fine += rank * len(rows)
        alike = _some_alike(rows, free, fine)
        if not len(alike):
            break
        colour[alike[np.argmin(fine[alike])]] += np.uint64(1)
        colour = _refined(rows, weight, colour)
    return fine


def _refined(rows: Rows, weight: np.ndarray, colour: np.ndarray) -> np.ndarray:
    count = 0
    for _ in range(ROUNDS):
        mixed = (colour ^ (colour >> np.uint64(29))) * _MIX[1]
        mixed ^= mixed >> np.uint64(32)
        below, above = np.zeros_like(mixed), np.zeros_like(mixed)
        np.add.at(below, rows.consumer, mixed[rows.inputs] * weight)
        np.add.at(above, rows.inputs, mixed[rows.consumer] * weight)
        colour = colour * _MIX[0] + below * _MIX[1] + above * _MIX[2]
        distinct = len(np.unique(colour))
        if distinct == count:
            break
        count = distinct
    return colour
