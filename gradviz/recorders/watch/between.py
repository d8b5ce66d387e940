"""Between the cells of a notebook: roots whose gradients a cell has set by hand.

A later cell may give their variables to other values, so what is there after a cell is recorded then; again
after another cell has set more of them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from gradviz.recorders.duck.seen import Seen
from gradviz.recorders.duck.shape import loose_shape_of
from gradviz.recorders.naming import names_among
from gradviz.recorders.watch.capture import Capture
from gradviz.recorders.watch.rules import gradients, inputs_of, reached

MOST = 20  # passes of one notebook


class Between:
    """What was recorded between cells so far."""

    def __init__(self, capture: Capture) -> None:
        self._capture, self._left, self._passes = capture, MOST, 0
        self._known: dict[int, tuple[Any, dict[int, float]]] = {}  # roots of ours, and their gradients

    def look(self, variables: Mapping[str, Any], file: str) -> None:
        """Record the roots among the variables whose gradients are new, after the cell ``file``."""
        listener = self._capture.listener
        ran = listener.passes != self._passes
        names = names_among([variables], self._capture.is_value)
        for root, objects in _roots(names):
            found = gradients(objects)
            known = self._known.get(id(root))
            if known is None and self._capture.is_done(root):
                continue  # a backward() of its own was recorded
            if not any(id(obj) in found and inputs_of(obj, loose_shape_of(obj)) for obj in objects):
                continue  # at most its leaves have gradients, from elsewhere
            if known is not None and (ran or known[1] == found):
                self._known[id(root)] = root, found  # perhaps a backward() has changed them
            elif self._left and self._capture.begin():
                self._left -= 1
                self._capture.record(root, Seen(ran=[]), [id(obj) for obj in objects], names, file, 0)
                self._known[id(root)] = root, found
        self._passes = listener.passes


def _roots(names: Mapping[str, Any]) -> Iterator[tuple[Any, list[Any]]]:
    """Values that no other named one was computed from, each with all that it was computed from."""
    made = {id(obj): obj for obj in names.values() if inputs_of(obj, loose_shape_of(obj))}
    found = {key: reached(obj) for key, obj in made.items()}
    inner = {id(obj) for objects in found.values() for obj in objects[1:]}
    yield from ((made[key], objects) for key, objects in found.items() if key not in inner)
