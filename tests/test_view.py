"""Which boxes are drawn: always a DAG, every value in exactly one box and within reach, calm at first."""

from __future__ import annotations

import random

import networkx as nx
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gradviz.acyclic import PARTS
from gradviz.errors import NotFoundError
from gradviz.folding import FOLD, RUN
from gradviz.graph import CONST, INPUT, OP, PARAM, Graph, Span
from gradviz.opening import MOST
from gradviz.timeline import Timeline
from gradviz.view import CALM, View

SCOPES = ("", "a", "a/b", "a/b/c[0]", "a/b/c[1]", "d", "d/e")
LINES = (None, Span("one.py", 1), Span("one.py", 2), Span("two.py", 1))
KEYS = (*SCOPES[1:], "@one.py:1", "a/@one.py:2", "not/in/this/graph", "a #2", "a + d")


class Builder:
    """Makes graphs value by value, with scopes and lines as a program would leave them."""

    def __init__(self) -> None:
        self.rows: list[tuple[str, int, list[int], str, int, str]] = []

    def leaf(self, kind: int = INPUT, scope: str = "", line: int = 1, name: str = "") -> int:
        self.rows.append(("", kind, [], scope, line, name))
        return len(self.rows) - 1

    def op(self, op: str, inputs: list[int], scope: str = "", line: int = 1, name: str = "") -> int:
        self.rows.append((op, OP, inputs, scope, line, name))
        return len(self.rows) - 1

    def graph(self) -> Graph:
        ops, kinds, inputs, scopes, lines, names = zip(*self.rows, strict=True)
        n, rng = len(self.rows), np.random.default_rng(0)
        op_names, scope_names, line_numbers = (
            list(dict.fromkeys(c)) for c in (["", *ops], ["", *scopes], lines)
        )
        return Graph(
            op_names=op_names,
            op=[op_names.index(op) for op in ops],
            kind=kinds,
            input_start=np.concatenate(([0], np.cumsum([len(row) for row in inputs]))),
            input=[i for row in inputs for i in row],
            data=rng.normal(size=n),
            grad=rng.normal(size=n),
            has_grad=np.array(kinds) != CONST,
            scopes=scope_names,
            scope=[scope_names.index(scope) for scope in scopes],
            spans=[Span("train.py", line) for line in line_numbers],
            source=[line_numbers.index(line) for line in lines],
            names={i: name for i, name in enumerate(names) if name},
        )


def mlp(samples: int, sizes: tuple[int, ...] = (2, 16, 16, 1)) -> Graph:
    """A multi-layer perceptron of single numbers with its loss, as the engine records it."""
    made = Builder()
    layers = list(enumerate(zip(sizes, sizes[1:], strict=False)))
    params: dict[str, list[int]] = {}
    outputs = []
    for _ in range(samples):
        values = [made.leaf(line=30) for _ in range(sizes[0])]
        for k, (_, wide) in layers:
            scopes = [f"MLP/layers[{k}]/neurons[{j}]" for j in range(wide)]
            for scope in scopes:
                if scope not in params:
                    params[scope] = [made.leaf(PARAM, scope, 10) for _ in range(len(values) + 1)]
            values = [neuron(made, params[scope], values, scope) for scope in scopes]
        outputs += values
    losses = [
        made.op("relu", [made.op("sub", [made.leaf(CONST, line=34), o], line=34)], line=34) for o in outputs
    ]
    total = losses[0]
    for loss in losses[1:]:
        total = made.op("add", [total, loss], line=36)
    made.op("mul", [total, made.leaf(CONST, line=37)], line=37, name="loss")
    return made.graph()


def neuron(made: Builder, weights: list[int], inputs: list[int], scope: str) -> int:
    total = weights[-1]
    for weight, x in zip(weights, inputs, strict=False):
        total = made.op("add", [total, made.op("mul", [weight, x], scope, 20)], scope, 20)
    return made.op("relu", [total], scope, 21)


def chain(length: int, scope_of: str = "") -> Graph:
    made = Builder()
    value = made.leaf(PARAM)
    for _ in range(length - 1):
        value = made.op("tanh", [value], scope_of, line=5)
    return made.graph()


