"""Many Graphs, in order, in one file or in memory: what a run left behind.

The three classes come with SQLite, and are imported when somebody asks for one.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from gradviz.recording.passes import PassInfo
    from gradviz.recording.reader import VALUES_KEPT, Recording
    from gradviz.recording.writer import Writer

__all__ = ["VALUES_KEPT", "PassInfo", "Recording", "Writer"]

_HOME = {"VALUES_KEPT": "reader", "PassInfo": "passes", "Recording": "reader", "Writer": "writer"}


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOME[name]}"), name)
