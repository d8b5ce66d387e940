"""What ``@dataclass(frozen=True)`` makes of a class, without compiling code for it.

A dataclass writes its methods as text and compiles them, which takes 1 ms for each class and each start of
the command line. Here they are written once, for all.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from operator import itemgetter
from reprlib import recursive_repr
from typing import Any, ClassVar, Self, dataclass_transform


@cache
def _fields_of(cls: type[Frozen]) -> Mapping[str, Any]:
    from dataclasses import field, make_dataclass

    columns = [(name, kind, cls._defaults.get(name, field())) for name, kind in cls._kinds.items()]
    twin: Any = make_dataclass(cls.__name__, columns)
    return dict(twin.__dataclass_fields__)


class _Fields:
    """``__dataclass_fields__``, made when somebody asks ``dataclasses`` about a class."""

    def __get__(self, instance: object, cls: type[Frozen]) -> Mapping[str, Any]:
        return _fields_of(cls)  # type: ignore[arg-type]  # mypy looks at the hash of its values


@dataclass_transform(frozen_default=True)
class Frozen:
    """A value with fields, which are annotated, and may have defaults; they cannot be set again.

    Equal are two of one class with equal fields; with ``eq=False`` each is equal to itself alone. For the
    functions of ``dataclasses`` it is one of theirs.

    >>> class Point(Frozen):
    ...     x: float
    ...     y: float = 0.0
    >>> Point(1.0), Point(x=1.0) == Point(1.0, 0.0), Point(1.0)._replace(y=2.0)._asdict()
    (Point(x=1.0, y=0.0), True, {'x': 1.0, 'y': 2.0})

    Raises:
        TypeError: a field without a default was not given, or something was given twice or for no field.
    """

    __dataclass_fields__: ClassVar[Any] = _Fields()
    __match_args__: ClassVar[tuple[str, ...]] = ()
    _kinds: ClassVar[Mapping[str, Any]] = {}
    _defaults: ClassVar[dict[str, Any]] = {}
    _values: ClassVar[itemgetter[Any]]

    def __init_subclass__(cls, eq: bool = True) -> None:
        own = cls.__annotations__
        cls._kinds = {**cls._kinds, **own}
        cls._defaults = cls._defaults | {name: vars(cls)[name] for name in own if name in vars(cls)}
        cls._values = itemgetter(*cls._kinds)
        cls.__match_args__ = tuple(cls._kinds)  # type: ignore[misc]
        if not eq:
            cls.__eq__ = object.__eq__  # type: ignore[method-assign]
            cls.__hash__ = object.__hash__  # type: ignore[method-assign]

    def __init__(self, *args: Any, **given: Any) -> None:
        names, held = self.__match_args__, self.__dict__
        if len(args) == len(names) and not given:
            held.update(zip(names, args, strict=False))
            return
        held.update(self._defaults)
        held.update(zip(names, args, strict=False))
        held.update(given)
        twice = len(args) > len(names) or args and not given.keys().isdisjoint(names[: len(args)])
        if twice or held.keys() != self._kinds.keys():
            told = ", ".join((*map(repr, args), *(f"{name}={value!r}" for name, value in given.items())))
            raise TypeError(f"{type(self).__qualname__} takes {', '.join(names)}, not ({told}).")

    def __setattr__(self, name: str, value: Any) -> None:
        from dataclasses import FrozenInstanceError

        raise FrozenInstanceError(f"cannot assign to field {name!r}")

    def __delattr__(self, name: str) -> None:
        from dataclasses import FrozenInstanceError

        raise FrozenInstanceError(f"cannot delete field {name!r}")

    @recursive_repr()
    def __repr__(self) -> str:
        told = ", ".join(f"{name}={value!r}" for name, value in self._asdict().items())
        return f"{type(self).__qualname__}({told})"

    def __eq__(self, other: object) -> bool:
        if type(other) is not type(self):
            return NotImplemented
        return bool(self._values(self.__dict__) == other._values(other.__dict__))

    def __hash__(self) -> int:
        return hash(self._values(self.__dict__))

    def _asdict(self) -> dict[str, Any]:
        """The fields by name, as of a NamedTuple."""
        return {name: self.__dict__[name] for name in self.__match_args__}

    def _replace(self, **changes: Any) -> Self:
        """The same with other values in some fields, as of a NamedTuple."""
        return type(self)(**{**self._asdict(), **changes})

    __replace__ = _replace  # of copy.replace
