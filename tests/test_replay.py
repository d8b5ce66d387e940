"""Replay: a recorded graph, computed again, gives the engine's numbers bit for bit."""

from __future__ import annotations

import math
import threading
from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from programs import ARRAYS, brief, comparable_programs, in_torch, programs
from programs import Program as Written

import gradviz as gv
from gradviz import GradvizError, Graph, Value, losses, nn, record
from gradviz.errors import DataError, NotFoundError, ReplayError, ShapeError
from gradviz.graph import CONST, PARAM, Update
from gradviz.program import program as choice
from gradviz.recording import Writer

COLUMNS, ONE_BY_ONE = 1e-9, 1e9  # nodes per group from which columns are used: always, never


@pytest.fixture(params=[COLUMNS, ONE_BY_ONE], ids=["columns", "one by one"])
def both_ways(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Run the test in both ways of computing."""
    monkeypatch.setattr(choice, "WORTHWHILE", request.param)
    yield


def same(found: np.ndarray, expected: np.ndarray) -> bool:
    """Bit for bit, but for what a NaN carries."""
    numbers = ~np.isnan(expected)
    signs = np.signbit(found[numbers]) == np.signbit(expected[numbers])
    return bool(np.array_equal(found, expected, equal_nan=True) and np.all(signs))


def assert_same_graph(found: Graph, expected: Graph) -> None:
    for column in ("data", "grad"):
        assert same(getattr(found, column), getattr(expected, column)), column
        arrays = expected.arrays[column]
        assert found.arrays[column].keys() == arrays.keys()
        assert all(same(found.arrays[column][node], array) for node, array in arrays.items())
    assert np.array_equal(found.has_grad, expected.has_grad)
    assert np.array_equal(found.has_cotangent, expected.has_cotangent)
    assert same(found.cotangent, expected.cotangent)


def total(results: list[Any]) -> Value:
    """One number that every result is part of."""
    numbers = [x.sum() if x.shape else x for x in results]
    return sum(numbers[1:], numbers[0])


def recorded(program: Written) -> Graph | None:
    """The pass of a program whose leaves are called x0, x1, …"""
    number = count()
    functions = {name: function for name, (_, function) in ARRAYS.items()}
    _, results = program.run(functions, lambda x: Value(x, f"x{next(number)}"))
    if not results:
        return None
    loss = total(results)
    loss.backward()
    return record(loss)


def moved(program: Written, graph: Graph) -> dict[str, Any]:
    """Other data for the leaves that the graph has."""
    known = set(graph.names.values())
    return {f"x{k}": x * 1.1 - 0.2 for k, x in enumerate(program.leaves) if f"x{k}" in known}


# -- the same numbers ----------------------------------------------------------------------------------------
@pytest.mark.parametrize("worthwhile", [COLUMNS, ONE_BY_ONE])
@brief
@given(programs)
def test_a_replay_is_what_the_engine_gives(worthwhile: float, program: Written) -> None:
    graph = recorded(program)
    other = recorded(Written([x * 1.1 - 0.2 for x in program.leaves], program.constants, program.steps))
    if graph is None or other is None:
        return
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(choice, "WORTHWHILE", worthwhile)
        replayed = gv.replay(graph)
    assert replayed.vectorised == (worthwhile == COLUMNS)
    assert_same_graph(replayed.graph(), graph)
    assert_same_graph(replayed.graph(moved(program, graph)), other)
    assert_same_graph(replayed.graph(), graph)  # nothing of the last run stays


def test_infinite_gradients_that_meet_are_not_warned_of() -> None:
    x = Value(np.ones(2), name="x")
    y = x - x
    z = y + y
    loss = ((z - z) / y).sum()
    with np.errstate(all="ignore"):
        loss.backward()
        graph = record(loss)
    assert np.isnan(gv.replay(graph).run().arrays["grad"][0]).all()


@brief
@given(programs)
def test_lanes_are_single_runs(program: Written) -> None:
    graph = recorded(program)
    if graph is None:
        return
    leaves = np.flatnonzero((graph.op == 0) & (graph.kind != CONST)).tolist()
    numbers = [node for node in leaves if node not in graph.arrays["data"]]
    replayed = gv.replay(graph)
    rows = np.random.default_rng(0).normal(size=(5, len(numbers)))
    roots = [replayed.run(dict(zip(numbers, row, strict=True))).root for row in rows.tolist()]
    assert same(replayed.values(numbers, rows), np.array(roots))


@pytest.mark.torch
@brief
@given(comparable_programs)
def test_gradients_are_pytorchs(program: Written) -> None:
    torch = pytest.importorskip("torch")
    graph = recorded(program)
    if graph is None:
        return
    new = moved(program, graph)
    written = Written([x * 1.1 - 0.2 for x in program.leaves], program.constants, program.steps)
    tensors, results = written.run(
        in_torch(), lambda x: torch.tensor(x, dtype=torch.float64, requires_grad=True)
    )
    sum(x.sum() for x in results).backward()
    found = gv.replay(graph).graph(new)
    for name in new:
        expected = tensors[int(name[1:])].grad
        if (
            expected is not None
            and bool(torch.isfinite(expected).all())
            and bool((expected.abs() < 1e6).all())
        ):
            assert np.allclose(found.node(name).grad, expected.numpy(), rtol=1e-8, atol=1e-8)


@pytest.mark.usefixtures("both_ways")
class TestShapesOfGraphs:
    """Graphs that are wide, deep, shared, strange."""

    def check(self, make: Callable[[Value], Value], before: float = 0.7, after: float = -0.4) -> Graph:
        x, y = Value(before, "x"), Value(after, "x")
        loss, expected = make(x), make(y)
        loss.backward()
        expected.backward()
        program = gv.replay(record(loss))
        assert_same_graph(program.graph(), record(loss))
        found = program.graph({"x": after})
        assert_same_graph(found, record(expected))
        assert found.validate() == []
        return found

    def test_the_same_operand_twice(self) -> None:
        assert self.check(lambda x: x * x).node("x").grad == -0.8
        assert self.check(lambda x: x + x + x).node("x").grad == 3.0
        self.check(lambda x: (x - x) * (x / x) + x**x)

    def test_chains_of_additions(self) -> None:
        def left(x: Value) -> Value:
            return sum([x * float(i) for i in range(30)], Value(0.1))

        def right(x: Value) -> Value:
            out = x * 1.1
            for i in range(30):
                out = x * float(i) + out
            return out

        def with_sums_as_terms(x: Value) -> Value:
            return sum((left(x * float(i)) + right(x) for i in range(10)), Value(0.0))

        def with_a_sum_that_others_read(x: Value) -> Value:
            out = middle = x * 0.3
            for i in range(20):
                out = out + x * float(i)
                middle = out if i == 10 else middle
            return out * middle + middle

        for make in (left, right, with_sums_as_terms, with_a_sum_that_others_read):
            self.check(make)

    def test_many_that_read_one_node(self) -> None:
        self.check(lambda x: sum((x * (i / 7) for i in range(20_000)), Value(0.0)))

    def test_a_deep_chain(self) -> None:
        def deep(x: Value) -> Value:
            for _ in range(2_000):
                x = (x * 1.001 + 0.01).tanh()
            return x

        self.check(deep)

    def test_what_is_not_finite(self) -> None:
        found = self.check(lambda x: (x / 0.0).relu() + (x * 0.0).log() + x.sqrt() + (x * 1e308 * 10).exp())
        assert math.isnan(found.data[found.root])

    def test_attributes_differ(self) -> None:
        self.check(lambda x: x.leaky_relu(0.1) + x.leaky_relu() * x.elu(0.5) + (x * 2).leaky_relu(0.1))

    def test_choosing(self) -> None:
        self.check(lambda x: gv.where(1.0, x * 2, x * 3) + gv.where(0.0, x, x * x) + gv.maximum(x, x))

    def test_arrays_and_numbers(self) -> None:
        v = np.array([[0.5, -1.0], [2.0, 0.25]])
        self.check(lambda x: ((Value(v) * x) @ Value(v)).tanh().sum() * x + Value(v)[0].softmax()[1])

    def test_arrays_of_nothing(self) -> None:
        self.check(lambda x: (Value(np.zeros((0, 3))) * x).sum() + x)

    def test_the_root_is_a_leaf(self) -> None:
        found = self.check(lambda x: x)
        assert found.grad.tolist() == [1.0]


@pytest.mark.slow
def test_a_million_operations_deep() -> None:
    y = x = Value(0.5, "x")
    for _ in range(500_000):
        y = (y * 0.9999).tanh()
    y.backward()
    program = gv.replay(record(y))
    assert not program.vectorised
    assert program.run().grad[0] == x.grad


def test_a_hundred_thousand_readers_in_a_few_groups() -> None:
    x = Value(0.5, "x")
    loss = sum((x * (i / 7) for i in range(100_000)), Value(0.0))
    loss.backward()
    program = gv.replay(record(loss))
    assert program.vectorised and program.groups <= 4
    assert program.run().grad[program.recorded.find("x")] == x.grad


def test_disconnected_nodes_are_computed_and_get_no_gradient() -> None:
    graph = Graph(
        op_names=["", "add", "mul"], op=[0, 0, 1, 2, 2], kind=[1, 1, 3, 3, 3],
        input_start=[0, 0, 0, 2, 4, 6], input=[0, 1, 1, 1, 2, 3], data=[2.0, 3.0, 5.0, 9.0, 45.0], root=2,
    )  # fmt: skip
    out = gv.replay(graph).run({1: 4.0})
    assert out.data.tolist() == [2.0, 4.0, 6.0, 16.0, 96.0]
    assert out.has_grad.tolist() == [True, True, True, False, False]
    assert out.grad.tolist()[:3] == [1.0, 1.0, 1.0] and np.all(np.isnan(out.grad[3:]))
    assert out.root == 6.0


# -- a network -----------------------------------------------------------------------------------------------
def network(samples: int = 20) -> Graph:
    points, labels = gv.data.moons(samples, noise=0.1, seed=0)
    model = nn.MLP(2, [16, 16, 1], seed=0)
    loss = losses.mse([model(point) for point in points], [2 * label - 1 for label in labels])
    loss = loss + 1e-4 * sum(p * p for p in model.parameters())
    loss.backward()
    return record(loss)


def test_a_network_is_a_few_groups() -> None:
    program = gv.replay(network())
    assert program.vectorised and program.groups <= 20 and len(program.recorded) > 13_000


def test_another_order_of_adding_is_within_the_bound_that_the_docs_state() -> None:
    graph = gv.replay(network()).graph()
    for node in np.flatnonzero(np.bincount(graph.input[graph.has_cotangent]) > 2).tolist():
        edges = graph.consumers_of(node)
        parts = graph.cotangent[edges[graph.has_cotangent[edges]]].tolist()  # the other way round
        bound = 2 * len(parts) * 2**-53 * math.fsum(map(abs, parts))
        assert (
            abs(sum(parts) - graph.grad[node]) <= bound and abs(math.fsum(parts) - graph.grad[node]) <= bound
        )


def test_finite_differences_agree_with_backward() -> None:
    graph = network()
    found = gv.replay(graph).finite_differences()
    assert len(found) == 337
    exact = graph.grad[list(found)]
    assert np.max(np.abs([*found.values()] - exact) / np.maximum(1, np.abs(exact))) < 1e-8


def test_finite_differences_of_arrays_keep_their_shape() -> None:
    x, w = Value(np.array([[1.0, -2.0], [0.5, 3.0]]), "x"), gv.Parameter(0.3, "w")
    loss = (x * w).exp().sum()
    loss.backward()
    program = gv.replay(record(loss))
    assert np.allclose(program.finite_differences(["x"])[program.recorded.find("x")], x.grad, rtol=1e-8)
    assert list(program.finite_differences()) == [program.recorded.find("w")]  # parameters, if there are any


def test_the_step_can_be_chosen() -> None:
    x = Value(3.0, "x")
    program = gv.replay(record(x**3))
    assert program.finite_differences(step=0.5)[0] == pytest.approx(27.25)  # (3.5³ − 2.5³) / 1
    assert program.finite_differences()[0] == pytest.approx(27, abs=1e-8)


@pytest.mark.parametrize("step", [0.0, -1e-3, math.nan, math.inf])
def test_a_step_leads_somewhere(step: float) -> None:
    program = gv.replay(record(Value(3.0, "x") ** 3))
    assert "step" in refusal(DataError, lambda: program.finite_differences(step=step))


@pytest.mark.parametrize("rows", [[[1.0], [2.0, 3.0]], [["a"]], [[1j]]])
def test_rows_are_numbers(rows: object) -> None:
    program = gv.replay(record(Value(3.0, "x") ** 3))
    assert "rows" in refusal(DataError, lambda: program.values(["x"], rows))


def test_a_value_is_recorded_before_it_is_replayed() -> None:
    assert "record" in refusal(DataError, lambda: gv.replay(Value(3.0) * 2))  # type: ignore[arg-type]


def test_values_of_many_rows() -> None:
    x, y = Value(1.0, "x"), Value(2.0, "y")
    program = gv.replay(record(x * y + x))
    rows = np.random.default_rng(1).normal(size=(1000, 2))
    assert program.values(["x", "y"], rows).tolist() == (rows[:, 0] * rows[:, 1] + rows[:, 0]).tolist()
    assert program.values(["y"], [[5.0]]).tolist() == [6.0]
    assert program.values([], np.zeros((2, 0))).tolist() == [3.0, 3.0]
    assert program.values(["x"], np.zeros((0, 1))).shape == (0,)


# -- graphs that are handed out ------------------------------------------------------------------------------
def test_a_replayed_graph_keeps_what_was_there_before() -> None:
    x, unread = Value(2.0, "x"), Value(0.0, "unread")
    for _ in range(2):
        loss = x * x + gv.where(unread > 1, 1.0, 0.0)
        loss.backward()
    graph = record(loss)
    found = gv.replay(graph).graph({"x": 3.0})
    assert (found.node("x").grad, found.prior_of(found.find("x"))) == (10.0, 4.0)
    assert found.validate() == [] and found.names == graph.names and found.spans == graph.spans


def test_the_update_that_followed_is_not_that_of_other_gradients() -> None:
    graph = record(Value(2.0, "x") * 3.0).replace(updates=[Update(0, 2.0, 1.0)])
    program = gv.replay(graph)
    assert program.graph().updates == graph.updates and program.graph({"x": 5.0}).updates == ()


@pytest.mark.usefixtures("both_ways")
def test_a_pass_over_values_of_an_earlier_one() -> None:
    x = Value(1.5, "x")
    y = x * 2.0 + x
    y.backward()
    x.grad = None
    z = y * x + y.tanh() * y
    z.backward()
    assert_same_graph(gv.replay(record(z)).graph(), record(z))


@pytest.mark.usefixtures("both_ways")
def test_a_graph_from_a_file(tmp_path: Path) -> None:
    v = Value(np.arange(12.0).reshape(3, 4), "v")
    parts = v[1:, 0].sum() + v[[0, 0, 2]].mean(axis=(0, 1)) + v[None, ..., ::2].prod(axis=-1).sum()
    loss = parts + gv.stack([v[0, 1], v[1, 1]]).softmax()[0] + v.T.reshape(2, 6).max(axis=1).sum()
    loss = loss + gv.concat([v, v], axis=1).log_softmax(axis=0).sum() + v[v.data > 3].sum().leaky_relu(0.2)
    loss.backward()
    writer = Writer(tmp_path / "a.gradviz")
    writer.add(record(loss))
    with gv.Recording.open(tmp_path / "a.gradviz") as recording:
        assert_same_graph(gv.replay(recording.graph(0)).graph(), record(loss))


def test_a_replayed_graph_starts_from_the_recorded_seed() -> None:
    v = Value(np.array([1.0, 2.0]), "v")
    out = v * v
    out.backward(np.array([10.0, 100.0]))
    assert gv.replay(record(out)).graph({"v": np.array([2.0, 3.0])}).node("v").grad.tolist() == [40.0, 600.0]


def test_graphs_share_what_does_not_change_and_nothing_else() -> None:
    program = gv.replay(network(2))
    first, second = program.graph(), program.graph({0: 5.0})
    assert np.shares_memory(first.input, second.input) and np.shares_memory(first.op, program.recorded.op)
    assert not np.shares_memory(first.data, second.data)
    assert_same_graph(first, program.recorded)
    assert not first.data.flags.writeable


def test_threads_may_share_a_program() -> None:
    program = gv.replay(network(4))
    leaf = int(np.flatnonzero(program.recorded.kind == PARAM)[0])
    expected = {k: program.run({leaf: k / 10}).root for k in range(8)}
    wrong: list[int] = []

    def work(k: int) -> None:
        for _ in range(20):
            if program.run({leaf: k / 10}).root != expected[k]:
                wrong.append(k)

    threads = [threading.Thread(target=work, args=(k,)) for k in expected]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong and len(set(expected.values())) == 8


def test_what_was_decided_from_data_stays_decided() -> None:
    """As the docs say: Python's own comparisons, and so also conditions, are not in the graph."""
    x = Value(2.0, "x")
    graph = record(x * 3.0 if x > 0 else x * 5.0)
    assert gv.replay(graph).run({"x": -1.0}).root == -3.0
    graph = record(gv.where(x > 0, x * 3.0, x * 5.0))
    assert gv.replay(graph).run({"x": -1.0}).root == -3.0
    assert gv.replay(record(x.leaky_relu(0.1))).run({"x": -1.0}).root == -0.1  # ops decide anew


# -- what is refused -----------------------------------------------------------------------------------------
def refusal(error: type[GradvizError], act: Callable[[], object]) -> str:
    with pytest.raises(error) as caught:
        act()
    return str(caught.value)


def test_an_unknown_op_is_named_with_its_place() -> None:
    x = Value(2.0, "x")
    graph = record(x.tanh())
    strange = graph.replace(op_names=tuple("conv" if name == "tanh" else name for name in graph.op_names))
    assert refusal(ReplayError, lambda: gv.replay(strange)).startswith(f"n1, made at {__file__}:")
    assert "'conv'" in refusal(ReplayError, lambda: gv.replay(strange))


@pytest.mark.usefixtures("both_ways")
def test_data_that_the_leaves_do_not_give_is_named_with_both_numbers() -> None:
    x = Value(2.0, "x")
    graph = record(x.tanh() * 3.0)
    data = graph.data.copy()
    data[graph.find("x")] = 2.5
    text = refusal(ReplayError, lambda: gv.replay(graph.replace(data=data)))
    assert f"{__file__}:" in text and repr(math.tanh(2.0)) in text and repr(math.tanh(2.5)) in text


def test_an_array_that_the_leaves_do_not_give_is_named() -> None:
    v = Value(np.array([1.0, 2.0]), "v")
    graph = record((v * 2.0).sum())
    doubled = next(node for node in graph.arrays["data"] if graph.op_of(node))
    arrays = {**graph.arrays, "data": {**graph.arrays["data"], doubled: np.array([2.0, 4.5])}}
    assert "v*2" in refusal(ReplayError, lambda: gv.replay(graph.replace(arrays=arrays)))


def test_a_zero_of_the_other_sign_is_no_difference() -> None:
    """micrograd's relu gives −0.0 for −0.0."""
    graph = record(Value(-0.0, "x").relu())
    assert gv.replay(graph.replace(data=[-0.0, -0.0])).run().root == 0.0


def test_a_leaf_that_was_not_kept() -> None:
    v = Value(np.array([1.0, 2.0]), "v")
    graph = record(v.sum())
    gone = graph.replace(arrays={**graph.arrays, "data": {0: None}})
    assert "too large to keep" in refusal(ReplayError, lambda: gv.replay(gone))


def test_a_graph_without_values_is_refused() -> None:
    empty = Graph(op_names=[""], op=[], kind=[], input_start=[0], input=[], data=[])
    assert "no values" in refusal(ReplayError, lambda: gv.replay(empty))


def test_an_array_has_no_gradient_without_a_seed() -> None:
    graph = record(Value(np.array([1.0, 2.0]), "v") * 2)
    assert "no gradient to start from" in refusal(ReplayError, lambda: gv.replay(graph))


def test_new_data_must_fit() -> None:
    x, v = Value(2.0, "x"), Value(np.array([1.0, 2.0]), "v")
    program = gv.replay(record((v * x).sum()))
    assert "no node" in refusal(NotFoundError, lambda: program.run({99: 1.0}))
    assert "was computed by mul" in refusal(ReplayError, lambda: program.run({"n2": np.ones(2)}))
    assert "shape (2,)" in refusal(ShapeError, lambda: program.run({"v": np.ones(3)}))
    assert "shape ()" in refusal(ShapeError, lambda: program.graph({"x": np.ones(3)}))
    assert "cannot hold" in refusal(DataError, lambda: program.run({"x": "1"}))
    assert "in lanes" in refusal(ShapeError, lambda: program.values(["v"], [[1.0]]))
    assert "(rows, 1)" in refusal(ShapeError, lambda: program.values(["x"], [1.0]))
    assert "was computed" in refusal(ReplayError, lambda: program.finite_differences([2]))


def test_only_one_number_has_finite_differences() -> None:
    v = Value(np.array([1.0, 2.0]), "v")
    out = v * 2
    out.backward(np.ones(2))
    program = gv.replay(record(out))
    assert "array" in refusal(ShapeError, lambda: program.finite_differences())
    assert "array" in refusal(ShapeError, lambda: program.values([], np.zeros((1, 0))))


def test_replay_is_the_function() -> None:
    import gradviz.program  # noqa: F401 - the package must not stand in the function's place

    assert callable(gv.replay) and callable(gv.compile)
