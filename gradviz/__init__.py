"""gradviz: a debugger for backpropagation.

    >>> from gradviz import Value, record
    >>> x, w = Value(2.0, name="x"), Value(-3.0, name="w", kind="param")
    >>> loss = (x * w).tanh()
    >>> loss.backward()
    >>> record(loss).node("w").grad == (1 - loss.data**2) * x.data
    True

Names are imported when they are first used, so that ``import gradviz`` costs next to nothing.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from gradviz.compiled import compile
    from gradviz.engine import data, losses, nn, optim
    from gradviz.engine.current import scope
    from gradviz.engine.functions import concat, log_softmax, maximum, minimum, softmax, stack, where
    from gradviz.engine.value import Parameter, Value
    from gradviz.errors import GradvizError
    from gradviz.graph import Graph
    from gradviz.notebook import debug, draw, widget
    from gradviz.program import replay
    from gradviz.recorders import record
    from gradviz.recorders.duck import register
    from gradviz.recording import Recording
    from gradviz.timeline import Timeline
    from gradviz.view import View

__version__ = "0.1.0"

_HOMES = {
    "gradviz.compiled": ("compile",),
    "gradviz.engine": ("data", "losses", "nn", "optim"),
    "gradviz.engine.functions": ("concat", "log_softmax", "maximum", "minimum", "softmax", "stack", "where"),
    "gradviz.engine.current": ("scope",),
    "gradviz.engine.value": ("Parameter", "Value"),
    "gradviz.errors": ("GradvizError",),
    "gradviz.graph": ("Graph",),
    "gradviz.magics": ("load_ipython_extension", "unload_ipython_extension"),
    "gradviz.notebook": ("debug", "draw", "widget"),
    "gradviz.program": ("replay",),
    "gradviz.recorders": ("record",),
    "gradviz.recorders.duck": ("register",),
    "gradviz.recording": ("Recording",),
    "gradviz.timeline": ("Timeline",),
    "gradviz.view": ("View",),
}
_HOME = {name: home for home, names in _HOMES.items() for name in names}

__all__ = [
    "GradvizError", "Graph", "Parameter", "Recording", "Timeline", "Value", "View",
    "compile", "concat", "data", "debug", "draw", "log_softmax", "losses", "maximum", "minimum", "nn",
    "optim", "record", "register", "replay", "scope", "softmax", "stack", "where", "widget",
]  # fmt: skip


def __getattr__(name: str) -> Any:
    home = _HOME.get(name)
    if home is None:
        raise AttributeError(f"module 'gradviz' has no attribute {name!r}")
    if home == "gradviz.engine":
        return import_module(f"{home}.{name}")
    return getattr(import_module(home), name)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
