"""How causes are told: ops, inputs and numbers in a learner's words."""

from __future__ import annotations

import numpy as np

from gradviz.diagnostics.case import Case
from gradviz.diagnostics.numeric import numeric_gradients
from gradviz.explain.phrasing import bracketed, called, equation, typeset
from gradviz.graph import INPUT, Graph
from gradviz.numbers import short
from gradviz.ops import OPS
from gradviz.summary import text_of

CHECKED = 20_000  # values in a pass, up to which finite differences are asked for evidence
AGREES = 1e-4  # relative; finite differences near kinks and cancellation are no better
_TERMS = 5


def op_title(op: str) -> str:
    """An op as it is called in code: ``*``, ``tanh``."""
    signs = {"add": "+", "sub": "-", "mul": "*", "div": "/", "pow": "**", "neg": "unary -"}
    return signs.get(op, op)


def which_input(op: str, slots: tuple[int, ...]) -> str:
    """The inputs that are meant: ``its input``, ``its second input (y)``, ``both inputs``."""
    if (OPS[op].arity or 1) == 1:
        return "its input"
    names = ("its first input (x)", "its second input (y)", "its third input")
    return names[slots[0]] if len(slots) == 1 else "both inputs"


def slope_text(op: str, slots: tuple[int, ...]) -> str:
    """The right derivative, as of the op table: ``1 − z²``."""
    return " and ".join(typeset(OPS[op].derivative[slot]) for slot in slots)


def made(graph: Graph, node: int) -> str:
    """A value and how it was made, ``c = a*b``, or the label alone if it says so already."""
    label, text = called(graph, node), equation(graph, node)
    return label if label.replace(" ", "") == text.partition(" = ")[2].replace(" ", "") else text


def grad_of(graph: Graph, node: int) -> str:
    """What a gradient is called: ``x.grad``, ``(x + y).grad``."""
    return f"{bracketed(called(graph, node))}.grad"


def more(count: int) -> str:
    """``; so for 3 values`` if there are several."""
    return f"; so for {count:,} values" if count > 1 else ""


def grad_is(graph: Graph, node: int) -> str:
    """What a gradient is: ``x.grad is 0.3679``."""
    has = f"is {text_of(graph.grad_of(node))}" if graph.has_grad[node] else "was never computed"
    return f"{grad_of(graph, node)} {has}"


def sum_text(case: Case, node: int) -> str:
    """What a node is owed: ``6 × 2 + 1 × 1 = 13``."""
    edges = case.edges_into(node)
    terms = [term(case, edge) for edge in edges[:_TERMS]] + ["…"] * (len(edges) > _TERMS)
    if case.graph.prior[node]:
        terms.insert(0, f"{short(case.graph.prior[node])} from before")
    total = short(case.graph.prior[node] + sum(case.books.part[edge] for edge in edges))
    return f"{' + '.join(terms)} = {total}" if len(terms) > 1 or "×" in terms[0] else total


def term(case: Case, edge: int) -> str:
    """What one edge owes: the gradient above times the local derivative."""
    local, above = case.books.local[edge], case.graph.grad[case.graph.consumer[edge]]
    if np.isnan(local):
        return short(case.books.part[edge])
    return f"{in_brackets(above)} × {in_brackets(float(local))}"


def in_brackets(x: float) -> str:
    """A number, in brackets if it is negative."""
    return f"({short(x)})" if x < 0 else short(x)


def example(case: Case, node: int, count: int) -> str:
    """The numbers at one node, and for how many others the same is true."""
    return f"{grad_is(case.graph, node)}; by the chain rule it is {sum_text(case, node)}{more(count)}."


def with_differences(case: Case, node: int, evidence: str) -> str:
    """The evidence, and finite differences at its node where they say the same as the chain rule."""
    if len(case.graph) > CHECKED or np.isnan(total := float(case.books_total[node])):
        return evidence
    slope = numeric_at(case.graph, node)
    if slope is None or abs(slope - total) > AGREES * max(abs(slope), abs(total), 1.0):
        return evidence
    return f"{evidence} Finite differences give {short(float(f'{slope:.6g}'))}."


def numeric_at(graph: Graph, node: int) -> float | None:
    """Finite differences of the root to any node, as if it were a leaf; None where they cannot be had."""
    seed = float(graph.grad[graph.root]) if graph.has_grad[graph.root] and graph.grad[graph.root] else 1.0
    return numeric_gradients(_cut(graph, node), seed, [node]).get(node)


def _cut(graph: Graph, node: int) -> Graph:
    """The graph with a node made a leaf."""
    keep = graph.consumer != node
    counts = np.bincount(graph.consumer[keep], minlength=len(graph))
    names = (*graph.op_names, "")
    op, kind = graph.op.copy(), graph.kind.copy()
    op[node], kind[node] = len(names) - 1, INPUT
    columns = {"op_names": names, "op": op, "kind": kind, "input": graph.input[keep]}
    start = np.concatenate([[0], np.cumsum(counts)])
    edges = {key: None for key in ("cotangent", "local", "has_cotangent")}
    arrays = {key: found for key, found in graph.arrays.items() if key not in edges}
    return graph.replace(**columns, **edges, input_start=start, arrays=arrays, attrs=_without(graph, node))


def _without(graph: Graph, node: int) -> dict[int, dict[str, object]]:
    return {key: value for key, value in graph.attrs.items() if key != node}
