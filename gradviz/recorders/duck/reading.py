"""What one object says of itself, as plain facts; or an error that names its class, attribute and place."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable
from operator import attrgetter
from typing import Any, NamedTuple

import numpy as np

from gradviz.errors import DataError
from gradviz.recorders.duck.figures import is_constant, named_class, not_a_number, number_of, raised, shown
from gradviz.recorders.duck.shape import (
    FIELDS,
    PROTOCOL,
    ClassShape,
    loose_shape_of,
    mro_of,
    shape_of,
    vars_of,
)

ROWS = (tuple, list, deque)
BAGS = (set, frozenset)
REGISTER = "If its classes keep it elsewhere, say where with gradviz.register()."


Where = Callable[[], str]
Get = Callable[[Any], tuple[Any, ...]]


class Facts(NamedTuple):
    """What an object holds: data and grad as they are, its inputs, and whether they are in order."""

    data: Any
    grad: Any
    inputs: Any
    ordered: bool
    op: str
    label: str


def facts_of(
    shape: ClassShape, get: Get, obj: Any, where: Where, skipped: dict[str, str] | None = None
) -> Facts:
    """Read an object with the getter of its class.

    Args:
        shape: of its class, and ``get`` the getter.
        obj: the object.
        where: says which it is, in a message.
        skipped: takes what could be done without when reading it raised: the attribute, and the error.

    Raises:
        DataError: something of it cannot be read.
    """
    if shape.protocol:
        return _by_protocol(obj, where)
    try:
        data, grad, inputs, op, label = get(obj)
    except Exception:
        data, grad, inputs, op, label = _one_by_one(shape, obj, where, {} if skipped is None else skipped)
    inputs, ordered = _in_a_row(inputs, obj, where)
    if not shape.op and inputs:
        op = shape.cls.__name__
    return Facts(data, grad, inputs, ordered, _op_text(op), label if type(label) is str else "")


def data_of(value: Any, obj: Any, where: Where) -> float | np.ndarray:
    """The data of an object.

    Raises:
        DataError: it is not a number, nor an array of numbers.
    """
    try:
        number = number_of(value)
    except OverflowError:
        number = None
    except Exception as error:  # a number of the stranger's own
        message = f"The data of {where()}, a {named_class(type(obj))}, is {shown(value)}"
        raise DataError(f"{message}; making a float of it raised {raised(error)}.") from None
    if number is not None:
        return number
    raise not_a_number(value, obj, "data", where())


def grad_of(value: Any, obj: Any, where: Where) -> float | np.ndarray | None:
    """The gradient of an object; None where it holds None. A gradient may be a value itself.

    Raises:
        DataError: it is neither.
    """
    if value is None:
        return None
    try:
        number = number_of(value)
        if number is None and (shape := loose_shape_of(value)) is not None:
            number = number_of(facts_of(shape, getter_of(shape), value, where).data)
    except OverflowError:
        number = None
    if number is not None:
        return number
    raise not_a_number(value, obj, "grad", where())


def getter_of(shape: ClassShape) -> Get:
    """Give what reads the five attributes of an object at once; by C where the class does not interfere."""
    names = [getattr(shape, key) for key in FIELDS]
    own = [vars_of(base) for base in mro_of(shape.cls)[:-1]]
    plain = not any("__getattr__" in v or "__getattribute__" in v for v in own)
    if plain and all(names) and not any("." in name for name in names):
        return attrgetter(*names)
    defaults = (None, None, (), "", "")
    return lambda obj: tuple(
        attribute(obj, name) if name else default for name, default in zip(names, defaults, strict=True)
    )


def attribute(obj: Any, path: str) -> Any:
    """Follow a dotted path, by ``object``'s own means."""
    for name in path.split("."):
        obj = object.__getattribute__(obj, name)
    return obj


