"""Turn a computation into a Graph: one table, name -> row; a row is resolved only where it is used."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING, Any

from gradviz.errors import DataError

if TYPE_CHECKING:
    from gradviz.graph import Graph

__all__ = ["RECORDERS", "Recorder", "recorder_for"]


@dataclass(frozen=True)
class Recorder:
    """One kind of values that can be recorded.

    Attributes:
        name: its key in ``RECORDERS``.
        values: the class of its values, as ``module:name``; never imported from here.
        module: where its ``record(root, names)`` lives.
        stands_in_for: the modules that scripts import and ``gradviz run`` answers for.
        stand_in: where the ``make_modules()`` for those lives.
    """

    name: str
    values: str
    module: str
    stands_in_for: tuple[str, ...] = ()
    stand_in: str = ""

    def recognises(self, obj: object) -> bool:
        """Whether ``obj`` is one of its values; False while nobody has imported their class."""
        module, _, name = self.values.partition(":")
        kind = getattr(sys.modules.get(module), name, None)
        return isinstance(kind, type) and issubclass(type(obj), kind)

    def record(self, root: Any, names: Mapping[str, Any] | None = None) -> Graph:
        """Give the Graph of everything ``root`` was computed from."""
        graph: Graph = import_module(self.module).record(root, names)
        return graph


_ROWS = (
    Recorder(
        "micrograd",
        values="gradviz.recorders.micrograd_value:Value",
        module="gradviz.recorders.value",
        stands_in_for=("micrograd", "micrograd.engine", "micrograd.nn"),
        stand_in="gradviz.recorders.micrograd",
    ),
    Recorder("value", values="gradviz.engine.value:Value", module="gradviz.recorders.value"),
)
RECORDERS: dict[str, Recorder] = {row.name: row for row in _ROWS}


def recorder_for(obj: object) -> Recorder:
    """Find the recorder for a value.

    Raises:
        DataError: nothing here can record it.
    """
    for row in RECORDERS.values():
        if row.recognises(obj):
            return row
    raise DataError(
        f"A {type(obj).__name__} cannot be recorded.", f"What can be is a value of {', '.join(RECORDERS)}."
    )
