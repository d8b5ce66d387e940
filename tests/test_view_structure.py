"""How crowded values fold: by the loops of the program, whatever shape it has, and never out of reach."""

from __future__ import annotations

import random
import weakref
from collections.abc import Callable

import networkx as nx
import numpy as np
import pytest
from graphs import Builder, chain, mlp
from hypothesis import given
from hypothesis import strategies as st

from gradviz.graph import CONST, PARAM, Graph
from gradviz.timeline import Timeline
from gradviz.view import CALM, MOST, View
from gradviz.view.loops import find_loop, groups, regions
from gradviz.view.splitting import LONGEST, RUNS, piece_count, rounded
from gradviz.view.stronglyconnected import strongly_connected_components


def samples(count: int) -> Graph:
    """A loop over samples written flat: per sample a neuron and its error, added to the total."""
    made = Builder()
    weights = [made.leaf(PARAM, line=1) for _ in range(8)]
    total = made.leaf(CONST, line=2, name="start")
    for _ in range(count):
        act = made.leaf(CONST, line=3)
        for weight in weights:
            act = made.op("add", [act, made.op("mul", [weight, made.leaf(line=4)], line=5)], line=5)
        error = made.op("sub", [made.op("tanh", [act], line=6), made.leaf(CONST, line=7)], line=7)
        total = made.op("add", [total, made.op("mul", [error, error], line=8)], line=8)
    made.op("neg", [total], line=9, name="loss")
    return made.graph()


def recurrent(count: int) -> Graph:
    """Iterations that each read the one before."""
    made = Builder()
    w = made.leaf(PARAM, name="w", line=1)
    h = made.leaf(name="h", line=2)
    for _ in range(count):
        x = made.leaf(line=3)
        h = made.op("tanh", [made.op("add", [made.op("mul", [w, h], line=4), x], line=4)], line=5)
    return made.graph()


def fan_out(count: int) -> Graph:
    """A value with very many consumers."""
    made = Builder()
    w = made.leaf(PARAM, name="w", line=1)
    total = made.leaf(CONST, line=2)
    for _ in range(count):
        total = made.op("add", [total, made.op("mul", [w, made.leaf(CONST, line=4)], line=4)], line=4)
    return made.graph()


def expression(count: int) -> Graph:
    """One long expression in which nothing recurs: every operation has a place of its own."""
    made = Builder()
    x = value = made.leaf(name="x")
    for k in range(count):
        value = made.op("add" if k % 3 else "mul", [value, x], line=k)
    return made.graph()


def disconnected(count: int) -> Graph:
    """Graphs that have nothing to do with one another."""
    made = Builder()
    for _ in range(count):
        made.op("tanh", [made.op("mul", [made.leaf(line=1), made.leaf(line=1)], line=2)], line=3)
    return made.graph()


SHAPES: dict[str, Callable[[], Graph]] = {
    "samples": lambda: samples(300),
    "recurrent": lambda: recurrent(2_000),
    "fan_out": lambda: fan_out(3_000),
    "expression": lambda: expression(4_000),
    "disconnected": lambda: disconnected(2_000),
    "chain": lambda: chain(10_000),
    "scoped": lambda: mlp(20),
}


@pytest.mark.parametrize("shape", SHAPES)
def test_a_first_look_is_calm_and_its_titles_fit_and_differ(shape: str) -> None:
    view = View(SHAPES[shape]())
    assert 1 < len(view.boxes) <= CALM
    titles = [box.title for box in view.boxes if box.expandable]
    assert len(set(titles)) == len(titles) and max(map(len, titles)) <= LONGEST
    assert nx.is_directed_acyclic_graph(view.to_networkx())


@pytest.mark.parametrize("shape", SHAPES)
def test_every_value_is_a_few_openings_away_and_each_shows_a_bearable_number(shape: str) -> None:
    graph = SHAPES[shape]()
    for node in random.Random(0).sample(range(len(graph)), 5):
        view = View(graph, ())
        for _ in range(8):
            box = view.boxes[int(view.box_of[node])]
            if not box.expandable:
                break
            opened = view.expand(box.key)
            assert len(opened.boxes) - len(view.boxes) <= 2 * RUNS
            view = opened
        assert view.find(f"n{node}").node == node


