"""Which attributes of a stranger's class hold the data, the gradient, the inputs, the op and the label.

Recognised by shape, never by name or base class. Only what an object stores is looked at, by ``object``'s own
means: no ``__getattr__``, ``__eq__``, ``__hash__`` or ``__bool__`` of the stranger runs.
"""

from __future__ import annotations

import dis
import weakref
from collections.abc import Callable, Iterator, Mapping
from functools import cached_property
from types import FunctionType, GetSetDescriptorType, MappingProxyType, MemberDescriptorType
from typing import Any

from gradviz.frozen import Frozen

DATA, GRAD = ("data", "value", "val"), ("grad", "gradient")
INPUTS = ("prev", "children", "parents", "inputs")
CREATOR = "creator"  # the op, in engines where that is an object which keeps the inputs
OP, LABEL = ("op", "operation", "opname"), ("label", "name")
FIELDS = {"data": DATA, "grad": GRAD, "inputs": INPUTS, "op": OP, "label": LABEL}
BACKWARD = ("backward", "backprop", "backpropagate")
PROTOCOL = "__gradviz__"
_PLACES = MemberDescriptorType, GetSetDescriptorType, type(dis.Instruction.opname)  # this of a namedtuple
_STORED, _COMPUTED, _DEFAULT = range(3)  # how an attribute is there; the first are preferred


class ClassShape(Frozen):
    """How to read the objects of one class.

    Attributes:
        cls: the class.
        data, grad, inputs, op, label: the attribute that holds it; "" where there is none. Dots are followed.
        forward: by op text, how the numbers of the inputs give that of the result; only if registered.
        protocol: whether the objects tell by themselves, by ``__gradviz__()``.
        declared: whether somebody said that these are values, by the protocol or by ``register``.
    """

    cls: type
    data: str = ""
    grad: str = ""
    inputs: str = ""
    op: str = ""
    label: str = ""
    forward: Mapping[str, Callable[..., Any]] = MappingProxyType({})
    protocol: bool = False
    declared: bool = False

    @property
    def fields(self) -> dict[str, str]:
        """What is read from which attribute."""
        return {key: name for key in FIELDS if (name := getattr(self, key))}

    @property
    def has_backward(self) -> bool:
        """Whether the class can run backward by itself."""
        return any(name in vars_of(base) for base in mro_of(self.cls) for name in BACKWARD)

    @property
    def place(self) -> tuple[str, int]:
        """The file and line of the class, or of its first method; ("", 0) where nobody knows."""
        held = [f.fget if type(f) is property else f for f in vars_of(self.cls).values()]
        found = [f.__code__ for f in held if type(f) is FunctionType]
        code = min(found, key=lambda code: code.co_firstlineno, default=None)
        return (code.co_filename, code.co_firstlineno) if code else ("", 0)


_known: dict[int, tuple[weakref.ref[type], ClassShape | None]] = {}
_registered: dict[int, ClassShape] = {}  # holds its classes, so that their ids stay theirs


def shape_of(cls_or_obj: Any) -> ClassShape | None:
    """Tell how to read a class, or the class of an object; None if it does not look like a value.

    What looks like a value has data, inputs, and a gradient or an op. Without an object, what counts are the
    slots, annotations and properties of the class, and what its ``__init__`` stores.
    """
    if issubclass(type(cls_or_obj), type):
        return _of_class(cls_or_obj)
    shape = loose_shape_of(cls_or_obj)
    return shape if shape and _is_whole(shape) else None


def recognises(obj: Any) -> bool:
    """Whether an object looks like a value; a class never does."""
    return not issubclass(type(obj), type) and shape_of(obj) is not None


def loose_shape_of(obj: Any) -> ClassShape | None:
    """Tell how to read an object that may be a mere leaf: only its data is needed."""
    cls = type(obj)
    known = _remembered(cls)
    if known is None:
        known = _found(cls, _names_of(obj, cls))
        if _is_whole(known):
            _remember(cls, known)
    return known if known.data or known.declared else None


def mro_of(cls: type) -> tuple[type, ...]:
    """The classes a class inherits from, itself first, whatever its metaclass says."""
    bases: tuple[type, ...] = type.__dict__["__mro__"].__get__(cls)
    return bases


def vars_of(cls: type) -> Mapping[str, Any]:
    """What a class itself defines."""
    own: Mapping[str, Any] = type.__dict__["__dict__"].__get__(cls)
    return own


