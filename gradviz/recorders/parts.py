"""Which rows of which tapes a value depends on, and how they hang together."""

from __future__ import annotations

from heapq import heappop, heappush

import numpy as np

from gradviz.engine.settle import settle
from gradviz.engine.tape import FIRST_OP, MANY, Tape
from gradviz.graph import CONST, OP

Columns = dict[str, np.ndarray]


class Part:
    """One tape up to a row: its columns as arrays, and which of its rows the root depends on."""

    def __init__(self, tape: Tape) -> None:
        self.tape = tape
        self.wanted: list[int] = []  # rows that the root, or a newer tape, asks for

    def cut(self) -> None:
        """Read the tape up to the last row that is asked for."""
        settle(self.tape)
        self.tape.complete()
        self.n = max(self.wanted) + 1
        columns = self.tape.op, self.tape.a, self.tape.b
        self.op, self.a, self.b = (np.fromiter(column, np.int64, self.n) for column in columns)
        self.is_op = self.op >= FIRST_OP
        self.many = np.flatnonzero(self.is_op & (self.a == MANY)).tolist()
        self.reached = self._reached()

    def _reached(self) -> np.ndarray:
        """Everything is, but for what nobody reads, and what only that reads."""
        tape = self.tape
        first, second = self.is_op & (self.a != MANY), self.is_op & (self.b >= 0)
        read = [self.a[first], self.b[second], self.wanted, *(tape.many[row] for row in self.many)]
        readers = np.bincount(np.concatenate(read).astype(np.int64), minlength=self.n)
        dead = np.flatnonzero(readers == 0).tolist()
        if dead:
            left = readers.tolist()
            while dead:
                for row in tape.inputs(dead.pop()):
                    left[row] -= 1
                    if not left[row]:
                        dead.append(row)
            readers = np.array(left)
        return np.asarray(readers > 0)

    def structure(self, rows: np.ndarray, ids: np.ndarray) -> Columns:
        """Ops, kinds and edges of some rows; ``ids`` gives every row's node."""
        is_op, a, b = self.is_op[rows], self.a[rows], self.b[rows]
        plain = is_op & (a != MANY)
        two = plain & (b >= 0)
        width = plain.astype(np.int64) + two
        many = np.searchsorted(rows, [row for row in self.many if self.reached[row]])
        lists = [list(self.tape.many[row]) for row in rows[many].tolist()]
        width[many] = [len(inputs) for inputs in lists]
        start = np.cumsum(width) - width
        inputs = np.empty(int(width.sum()), dtype=np.int64)
        inputs[start[plain]] = ids[a[plain]]
        inputs[start[two] + 1] = ids[b[two]]
        for first, read in zip(start[many].tolist(), lists, strict=True):
            inputs[first : first + len(read)] = ids[read]
        op = np.where(is_op, self.op[rows] - FIRST_OP + 1, 0)
        return {"op": op, "kind": np.where(is_op, OP, CONST), "width": width, "input": inputs}


def parts_of(tape: Tape, row: int) -> list[Part]:
    """What the root depends on, oldest tape first."""
    parts = {tape: Part(tape)}
    parts[tape].wanted.append(row)
    waiting, done = [(-tape.serial, tape)], []
    while waiting:
        part = parts[heappop(waiting)[1]]
        part.cut()
        done.append(part)
        for older, there, here in part.tape.imports:
            if here < part.n and part.reached[here]:
                if older not in parts:
                    parts[older] = Part(older)
                    heappush(waiting, (-older.serial, older))
                parts[older].wanted.append(there)
    return done[::-1]