def _one_by_one(shape: ClassShape, obj: Any, where: Where, skipped: dict[str, str]) -> tuple[Any, ...]:
    """What can be read of an object of which not all can; data and inputs must."""
    found: list[Any] = []
    for key, default in zip(FIELDS, (None, None, (), "", ""), strict=True):
        name = getattr(shape, key)
        try:
            found.append(attribute(obj, name) if name else default)
        except AttributeError as error:
            if key == "data" or (key == "inputs" and _is_made(obj, name)):
                message = f"{_first(where())}, a {named_class(shape.cls)}, has no `{name}`: {error}."
                raise DataError(message, REGISTER) from None
            found.append(default)
        except Exception as error:
            if key not in ("data", "inputs"):
                skipped.setdefault(name, raised(error))
                found.append(default)
                continue
            message = (
                f"{_first(where())}, a {named_class(shape.cls)}: reading its `{name}` raised {raised(error)}."
            )
            raise DataError(
                message, "Mend the property, or name another attribute with gradviz.register()."
            ) from None
    return tuple(found)


def _is_made(obj: Any, path: str) -> bool:
    """Whether what should keep the inputs of an object is there, and does not."""
    keeper = path.rpartition(".")[0]
    try:
        return bool(keeper) and attribute(obj, keeper) is not None
    except AttributeError:
        return False


def _first(words: str) -> str:
    return words[:1].upper() + words[1:]  # of a sentence


def _by_protocol(obj: Any, where: Where) -> Facts:
    cls = type(obj)
    method = next(vars_of(base)[PROTOCOL] for base in mro_of(cls) if PROTOCOL in vars_of(base))
    try:
        told = method.__get__(obj, cls)()
    except Exception as error:
        message = f"{_first(where())}, a {named_class(cls)}: its {PROTOCOL}() raised {raised(error)}."
        raise DataError(message) from None
    if type(told) is not dict or "data" not in told or not told.keys() <= FIELDS.keys():
        message = f"{_first(where())}, a {named_class(cls)}: its {PROTOCOL}() did not give a dict"
        raise DataError(f"{message} of {', '.join(FIELDS)}.", "`data` is needed, the others may be left out.")
    inputs, ordered = _in_a_row(told.get("inputs", ()), obj, where)
    op, label = told.get("op") or (cls.__name__ if inputs else ""), told.get("label")
    return Facts(
        told["data"], told.get("grad"), inputs, ordered, _op_text(op), label if type(label) is str else ""
    )


def _in_a_row(inputs: Any, obj: Any, where: Where) -> tuple[tuple[Any, ...], bool]:
    """Inputs in a tuple, and whether their order means something."""
    kind = type(inputs)
    if inputs is None:
        return (), True
    try:
        if issubclass(kind, ROWS):
            return tuple(inputs), True
        if issubclass(kind, dict):
            return inputs_in(inputs)
        if issubclass(kind, BAGS):
            return tuple(inputs), False
    except Exception as error:  # a subclass with an iterator of its own
        raise DataError(f"The inputs of {where()} cannot be read: {raised(error)}.") from None
    if loose_shape_of(inputs) is not None:
        return (inputs,), True
    message = (
        f"The inputs of {where()}, a {named_class(type(obj))}, are {shown(inputs)}, not a tuple, list or set."
    )
    raise DataError(message, REGISTER)


def inputs_in(held: dict[Any, Any]) -> tuple[tuple[Any, ...], bool]:
    """The inputs in a dict, and whether their order means something: by slot, or as its keys."""
    keys = tuple(dict.keys(held))
    if any(loose_shape_of(key) is not None for key in keys):
        return keys, False
    return tuple(dict.values(held)), True


def input_in(entry: Any) -> Any:
    """The value in an entry of an inputs list: itself, or the one value in a pair such as (value, slope)."""
    if type(entry) is tuple or (issubclass(type(entry), tuple) and shape_of(entry) is None):
        held: Iterable[Any] = tuple.__iter__(entry)
        found = [part for part in held if not is_constant(part) and loose_shape_of(part) is not None]
        return found[0] if len(found) == 1 else entry
    return entry


def _op_text(op: Any) -> str:
    kind = type(op)
    if kind is str:
        return op  # type: ignore[no-any-return]
    if op is None:
        return ""
    if issubclass(kind, str):
        return str.__str__(op)
    named = op if issubclass(kind, type) else kind
    return named.__name__ if kind.__name__ != "function" else str(op.__name__)
