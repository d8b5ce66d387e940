"""Which call of which function a value was made in.

A call under way has no name that outlives it: frames are reused, and holding one would keep the user's
variables alive. So each is marked once, in ``f_trace``, which nobody reads while nothing traces.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from functools import cache
from itertools import count
from types import CodeType, FrameType
from typing import Any

from gradviz.engine.place import EXAMPLES, is_own
from gradviz.recorders.files import is_users

# Calls within calls that are told apart; recursion goes deeper, and nobody opens that many boxes.
DEEPEST = 12

_serials = count(1)


class Call:
    """A call of one of the user's functions, as long as something made in it is known.

    Attributes:
        code, at: the function, and the instruction of the call around it that called it.
        around: that call; None around the program itself.
        title: what the scope is called; "" for what is none: a module, a comprehension, a lambda, and the
            building of a part while the whole is built.
        scope: the call itself, or the first around it that has a title.
        depth: in how many scopes it lies.
        serial: rises from call to call.
    """

    __slots__ = ("around", "at", "code", "depth", "scope", "serial", "title")

    def __init__(self, code: CodeType, around: Call | None, at: int) -> None:
        outer = None if around is None else around.scope
        self.code, self.at, self.serial = code, at, next(_serials)
        self.around: Call | None = around
        self.depth: int = 0 if outer is None else outer.depth + 1
        built_within = outer is not None and code.co_name == outer.code.co_name == "__init__"
        self.title = title_of(code) if self.depth < DEEPEST and not built_within else ""
        self.scope: Call | None = self if self.title else outer

    def __call__(self, frame: FrameType, event: str, arg: Any) -> None:
        """Do nothing, should the user's program begin to trace: then Python calls what it finds there."""


class Calls:
    """Finds the call that a frame stands for, and marks it.

    Args:
        enter: told the module of every call when it is marked.

    Attributes:
        packages: installed ones that hold watched classes: their functions count as the user's.
        own: code that is no scope, by ``id()``: the engine's.
    """

    def __init__(self, enter: Callable[[dict[str, Any]], None]) -> None:
        self.packages, self.own = set[str](), dict[int, CodeType]()
        self._enter = enter
        self._shared: dict[tuple[int, int], Call] = {}

    def of(self, frame: FrameType | None) -> tuple[Call | None, CodeType | None, int]:
        """Give the call of a frame, or of the first of the user's around it, and the instruction it is at."""
        mine: list[FrameType] = []
        found: Call | None = None
        while frame is not None:
            mark: Any = frame.f_trace
            if type(mark) is Call:
                found = mark
                break
            code = frame.f_code
            if is_own(code) and mine:
                break  # what runs the program
            if id(code) not in self.own and self._is_users(frame):
                mine.append(frame)
            frame = frame.f_back
        at = frame.f_lasti if frame is not None and found is not None else -1
        for inner in reversed(mine):
            found, at = self._mark(inner, found, at), inner.f_lasti
        return found, found.code if found is not None else None, at

    def _mark(self, frame: FrameType, around: Call | None, at: int) -> Call:
        self._enter(frame.f_globals)
        if sys.gettrace() is None:
            mark: Any = Call(frame.f_code, around, at)
            frame.f_trace = mark
            return mark  # type: ignore[no-any-return]
        # f_trace is a debugger's: calls of one function are not told apart.
        key = id(around), id(frame.f_code)
        if key not in self._shared:
            self._shared[key] = Call(frame.f_code, around, at)
        return self._shared[key]

    def _is_users(self, frame: FrameType) -> bool:
        if not _in_library(frame.f_code.co_filename):
            return True
        return str(frame.f_globals.get("__name__", "")).partition(".")[0] in self.packages


@cache
def _in_library(file: str) -> bool:
    return file.startswith("<frozen ") or (
        os.path.isabs(file) and not is_users(file) and not file.startswith(EXAMPLES)
    )


@cache
def title_of(code: CodeType) -> str:
    """``MLP.__call__`` for a method, ``loss()`` for a function; nothing for what is no call to a reader."""
    if code.co_name.startswith("<"):
        return ""
    name = code.co_qualname.rpartition("<locals>.")[2]
    return name if "." in name else f"{name}()"