@pytest.mark.parametrize("shape", SHAPES)
def test_keys_do_not_depend_on_what_was_opened_before(shape: str) -> None:
    view, fresh = View(SHAPES[shape]()), SHAPES[shape]()
    for _ in range(3):
        box = max((box for box in view.boxes if box.expandable), key=lambda box: (box.count, box.key))
        view = view.expand(box.key)
    again = View(fresh, view.expanded)
    assert again.box_columns.key == view.box_columns.key
    assert again.box_columns.title == view.box_columns.title
    np.testing.assert_array_equal(again.edge_of, view.edge_of)


def test_a_flat_loop_over_samples_is_one_box_that_opens_to_runs_and_to_samples() -> None:
    view = View(samples(300))
    assert {box.title for box in view.boxes} == {"params", "start", "loop ×300", "loss"}
    loop = next(box for box in view.boxes if box.title == "loop ×300")
    assert loop.key == "@train.py:3-8" and loop.subtitle == "tanh · lines 3–8"
    runs = view.expand(loop.key)
    assert runs.find("@train.py:3-8/@1-20").title == "loop #1–20"
    one = runs.expand("@train.py:3-8/@1-20").find("@train.py:3-8/@1-20/@7")
    assert one.title == "loop #7" and one.count == 30, "all of one sample, its own leaves included"


def test_iterations_that_read_the_one_before_are_a_chain_of_boxes() -> None:
    view = View(recurrent(40), ())
    opened = view.expand("@train.py:3-5")
    iterations = [box for box in opened.boxes if box.key.startswith("@train.py:3-5/@")]
    assert [box.title for box in iterations] == [f"loop #{k}" for k in range(1, 41)]
    links = {(edge.source, edge.target) for edge in opened.edges}
    assert all((a.index, b.index) in links for a, b in zip(iterations, iterations[1:], strict=False))


def test_the_input_of_a_chain_stands_before_it() -> None:
    made = Builder()
    value = made.leaf(name="x", line=4)
    for _ in range(1_000):
        value = made.op("tanh", [value], line=5)
    view = View(made.graph())
    assert view.boxes[0].title == "x"
    assert [box.title for box in view.boxes[1:3]] == ["tanh #1–50", "tanh #51–100"]


def test_a_loop_inside_a_scope_comes_in_parts_around_the_scopes_that_it_calls() -> None:
    made = Builder()
    total = made.leaf(CONST, line=1)
    for _ in range(100):
        scaled = made.op("mul", [made.leaf(line=2), made.leaf(CONST, line=3)], line=3)
        out = made.op("tanh", [made.op("neg", [scaled], "cell", 10)], "cell", 11)
        total = made.op("add", [total, made.op("mul", [out, out], line=4)], line=4)
    boxes = View(made.graph(), ()).boxes
    assert [box.title for box in boxes if box.expandable] == ["lines 1–4 ×100", "lines 2–3 ×100", "cell"]


def test_alike_neurons_inside_an_iteration_are_groups() -> None:
    made = Builder()
    for _ in range(30):
        layer = [made.leaf(line=1) for _ in range(2)]
        for wide in (10, 12):
            values = []
            for _ in range(wide):
                act = made.op("mul", [layer[0], layer[0]], line=2)
                for x in layer[1:]:
                    act = made.op("add", [act, made.op("mul", [x, x], line=2)], line=2)
                values.append(made.op("tanh", [act], line=3))
            layer = values
        made.op("neg", [layer[0]], line=4)
    view = View(made.graph(), ()).expand("@train.py:1-4").expand("@train.py:1-4/@3")
    assert {"loop ×10", "loop ×12"} <= {box.title for box in view.boxes}


