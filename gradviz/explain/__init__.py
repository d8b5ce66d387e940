"""One plain sentence for a step, and the chain rule with its symbols and its numbers."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

import numpy as np

from gradviz.explain.carrying import CHAIN_RULE, added, chain, factor, growth, product, remark
from gradviz.explain.phrasing import called, equation, expression_in_numbers, loss_name, shape_of, typeset
from gradviz.graph import INPUT, OP, PARAM, Graph
from gradviz.numbers import short
from gradviz.ops import OPS
from gradviz.summary import shape_text, text_of
from gradviz.timeline import Step, Timeline

DEPTH_FIRST = "Depth first: a value gets its place only when all its inputs have theirs."
FROM_THE_END = "Backward takes the order from the end, so a gradient is complete before it is passed on."
LISTED = 6  # inputs named in a sentence
RATE_ROUNDING = 1e-6  # relative; the rate is read off a small difference of large numbers

_RATE = re.compile(r"\blr=(\d[\d.]*(?:e[+-]?\d+)?)")


@dataclass(frozen=True)
class Explanation:
    """What happens at a step.

    Attributes:
        sentence: in plain words.
        formula: line by line, first with symbols, then with numbers.
        rule: the rule behind it, or "".
    """

    sentence: str
    formula: list[str] = field(default_factory=list)
    rule: str = ""


def explain(graph: Graph, step: Step, timeline: Timeline | None = None) -> Explanation:
    """Explain one step of the graph's timeline; pass the timeline if you have it, so it is not made anew."""
    return _BY_EVENT[step.event](graph, step, timeline or Timeline(graph))


def _compute(graph: Graph, step: Step, timeline: Timeline) -> Explanation:
    node = step.node
    value, label = text_of(graph.data_of(node)), called(graph, node)
    if graph.kind[node] != OP:
        kind = {INPUT: "an input", PARAM: "a parameter"}.get(int(graph.kind[node]), "a constant")
        return Explanation(f"{label} is {kind}." if label == value else f"{label} = {value}: {kind}.")
    made, numbers = equation(graph, node), expression_in_numbers(graph, node)
    op = OPS.get(graph.op_of(node))
    worth = op and op.curve and op.formula != f"{op.name}(x)"
    rule = f"{op.name}(x) = {typeset(op.formula)}" if op and worth else ""
    data = graph.data_of(node)
    if shape := shape_of(data):
        return Explanation(f"{made} gives {value}.", [made, f"{numbers} → {shape_text(shape)}"], rule)
    origin = "" if data is None or np.isfinite(data) else _forward_origin(graph, node)
    return Explanation(f"{made} = {numbers} = {value}{origin}", [made, f"= {numbers}", f"= {value}"], rule)


def _forward_origin(graph: Graph, node: int) -> str:
    inputs = graph.input[graph.inputs_of(node)].tolist()
    if all(np.all(np.isfinite(np.asarray(graph.data_of(i), dtype=float))) for i in inputs):
        return ": its inputs are finite, so this is where it begins."
    return ": it came in with an input."


def _enter(graph: Graph, step: Step, timeline: Timeline) -> Explanation:
    label = called(graph, step.node)
    inputs = _listed(graph, graph.input[graph.inputs_of(step.node)].tolist())
    formula = [f"inputs of {label}: {inputs}"] if inputs else []
    if step.edge is None:
        return Explanation(f"The visit starts at the root, {label}.", formula, DEPTH_FIRST)
    above = int(graph.consumer[step.edge])
    first = " first" if step.edge == graph.input_start[above] else ""
    sentence = f"Visit the inputs of {called(graph, above)}{first or ', next'}: {label}."
    return Explanation(sentence, formula, DEPTH_FIRST)


def _leave(graph: Graph, step: Step, timeline: Timeline) -> Explanation:
    label, number = called(graph, step.node), int(step.after or 0) + 1
    some = len(graph.inputs_of(step.node)) > 0
    reason = f"All inputs of {label} have their place" if some else f"{label} has no inputs"
    return Explanation(f"{reason}, so {label} is number {number:,}.", [], FROM_THE_END)


def _listed(graph: Graph, nodes: list[int]) -> str:
    distinct = list(dict.fromkeys(nodes))
    more = f" and {len(distinct) - LISTED:,} more" if len(distinct) > LISTED else ""
    return ", ".join(called(graph, node) for node in distinct[:LISTED]) + more


def _seed(graph: Graph, step: Step, timeline: Timeline) -> Explanation:
    top, value = loss_name(graph), text_of(step.after)
    itself = "the loss" if top == "L" else top
    rule = "Backpropagation starts here: every other gradient is a multiple of this one."
    if value == "1":
        sentence = f"∂{top}/∂{top} = 1: the gradient of {itself} with respect to itself."
    else:
        sentence = f"backward() starts with {value} as the gradient of {itself}."
    formula = [f"∂{top}/∂{top} = {value}"]
    if step.before is not None:
        formula.append(f"{text_of(step.before)} was there from before this pass")
    return Explanation(sentence, formula, rule)


def _carry(graph: Graph, step: Step, timeline: Timeline) -> Explanation:
    assert step.edge is not None
    above, label = int(graph.consumer[step.edge]), called(graph, step.node)
    op, uses = OPS.get(graph.op_of(above)), len(timeline.sums.carries_to(step.node))
    sentence = f"{equation(graph, above)} passes {product(graph, step.edge)} back to {label}."
    if uses > 1:
        sentence += f" {label} receives {uses:,} gradients; they add up."
    return Explanation(
        sentence + remark(graph, step.edge),
        [*chain(graph, step.edge), *growth(graph, step, timeline)],
        op.sentence if op else CHAIN_RULE,
    )


def _update(graph: Graph, step: Step, timeline: Timeline) -> Explanation:
    label, before, after = called(graph, step.node), step.before, step.after
    rule = graph.updates[step.index - timeline.phase_range("update").start].rule
    grad = graph.grad_of(step.node)
    if not isinstance(before, float) or not isinstance(after, float):
        moved = f"{label} moves from {text_of(before)} to {text_of(after)}"
        return Explanation(f"{moved}.", [moved], rule)
    change = after - before
    formula = [f"{label} ← {short(before)} {added(change)}", f"= {short(after)}"]
    if change == 0:
        return Explanation(
            f"{label} stays at {short(before)}; its gradient is {text_of(grad)}.", formula, rule
        )
    if not isinstance(grad, float) or not (grad * change > 0 or grad * change < 0):  # 0, or not a number
        return Explanation(f"{label} moves: {short(before)} {added(change)} = {short(after)}.", formula, rule)
    if grad * change > 0:
        way, how = "along its gradient, uphill", f"{short(before)} {added(change)}"
    else:
        way, how = "against its gradient", f"{short(before)} {_descent(change, grad, rule)}"
    return Explanation(f"{label} moves {way}: {how} = {short(after)}.", formula, rule)


def _descent(change: float, grad: float, rule: str) -> str:
    """The change as rate × gradient, unless the rule says that there is more to it (momentum, Adam)."""
    rate = -change / grad
    named = _RATE.search(rule)
    if rule and not (named and abs(float(named[1]) - rate) <= RATE_ROUNDING * rate):
        return added(change)
    return f"− {short(rate)} × {factor(grad)}"


_BY_EVENT = {
    "compute": _compute,
    "enter": _enter,
    "leave": _leave,
    "seed": _seed,
    "carry": _carry,
    "update": _update,
}
