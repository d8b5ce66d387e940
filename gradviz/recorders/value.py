"""From tapes to a Graph: what ``record()`` and every recorded ``backward()`` do. A copy of columns."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from heapq import heappop, heappush
from typing import Any

import numpy as np

from gradviz.engine.handle import on_tape
from gradviz.engine.tape import FIRST_OP, MANY, Leaf, Tape
from gradviz.engine.value import Value
from gradviz.graph import CONST, KINDS, OP, Graph
from gradviz.ops import ROWS
from gradviz.recorders.places import Places
from gradviz.recorders.places import span_of as span_of

OP_NAMES = ("", *(row.name for row in ROWS))

Columns = dict[str, np.ndarray]


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
    return _Freezer(*on_tape(root)).freeze(names or {})


class _Freezer:
    """Collects the rows that the root depends on, oldest tape first, into columns."""

    def __init__(self, tape: Tape, row: int) -> None:
        self.root_tape, self.root_row = tape, row
        self.leaves: dict[Leaf, int] = {}  # the node of its newest data
        self.used: dict[tuple[Leaf, Any], int] = {}  # by the data that was used
        self.names: dict[int, str] = {}
        self.attrs: dict[int, dict[str, Any]] = {}
        self.arrays: dict[str, dict[int, np.ndarray]] = {"data": {}, "grad": {}, "prior": {}}
        self.places = Places()
        self.scopes: dict[str, int] = {}
        self.ids: dict[Tape, np.ndarray] = {}  # per tape: row -> node id, -1 where not reached
        self.count = 0

    def freeze(self, names: Mapping[str, Value]) -> Frozen:
        parts = [self._columns(tape, mask) for tape, mask in _reached(self.root_tape, self.root_row)]
        columns: dict[str, Any] = {key: np.concatenate([part[key] for part in parts]) for key in parts[0]}
        for name, value in names.items():
            self._name(name, value)
        spans, source = self.places.spans(columns.pop("source"))
        root = int(self.ids[self.root_tape][self.root_row])
        graph = Graph(
            op_names=OP_NAMES,
            input_start=np.concatenate([[0], np.cumsum(columns.pop("width"))]),
            scopes=list(self.scopes),
            spans=spans,
            source=source,
            names=self.names,
            attrs=self.attrs,
            arrays=self.arrays,
            root=root,
            meta={"backward": bool(columns["has_grad"][root])},
            **columns,
        )
        return Frozen(graph, self.leaves)

    def _name(self, name: str, value: Value) -> None:
        home, row = value._tape, value._row
        if isinstance(home, Leaf):
            node = self.leaves.get(home, -1)
        else:
            ids = self.ids.get(home)
            node = int(ids[row]) if ids is not None and row < len(ids) else -1
        if node >= 0:
            self.names.setdefault(node, name)

    def _columns(self, tape: Tape, mask: np.ndarray) -> Columns:
        """The nodes that this tape adds: its reached rows, less those that an older tape has already."""
        n = len(mask)
        ids = self.ids[tape] = np.full(n, -1)
        for older, there, here in tape.imports:
            if here < n and mask[here]:
                ids[here] = self.ids[older][there]
        fresh: dict[int, Leaf] = {}
        for leaf, here in tape.leaves:
            if here < n and mask[here]:
                ids[here] = self.used.get((leaf, _fingerprint(tape.data[here])), -1)
                if ids[here] < 0:
                    fresh[here] = leaf
        rows = np.flatnonzero(mask & (ids < 0))
        ids[rows] = np.arange(self.count, self.count + len(rows))
        self.count += len(rows)
        for here, leaf in fresh.items():
            node = self.leaves[leaf] = self.used[leaf, _fingerprint(tape.data[here])] = int(ids[here])
            if leaf.name:
                self.names[node] = leaf.name
        self.names.update(_by_node(tape.names, ids))
        self.attrs.update(_by_node(tape.attrs, ids))
        leaves = np.searchsorted(rows, list(fresh)), list(fresh.values())
        return {
            **_structure(tape, rows, ids, *leaves),
            **self._values(tape, rows, ids, *leaves),
            **self._origin(tape, rows, *leaves),
        }

    def _values(
        self, tape: Tape, rows: np.ndarray, ids: np.ndarray, at: np.ndarray, leaves: list[Leaf]
    ) -> Columns:
        """Data, gradients, and what the gradients were before."""
        listed, nodes, data = rows.tolist(), ids[rows], tape.data
        grads: list[Any] = [*tape.grad[: len(ids)], *[None] * (len(ids) - len(tape.grad))]
        grads = [grads[row] for row in listed]
        priors: list[Any] = [0.0] * len(listed)
        before = self.root_tape.prior.get(self.root_row, {})
        for k, leaf in zip(at.tolist(), leaves, strict=True):
            grads[k] = leaf.grad[0]
            # what this pass did not reach holds what it held
            priors[k] = before.get(leaf, grads[k]) or 0.0 if grads[k] is not None else 0.0
        return {
            "data": self._scalars("data", [data[row] for row in listed], nodes),
            "grad": self._scalars("grad", grads, nodes),
            "has_grad": np.array([grad is not None for grad in grads], dtype=bool),
            "prior": self._scalars("prior", priors, nodes),
        }

    def _scalars(self, key: str, values: list[Any], nodes: np.ndarray) -> np.ndarray:
        """A column of the numbers among ``values``, NaN for None; arrays are put aside."""
        if np.ndarray in set(map(type, values)):
            for k, value in enumerate(values):
                if isinstance(value, np.ndarray):
                    self.arrays[key][int(nodes[k])] = value.copy()
            values = [v if type(v) is float else None for v in values]
        return np.array(values, dtype=np.float64)

    def _origin(self, tape: Tape, rows: np.ndarray, at: np.ndarray, leaves: list[Leaf]) -> Columns:
        """Scopes and places. Rows that gradviz's own code wrote belong to the user's line that called it."""
        marks, code, offset = tape.marks, tape.code, tape.at
        mark = np.searchsorted([row for row, _, _ in marks], rows, side="right") - 1
        occurring, index = np.unique(mark, return_inverse=True)
        scope = self._scope_numbers(marks[m][1] for m in occurring.tolist())[index]
        scope[at] = self._scope_numbers(leaf.scope for leaf in leaves)
        source = self.places.numbers([(code[row], offset[row]) for row in rows.tolist()])
        own = np.flatnonzero(self.places.own()[source])
        sites = [marks[m][2] for m in mark[own].tolist()]
        called = own[[site is not None for site in sites]]
        source[called] = self.places.numbers([site for site in sites if site is not None])
        return {"scope": scope, "source": source}

    def _scope_numbers(self, paths: Iterable[str]) -> np.ndarray:
        return np.array([self.scopes.setdefault(path, len(self.scopes)) for path in paths], dtype=np.int32)


def _by_node(facts: dict[int, Any], ids: np.ndarray) -> dict[int, Any]:
    """Facts about rows as facts about nodes."""
    return {int(ids[row]): fact for row, fact in facts.items() if row < len(ids) and ids[row] >= 0}


def _fingerprint(data: Any) -> Any:
    return data.hex() if type(data) is float else (data.shape, data.tobytes())


def _structure(
    tape: Tape, rows: np.ndarray, ids: np.ndarray, at: np.ndarray, leaves: list[Leaf]
) -> Columns:
    """Ops, kinds and edges."""
    op, a, b = (np.array(column[: len(ids)])[rows] for column in (tape.op, tape.a, tape.b))
    is_op = op >= FIRST_OP
    width = np.where(is_op, np.where(b >= 0, 2, 1), 0)
    many = np.flatnonzero(is_op & (a == MANY))
    width[many] = [len(tape.many[int(rows[k])]) for k in many]
    start = np.cumsum(width) - width
    inputs = np.empty(int(width.sum()), dtype=np.int64)
    plain = is_op & (a != MANY)
    two = plain & (b >= 0)
    inputs[start[plain]] = ids[a[plain]]
    inputs[start[two] + 1] = ids[b[two]]
    for k in many:
        inputs[start[k] : start[k] + width[k]] = ids[list(tape.many[int(rows[k])])]
    kind = np.where(is_op, OP, CONST)
    kind[at] = [KINDS.index(leaf.kind) for leaf in leaves]
    return {"op": np.where(is_op, op - FIRST_OP + 1, 0), "kind": kind, "width": width, "input": inputs}


def _reached(tape: Tape, row: int) -> list[tuple[Tape, np.ndarray]]:
    """Which rows of which tapes the root depends on, oldest tape first."""
    masks: dict[Tape, bytearray] = {tape: bytearray(row + 1)}
    masks[tape][row] = 1
    waiting, done = [(-tape.serial, tape)], []
    while waiting:
        current = heappop(waiting)[1]
        mask = masks[current]
        _mark(current, mask)
        done.append((current, np.frombuffer(mask, dtype=bool)))
        for older, there, here in current.imports:
            if here < len(mask) and mask[here]:
                if older not in masks:
                    masks[older] = bytearray()
                    heappush(waiting, (-older.serial, older))
                theirs = masks[older]
                theirs.extend(bytes(max(0, there + 1 - len(theirs))))
                theirs[there] = 1
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
