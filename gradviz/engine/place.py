"""Places in a program: a code object and the offset of an instruction in it, resolved to a line only when asked."""

from __future__ import annotations

from types import CodeType, FrameType

Site = tuple[CodeType, int]

PACKAGE = __file__[: __file__.rindex("engine")]


def user_frame(frame: FrameType | None) -> FrameType:
    """Give the first frame, going out, that is not gradviz's own."""
    last = frame
    while frame is not None and frame.f_code.co_filename.startswith(PACKAGE):
        last, frame = frame, frame.f_back
    found = frame or last
    assert found is not None
    return found


def line_of(code: CodeType, at: int) -> int:
    """The source line of instruction ``at`` of a code object; 0 if unknown."""
    for start, stop, line in code.co_lines():
        if start <= at < stop:
            return line or 0
    return 0
