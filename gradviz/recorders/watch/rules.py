"""Follows the backward rules of single nodes: in which order they run, and what each changes."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from types import BuiltinFunctionType, FunctionType, MethodType
from typing import Any

from gradviz.recorders.duck.figures import number_of
from gradviz.recorders.duck.reading import attribute, input_in, inputs_in
from gradviz.recorders.duck.seen import Change, Ran
from gradviz.recorders.duck.shape import (
    BACKWARD,
    ClassShape,
    loose_shape_of,
    mro_of,
    shape_of,
    stored,
    vars_of,
)
from gradviz.recorders.signals import is_scripts
from gradviz.recorders.watch.unseen import unseen, without_ours

MOST = 20_000  # nodes whose rules are followed; a graph of more shows no single ones
_CALLED = (FunctionType, MethodType, BuiltinFunctionType)
PLAIN = frozenset(map(id, (tuple, list, set, frozenset)))  # iterating these runs no code of the user's
_MISSING = object()


def reached(root: Any) -> list[Any]:
    """Everything a value was computed from, itself first; what cannot be read is left out."""
    objects, known = [root], {id(root)}
    shapes: dict[int, ClassShape | None] = {}
    read = object.__getattribute__
    for obj in objects:  # grows
        shape = shapes.get(id(type(obj))) or _shape(obj, shapes)
        if shape is None or not shape.inputs:
            continue
        try:
            inputs = (attribute if "." in shape.inputs else read)(obj, shape.inputs)
        except Exception:
            continue
        for entry in inputs if id(type(inputs)) in PLAIN else _in_dict(inputs):
            if id(entry) not in known:
                known.add(id(entry))
                if type(entry) is tuple:
                    entry = input_in(entry)
                    if id(entry) in known:
                        continue
                    known.add(id(entry))
                if _shape(entry, shapes) is not None:
                    objects.append(entry)
    return objects


def _shape(obj: Any, shapes: dict[int, ClassShape | None]) -> ClassShape | None:
    """The shape of an object's class, found out once."""
    try:
        return shapes[id(type(obj))]
    except KeyError:
        shape = shapes[id(type(obj))] = loose_shape_of(obj)
        return shape


def inputs_of(obj: Any, shape: ClassShape | None) -> tuple[Any, ...]:
    """What an object was computed from, as it holds it; nothing if that cannot be read."""
    if shape is None or not shape.inputs:
        return ()
    try:
        inputs = attribute(obj, shape.inputs)
        return tuple(inputs) if id(type(inputs)) in PLAIN else _in_dict(inputs)
    except Exception:
        return ()


def _in_dict(inputs: Any) -> tuple[Any, ...]:
    return inputs_in(inputs)[0] if type(inputs) is dict else ()


def gradients(objects: Sequence[Any]) -> dict[int, Any]:
    """By ``id()``, the gradients that are not 0: numbers, and copies of arrays."""
    shapes: dict[int, ClassShape | None] = {}
    found = {}
    for obj in objects:
        grad = _grad_in(obj, shapes.get(id(type(obj))) or _shape(obj, shapes))
        if grad if type(grad) is float else grad is not None and grad.any():
            found[id(obj)] = grad
    return found


def grad_of(obj: Any, shape: ClassShape | None) -> float:
    """An object's gradient, 0 where it has none that is a number."""
    grad = _grad_in(obj, shape)
    return grad if type(grad) is float else 0.0


def _grad_in(obj: Any, shape: ClassShape | None) -> Any:
    """An object's gradient as a float or an array; None where it has neither."""
    try:
        grad = attribute(obj, shape.grad) if shape is not None else None
        return grad if type(grad) is float else number_of(grad)
    except Exception as error:
        if is_scripts(error):
            raise
        return None


class Rules:
    """The rules of the nodes of one pass, each followed while it runs.

    A rule is what a node holds, or its class gives it, under a name with "backward" in it. Rules that call
    the rules of others tell nothing, and are left alone.

    Attributes:
        ran: the rules that ran; None if there are none, or if they run inside of each other.
        failed: the node whose rule raised.
    """

    def __init__(self, objects: Sequence[Any]) -> None:
        self.ran: list[Ran] | None = None
        self.failed: int | None = None
        self._held: list[tuple[Any, str, Any, Any]] = []
        self._running = False
        names: dict[int, str] = {}
        for obj in objects if len(objects) <= MOST else ():
            kind = id(type(obj))
            shape = shape_of(obj)
            inputs = inputs_of(obj, shape)
            if inputs and kind not in names:
                names[kind] = next(_names(obj), "")
            if inputs and names[kind] and shape is not None:
                with suppress(AttributeError):  # others of its class have a rule
                    self._follow(obj, names[kind], shape, inputs)

    def put_back(self) -> None:
        """Give every node its own rule again."""
        held, self._held = self._held, []
        for obj, name, before, ours in held:
            own = _own(obj, name)
            if own is not ours:
                continue
            if before is _MISSING:
                object.__delattr__(obj, name)
            else:
                object.__setattr__(obj, name, before)

    def _follow(self, obj: Any, name: str, shape: ClassShape, inputs: tuple[Any, ...]) -> None:
        own = _own(obj, name)
        rule: Any = own if own is not _MISSING else object.__getattribute__(obj, name)
        if not issubclass(type(rule), _CALLED):
            return
        ours = self._following(obj, rule, shape, inputs)
        try:
            object.__setattr__(obj, name, ours)
        except (AttributeError, TypeError):
            return  # no room for it
        self._held.append((obj, name, own, ours))
        self.ran = self.ran or []

    def _following(
        self, obj: Any, rule: Callable[..., Any], shape: ClassShape, inputs: tuple[Any, ...]
    ) -> Callable[..., Any]:
        distinct = list({id(entry): entry for entry in map(input_in, inputs)}.values())

        def _backward(*args: Any, **kwargs: Any) -> Any:
            if self._running or self.ran is None:
                self.ran = None
                self.put_back()
                return rule(*args, **kwargs)
            shapes = [loose_shape_of(entry) for entry in distinct]
            grad, before = grad_of(obj, shape), list(map(grad_of, distinct, shapes))
            self._running = True
            try:
                return rule(*args, **kwargs)
            except BaseException as error:
                self.failed = id(obj)
                error.__traceback__ = without_ours(error.__traceback__)
                raise
            finally:
                self._running = False
                if self.ran is not None:
                    after = map(grad_of, distinct, shapes)
                    changes: list[Change] = list(zip(map(id, distinct), before, after, strict=True))
                    if self.failed == id(obj):  # it did not come to those that are as they were
                        changes = [change for change in changes if change[1] != change[2]]
                    self.ran.append(Ran(id(obj), grad, changes))

        return unseen(_backward)


def _own(obj: Any, name: str) -> Any:
    """What an object itself holds under a name, in its dict or in a slot."""
    own = stored(obj)
    if own:
        return own.get(name, _MISSING)
    try:
        return object.__getattribute__(obj, name) if name in _slots(type(obj)) else _MISSING
    except AttributeError:
        return _MISSING


def _slots(cls: type) -> Iterator[str]:
    for base in mro_of(cls):
        slots = vars_of(base).get("__slots__", ())
        yield from (slots,) if isinstance(slots, str) else slots


def _names(obj: Any) -> Iterator[str]:
    """The names that a node's rule may have, what it holds itself first."""
    cls = type(obj)
    methods = (
        name for base in mro_of(cls) for name, held in vars_of(base).items() if type(held) is FunctionType
    )
    for name in (*stored(obj), *_slots(cls), *methods):
        if type(name) is str and "backward" in name and name not in BACKWARD:
            yield name
