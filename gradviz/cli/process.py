"""The process of a command: quick to start, and quick to end."""

from __future__ import annotations

import gc
import os
import sys
import threading

_paused = False
_frozen = 0  # objects that were set aside


def pause_collector() -> None:
    """Turn Python's cyclic garbage collector off: nothing that is imported is garbage, and it would look."""
    global _paused
    if gc.isenabled():
        gc.disable()
        _paused = True


def resume_collector() -> None:
    """Turn it on again, if it was on, before a user's script or long work; what there is, is here to stay."""
    global _paused
    if _paused:
        set_aside()
        gc.enable()
        _paused = False


def set_aside() -> None:
    """Have the collector pass over all there is: imports, which stay."""
    global _frozen
    gc.freeze()
    _frozen = gc.get_freeze_count()


def take_back() -> None:
    """Undo that, after a user's script: what it put into a library's class is freed only with the class.

    Its globals would never be, nor its files be closed. If the script froze objects itself, they stay so.
    """
    if 0 < gc.get_freeze_count() <= _frozen:
        gc.unfreeze()


def leave(done: SystemExit) -> None:
    """End without taking everything apart first, which the system does quicker.

    Only where nobody is left who could want it: no other thread, no debugger, profiler or coverage tool.

    Raises:
        SystemExit: the process has to end as usual.
    """
    if threading.active_count() > 1 or sys.gettrace() or sys.getprofile():
        raise done
    try:
        for stream in filter(None, (sys.stdout, sys.stderr)):
            stream.flush()
    except (OSError, ValueError):
        raise done from None
    os._exit(done.code if isinstance(done.code, int) else bool(done.code))
