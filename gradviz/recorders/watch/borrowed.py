"""Classes that outlive what is recorded: found among variables, and given back as they were.

A script takes its classes with it when it ends; a kernel keeps them for the next cell.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from types import FunctionType, ModuleType
from typing import Any

from gradviz.recorders.duck.shape import BACKWARD, vars_of
from gradviz.recorders.watch.classes import FRAMEWORKS, is_engine
from gradviz.recorders.watch.making import Initialiser
from gradviz.recorders.watch.unseen import unseen

NEW = "__new__"


def engines_in(variables: Mapping[str, Any]) -> Iterator[type]:
    """The classes that look like an engine's values, among variables and in the modules these come from."""
    seen: set[int] = set()
    for held in [*variables.values(), *_modules_of(variables)]:
        for each in vars(held).values() if type(held) is ModuleType else (held,):
            if issubclass(type(each), type) and id(each) not in seen:
                seen.add(id(each))
                if is_engine(each):
                    yield each


def _modules_of(variables: Mapping[str, Any]) -> list[ModuleType]:
    """The modules of the user's classes and functions, and of the classes of the objects."""
    names: dict[str, None] = {}
    for held in list(variables.values()):
        kind = held if issubclass(type(held), type) or type(held) is FunctionType else type(held)
        name = getattr(kind, "__module__", None)
        if type(name) is str and name.partition(".")[0] not in (*FRAMEWORKS, *sys.stdlib_module_names):
            names[name] = None
    found = (sys.modules.get(name) for name in names if name != "__main__")
    return [module for module in found if type(module) is ModuleType]


class Borrowed:
    """What watched classes had of their own before they were watched."""

    def __init__(self) -> None:
        self._known: dict[int, tuple[type, dict[str, Any]]] = {}

    def note(self, cls: type) -> None:
        """Remember a class, before it is watched."""
        had = {name: vars_of(cls)[name] for name in (NEW, *BACKWARD) if name in vars_of(cls)}
        self._known.setdefault(id(cls), (cls, had))

    def give_back(self) -> None:
        """Put everything back that is still as watching left it."""
        for cls, had in self._known.values():
            for name, before in had.items():
                if _wrapped(vars_of(cls).get(name)) is getattr(before, "__func__", before):
                    type.__setattr__(cls, name, before)
            if NEW not in had and type(_wrapped(vars_of(cls).get(NEW))) is Initialiser:
                type.__setattr__(cls, NEW, staticmethod(_plain(cls)))
        self._known.clear()


def _wrapped(held: Any) -> Any:
    return getattr(getattr(held, "__func__", held), "__wrapped__", None)


def _plain(cls: type) -> Any:
    """A ``__new__`` that does nothing but make the object.

    It cannot be taken away: where there once was one, Python refuses arguments for ``__init__`` without it.
    """
    make = object.__new__

    def __new__(cls: type, *args: Any, **kwargs: Any) -> Any:
        return make(cls)

    __new__.__qualname__ = f"{cls.__qualname__}.__new__"
    function = unseen(__new__)
    function.__wrapped__ = Initialiser(cls)  # type: ignore[attr-defined]
    return function
