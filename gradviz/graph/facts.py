"""The facts of a Graph one at a time, with readable names: a node, an edge, a source position, an update."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from gradviz.frozen import Frozen

KINDS = ("const", "input", "param", "op")
CONST, INPUT, PARAM, OP = range(4)
Number = float | np.ndarray


class Span(Frozen):
    """A place in the user's source: lines from 1 (0: unknown), columns from 0, in UTF-8 bytes."""

    file: str
    line: int
    end_line: int = 0
    column: int = 0
    end_column: int = 0
    function: str = ""

    def __str__(self) -> str:
        return f"{self.file}:{self.line}"


class Update(Frozen):
    """A parameter's data before and after the update that followed a pass, and the rule that made it."""

    node: int
    before: Number
    after: Number
    rule: str = ""
    source: Span | None = None


class Edge(Frozen):
    """A value read: ``target`` computes with ``source``, and a cotangent travels back."""

    id: int
    source: int
    target: int
    slot: int
    cotangent: Number | None
    local: Number | None


class Node(Frozen):
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
