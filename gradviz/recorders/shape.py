"""The shape of a pass: all that training repeats from pass to pass, and need not be told again.

The passes of a training loop run the same ops on the same rows from the same lines; only numbers differ. A
Shape remembers the last pass that stood on one tape; where the next has the same rows, its Graph shares the
columns of structure, and writers know by their identity that they are the same.
"""

from __future__ import annotations

from types import CodeType
from typing import Any

import numpy as np

from gradviz.engine.place import Site
from gradviz.engine.settle import Inner
from gradviz.engine.tape import Tape
from gradviz.frozen import Frozen
from gradviz.graph import Graph
from gradviz.recorders.places import span_of

COLUMNS = ("op", "kind", "input_start", "input", "scopes", "scope", "spans", "source", "root")


class Shape(Frozen):
    """What the rows of a tape were, up to a root's.

    Attributes:
        facts: what ``facts_of`` gave; compared, never changed.
        ids: per row its node, -1 if the root does not depend on it; ``rows``: per node its row.
        leaves: of the tape's leaves those that are nodes, and ``at``: which.
        columns: the structure of the Graph.
    """

    facts: tuple[Any, ...]
    ids: np.ndarray
    rows: np.ndarray
    leaves: list[int]
    at: list[int]
    columns: dict[str, Any]

    @classmethod
    def of(cls, tape: Tape, facts: tuple[Any, ...], ids: np.ndarray, rows: np.ndarray, graph: Graph) -> Shape:
        """Remember the one tape that a graph was made from, and what its facts were then."""
        n = len(ids)
        rows_of = tape.leaf_rows
        leaves = [k for k, here in enumerate(rows_of) if here < n and ids[here] >= 0]
        at = [int(ids[rows_of[k]]) for k in leaves]
        columns = {key: getattr(graph, key) for key in COLUMNS}
        return cls(facts, ids, rows, leaves, at, columns)

    def again(self, facts: tuple[Any, ...]) -> Shape | None:
        """The shape of a tape of such facts if it is this one: the same rows, from the same lines.

        One call may be told by two offsets: Python moves it when it has specialised it.
        """
        if facts == self.facts:
            return self
        *before, marks, code, at = self.facts
        *now, marks_now, code_now, at_now = facts
        same = before == now and code == code_now and len(marks) == len(marks_now)
        same = same and all(map(_same_mark, marks, marks_now)) and all(map(_same_place, code, at, at_now))
        return self._replace(facts=facts) if same else None


def _same_mark(one: tuple[int, str, Site | None], other: tuple[int, str, Site | None]) -> bool:
    *facts, site = one
    *others, site2 = other
    if site == site2 or site is None or site2 is None:
        return one == other
    return facts == others and site[0] is site2[0] and _same_place(site[0], site[1], site2[1])


def _same_place(code: CodeType | None, one: int, other: int) -> bool:
    return one == other or span_of(code, one) == span_of(code, other)


def facts_of(tape: Tape, inner: Inner) -> tuple[Any, ...]:
    """All but numbers and names that the graph of a tape without imports follows from.

    These are the columns of its written rows, the blocks that the others belong to, and kinds and scopes of
    leaves. What is compared first is the cheapest.
    """
    tape.complete()
    leaves = [(leaf.kind, leaf.scope) for leaf in tape.leaves]
    number = {layer: k for k, layer in enumerate(dict.fromkeys(block.layer for block in inner.blocks))}
    blocks = [(number[block.layer], block.start, block.inputs) for block in inner.blocks]
    op, a, b, code, at = [inner.pick(column) for column in (tape.op, tape.a, tape.b, tape.code, tape.at)]
    layers = [(layer.plan, layer.rows) for layer in number]
    rows = len(inner.at), tape.leaf_rows, leaves, dict(tape.many), layers, blocks, op, a, b
    return *rows, tape.marks[:], code, at
