"""One sentence for every step, with the numbers that are really there."""

from __future__ import annotations

import re

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gradviz import Value, record, where
from gradviz.explain import Explanation, explain
from gradviz.explain.phrasing import LONGEST, derivative, equation, expression_in_numbers, typeset
from gradviz.graph import INPUT, OP, Graph, Update
from gradviz.ops import OPS
from gradviz.timeline import Timeline


def karpathy() -> Graph:
    """The neuron of the micrograd lecture."""
    x1, x2 = Value(2.0, "x1"), Value(0.0, "x2")
    w1, w2 = Value(-3.0, "w1", kind="param"), Value(1.0, "w2", kind="param")
    b = Value(6.8813735870195432, "b", kind="param")
    n = x1 * w1 + x2 * w2 + b
    n.name = "n"
    o = n.tanh()
    o.name = "o"
    o.backward()
    graph = record(o)
    return graph.replace(updates=[Update(graph.find("w1"), -3.0, -3.1, "SGD(lr=0.1)")])


def told(graph: Graph, event: str, name: str) -> Explanation:
    """The explanation of the first such event at a node."""
    timeline, node = Timeline(graph), graph.find(name)
    return next(explain(graph, s, timeline) for s in timeline if s.event == event and s.node == node)


@pytest.mark.parametrize(
    ("event", "node", "sentence"),
    [
        ("compute", "x1", "x1 = 2: an input."),
        ("compute", "w1", "w1 = -3: a parameter."),
        ("compute", "n", "n = x1*w1 + x2*w2 + b = -6 + 6.881 = 0.8814"),
        ("compute", "o", "o = tanh(n) = tanh(0.8814) = 0.7071"),
        ("enter", "o", "The visit starts at the root, o."),
        ("enter", "n", "Visit the inputs of o first: n."),
        ("leave", "x1", "x1 has no inputs, so x1 is number 1."),
        ("leave", "n", "All inputs of n have their place, so n is number 9."),
        ("seed", "o", "∂o/∂o = 1: the gradient of o with respect to itself."),
        ("carry", "n", "o = tanh(n) passes 1 × 0.5 = 0.5 back to n."),
        ("carry", "w1", "x1*w1 passes 0.5 × 2 = 1 back to w1."),
        ("carry", "w2", "x2*w2 passes 0.5 × 0 = 0 back to w2. Nothing gets through."),
        ("update", "w1", "w1 moves against its gradient: -3 − 0.1 × 1 = -3.1."),
    ],
)
def test_the_neuron_in_sentences(event: str, node: str, sentence: str) -> None:
    assert told(karpathy(), event, node).sentence == sentence


def test_the_chain_rule_with_symbols_then_with_numbers() -> None:
    graph = karpathy()
    assert told(graph, "carry", "w1").formula == [
        "∂o/∂w1 += ∂o/∂(x1*w1) · ∂(x1*w1)/∂w1",
        "= 0.5 × 2 = 1",
        "because ∂(x1*w1)/∂w1 = x1 = 2",
    ]
    assert told(graph, "carry", "n").formula[2] == "because ∂o/∂n = 1 − o² = 0.5"
    assert told(graph, "carry", "n").rule == OPS["tanh"].sentence


def test_gradients_that_add_up_are_added_up() -> None:
    a = Value(3.0, "a")
    square = a * a
    square.name = "square"
    square.backward()
    graph = record(square)
    timeline = Timeline(graph)
    first, second = (explain(graph, s, timeline) for s in timeline if s.event == "carry")
    assert "a receives 2 gradients; they add up" in first.sentence
    assert first.formula[0].startswith("∂square/∂a +=")
    assert second.formula[-1] == "so far 3, now 3 + 3 = 6"


def test_the_root_is_called_l_when_its_name_is_long_or_missing() -> None:
    for name in ("", "the_training_loss"):
        loss = Value(2.0, "x") * 3
        if name:
            loss.name = name
        loss.backward()
        assert told(record(loss), "seed", f"n{record(loss).root}").formula == ["∂L/∂L = 1"]


def test_a_gradient_left_from_before_is_said() -> None:
    graph = karpathy()
    prior = np.zeros(len(graph))
    w = graph.find("w1")
    prior[w] = 0.5
    grad = graph.grad.copy()
    grad[w] = 1.5
    lines = told(graph.replace(prior=prior, grad=grad), "carry", "w1").formula
    assert lines[-1] == "left from before this pass 0.5, now 0.5 + 1 = 1.5"


def test_a_recorded_gradient_that_is_not_the_sum_is_said() -> None:
    graph = karpathy()
    grad = graph.grad.copy()
    grad[graph.find("w1")] = 7.0
    lines = told(graph.replace(grad=grad), "carry", "w1").formula
    assert "the recorded gradient is 7" in lines[-1]


@pytest.mark.parametrize(
    ("rule", "after", "grad", "sentence"),
    [
        ("", 1.9, 1.0, "p moves against its gradient: 2 − 0.1 × 1 = 1.9."),
        ("SGD(lr=0.1)", 1.9, 1.0, "p moves against its gradient: 2 − 0.1 × 1 = 1.9."),
        ("SGD(lr=0.1)", 2.1, -1.0, "p moves against its gradient: 2 − 0.1 × (-1) = 2.1."),
        ("Adam(lr=0.001)", 1.9, 1.0, "p moves against its gradient: 2 − 0.1 = 1.9."),
        ("", 2.1, 1.0, "p moves along its gradient, uphill: 2 + 0.1 = 2.1."),
        ("", 2.0, 0.0, "p stays at 2; its gradient is 0."),
        ("", 1.5, 0.0, "p moves: 2 − 0.5 = 1.5."),
    ],
)
def test_updates(rule: str, after: float, grad: float, sentence: str) -> None:
    graph = Graph(
        op_names=[""],
        op=[0],
        kind=[2],
        input_start=[0, 0],
        input=[],
        data=[2.0],
        grad=[grad],
        has_grad=[True],
        names={0: "p"},
        updates=[Update(0, 2.0, after, rule)],
    )
    found = told(graph, "update", "p")
    assert found.sentence == sentence and found.rule == rule


