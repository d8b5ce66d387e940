"""From tapes to a Graph: what ``record()`` and every recorded ``backward()`` do. A copy of columns."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

import numpy as np

from gradviz.engine.handle import on_tape
from gradviz.engine.settle import Inner
from gradviz.engine.tape import Leaf, Tape
from gradviz.engine.value import Value
from gradviz.graph import KINDS, Graph
from gradviz.ops import ROWS
from gradviz.recorders.parts import Columns, Part, parts_of
from gradviz.recorders.places import Places
from gradviz.recorders.places import span_of as span_of
from gradviz.recorders.shape import Shape, facts_of

_NOWHERE = (None, 0)
_last: Shape | None = None
OP_NAMES = ("", *(row.name for row in ROWS))


class Frozen(NamedTuple):
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
    """Puts the parts together: numbers the nodes, and joins the columns."""

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
        self.rows = np.array([], dtype=np.int64)  # of the root's tape, those that are nodes

    def freeze(self, names: Mapping[str, Value]) -> Frozen:
        global _last
        tape, last = self.root_tape, _last
        inner = Inner(tape, self.root_row + 1)
        facts = None if tape.imports else facts_of(tape, inner)
        shape = last.again(facts) if last and facts else None
        columns = self._again(shape, inner) if shape else self._afresh()
        for name, value in names.items():
            self._name(name, value)
        graph = Graph(
            op_names=OP_NAMES,
            names=self.names,
            attrs=self.attrs,
            arrays=self.arrays,
            meta={"backward": bool(columns["has_grad"][columns["root"]])},
            **columns,
        )
        if facts:
            _last = shape or Shape.of(tape, facts, self.ids[tape], self.rows, graph)
        return Frozen(graph, self.leaves)

    def _again(self, shape: Shape, inner: Inner) -> dict[str, Any]:
        """The columns of a tape whose rows are those of the last one."""
        tape = self.root_tape
        all_of_them = tape.leaves
        leaves = [all_of_them[k] for k in shape.leaves]
        self.ids[tape], self.leaves = shape.ids, dict(zip(leaves, shape.at, strict=True))
        self.names.update((node, leaf.name) for leaf, node in self.leaves.items() if leaf.name)
        self.names.update(_by_node(tape.names, shape.ids))
        self.attrs.update(_by_node(tape.attrs, shape.ids))
        return {**shape.columns, **self._values(tape, inner, shape.rows, shape.at, leaves)}

    def _afresh(self) -> dict[str, Any]:
        """The columns of all tapes that the root depends on."""
        parts = parts_of(self.root_tape, self.root_row)
        told = [self._columns(part) for part in parts]
        columns: dict[str, Any] = {key: np.concatenate([part[key] for part in told]) for key in told[0]}
        columns["spans"], columns["source"] = self.places.spans(columns["source"])
        columns["input_start"] = np.concatenate([[0], np.cumsum(columns.pop("width"))])
        return {**columns, "scopes": list(self.scopes), "root": int(self.ids[self.root_tape][self.root_row])}

    def _name(self, name: str, value: Value) -> None:
        home, row = value._tape, value._row
        if isinstance(home, Leaf):
            node = self.leaves.get(home, -1)
        else:
            ids = self.ids.get(home)
            node = int(ids[row]) if ids is not None and row < len(ids) else -1
        if node >= 0:
            self.names.setdefault(node, name)

    def _columns(self, part: Part) -> Columns:
        """The nodes that a part adds: its reached rows, less those that stand for an older tape's."""
        tape, n, reached = part.tape, part.n, part.reached
        ids = self.ids[tape] = np.full(n, -1)
        for older, there, here in tape.imports:
            if here < n and reached[here]:
                ids[here] = self.ids[older][there]
        fresh: dict[int, Leaf] = {}
        for leaf, here in zip(tape.leaves, tape.leaf_rows, strict=False):
            if here < n and reached[here]:
                ids[here] = self.used.get((leaf, _fingerprint(tape.data[here])), -1)
                if ids[here] < 0:
                    fresh[here] = leaf
        rows = np.flatnonzero(reached & (ids < 0))
        ids[rows] = np.arange(self.count, self.count + len(rows))
        self.count += len(rows)
        for here, leaf in fresh.items():
            node = self.leaves[leaf] = self.used[leaf, _fingerprint(tape.data[here])] = int(ids[here])
            if leaf.name:
                self.names[node] = leaf.name
        self.names.update(_by_node(tape.names, ids))
        self.attrs.update(_by_node(tape.attrs, ids))
        at = np.searchsorted(rows, list(fresh))
        leaves = list(fresh.values())
        structure = part.structure(rows, ids)
        structure["kind"][at] = [KINDS.index(leaf.kind) for leaf in leaves]
        self.rows = rows  # the root's tape comes last
        values = self._values(tape, Inner(tape, n), rows, at.tolist(), leaves)
        return {**structure, **values, **self._origin(part, rows, at, leaves)}

    def _values(
        self, tape: Tape, inner: Inner, rows: np.ndarray, at: list[int], leaves: list[Leaf]
    ) -> Columns:
        """Data, gradients, and what the gradients were before."""
        ids = np.full(len(inner.at), -1)
        ids[rows] = self.ids[tape][rows]
        written, nodes = np.flatnonzero(inner.at), ids[inner.at]
        grads = inner.pick(tape.grad)
        for k, leaf in zip(np.searchsorted(written, rows[at]).tolist(), leaves, strict=True):
            grads[k] = leaf.grad[0]
        some = type(None) in set(map(type, grads))
        reached = np.array([g is not None for g in grads] if some else np.ones(len(grads)), dtype=bool)
        return {
            "data": inner.data(self._scalars("data", inner.pick(tape.data), nodes))[rows],
            "grad": inner.grads(self._scalars("grad", grads, nodes))[rows],
            "has_grad": inner.reached(reached)[rows],
            "prior": self._prior(len(rows), dict(zip(at, leaves, strict=True)), ids[rows]),
        }

    def _prior(self, count: int, leaves: dict[int, Leaf], nodes: np.ndarray) -> np.ndarray:
        """What the gradients of leaves, given by their place in the column, were before the pass."""
        column = np.zeros(count)
        passed = self.root_tape.prior.get(self.root_row)  # None if there was no pass from this root
        if passed is not None:
            before = dict(zip(*passed, strict=True))
            now = {k: (leaf, leaf.grad[0]) for k, leaf in leaves.items() if leaf.grad[0] is not None}
            told = {
                k: before.get(leaf, g) for k, (leaf, g) in now.items()
            }  # not reached: it holds what it held
            priors = {k: prior for k, prior in told.items() if prior is not None}
            where = list(priors)
            column[where] = self._scalars("prior", list(priors.values()), nodes[where])
        return column

    def _scalars(self, key: str, values: list[Any], nodes: np.ndarray) -> np.ndarray:
        """A column of the numbers among ``values``, NaN for None; arrays of nodes are put aside."""
        if np.ndarray in set(map(type, values)):
            for k, value in enumerate(values):
                if isinstance(value, np.ndarray) and nodes[k] >= 0:
                    self.arrays[key][int(nodes[k])] = value.copy()
            values = [v if type(v) is float else None for v in values]
        return np.array(values, dtype=np.float64)

    def _origin(self, part: Part, rows: np.ndarray, at: np.ndarray, leaves: list[Leaf]) -> Columns:
        """Scopes and places. Rows that gradviz's own code wrote belong to the user's line that called it."""
        marks = part.tape.marks
        mark = np.searchsorted([row for row, _, _ in marks], rows, side="right") - 1
        occurring, index = np.unique(mark, return_inverse=True)
        scope = self._scope_numbers(marks[m][1] for m in occurring.tolist())[index]
        scope[at] = self._scope_numbers(leaf.scope for leaf in leaves)
        source = self.places.numbers(_pick(part.tape.code, rows), _pick(part.tape.at, rows))
        own = np.flatnonzero(self.places.own()[source])
        occurring, index = np.unique(mark[own], return_inverse=True)
        called = [marks[m][2] for m in occurring.tolist()]
        known = np.array([site is not None for site in called], dtype=bool)[index]
        sites = [site or _NOWHERE for site in called]
        numbers = self.places.numbers([code for code, _ in sites], [at for _, at in sites])
        source[own[known]] = numbers[index[known]]
        return {"scope": scope, "source": source}

    def _scope_numbers(self, paths: Iterable[str]) -> np.ndarray:
        return np.array([self.scopes.setdefault(path, len(self.scopes)) for path in paths], dtype=np.int32)


def _pick(column: list[Any], rows: np.ndarray) -> list[Any]:
    """The entries of a column that stand in ``rows``, which rise."""
    if len(rows) and rows[-1] == len(rows) - 1:
        return column[: len(rows)]
    return [column[row] for row in rows.tolist()]


def _by_node(facts: dict[int, Any], ids: np.ndarray) -> dict[int, Any]:
    """Facts about rows as facts about nodes."""
    return {int(ids[row]): fact for row, fact in facts.items() if row < len(ids) and ids[row] >= 0}


def _fingerprint(data: Any) -> Any:
    return data.hex() if type(data) is float else (data.shape, data.tobytes())
