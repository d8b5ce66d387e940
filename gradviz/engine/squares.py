"""Sums of squares, computed as arrays on the way forward and on the way back; their rows are all written."""

from __future__ import annotations

from typing import Any

import numpy as np

from gradviz.engine.tape import CODES, Tape


class Squares:
    """The rows of ``v[0]·v[0] + v[1]·v[1] + …``: a square, and then a square and their sum so far, and so on.

    Attributes:
        start, stop: its rows.
        inputs, x: the rows that it reads, all different, and their data.
    """

    __slots__ = ("start", "stop", "inputs", "x")

    def __init__(self, start: int, inputs: list[int], x: list[float]) -> None:
        self.start, self.stop = start, start + 2 * len(inputs) - 1
        self.inputs, self.x = inputs, x

    def pull(self, grads: list[Any]) -> bool:
        """Pull the gradient through all rows, as one by one from the last would.

        Says no, having done nothing, where its rows are not alone, or something is an array.
        """
        inner = slice(self.start, self.stop)
        g, count = grads[self.stop - 1], self.stop - self.start
        if type(g) is not float or grads[inner].count(None) != count - 1:
            return False
        so_far = [grads[row] for row in self.inputs]
        if not {float, type(None)}.issuperset(map(type, so_far)):
            return False
        parts = [g * x for x in self.x]  # both factors get it, one after the other
        sums = [p + p if s is None else s + p + p for s, p in zip(so_far, parts, strict=True)]
        for row, total in zip(self.inputs, sums, strict=True):
            grads[row] = total
        grads[inner] = [g] * count
        return True


def write(tape: Tape, made: Squares) -> None:
    """Compute the sum, and write all rows but for the count of them."""
    x = np.array(made.x)
    with np.errstate(all="ignore"):
        squares = x * x
        sums = np.add.accumulate(squares)  # from the left, as one operator after the other does
    start, stop, (first, *others) = made.start, made.stop, made.inputs
    columns: tuple[tuple[list[Any], Any, list[Any], Any], ...] = (
        (tape.op, CODES["mul"], [CODES["mul"]] * len(others), [CODES["add"]] * len(others)),
        (tape.a, first, others, range(start, stop - 1, 2)),
        (tape.b, first, others, range(start + 1, stop, 2)),
        (tape.data, float(squares[0]), squares[1:].tolist(), sums[1:].tolist()),
    )
    for column, head, odd, even in columns:
        column[start] = head
        column[start + 1 : stop : 2], column[start + 2 : stop : 2] = odd, even
    tape.code[start:stop], tape.at[start:stop] = [_CODE] * (stop - start), [0] * (stop - start)


_CODE = write.__code__
