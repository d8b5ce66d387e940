"""Which boxes are drawn: always a DAG, every value in exactly one box and within reach, calm at first."""

from __future__ import annotations

import random

import networkx as nx
import numpy as np
import pytest
from graphs import Builder, chain, mlp
from hypothesis import given, settings
from hypothesis import strategies as st

from gradviz.errors import NotFoundError
from gradviz.graph import CONST, INPUT, OP, PARAM, Graph, Span
from gradviz.timeline import Timeline
from gradviz.view import CALM, MOST, MOST_EVER, View
from gradviz.view.acyclic import PARTS
from gradviz.view.splitting import RUNS

SCOPES = ("", "a", "a/b", "a/b/c[0]", "a/b/c[1]", "d", "d/e")
LINES = (None, Span("one.py", 1), Span("one.py", 2), Span("two.py", 1))
KEYS = (*SCOPES[1:], "@one.py:1", "a/@one.py:2", "not/in/this/graph", "a #2", "a + d")


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


@settings(max_examples=500)
@given(views())
def test_a_view_is_a_dag(view: View) -> None:
    assert nx.is_directed_acyclic_graph(view.to_networkx())


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


@given(views())
def test_keys_are_unique_and_lead_back_to_their_box(view: View) -> None:
    keys = [box.key for box in view.boxes]
    assert len(set(keys)) == len(keys)
    assert all(view.find(box.key) is box for box in view.boxes)
    again = View(view.graph, view.expanded, limit=view.limit)
    assert [box.key for box in again.boxes] == keys


@given(views())
def test_opening_shows_more_and_closing_it_goes_back(view: View) -> None:
    for box in view.boxes:
        if box.expandable:
            opened = view.expand(box.key)
            assert opened.expanded > view.expanded
            assert set(box.opens) <= opened.expanded
    for key in view.expanded:
        assert key not in view.collapse(key).expanded


@given(views())
def test_every_value_is_reached_by_opening(view: View) -> None:
    for _ in range(20):
        box = next((box for box in view.boxes if box.expandable), None)
        if box is None:
            break
        view = view.expand(box.key)
    assert len(view.boxes) == len(view.graph)


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


def test_a_box_that_would_hold_one_box_opens_through() -> None:
    view = View(mlp(100), ()).expand("MLP")
    assert view.find("MLP/layers[2]").count > 1
    inner = view.expand("MLP/layers[2]")
    assert {"MLP/layers[2]", "MLP/layers[2]/neurons[0]"} <= inner.expanded
    deep = View(mlp(100), ()).expand("MLP/layers[1]/neurons[3]")
    assert {"MLP", "MLP/layers[1]", "MLP/layers[1]/neurons[3]"} == deep.expanded, "what is around opens too"


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
    assert cells[1].title == "cell 2/3" and cells[1].opens == ("cell",)
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
    assert len(view.expand("a + b").boxes) == 1 + 2 * 2 * PARTS  # each of them is a loop of two values
    assert len(view.expand("a/*").expand("b/*").boxes) == len(view.graph)


@pytest.fixture(scope="module")
def crowd() -> Graph:
    """A scope of very many values, and a small one."""
    made = Builder()
    for scope, count in (("small", 30), ("large", 100_000)):
        for _ in range(count):
            made.leaf(scope=scope)
    return made.graph()


def test_a_request_for_too_many_boxes_keeps_the_largest_closed_and_says_so(crowd: Graph) -> None:
    view = View(crowd, {"small/*", "large/*"})
    assert [(held.key, held.title, held.boxes) for held in view.held] == [("large/*", "large", 100_000)]
    assert len(view.boxes) == 31 and view.find("large").count == 100_000
    assert "large stayed closed, because this view holds at most 1,000 boxes" in view.note
    assert View(crowd, {"large/*"}, most=10**9).held == view.held, "nobody gets more than there can be"
    everything = View(crowd, {"*"})
    assert [(held.key, held.boxes) for held in everything.held] == [("*", 100_030)]
    assert everything.expanded == frozenset() and len(everything.boxes) == 2


