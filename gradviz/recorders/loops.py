"""Variables that a ``for`` loop has left behind: they still hold its last item, and are no name for it."""

from __future__ import annotations

import dis
from functools import lru_cache
from types import CodeType, FrameType


def left_behind(frame: FrameType) -> set[str]:
    """Give the variables of a frame, and of the module's frame around it, of loops that are over."""
    found: set[str] = set()
    around: FrameType | None = frame
    while around is not None:
        if around is frame or around.f_locals is frame.f_globals:
            found |= _ended(around)
        if around.f_locals is frame.f_globals:
            break
        around = around.f_back
    return found


def _ended(frame: FrameType) -> set[str]:
    loops, at = _loops(frame.f_code), frame.f_lasti
    running = {name for start, stop, names in loops if start <= at < stop for name in names}
    return {name for _, _, names in loops for name in names} - running


@lru_cache(maxsize=64)
def _loops(code: CodeType) -> tuple[tuple[int, int, tuple[str, ...]], ...]:
    """The loops of some code: where the body begins and ends, and the variables of the loop."""
    found = []
    steps = list(dis.get_instructions(code))
    for k, step in enumerate(steps):
        if step.opname == "FOR_ITER":
            names = []
            for after in steps[k + 1 :]:
                if after.opname.startswith("STORE_") and type(after.argval) is str:
                    names.append(after.argval)
                elif not after.opname.startswith("UNPACK_"):
                    break
            found.append((step.offset, int(step.argval), tuple(names)))
    return tuple(found)
