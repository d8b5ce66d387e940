"""What if a leaf were another number: the same pass computed again, and how it differs from the recorded one.

An edit is a leaf and its number, written ``n3:1.5``. A pass and its edits fix everything else, so nothing is
kept of them but a bounded memory.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from math import isinf
from typing import Any

import numpy as np

from gradviz.document.findings import findings_document
from gradviz.document.scene import Pass, Scene
from gradviz.errors import GradvizError, NotFoundError, ReplayError
from gradviz.graph import OP, Graph, Number
from gradviz.numbers import full, number
from gradviz.program import Program
from gradviz.recording import PassInfo, Recording
from gradviz.summary import text_of
from gradviz.timeline import Timeline

MOST_EDITS = 100
TOLD = 5  # edits in the title of a drawing
LONGEST = 100  # characters of one edit; the shortest text of any float has at most 24
_EDIT = re.compile(
    r"n?([0-9]{1,12}):(NaN|-?Infinity|[-+]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][-+]?[0-9]{1,4})?)", re.ASCII
)
_FORM = "An edit is a value and its number, such as n3:1.5, n3:-2e-3, n3:NaN or n3:-Infinity."

Edits = tuple[tuple[int, float], ...]


class EditError(GradvizError, ValueError):
    """Edits that are not written as edits are."""


def parse_edits(texts: Sequence[str]) -> Edits:
    """Read edits, each as ``n3:1.5``; give them by node, so that the same edits are equal in any order.

    Raises:
        EditError: one is malformed, a node is edited twice, or there are more than ``MOST_EDITS``.

    >>> parse_edits(["n7:-Infinity", "n3:1.5"])
    ((3, 1.5), (7, -inf))
    """
    if len(texts) > MOST_EDITS:
        raise EditError(f"{len(texts)} values are edited at once.", f"At most {MOST_EDITS}.")
    edits: dict[int, float] = {}
    for text in texts:
        read = _EDIT.fullmatch(text) if len(text) <= LONGEST else None
        if read is None:
            raise EditError(f"what cannot be {text[:40]!r}.", _FORM)
        node, value = int(read[1]), number(read[2])
        if isinf(value) and not read[2].endswith("Infinity"):
            raise EditError(f"{read[2][:40]} is larger than numbers reach.", "Write Infinity if you mean it.")
        if node in edits:
            raise EditError(f"n{node} is edited twice.", "Give each value one number.")
        edits[node] = value
    return tuple(sorted(edits.items()))


def key_of(edits: Edits) -> str:
    """Edits as a key for look-ups, which floats are not: NaN differs from itself, and -0.0 equals 0.0."""
    return " ".join(f"n{node}:{full(value)}" for node, value in edits)


def edited_graph(program: Program, edits: Edits) -> Graph:
    """Compute a program with other leaves; the graph's ``meta["what_if"]`` says with which, in words.

    Raises:
        NotFoundError: the graph has no such node.
        ReplayError: a node is no single number that the program was given.
    """
    recorded, told = program.recorded, []
    for node, value in edits:
        if node >= len(recorded):
            raise NotFoundError(f"There is no node {node}.", f"This pass has nodes 0 to {len(recorded) - 1}.")
        label = recorded.label(node)
        if recorded.kind[node] == OP:
            raise ReplayError(f"{label} (n{node}) is computed.", "Edit the values that it is computed from.")
        if node in recorded.arrays["data"]:
            raise ReplayError(f"{label} (n{node}) is an array; only single numbers can be edited.")
        told.append(f"{label} = {text_of(value)} instead of {text_of(recorded.data_of(node))}")
    words = ", ".join(told[:TOLD]) + (f" and {len(told) - TOLD} more" if len(told) > TOLD else "")
    graph = program.graph(dict(edits))
    return graph.replace(updates=(), meta={**graph.meta, "what_if": words})


class WhatIf(Pass):
    """A pass as it would have been with other leaves.

    The update that followed is left out: it was made from the recorded gradients.

    Attributes:
        recorded: the pass that was recorded.
        edits: the leaves that differ, and their numbers.

    Raises:
        NotFoundError: the pass has no such node.
        ReplayError: a node is no single number that the program was given, or the pass cannot be computed
            again.
    """

    def __init__(self, recorded: Pass, edits: Edits) -> None:
        self.recorded, self.edits = recorded, edits
        graph = edited_graph(_program(recorded), edits)
        super().__init__(_info(recorded, graph), graph, recorded.files)
        self.timeline = Timeline(graph, like=recorded.timeline)


class WhatIfScene(Scene):
    """A what-if seen through the view of the recorded pass: the same boxes in the same places."""

    def __init__(self, shown: WhatIf, recorded: Scene) -> None:
        self.shown, self.graph, self.timeline = shown, shown.graph, shown.timeline
        self.view = recorded.view.over(shown.graph)
        self.placed, self._asked = recorded.placed, recorded._asked
        same = ((one.graph.has_grad, one.timeline.carrying) for one in (shown, recorded))
        if all(map(np.array_equal, *same)):
            self.progress = recorded.progress  # counts alone, which are the same


def pass_facts(shown: Pass) -> dict[str, Any]:
    """What a pass's document says of edits: which there are, and the loss that was recorded."""
    if not isinstance(shown, WhatIf):
        return {"what": [], "recorded": None}
    recorded = shown.recorded
    what = [
        {"node": node, "name": recorded.label(node), "data": value, "recorded": recorded.graph.data_of(node)}
        for node, value in shown.edits
    ]
    return {"what": what, "recorded": {"loss": recorded.info.root_data}}


def node_facts(shown: Pass, node: int) -> dict[str, Any]:
    """What a value's document says of edits: whether it can be edited and why not, and what was recorded.

    ``edit`` is null for what was computed and for arrays, else ``refused``: null, or the reason. That the
    recorded numbers do not follow from one another shows only once a leaf is edited.
    """
    recorded = shown.recorded if isinstance(shown, WhatIf) else shown
    graph, before = recorded.graph, None
    if recorded is not shown:
        before = {"data": _plain(graph.data_of(node)), "grad": _plain(graph.grad_of(node))}
    if graph.kind[node] == OP or node in graph.arrays["data"]:
        return {"edit": None, "recorded": before}
    refused = None if recorded.refused is None else recorded.files.in_text(str(recorded.refused))
    return {"edit": {"refused": refused}, "recorded": before}


def pass_findings(shown: Pass) -> dict[str, Any]:
    """What the checks find in one pass by itself; that of a what-if nobody else has looked at."""
    told = findings_document(Recording.of([shown.graph]), shown.files, lambda _, node: shown.label(node))
    return {**told, "findings": [{**finding, "pass": shown.index} for finding in told["findings"]]}


def _plain(value: Number | None) -> Any:
    return value if value is None or isinstance(value, float) else text_of(value)


def _program(recorded: Pass) -> Program:
    program = recorded.program
    if isinstance(program, ReplayError):
        raise ReplayError(recorded.files.in_text(program.message), program.hint)
    return program


def _info(recorded: Pass, graph: Graph) -> PassInfo:
    data = graph.data_of(graph.root)
    loss = data if isinstance(data, float) else None
    return replace(recorded.info, root_data=loss, has_backward=True, updated=0)
