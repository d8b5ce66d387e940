"""Notes where every value of a watched class is made.

It is done in ``__new__``, whose frame has ended when ``__init__`` begins: so it is in no traceback, and the
class keeps its ``__init__``.
"""

from __future__ import annotations

import inspect
import sys
from collections.abc import Callable, Iterator
from itertools import count
from types import CodeType, FunctionType
from typing import Any

from gradviz.recorders.duck.shape import mro_of, vars_of
from gradviz.recorders.signals import is_scripts
from gradviz.recorders.watch.calls import Call, Calls
from gradviz.recorders.watch.scopes import Raw
from gradviz.recorders.watch.unseen import unseen, without_ours


class Making:
    """What was made where, as long as nothing else has taken its place in memory.

    Attributes:
        made: by ``id()`` of an object.
        calls: finds the calls that things are made in: by the user's line, and not by the engine's own.
        wanted: whether to note anything: of passes that are not kept nothing need be known.
    """

    def __init__(self, calls: Calls) -> None:
        self.made: dict[int, Raw] = {}
        self.calls, self.wanted, self._next = calls, True, count().__next__
        self._functions: dict[int, Any] = {}

    def watch(self, cls: type) -> None:
        """Note what is made of a class, unless that is done in C."""
        self.calls.own.update((id(code), code) for code in _codes_of(cls))
        self.calls.packages.add(str(cls.__module__).partition(".")[0])
        new: Any = cls.__new__
        if id(new) in self._functions:  # inherited
            if "__init__" not in vars_of(cls) or type(new.__wrapped__) is not Initialiser:
                return
            new = object.__new__  # early Pythons take the signature from __new__: so it has its own
        if new is object.__new__ and not _takes_arguments(cls):
            return  # then Python refuses arguments only if there is no __new__
        if new is object.__new__ or type(new) is FunctionType:
            function = self._noting(None if new is object.__new__ else new)
            function.__wrapped__ = Initialiser(cls) if new is object.__new__ else new
            function.__name__, function.__qualname__ = "__new__", f"{cls.__qualname__}.__new__"
            self._functions[id(function)] = function
            type.__setattr__(cls, "__new__", staticmethod(function))

    def notes(self, cls: type) -> bool:
        """Whether a class notes what is made of it; a copy of a watched one does, as ``@dataclass`` makes."""
        new = vars_of(cls).get("__new__")
        return type(new) is staticmethod and id(new.__func__) in self._functions

    def _noting(self, theirs: Callable[..., Any] | None) -> Any:
        """A ``__new__`` that notes. It runs for every value, so it is written for speed."""
        made, own, find, after = self.made, self.calls.own, self.calls.of, self._next
        new, frame_at, making = object.__new__, sys._getframe, self

        def __new__(cls: type, *args: Any, **kwargs: Any) -> Any:
            self = new(cls) if theirs is None else theirs(cls, *args, **kwargs)
            if not making.wanted:
                return self
            try:
                frame: Any = frame_at(1)
                code = frame.f_code
                while id(code) in own:
                    frame = frame.f_back
                    code = frame.f_code
                call = frame.f_trace
                if type(call) is Call:
                    made[id(self)] = call, code, frame.f_lasti, after()
                else:
                    made[id(self)] = *find(frame), after()
            except BaseException as error:
                made.pop(id(self), None)  # of no known place, then
                if isinstance(error, Exception) and not is_scripts(error):
                    return self
                error.__traceback__ = without_ours(error.__traceback__)
                raise
            return self

        return unseen(__new__)


class Initialiser:
    """What ``inspect.signature`` finds behind ``__new__``: the ``__init__``, which may be added later."""

    def __init__(self, cls: type) -> None:
        self.cls = cls

    @property
    def __signature__(self) -> inspect.Signature:
        return inspect.signature(self.cls.__init__)  # type: ignore[misc]

    def __call__(self) -> None:
        """Only what can be called has a signature."""


def _takes_arguments(cls: type) -> bool:
    """Whether a class has an ``__init__``, or what a decorator makes one of."""
    own: Any = cls.__init__  # type: ignore[misc]
    return own is not object.__init__ or "__annotations__" in vars_of(cls)


def _codes_of(cls: type) -> Iterator[CodeType]:
    """The code of a class's methods, of those it inherits, and of what is defined inside of them."""
    waiting: list[CodeType] = []
    for base in mro_of(cls):
        for held in vars_of(base).values():
            parts = (held.fget, held.fset) if type(held) is property else (held,)
            functions = (getattr(part, "__func__", part) for part in parts)
            waiting += [function.__code__ for function in functions if type(function) is FunctionType]
    while waiting:
        code = waiting.pop()
        yield code
        waiting += [constant for constant in code.co_consts if type(constant) is CodeType]
