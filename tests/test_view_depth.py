"""How deep a first look may be: runs fold where a row would be too long, just enough, and never by hand."""

from __future__ import annotations

import random
import sys
from collections.abc import Callable
from itertools import pairwise
from types import FrameType
from typing import Any

import networkx as nx
import numpy as np
import pytest
from graphs import Builder
from hypothesis import given, settings
from hypothesis import strategies as st

from gradviz.engine import nn
from gradviz.engine.value import Value
from gradviz.graph import CONST, INPUT, OP, PARAM, Graph
from gradviz.recorders import record
from gradviz.view import View
from gradviz.view.depth import LONG_ROW, ROW, RUN, Contraction, paths_through


def depth(view: View) -> int:
    """The boxes on the longest path."""
    return int(nx.dag_longest_path_length(nx.DiGraph(view.to_networkx()), weight=None, default_weight=1)) + 1


def titles(view: View) -> list[str]:
    return [box.title for box in view.boxes if box.expandable]


def straight(length: int, line: int | None = None) -> Graph:
    """A straight way of operations, all on one line or each on its own."""
    made = Builder()
    value = made.leaf(name="x")
    for k in range(length):
        value = made.op("tanh" if k % 2 else "exp", [value], line=line or k + 2)
    return made.graph()


@st.composite
def woven(draw: st.DrawFn) -> Graph:
    """Straight ways of all lengths, with numbers, that part and meet again; in a scope or in none."""
    made, rng = Builder(), random.Random(draw(st.integers(0, 2**32)))
    ends = [made.leaf(kind=PARAM) for _ in range(draw(st.integers(1, 3)))]
    scopes, scope = draw(st.sampled_from([("",), ("", "", "a", "b")])), ""
    for line in range(1, draw(st.integers(1, 12))):
        if len(made.rows) > 55:
            break
        end, scope = rng.randrange(len(ends)), rng.choice(scopes)
        value = ends[end]
        for k in range(rng.choice((1, 2, 5, 9, 20))):
            number = [made.leaf(CONST, scope, line)] if rng.random() < 0.2 else []
            value = made.op(rng.choice(("tanh", "exp")), [value, *number], scope, line + rng.choice((0, k)))
        how = rng.random()
        if how < 0.3:
            ends.append(value)
        elif how < 0.6:
            ends[end] = made.op("mul", [value, rng.choice(ends)], scope, line)
        else:
            ends[end] = value
    total = ends[0]
    for end in ends[1:]:
        total = made.op("add", [total, end], line=99)
    return made.graph()


def with_ways_folded(graph: Graph) -> int:
    """How deep a graph is if each straight way is one box, without the root; by the definition."""
    drawn = nx.DiGraph(graph.to_networkx())
    readers = {node: set(drawn.successors(node)) for node in drawn}
    is_op = {node: graph.kind[node] == OP for node in range(len(graph))}

    def number(node: int) -> bool:
        return graph.kind[node] == CONST and node not in graph.names and len(readers[node]) == 1

    def plain(node: int) -> bool:
        read = [
            i for i in graph.input[graph.input_start[node] : graph.input_start[node + 1]] if not number(i)
        ]
        return is_op[node] and node != graph.root and len(read) == 1 and len(readers[node]) == 1

    ways = nx.DiGraph((a, b) for a, b in drawn.edges if plain(a) and plain(b))
    box = {node: node for node in drawn}
    for way in nx.weakly_connected_components(ways):
        if len(way) >= RUN:
            box |= dict.fromkeys(way, min(way))
    folded = nx.DiGraph((box[a], box[b]) for a, b in drawn.edges if box[a] != box[b])
    folded.add_nodes_from(box.values())
    return int(nx.dag_longest_path_length(folded)) + 1


@settings(max_examples=300)
@given(woven())
def test_a_first_look_is_a_dag_of_all_values_and_no_deeper_than_it_must_be(graph: Graph) -> None:
    view = View(graph)
    assert nx.is_directed_acyclic_graph(view.to_networkx())
    assert sorted(node for box in view.boxes for node in box.nodes.tolist()) == list(range(len(graph)))
    if len(graph) <= view.limit and set(graph.scope.tolist()) == {0}:
        assert depth(view) <= max(ROW, with_ways_folded(graph))
    assert view.box_columns.key == View(graph.replace()).box_columns.key, "the same graph, the same picture"


@settings(max_examples=200)
@given(woven())
def test_neither_the_root_nor_leaves_are_folded_but_numbers_in_an_expression(graph: Graph) -> None:
    view = View(graph)
    for row in view.tree.deep:
        inside = view.tree.own(row)
        assert graph.root not in inside
        leaves = inside[graph.kind[inside] != OP]
        assert (graph.kind[leaves] == CONST).all()
        assert np.isin(graph.consumer[np.isin(graph.input, leaves)], inside).all()
        assert len(inside) - len(leaves) >= RUN