def stored(obj: Any) -> dict[str, Any]:
    """What an object holds in its own dict; nothing if it has none."""
    try:
        own = object.__getattribute__(obj, "__dict__")
    except Exception:
        return {}
    return own if type(own) is dict else {}


def declare(shape: ClassShape) -> None:
    """Read a class, and those that inherit from it, as ``shape`` says."""
    _registered[id(shape.cls)] = shape
    _known.clear()


def announced_by(cls: type) -> ClassShape:
    """How the objects of a class will have to be read, as far as it says; perhaps not all is there."""
    known = _remembered(cls)
    if known is None:
        known = _found(cls, names_announced_by(cls))
    return known


def names_announced_by(cls: type) -> dict[str, int]:
    """The attributes that the objects of a class will have, as far as it says, and how they are there."""
    return {**_names_in(cls), **{name: _STORED for name in _announced(cls)}}


def _of_class(cls: type) -> ClassShape | None:
    known = announced_by(cls)
    return known if _is_whole(known) else None


def _remembered(cls: type) -> ClassShape | None:
    held = _known.get(id(cls))
    return held[1] if held is not None and held[0]() is cls else None


def _remember(cls: type, shape: ClassShape) -> None:
    key = id(cls)
    _known[key] = weakref.ref(cls, lambda _: _known.pop(key, None)), shape


def _is_whole(shape: ClassShape) -> bool:
    return shape.declared or bool(shape.data and shape.inputs and (shape.grad or shape.op))


def _found(cls: type, names: Mapping[str, int]) -> ClassShape:
    """Choose among the attributes that are there."""
    for base in mro_of(cls):
        if id(base) in _registered:
            return _registered[id(base)]._replace(cls=cls)
        if PROTOCOL in vars_of(base):
            return ClassShape(cls, protocol=True, declared=True)
    by_meaning: dict[str, list[tuple[int, int, str]]] = {}
    for at, (name, how) in enumerate(names.items()):
        by_meaning.setdefault(_plain(name, cls), []).append((how, at, name))
    chosen: dict[str, Any] = {}
    for key, meanings in FIELDS.items():
        held = next((min(by_meaning[word]) for word in meanings if word in by_meaning), None)
        if held:
            chosen[key] = held[2]
    if CREATOR in by_meaning and chosen.keys() >= {"data", "grad"} and "inputs" not in chosen:
        creator = min(by_meaning[CREATOR])[2]
        chosen = {"op": creator} | chosen | {"inputs": f"{creator}.inputs"}
    if chosen.keys() & {"grad", "inputs"} and any(base is float or base is int for base in mro_of(cls)):
        chosen.setdefault("data", "real")  # the value is the number itself
    return ClassShape(cls, **chosen)


def _plain(name: str, cls: type) -> str:
    """The name without what makes it private."""
    for base in mro_of(cls):
        prefix = f"_{base.__name__.lstrip('_')}__"
        if name.startswith(prefix):
            name = name[len(prefix) :]
            break
    return name.strip("_").replace("_", "").lower()


def _names_of(obj: Any, cls: type) -> dict[str, int]:
    names = _names_in(cls)
    names.update(dict.fromkeys((name for name in stored(obj) if type(name) is str), _STORED))
    return names


def _names_in(cls: type) -> dict[str, int]:
    """The attributes that a class gives its objects: slots, properties, and plain values as defaults."""
    found: dict[str, int] = {}
    for base in reversed(mro_of(cls)):
        for name, held in vars_of(base).items():
            kind = type(held)
            if issubclass(kind, _PLACES):
                found[name] = _STORED
            elif issubclass(kind, (property, cached_property)):
                found[name] = _COMPUTED
            elif issubclass(kind, (int, float, str, tuple, list, set, frozenset, type(None))):
                found[name] = _DEFAULT
            else:
                found.pop(name, None)  # a method of that name
    return found


def _announced(cls: type) -> Iterator[str]:
    """The attributes that objects of a class will have, as far as its code says."""
    for base in reversed(mro_of(cls)):
        own = vars_of(base)
        notes = own.get("__annotations__")
        yield from notes if type(notes) is dict else ()
        for name in ("__new__", "__init__", "__post_init__"):
            method = own.get(name)
            method = method.__func__ if type(method) is staticmethod else method
            if type(method) is FunctionType:
                steps = dis.get_instructions(method.__code__)
                yield from (str(step.argval) for step in steps if step.opname == "STORE_ATTR")