def test_what_cannot_be_closed_is_not_said_to_be() -> None:
    small = View(chain(4), {"*"}, most=1)
    assert len(small.boxes) == 4 and not small.held and small.note == "all 4 values"


def test_one_box_is_one_box() -> None:
    assert View(chain(3_000), ()).collapse_all().note == "3,000 values in 1 box"


def test_who_was_asked_may_open_more_and_parts_lead_down_without(crowd: Graph) -> None:
    made = Builder()
    for _ in range(5_000):
        made.leaf(scope="large")
    graph = made.graph()
    view = View(graph, {"large/*"}, most=MOST_EVER)
    assert not view.held and len(view.boxes) == 5_000 and view.expanded == {"large/*"}
    assert {box.scope for box in view.boxes} == {"large"}
    assert len(view.collapse("large/*").boxes) == 1
    assert view.expand("large/*").expanded == view.expanded
    runs = View(crowd, {"large"})
    assert not runs.held and 2 <= len(runs.boxes) <= RUNS + 30


def test_of_many_scopes_that_are_open_those_with_most_boxes_are_held() -> None:
    made = Builder()
    for k in range(10):
        for _ in range(10 * k + 10):
            made.leaf(scope=f"s{k}")
    view = View(made.graph(), {f"s{k}/*" for k in range(10)}, most=200)
    assert len(view.boxes) <= 200
    assert [held.key for held in view.held] == ["s9/*", "s8/*", "s7/*", "s6/*", "s5/*"]


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
    with pytest.raises(NotFoundError, match="It has @train.py:30.input, MLP"):
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
    assert [box.key for box in view.boxes] == ["@a/model.py:3.input", "@b/model.py:3.input"]


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


def test_an_array_that_was_too_large_to_keep_is_counted_and_nothing_is_said_of_its_numbers() -> None:
    nothing = {0: None, 1: None}
    graph = Graph(
        op_names=["", "exp"],
        op=[0, 1],
        kind=[PARAM, OP],
        input_start=[0, 0, 1],
        input=[0],
        data=[np.nan, np.nan],
        grad=[np.nan, np.nan],
        has_grad=[True, True],
        cotangent=[np.nan],
        has_cotangent=[True],
        scopes=["", "s"],
        scope=[1, 1],
        arrays={"data": nothing, "grad": nothing, "cotangent": {0: None}},  # type: ignore[dict-item]
    )
    timeline = Timeline(graph)
    end = timeline.frame(len(timeline))
    facts = View(graph, ()).summaries(end)[0]
    assert (facts.total, facts.computed, facts.done_grads, facts.nonfinite) == (2, 2, 2, 0)
    assert np.isnan([facts.data_min, facts.data_max, facts.grad_norm]).all()
    [flow] = View(graph).flows(end)
    assert (flow.total, flow.carried) == (1, 1) and np.isnan(flow.largest)


def test_other_numbers_in_the_same_boxes_though_another_view_was_opened_further() -> None:
    graph = chain(3_000)
    view = View(graph)
    boxes = [(box.key, box.count, box.scope) for box in view.boxes]
    view.expand_all()  # splits rows of the tree that both views share
    other = view.over(graph.replace(data=graph.data * 2))
    assert [(box.key, box.count, box.scope) for box in other.boxes] == boxes
    end = Timeline(other.graph).frame(len(graph))
    assert (
        other.summaries(end)[0].data_max == 2 * view.summaries(Timeline(graph).frame(len(graph)))[0].data_max
    )


def test_an_empty_graph_has_an_empty_view() -> None:
    graph = Graph(op_names=[""], op=[], kind=[], input_start=[0], input=[], data=[])
    view = View(graph)
    assert view.boxes == [] and view.edges == [] and view.note == "all 0 values"
    assert view.summaries(Timeline(graph).frame(0)) == []
    with pytest.raises(NotFoundError, match="It has none"):
        view.find("n0")


@pytest.mark.slow
def test_a_chain_of_a_million_ops_is_a_handful_of_boxes() -> None:
    view = View(chain(1_000_000))
    assert len(view.boxes) <= CALM
    for _ in range(4):
        box = max(view.boxes, key=lambda box: box.count)
        view = view.expand(box.key)
    assert len(view.boxes) <= MOST + 2