@settings(max_examples=100)
@given(woven(), st.integers(0, 3))
def test_what_somebody_opens_stays_open_however_deep_it_is(graph: Graph, at: int) -> None:
    assert len(View(graph, {"*"}).boxes) == len(graph)
    by_depth = View(graph, depth=9)
    tree, open_keys = by_depth.tree, by_depth.expanded | {""}
    runs = [row for row in tree.deep if tree.real[tree.parent[row]]]
    assert {tree.keys[row] for row in runs if tree.keys[tree.parent[row]] in open_keys} <= open_keys
    view = View(graph)
    for box in [box for box in view.boxes if box.expandable][at:]:
        opened = view.expand(box.key)
        assert opened.expanded > view.expanded and len(opened.boxes) > len(view.boxes)
        assert View(graph, opened.expanded).box_columns.key == opened.box_columns.key
        others = {tree.keys[row] for row in tree.deep}.difference(view.expanded, box.opens)
        assert not others & opened.expanded, "the others stay closed"


def test_a_loop_of_forty_tanh_is_one_box_between_its_input_and_its_result() -> None:
    made = Builder()
    value = made.leaf(name="x")
    for _ in range(40):
        value = made.op("tanh", [value], line=5)
    view = View(made.graph())
    assert [box.title for box in view.boxes] == ["x", "tanh ×39", view.graph.label(40)]
    assert view.note == "41 values in 3 boxes"
    opened = view.expand("@train.py:5")
    assert len(opened.boxes) == 41 and opened.note == "all 41 values"
    assert len(opened.collapse("@train.py:5").boxes) == 3


def test_a_straight_way_is_called_by_its_first_and_its_last_operation() -> None:
    view = View(straight(30))
    assert titles(view) == ["exp … exp"]
    way = view.boxes[1]
    assert way.key == "@train.py:2-30.way" and way.count == 29 and way.subtitle == "lines 2–30"
    assert len(view.expand(way.key).boxes) == 31


def test_only_the_runs_that_make_it_too_deep_fold_and_the_longest_first() -> None:
    made = Builder()
    ends = []
    for length in (ROW - 2, 6, 4, 5):
        value = made.leaf(PARAM)
        for line in range(length):
            value = made.op("exp", [value], line=100 * length + line)
        ends.append(value)
    value = made.op("mul", ends[:2], line=1)
    view = View(made.graph())
    assert titles(view) == [], f"{depth(view)} boxes on the longest path are {ROW} at most"
    for end in ends[2:]:
        value = made.op("mul", [value, end], line=2)
    for line in range(2, 5):
        value = made.op("tanh", [value], line=line)
    view = View(made.graph())
    assert [box.count for box in view.boxes if box.expandable] == [ROW - 2]
    assert depth(view) <= ROW


@pytest.mark.parametrize("length", [ROW - 1, ROW])
def test_from_one_box_too_many_on_a_row_folds(length: int) -> None:
    assert bool(titles(View(straight(length)))) == (length + 1 > ROW)


def test_a_ladder_that_has_no_runs_is_left_as_it_is() -> None:
    made = Builder()
    a, b = made.leaf(PARAM), made.leaf(PARAM)
    for k in range(2, 54, 2):
        a, b = made.op("mul", [a, b], line=k), made.op("add", [a, b], line=k + 1)
    made.op("mul", [a, b], line=1)
    view = View(made.graph())
    assert view.note == "all 55 values" and depth(view) > LONG_ROW


def test_a_scope_that_would_make_it_too_deep_stays_closed() -> None:
    made = Builder()
    value = made.leaf(PARAM)
    for k, scope in enumerate(("a", "b", "c")):
        for line in range(5):
            value = made.op("mul", [value, made.leaf(PARAM, scope)], scope, 10 * k + line)
            value = made.op("tanh", [value], scope, 10 * k + line)
    view = View(made.graph())
    assert depth(view) <= LONG_ROW and titles(view)
    assert set(titles(view)) < {"a", "b", "c"}, "and no more of them than need be"
    assert len(View(made.graph(), depth=1).boxes) == len(view.graph)


@pytest.mark.parametrize("follow", [True, False])
def test_sister_scopes_that_follow_one_another_are_gathered_in_runs(follow: bool) -> None:
    made = Builder()
    x = value = made.leaf(PARAM)
    ends = []
    for k in range(40):
        value = x if not follow else value
        for line in range(5):
            value = made.op("mul", [value, made.leaf(PARAM, f"net/layers[{k}]")], f"net/layers[{k}]", line)
        ends.append(value)
    made.op("sum", ends)
    view = View(made.graph(), {"net"})
    layers = [box.title for box in view.boxes if box.title.startswith("layers")]
    if follow:
        assert layers[0] == "layers[0–4]" and layers[-1] == "layers[34–39]" and len(layers) == 7
        assert len(view.expand(view.boxes[1].key).boxes) > len(view.boxes)
        assert depth(View(made.graph())) <= LONG_ROW and len(View(made.graph()).boxes) > 2
    else:
        assert layers == [f"layers[{k}]" for k in range(40)]


