"""A Graph: the facts of one pass, in columns. Immutable.

Nodes are numbered in the order they were made, so that ids are a topological order. Edges stand in compressed
rows: node ``v`` reads ``input[input_start[v] : input_start[v + 1]]``, and an edge's slot is its place in that row.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from gradviz.chainrule import EdgeColumns, edge_columns
from gradviz.errors import NotFoundError
from gradviz.labels import label_of

if TYPE_CHECKING:
    import networkx as nx

KINDS = ("const", "input", "param", "op")
CONST, INPUT, PARAM, OP = range(4)
Number = float | np.ndarray


@dataclass(frozen=True)
class Span:
    """A place in the user's source: lines count from 1, columns from 0 in UTF-8 bytes; 0 lines mean unknown."""

    file: str
    line: int
    end_line: int = 0
    column: int = 0
    end_column: int = 0
    function: str = ""

    def __str__(self) -> str:
        return f"{self.file}:{self.line}"


@dataclass(frozen=True)
class Update:
    """A parameter's data before and after the update that followed a pass, and the rule that made it."""

    node: int
    before: Number
    after: Number
    rule: str = ""
    source: Span | None = None


@dataclass(frozen=True)
class Edge:
    """What travels from ``source`` (the input) to ``target`` (its consumer), and the cotangent that travels back."""

    id: int
    source: int
    target: int
    slot: int
    cotangent: Number | None
    local: Number | None


@dataclass(frozen=True)
class Node:
    """One value of a pass. ``state`` says what there is to say of its gradient."""

    id: int
    name: str
    label: str
    op: str
    kind: str
    data: Number | None
    grad: Number | None
    state: str
    scope: str
    source: Span | None
    shape: tuple[int, ...]
    attrs: Mapping[str, Any]


