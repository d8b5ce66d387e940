"""A leaf: where the data and the gradient of a value stand that no op made."""

from __future__ import annotations

from types import CodeType, FrameType
from typing import Any

import numpy as np

from gradviz.engine.place import Site, place_of
from gradviz.errors import MutationError


class Key:
    """What leaves know a tape by, without holding on to it.

    ``lost`` are the leaves that do not know their row there any more: another tape has them now, or another
    thread gave them new data. It is None when the tape has ended, and nothing is entered there any more.
    """

    __slots__ = ("lost",)

    def __init__(self) -> None:
        self.lost: dict[Leaf, int] | None = {}


class Leaf:
    """A value that no op made. ``data`` and ``grad`` are lists of one: a handle reads a Leaf as a Tape.

    ``here`` is the row on the tape of key ``on``, the last that it was entered on, which holds its data;
    ``on`` is None if the data is not a float, or new; ``here`` is −1 as long as it was never entered.
    ``snapshot`` is an array's data when it was used last; ``changed`` is where the data was set last.
    """

    __slots__ = (
        *("data", "grad", "name", "kind", "scope", "code", "at", "snapshot", "changed", "on", "here"),
        "__weakref__",
    )

    def __init__(self, data: Any, name: str, kind: str, scope: str, frame: FrameType) -> None:
        self.data, self.grad = [data], [None]
        self.name, self.kind, self.scope = name, kind, scope
        self.code: CodeType = frame.f_code
        self.at = frame.f_lasti
        self.snapshot: Any = None
        self.changed: Site | None = None
        self.on: Key | None = None
        self.here = -1

    def unchanged_since(self, snapshot: Any) -> bool:
        """Whether the data is still what it was, bit for bit."""
        now = self.data[0]
        if now is snapshot:  # a float; of an array the snapshot is a copy
            return True
        if type(now) is float or type(snapshot) is float:
            return type(now) is type(snapshot) and now.hex() == snapshot.hex()
        return now.shape == snapshot.shape and bool(np.all(now.view(np.int64) == snapshot.view(np.int64)))

    def check_unchanged(self, used: Any) -> None:
        """Refuse to differentiate at data that is not there any more.

        Raises:
            MutationError: the data is not what was used.
        """
        if self.unchanged_since(used):
            return
        name = self.name or "a value"
        where = f" at {place_of(*self.changed)}" if self.changed else ""
        if type(used) is float:
            what = f"was {used!r} when it was used, but was set to {self.data[0]!r}{where},"
        else:
            what = f"changed{where or ' in place'} after it was used,"
        raise MutationError(
            f"{name} (made at {place_of(self.code, self.at)}) {what} before backward().",
            "Compute the loss again after changing data.",
        )


def frozen(data: Any) -> Any:
    """``data``, which nobody may change in place any more: a gradient will be computed from it."""
    if type(data) is not float:
        data.flags.writeable = False
    return data
