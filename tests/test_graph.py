"""Graph: its columns, its names, its laws."""

from __future__ import annotations

import ast
import time
from typing import Any

import numpy as np
import pytest

from gradviz import Graph, Value, record
from gradviz.errors import NotFoundError
from gradviz.graph import KINDS, Span, Update
from gradviz.summary import magnitude, summarise, text_of


def square() -> Graph:
    """``x * x`` at 3, as a recorder would hand it over."""
    return Graph(
        op_names=["", "mul"],
        op=[0, 1],
        kind=[1, 3],
        input_start=[0, 0, 2],
        input=[0, 0],
        data=[3, 9],
        grad=[6, 1],
        has_grad=[True, True],
        names={0: "x"},
    )


def neuron() -> Graph:
    x, w, b = Value(2.0, "x"), Value(-3.0, "w", kind="param"), Value(6.88, "b", kind="param")
    loss = (x * w + b).tanh()
    loss.backward()
    return record(loss)


# -- columns


def test_columns() -> None:
    graph = neuron()
    assert [KINDS[k] for k in graph.kind] == ["input", "param", "op", "param", "op", "op"]
    assert [graph.op_of(i) for i in range(6)] == ["", "", "mul", "", "add", "tanh"]
    assert graph.input_start.tolist() == [0, 0, 0, 2, 2, 4, 5] and graph.input.tolist() == [0, 1, 2, 3, 4]
    assert graph.consumer.tolist() == [2, 2, 4, 4, 5] and graph.root == 5
    assert (len(graph), graph.edge_count) == (6, 5)
    types = {
        "op": "int16",
        "kind": "uint8",
        "input": "int64",
        "data": "float64",
        "has_grad": "bool",
        "scope": "int32",
    }
    assert {key: getattr(graph, key).dtype.name for key in types} == types


def test_edges_and_their_numbers() -> None:
    graph = square()
    assert [(e.source, e.target, e.slot, e.local, e.cotangent) for e in graph.edges()] == [
        (0, 1, 0, 3.0, 3.0),
        (0, 1, 1, 3.0, 3.0),
    ]
    assert graph.consumers_of(0).tolist() == graph.inputs_of(1).tolist() == [0, 1]
    assert graph.validate() == []


def test_a_graph_cannot_be_written_to() -> None:
    v = Value(np.ones(3))
    loss = (v * 2).sum()
    loss.backward()
    graph = record(loss)
    for column in (
        graph.data,
        graph.grad,
        graph.input,
        graph.prior,
        graph.arrays["data"][0],
        graph.arrays["grad"][0],
    ):
        with pytest.raises(ValueError, match="read-only"):
            column[0] = 5


def test_42_a_graph_is_a_snapshot() -> None:
    w = Value(np.array([1.0, 2.0]), "w")
    loss = (w * w).sum()
    loss.backward()
    graph = record(loss)
    w.grad *= 0
    w.data[0] = 50.0
    w.name = "other"
    node = graph.node("w")
    assert (node.data.tolist(), node.grad.tolist()) == ([1.0, 2.0], [2.0, 4.0])  # type: ignore[union-attr]


def test_columns_of_the_wrong_length_are_refused() -> None:
    with pytest.raises(ValueError, match=r"column of 2 uint8 was needed, not one of shape \(3,\)"):
        Graph(op_names=[""], op=[0, 0], kind=[1, 1, 1], input_start=[0, 0, 0], input=[], data=[1, 2])


def test_measured_cotangents_are_kept() -> None:
    base = square()
    columns: dict[str, Any] = {
        key: getattr(base, key) for key in ("op_names", "op", "kind", "input_start", "input")
    }
    graph = Graph(
        **columns, data=base.data, grad=base.grad, has_grad=base.has_grad,
        cotangent=[1.0, 5.0], local=[np.nan, 2.0], has_cotangent=[True, True],
    )  # fmt: skip
    assert graph.measured and [e.cotangent for e in graph.edges()] == [1.0, 5.0]
    assert [e.local for e in graph.edges()] == [None, 2.0] and graph.validate() == []
    assert [e.cotangent for e in graph.replace(names={0: "x"}).edges()] == [1.0, 5.0]
    assert not base.measured


def test_replace() -> None:
    update = Update(0, 3.0, 2.4, "SGD(lr=0.1)", Span("a.py", 3))
    graph = square().replace(updates=[update])
    assert graph.updates == (update,) and square().updates == () and graph.label(0) == "x"
    assert str(update.source) == "a.py:3"


# -- states: not computed, zero, a value; and what is no number


