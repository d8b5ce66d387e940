"""What a program itself calls its values: variables, and places in the containers and objects they hold.

The program is only looked at. No attribute, item, comparison, hash or iterator of its own is run: lists,
tuples and dicts are read by these types' own methods, objects by the descriptors of ``__dict__`` and slots.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import islice
from types import (
    BuiltinFunctionType,
    FrameType,
    FunctionType,
    GetSetDescriptorType,
    MemberDescriptorType,
    MethodType,
    ModuleType,
    SimpleNamespace,
)
from typing import Any

import numpy as np

from gradviz.recorders.files import is_users
from gradviz.recorders.loops import left_behind

MOST = 10_000  # objects that are looked at: some 10 ms; no clock, or names would differ from run to run
DEEPEST = 6  # steps from a variable: model.layers[0].neurons[3].w[1]
LONGEST = 80  # characters of a name, and of a key in it

Named = Iterator[tuple[str, Any]]

_mro: Callable[[type], tuple[type, ...]] = type.__dict__["__mro__"].__get__
_own: Callable[[type], dict[str, Any]] = type.__dict__["__dict__"].__get__
_ENDS = frozenset(  # by identity, for a class may have a hash of its metaclass
    map(id, (int, float, str, bytes, bool, complex, type(None), type, ModuleType))
) | frozenset(map(id, (FunctionType, BuiltinFunctionType, MethodType, range, slice)))
_NAMING = {"gradviz", "micrograd"}  # whose modules name their parameters themselves
_SHELL = ("In", "Out", "exit", "quit")  # what IPython adds to a notebook's variables


def names_in(frame: FrameType, is_value: Callable[[Any], bool]) -> dict[str, Any]:
    """Give the values that a frame can reach, by what it would write to get them.

    Its own variables come first, then its module's, then what these hold: ``xs[2]``, ``layer['w']``,
    ``model.layers[0].neurons[3].w[1]``, the shortest way first; last, variables of loops that are over. A
    value has one name. Names that begin with an underscore are private to somebody, and left out.

    Args:
        frame: where the names are those of the program.
        is_value: whether an object is one of the values; it must not run the program's code.
    """
    last = left_behind(frame)
    variables = list(_variables((frame.f_locals, frame.f_globals)))
    walk = _Walk(is_value)
    walk.names((name, held) for name, held in variables if name not in last)
    return walk.names((name, held) for name, held in variables if name in last)


def names_among(scopes: Sequence[Mapping[str, Any]], is_value: Callable[[Any], bool]) -> dict[str, Any]:
    """As ``names_in``, for the variables of some scopes, the inner first."""
    return _Walk(is_value).names(_variables(scopes))


def _variables(scopes: Sequence[Mapping[str, Any]]) -> Named:
    seen: set[str] = set()
    for variables in scopes:
        shell = _SHELL if "get_ipython" in variables else ()
        for name, held in list(variables.items()):
            if type(name) is str and name not in seen and name[:1] != "_" and name not in shell:
                seen.add(name)
                yield name, held


class _Walk:
    """One walk, breadth first, within its bounds."""

    def __init__(self, is_value: Callable[[Any], bool]) -> None:
        self.is_value = is_value
        self.left = MOST
        self.found: dict[str, Any] = {}
        self.known: set[int] = set()
        self.values: set[int] = set()  # their classes
        self.held: list[Any] = []  # what was looked at: kept, so that no other object gets its id meanwhile
        self.readers: dict[int, _Reader | None] = {}
        self.homes = {"__main__"}  # packages whose objects may hold values

    def names(self, start: Iterable[tuple[str, Any]]) -> dict[str, Any]:
        """Name what can be reached from ``start``."""
        level: list[tuple[str, Any]] = list(islice(start, self.left))
        for depth in range(DEEPEST + 1):
            holders = self._holders(level)
            if depth < DEEPEST:
                level = [part for name, held in holders for part in self._parts(name, held)]
        return self.found

    def _holders(self, level: list[tuple[str, Any]]) -> list[tuple[str, Any]]:
        """Name the values among some objects, and give the others, each once."""
        holders = []
        is_value, known, found = self.is_value, self.known, self.found
        for name, held in level:
            if id(held) in known or id(type(held)) in _ENDS:
                continue
            known.add(id(held))
            if not is_value(held):
                holders.append((name, held))
                continue
            found[name] = held
            if id(type(held)) not in self.values:
                self.values.add(id(type(held)))
                self.homes |= {_home(type(held))} - _NAMING
        self.held.append(level)
        return holders

    def _parts(self, name: str, held: Any) -> list[tuple[str, Any]]:
        """What an object holds, by name, as far as it can be a value or hold one."""
        if self.left <= 0:
            return []
        kind = type(held)
        if issubclass(kind, (list, tuple)):
            reads = list.__iter__ if issubclass(kind, list) else tuple.__iter__
            parts = [
                (f"{name}[{i}]", part)
                for i, part in enumerate(islice(reads(held), self.left))
                if id(type(part)) not in _ENDS
            ]
        elif kind is np.ndarray and held.dtype == object:
            places = islice(np.ndenumerate(held), self.left)
            parts = [(f"{name}[{', '.join(map(str, at))}]", part) for at, part in places]
        elif issubclass(kind, dict):
            parts = [
                (f"{name}[{key!r}]", part)
                for key, part in list(islice(dict.items(held), self.left))
                if id(type(part)) not in _ENDS and _is_short(key)
            ]
        else:
            reader = self._reader(kind)
            attributes = reader.attributes(held) if reader else []
            parts = [(f"{name}.{key}", part) for key, part in attributes if id(type(part)) not in _ENDS]
        self.left -= len(parts)
        return [part for part in parts if len(part[0]) <= LONGEST]

    def _reader(self, kind: type) -> _Reader | None:
        """How to read the objects of a class; None of those of a library that has no values."""
        if id(kind) not in self.readers:
            self.held.append(kind)
            plain = kind is SimpleNamespace or _home(kind) in self.homes or _is_users(kind)
            self.readers[id(kind)] = _Reader(kind) if plain else None
        return self.readers[id(kind)]


class _Reader:
    """Reads the attributes of a class's objects without asking the class."""

    def __init__(self, kind: type) -> None:
        self.variables: GetSetDescriptorType | MemberDescriptorType | None = None
        self.slots: list[tuple[str, MemberDescriptorType]] = []
        for base in _mro(kind):
            for name, member in list(_own(base).items()):
                if name == "__dict__" and type(member) in (GetSetDescriptorType, MemberDescriptorType):
                    self.variables = self.variables or member
                elif type(member) is MemberDescriptorType and name[:1] != "_":
                    self.slots.append((name, member))

    def attributes(self, held: Any) -> Named:
        if self.variables is not None:
            found = self.variables.__get__(held)
            for name, part in list(found.items()) if type(found) is dict else []:
                if type(name) is str and name[:1] != "_":
                    yield name, part
        for name, slot in self.slots:
            try:
                yield name, slot.__get__(held)
            except AttributeError:
                pass  # nothing was put there yet


def _is_short(key: Any) -> bool:
    return type(key) is int or type(key) is str and len(key) <= LONGEST


def _module(kind: type) -> str:
    name = _own(kind).get("__module__")
    return name if type(name) is str else ""


def _home(kind: type) -> str:
    """The package that a class comes from."""
    return _module(kind).partition(".")[0]


def _is_users(kind: type) -> bool:
    """Whether a class stands in a file of the user's."""
    module = sys.modules.get(_module(kind))
    file = vars(module).get("__file__") if type(module) is ModuleType else None
    return type(file) is str and is_users(file)
