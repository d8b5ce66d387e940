"""Find every object that a root was computed from, and read it. Never recursive."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cached_property
from itertools import accumulate
from typing import Any

import numpy as np

from gradviz.errors import DataError
from gradviz.recorders.duck.figures import is_constant, shown
from gradviz.recorders.duck.meaning import meanings_of
from gradviz.recorders.duck.reading import Get, data_of, facts_of, getter_of, grad_of, input_in
from gradviz.recorders.duck.rows import Rows
from gradviz.recorders.duck.shape import ClassShape, loose_shape_of, shape_of
from gradviz.recorders.duck.stated import Kept, kept_by

MOST = 20_000_000  # objects; what makes new ones whenever it is asked never ends
COARSE = {id(np.float16): 1e-3, id(np.float32): 1e-5}  # relative rounding of a few operations


class Found:
    """All objects, the root first, and what they hold, by their place in ``objects``.

    Attributes:
        objects: themselves.
        at: their places, by ``id()``.
        data, grad, op, label: what each holds.
        width, inputs: how many inputs each has, and all these one after the other.
        bags: those whose inputs have no order.
        constants: bare numbers among the inputs.
        forward: registered forward rules.
        shape: of the root.
        rounding: relative: how closely a forward rule must give the data.
        named: what the program calls objects, by ``id()``; for messages.
        skipped: attributes that could not be read, and what was raised.
        inexact: how many hold a whole number that no float is.
    """

    def __init__(self, root: Any, shape: ClassShape | None, named: dict[int, str]) -> None:
        self.objects: list[Any] = [root]
        self.at = {id(root): 0}
        self.data: list[Any] = []
        self.grad: list[Any] = []
        self.op: list[str] = []
        self.label: list[str] = []
        self.width: list[int] = []
        self.inputs: list[int] = []
        self.bags: list[int] = []
        self.constants: list[int] = []
        self.forward: dict[str, Callable[..., Any]] = {}
        self.shape, self.named, self.rounding = shape, named, 1e-9
        self.skipped: dict[str, str] = {}
        self.inexact = 0

    @cached_property
    def rows(self) -> Rows:
        """The inputs of each."""
        return Rows(np.array([0, *accumulate(self.width)]), np.array(self.inputs, dtype=np.int64))

    def op_text(self, k: int) -> str:
        """What an object says its op was; "" if that is but the name of the class of its inputs, too."""
        text, cls = self.op[k], type(self.objects[k])
        if text != cls.__name__ or meanings_of(text):
            return text
        return "" if any(type(self.objects[i]) is cls for i in self.rows[k]) else text

    def kept_by(self, k: int) -> Kept | None:
        """What an object keeps for its backward rule; None if it has no rule."""
        shape = loose_shape_of(self.objects[k])
        return None if shape is None else kept_by(self.objects[k], shape)

    def called(self, k: int) -> str:
        """An object in a message: its label or name, else its op, else its number."""
        if k >= len(self.objects):
            return "a constant"
        if name := self.label[k] or self.named.get(id(self.objects[k]), ""):
            return f"'{name}'"
        return f"the '{self.op[k]}'" if self.op[k] else f"value {k}"


def find(root: Any, names: Mapping[str, Any] | None = None) -> Found:
    """Read the root, its inputs, theirs, and so on.

    Args:
        root: a value.
        names: what variables call their values.

    Raises:
        DataError: the root is not a value, or something on the way cannot be read.
    """
    shape = shape_of(root)
    if shape is None:
        raise DataError(f"A {type(root).__name__} cannot be recorded.", "It has no data and inputs to read.")
    named = {id(value): name for name, value in (names or {}).items()}
    found = Found(root, shape, named)
    _Walk(found).run()
    return found


class _Walk:
    """Reads object after object, in the order in which they are found."""

    def __init__(self, found: Found) -> None:
        self.found, self.k = found, 0
        self.readers: dict[int, tuple[ClassShape, Get]] = {}

    def run(self) -> None:
        """Read until nothing new is found."""
        while self.k < len(self.found.objects):
            obj = self.found.objects[self.k]
            if is_constant(obj):
                self.found.constants.append(self.k)
                self._keep(obj, None, (), "", "")
            else:
                self._read_alike(type(obj), *self._reader(obj))

    def _read_alike(self, cls: type, shape: ClassShape, get: Get, alike: bool) -> None:
        """Read objects as long as they are of one class: the loop that all time is spent in."""
        objects, quick = self.found.objects, bool(shape.op) and not shape.protocol
        while self.k < len(objects):
            obj = objects[self.k]
            if type(obj) is not cls:
                return
            try:
                data, grad, inputs, op, label = get(obj) if quick else (None,) * 5
            except Exception:
                inputs = None  # read one by one, which tells what is wrong
            kind = type(inputs)
            if (kind is set or kind is tuple) and type(op) is str and type(label) is str:
                ordered = kind is tuple
            else:
                data, grad, inputs, ordered, op, label = facts_of(
                    shape, get, obj, self.where, self.found.skipped
                )
            if not ordered:
                self.found.bags.append(self.k)
            if self.k >= MOST:
                raise _too_many()
            self._keep(data, grad, inputs, op, label)
            if not alike:
                return

    def _keep(self, data: Any, grad: Any, inputs: Any, op: str, label: str) -> None:
        found, obj = self.found, self.found.objects[self.k]
        found.data.append(data if type(data) is float else self._data(data, obj))
        found.grad.append(grad if type(grad) is float else grad_of(grad, obj, self.where))
        found.op.append(op)
        found.label.append(label)
        at, row, objects, cls = found.at, found.inputs, found.objects, type(obj)
        before = len(row)
        for entry in inputs:
            below = at.get(id(entry))
            if below is not None:
                row.append(below)
            elif type(entry) is cls:
                at[id(entry)] = len(objects)
                row.append(len(objects))
                objects.append(entry)
            elif entry is not None:
                row.append(self._new(entry))
        found.width.append(len(row) - before)
        self.k += 1

    def _new(self, entry: Any) -> int:
        """Take up an input that was not met before."""
        entry, objects = input_in(entry), self.found.objects
        below = self.found.at.setdefault(id(entry), len(objects))
        if below == len(objects):
            objects.append(entry)
            if below >= MOST:
                raise _too_many()
        return below

    def _reader(self, obj: Any) -> tuple[ClassShape, Get, bool]:
        """How to read objects of a class, and whether all of them look alike."""
        known = self.readers.get(id(type(obj)))
        if known is not None:
            return *known, True
        shape = loose_shape_of(obj)
        if shape is None:
            where = self.where()
            raise DataError(
                f"{where[0].upper()}{where[1:]} is {shown(obj)}, which is no value: it has no data to read.",
                "Inputs must be values or numbers.",
            )
        get, alike = getter_of(shape), shape_of(obj) is not None
        if alike:
            self.readers[id(type(obj))] = shape, get
            self.found.forward.update(shape.forward)
        return shape, get, alike

    def _data(self, value: Any, obj: Any) -> float | np.ndarray:
        kind = value.dtype.type if issubclass(type(value), (np.ndarray, np.generic)) else type(value)
        self.found.rounding = max(self.found.rounding, COARSE.get(id(kind), 0.0))
        number = data_of(value, obj, self.where)
        if issubclass(kind, (int, np.integer)) and type(number) is float:
            self.found.inexact += number != (int.__index__(value) if issubclass(kind, int) else int(value))
        return number

    def where(self) -> str:
        """The object that is read, in a message: by what reads it."""
        if self.k == 0:
            return "the root"
        at = self.found.inputs.index(self.k)
        above = int(np.searchsorted(np.cumsum(self.found.width), at, side="right"))
        slot = at - sum(self.found.width[:above])
        return f"input {slot} of {self.found.called(above)}"


def _too_many() -> DataError:
    return DataError(f"There are more than {MOST:,} values behind this one.", "Record a part of it.")
