"""The shape of a pass: all that training repeats from pass to pass, and need not be told again.

The passes of a training loop run the same ops on the same rows from the same lines; only numbers differ. A
Shape remembers the last pass that stood on one tape; where the next has the same rows, its Graph shares the
columns of structure, and writers know by their identity that they are the same.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from gradviz.engine.settle import settle
from gradviz.engine.tape import Tape
from gradviz.graph import Graph

COLUMNS = ("op", "kind", "input_start", "input", "scopes", "scope", "spans", "source", "root")


@dataclass(frozen=True)
class Shape:
    """What the rows of a tape were, up to a root's.

    Attributes:
        facts: the tape's columns but for data, and of its leaves kinds and scopes; compared, never changed.
        ids: per row its node, -1 if the root does not depend on it; ``rows``: per node its row.
        leaves: of the tape's leaves those that are nodes, and ``at``: which.
        columns: the structure of the Graph.
    """

    n: int
    facts: tuple[Any, ...]
    ids: np.ndarray
    rows: np.ndarray
    leaves: list[int]
    at: list[int]
    columns: dict[str, Any]

    @classmethod
    def of(cls, tape: Tape, row: int, ids: np.ndarray, rows: np.ndarray, graph: Graph) -> Shape:
        """Remember the one tape that a graph was made from."""
        leaves = [k for k, here in enumerate(tape.leaf_rows) if here <= row and ids[here] >= 0]
        at = [int(ids[tape.leaf_rows[k]]) for k in leaves]
        columns = {key: getattr(graph, key) for key in COLUMNS}
        return cls(row + 1, _facts(tape, row + 1), ids, rows, leaves, at, columns)

    def fits(self, tape: Tape, row: int) -> bool:
        """Whether another tape has the same rows."""
        return row + 1 == self.n and not tape.imports and _facts(tape, self.n) == self.facts


def _facts(tape: Tape, n: int) -> tuple[Any, ...]:
    """What is compared, from the cheapest to the dearest."""
    settle(tape)
    leaves = [(leaf.kind, leaf.scope) for leaf in tape.leaves]
    columns = tape.op[:n], tape.code[:n], tape.a[:n], tape.b[:n], tape.at[:n]
    return tape.leaf_rows[:], leaves, tape.marks[:], dict(tape.many), *columns
