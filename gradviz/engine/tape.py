"""The tape: what every ``Value`` writes itself on.

A tape is a handful of parallel lists, one row per value: the op, the rows it read, the result, and the raw place
in the program. Rows are appended as the program runs, so a row only ever reads rows above it: the order in which
values are made *is* a topological order, and the backward pass is one loop from the last row up.

A ``Value`` is a thin handle, (tape, row). There is nothing to garbage-collect node by node: a tape is sealed when
its graph ends (at ``backward()``, or when it is full), the next op starts a new one, and when no handle refers
to a sealed tape any more it is freed in one go. A tape may read rows of *older* tapes, never of newer ones.
"""

from __future__ import annotations

import sys
import threading
from _thread import get_ident
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import count
from types import CodeType, FrameType
from typing import TYPE_CHECKING, Any

import numpy as np

from gradviz.errors import GraphError
from gradviz.ops import ROWS

if TYPE_CHECKING:
    from gradviz.engine.value import Value

CONST, LEAF, IMPORT = 0, 1, 2  # a bare number; a Value the user made; a row of an older tape
FIRST_OP = 3
CODES = {op.name: FIRST_OP + k for k, op in enumerate(ROWS)}
NO_INPUT, MANY = -1, -2  # in column b: one input; in column a: the inputs stand in ``many``

SMALLEST, LARGEST = 256, 1 << 17  # rows a tape starts with, and may grow to


class Leaf:
    """A value that no op made: a tape of a single row, so that a handle reads either alike.

    ``tape`` and ``row`` say where it was entered last; ``snapshot`` is its data at that moment.
    """

    __slots__ = (
        *("data", "grad", "name", "kind", "scope", "code", "at", "tape", "row", "snapshot", "changed"),
        "__weakref__",
    )

    def __init__(self, data: Any, name: str, kind: str, frame: FrameType) -> None:
        self.data, self.grad = [data], [None]
        self.name, self.kind, self.scope = name, kind, scopes.path
        self.code: CodeType = frame.f_code
        self.at = frame.f_lasti
        self.tape: Tape | None = None
        self.row = 0
        self.snapshot: Any = None
        self.changed: tuple[CodeType, int] | None = None

    def unchanged_since(self, snapshot: Any) -> bool:
        """Whether the data is still what it was."""
        now = self.data[0]
        if now is snapshot:
            return True
        return type(now) is type(snapshot) and bool(np.array_equal(now, snapshot, equal_nan=True))


