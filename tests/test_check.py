"""verify: the reference gradient beside the recorded one; and no rule can be broken without being named."""

from __future__ import annotations

import math
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from programs import Program, brief, programs

from gradviz import Value
from gradviz.diagnostics.balance import balance, owed
from gradviz.diagnostics.causes import causes
from gradviz.diagnostics.reference import MISSING, RIGHT, UNKNOWN, WRONG, verify
from gradviz.engine.nn import MLP
from gradviz.graph import CONST, Graph
from gradviz.recorders import duck
from gradviz.recorders.value import record

a_few = settings(brief, max_examples=max(1, brief.max_examples // 3))


def small() -> Graph:
    a, b = Value(2.0, "a"), Value(-3.0, "b")
    d = (a * b + a).tanh() + a * a
    d.backward()
    return record(d)


def with_grad(graph: Graph, key: str, grad: float | None) -> Graph:
    node = graph.find(key)
    column, has = graph.grad.copy(), graph.has_grad.copy()
    column[node], has[node] = (np.nan, False) if grad is None else (grad, True)
    return graph.replace(grad=column, has_grad=has)


def test_right_gradients_are_right_and_finite_differences_say_so() -> None:
    graph = small()
    found = verify(graph)
    assert (found.verdict == RIGHT).all() and found.summary == f"{len(graph)} right"
    assert np.array_equal(found.expected, graph.grad) and found.local_ok.all()
    for leaf, slope in found.numeric.items():
        assert slope == pytest.approx(graph.grad[leaf], rel=1e-7, abs=1e-9)
    assert set(found.numeric) == {graph.find("a"), graph.find("b")}


def test_wrong_and_missing_gradients_are_told_apart_with_the_rule_in_numbers() -> None:
    graph = with_grad(with_grad(small(), "a", 99.0), "b", None)
    found = verify(graph)
    a, b = graph.find("a"), graph.find("b")
    assert found.verdict[a] == WRONG and found.verdict[b] == MISSING
    assert found.counts == {"unknown": 0, "right": len(graph) - 2, "wrong": 1, "missing": 1}
    row = found.row(a)
    assert (row["expected"], row["recorded"], row["verdict"]) == ("3.997", "99", "wrong")
    assert row["rule"].startswith("∂L/∂a = ") and row["rule"].endswith(" = 3.997") and "1 × 2" in row["rule"]


def test_what_is_below_a_wrong_gradient_is_wrong_but_only_the_cause_is_found() -> None:
    x = Value(0.5, "x")
    top = ((x * 2).exp() + 3).tanh()
    top.backward()
    graph = record(top)
    exp = next(i for i in range(len(graph)) if graph.op_of(i) == "exp")
    grad = graph.grad.copy()
    for node in [exp, *range(exp)]:
        grad[node] *= 2.0
    twice = graph.replace(grad=grad)
    assert verify(twice).counts["wrong"] == 3
    (cause,) = causes(twice)
    assert cause.check == "wrong-local-derivative" and graph.op_of(cause.node) == "add"


def test_arrays_are_verified_element_by_element() -> None:
    x = Value(np.array([[0.5, -1.0], [2.0, 0.25]]), "x")
    loss = ((x @ x).tanh() * x).sum()
    loss.backward()
    graph = record(loss)
    assert (verify(graph).verdict[graph.kind != CONST] == RIGHT).all()
    node = graph.find("x")
    known = graph.grad_of(node)
    assert isinstance(known, np.ndarray)
    wrong = known.copy()
    wrong[1, 0] += 1e-3
    arrays = {**graph.arrays, "grad": {**graph.arrays["grad"], node: wrong}}
    found = verify(graph.replace(arrays=arrays))
    assert found.verdict[node] == WRONG and found.summary.endswith("1 wrong")
    assert [cause.check for cause in causes(graph.replace(arrays=arrays))] == ["conservation"]


def test_an_unknown_op_is_trusted_as_measured_and_unknown_where_nothing_was() -> None:
    facts: dict[str, Any] = {
        "op_names": ["", "sin"], "op": [0, 1], "kind": [1, 3], "input_start": [0, 0, 1], "input": [0],
        "data": [0.5, math.sin(0.5)], "grad": [math.cos(0.5), 1.0], "has_grad": [True, True],
    }  # fmt: skip
    measured = Graph(**facts, cotangent=[math.cos(0.5)], has_cotangent=[True])
    assert verify(measured).verdict.tolist() == [RIGHT, RIGHT]
    assert verify(Graph(**facts)).verdict.tolist() == [UNKNOWN, RIGHT]
    assert causes(measured) == causes(Graph(**facts)) == []


def test_engines_in_float32_are_given_their_rounding() -> None:
    graph = small()
    a, grad = graph.find("a"), graph.grad.astype(np.float32).astype(float)
    grad[a] = np.nextafter(np.float32(grad[a]), np.float32(9))
    single = graph.replace(grad=grad, data=graph.data.astype(np.float32))
    assert causes(single) == [] and verify(single).counts["wrong"] == 0
    assert causes(
        graph.replace(grad=np.where(np.arange(len(graph)) == a, graph.grad * (1 + 1e-5), graph.grad))
    )


def test_at_a_kink_another_slope_is_only_a_note() -> None:
    x = Value(0.0, "x")
    loss = x.relu() * 3
    loss.backward()
    (cause,) = causes(with_grad(record(loss), "x", 3.0))
    assert (cause.check, cause.severity) == ("wrong-local-derivative", "note")
    assert "convention" in cause.message


@pytest.mark.slow
@pytest.mark.parametrize("example", ["activations", "fanout", "neuron", "xor"])
def test_of_the_examples_nothing_is_said(example: str) -> None:
    script = Path(__file__).parent.parent / "examples" / f"{example}.py"
    done = subprocess.run(
        [sys.executable, "-m", "gradviz", "check", str(script)], capture_output=True, text=True, timeout=120
    )
    assert (done.returncode, done.stdout) == (0, "Nothing found.\n"), done.stderr


@a_few
@given(programs)
def test_of_a_program_of_our_own_nothing_is_said(program: Program) -> None:
    _, results = program.gradviz()
    roots = [result for result in results if isinstance(result, Value)]
    if not roots:
        return
    root = roots[-1] if roots[-1].size == 1 else roots[-1].sum()
    root.backward()
    graph = record(root)
    assert causes(graph) == []
    counts = verify(graph).counts
    assert counts["wrong"] == counts["missing"] == 0


@pytest.mark.slow
def test_of_a_network_of_our_own_nothing_is_said() -> None:
    model = MLP(2, [8, 8, 1])
    loss = sum((model([k / 10, -k / 7]) - 1.0) ** 2 for k in range(20)) / 20
    loss.backward()
    graph = record(loss)
    assert causes(graph) == [] and verify(graph).counts["wrong"] == 0


# ---- a tiny engine, any rule of which can be broken

FORWARD: dict[str, Callable[..., float]] = {
    "add": lambda x, y: x + y,
    "mul": lambda x, y: x * y,
    "tanh": math.tanh,
    "exp": math.exp,
}
SLOPES: dict[str, Callable[..., tuple[float, ...]]] = {
    "add": lambda z, x, y: (1.0, 1.0),
    "mul": lambda z, x, y: (y, x),
    "tanh": lambda z, x: (1 - z * z,),
    "exp": lambda z, x: (z,),
}


class Node:
    """A learner's value; ``backward`` is told which op's rule is broken, and how."""

    def __init__(self, data: float, inputs: tuple[Node, ...] = (), op: str = "") -> None:
        self.data, self.grad, self.inputs, self.op = data, 0.0, inputs, op

    def __add__(self, other: Node) -> Node:
        return Node(self.data + other.data, (self, other), "add")

    def pass_on(self, sign: float, assign: bool) -> None:
        if self.op:
            for one, slope in zip(self.inputs, SLOPES[self.op](self.data, *self.reads()), strict=True):
                one.grad = sign * slope * self.grad + (0.0 if assign else one.grad)

    def reads(self) -> list[float]:
        return [one.data for one in self.inputs]

    def backward(self, op: str = "", how: str = "") -> None:
        self.grad = 1.0
        for node in breadth_first(self) if how == "order" else sorted_back(self):
            hit = node.op == op
            node.pass_on(sign=-1.0 if hit and how == "sign" else 1.0, assign=hit and how == "assign")


def sorted_back(root: Node) -> list[Node]:
    order: list[Node] = []

    def visit(node: Node) -> None:
        if node not in order:
            for one in node.inputs:
                visit(one)
            order.append(node)

    visit(root)
    return order[::-1]


def breadth_first(root: Node) -> list[Node]:
    queue = [root]
    for node in queue:
        queue += [one for one in dict.fromkeys(node.inputs) if one not in queue]
    return queue


Steps = list[tuple[str, int, int]]
steps = st.lists(
    st.tuples(
        st.sampled_from(["add", "mul", "tanh", "exp", "add", "mul"]), st.integers(0, 3), st.integers(0, 3)
    ),
    min_size=3,
    max_size=9,
)


def build(leaves: list[float], steps: Steps) -> Node:
    nodes = [Node(x) for x in leaves]
    for op, i, j in steps:
        inputs = (nodes[-1 - i % len(nodes)], nodes[-1 - j % len(nodes)])[: 2 if op in ("add", "mul") else 1]
        if all(abs(one.data) < 8 for one in inputs):
            nodes.append(Node(FORWARD[op](*(one.data for one in inputs)), inputs, op))
    return nodes[-1]


def gradients(root: Node) -> np.ndarray:
    return np.array([node.grad for node in sorted_back(root)])


def broken(graph: Graph) -> list[int]:
    return np.flatnonzero(balance(owed(graph)).broken).tolist()


def test_parts_that_cancel_out_are_no_mystery() -> None:
    wrong = build([1.0, 1.5, 0.75], [("add", 0, 0), ("add", 0, 0), ("mul", 0, 1)])
    wrong.backward("add", "sign")
    (cause,) = causes(duck.record(wrong))
    assert cause.check == "not-reached" and "the 2 values that read it have theirs" in cause.message
    assert "cancelled out" in cause.cure and "= 6" in cause.evidence


@example(
    [1.0323875531297917, 1.5323875531297917, 0.5323875531297917],
    [("add", 0, 0)] * 2 + [("mul", 0, 1)],
    "add",
    "sign",
)
@example(
    [1.0 + math.pi / 97, 0.5 + math.pi / 97, 0.7823875531297917],
    [("add", 0, 2), ("add", 0, 3), ("add", 0, 2), ("add", 0, 2)],
    "add",
    "order",
)
@a_few
@given(
    st.lists(st.floats(0.31, 1.71).map(lambda x: x + math.pi / 97), min_size=3, max_size=3, unique=True),
    steps,
    st.sampled_from(list(FORWARD)),
    st.sampled_from(["sign", "assign", "order"]),
)
def test_whatever_is_broken_is_named(leaves: list[float], steps: Steps, op: str, how: str) -> None:
    right, wrong = build(leaves, steps), build(leaves, steps)
    right.backward()
    wrong.backward(op, how)
    assert causes(duck.record(right)) == []
    a, b = gradients(right), gradients(wrong)
    if np.all(np.abs(a - b) <= 1e-4 * np.maximum(np.abs(a), np.abs(b))):
        return  # nothing came of it
    graph = duck.record(wrong)
    found = [(cause.check, graph.op_of(cause.node)) for cause in causes(graph)]
    if how == "sign":
        if np.any((b == 0) & (a != 0)):  # what cancels to 0 looks like what was never computed
            assert {check for check, _ in found} <= {"wrong-local-derivative", "not-reached"} and found
        else:
            assert found == [("wrong-local-derivative", op)]
    elif how == "assign" or balance(owed(graph)).broken.sum() < 2:  # one number may have both reasons
        assert {check for check, _ in found} <= {"lost-gradient", "backward-order"} and found
    elif [check for check, _ in found] != ["lost-gradient"]:
        assert {check for check, _ in found} == {"backward-order"}
    else:  # all its numbers may be those of `=` in one rule as well
        (cause,) = causes(graph)
        assert "the same numbers come of a wrong order" in cause.cure and set(cause.explains) == set(
            broken(graph)
        )