@st.composite
def graphs(draw: st.DrawFn) -> Graph:
    n = draw(st.integers(1, 70))
    rng = random.Random(draw(st.integers(0, 2**32)))
    arity = [0 if i == 0 else rng.choice((0, 1, 2, 2)) for i in range(n)]
    return Graph(
        op_names=["", "tanh", "mul"],
        op=arity,
        kind=[OP if k else rng.choice((CONST, INPUT, PARAM)) for k in arity],
        input_start=np.concatenate(([0], np.cumsum(arity))),
        input=[rng.randrange(i) for i, k in enumerate(arity) for _ in range(k)],
        data=[rng.gauss(0, 1) for _ in range(n)],
        grad=[rng.gauss(0, 1) for _ in range(n)],
        has_grad=[True] * n,
        scopes=SCOPES,
        scope=[rng.randrange(len(SCOPES)) for _ in range(n)],
        spans=LINES,
        source=[rng.randrange(len(LINES)) for _ in range(n)],
    )


@st.composite
def views(draw: st.DrawFn) -> View:
    graph, limit = draw(graphs()), draw(st.integers(1, 80))
    how = draw(st.sampled_from(("auto", "keys", "depth")))
    if how == "auto":
        return View(graph, limit=limit)
    if how == "depth":
        return View(graph, depth=draw(st.integers(0, 4)), limit=limit)
    return View(graph, draw(st.sets(st.sampled_from(KEYS))), limit=limit)


@settings(max_examples=500, deadline=None)
@given(views())
def test_a_view_is_a_dag(view: View) -> None:
    assert nx.is_directed_acyclic_graph(view.to_networkx())


@settings(deadline=None)
@given(views())
def test_every_value_is_in_exactly_one_box_and_every_edge_between_boxes_is_drawn_once(view: View) -> None:
    graph = view.graph
    assert sorted(node for box in view.boxes for node in box.nodes.tolist()) == list(range(len(graph)))
    for box in view.boxes:
        assert view.boxes[box.index] is box and box.count == len(box.nodes)
        assert (view.box_of[box.nodes] == box.index).all()
        assert (box.node is not None) == (box.count == 1) == (not box.expandable)
    for edge in view.edges:
        assert view.edges[edge.index] is edge and edge.count == len(edge.edges)
        assert (view.edge_of[edge.edges] == edge.index).all()
        assert (view.box_of[graph.input[edge.edges]] == edge.source).all()
        assert (view.box_of[graph.consumer[edge.edges]] == edge.target).all()
    inside = view.box_of[graph.input] == view.box_of[graph.consumer]
    np.testing.assert_array_equal(view.edge_of < 0, inside)


@settings(deadline=None)
@given(views())
def test_keys_are_unique_and_lead_back_to_their_box(view: View) -> None:
    keys = [box.key for box in view.boxes]
    assert len(set(keys)) == len(keys)
    assert all(view.find(box.key) is box for box in view.boxes)
    again = View(view.graph, view.expanded, limit=view.limit)
    assert [box.key for box in again.boxes] == keys


@settings(deadline=None)
@given(views())
def test_opening_shows_more_and_closing_it_goes_back(view: View) -> None:
    for box in view.boxes:
        if box.expandable:
            opened = view.expand(box.key)
            assert opened.expanded > view.expanded
            assert set(box.opens) <= opened.expanded
    for key in view.expanded:
        assert key not in view.collapse(key).expanded


@settings(deadline=None)
@given(views())
def test_every_value_is_reached_by_opening(view: View) -> None:
    for _ in range(20):
        box = next((box for box in view.boxes if box.expandable), None)
        if box is None:
            break
        view = view.expand(box.key)
    assert len(view.boxes) == len(view.graph)


@settings(deadline=None)
@given(views(), st.floats(0, 1))
def test_facts_of_boxes_and_edges_agree_with_a_count_by_hand(view: View, share: float) -> None:
    graph = view.graph
    timeline = Timeline(graph)
    frame = timeline.frame(round(share * len(timeline)))
    done = [step for step in timeline.steps(0, frame.k) if step.event in ("seed", "carry")]
    for box in view.boxes:
        facts, inside = view.summary(box, frame), box.nodes.tolist()
        grads = [frame.grad_of(i) for i in inside if frame.grad_of(i) is not None]
        data = [graph.data[i] for i in inside if frame.computed[i]]
        assert facts.total == len(inside) and facts.computed == len(data)
        assert facts.grads == sum(step.node in inside for step in done) <= facts.grads_total
        assert facts.done_grads == len(grads) and facts.nonfinite == 0
        if data:
            assert (facts.data_min, facts.data_max) == (min(data), max(data))
        if grads:
            assert facts.grad_norm == max(abs(grad) for grad in grads)
            assert facts.zero_share == sum(grad == 0 for grad in grads) / len(grads)
    for edge, flow in zip(view.edges, view.flows(frame), strict=True):
        travelled = [step.edge for step in done if step.edge in edge.edges]
        assert flow.carried == len(travelled) <= flow.total <= edge.count
        assert not travelled or flow.largest == max(abs(graph.cotangent[e]) for e in travelled)


