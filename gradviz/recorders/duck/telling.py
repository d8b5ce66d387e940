"""What a Graph of a stranger's engine says besides numbers: places, scopes, and facts about the engine."""

from __future__ import annotations

import math
import os
import traceback
from typing import Any

import numpy as np

from gradviz.graph import Graph
from gradviz.recorders.duck.figures import raised
from gradviz.recorders.duck.operands import Fitted
from gradviz.recorders.duck.seen import UNSEEN, Made, Ran, Seen
from gradviz.recorders.duck.walk import Found
from gradviz.recorders.places import Places

LISTED = 1000  # nodes in one list
MOST_RAN = 20_000  # backward rules in one list

_NOWHERE = Made(None, 0, "", UNSEEN)


def made_of(found: Found, fitted: Fitted, seen: Seen) -> list[Made]:
    """Where each object was made; a constant belongs where the op that reads it does. Empty if nobody saw."""
    if not seen.made:
        return []
    made = [one or _NOWHERE for one in map(seen.made.get, found.at)]
    return made + [made[reader] for reader, _ in fitted.constants]


def origin(made: list[Made], order: np.ndarray) -> dict[str, Any]:
    """The columns of places and scopes."""
    if not made:
        return {}
    places, scopes = Places(), {"": 0}
    codes, offsets, paths, _ = zip(*made, strict=True)
    scope = [scopes.setdefault(path, len(scopes)) for path in paths]
    numbers = places.numbers(codes, offsets)
    spans, source = places.spans(numbers)
    return {
        "spans": spans,
        "source": source[order],
        "scopes": list(scopes),
        "scope": np.array(scope)[order],
    }


def meta_of(graph: Graph, found: Found, fitted: Fitted, seen: Seen, number: np.ndarray) -> dict[str, Any]:
    """Facts about the engine and the pass, in plain types."""
    shape = found.shape
    assert shape is not None
    file, line = shape.place
    meta: dict[str, Any] = {
        "backward": bool(graph.has_grad[graph.root]),
        "engine": {"class": shape.cls.__name__, "file": file, "line": line, "fields": shape.fields},
    }
    if fitted.inferred.any():
        operands = np.sort(number[np.flatnonzero(fitted.inferred)]).tolist()
        meta["inferred"] = {"operands": operands[:LISTED], "count": len(operands)}
    if fitted.unlike:
        meta["unlike"] = [
            {"node": int(number[k]), "op": op, "expected": expected}
            for k, (op, expected) in list(fitted.unlike.items())[:LISTED]
        ]
    by_hand = not seen.backward and (seen.ran is not None or not shape.has_backward)
    if by_hand and graph.has_grad.any():
        meta["manual"] = True
    if seen.ran is not None:
        nodes = dict(zip(found.at, number.tolist(), strict=False))
        ran = [Ran(*one) for one in seen.ran[:MOST_RAN]]
        meta["ran"] = [nodes.get(one.id, -1) for one in ran]
        meta["grad_then"] = [one.grad if type(one.grad) is float else math.nan for one in ran]
    if seen.error is not None:
        meta["failed"] = _failed(*seen.error, dict(zip(found.at, number.tolist(), strict=False)))
    notes = _notes(found, fitted, meta)
    return meta | {"notes": notes} if notes else meta


def _failed(key: int, error: BaseException, nodes: dict[int, int]) -> dict[str, Any]:
    """The rule that raised, and where; in the user's code, if the error was there."""
    frames = traceback.extract_tb(error.__traceback__)
    last = frames[-1] if frames else None
    return {
        "node": nodes.get(key, -1),
        "type": type(error).__name__,
        "message": raised(error).partition(": ")[2],
        "file": os.fspath(last.filename) if last else "",
        "line": (last.lineno or 0) if last else 0,
    }


def _notes(found: Found, fitted: Fitted, meta: dict[str, Any]) -> list[str]:
    notes = []
    if "inferred" in meta:
        count = meta["inferred"]["count"]
        values = "1 value" if count == 1 else f"{count:,} values"
        notes.append(
            f"The operands of {values} were inferred from op and data: the objects do not say their order, "
            "or which repeat."
        )
    if fitted.worked_out:
        count = len(fitted.worked_out)
        constants = "1 constant was" if count == 1 else f"{count:,} constants were"
        notes.append(f"{constants} worked out from the data: the inputs do not hold plain numbers.")
    if fitted.unlike:
        k, (op, _) = next(iter(fitted.unlike.items()))
        more = f", and {len(fitted.unlike) - 1:,} more" if len(fitted.unlike) > 1 else ""
        notes.append(
            f"{found.called(k)} says it is {op}, but that does not give its data{more}: its inputs changed "
            "since, or it computes something else."
        )
    if found.rounding > 1e-9:
        notes.append("Some data is in single or half precision: ops are recognised up to that.")
    if found.inexact:
        values = (
            "1 value is a whole number"
            if found.inexact == 1
            else f"{found.inexact:,} values are whole numbers"
        )
        notes.append(f"{values} of more than 53 bits: recorded is the nearest number in double precision.")
    notes += [f"`{name}` is left out: reading it raised {error}." for name, error in found.skipped.items()]
    if meta.get("manual"):
        notes.append("Gradients were set by hand: no backward() was seen.")
    return notes
