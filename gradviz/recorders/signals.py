"""Signals that the script handles itself: they wait while gradviz is at work.

A handler may run between any two steps of ours. What it raises would be taken for a failure of ours, and the
script would never see its own timeout; and a pass that it runs would be written in the middle of another.
"""

from __future__ import annotations

import _signal  # type: ignore[import-not-found]  # that of `signal` makes an enum of everything
import threading
from collections.abc import Callable, Iterator
from functools import partial
from types import CodeType, FrameType
from typing import Any

_NAMES = "ALRM CHLD HUP INT PROF QUIT TERM USR1 USR2 VTALRM"  # that scripts may handle
NUMBERS = tuple(getattr(_signal, f"SIG{name}") for name in _NAMES.split() if hasattr(_signal, f"SIG{name}"))
_get, _set = _signal.getsignal, _signal.signal
_waiting: dict[int, FrameType | None] = {}  # signals that came, and where the script was
_handing_on = False
CALL = "__call__"  # what an object has that is called as a function
_PYTHONS = {id(int), id(type(None)), id(type(len))}  # default, ignored, not from Python; and Ctrl-C's own


def undisturbed(work: Callable[[], None]) -> None:
    """Do something of ours; handlers of the script's that would run meanwhile run after it.

    Ctrl-C does not wait, unless the script has a handler for it. As without us, a signal that comes again
    before its handler has run is one.
    """
    handlers = _handlers() if threading.get_ident() == threading.main_thread().ident else {}
    if not handlers or any(handler is _wait for handler in handlers.values()):  # of a call around this one
        work()
        return
    give_back = [partial(_restore, *each) for each in handlers.items()]
    try:
        for number in handlers:
            _set(number, _wait)
        work()
    finally:
        _all_of(iter([*give_back, *give_back, _hand_on]))


def _wait(number: int, frame: FrameType | None) -> None:
    """Stand in for a handler."""
    _waiting.setdefault(number, _users(frame))


def _restore(number: int, handler: Callable[..., Any]) -> None:
    if _get(number) is _wait:
        _set(number, handler)


def _hand_on() -> None:
    """Run the handlers that had to wait, one after the other, also if one of them runs backward itself."""
    global _handing_on
    if _handing_on:
        return
    _handing_on = True
    try:
        _all_of(iter(_next_handler, None))
    finally:
        _handing_on = False


def _next_handler() -> Callable[[], Any] | None:
    while _waiting:
        number = next(iter(_waiting))
        frame, handler = _waiting.pop(number), _get(number)
        if id(type(handler)) not in _PYTHONS:
            return partial(handler, number, frame)
    return None


def is_scripts(error: BaseException) -> bool:
    """Whether a signal handler of the script's has raised an exception."""
    codes = {id(code) for code in map(_code_of, _handlers().values()) if code is not None}
    trace = error.__traceback__
    while trace is not None and codes:
        if id(trace.tb_frame.f_code) in codes:
            return True
        trace = trace.tb_next
    return False


def _handlers() -> dict[int, Callable[..., Any]]:
    """The script's handlers, by the numbers of their signals."""
    if _PYTHONS.issuperset(map(id, map(type, map(_get, NUMBERS)))):  # quick, as this is asked in every pass
        return {}
    return {number: handler for number in NUMBERS if id(type(handler := _get(number))) not in _PYTHONS}


def _code_of(handler: Any) -> CodeType | None:
    while (inner := getattr(handler, "func", None) or getattr(handler, "__func__", None)) is not None:
        handler = inner
    code = getattr(handler, "__code__", None) or getattr(getattr(handler, CALL, None), "__code__", None)
    return code if type(code) is CodeType else None


def _users(frame: FrameType | None) -> FrameType | None:
    """The frame of the script's that was interrupted."""
    while frame is not None and str(frame.f_globals.get("__name__", "")).partition(".")[0] == "gradviz":
        frame = frame.f_back
    return frame


def _all_of(steps: Iterator[Callable[[], Any]]) -> None:
    """Take all steps, also if some raise."""
    for step in steps:  # what is left of them
        try:
            step()
        except BaseException:
            _all_of(steps)
            raise
