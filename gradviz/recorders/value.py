"""From tapes to a Graph: what ``record()`` and every recorded ``backward()`` do. A copy of columns."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import islice
from types import CodeType
from typing import Any

import numpy as np

from gradviz.engine.tape import FIRST_OP, MANY, PACKAGE, Leaf, Tape
from gradviz.engine.value import Value
from gradviz.graph import CONST, KINDS, OP, Graph, Span
from gradviz.ops import ROWS

OP_NAMES = ("", *(row.name for row in ROWS))


@dataclass(frozen=True)
class Frozen:
    """A Graph, and which of its nodes are which leaves: needed to tell later what an update changed."""

    graph: Graph
    leaves: dict[Leaf, int]


def record(root: Value, names: Mapping[str, Value] | None = None) -> Graph:
    """Give the Graph of everything ``root`` was computed from, as it is now.

    Args:
        root: the value to look back from, usually a loss.
        names: what variables call their values; a value's own name wins.
    """
    return freeze(root, names).graph


def freeze(root: Value, names: Mapping[str, Value] | None = None) -> Frozen:
    """As ``record``, with the leaves."""
    home = root._tape
    if isinstance(home, Leaf):
        tape = Tape()
        row = tape.enter(root)
        home.tape = None
    else:
        tape, row = home, root._row
    return _Freezer(tape, row).freeze(names or {})


class _Freezer:
    """Collects the rows that the root depends on, oldest tape first, into columns."""

    def __init__(self, tape: Tape, row: int) -> None:
        self.root_tape, self.root_row = tape, row
        self.leaves: dict[Leaf, int] = {}
        self.names: dict[int, str] = {}
        self.attrs: dict[int, dict[str, Any]] = {}
        self.arrays: dict[str, dict[int, np.ndarray]] = {"data": {}, "grad": {}, "prior": {}}
        self.places: dict[tuple[CodeType | None, int], int] = {}
        self.scopes: dict[str, int] = {}
        self.ids: dict[Tape, np.ndarray] = {}  # per tape: row -> node id, -1 where not reached
        self.count = 0

    def freeze(self, names: Mapping[str, Value]) -> Frozen:
        parts = [self._columns(tape, mask) for tape, mask in _reached(self.root_tape, self.root_row)]
        joined = {key: np.concatenate([part[key] for part in parts]) for key in parts[0]}
        for name, value in names.items():
            self._name(name, value)
        graph = Graph(
            op_names=OP_NAMES,
            input_start=np.concatenate([[0], np.cumsum(joined["width"])]),
            input=joined["input"],
            scopes=list(self.scopes),
            spans=[span_of(code, at) for code, at in self.places],
            names=self.names,
            attrs=self.attrs,
            arrays=self.arrays,
            root=int(self.ids[self.root_tape][self.root_row]),
            meta={"backward": bool(joined["has_grad"].any())},
            **{key: joined[key] for key in ("op", "kind", "data", "grad", "has_grad", "prior", "scope", "source")},
        )
        return Frozen(graph, self.leaves)

    def _name(self, name: str, value: Value) -> None:
        home = value._tape
        if isinstance(home, Leaf):
            node = self.leaves.get(home, -1)
        else:
            ids = self.ids.get(home)
            node = int(ids[value._row]) if ids is not None and value._row < len(ids) else -1
        if node >= 0:
            self.names.setdefault(node, name)

    def _columns(self, tape: Tape, mask: np.ndarray) -> dict[str, np.ndarray]:
        """The nodes that this tape adds: its reached rows, less those that an older tape has already."""
        n = len(mask)
        ids = self.ids[tape] = np.full(n, -1)
        for older, there, here in tape.imports:
            if here < n and mask[here]:
                ids[here] = self.ids[older][there]
        fresh: dict[int, Leaf] = {}
        for leaf, here in tape.leaves:
            if here < n and mask[here]:
                known = self.leaves.get(leaf)
                if known is not None and leaf.unchanged_since(tape.data[here]):
                    ids[here] = known
                else:
                    fresh[here] = leaf
        rows = np.flatnonzero(mask & (ids < 0))
        ids[rows] = np.arange(self.count, self.count + len(rows))
        self.count += len(rows)
        self.leaves.update((leaf, int(ids[here])) for here, leaf in fresh.items())
        for store, own in ((self.names, tape.names), (self.attrs, tape.attrs)):
            store.update((int(ids[row]), fact) for row, fact in own.items() if row < n and ids[row] >= 0)  # type: ignore[attr-defined]
        self.names.update((int(ids[here]), leaf.name) for here, leaf in fresh.items() if leaf.name)
        return {**self._structure(tape, rows, ids, fresh), **self._values(tape, rows, ids, fresh), **self._origin(tape, rows, fresh)}

    def _structure(
        self, tape: Tape, rows: np.ndarray, ids: np.ndarray, fresh: dict[int, Leaf]
    ) -> dict[str, np.ndarray]:
        """Ops, kinds and edges."""
        op, a, b = (np.array(column[: len(ids)])[rows] for column in (tape.op, tape.a, tape.b))
        is_op = op >= FIRST_OP
        width = np.where(is_op, np.where(b >= 0, 2, 1), 0)
        many = np.flatnonzero(is_op & (a == MANY))
        width[many] = [len(tape.many[int(rows[k])]) for k in many]
        start = np.cumsum(width) - width
        inputs = np.empty(int(width.sum()), dtype=np.int64)
        plain = is_op & (a != MANY)
        inputs[start[plain]] = ids[a[plain]]
        inputs[start[plain & (b >= 0)] + 1] = ids[b[plain & (b >= 0)]]
        for k in many:
            inputs[start[k] : start[k] + width[k]] = ids[list(tape.many[int(rows[k])])]
        kind = np.where(is_op, OP, CONST)
        for row, leaf in fresh.items():
            kind[np.searchsorted(rows, row)] = KINDS.index(leaf.kind)
        return {"op": np.where(is_op, op - FIRST_OP + 1, 0), "kind": kind, "width": width, "input": inputs}

    def _values(self, tape: Tape, rows: np.ndarray, ids: np.ndarray, fresh: dict[int, Leaf]) -> dict[str, np.ndarray]:
        """Data, gradients, and what the gradients were before."""
        listed = rows.tolist()
        grads: list[Any] = [tape.grad[row] if row < len(tape.grad) else None for row in listed]
        prior = np.zeros(len(rows))
        places = {row: k for k, row in enumerate(listed)}
        for row, leaf in fresh.items():
            before = self.root_tape.prior.get(leaf)
            grads[places[row]] = leaf.grad[0]
            if isinstance(before, np.ndarray):
                self.arrays["prior"][int(ids[row])] = before.copy()
            elif before is not None:
                prior[places[row]] = before
        nodes = ids[rows].tolist()
        data, _ = self._scalars("data", [tape.data[row] for row in listed], nodes)
        grad, has_grad = self._scalars("grad", grads, nodes)
        return {"data": data, "grad": grad, "has_grad": has_grad, "prior": prior}

    def _scalars(self, key: str, values: list[Any], nodes: list[int]) -> tuple[np.ndarray, np.ndarray]:
        """A column of the numbers among ``values``; arrays are put aside."""
        types = set(map(type, values))
        if types <= {float}:
            return np.array(values, dtype=np.float64), np.ones(len(values), dtype=bool)
        for node, value in zip(nodes, values, strict=True):
            if isinstance(value, np.ndarray):
                self.arrays[key][node] = value.copy()
        column = np.array([v if type(v) is float else np.nan for v in values], dtype=np.float64)
        return column, np.array([v is not None for v in values], dtype=bool)

    def _origin(self, tape: Tape, rows: np.ndarray, fresh: dict[int, Leaf]) -> dict[str, np.ndarray]:
        """Scopes and places in the source. Rows that gradviz's own code wrote belong to the line that called it."""
        marks = tape.marks
        mark = np.searchsorted([row for row, _, _ in marks], rows, side="right") - 1
        scope, source = np.empty(len(rows), dtype=np.int32), np.empty(len(rows), dtype=np.int32)
        own_code: dict[CodeType | None, bool] = {}
        for k, (row, m) in enumerate(zip(rows.tolist(), mark.tolist(), strict=True)):
            leaf = fresh.get(row)
            _, path, site = marks[m]
            code = tape.code[row]
            inside = own_code.get(code)
            if inside is None:
                inside = own_code[code] = code is not None and code.co_filename.startswith(PACKAGE)
            place = site if inside and site else (code, tape.at[row])
            scope[k] = self.scopes.setdefault(leaf.scope if leaf else path, len(self.scopes))
            source[k] = self.places.setdefault(place, len(self.places))
        return {"scope": scope, "source": source}


