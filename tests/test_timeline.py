"""The story of a graph: derived, reversible, reached at any step without replaying."""

from __future__ import annotations

import random
import threading
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gradviz import Value, record
from gradviz.errors import NotFoundError
from gradviz.graph import CONST, INPUT, OP, PARAM, Graph, Update
from gradviz.timeline import PHASES, Step, Timeline
from gradviz.timeline.partialsums import FEW


@st.composite
def graphs(draw: st.DrawFn) -> Graph:
    """Graphs of unary and binary ops in every shape, with stale gradients, unreached nodes and updates."""
    n = draw(st.integers(1, 30))
    rng = random.Random(draw(st.integers(0, 2**32)))
    backward = draw(st.booleans())
    arity = [0 if i == 0 else rng.choice((0, 1, 2, 2)) for i in range(n)]
    inputs = [[rng.randrange(i) for _ in range(k)] for i, k in enumerate(arity)]
    kind = [OP if k else rng.choice((CONST, INPUT, PARAM)) for k in arity]
    params = [i for i in range(n) if kind[i] == PARAM]
    return Graph(
        op_names=["", "tanh", "mul"],
        op=arity,
        kind=kind,
        input_start=np.concatenate(([0], np.cumsum(arity))),
        input=[i for row in inputs for i in row],
        data=[rng.gauss(0, 1) for _ in range(n)],
        grad=[rng.gauss(0, 1) for _ in range(n)],
        has_grad=[backward and kind[i] != CONST for i in range(n - 1)] + [backward],
        prior=[rng.choice((0.0, 0.0, 0.5)) for _ in range(n)],
        updates=[Update(i, 1.0, 0.5) for i in params if backward],
    )


def neuron() -> tuple[Value, Graph]:
    x, w, b = Value(2.0, "x"), Value(-3.0, "w", kind="param"), Value(1.0, "b", kind="param")
    out = ((x * w + b) * x).tanh()
    out.backward()
    return out, record(out)


def depth_first_recursively(graph: Graph) -> list[tuple[str, int]]:
    """The textbook visit, to compare with."""
    seen: set[int] = set()
    events: list[tuple[str, int]] = []

    def visit(node: int) -> None:
        seen.add(node)
        events.append(("enter", node))
        for edge in graph.inputs_of(node):
            if (below := int(graph.input[edge])) not in seen:
                visit(below)
        events.append(("leave", node))

    visit(graph.root)
    return events


def state(timeline: Timeline, k: int) -> dict[str, Any]:
    frame = timeline.frame(k)
    nodes = range(len(timeline.graph))
    return {
        "computed": frame.computed.tolist(),
        "position": frame.position.tolist(),
        "grad": [frame.grad_of(i) for i in nodes],
        "data": [frame.data_of(i) for i in nodes],
        "carried": frame.carried.tolist(),
        "updated": frame.updated.tolist(),
    }


def do(found: dict[str, Any], step: Step, *, undo: bool = False) -> None:
    """Apply one step to a state by what the step itself says, or take it back."""
    node, value = step.node, step.before if undo else step.after
    if step.event == "compute":
        found["computed"][node] = not undo
        found["data"][node] = value
    elif step.event == "leave":
        found["position"][node] = -1 if undo else value
    elif step.event in ("seed", "carry"):
        found["grad"][node] = value
        if step.edge is not None:
            found["carried"][step.edge] = not undo
    elif step.event == "update":
        found["updated"][node] = not undo
        found["data"][node] = value


@given(graphs())
def test_the_order_is_the_depth_first_visit(graph: Graph) -> None:
    timeline = Timeline(graph)
    expected = depth_first_recursively(graph)
    assert timeline.order == [node for event, node in expected if event == "leave"]
    visits = [(step.event, step.node) for step in timeline if step.phase == "order"]
    assert visits == (expected if timeline.has_backward else [])


@given(graphs())
def test_steps_are_counted_without_the_visit(graph: Graph) -> None:
    counted, visited = Timeline(graph), Timeline(graph)
    lengths = [len(counted.phase_range(name)) for name in PHASES]
    assert counted._walk is None and counted._sums is None
    visits, carries = (2 * len(visited.walk.order), len(visited.sums) + 1) if visited.has_backward else (0, 0)
    assert lengths == [len(graph), visits, carries, len(graph.updates)]


