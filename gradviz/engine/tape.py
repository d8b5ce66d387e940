"""The tape: what every ``Value`` writes itself on.

A tape is a handful of parallel lists, one row per value: the op, the rows it read, the result, and the raw
place in the program. Rows are appended as the program runs, so a row only ever reads rows above it: the order
in which values are made *is* a topological order, and the backward pass is one loop from the last row up.

A ``Value`` is a thin handle, (tape, row). There is nothing to garbage-collect node by node: a tape ends when
its graph does (at ``backward()``, or when it is full), the next op starts a new one, and when no handle
refers to a tape any more it is freed in one go. A tape may read rows of *older* tapes, never of newer ones.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import chain, count
from types import CodeType, FrameType
from typing import TYPE_CHECKING, Any

from gradviz.engine.leaf import Key, frozen
from gradviz.engine.leaf import Leaf as Leaf
from gradviz.engine.place import Site
from gradviz.errors import GraphError
from gradviz.ops import ROWS

if TYPE_CHECKING:
    from gradviz.engine.atonce import Known
    from gradviz.engine.dense import Block
    from gradviz.engine.handle import Handle
    from gradviz.engine.squares import Squares

CONST, LEAF, IMPORT = 0, 1, 2  # a bare number; a Value the user made; a row of an older tape
FIRST_OP = 3
CODES = {op.name: FIRST_OP + k for k, op in enumerate(ROWS)}
NO_INPUT, MANY = -1, -2  # in column b: one input; in column a: the inputs stand in ``many``

SMALLEST, LARGEST = 256, 1 << 18  # rows a tape starts with, and may grow to
MARGIN = 3  # rows that one op of two inputs may write


Scope = tuple[str, Site | None]  # its path, and the user's line that entered it


class Outdated(GraphError):
    """A value cannot be entered on this tape; on a new one it can."""


class Tape:
    """Rows of values; see the head of this file."""

    __slots__ = (
        *("serial", "key", "n", "limit", "arrays", "op", "a", "b", "data", "code", "at", "many", "attrs"),
        *("names", "entries", "told", "imports", "entered", "layers", "blocks", "squares", "marks", "grad"),
        *("prior", "__weakref__"),
    )
    serials = count()
    on, here = None, 0  # a Leaf has the key of the tape where it has a row, and which; see ``record``

    def __init__(self, rows: int = SMALLEST, scope: Scope = ("", None)) -> None:
        self.serial = next(Tape.serials)
        self.key = Key()
        self.n = self.limit = 0  # rows written, and how many may be before there must be more room
        self.arrays = False  # whether any row holds one
        self.op: list[int] = []
        self.a: list[int] = []
        self.b: list[int] = []
        self.data: list[Any] = []
        self.code: list[CodeType | None] = []
        self.at: list[int] = []
        self.many: dict[int, tuple[int, ...]] = {}
        self.attrs: dict[int, dict[str, Any]] = {}
        self.names: dict[int, str] = {}
        self.entries: list[Any] = []  # a leaf, its row, and so on; no pairs, which the collector would walk
        self.told = 0  # for how many of these the columns are complete
        self.imports: list[tuple[Tape, int, int]] = []  # an older tape, the row there, the row here
        self.entered: dict[
            Any, int
        ] = {}  # an older (tape, row), or a Leaf that holds an array, and its row here
        self.layers: dict[int, Known] = {}  # by id: those that write blocks of rows here
        self.blocks: list[Block] = []  # in the order of their rows, as
        self.squares: list[Squares] = []
        self.marks: list[tuple[int, str, Site | None]] = [(0, *scope)]  # scope from a row on
        self.grad: list[Any] = []  # after backward(); None where it did not reach
        # By the root of a pass: the leaves that it reached, and their grads before it.
        self.prior: dict[int, tuple[list[Leaf], list[Any]]] = {}
        self.grow(rows)

    def grow(self, rows: int) -> None:
        """Make room for more rows."""
        for column, empty in ((self.op, 0), (self.a, NO_INPUT), (self.b, NO_INPUT), (self.at, 0)):
            column.extend([empty] * rows)
        self.data.extend([None] * rows)
        self.code.extend([None] * rows)
        self.limit = len(self.op) - MARGIN

    def trim(self) -> None:
        """Give back the room that was not used."""
        for column in (self.op, self.a, self.b, self.data, self.code, self.at):
            del column[self.n :]
        self.limit = -1
        self.layers.clear()
        self.entered.clear()
        self.key.lost = None

    def enter(self, value: Handle) -> int:
        """Give the row that stands for ``value`` on this tape, making one if there is none yet.

        Raises:
            Outdated: the tape holds other data for it, or is older than where it comes from.
        """
        home, key = value._tape, self.key
        if home is self:
            return value._row
        if home.on is key:
            return home.here  # a leaf that is here already
        if isinstance(home, Tape):
            row = self.entered.get((home, value._row))
            return self._import(home, value._row) if row is None else row
        data, lost = home.data[0], key.lost
        if type(data) is not float or lost or lost is None:
            return self._enter_again(home)
        row = self.n
        self.op[row], self.data[row] = LEAF, data
        self.n = row + 1
        self.entries += home, row
        # From here on no other thread comes in between, as nothing is called.
        before = home.on
        if before is not None and before.lost is not None:
            before.lost[home] = home.here
        home.here, home.on = row, key
        if home.data[0] is not data:  # set by another thread meanwhile
            home.on, lost[home] = None, row
        return row

    def enter_all(self, values: Sequence[Handle]) -> list[int]:
        """As ``enter`` for each of them, but quicker where they are new leaves, as in a training step.

        There must be room for them.
        """
        key = self.key
        leaves: list[Any] = [value._tape for value in values]
        if key.lost or any([home.on is key or type(home) is not Leaf for home in leaves]):
            return [
                home.here if home.on is key else self.enter(v) for home, v in zip(leaves, values, strict=True)
            ]
        data = [leaf.data[0] for leaf in leaves]
        count, start = len(leaves), self.n
        if set(map(type, data)) != {float} or len(set(leaves)) != count:
            return [self.enter(value) for value in values]
        rows = list(range(start, start + count))
        self.op[start : start + count], self.data[start : start + count] = [LEAF] * count, data
        self.n = start + count
        self.entries += chain.from_iterable(zip(leaves, rows, strict=True))
        for leaf, row, used in zip(leaves, rows, data, strict=True):
            before = leaf.on
            if before is not None and before.lost is not None:
                before.lost[leaf] = leaf.here
            leaf.here, leaf.on = row, key
            if leaf.data[0] is not used:  # set by another thread meanwhile
                leaf.on = None
                assert key.lost is not None
                key.lost[leaf] = row
        return rows

    def _enter_again(self, leaf: Leaf) -> int:
        """Enter a leaf that may have a row here without knowing of it."""
        row, data = self.row_of(leaf), leaf.data[0]
        if row is not None:
            if leaf.unchanged_since(self.data[row]):
                return row
            raise Outdated("A leaf has new data.")
        if type(data) is not float:
            data = leaf.snapshot = frozen(data.copy())  # the user may change it in place
        row = self.write(LEAF, NO_INPUT, NO_INPUT, data, leaf.code, leaf.at)
        self.entries += leaf, row
        self.entered[leaf] = row
        if leaf.on is None:
            leaf.here = row  # it was used
        return row

    def row_of(self, leaf: Leaf) -> int | None:
        """The row that a leaf has on a tape that has not ended; None if it has none."""
        if leaf.on is self.key:
            return leaf.here
        return self.entered.get(leaf, self.key.lost.get(leaf) if self.key.lost else None)

    @property
    def leaves(self) -> list[Leaf]:
        """The leaves that have rows here, in the order of their rows."""
        return self.entries[::2]

    @property
    def leaf_rows(self) -> list[int]:
        """Their rows."""
        return self.entries[1::2]

    def complete(self) -> None:
        """Write what was left out when leaves were entered: in column a which they are, and their places."""
        told, self.told = self.told, len(self.entries)
        for k in range(told, self.told, 2):
            leaf, row = self.entries[k : k + 2]
            self.a[row], self.b[row], self.code[row], self.at[row] = k // 2, NO_INPUT, leaf.code, leaf.at

    def _import(self, tape: Tape, row: int) -> int:
        if tape.serial > self.serial:
            raise Outdated("Values of two threads meet.")
        here = self.write(IMPORT, len(self.imports), NO_INPUT, tape.data[row], tape.code[row], tape.at[row])
        self.imports.append((tape, row, here))
        self.entered[tape, row] = here
        return here

    def constant(self, data: Any, frame: FrameType) -> int:
        """Write a bare number; gradients do not flow into it."""
        return self.write(CONST, NO_INPUT, NO_INPUT, frozen(data), frame.f_code, frame.f_lasti)

    def write(self, op: int, a: int, b: int, data: Any, code: CodeType | None, at: int) -> int:
        """Write one row. The count moves last, so that an interrupted write leaves nothing behind."""
        row = self.n
        self.op[row], self.a[row], self.b[row] = op, a, b
        self.data[row], self.code[row], self.at[row] = data, code, at
        self.arrays |= type(data) is not float
        self.n = row + 1
        return row

    def inputs(self, row: int) -> Sequence[int]:
        """The rows that ``row`` read, in argument order."""
        if self.op[row] < FIRST_OP:
            return ()
        if self.a[row] == MANY:
            return self.many[row]
        return (self.a[row],) if self.b[row] == NO_INPUT else (self.a[row], self.b[row])

    def origin(self, row: int) -> tuple[Tape | Leaf, int]:
        """Where a row was really made: for one that stands for a leaf or an older row, that."""
        home: Tape | Leaf = self
        while isinstance(home, Tape) and home.op[row] in (LEAF, IMPORT):
            home.complete()
            index = home.a[row]
            home, row = (home.entries[2 * index], 0) if home.op[row] == LEAF else home.imports[index][:2]
        return home, row
