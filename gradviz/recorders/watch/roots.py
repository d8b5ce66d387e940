"""Roots that nobody saw run backward: gradients were typed in by hand, or set by an unknown function."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

from gradviz.recorders.duck.seen import Seen
from gradviz.recorders.duck.shape import loose_shape_of
from gradviz.recorders.naming import names_among
from gradviz.recorders.watch.capture import Capture
from gradviz.recorders.watch.rules import grad_of, gradients, inputs_of, reached

MOST = 20  # roots of one script


def record_leftovers(capture: Capture, variables: Mapping[str, Any], file: str) -> None:
    """Record the roots among a module's variables and what they hold, newest first.

    If the script ran backward anywhere, only those are taken where a result has a gradient: the others are
    predictions. If it never did, all are. If passes were left out, none is, as it may belong to one of them.
    """
    if capture.listener.passes != capture.listener.keeper.kept:
        return
    names = names_among([variables], capture.is_value)
    for objects in _roots(capture, names):
        capture.guarded(partial(_record, capture, objects, names, file))


def unseen_of(objects: Sequence[Any]) -> Seen:
    """What to say of a root, first of ``objects``, that nobody saw run backward.

    If all values have gradients, their own backward() may have set them, where their class has one. Else they
    were set by hand, or there are none.
    """
    return Seen() if len(gradients(objects)) == len(objects) else Seen(ran=())


def _record(capture: Capture, objects: Sequence[Any], names: dict[str, Any], file: str) -> None:
    if capture.begin():
        capture.record(objects[0], unseen_of(objects), map(id, objects), names, file, 0)


def _roots(capture: Capture, names: Mapping[str, Any]) -> list[list[Any]]:
    """Values that nothing else is computed from, each with all it was computed from."""
    taken: set[int] = set()
    roots: dict[int, list[Any]] = {}
    ran = capture.listener.passes > 0
    newest = sorted(names.values(), key=lambda obj: capture.serial(id(obj)), reverse=True)
    for obj in newest:
        if id(obj) in taken or not inputs_of(obj, loose_shape_of(obj)):
            continue
        objects = reached(obj)
        taken.update(map(id, objects))
        for inner in objects[1:]:
            roots.pop(id(inner), None)
        if not capture.is_done(obj) and (not ran or any(map(_has_gradient, objects))):
            roots[id(obj)] = objects
    return list(roots.values())[:MOST]


def _has_gradient(obj: Any) -> bool:
    """Whether an object was computed and has a gradient; that of a leaf may be left from another pass."""
    shape = loose_shape_of(obj)
    return bool(inputs_of(obj, shape)) and grad_of(obj, shape) != 0
