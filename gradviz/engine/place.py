"""Places in a program: a code object and the offset of an instruction; a line only when asked."""

from __future__ import annotations

import contextlib
from types import CodeType, FrameType

Site = tuple[CodeType, int]

PACKAGE = __file__[: __file__.rindex("engine")]
EXAMPLES = PACKAGE + "examples"  # where they are installed; what runs there is a user's script


def is_own(code: CodeType) -> bool:
    """Whether the code is the library's, or what stands between it and the user in a ``with`` block."""
    file = code.co_filename
    return file == contextlib.__file__ or (file.startswith(PACKAGE) and not file.startswith(EXAMPLES))


def user_frame(frame: FrameType | None) -> FrameType:
    """Give the first frame, going out, that is not gradviz's own."""
    last = frame
    while frame is not None and is_own(frame.f_code):
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


def place_of(code: CodeType | None, at: int) -> str:
    """The place as ``file:line``."""
    return f"{code.co_filename}:{line_of(code, at)}" if code else "an unknown place"
