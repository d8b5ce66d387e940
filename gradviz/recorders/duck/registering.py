"""Saying how the objects of a class are to be read, where it cannot be seen."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from gradviz.errors import DataError
from gradviz.recorders.duck.shape import ClassShape, declare

told: list[Callable[[type], None]] = []  # called with every class that is registered


def register(
    cls: type,
    *,
    data: str = "data",
    grad: str | None = "grad",
    inputs: str = "_prev",
    op: str | None = "_op",
    label: str | None = "label",
    forward: Mapping[str, Callable[..., Any]] | None = None,
) -> None:
    """Say which attributes of a class, and of those that inherit from it, hold what gradviz records.

    Args:
        cls: the class of the values.
        data: the attribute with the number or array. Dots are followed, here and below: ``"node.data"``.
        grad: that with the gradient; None if there is none.
        inputs: that with the values the result was computed from.
        op: that with the name of the op; None if there is none, so that the class says it.
        label: that with the name to show; None if there is none.
        forward: by op text, how the data of the inputs give the data of the result. For ops that gradviz does
            not know; their local derivatives then come from finite differences where no gradient tells them.

    Raises:
        DataError: ``cls`` is not a class, or an attribute is not a name.
    """
    if not issubclass(type(cls), type):
        raise DataError(
            f"register() takes a class, not a {type(cls).__name__}.", "Give it the class of your values."
        )
    names = {"data": data, "grad": grad, "inputs": inputs, "op": op, "label": label}
    for key, name in names.items():
        optional = name is None and key not in ("data", "inputs")
        if not optional and not (type(name) is str and all(map(str.isidentifier, name.split(".")))):
            raise DataError(f"register({key}={name!r}): this is not the name of an attribute.")
    for text, rule in (forward or {}).items():
        if not callable(rule):
            raise DataError(f"register(forward=…): what is given for {text!r} cannot be called.")
    found: dict[str, Any] = {key: name or "" for key, name in names.items()}
    declare(ClassShape(cls, **found, forward=dict(forward or {}), declared=True))
    for tell in told:
        tell(cls)
