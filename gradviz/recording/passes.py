"""The small facts of a pass."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from gradviz.frozen import Frozen
from gradviz.graph import Graph

# facts of the wrong form, in a file that somebody made up
WRONG = (KeyError, IndexError, TypeError, ValueError, AttributeError, OverflowError)


def extent(count: int) -> str:
    """Say which passes there are, to who asked for another.

    >>> extent(3), extent(1)
    ('There are passes 0 to 2.', 'There is only pass 0.')
    """
    if count > 1:
        return f"There are passes 0 to {count - 1}."
    return "There is only pass 0." if count else "The recording has no passes."


class PassInfo(Frozen):
    """The small facts of one pass, known without loading it.

    ``root_data`` is the loss, None if it is an array; ``file`` and ``line`` say where ``backward()`` was
    called; ``updated`` counts the updates that followed; ``error`` says what is wrong with the pass.
    """

    index: int
    node_count: int = 0
    edge_count: int = 0
    root_data: float | None = None
    file: str = ""
    line: int = 0
    has_backward: bool = False
    updated: int = 0
    error: str | None = None

    @classmethod
    def of(cls, index: int, graph: Graph) -> PassInfo:
        """Collect the facts of a graph; its meta may give a file and line other than the root's."""
        span, data = graph.span_of(graph.root), graph.data_of(graph.root)
        return cls(
            index=index,
            node_count=len(graph),
            edge_count=graph.edge_count,
            root_data=None if data is None or np.ndim(data) else float(data),
            file=str(graph.meta.get("file", span.file if span else "")),
            line=int(graph.meta.get("line", span.line if span else 0)),
            has_backward=bool(graph.meta.get("backward", graph.has_grad.any())),
            updated=len(graph.updates),
            error=graph.meta.get("error"),
        )

    @classmethod
    def read(cls, index: int, facts: Mapping[str, Any] | None) -> PassInfo:
        """Read the facts from a file, where anything may stand."""
        if facts is None:
            return cls(index, error="lost: its entry in the file is damaged")
        known: dict[str, Any] = {name: facts[name] for name in cls.__match_args__ if name in facts}
        try:
            data = known.get("root_data")
            known["root_data"] = None if data is None else float(data)
            for name, kind in (("node_count", int), ("edge_count", int), ("line", int), ("updated", int)):
                known[name] = kind(known.get(name, 0))
        except WRONG as error:
            return cls(index, error=f"lost: its entry in the file is wrong ({error})")
        return cls(**{**known, "index": index})
