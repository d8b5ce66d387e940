"""A handle: what every ``Value`` is before it can compute anything. Its data, its gradient, its name."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from sys import _getframe
from typing import Any, Self, TypeVar

import numpy as np

from gradviz.engine import hooks
from gradviz.engine.backward import backward
from gradviz.engine.convert import as_data, as_grad, as_seed
from gradviz.engine.copying import copied
from gradviz.engine.current import begin, now, scopes
from gradviz.engine.place import place_of, user_frame
from gradviz.engine.tape import Leaf, Tape
from gradviz.errors import DataError, GradvizError


class Handle:
    """A row of a tape, or a leaf, which is read in the same way."""

    __slots__ = ("_tape", "_row", "__weakref__")
    __array_ufunc__ = None  # numpy on the left then hands over to us, instead of making an array of objects
    _tape: Tape | Leaf
    _row: int

    def __init__(
        self, data: Any, name: str | None = None, *, label: str | None = None, kind: str = "input"
    ) -> None:
        if kind not in ("input", "param"):
            raise GradvizError(f"kind {kind!r} is not known.", 'A Value is an "input" or a "param".')
        frame = user_frame(_getframe(1))
        self._tape = Leaf(as_data(data), name or label or "", kind, scopes.path, frame)
        self._row = 0

    @property
    def data(self) -> Any:
        """The number (a float) or array. Only a value that no op made can be given new data."""
        return self._tape.data[self._row]

    @data.setter
    def data(self, data: Any) -> None:
        self._set(data, "", _getframe(1))

    def _set(self, data: Any, rule: str, frame: Any) -> None:
        leaf = self._tape
        if type(leaf) is not Leaf:
            raise GradvizError(
                f"{describe(leaf, self._row)} was computed, so its data cannot be set.",
                "Change the values it was made from, or use .detach().",
            )
        before = leaf.data[0]
        after = data if type(data) is float else as_data(data)
        number = type(after) is float and type(before) is float
        tape = now.tape
        if leaf.on is tape.key or ((tape.key.lost or not number) and tape.row_of(leaf) is not None):
            begin()  # on one tape, a leaf has one row
        if leaf.on is not None and leaf.on.lost is not None:
            leaf.on.lost[leaf] = leaf.here
        if not number:
            if np.shape(after) != np.shape(before):
                leaf.grad[0] = None
            if data is before:  # p.data -= … on an array has changed it in place
                before = leaf.snapshot
        leaf.data[0], leaf.on = after, None  # in this order: another thread may be entering it
        leaf.changed = frame.f_code, frame.f_lasti
        if hooks.listeners and leaf.here >= 0:
            for listener in list(hooks.listeners):
                listener.on_update(leaf, before, after, rule, frame)

    @property
    def grad(self) -> Any:
        """∂root/∂self of the passes since it was last cleared; None while nobody has computed it."""
        grads = self._tape.grad
        return grads[self._row] if self._row < len(grads) else None

    @grad.setter
    def grad(self, grad: Any) -> None:
        new = None if grad is None else as_grad(grad, self.shape)
        grads, row = self._tape.grad, self._row
        if row >= len(grads):
            grads.extend([None] * (row + 1 - len(grads)))
        grads[row] = new

    @property
    def name(self) -> str:
        """What it is called in drawings; "" if it has no name of its own."""
        home = self._tape
        return home.name if isinstance(home, Leaf) else home.names.get(self._row, "")

    @name.setter
    def name(self, name: str) -> None:
        home = self._tape
        if isinstance(home, Leaf):
            home.name = name
        else:
            home.names[self._row] = name

    label = name

    @property
    def shape(self) -> tuple[int, ...]:
        """The shape of the data; ``()`` for a number."""
        data = self._tape.data[self._row]
        return () if type(data) is float else data.shape

    @property
    def ndim(self) -> int:
        """The number of axes."""
        return len(self.shape)

    @property
    def size(self) -> int:
        """The number of elements."""
        return int(np.size(self._tape.data[self._row]))

    def item(self) -> float:
        """The one number in it, as a Python float."""
        if self.size != 1:
            raise DataError(f"A value of shape {self.shape} is not one number.")
        return float(np.reshape(self._tape.data[self._row], ()))

    def detach(self) -> Self:
        """The same data without its history."""
        return type(self)(self._tape.data[self._row])

    def backward(self, seed: Any = None, *, allow_nan: bool = False) -> None:
        """Compute ∂self/∂v for every value v that self depends on.

        Gradients of leaves add up over calls, as in PyTorch; those of values in between are of this call.

        Args:
            seed: ∂L/∂self, in self's shape; 1 if not given, which only a single number may leave out.
            allow_nan: accept a seed that is not a number.

        Raises:
            ShapeError: self is not a single number and no seed was given, or the seed does not fit.
            MutationError: a leaf's data was changed after it was used.
        """
        seed = as_seed(seed, self.shape, allow_nan)
        frame = user_frame(_getframe(1))
        tape, row = on_tape(self)
        backward(tape, row, seed)
        if tape is now.tape:
            begin()
        for listener in list(hooks.listeners):
            listener.on_backward(self, frame)  # type: ignore[arg-type]

    def __copy__(self) -> Self:
        return at(type(self), self._tape, self._row)

    def __deepcopy__(self, memo: dict[int, Any]) -> Self:
        return at(type(self), copied(self._tape, memo), self._row)

    def __repr__(self) -> str:
        name = f", name={self.name!r}" if self.name else ""
        return f"{type(self).__name__}(data={self.data!r}, grad={self.grad!r}{name})"


H = TypeVar("H", bound=Handle)


def at(cls: type[H], home: Tape | Leaf, row: int) -> H:
    """A handle of a given row."""
    out = object.__new__(cls)
    out._tape, out._row = home, row
    return out


def set_all(handles: Sequence[Handle], data: Sequence[Any], rule: str, frame: Any) -> None:
    """Give new data to each."""
    leaves: list[Any] = [handle._tape for handle in handles]
    numbers = set(map(type, data)) == {float} and set(map(type, leaves)) == {Leaf}
    if (
        hooks.listeners
        or not numbers
        or now.tape.key.lost
        or {type(leaf.data[0]) for leaf in leaves} != {float}
    ):
        for handle, after in zip(handles, data, strict=True):
            handle._set(after, rule, frame)
        return
    key, place = now.tape.key, (frame.f_code, frame.f_lasti)
    for leaf, after in zip(leaves, data, strict=True):  # as there, of which the rest is about other cases
        on = leaf.on
        if on is key:
            key = begin().key
        elif on is not None and on.lost is not None:
            on.lost[leaf] = leaf.here
        leaf.data[0], leaf.on, leaf.changed = after, None, place


def forget_grads(handles: Iterable[Handle]) -> None:
    """As ``handle.grad = None`` for each."""
    plain = Handle.grad
    for handle in handles:
        if type(handle).grad is not plain:
            handle.grad = None
        elif handle._row < len(grads := handle._tape.grad):
            grads[handle._row] = None


def on_tape(handle: Handle) -> tuple[Tape, int]:
    """The tape and row to look back from: a leaf is put on a tape of its own."""
    home = handle._tape
    if isinstance(home, Tape):
        return home, handle._row
    tape = Tape()
    row = tape.enter(handle)
    tape.trim()
    return tape, row


def describe(home: Tape | Leaf, row: int) -> str:
    """A value in words: its name, or where it was made."""
    if isinstance(home, Tape):
        home, row = home.origin(row)
    if isinstance(home, Leaf):
        name, place = home.name, place_of(home.code, home.at)
    else:
        name, place = home.names.get(row, ""), place_of(home.code[row], home.at[row])
    return f"{name} (made at {place})" if name else f"the value made at {place}"