@given(graphs())
def test_the_ends_are_reached_without_the_visit(graph: Graph) -> None:
    lazy, visited = Timeline(graph.replace(prior=None)), Timeline(graph.replace(prior=None))
    visited.sums.after.sum()
    explained = not np.any(visited.receives & ~graph.has_grad)
    for k in (0, len(graph) // 2, len(graph), len(lazy)):
        there, expected = lazy.frame(k), visited.frame(k)
        np.testing.assert_array_equal(there.grad, expected.grad)
        np.testing.assert_array_equal(there.has_grad, expected.has_grad)
        np.testing.assert_array_equal(there.carried, expected.carried)
        assert [there.data_of(i) for i in range(len(graph))] == [
            expected.data_of(i) for i in range(len(graph))
        ]
    assert lazy._walk is None or not explained


@given(graphs())
def test_what_is_told_of_one_node_is_what_the_columns_say(graph: Graph) -> None:
    timeline = Timeline(graph)
    for k in range(0, len(timeline) + 1, 3):
        frame, alone = timeline.frame(k), Timeline(graph).frame(k)
        assert [alone.order_of(i) for i in range(len(graph))] == frame.position.tolist()
        grads = [alone.grad_of(i) for i in range(len(graph))]
        assert [grad is not None for grad in grads] == frame.has_grad.tolist()
        assert [grad for grad in grads if grad is not None] == frame.grad[frame.has_grad].tolist()
        assert [timeline.is_updated(i, k) for i in range(len(graph))] == frame.updated.tolist()


def test_threads_that_ask_at_once_share_one_visit() -> None:
    timeline, found = Timeline(neuron()[1]), []
    threads = [threading.Thread(target=lambda: found.append(timeline.sums)) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 8 and all(sums is found[0] for sums in found)


@given(graphs())
def test_every_input_stands_before_its_consumer(graph: Graph) -> None:
    place = {node: i for i, node in enumerate(Timeline(graph).order)}
    for edge in range(graph.edge_count):
        if int(graph.consumer[edge]) in place:
            assert place[int(graph.input[edge])] < place[int(graph.consumer[edge])]


@given(graphs())
def test_stepping_forward_then_back_restores_every_state(graph: Graph) -> None:
    # what no measured edge explains appears only in the last frame; these graphs have no such gradients
    graph = with_explained_gradients(graph)
    timeline = Timeline(graph)
    states = [state(timeline, k) for k in range(len(timeline) + 1)]
    walking = state(timeline, 0)
    for step, there in zip(timeline, states[1:], strict=True):
        do(walking, step)
        assert walking == there
    for step, there in zip(reversed(list(timeline)), reversed(states[:-1]), strict=True):
        do(walking, step, undo=True)
        if step.event == "update":
            walking["data"][step.node] = graph.data_of(step.node)
        assert walking == there


def with_explained_gradients(graph: Graph) -> Graph:
    """The graph with gradients only where a cotangent arrives."""
    reached = np.zeros(len(graph), dtype=bool)
    reached[Timeline(graph).sums.targets] = True
    reached[graph.root] = graph.has_grad[graph.root]
    kept = graph.has_grad & reached
    return (
        graph
        if np.array_equal(kept, graph.has_grad)
        else with_explained_gradients(graph.replace(has_grad=kept))
    )


@given(graphs())
def test_a_step_is_the_same_however_it_is_reached(graph: Graph) -> None:
    timeline = Timeline(graph)
    steps = list(timeline)
    assert len(steps) == len(timeline)
    assert [step.index for step in steps] == list(range(len(timeline)))
    assert timeline.steps() == steps
    assert timeline.steps(3, 7) == steps[3:7] and timeline.steps(len(steps) + 5, 9) == []
    for k in random.Random(0).sample(range(len(steps)), min(5, len(steps))):
        assert Timeline(graph)[k] == steps[k] == timeline[k - len(steps)]
    assert [step.phase for step in steps] == [name for name in PHASES for _ in timeline.phase_range(name)]


@given(graphs())
def test_the_stack_is_what_a_recursive_visit_would_hold(graph: Graph) -> None:
    timeline, stack = Timeline(graph), []
    for k in timeline.phase_range("order"):
        step = timeline[k]
        if step.event == "enter":
            stack.append(step.node)
        assert timeline.stack(k) == stack
        assert timeline.stack(k, limit=2) == stack[-2:]
        if step.event == "leave":
            stack.pop()
    assert stack == [] and timeline.stack(0) == []


@given(graphs())
def test_gradients_grow_by_cotangents_and_end_at_the_recorded_ones(graph: Graph) -> None:
    timeline = Timeline(graph)
    carries = [step for step in timeline if step.event == "carry"]
    by_node: dict[int, list[Step]] = {}
    for step in carries:
        by_node.setdefault(step.node, []).append(step)
    for node, steps in by_node.items():
        assert steps[0].before == (graph.prior_of(node) or None)
        for step, following in pairwise(steps):
            assert following.before == step.after
            assert step.after == (step.before or 0.0) + graph.cotangent_of(step.edge or 0)
        if graph.has_grad[node]:
            assert steps[-1].after == graph.grad_of(node)
    last = [graph.consumer[step.edge] for step in carries if step.edge is not None]
    places = [timeline.order.index(node) for node in last]
    assert places == sorted(places, reverse=True)


@given(graphs())
def test_steps_of_a_node_are_the_steps_that_name_it(graph: Graph) -> None:
    timeline = Timeline(graph)
    for node in range(len(graph)):
        found = timeline.steps_of(node)
        mine = {"seed": [], "carry": []} | {event: [] for event in ("compute", "enter", "leave", "update")}
        for step in timeline:
            if step.node == node:
                mine[step.event].append(step.index)
        assert found["grad"] == mine["seed"] + mine["carry"]
        for event in ("compute", "enter", "leave", "update"):
            assert [found[event]] == (mine[event] or [None])


def test_a_neuron_step_by_step() -> None:
    out, graph = neuron()
    timeline = Timeline(graph)
    assert [len(timeline.phase_range(name)) for name in PHASES] == [7, 14, 8, 0]
    seed, *carries = timeline.steps(timeline.phase_range("backward").start)
    assert (seed.event, seed.node, seed.before, seed.after) == ("seed", graph.root, None, 1.0)
    x = graph.find("x")
    to_x = [step for step in carries if step.node == x]
    assert [step.before for step in to_x] == [None, to_x[0].after]
    assert to_x[-1].after == graph.grad_of(x)


def test_not_computed_zero_and_a_value_are_three_things() -> None:
    product = Value(0.0, "x") * Value(2.0, "w", kind="param")
    product.backward()
    timeline = Timeline(record(product))
    w = timeline.graph.find("w")
    before, after = timeline.frame(0), timeline.frame(len(timeline))
    assert before.grad_text(w) == "–" and before.data_text(w) == "–"
    assert after.grad_text(w) == "0" and after.data_text(w) == "2"


def test_a_gradient_left_from_before_is_there_from_the_start() -> None:
    graph = neuron()[1]
    w = graph.find("w")
    prior = np.zeros(len(graph))
    prior[w] = 0.25
    timeline = Timeline(graph.replace(prior=prior))
    assert timeline.frame(0).grad_of(w) == 0.25
    assert timeline[timeline.steps_of(w)["grad"][0]].before == 0.25  # type: ignore[index]


def test_without_backward_there_is_only_the_forward_phase() -> None:
    x = Value(2.0, "x")
    graph = record(x * x + 1)
    timeline = Timeline(graph)
    assert len(timeline) == len(timeline.phase_range("forward")) == len(graph)
    assert timeline.order[-1] == graph.root and timeline.frame(len(timeline)).position.max() == -1
    assert not timeline.frame(len(timeline)).has_grad.any()


def test_an_empty_graph_has_no_steps() -> None:
    timeline = Timeline(Graph(op_names=[""], op=[], kind=[], input_start=[0], input=[], data=[]))
    assert len(timeline) == 0 and timeline.order == [] and timeline.frame(0).current is None
    with pytest.raises(NotFoundError, match="This pass is empty"):
        timeline[0]


def test_a_constant_root_carries_nothing() -> None:
    value = Value(3.0, "x")
    value.backward()
    timeline = Timeline(record(value))
    assert [step.event for step in timeline] == ["compute", "enter", "leave", "seed"]


def test_arrays_accumulate_as_arrays() -> None:
    x = Value(np.array([[1.0, 2.0], [3.0, 4.0]]), "x")
    w = Value(np.array([[0.5], [-1.0]]), "w", kind="param")
    loss = ((x @ w) * 2 + x.sum(axis=1, keepdims=True)).sum()
    loss.backward()
    graph = record(loss)
    timeline, node = Timeline(graph), graph.find("x")
    first, second = (timeline[k] for k in timeline.steps_of(node)["grad"])  # type: ignore[union-attr]
    assert first.before is None
    np.testing.assert_array_equal(first.after, second.before)
    np.testing.assert_array_equal(second.after, graph.grad_of(node))
    np.testing.assert_array_equal(timeline.frame(second.index).grad_of(node), first.after)
    assert timeline.frame(second.index).grad_text(node).startswith("2×2")


@pytest.mark.parametrize("fan_out", [1, FEW, FEW + 1, 500])
def test_every_fan_out_is_added_in_order(fan_out: int) -> None:
    x = Value(0.1, "x")
    total = sum((x * (0.3 + k) for k in range(fan_out)), Value(0.0))
    total.backward()
    graph = record(total)
    timeline = Timeline(graph)
    steps = [timeline[k] for k in timeline.steps_of(graph.find("x"))["grad"]]  # type: ignore[union-attr]
    held = 0.0
    for step in steps[:-1]:
        held += graph.cotangent_of(step.edge)  # type: ignore[operator, arg-type]
        assert step.after == held
    assert len(steps) == fan_out and steps[-1].after == graph.grad_of(steps[-1].node)


def test_an_update_changes_the_data_that_is_shown() -> None:
    graph = neuron()[1]
    w = graph.find("w")
    timeline = Timeline(graph.replace(updates=[Update(w, -3.0, -2.5, "SGD(lr=0.1)")]))
    assert timeline.frame(len(timeline) - 1).data_text(w) == "-3"
    last = timeline.frame(len(timeline))
    assert (
        last.data_text(w) == "-2.5"
        and last.updated[w]
        and timeline.steps_of(w)["update"] == len(timeline) - 1
    )
    with pytest.raises(NotFoundError, match="x was not updated"):
        timeline.update_of(graph.find("x"))


@pytest.mark.parametrize("k", [41, -42, 10**9])
def test_a_step_that_does_not_exist_says_which_do(k: int) -> None:
    timeline = Timeline(neuron()[1])
    with pytest.raises(NotFoundError, match=f"This pass has steps 0 to {len(timeline) - 1}"):
        timeline[k]
    with pytest.raises(NotFoundError, match=f"This pass has frames 0 to {len(timeline)}"):
        timeline.frame(k)
    with pytest.raises(NotFoundError, match="forward, order, backward, update"):
        timeline.phase_range("sideways")


@pytest.mark.slow
def test_a_chain_of_a_million_ops() -> None:
    n = 1_000_000
    chain = Graph(
        op_names=["", "tanh"],
        op=[0] + [1] * (n - 1),
        kind=[PARAM] + [OP] * (n - 1),
        input_start=np.maximum(np.arange(n + 1) - 1, 0),
        input=np.arange(n - 1),
        data=np.zeros(n),
        grad=np.ones(n),
        has_grad=np.ones(n, dtype=bool),
    )
    timeline = Timeline(chain)
    assert len(timeline) == 4 * n
    assert timeline.stack(n + n // 2, limit=3) == [n // 2 + 1, n // 2, n // 2 - 1]
    assert timeline[-1].node == 0 and timeline.frame(2 * n + 1).position[0] == 0