def test_44_states() -> None:
    x, dead, c = Value(2.0, "x"), Value(-1.0, "dead"), Value(0.0, "c")
    loss = x * 3.0 + dead.relu() + (1 / c) * 0.0
    assert {n.name: n.state for n in record(loss).nodes() if n.name} == dict.fromkeys(
        ("x", "dead", "c"), "not computed"
    )
    loss.backward()
    states = {n.label: n.state for n in record(loss).nodes()}
    assert [states[key] for key in ("x", "3", "dead", "c")] == ["value", "not asked", "zero", "non-finite"]
    v = Value(np.array([0.0, 0.0]))
    (v * 0.0).sum().backward()
    assert record(v).node(0).state == "zero"


# -- names


def test_finding_nodes() -> None:
    graph = neuron()
    assert (graph.find("w"), graph.find("n4"), graph.find(4), graph.find(np.int64(4))) == (1, 4, 4, 4)
    for key, hint in (
        ("ww", r"Did you mean w\?"),
        ("loss", r"nodes n0 to n5"),
        (6, "n0 to n5"),
        (-1, "n0 to n5"),
    ):
        with pytest.raises(NotFoundError, match=rf"There is no node .*{key}.*{hint}"):
            graph.find(key)  # type: ignore[arg-type]
    for strange in ("n99", "n-1", "n²", "n", "", "n1.0"):
        with pytest.raises(NotFoundError):
            graph.find(strange)
    with pytest.raises(NotFoundError, match=r"no edge 5.*edges 0 to 4"):
        graph.edge(5)


NAMES = [
    "",
    "a\nb",
    "🙂",
    "\u202eabc",
    "\ud800",
    "\x00",
    "a:b",
    "node",
    "\\N",
    "<b>",
    "7",
    "n0",
    "x" * 1_000_000,
]


def test_40_names_are_kept_exactly() -> None:
    values = [Value(float(k), name) for k, name in enumerate(NAMES)]
    graph = record(sum(values, Value(0.0)))
    held = list(graph.names.values())
    assert held == [name for name in NAMES if name]
    for name in held:
        assert graph.node(name).name == name
    started = time.perf_counter()
    with pytest.raises(NotFoundError) as caught:
        graph.find("y" * 1_000_000)
    assert len(str(caught.value)) < 300 and time.perf_counter() - started < 1
    twice = record(Value(1.0, "a") + Value(2.0, "a"))
    assert twice.find("a") == 1


@pytest.mark.parametrize(
    "text",
    [
        *(
            "a - (b - c)",
            "a - b - c",
            "(a + b)*c",
            "a*b + c",
            "(a**b)**c",
            "a**b**c",
            "-a**b",
            "(-a)**b",
            "a**-b",
        ),
        *(
            "-(a + b)",
            "a/(b*c)",
            "a*b/c",
            "a*-b",
            "a - -1",
            "(-1)**a",
            "a**-1",
            "abs(a)",
            "-2*a",
            "a/b/c",
            "a/(b/c)",
        ),
    ],
)
def test_labels_are_the_expression(text: str) -> None:
    scope: dict[str, Any] = {name: Value(float(k + 2), name) for k, name in enumerate("abc")}
    graph = record(eval(text, scope))
    written = graph.label(graph.root)
    assert ast.dump(ast.parse(written)) == ast.dump(ast.parse(text)), written


def test_labels_stay_short() -> None:
    a = Value(0.123456789, "a")
    assert record(a.tanh().tanh()).label(2) == "tanh(tanh(a))"
    assert record(a * 0.123456789).label(2) == "a*0.1235"
    deep = record(a.tanh().tanh().tanh().tanh())
    assert deep.label(deep.root) == "n4"
    assert record(Value(1.0) + 1).label(0) == "n0"
    assert record(Value(1.0, "a" * 30) + 1).label(2) == "n2"
    assert repr(neuron()) == "Graph(6 values, 5 edges, root tanh(x*w + b))"


# -- the laws


def test_a_gradient_that_is_not_the_sum_is_named() -> None:
    graph = square().replace(grad=[3.0, 1.0])  # "=" where "+=" belongs
    assert graph.validate() == ["x (n0): its gradient is 3.0, but what came back adds up to 6.0"]
    assert square().replace(grad=[np.nan, 1.0]).validate() and square().replace(grad=[np.inf, 1.0]).validate()
    assert square().replace(grad=[6.0 * (1 + 1e-14), 1.0]).validate() == []
    assert square().replace(prior=[1.0, 0.0], grad=[7.0, 1.0]).validate() == []


