"""The page that steps, as a widget of a notebook: its cursor is Python's as well. Needs anywidget."""

from __future__ import annotations

from functools import cached_property
from importlib.resources import files
from typing import Any

import anywidget
import traitlets

from gradviz.drawing import Drawing
from gradviz.errors import GradvizError
from gradviz.figure import height_of
from gradviz.graph import Graph
from gradviz.player import html, moment_of
from gradviz.player.steps import carried_range
from gradviz.timeline import Timeline

WHOLE = 680  # pixels that the whole debugger takes
_ESM = files("gradviz.static").joinpath("widget.js").read_text("utf-8") + "\nexport default { render };\n"


class Widget(anywidget.AnyWidget):  # type: ignore[misc]
    """What ``gradviz.widget`` gives. Its traits can be observed, and linked to those of other widgets.

    Attributes:
        graph: what is shown.
        timeline: its steps; the one shown is ``timeline[w.step - 1]``.
        step: how many steps are done, as the page shows it. Setting it moves the page.
        node: the value that is pinned, by its number in ``graph``, or None. It may be set by its name.
        alt: what is shown, in words.
    """

    _esm = _ESM
    step = traitlets.Int(0).tag(sync=True)
    node = traitlets.Any(None, allow_none=True).tag(sync=True)
    alt = traitlets.Unicode("").tag(sync=True)
    _page = traitlets.Unicode("").tag(sync=True)
    _first = traitlets.Int(0).tag(sync=True)
    _height = traitlets.Int(0).tag(sync=True)

    def __init__(
        self, drawing: Drawing, *, phase: str | None = None, step: int | None = None, compact: bool = True,
        **options: Any,
    ) -> None:  # fmt: skip
        graph = drawing.graph
        self.graph: Graph = graph
        self.timeline = Timeline(graph)
        self._drawing = drawing
        carried = carried_range(self.timeline, phase)
        self._steps = range(carried.start, carried.stop + 1)
        super().__init__(
            step=carried.stop if step is None else moment_of(self.timeline, phase, step),
            alt=drawing.alt,
            _page=html(
                graph,
                phase=phase,
                step=len(carried) if step is None else step,
                compact=compact,
                picture=False,
                **options,
            ),
            _first=carried.start,
            _height=height_of(drawing.svg) if compact else WHOLE,
        )

    @traitlets.validate("step")  # type: ignore[untyped-decorator]
    def _valid_step(self, proposal: Any) -> int:
        if proposal["value"] not in self._steps:
            first, last = self._steps[0], self._steps[-1]
            raise traitlets.TraitError(f"There is no step {proposal['value']}: there are {first} to {last}.")
        return int(proposal["value"])

    @traitlets.validate("node")  # type: ignore[untyped-decorator]
    def _valid_node(self, proposal: Any) -> int | None:
        node = proposal["value"]
        try:
            return None if node is None else self.graph.find(node)
        except GradvizError as problem:
            raise traitlets.TraitError(str(problem)) from None

    @cached_property
    def _still(self) -> dict[str, Any]:
        return self._drawing._repr_mimebundle_(include=("text/plain", "image/png"))

    def _repr_mimebundle_(self, **kwargs: Any) -> Any:
        """The widget, and for hosts that run none the picture."""
        made = super()._repr_mimebundle_(**kwargs)
        if not isinstance(made, tuple):
            return made
        return {**made[0], **self._still}, made[1]