class Graph:
    """The computation graph of one pass with every value, gradient and path.

    Attributes:
        op_names, op: the ops that occur, and per node the index of its own; leaves have the op "".
        kind: per node an index into ``KINDS``.
        input_start, input: the edges in compressed rows; ``consumer`` is the node each edge leads to.
        data, grad: per node, float64; NaN where the value is an array, which stands in ``arrays``.
        has_grad: per node, whether a gradient was computed.
        prior: per node, what its grad held before this pass.
        cotangent, local, has_cotangent: per edge; from the op table unless the recorder measured them.
        scopes, scope: the scope paths that occur, and per node an index into them.
        spans, source: the source positions that occur, and per node an index into them.
        names: explicit names by node. attrs: op attributes by node (axis, index, …).
        arrays: by column name, then by node or edge, the values that are not scalars.
        root: the node that ``backward()`` was called on.
        updates: the parameters that the update after this pass changed.
        meta: facts about the pass in plain types.
    """

    def __init__(
        self,
        *,
        op_names: Sequence[str],
        op: Any,
        kind: Any,
        input_start: Any,
        input: Any,
        data: Any,
        grad: Any = None,
        has_grad: Any = None,
        prior: Any = None,
        cotangent: Any = None,
        local: Any = None,
        has_cotangent: Any = None,
        scopes: Sequence[str] = ("",),
        scope: Any = None,
        spans: Sequence[Span | None] = (None,),
        source: Any = None,
        names: Mapping[int, str] | None = None,
        attrs: Mapping[int, dict[str, Any]] | None = None,
        arrays: Mapping[str, dict[int, np.ndarray]] | None = None,
        root: int | None = None,
        updates: Sequence[Update] = (),
        meta: Mapping[str, Any] | None = None,
    ) -> None:
        n, m = len(data), len(input)
        self.op_names = tuple(op_names)
        self.op = _column(op, np.int16, n)
        self.kind = _column(kind, np.uint8, n)
        self.input_start = _column(input_start, np.int64, n + 1)
        self.input = _column(input, np.int64, m)
        self.data = _column(data, np.float64, n)
        self.grad = _column(grad, np.float64, n, np.nan)
        self.has_grad = _column(has_grad, np.bool_, n)
        self.prior = _column(prior, np.float64, n)
        self.scopes, self.scope = tuple(scopes), _column(scope, np.int32, n)
        self.spans, self.source = tuple(spans), _column(source, np.int32, n)
        self.names, self.attrs = dict(names or {}), dict(attrs or {})
        self.arrays: dict[str, dict[int, np.ndarray]] = {
            key: dict((arrays or {}).get(key, {})) for key in ("data", "grad", "prior", "cotangent", "local")
        }
        self.root = n - 1 if root is None else root
        self.updates = tuple(updates)
        self.meta = dict(meta or {})
        if cotangent is not None:
            measured = EdgeColumns(self)
            measured.cotangent = _column(cotangent, np.float64, m, np.nan)
            measured.local = _column(local, np.float64, m, np.nan)
            measured.has_cotangent = _column(has_cotangent, np.bool_, m)
            measured.has_local = ~np.isnan(measured.local)
            measured.cotangent_arrays, measured.local_arrays = self.arrays["cotangent"], self.arrays["local"]
            self.__dict__["edges_derived"] = measured

    def __len__(self) -> int:
        return len(self.data)

    def __repr__(self) -> str:
        return f"Graph({len(self):,} values, {self.edge_count:,} edges, root {self.label(self.root)})"

    @property
    def edge_count(self) -> int:
        """How many edges there are."""
        return len(self.input)

    @cached_property
    def consumer(self) -> np.ndarray:
        """Per edge, the node that reads."""
        return np.repeat(np.arange(len(self)), np.diff(self.input_start))

    @cached_property
    def edges_derived(self) -> EdgeColumns:
        """Cotangents and local derivatives, computed when first asked for."""
        return edge_columns(self)

    @property
    def cotangent(self) -> np.ndarray:
        """Per edge, what travels back along it; NaN where it is an array or does not exist."""
        return self.edges_derived.cotangent

    @property
    def local(self) -> np.ndarray:
        """Per edge, ∂consumer/∂input; NaN where it is an array or has no elementwise form."""
        return self.edges_derived.local

    @property
    def has_cotangent(self) -> np.ndarray:
        """Per edge, whether a gradient travelled back along it."""
        return self.edges_derived.has_cotangent

    @cached_property
    def _out(self) -> tuple[np.ndarray, np.ndarray]:
        order = np.argsort(self.input, kind="stable")
        return order, np.searchsorted(self.input[order], np.arange(len(self) + 1))

    def consumers_of(self, node: int) -> np.ndarray:
        """The edges that leave ``node``, in the order their consumers were made."""
        order, start = self._out
        return order[start[node] : start[node + 1]]

    def inputs_of(self, node: int) -> np.ndarray:
        """The edges that ``node`` reads, in slot order."""
        return np.arange(self.input_start[node], self.input_start[node + 1])

    def op_of(self, node: int) -> str:
        """The name of the op that made ``node``; "" for a leaf."""
        return self.op_names[self.op[node]]

    def data_of(self, node: int) -> Number | None:
        """The value of a node."""
        return self.arrays["data"].get(node, float(self.data[node]))

    def grad_of(self, node: int) -> Number | None:
        """The gradient of a node, or None if nobody computed it."""
        return self.arrays["grad"].get(node, float(self.grad[node])) if self.has_grad[node] else None

    def prior_of(self, node: int) -> Number:
        """What the node's grad held before this pass."""
        return self.arrays["prior"].get(node, float(self.prior[node]))

    def cotangent_of(self, edge: int) -> Number | None:
        """What travelled back along an edge, or None."""
        if not self.has_cotangent[edge]:
            return None
        return self.edges_derived.cotangent_arrays.get(edge, float(self.cotangent[edge]))

    def local_of(self, edge: int) -> Number | None:
        """The local derivative of an edge, or None where it has no elementwise form."""
        if edge in self.edges_derived.local_arrays:
            return self.edges_derived.local_arrays[edge]
        return float(self.local[edge]) if self.edges_derived.has_local[edge] else None

    def label(self, node: int) -> str:
        """What to call a node: its name, else a short expression that made it, else ``n9``."""
        return label_of(self, int(node))

    def span_of(self, node: int) -> Span | None:
        """Where in the user's source a node was made."""
        return self.spans[self.source[node]]

    def state_of(self, node: int) -> str:
        """What there is to say of a node's gradient: not asked, not computed, zero, value or non-finite."""
        if self.kind[node] == CONST:
            return "not asked"
        grad = self.grad_of(node)
        if grad is None:
            return "not computed"
        if not np.all(np.isfinite(grad)):
            return "non-finite"
        return "value" if np.any(grad) else "zero"

    def node(self, i: int) -> Node:
        """One node with readable names."""
        i = self.find(i)
        data = self.data_of(i)
        return Node(
            id=i,
            name=self.names.get(i, ""),
            label=self.label(i),
            op=self.op_of(i),
            kind=KINDS[self.kind[i]],
            data=data,
            grad=self.grad_of(i),
            state=self.state_of(i),
            scope=self.scopes[self.scope[i]],
            source=self.span_of(i),
            shape=np.shape(data),
            attrs=self.attrs.get(i, {}),
        )

    def edge(self, e: int) -> Edge:
        """One edge with readable names."""
        if not 0 <= e < self.edge_count:
            raise NotFoundError(f"There is no edge {e}.", f"This graph has edges 0 to {self.edge_count - 1}.")
        target = int(self.consumer[e])
        slot = e - int(self.input_start[target])
        return Edge(e, int(self.input[e]), target, slot, self.cotangent_of(e), self.local_of(e))

    def nodes(self) -> Iterator[Node]:
        """All nodes, in the order they were made."""
        return (self.node(i) for i in range(len(self)))

    def edges(self) -> Iterator[Edge]:
        """All edges, by consumer and slot."""
        return (self.edge(e) for e in range(self.edge_count))

    def find(self, key: int | str) -> int:
        """Give the id of a node by id, by ``"n9"`` or by name.

        Raises:
            NotFoundError: there is no such node; the message says what exists.
        """
        if isinstance(key, (int, np.integer)) and 0 <= key < len(self):
            return int(key)
        text = str(key)
        named = [i for i, name in self.names.items() if name == text]
        if named:
            return named[-1]
        if text[:1] == "n" and text[1:].isdecimal() and text[1:].isascii() and int(text[1:]) < len(self):
            return int(text[1:])
        near = get_close_matches(text, sorted(set(self.names.values())), n=3)
        hint = f"Did you mean {' or '.join(near)}?" if near else f"There are nodes n0 to n{len(self) - 1}."
        raise NotFoundError(f"There is no node {text[:80]!r}.", hint)

    def validate(self) -> list[str]:
        """Check the laws; one sentence for each that is broken."""
        from gradviz.laws import broken_laws

        return broken_laws(self)

    def to_networkx(self) -> nx.MultiDiGraph:
        """Export to networkx: keys are slots, attributes are plain types."""
        from gradviz.exchange import to_networkx

        return to_networkx(self)

    def replace(self, **changes: Any) -> Graph:
        """Give a copy with some columns changed."""
        columns: dict[str, Any] = {key: getattr(self, key) for key in COLUMNS}
        if "edges_derived" in self.__dict__ and self.meta.get("measured"):
            columns |= {key: getattr(self, key) for key in ("cotangent", "local", "has_cotangent")}
        return Graph(**{**columns, **changes})


COLUMNS = (
    *("op_names", "op", "kind", "input_start", "input", "data", "grad", "has_grad", "prior"),
    *("scopes", "scope", "spans", "source", "names", "attrs", "arrays", "root", "updates", "meta"),
)


def _column(values: Any, dtype: Any, length: int, default: float = 0) -> np.ndarray:
    """A read-only column of the right type and length."""
    column = np.full(length, default, dtype) if values is None else np.array(values, dtype=dtype)
    if column.shape != (length,):
        raise ValueError(f"a column of {length} {np.dtype(dtype).name} was needed, not one of shape {column.shape}")
    column.flags.writeable = False
    return column

