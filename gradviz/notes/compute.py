"""What the expression form of a note computes: ``Value``, ``record`` and the op table, nothing else.

>>> graph = graph_of_text("x = 2\\nparam w = -3\\nL = tanh(x*w)")
>>> graph.node("L").data == -0.9999877116507956, graph.node("w").kind
(True, 'param')
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from gradviz.errors import GradvizError
from gradviz.notes.grammar import Statement, Step, parse
from gradviz.notes.mistake import Mistake, nearest
from gradviz.ops import OPS

if TYPE_CHECKING:
    from gradviz.engine.value import Value
    from gradviz.graph import Graph

_NEEDS_MORE = ("reshape", "getitem")  # than values: a shape, an index
_ALSO = {"ln": "log", "σ": "sigmoid"}
_OF_TWO = {"max": "maximum", "min": "minimum"}
MOST_NUMBERS = 5_000  # in one array: no text holds more, but a few lines could multiply them without end
DEEPEST = 32  # lists in lists; numpy has no more than 64 axes
FUNCTIONS = (*(name for name in OPS if name not in _NEEDS_MORE), *_ALSO)


def graph_of_text(source: str, root: str = "", backward: bool = True) -> Graph:
    """Compute the lines of a note, go back from ``root`` (the last line), and record.

    Raises:
        Mistake: there is something wrong in the text, and where.
    """
    from gradviz.recorders.value import record

    named: dict[str, Value] = {}
    lines: dict[str, int] = {}
    last: Value | None = None
    for statement in parse(source):
        if statement.name in lines:
            raise statement.first.mistake(
                f"{statement.name} has a value already, from line {lines[statement.name]} of this text.",
                "Choose another name.",
            )
        last = _computed(statement, named)
        if statement.name:
            named[statement.name], lines[statement.name] = last, statement.first.line
    if last is None:
        raise Mistake("There is nothing to draw.", "Write what to compute, such as: L = tanh(2*0.5)")
    if root and root not in named:
        raise Mistake(f"No line gives a value to root={root}.", nearest(root, named, "names"))
    value = named[root] if root else last
    if backward:
        if value.shape:
            raise Mistake(
                f"The result has shape {value.shape}, and a gradient goes back from a single number.",
                "End with one, such as sum(…), or say backward=no.",
            )
        value.backward()
    graph = record(value)
    return graph.replace(spans=(None,), source=None)  # it was made in no file; whose line called is no matter


def _computed(statement: Statement, named: dict[str, Value]) -> Value:
    """The result of one line, under its name."""
    from gradviz.engine.value import Value

    stack: list[Any] = []
    for step in statement.steps:
        taken = stack[len(stack) - step.count :]
        del stack[len(stack) - step.count :]
        stack.append(_result(step, taken, named))
    (result,) = stack
    plain = not isinstance(result, Value)
    if statement.kind and not plain:
        raise statement.first.mistake(
            f"{statement.kind} {statement.name} is to be a number or a list of numbers."
        )
    if plain:
        return Value(result, statement.name or None, kind=statement.kind or "input")
    if statement.name and not result.name:
        result.name = statement.name
    value: Value = result
    return value


def _result(step: Step, taken: list[Any], named: dict[str, Value]) -> Any:
    """What one step computes: a number, an array or a Value."""
    if step.does == "number":
        return step.value
    if step.does == "list":
        return _listed(step, taken)
    if step.does == "call":
        return _called(step, taken)
    if step.name not in named:
        is_function = step.name in FUNCTIONS
        cure = f"{step.name} is a function: {step.name}(…)." if is_function else _meant(step.name, named)
        raise step.token.mistake(f"{step.name} has no value yet.", cure)
    return named[step.name]


def _meant(name: str, named: dict[str, Value]) -> str:
    return nearest(name, named, "names so far") if named else f"Give it one first: {name} = 1.0"


def _listed(step: Step, taken: list[Any]) -> Any:
    if len(_shape(taken[0])) >= DEEPEST:
        raise step.token.mistake(f"Lists can be in lists {DEEPEST} deep.")
    if any(hasattr(item, "backward") for item in taken):
        return _recorded(step, "stack", taken, {})
    if len({np.shape(item) for item in taken}) > 1:
        raise step.token.mistake("The rows of this list differ in length.")
    return np.array(taken, dtype=np.float64)


def _called(step: Step, taken: list[Any]) -> Any:
    name = _ALSO.get(step.name, step.name)
    if len(taken) == 2:
        name = _OF_TWO.get(name, name)
    if name not in OPS or name in _NEEDS_MORE:
        raise step.token.mistake(
            f"There is no function {step.name}.", nearest(step.name, FUNCTIONS, "functions")
        )
    op, attrs = OPS[name], {}
    settable = next((key for key, value in op.attrs.items() if isinstance(value, float)), None)
    if settable and len(taken) == 2 and isinstance(taken[1], float):
        attrs[settable] = taken.pop()
    if op.arity is None and not taken or op.arity not in (None, len(taken)):
        wanted = "at least 1" if op.arity is None else op.arity
        plural = "" if wanted == 1 else "s"
        raise step.token.mistake(f"{step.name} takes {wanted} argument{plural}, and this has {len(taken)}.")
    return _recorded(step, name, taken, attrs)


def _recorded(step: Step, name: str, taken: list[Any], attrs: dict[str, Any]) -> Value:
    from gradviz.engine.record import record
    from gradviz.engine.value import Value

    try:
        made = record(Value, name, taken, **attrs)
    except GradvizError:
        shapes = ", ".join(str(_shape(item)) for item in taken)
        raise step.token.mistake(f"{step.token.text} cannot take values of shape {shapes}.") from None
    if np.size(made.data) > MOST_NUMBERS:
        raise step.token.mistake(
            f"{step.token.text} gives more than {MOST_NUMBERS:,} numbers.", "A recording has no such limit."
        )
    return made


def _shape(item: Any) -> tuple[int, ...]:
    return np.shape(getattr(item, "data", item))