class Tape:
    """Rows of values; see the head of this file."""

    __slots__ = (
        *("serial", "owner", "n", "limit", "op", "a", "b", "data", "code", "at"),
        *("grad", "prior", "many", "attrs", "names", "leaves", "imports", "imported", "marks", "__weakref__"),
    )
    serials = count()

    def __init__(self) -> None:
        self.serial, self.owner = next(Tape.serials), get_ident()
        self.n, self.limit = 0, 0
        self.op: list[int] = []
        self.a: list[int] = []
        self.b: list[int] = []
        self.data: list[Any] = []
        self.code: list[CodeType | None] = []
        self.at: list[int] = []
        self.grad: list[Any] = []  # after backward(); None where it did not reach
        self.prior: dict[Leaf, Any] = {}  # of the pass that started here: what the leaves' grads held before
        self.many: dict[int, tuple[int, ...]] = {}
        self.attrs: dict[int, dict[str, Any]] = {}
        self.names: dict[int, str] = {}
        self.leaves: list[tuple[Leaf, int]] = []  # with the row that stands for it here
        self.imports: list[tuple[Tape, int, int]] = []  # an older tape, the row there, the row here
        self.imported: dict[tuple[int, int], int] = {}
        self.marks: list[tuple[int, str, Any]] = [(0, scopes.path, scopes.site)]  # from this row on: this scope
        self._grow(SMALLEST)

    def _grow(self, rows: int) -> None:
        for column, empty in (
            *((self.op, 0), (self.a, NO_INPUT), (self.b, NO_INPUT)),
            *((self.data, 0.0), (self.code, None), (self.at, 0)),
        ):
            column.extend([empty] * rows)  # type: ignore[list-item]
        self.limit += rows

    def seal(self) -> None:
        """End the tape: the next op starts a new one."""
        for column in (self.op, self.a, self.b, self.data, self.code, self.at):
            del column[self.n :]
        self.limit = 0
        for leaf, _ in self.leaves:
            if leaf.tape is self:  # a leaf must not keep an old graph alive
                leaf.tape = None

    def enter(self, value: Value) -> int:
        """Give the row that stands for ``value`` on this tape, making one if there is none yet."""
        home = value._tape
        if home is self:
            return value._row
        if type(home) is not Leaf:
            return self._import(home, value._row)
        data = home.data[0]
        if home.tape is self and home.unchanged_since(self.data[home.row]):
            return home.row
        if type(data) is not float:
            data = data.copy()  # the user may change it in place
        home.tape, home.snapshot = self, data
        home.row = self.write(LEAF, len(self.leaves), NO_INPUT, data, home.code, home.at)
        self.leaves.append((home, home.row))
        return home.row

    def _import(self, tape: Tape, row: int) -> int:
        if tape.serial > self.serial:
            raise GraphError(
                "Values from two threads meet in one expression.",
                "Build a graph in one thread, or hand over .data between them.",
            )
        key = tape.serial, row
        if key not in self.imported:
            here = self.write(IMPORT, len(self.imports), NO_INPUT, tape.data[row], tape.code[row], tape.at[row])
            self.imported[key] = here
            self.imports.append((tape, row, here))
        return self.imported[key]

    def constant(self, data: Any, frame: FrameType) -> int:
        """Write a bare number; gradients do not flow into it."""
        return self.write(CONST, NO_INPUT, NO_INPUT, data, frame.f_code, frame.f_lasti)

    def write(self, op: int, a: int, b: int, data: Any, code: CodeType | None, at: int) -> int:
        """Write one row. The count moves last, so that an interrupted write leaves nothing behind."""
        row = self.n
        self.op[row], self.a[row], self.b[row], self.data[row] = op, a, b, data
        self.code[row], self.at[row] = code, at
        self.n = row + 1
        return row

    def inputs(self, row: int) -> Sequence[int]:
        """The rows that ``row`` read, in argument order."""
        if self.op[row] < FIRST_OP:
            return ()
        if self.a[row] == MANY:
            return self.many[row]
        return (self.a[row],) if self.b[row] == NO_INPUT else (self.a[row], self.b[row])


class _Now:
    """The tape that was written last; each thread writes its own."""

    tape: Tape
    of_thread: dict[int, Tape] = {}  # noqa: RUF012


now = _Now()


def room(rows: int) -> Tape:
    """Give this thread's tape, with room for ``rows`` more rows."""
    tape = now.of_thread.get(get_ident())
    if tape is None or tape.limit == 0:
        tape = now.of_thread[get_ident()] = Tape()
    while tape.n + rows > tape.limit:
        if tape.limit >= LARGEST and tape.n:
            tape.seal()
            tape = now.of_thread[get_ident()] = Tape()
        else:
            tape._grow(max(tape.limit, SMALLEST))
    now.tape = tape
    return tape


class _Scopes(threading.local):
    """The module or block that values are being made in, and the user's line that entered the outermost one."""

    path = ""
    site: tuple[CodeType, int] | None = None

    def enter(self, name: str) -> tuple[str, tuple[CodeType, int] | None]:
        """Go one scope down; give what ``leave`` needs."""
        before = self.path, self.site
        if self.site is None:
            frame = user_frame(sys._getframe(1))
            self.site = frame.f_code, frame.f_lasti
        self.path = f"{self.path}/{name}" if self.path else name
        self._mark()
        return before

    def leave(self, before: tuple[str, tuple[CodeType, int] | None]) -> None:
        """Go back to where ``enter`` came from."""
        self.path, self.site = before
        self._mark()

    def _mark(self) -> None:
        tape = room(1)
        tape.marks.append((tape.n, self.path, self.site))


@contextmanager
def scope(name: str) -> Iterator[None]:
    """Put the values made in a ``with`` block into a scope of that name, drawn as one box that opens."""
    before = scopes.enter(name)
    try:
        yield
    finally:
        scopes.leave(before)


PACKAGE = __file__[: __file__.rindex("engine")]


def user_frame(frame: FrameType | None) -> FrameType:
    """Give the first frame, going out, that is not gradviz's own."""
    last = frame
    while frame is not None and frame.f_code.co_filename.startswith(PACKAGE):
        last, frame = frame, frame.f_back
    found = frame or last
    assert found is not None
    return found


scopes = _Scopes()
now.tape = room(1)