def _reached(tape: Tape, row: int) -> list[tuple[Tape, np.ndarray]]:
    """Which rows of which tapes the root depends on, oldest tape first."""
    masks: dict[Tape, bytearray] = {tape: bytearray(row + 1)}
    masks[tape][row] = 1
    waiting, done = {tape.serial: tape}, []
    while waiting:
        current = waiting.pop(max(waiting))
        mask = masks[current]
        _mark(current, mask)
        done.append((current, np.frombuffer(mask, dtype=bool)))
        for older, there, here in current.imports:
            if here < len(mask) and mask[here]:
                theirs = masks.setdefault(older, bytearray())
                theirs.extend(bytes(max(0, there + 1 - len(theirs))))
                theirs[there] = 1
                waiting[older.serial] = older
    return done[::-1]


def _mark(tape: Tape, mask: bytearray) -> None:
    ops, first, second = tape.op, tape.a, tape.b
    for row in range(len(mask) - 1, -1, -1):
        if mask[row] and ops[row] >= FIRST_OP:
            a, b = first[row], second[row]
            if a == MANY:
                for i in tape.many[row]:
                    mask[i] = 1
            else:
                mask[a] = 1
                if b >= 0:
                    mask[b] = 1


def span_of(code: CodeType | None, at: int) -> Span | None:
    """The place of one instruction, to the column."""
    if code is None:
        return None
    line, end_line, column, end_column = next(islice(code.co_positions(), at // 2, None), (None,) * 4)
    return Span(code.co_filename, line or 0, end_line or 0, column or 0, end_column or 0, code.co_qualname)
