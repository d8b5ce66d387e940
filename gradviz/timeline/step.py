"""One step of a pass: what happens, to which value, and how to take it back."""

from __future__ import annotations

from gradviz.frozen import Frozen
from gradviz.graph import Number

PHASES = ("forward", "order", "backward", "update")


class Step(Frozen):
    """One reversible event.

    Attributes:
        index: its place in the timeline.
        phase: one of ``PHASES``.
        event: "compute"; "enter" or "leave"; "seed" or "carry"; "update".
        node: the node it happens to; for "carry" the input that receives.
        edge: for "carry" the edge it travels on, for "enter" the edge by which the visit came, else None.
        before: the data or gradient it replaces; None if there was nothing yet.
        after: the data or gradient it leaves; for "leave" the place in the order, counted from 0.
    """

    index: int
    phase: str
    event: str
    node: int
    edge: int | None
    before: Number | None
    after: Number | int | None
