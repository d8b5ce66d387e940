"""The words for one carry: the chain rule on one edge, and how the gradient of the input grows."""

from __future__ import annotations

import math

import numpy as np

from gradviz.explain.phrasing import bracketed, called, derivative, gradient, shape_of, vjp_is_whole
from gradviz.graph import Graph, Number
from gradviz.numbers import short
from gradviz.ops import OPS
from gradviz.summary import shape_text, text_of
from gradviz.timeline import Step, Timeline

CHAIN_RULE = (
    "The chain rule: the gradient that arrives, times the local derivative, travels on; "
    "what comes back along several edges adds up."
)
ROUNDING = 1e-9  # relative; below it two ways of adding up agree


def product(graph: Graph, edge: int) -> str:
    """What travels along an edge: "0.5 × 2 = 1", or for arrays its shape and range."""
    local, passed = graph.local_of(edge), graph.cotangent_of(edge)
    arrived = graph.grad_of(int(graph.consumer[edge]))
    if shape_of(passed):
        return f"a gradient of {text_of(passed)}"
    if not isinstance(arrived, float) or not isinstance(local, float):
        return text_of(passed)
    return f"{short(arrived)} × {factor(local)} = {text_of(passed)}"


def chain(graph: Graph, edge: int) -> list[str]:
    """The chain rule on one edge: with symbols, with numbers, and where its local derivative comes from."""
    node, above = int(graph.input[edge]), int(graph.consumer[edge])
    into, arrived = gradient(graph, node), gradient(graph, above)
    local = f"∂{bracketed(called(graph, above))}/∂{bracketed(called(graph, node))}"
    form = derivative(graph, above, edge - int(graph.input_start[above]))
    value, passed = graph.local_of(edge), graph.cotangent_of(edge)
    if shape_of(passed) or not isinstance(value, float):
        factors = form if vjp_is_whole(graph, above) else f"{arrived} · {bracketed(form) if form else local}"
        return [f"{into} += {factors}", f"= {text_of(passed)}", *_broadcast(graph, edge)]
    lines = [f"{into} += {arrived} · {local}", f"= {product(graph, edge)}"]
    if form:
        lines.append(_because(graph, edge, local, form, value))
    return lines


def _because(graph: Graph, edge: int, local: str, form: str, value: float) -> str:
    """Where a local derivative comes from; a measured one need not be what its formula gives."""
    here = ", here " if " if " in form else " = "
    above = int(graph.consumer[edge])
    expected = _by_the_table(graph, edge) if graph.measured else None
    if expected is not None and not math.isclose(expected, value, rel_tol=ROUNDING, abs_tol=ROUNDING):
        return f"but {local} = {form}{here}{short(expected)}: the rule of {called(graph, above)} sent another"
    return f"because {local} = {form}" + (f"{here}{short(value)}" if form != short(value) else "")


def _by_the_table(graph: Graph, edge: int) -> float | None:
    """The local derivative that the op table gives for numbers; None where it has none."""
    above = int(graph.consumer[edge])
    op, z = OPS.get(graph.op_of(above)), graph.data_of(above)
    xs = tuple(graph.data_of(int(i)) for i in graph.input[graph.inputs_of(above)])
    if op is None or not op.elementwise or op.arity != len(xs) or not all(type(x) is float for x in (*xs, z)):
        return None
    local = op.local(edge - int(graph.input_start[above]), xs, z, **graph.attrs.get(above, {}))
    return None if local is None else float(local)


def growth(graph: Graph, step: Step, timeline: Timeline) -> list[str]:
    """How the gradient of the input grows; where the recorded one is not the sum, that is said."""
    assert step.edge is not None and not isinstance(step.after, int)
    part, before, after = graph.cotangent_of(step.edge), step.before, step.after
    if part is None or after is None:
        return []
    if not _is_sum(before, part, after):
        held = text_of(0.0 if before is None else before)
        recorded = f"the recorded gradient is {text_of(after)}"
        return [f"{held} {added(part)} does not give it: {recorded}, so something else changed it"]
    if before is None:
        return []
    at = step.index - timeline.phase_range("backward").start - 1
    since = "left from before this pass" if timeline.sums.is_first(at) else "so far"
    if shape_of(after):
        return [f"{since} {text_of(before)}, now {text_of(after)}"]
    return [f"{since} {text_of(before)}, now {text_of(before)} {added(part)} = {text_of(after)}"]


def remark(graph: Graph, edge: int) -> str:
    """A remark where a gradient stops, or stops being finite."""
    arrived, passed = graph.grad_of(int(graph.consumer[edge])), graph.cotangent_of(edge)
    if type(passed) is float and math.isfinite(passed) and passed:  # nearly always
        return ""
    if arrived is None or passed is None or not _finite(arrived):
        return ""
    if not _finite(passed):
        return " A finite gradient came in: the trouble begins here."
    return " Nothing gets through." if np.any(arrived) and not np.any(passed) else ""


def _finite(x: Number) -> bool:
    return math.isfinite(x) if isinstance(x, float) else bool(np.all(np.isfinite(x)))


def factor(x: float) -> str:
    """A number as a second factor, in brackets if it is negative."""
    return f"({short(x)})" if math.copysign(1, x) < 0 else short(x)


def added(x: Number) -> str:
    """A number as what is added: "+ 2" or "− 2"."""
    if isinstance(x, float) and x < 0:
        return f"− {short(-x)}"
    return f"+ {text_of(x)}"


def _broadcast(graph: Graph, edge: int) -> list[str]:
    """A line where the input was stretched to the result's shape, so that its gradient is summed back."""
    above = int(graph.consumer[edge])
    op = OPS.get(graph.op_of(above))
    stretched, own = shape_of(graph.grad_of(above)), shape_of(graph.cotangent_of(edge))
    if op is None or not op.elementwise or stretched == own:
        return []
    return [f"summed from {shape_text(stretched)} to {shape_text(own)}, because it was broadcast"]


def _is_sum(before: Number | None, part: Number, after: Number) -> bool:
    """Whether ``after`` is ``before + part`` but for rounding."""
    held = 0.0 if before is None else before
    if type(held) is type(part) is type(after) is float and held + part == after:
        return True
    with np.errstate(all="ignore"):
        total = np.add(held, part)
        scale = np.abs(part) + np.abs(held)
        near = np.abs(total - after) <= ROUNDING * scale
        same = near | (total == after) | (np.isnan(total) & np.isnan(after))
    return np.shape(total) == np.shape(after) and bool(np.all(same))
