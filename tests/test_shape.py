"""Passes of one shape share their structure, and say the same as passes that are frozen afresh."""

import numpy as np
import pytest

from gradviz import Value, nn, record, scope
from gradviz.engine import current
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
    again = record(root)
    monkeypatch.setattr(value, "_last", None)
    assert columns(again) == columns(record(root))
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
        loss = step(model, 0.5 * k)
        monkeypatch.setattr(value, "_last", value._last)
        graph = record(loss)
        if first is not None:
            assert all(
                getattr(graph, key) is getattr(first, key) for key in ("op", "input", "scope", "source")
            )
            assert graph.data.tolist() != first.data.tolist()
        first = graph
    both(step(model, 7.0), monkeypatch)


@pytest.mark.parametrize(
    "change",
    [
        lambda changed: Value(2.0) * Value(3.0) if changed else Value(2.0) + Value(3.0),
        lambda changed: Value(2.0, kind="param" if changed else "input") * 3.0,
        lambda changed: [v := Value(2.0), w := Value(3.0), v * v if changed else v * w][-1],
        lambda changed: Value(np.ones(3)).sum(axis=0) if changed else Value(np.ones(3)).sum(),
        lambda changed: Value(np.ones(3)) * Value(2.0) if changed else Value(1.0) * Value(2.0),
        lambda changed: Value(2.0, "x" if changed else "y") * 3.0,
    ],
)
def test_what_differs_is_told(change, monkeypatch):
    first, second = (record(change(changed)) for changed in (False, True))
    monkeypatch.setattr(value, "_last", None)
    assert [columns(first)] != [columns(second)]
    for changed in (False, True):
        both(change(changed), monkeypatch)


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
        graph = both(root, monkeypatch)
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
