"""Frames of ours that stand between two of the user's, and how little is seen of them."""

from __future__ import annotations

from collections.abc import Callable
from types import FunctionType, TracebackType
from typing import Any, TypeVar

Function = TypeVar("Function", bound=Callable[..., Any])

PASSED_OVER = "<frozen importlib._bootstrap>"
OURS = "gradviz.recorders."
USED = (OURS + "micrograd", OURS + "wholenumbers")  # by the user, as a package of values


def unseen(function: Function) -> Function:
    """Let ``warnings`` count past the frames of a function, as past those of an import.

    With ``stacklevel`` a warning names the line that called the user's function, and by that line it is shown
    or not; a frame in between would change both.
    """
    assert isinstance(function, FunctionType)
    function.__code__ = function.__code__.replace(co_filename=PASSED_OVER)
    return function


def without_ours(trace: TracebackType | None) -> TracebackType | None:
    """Take the frames of recorders out of a traceback.

    A function of ours that does so with what it caught, and then says only ``raise``, is in no traceback.
    """
    while trace is not None and _is_ours(trace):
        trace = trace.tb_next
    at = trace
    while at is not None:
        below = at.tb_next
        if below is not None and _is_ours(below):
            at.tb_next = below.tb_next
        else:
            at = below
    return trace


def _is_ours(trace: TracebackType) -> bool:
    module = str(trace.tb_frame.f_globals.get("__name__", ""))
    return module.startswith(OURS) and not module.startswith(USED)
