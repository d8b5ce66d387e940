"""What a Graph stores: columns, and what follows from them column by column. Immutable.

Nodes are numbered in the order they were made, so that ids are a topological order. Edges stand in
compressed rows: node ``v`` reads ``input[input_start[v] : input_start[v + 1]]``, and an edge's slot is its
place in that row.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import Any

import numpy as np

from gradviz.graph.facts import CONST, Number, Span, Update
from gradviz.grouping import grouped

ARRAYS = ("data", "grad", "prior", "cotangent", "local")


class EdgeColumns:
    """Per edge the cotangent, the local derivative (NaN if it has no elementwise form), and which exist."""

    def __init__(self, edges: int) -> None:
        self.cotangent, self.local = np.full(edges, np.nan), np.full(edges, np.nan)
        self.has_cotangent, self.has_local = np.zeros(edges, dtype=bool), np.zeros(edges, dtype=bool)
        self.cotangent_arrays: dict[int, np.ndarray | None] = {}
        self.local_arrays: dict[int, np.ndarray | None] = {}


class Columns:
    """The columns of a Graph; they cannot be written to.

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
        arrays: by column name, then by node or edge, the values that are not scalars; None stands for an
            array that was too large to keep.
        root: the node that ``backward()`` was called on.
        updates: the parameters that the update after this pass changed.
        meta: facts about the pass in plain types.
        measured: whether cotangents were given, and not derived from the op table.

    Raises:
        ValueError: a column has the wrong length.
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
        arrays: Mapping[str, Mapping[int, np.ndarray | None]] | None = None,
        root: int | None = None,
        updates: Sequence[Update] = (),
        meta: Mapping[str, Any] | None = None,
    ) -> None:
        n, m = len(data), len(input)
        self.op_names, self.op = tuple(op_names), _column(op, np.int16, n)
        self.kind = _column(kind, np.uint8, n)
        self.input_start, self.input = _column(input_start, np.int64, n + 1), _column(input, np.int64, m)
        self.data, self.prior = _column(data, np.float64, n), _column(prior, np.float64, n)
        self.grad, self.has_grad = _column(grad, np.float64, n, np.nan), _column(has_grad, np.bool_, n)
        self.scopes, self.scope = tuple(scopes), _column(scope, np.int32, n)
        self.spans, self.source = tuple(spans), _column(source, np.int32, n)
        self.names, self.attrs = dict(names or {}), dict(attrs or {})
        self.arrays = {key: _arrays((arrays or {}).get(key, {})) for key in ARRAYS}
        self.root, self.updates = n - 1 if root is None else root, tuple(updates)
        self.meta, self.measured = dict(meta or {}), cotangent is not None
        if self.measured:
            self.__dict__["edges_derived"] = self._measured(cotangent, local, has_cotangent)

    def _measured(self, cotangent: Any, local: Any, has_cotangent: Any) -> EdgeColumns:
        m, out = self.edge_count, EdgeColumns(0)
        out.cotangent_arrays, out.local_arrays = self.arrays["cotangent"], self.arrays["local"]
        out.cotangent = _column(cotangent, np.float64, m, np.nan)
        out.local = _column(local, np.float64, m, np.nan)
        out.has_cotangent = _column(has_cotangent, np.bool_, m)
        out.has_local = ~np.isnan(out.local)
        return out

    def __len__(self) -> int:
        return len(self.data)

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
        from gradviz.graph.chainrule import edge_columns

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
        return grouped(self.input, len(self))

    def consumers_of(self, node: int) -> np.ndarray:
        """The edges that leave ``node``, in the order their consumers were made."""
        order, start = self._out
        return order[start[node] : start[node + 1]]

    def inputs_of(self, node: int) -> np.ndarray:
        """The edges that ``node`` reads, in slot order."""
        return np.arange(self.input_start[node], self.input_start[node + 1])

    def op_of(self, node: int) -> str:
        """The name of the op that made ``node``; "" for a leaf."""
        return self.op_names[int(self.op[node])]

    def data_of(self, node: int) -> Number | None:
        """The value of a node."""
        return _either(self.arrays["data"], self.data, node)

    def grad_of(self, node: int) -> Number | None:
        """The gradient of a node, or None if nobody computed it."""
        return _either(self.arrays["grad"], self.grad, node) if self.has_grad[node] else None

    def prior_of(self, node: int) -> Number:
        """What the node's grad held before this pass; 0 if nothing."""
        prior = _either(self.arrays["prior"], self.prior, node)
        return 0.0 if prior is None else prior

    @cached_property
    def had(self) -> np.ndarray:
        """Per node, whether its grad held something else than 0 before this pass."""
        column = np.asarray(self.prior != 0)
        for node, prior in self.arrays["prior"].items():
            column[node] = bool(np.any(prior))
        return column

    def left_over(self, node: int) -> Number | None:
        """What the node's grad held before this pass, or None if that was nothing."""
        return self.prior_of(node) if self.had[node] else None

    def cotangent_of(self, edge: int) -> Number | None:
        """What travelled back along an edge, or None."""
        if not self.has_cotangent[edge]:
            return None
        return _either(self.edges_derived.cotangent_arrays, self.cotangent, edge)

    def local_of(self, edge: int) -> Number | None:
        """The local derivative of an edge, or None where it has no elementwise form."""
        if edge in self.edges_derived.local_arrays:
            return self.edges_derived.local_arrays[edge]
        return float(self.local[edge]) if self.edges_derived.has_local[edge] else None

    def span_of(self, node: int) -> Span | None:
        """Where in the user's source a node was made."""
        return self.spans[int(self.source[node])]

    def state_of(self, node: int) -> str:
        """What there is to say of a node's gradient: not asked, not computed, zero, value or non-finite."""
        if self.kind[node] == CONST:
            return "not asked"
        grad = self.grad_of(node)
        if grad is None:
            return "not computed"
        if isinstance(grad, float):
            return "zero" if grad == 0 else "value" if math.isfinite(grad) else "non-finite"
        if not np.all(np.isfinite(grad)):
            return "non-finite"
        return "value" if np.any(grad) else "zero"


COLUMNS = (
    *("op_names", "op", "kind", "input_start", "input", "data", "grad", "has_grad", "prior"),
    *("scopes", "scope", "spans", "source", "names", "attrs", "arrays", "root", "updates", "meta"),
)


def _either(arrays: Mapping[int, np.ndarray | None], column: np.ndarray, key: int) -> Number | None:
    """An array where there is one (None if it was too large to keep), else the number."""
    return arrays[key] if key in arrays else float(column[key])


def _arrays(found: Mapping[int, Any]) -> dict[int, np.ndarray | None]:
    """Read-only views; None, for an array that was too large to keep, stays None."""
    views = {key: None if a is None else np.asarray(a, dtype=np.float64).view() for key, a in found.items()}
    for view in views.values():
        if view is not None:
            view.flags.writeable = False
    return views


def _column(values: Any, dtype: Any, length: int, default: float = 0) -> np.ndarray:
    """A read-only column of the right type and length; one that is all this already is taken as it is."""
    if isinstance(values, np.ndarray) and values.dtype == dtype and not values.flags.writeable:
        column = values
    else:
        column = np.full(length, default, dtype) if values is None else np.array(values, dtype=dtype)
    if column.shape != (length,):
        kind = np.dtype(dtype).name
        raise ValueError(f"a column of {length} {kind} was needed, not one of shape {column.shape}")
    column.flags.writeable = False
    return column