def test_where_nan_begins_it_is_said() -> None:
    x = Value(0.0, "x")
    out = where(x.data > 0, x.log(), 0.0)
    out.backward()
    graph = record(out)
    log = next(node for node in range(len(graph)) if graph.op_of(node) == "log")
    assert told(graph, "compute", f"n{log}").sentence.endswith("this is where it begins.")
    assert told(graph, "carry", "x").sentence.endswith("the trouble begins here.")
    assert "0 × inf = nan" in told(graph, "carry", "x").formula[1]


def test_arrays_show_shapes_and_the_vjp_and_no_huge_numbers() -> None:
    x = Value(np.arange(600.0).reshape(200, 3), "x")
    w, b = Value(np.ones((3, 2)), "w", kind="param"), Value(np.zeros(2), "b", kind="param")
    loss = (x @ w + b).sum()
    loss.name = "loss"
    loss.backward()
    graph = record(loss)
    made = next(node for node in range(len(graph)) if graph.op_of(node) == "matmul")
    assert told(graph, "compute", f"n{made}").formula == ["x @ w", "200×3 @ 3×2 → 200×2"]
    assert told(graph, "carry", "w").formula[0] == "∂loss/∂w += xᵀ @ (∂loss/∂(x @ w))"
    assert told(graph, "carry", "b").formula[-1] == "summed from 200×2 to 2, because it was broadcast"
    timeline = Timeline(graph)
    for step in timeline:
        found = explain(graph, step, timeline)
        assert len(" ".join([found.sentence, *found.formula])) < 400


def test_an_op_that_nobody_knows_gets_the_general_rule() -> None:
    graph = Graph(
        op_names=["", "mystery"],
        op=[0, 0, 1],
        kind=[INPUT, INPUT, OP],
        input_start=[0, 0, 0, 2],
        input=[0, 1],
        data=[1.0, 2.0, 5.0],
        grad=[0.25, 0.5, 1.0],
        has_grad=[True] * 3,
        cotangent=[0.25, 0.5],
        has_cotangent=[True, True],
        names={0: "a", 1: "b", 2: "m"},
    )
    assert told(graph, "compute", "m").sentence == "m = mystery(a, b) = mystery(1, 2) = 5"
    found = told(graph, "carry", "b")
    assert found.sentence == "m = mystery(a, b) passes 0.5 back to b."
    assert found.formula == ["∂m/∂b += ∂m/∂m · ∂m/∂b", "= 0.5"]
    assert found.rule.startswith("The chain rule")


@pytest.mark.parametrize("name", sorted(OPS))
def test_every_op_can_be_told(name: str) -> None:
    op = OPS[name]
    n = len(op.example)
    z = op.forward(*op.example)
    values = [*op.example, z]
    arrays = {i: np.asarray(v) for i, v in enumerate(values) if np.ndim(v)}
    graph = Graph(
        op_names=["", name],
        op=[0] * n + [1],
        kind=[INPUT] * n + [OP],
        input_start=[0] * (n + 1) + [n],
        input=range(n),
        data=[np.nan if np.ndim(v) else v for v in values],
        grad=[np.nan] * n + [1.0],
        has_grad=[True] * (n + 1),
        arrays={"data": arrays, "grad": {n: np.ones(np.shape(z))} if np.ndim(z) else {}},
        names={i: f"in{i}" for i in range(n)} | {n: "out"},
    )
    timeline = Timeline(graph)
    for step in timeline:
        found = explain(graph, step, timeline)
        assert found.sentence and found.sentence[0] != " "
        if step.event == "carry":
            assert found.rule == op.sentence and len(found.formula) >= 2
            assert not re.search(r"\b[xyzg]\b(?!\()", found.formula[0])
    for slot in range(n):
        assert derivative(graph, n, slot)


@given(st.text(min_size=1, max_size=200))
def test_any_name_fits_into_a_sentence(name: str) -> None:
    graph = karpathy()
    graph = graph.replace(names={**graph.names, graph.find("n"): name})
    timeline = Timeline(graph)
    for step in timeline:
        assert len(explain(graph, step, timeline).sentence) < 4 * LONGEST + 200


def test_negative_operands_stand_in_brackets() -> None:
    graph = record(Value(-2.0, "a") * Value(-3.0, "b") - Value(-1.0, "c"))
    assert expression_in_numbers(graph, graph.root) == "6 - (-1)"
    graph = record(Value(-2.0, "a") ** 2)
    assert expression_in_numbers(graph, graph.root) == "(-2)**2"


def test_equations_use_names_where_there_are_any() -> None:
    total = (Value(1.0, "a") + Value(2.0, "b")) * Value(3.0, "c")
    total.name = "t"
    graph = record(total)
    assert equation(graph, graph.root) == "t = (a + b)*c"


@pytest.mark.parametrize("name", sorted(OPS))
def test_formulas_are_typeset_without_losing_a_bracket(name: str) -> None:
    for text in OPS[name].derivative:
        pretty = typeset(text)
        assert "*" not in pretty and pretty.count("(") == pretty.count(")")
