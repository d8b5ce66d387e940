"""Turn a computation into a Graph: one table, name -> row; a row is resolved only where it is used."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from importlib import import_module
from typing import TYPE_CHECKING, Any

from gradviz.errors import DataError
from gradviz.frozen import Frozen

if TYPE_CHECKING:
    from gradviz.graph import Graph

__all__ = ["RECORDERS", "Recorder", "record", "recorder_for"]


class Recorder(Frozen):
    """One kind of values that can be recorded.

    Attributes:
        name: its key in ``RECORDERS``.
        values: the class of its values, as ``module:name``; never imported from here.
        module: where its ``record(root, names)`` lives.
        by_shape: whether there is no such class: its module's ``recognises(obj)`` tells its values.
        stands_in_for: the modules that scripts import and ``gradviz run`` answers for.
        stand_in: where the ``make_modules()`` for those lives.
    """

    name: str
    module: str
    values: str = ""
    by_shape: bool = False
    stands_in_for: tuple[str, ...] = ()
    stand_in: str = ""

    def recognises(self, obj: object) -> bool:
        """Whether ``obj`` is one of its values; False while nobody has imported their class."""
        if self.by_shape:
            return bool(import_module(self.module).recognises(obj))
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
        module="gradviz.recorders.value",
        values="gradviz.recorders.micrograd_value:Value",
        stands_in_for=("micrograd", "micrograd.engine", "micrograd.nn"),
        stand_in="gradviz.recorders.micrograd",
    ),
    Recorder("value", module="gradviz.recorders.value", values="gradviz.engine.value:Value"),
    Recorder("duck", module="gradviz.recorders.duck", by_shape=True),  # last: any value looks like one
)
RECORDERS: dict[str, Recorder] = {row.name: row for row in _ROWS}


def record(root: Any, names: Mapping[str, Any] | None = None) -> Graph:
    """Give the Graph of everything ``root`` was computed from, as it is now.

    Args:
        root: the value to look back from, usually a loss: gradviz's own, or of any class that looks like one.
        names: what variables call their values; a value's own name wins.

    Raises:
        DataError: this is no value, or something it was computed from cannot be read.
        GraphError: what it was computed from was computed from it.
    """
    return recorder_for(root).record(root, names)


def recorder_for(obj: object) -> Recorder:
    """Find the recorder for a value.

    Raises:
        DataError: nothing here can record it.
    """
    for row in RECORDERS.values():
        if row.recognises(obj):
            return row
    raise DataError(
        f"{_shown(obj)} cannot be recorded.",
        "What can be is a value of gradviz, or of any class whose objects have data, a grad, inputs and an "
        "op (under other names: see gradviz.register).",
    )


def _shown(obj: object) -> str:
    if issubclass(type(obj), type):
        return f"The class {type.__dict__['__name__'].__get__(obj)} is not a value: it"
    name = type(obj).__name__
    return "None" if obj is None else f"{'An' if name[:1] in 'aeiouAEIOU' else 'A'} {name}"
