"""From the source to the values: which expressions of a file made values, and which values one made."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np

from gradviz.document.scene import Pass, Scene
from gradviz.graph import CONST, Graph, Span

NODES = 10_000  # values in one answer
EXPRESSIONS = 5_000  # of a file in one answer


class Expression(NamedTuple):
    """Where an expression stands: lines from 1, columns from 0 in UTF-8 bytes, up to the end's, not with it.

    Of one whose columns nobody recorded both columns are 0: it stands for its lines.
    """

    line: int
    column: int
    end_line: int
    end_column: int

    @classmethod
    def of(cls, span: Span) -> Expression:
        """Give the expression of a span."""
        return cls(span.line, span.column, span.end_line or span.line, span.end_column)

    @property
    def has_columns(self) -> bool:
        """Whether it is known where in its lines it stands."""
        return self.end_column > 0

    def holds(self, place: Expression) -> bool:
        """Whether a place lies in the expression; one without columns is all of its lines."""
        if not (self.has_columns and place.has_columns):
            return self.line <= place.line and place.end_line <= self.end_line
        return self[:2] <= place[:2] and place[2:] <= self[2:]


def expressions_document(shown: Pass, file: str) -> dict[str, Any]:
    """Give the expressions of a file that made values, each with how many, in the order of their places."""
    graph = shown.graph
    counts = np.bincount(graph.source[_of_its_own(graph)], minlength=len(graph.spans))
    made: dict[Expression, int] = {}
    for row, expression in _expressions(shown, file):
        made[expression] = made.get(expression, 0) + int(counts[row])
    rows = [[*expression, count] for expression, count in sorted(made.items()) if count]
    return {"file": file, "expressions": rows[:EXPRESSIONS], "more": max(len(rows) - EXPRESSIONS, 0)}


def made_document(scene: Scene, file: str, place: Expression) -> dict[str, Any]:
    """Give the values that the innermost expression around a place made; without columns, all those there.

    A loop has made many from one expression: they come in the order in which they were made, each with the
    box of the view that holds it.
    """
    there = [(row, one) for row, one in _expressions(scene.shown, file) if one.holds(place)]
    innermost = max((one for _, one in there), key=_inwards, default=None) if place.has_columns else None
    rows = [row for row, one in there if innermost in (None, one)]
    nodes = np.flatnonzero(np.isin(scene.graph.source, rows) & _of_its_own(scene.graph))
    listed = nodes[:NODES]
    return {
        "file": file,
        "expression": None if innermost is None else list(innermost),
        "count": len(nodes),
        "nodes": listed.tolist(),
        "boxes": scene.view.box_of[listed].tolist(),
        "more": len(nodes) - len(listed),
    }


def _of_its_own(graph: Graph) -> np.ndarray:
    """Per node whether somebody asked for it: ``2 * x`` makes a product, and beside it a constant."""
    return np.asarray(graph.kind != CONST)


def _expressions(shown: Pass, file: str) -> Iterator[tuple[int, Expression]]:
    """The spans of a file by their row, as the source pane names the file."""
    for row, span in enumerate(shown.graph.spans):
        if span is not None and span.line and shown.files[span.file] == file:
            yield row, Expression.of(span)


def _inwards(one: Expression) -> tuple[bool, int, int, int, int]:
    """Expressions nest: of those that hold a place, the innermost begins last, then ends first."""
    return one.has_columns, one.line, one.column, -one.end_line, -one.end_column
