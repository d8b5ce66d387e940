"""Layers: how far each box is from the loss."""

from __future__ import annotations

import numpy as np

from gradviz.errors import LayoutError
from gradviz.grouping import distinct, grouped, ranges
from gradviz.layout.geometry import Ints

_THIN = 24  # boxes of a front below which plain Python is faster than a dozen numpy calls


def layers_of(count: int, pairs: Ints) -> Ints:
    """Give each box its layer: as late as possible, the sinks in the last one.

    Layers by the longest path *to the loss*, not from the inputs, put every leaf right before its first use.

    Raises:
        LayoutError: the edges form a cycle, or name a box that is not there.
    """
    if len(pairs) and (pairs.min() < 0 or pairs.max() >= count):
        raise LayoutError(f"An edge names a box that is not there; there are {count} boxes.")
    edges, start = grouped(pairs[:, 1], count)
    inputs = pairs[edges, 0]
    waiting = np.bincount(pairs[:, 0], minlength=count)
    to_sink = np.full(count, -1, np.int64)
    views = start.data, inputs.data, waiting.data, to_sink.data
    front, depth = np.flatnonzero(waiting == 0).tolist(), 0
    while front:
        if len(front) < _THIN:
            front = _step(front, depth, *views)
        else:
            here = np.array(front)
            to_sink[here] = depth
            reached = inputs[ranges(start[here], start[here + 1])]
            np.subtract.at(waiting, reached, 1)
            front = distinct(reached[waiting[reached] == 0]).tolist()
        depth += 1
    if (to_sink < 0).any():
        raise LayoutError(f"The edges form a cycle at box {int(np.argmin(to_sink))}.")
    return np.asarray(to_sink.max(initial=0) - to_sink)


def _step(
    front: list[int],
    depth: int,
    start: memoryview,
    inputs: memoryview,
    waiting: memoryview,
    to_sink: memoryview,
) -> list[int]:
    """Give a thin front its depth, and find the next one: a long chain is thin, and has many fronts."""
    ready = []
    for box in front:
        to_sink[box] = depth
        for source in inputs[start[box] : start[box + 1]]:
            waiting[source] -= 1
            if not waiting[source]:
                ready.append(source)
    return ready