def test_a_small_graph_is_shown_whole() -> None:
    graph = mlp(1, (2, 2, 1))
    assert len(graph) <= CALM
    view = View(graph)
    assert view.note == f"all {len(graph)} values" and not [box for box in view.boxes if box.expandable]


def test_a_square_keeps_its_two_edges() -> None:
    made = Builder()
    a = made.leaf()
    made.op("mul", [a, a])
    view = View(made.graph())
    assert [(edge.source, edge.target, edge.slot) for edge in view.edges] == [(0, 1, 0), (0, 1, 1)]
    assert view.to_networkx().number_of_edges("n0", "n1") == 2


def test_a_first_look_at_65_000_values_is_calm() -> None:
    graph = mlp(100)
    assert len(graph) > 65_000
    view = View(graph)
    assert 8 <= len(view.boxes) <= 40
    titles = [box.title for box in view.boxes]
    assert {"layers[0]", "layers[1]", "layers[2]", "loss"} <= set(titles)
    layer = view.find("MLP/layers[1]")
    assert layer.subtitle == "ReLU · 16 neurons" and layer.scope == "MLP"
    assert view.note == f"{len(graph):,} values in {len(view.boxes)} boxes"


@pytest.mark.parametrize("limit", [10, 60, 200])
@pytest.mark.parametrize("samples", [1, 3, 20])
def test_opening_by_itself_keeps_to_its_limit(limit: int, samples: int) -> None:
    assert len(View(mlp(samples, (2, 8, 8, 1)), limit=limit).boxes) <= limit


def test_depth_opens_the_programs_scopes_only() -> None:
    graph = mlp(5)
    assert "MLP" in [box.key for box in View(graph, depth=0).boxes]
    assert View(graph, depth=1).find("MLP/layers[0]").count > 1
    assert View(graph, depth=2).find("MLP/layers[0]/neurons[3]").count > 1


def test_a_crowded_scope_folds_by_line_then_by_op_then_into_runs() -> None:
    made = Builder()
    for _ in range(3 * RUN):
        a, b = made.leaf(line=7), made.leaf(line=7)
        made.op("add", [made.op("mul", [a, b], line=7), a], line=8)
    graph = made.graph()
    lines = View(graph, ())
    assert [box.key for box in lines.boxes] == ["@train.py:7", "@train.py:8"]
    assert lines.find("@train.py:7").title == "line 7"
    ops = lines.expand("@train.py:7")
    assert {box.title for box in ops.boxes} == {"input", "×", "line 8"}
    assert ops.find("@train.py:7/@mul").subtitle == "line 7"
    runs = ops.expand("@train.py:7/@mul")
    run = next(box for box in runs.boxes if box.key.startswith("@train.py:7/@mul/@"))
    assert run.title.startswith("× 1–") and 1 < run.count <= 2 * FOLD
    assert runs.expand(run.key).find(f"n{run.nodes[0]}").node == run.nodes[0]


def test_a_box_that_would_hold_one_box_opens_through() -> None:
    view = View(mlp(100), ()).expand("MLP")
    assert view.find("MLP/layers[2]").count > 1
    inner = view.expand("MLP/layers[2]")
    assert {"MLP/layers[2]", "MLP/layers[2]/neurons[0]"} <= inner.expanded


def test_a_call_that_is_left_and_entered_again_is_drawn_in_parts() -> None:
    made = Builder()
    value = made.leaf()
    for _ in range(3):
        value = made.op("mul", [made.op("tanh", [value], "cell"), value], "cell")
        value = made.op("add", [value, made.leaf()], "out")
        value = made.op("neg", [value], "out")
    view = View(made.graph(), ())
    cells = [box for box in view.boxes if box.key.startswith("cell")]
    assert [box.key for box in cells] == ["cell #1", "cell #2", "cell #3"]
    assert cells[1].title == "cell · part 2 of 3" and cells[1].opens == ("cell",)
    assert view.expand("cell #2").expanded == {"cell"}


def test_only_the_groups_on_the_cycle_are_split() -> None:
    made = Builder()
    value = made.op("tanh", [made.leaf()], "before")
    value = made.op("tanh", [value], "before")
    for _ in range(2):
        value = made.op("neg", [made.op("tanh", [value], "a")], "a")
        value = made.op("neg", [made.op("tanh", [value], "b")], "b")
    keys = [box.key for box in View(made.graph(), ()).boxes]
    assert keys == ["n0", "before", "a #1", "b #1", "a #2", "b #2"]