def test_a_gradient_of_an_array_that_is_not_the_sum_is_named() -> None:
    v = Value(np.ones(2), "v")
    loss = (v * v).sum()
    loss.backward()
    graph = record(loss)
    wrong = graph.replace(arrays={**graph.arrays, "grad": {**graph.arrays["grad"], 0: np.array([2.0, 3.0])}})
    [sentence] = wrong.validate()
    assert sentence == "v (n0): its gradient is 2 · 2 … 3, but what came back adds up to 2 · 2 … 2"


def test_stale_gradients_are_a_finding_not_a_crash() -> None:
    w = Value(3.0, "w")
    first, second = w * 2, w * 5
    first.backward()
    second.backward()
    assert record(second).validate() == []
    [sentence] = record(first).validate()  # another pass has added to it since
    assert "w (n0): its gradient is 7.0, but what came back adds up to 2.0" in sentence


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        (
            {"input": [1, 0]},
            "n1 reads n1, which was not made before it: the graph has a cycle or is out of order",
        ),
        ({"input": [-1, 0]}, "n1 reads n-1"),
        ({"kind": [1, 2]}, "n1 is a leaf, but has inputs"),
        ({"input_start": [0, 2, 1]}, "input_start is not a rising count"),
        ({"op": [0, 7]}, "n1 names op 7, but there are 2"),
        ({"kind": [9, 3]}, "n0 names kind 9, but there are 4"),
        ({"scope": [0, 3]}, "n1 names scope 3"),
        ({"source": [-1, 0]}, "n0 names source -1"),
        ({"root": 2}, "the root n2 is not a node: there are n0 to n1"),
    ],
)
def test_39_tampering_is_named(changes: dict[str, Any], sentence: str) -> None:
    assert sentence in square().replace(**changes).validate()[0]


def test_many_broken_laws_are_counted() -> None:
    n = 2000
    graph = Graph(
        op_names=["", "neg"], op=[0] + [1] * n, kind=[1] + [3] * n, input_start=[0, *range(n + 1)],
        input=range(1, n + 1), data=np.zeros(n + 1),
    )  # fmt: skip
    broken = graph.validate()
    assert len(broken) == 21 and broken[-1] == "… and 1,980 more"


def test_41_no_nodes_and_one() -> None:
    empty = Graph(op_names=[""], op=[], kind=[], input_start=[0], input=[], data=[])
    assert empty.validate() == ["the graph has no nodes"] and repr(empty) == "Graph(0 values, 0 edges)"
    assert len(empty.to_networkx()) == 0
    one = record(Value(2.0, "x"))
    assert (len(one), one.validate(), one.node(0).state) == (1, [], "not computed")


def test_41_a_fan_out_of_100_000() -> None:
    x = Value(2.0, "x")
    loss = Value(0.0)
    for _ in range(100_000):
        loss = loss + x
    loss.backward()
    graph = record(loss)
    assert x.grad == 100_000.0 and len(graph.consumers_of(graph.find("x"))) == 100_000
    assert graph.validate() == []


def test_what_nobody_reads_is_left_out() -> None:
    a, b = Value(1.0, "a"), Value(2.0, "b")
    _ = (a * b).exp()
    graph = record(a + 1)
    assert [n.label for n in graph.nodes()] == ["a", "1", "a + 1"]


def test_unknown_ops_are_not_accused() -> None:
    graph = square().replace(op_names=["", "mystery"], grad=[17.0, 1.0])
    assert graph.validate() == [] and [e.cotangent for e in graph.edges()] == [None, None]


# -- arrays in few words


def test_summaries() -> None:
    s = summarise(np.array([[0.0, -3.0], [np.nan, 4.0]]))
    assert (s.shape, s.size, s.min, s.max, s.norm, s.zeros, s.nonfinite) == ((2, 2), 4, -3.0, 4.0, 5.0, 1, 1)
    assert s.mean == pytest.approx(1 / 3)
    assert (
        summarise(np.array([])).text() == "0" and summarise(np.array([np.inf])).text() == "1 · 1 non-finite"
    )
    assert summarise(np.array([1e308, 1e308])).max == 1e308  # nor a warning
    assert text_of(np.array([np.nan, np.nan])) == "2" and text_of(np.zeros((2, 0))) == "2×0"
    assert text_of(None) == "–" and text_of(1e-9) == "1e-09" and text_of(np.float64(2.0)) == "2"
    assert magnitude(None) is None and magnitude(-2.0) == 2.0 and magnitude(np.array([])) == 0.0
    assert np.isnan(magnitude(np.array([1.0, np.nan])))  # type: ignore[arg-type]