def test_a_program_that_is_one_long_row_is_rather_that_than_one_box() -> None:
    made = Builder()
    a, b = made.leaf(PARAM), made.leaf(PARAM)
    for k in range(15):
        scope = f"net/{chr(97 + k)}"
        a, b = made.op("mul", [a, b], scope, 4 * k), made.op("add", [a, b], scope, 4 * k + 1)
        a, b = made.op("mul", [a, b], scope, 4 * k + 2), made.op("add", [a, b], scope, 4 * k + 3)
        a = made.op("sub", [a, b], "net", 100 + k)
    view = View(made.graph())
    assert len(view.boxes) > 2 * 15 and depth(view) > LONG_ROW
    assert len(View(made.graph(), ()).boxes) == 3


def test_a_long_sequence_opens_in_no_more_runs_than_a_row_holds() -> None:
    for length in (600, 1_500, 2_000, 2_500, 30_000):
        for graph in (straight(length, line=5), straight(length)):
            view = View(graph)
            assert 1 < len(view.boxes) and depth(view) <= LONG_ROW


def neuron() -> Value:
    x1, x2, w1, w2 = Value(2.0), Value(0.0), Value(-3.0), Value(1.0)
    e = (2 * (x1 * w1 + x2 * w2 + 6.88)).exp()
    return (e - 1) / (e + 1)


def perceptron() -> Value:
    return (nn.MLP(2, [2, 1], seed=1)([2.0, 3.0]) - 1.0) ** 2


def logistic_regression() -> Value:
    w, b, loss = Value(0.1), Value(0.0), Value(0.0)
    for x, y in ((0.5, 1), (-1.2, 0), (2.0, 1), (0.3, 0)):
        p = (w * x + b).sigmoid()
        loss = loss - (p.log() if y else (1 - p).log())
    return loss / 4


def recurrent(steps: int) -> Value:
    wx, wh, b, h = Value(0.5), Value(-0.8), Value(0.1), Value(0.0)
    for k in range(steps):
        h = (wx * (k / 10) + wh * h + b).tanh()
    return (h - 0.5) ** 2


def unrolled() -> Value:
    return recurrent(5)


@pytest.mark.parametrize("script", [neuron, perceptron, logistic_regression, unrolled])
def test_what_a_lecture_draws_opens_whole(script: Callable[[], Value]) -> None:
    root = script()
    root.backward()
    view = View(record(root))
    assert view.note == f"all {len(view.graph)} values"


def test_a_longer_recurrent_net_is_its_loop() -> None:
    root = recurrent(7)
    root.backward()
    view = View(record(root))
    assert len(view.graph) <= view.limit and len(titles(view)) == 1 and depth(view) <= ROW
    assert "×7" in titles(view)[0]


@given(st.integers(1, 12), st.sets(st.tuples(st.integers(0, 11), st.integers(0, 11)), max_size=30))
def test_longest_paths_are_those_of_networkx(count: int, pairs: set[tuple[int, int]]) -> None:
    edges = [(a, b) for a, b in pairs if a < b < count]
    through, cyclic = paths_through(count, edges)
    dag = nx.DiGraph(edges)
    dag.add_nodes_from(range(count))
    assert not cyclic
    for box in range(count):
        before = dag.subgraph({box} | nx.ancestors(dag, box))
        after = dag.subgraph({box} | nx.descendants(dag, box))
        assert through[box] == nx.dag_longest_path_length(before) + nx.dag_longest_path_length(after) + 1


def test_boxes_are_not_joined_around_others() -> None:
    row = Contraction(3, [(0, 1), (1, 2), (0, 2)])
    assert not row.join([0, 2]) and row.depth == 3
    assert row.join([0, 1]) and row.depth == 2


def test_the_longest_path_takes_time_linear_in_boxes_and_edges() -> None:
    def lines(count: int) -> int:
        ran = 0

        def trace(frame: FrameType, event: str, argument: Any) -> Any:
            nonlocal ran
            ran += event == "line"
            return trace

        before = sys.gettrace()
        sys.settrace(trace)
        try:
            paths_through(count, list(pairwise(range(count))))
        finally:
            sys.settrace(before)
        return ran

    assert lines(2_000) < 2.1 * lines(1_000)


def test_a_number_read_twice_stays_and_so_does_one_with_a_name() -> None:
    made = Builder()
    value = made.leaf(INPUT, name="x")
    shared, named = made.leaf(CONST, name=""), made.leaf(CONST, name="rate")
    for k in range(20):
        value = made.op("mul", [value, shared if k in (3, 18) else made.leaf(CONST)], line=k + 2)
        value = made.op("mul", [value, named], line=k + 2) if k == 10 else value
    view = View(made.graph())
    assert {shared, named} <= {box.node for box in view.boxes}
