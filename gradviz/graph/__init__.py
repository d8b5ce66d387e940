"""A Graph: the facts of one pass, by number or by name."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from functools import cached_property
from importlib import import_module
from itertools import islice
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import numpy as np

from gradviz.errors import NotFoundError
from gradviz.graph.columns import COLUMNS, Columns
from gradviz.graph.expressions import Expressions
from gradviz.graph.facts import CONST, INPUT, KINDS, OP, PARAM, Edge, Node, Number, Span, Update
from gradviz.graph.labels import spoken

if TYPE_CHECKING:
    import networkx as nx

__all__ = ["CONST", "INPUT", "KINDS", "OP", "PARAM", "Edge", "Graph", "Node", "Number", "Span", "Update"]

_LABELS_KEPT = 1 << 16
_LONGEST, _MOST = 80, 10_000  # names that are compared with one that was not found: how long, how many


class Graph(Columns):
    """The computation graph of one pass with every value, gradient and path. Its columns: see ``Columns``.

    Attributes:
        sources: the text of the files it was made in, as far as who made or read it knows them.
    """

    sources: Mapping[str, str] = MappingProxyType({})

    def __repr__(self) -> str:
        root = f", root {self.label(self.root)}" if len(self) else ""
        return f"Graph({len(self):,} values, {self.edge_count:,} edges{root})"

    def _repr_mimebundle_(
        self, include: Collection[str] | None = None, exclude: Collection[str] | None = None
    ) -> dict[str, Any] | None:
        """What a notebook shows: the drawing. Floors above this one make it: named, and not imported."""
        bundle: dict[str, Any] | None = import_module("gradviz.drawing").bundle_of(self, include, exclude)
        return bundle

    def _mime_(self) -> tuple[str, str]:
        """What marimo shows: the same."""
        shown: tuple[str, str] = import_module("gradviz.drawing").mime_of(self)
        return shown

    def label(self, node: int) -> str:
        """What to call a node.

        Its name; else the expression of the source that made it alone; else its ops in terms of names; else
        that expression with its number; else its ops in terms of numbers, or ``n9``.
        """
        label = self._labels.get(node)
        if label is None:
            if len(self._labels) >= _LABELS_KEPT:
                self._labels.clear()
            label = self._labels[node] = self._label(int(node))
        return label

    def _label(self, node: int) -> str:
        if self.expressions.names_alone(node):
            return self.expressions.of(node)
        text, of_names = spoken(self, node, self._fits)
        return text if of_names else self.expressions.of(node) or text

    def prepare_labels(self) -> None:
        """Find out for all nodes which are called by an expression, so that one label is written at once.

        A label by itself tries up to 15 ops, most of them in vain.
        """
        from gradviz.graph.labelling import fitting

        self._fits = self._fits or fitting(self)

    _fits: Sequence[bytes] = ()

    @cached_property
    def expressions(self) -> Expressions:
        """The source expressions that made its values."""
        return Expressions(self)

    @cached_property
    def _labels(self) -> dict[int, str]:
        """Those made lately: one sentence asks a dozen times."""
        return {}

    def node(self, i: int) -> Node:
        """One node with readable names.

        Raises:
            NotFoundError: there is no such node.
        """
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
            shape=() if data is None else np.shape(data),
            attrs=self.attrs.get(i, {}),
        )

    def edge(self, e: int) -> Edge:
        """One edge with readable names.

        Raises:
            NotFoundError: there is no such edge.
        """
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
        from difflib import get_close_matches

        short = (name for name in dict.fromkeys(self.names.values()) if len(name) <= _LONGEST)
        near = get_close_matches(text[:_LONGEST], list(islice(short, _MOST)), n=3)
        hint = f"Did you mean {' or '.join(near)}?" if near else f"There are nodes n0 to n{len(self) - 1}."
        raise NotFoundError(f"There is no node {text[:80]!r}.", hint)

    def validate(self) -> list[str]:
        """Check the laws; one sentence for each that is broken."""
        from gradviz.graph.laws import broken_laws

        return broken_laws(self)

    def to_networkx(self) -> nx.MultiDiGraph:
        """Export to networkx: keys are slots, attributes are plain types."""
        from gradviz.graph.exchange import to_networkx

        return to_networkx(self)

    def replace(self, **changes: Any) -> Graph:
        """Give a copy with some columns changed."""
        columns: dict[str, Any] = {key: getattr(self, key) for key in COLUMNS}
        if self.measured:
            columns |= {key: getattr(self, key) for key in ("cotangent", "local", "has_cotangent")}
        return Graph(**{**columns, **changes}).with_sources(self.sources)

    def with_sources(self, sources: Mapping[str, str]) -> Graph:
        """Give the graph the text of files. It is to be done before anything asks for a label."""
        self.sources = sources
        return self