def test_sister_scopes_that_are_alike_are_one_family() -> None:
    made = Builder()
    total = made.leaf(CONST)
    for k in range(100):
        out = made.op("tanh", [made.leaf(scope=f"sample[{k}]")], f"sample[{k}]")
        total = made.op("add", [total, out], line=2)
    graph = made.graph()
    view = View(graph, ())
    family = view.find("@sample")
    assert family.title == "sample ×100" and family.count == 200
    runs = view.expand("@sample")
    assert runs.find("@sample/@11-20").title == "sample[10–19]"
    assert runs.expand("@sample/@11-20").find("sample[13]").count == 2
    assert View(graph, {"sample[13]"}).find("sample[12]").count == 2, "a member opens the family around it"
    assert View(graph, depth=1, most=2 * MOST).scopes()[0].key == "@sample"


def test_many_alike_leaves_are_one_box_and_few_stay_apart() -> None:
    for count, folded in ((16, False), (17, True)):
        made = Builder()
        leaves = [made.leaf(name=f"x{k}") for k in range(count)]
        made.op("sum", leaves)
        view = View(made.graph())
        assert [box.title for box in view.boxes if box.expandable] == ["inputs"] * folded
        assert len(view.expand_all().boxes) == count + 1


def test_views_of_one_graph_share_its_tree_and_it_dies_with_the_graph() -> None:
    graph = samples(50)
    assert View(graph).tree is View(graph, ()).tree
    assert View(graph).magnitudes is View(graph).magnitudes
    assert View(samples(50)).tree is not View(graph).tree
    alive = weakref.ref(View(graph).tree)
    del graph
    assert alive() is None


def test_columns_say_what_the_objects_say() -> None:
    view = View(samples(100)).expand("@train.py:3-8")
    columns, edges = view.box_columns, view.edge_columns
    assert columns.key == [box.key for box in view.boxes] and columns.title == [b.title for b in view.boxes]
    assert columns.values.tolist() == [box.count for box in view.boxes]
    assert columns.node.tolist() == [-1 if box.node is None else box.node for box in view.boxes]
    assert edges.source.tolist() == [edge.source for edge in view.edges]
    assert edges.slot.tolist() == [-1 if edge.slot is None else edge.slot for edge in view.edges]
    assert edges.first.tolist() == [int(edge.edges[0]) for edge in view.edges]
    frame = Timeline(view.graph).frame(100)
    assert view.summary_columns(frame).computed.tolist() == [f.computed for f in view.summaries(frame)]
    assert view.flow_columns(frame).total.tolist() == [f.total for f in view.flows(frame)]


@given(st.integers(2, 6), st.integers(3, 40), st.integers(0, 5))
def test_a_repeated_body_is_found_whatever_it_is(body: int, times: int, before: int) -> None:
    symbols = np.concatenate((np.arange(before) + body, np.tile(np.arange(body), times)))
    bounds = regions(symbols, before + body)
    assert bounds.tolist() == [*range(before), before, before + body * times]
    loop = find_loop(symbols[before:])
    assert loop is not None and np.diff(loop.starts).tolist() == [body] * (times - 1)
    assert groups(loop).tolist() == [0, times]


def test_inner_loops_do_not_hide_the_outer_one() -> None:
    body = [0, 1, 1, 1, 2, 1, 1, 3]
    loop = find_loop(np.array(body * 10))
    assert loop is not None and loop.starts.tolist() == list(range(0, 80, 8))


def test_what_recurs_here_and_there_is_no_loop() -> None:
    assert find_loop(np.array([0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 1, 10, 11, 0])) is None


@given(st.lists(st.tuples(st.integers(0, 9), st.integers(0, 9)), max_size=30))
def test_components_are_those_of_networkx(edges: list[tuple[int, int]]) -> None:
    found = nx.strongly_connected_components(nx.DiGraph(edges))
    assert strongly_connected_components(edges) == sorted(sorted(c) for c in found if len(c) > 1)


@given(st.integers(2, 10**7), st.integers(4, RUNS))
def test_runs_are_few_at_every_level(count: int, room: int) -> None:
    assert 2 <= piece_count(count, room) <= max(room, 2)
    size = rounded(count / piece_count(count, room))
    assert size < count or count <= 10
    assert -(-count // size) <= room
