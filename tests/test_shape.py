"""Passes of one shape share their structure, and say the same as passes that are frozen afresh."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gradviz import Value, nn, record, scope
from gradviz.engine import current, modules
from gradviz.recorders import shape, value
from gradviz.recording import Recording, Writer


@pytest.fixture(autouse=True)
def fresh(monkeypatch):
    monkeypatch.setattr(value, "_last", None)
    current.begin()


def columns(graph):
    told = {key: getattr(graph, key) for key in (*shape.COLUMNS, "data", "grad", "has_grad", "prior")}
    arrays = {key: {i: a.tolist() for i, a in held.items()} for key, held in graph.arrays.items()}
    plain = {key: x.tolist() if isinstance(x, np.ndarray) else x for key, x in told.items()}
    return repr((plain, graph.names, graph.attrs, arrays, graph.meta))


def both(root, monkeypatch):
    """The graph of a pass, as after the last, and as if it were the first."""
    again, last = record(root, {}), value._last
    monkeypatch.setattr(value, "_last", None)
    assert columns(again) == columns(record(root, {}))
    monkeypatch.setattr(value, "_last", last)  # the same pass has all its rows written by now
    return again


def step(model, x):
    loss = model([x, 2.0]) * 3.0
    for parameter in model.parameters():
        parameter.grad = None
    loss.backward()
    return loss


def test_passes_of_a_loop_share_their_structure(monkeypatch):
    model = nn.MLP(2, [3, 1], seed=1)
    first = None
    for k in range(3):
        graph = record(step(model, 0.5 * k))
        if first is not None:
            assert all(
                getattr(graph, key) is getattr(first, key) for key in ("op", "input", "scope", "source")
            )
            assert graph.data.tolist() != first.data.tolist()
        first = graph
    both(step(model, 7.0), monkeypatch)


LOOKS = {
    "nobody": lambda loss, out: None,
    "inner rows": lambda loss, out: out._prev,
    "a gradient is taken away": lambda loss, out: setattr(out, "grad", None),
    "a gradient is set": lambda loss, out: setattr(out, "grad", 2.5),
    "another pass": lambda loss, out: out.backward(),
    "the same pass": lambda loss, out: loss.backward(),
}
numbers = st.floats(-3, 3) | st.sampled_from([0.0, -0.0, 1e300, -1e300, math.inf, math.nan, 5e-324])


@given(data=st.data())
def test_numbers_of_rows_that_were_never_written(data):
    """The second pass is read from its blocks, unless somebody looks; the same one afresh is written out."""
    activation = data.draw(st.sampled_from(["relu", "tanh", "sigmoid", None]))
    sizes = data.draw(st.lists(st.integers(1, 3), min_size=1, max_size=3))
    model, read = nn.MLP(2, sizes, activation), data.draw(st.integers(0, sizes[-1] - 1))
    look = LOOKS[data.draw(st.sampled_from(sorted(LOOKS)))]
    backwards, array = data.draw(st.booleans()), data.draw(st.booleans())
    root_inside = data.draw(st.booleans())
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(value, "_last", None)
        current.begin()
        for _ in range(2):
            for parameter in model.parameters():
                parameter.data = data.draw(numbers)
            outs = [model([Value(data.draw(numbers)), 2.0]) for _ in range(3)]
            outs = [out if isinstance(out, list) else [out] for out in outs]
            loss = sum((out[read] for out in outs[1:]), outs[0][read])
            if array:
                loss = (loss * Value(np.array([1.0, math.nan]))).sum()
            root = outs[2][0] if root_inside else loss
            if backwards:
                root.backward()
                look(root, outs[1][read])
            both(root, patch)


def test_a_pass_of_a_known_shape_writes_no_inner_rows(monkeypatch):
    model = nn.MLP(2, [3, 1], seed=1)
    for k in range(3):
        loss = step(model, 0.5 * k)
        record(loss)
        assert all(block.settled == (k == 0) for block in loss._tape.blocks) and loss._tape.blocks


def test_a_call_that_python_has_moved_is_where_it_was(monkeypatch):
    def make():
        current.begin()
        with scope("a"):
            return Value(2.0) * 3.0

    first = record(make())
    second = make()
    tape, row = second._tape, second._row
    tape.at[row] += 2  # past an instruction follow its caches, which stand at the same place
    graph = both(second, monkeypatch)
    assert graph.source is first.source and graph.span_of(graph.root) == first.span_of(first.root)
    third = make()
    third._tape.at[third._row] = 0
    assert both(third, monkeypatch).span_of(graph.root) != graph.span_of(graph.root)


def test_two_offsets_of_one_place_are_one_place():
    one, other = [Value(2.0) * 3.0 for _ in range(2)]
    other._tape.at[other._row] += 2
    graph = record(one + other)
    assert len(set(graph.spans)) == len(graph.spans)
    assert graph.source[graph.input[-2]] == graph.source[graph.input[-1]]


@pytest.mark.parametrize(
    "change",
    [
        lambda changed: Value(2.0) * Value(3.0) if changed else Value(2.0) + Value(3.0),
        lambda changed: Value(2.0, kind="param" if changed else "input") * 3.0,
        lambda changed: [v := Value(2.0), w := Value(3.0), v * v if changed else v * w][-1],
        lambda changed: Value(np.ones(3)).sum(axis=0) if changed else Value(np.ones(3)).sum(),
        lambda changed: Value(np.ones(3)) * Value(2.0) if changed else Value(1.0) * Value(2.0),
        lambda changed: Value(2.0, "x" if changed else "y") * 3.0,
        lambda changed: nn.Layer(2, 1, "tanh" if changed else "relu", seed=1)([1.0, 2.0]),
        lambda changed: (
            [layer := nn.Layer(2, 1, seed=1), x := Value(1.0), y := Value(2.0)]
            and ((x + y) * layer([y, x] if changed else [x, y]))
        ),
        lambda changed: (
            [layers := [nn.Layer(2, 1, seed=k) for k in (1, 2)]]
            and (layers[0]([1.0, 2.0]) + layers[1]([1.0, 2.0]) + layers[changed]([1.0, 2.0]))
        ),
        lambda changed: (
            [layer := nn.Layer(2, 1, seed=1), neuron := layer.neurons[0], total := sum(layer.parameters())]
            and [setattr(neuron, "w", neuron.w[::-1] if changed else neuron.w)]
            and total * layer([1.0, 2.0])
        ),
    ],
)
def test_what_differs_is_told(change, monkeypatch):
    def make(changed):
        monkeypatch.setattr(modules, "_titles", type(modules._titles)())  # scopes say which layer it is
        current.begin()
        return change(changed)

    first, second = (record(make(changed), {}) for changed in (False, True))
    assert columns(first) != columns(second)
    monkeypatch.setattr(value, "_last", None)
    for changed in (False, True, False):
        both(make(changed), monkeypatch)


def test_scopes_and_lines_that_differ_are_told(monkeypatch):
    def make(name):
        with scope(name):
            return Value(2.0) * 3.0

    assert record(make("a")).scopes != record(make("b")).scopes
    first = Value(2.0) * 3.0
    record(first)
    second = Value(2.0) * 3.0
    assert record(second).node(2).source.line == record(first).node(2).source.line + 2


def test_a_gradient_that_was_there_before_and_rows_the_pass_did_not_reach(monkeypatch):
    for again in range(3):
        x, dead = Value(2.0), Value(5.0)
        x.grad = 1.0
        root = x * 3.0 + (dead * 2.0).data
        root.backward()
        x.grad = 7.0 + again  # set afterwards: the graph tells what is there now
        graph = both(root, monkeypatch)
        assert graph.grad.tolist().count(7.0 + again) == 1
        assert graph.prior.tolist().count(1.0) == 1, again


def test_a_pass_over_several_tapes_is_told_whole(monkeypatch):
    for k in range(3):
        x = Value(1.0 + k)
        y = x * 2.0
        y.backward()
        z = y + x
        z.backward()
        both(z, monkeypatch)


def test_recordings_of_one_shape_read_back_each_as_it_was(tmp_path):
    model, path = nn.MLP(2, [3, 1], seed=1), tmp_path / "run.gradviz"
    writer, graphs = Writer(path), []
    for k in range(3):
        graphs.append(record(step(model, 0.5 * k)))
        writer.add(graphs[-1])
    writer.add(record(Value(1.0) * 2.0))
    writer.finish()
    recording = Recording.open(path)
    for k, graph in enumerate(graphs):
        assert columns(recording.graph(k)) == columns(graph)
    assert len(recording.graph(3)) == 3


@pytest.mark.parametrize(
    "changes",
    [
        [{"meta": {"line": k}} for k in (1, 1.0, True, 0.0, -0.0)],
        [{"attrs": {0: {"p": k}}} for k in (2, 2.0, None)],
        [{"names": {0: name}} for name in "ab"],
        [{"scopes": [name]} for name in "ab"],
        [{"root": root} for root in (1, 2)],
        [{"arrays": {"data": {0: np.ones(k)}}} for k in (2, 3)],
    ],
)
def test_facts_that_differ_are_written(tmp_path, changes):
    graph, path = record(Value(2.0) * 3.0), tmp_path / "run.gradviz"
    writer = Writer(path)
    graphs = [graph.replace(**change) for change in changes]
    for each in graphs:
        writer.add(each)
        writer.add(each)
    writer.finish()
    recording = Recording.open(path)
    for k, each in enumerate(graphs):
        assert columns(recording.graph(2 * k)) == columns(recording.graph(2 * k + 1)) == columns(each)


def test_names_that_changed_in_between_are_written(tmp_path):
    graph, path = record(Value(2.0, "x") * 3.0), tmp_path / "run.gradviz"
    writer = Writer(path)
    writer.add(graph)
    graph.names[0] = "y"
    writer.add(graph)
    writer.finish()
    assert [graph.names[0] for graph in Recording.open(path)] == ["x", "y"]