def test_where_parts_would_be_too_many_the_groups_are_one_box() -> None:
    made = Builder()
    value = made.leaf()
    for _ in range(2 * PARTS):
        value = made.op("tanh", [made.op("tanh", [value], "a")], "a")
        value = made.op("tanh", [made.op("tanh", [value], "b")], "b")
    view = View(made.graph(), ())
    assert [box.key for box in view.boxes] == ["n0", "a + b"]
    assert view.find("a + b").title == "a, b" and view.find("a + b").opens == ("a", "b")
    assert len(view.expand("a + b").boxes) == len(view.graph)


def test_a_request_for_too_many_boxes_keeps_the_largest_closed_and_says_so() -> None:
    made = Builder()
    for scope, count in (("small", 30), ("large", 2 * MOST)):
        for k in range(count):
            made.leaf(scope=scope, line=k)
    graph = made.graph()
    view = View(graph, {"small", "large"}, limit=len(graph))
    assert len(view.boxes) <= MOST
    assert view.find("large").count == 2 * MOST
    assert "large stayed closed, because a view holds at most 1,000 boxes" in view.note


@pytest.mark.parametrize("scopes", [True, False])
def test_very_many_lines_or_scopes_are_gathered(scopes: bool) -> None:
    made = Builder()
    for k in range(5_000):
        made.op("neg", [made.leaf(scope=f"s{k}" if scopes else "", line=k)], f"s{k}" if scopes else "", k)
    view = View(made.graph())
    assert len(view.boxes) <= CALM
    opened = view.expand(view.boxes[0].key)
    assert len(view.boxes) < len(opened.boxes) <= MOST


def test_names_that_are_not_there_are_answered_with_those_that_are() -> None:
    view = View(mlp(5), ())
    with pytest.raises(NotFoundError, match="It has @train.py:30, MLP"):
        view.find("nowhere")
    with pytest.raises(NotFoundError, match="no box 'nowhere'"):
        view.expand("nowhere")
    with pytest.raises(NotFoundError, match="Open are: none"):
        view.collapse("MLP")


def test_scopes_lists_what_is_open_and_what_lies_right_below() -> None:
    view = View(mlp(5), {"MLP"})
    rows = {row.key: row for row in view.scopes()}
    assert rows["MLP"].open and rows["MLP"].parent == ""
    assert not rows["MLP/layers[0]"].open and rows["MLP/layers[0]"].parent == "MLP"
    assert "MLP/layers[0]/neurons[0]" not in rows


def test_files_of_one_name_are_told_apart() -> None:
    made = Builder()
    for _ in range(100):
        made.leaf()
    graph = made.graph()
    spans = (Span("a/model.py", 3), Span("b/model.py", 3))
    view = View(graph.replace(spans=spans, source=[i % 2 for i in range(100)]), ())
    assert [box.key for box in view.boxes] == ["@a/model.py:3", "@b/model.py:3"]


def test_arrays_count_with_their_largest_elements() -> None:
    arrays = {0: np.array([1.0, -4.0]), 1: np.array([np.inf, 2.0])}
    graph = Graph(
        op_names=["", "mul"],
        op=[0, 1],
        kind=[PARAM, OP],
        input_start=[0, 0, 2],
        input=[0, 0],
        data=[np.nan, np.nan],
        grad=[np.nan, np.nan],
        has_grad=[True, True],
        scopes=["", "s"],
        scope=[1, 1],
        arrays={"data": arrays, "grad": {0: np.array([0.5, -3.0]), 1: np.ones(2)}},
    )
    timeline, view = Timeline(graph), View(graph, ())
    facts = view.summary(view.boxes[0], timeline.frame(len(timeline)))
    assert (facts.data_min, facts.data_max, facts.grad_norm, facts.nonfinite) == (-4.0, 2.0, 3.0, 1)
    assert np.isnan(view.summary(view.boxes[0], timeline.frame(0)).data_min)


def test_an_empty_graph_has_an_empty_view() -> None:
    graph = Graph(op_names=[""], op=[], kind=[], input_start=[0], input=[], data=[])
    view = View(graph)
    assert view.boxes == [] and view.edges == [] and view.note == "all 0 values"
    assert view.summaries(Timeline(graph).frame(0)) == []


@pytest.mark.slow
def test_a_chain_of_a_million_ops_is_a_handful_of_boxes() -> None:
    view = View(chain(1_000_000))
    assert len(view.boxes) <= 3
    for _ in range(4):
        box = max(view.boxes, key=lambda box: box.count)
        view = view.expand(box.key)
    assert len(view.boxes) <= MOST + 2
