"""Opening a pass and going to any step of it: without going through the whole of it."""

import time
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gradviz import Value, nn, record
from gradviz.document import Document, export_frame, node_document, pass_document, window_document
from gradviz.document.cache import Cache
from gradviz.document.progress import EVERY, Counter
from gradviz.graph import INPUT, OP, Graph
from gradviz.recording import Recording


def perceptron() -> Graph:
    model = nn.MLP(3, [8, 8, 1], seed=1)
    loss = sum((model([x, -2.0, 3.0]) for x in (1.0, 0.5, -1.0)), Value(0.0))
    loss.backward()
    return record(loss)


def star(readers: int) -> Graph:
    """One value that is read very often, and an op that reads very much; every other value apart."""
    n = readers + 2
    return Graph(
        op_names=["", "tanh", "gathered"],
        op=[0] + [1] * readers + [2],
        kind=[INPUT] + [OP] * (n - 1),
        input_start=np.concatenate(([0, 0], np.arange(1, readers + 1), [2 * readers])),
        input=np.concatenate((np.zeros(readers, int), np.arange(1, readers + 1))),
        data=np.zeros(n),
        grad=np.ones(n),
        has_grad=np.ones(n, dtype=bool),
    )


@pytest.mark.parametrize("size", [1, 3, EVERY])
def test_counts_are_those_of_a_recount(size: int) -> None:
    column = np.random.default_rng(0).integers(-1, size, 3 * EVERY + 5)
    counter = Counter(column, size)
    for k in (0, 1, EVERY - 1, EVERY, EVERY + 1, 2 * EVERY + 7, len(column), len(column) + 9):
        expected = [np.count_nonzero(column[:k] == i) for i in (0, size // 2, size - 1)]
        assert counter.first(k)[[0, size // 2, size - 1]].tolist() == expected
    assert Counter(column[:0], size).first(5).tolist() == [0] * size


@pytest.fixture(scope="module")
def shown() -> Document:
    return Document(Recording.of([perceptron()]))


@settings(deadline=None)
@given(st.data())
def test_progress_is_what_the_frames_say(shown: Document, data: st.DataObject) -> None:
    scene = shown.scene(shown.shown(0), depth=data.draw(st.integers(0, 3)))
    timeline, view = scene.timeline, scene.view
    frame = timeline.frame(k := data.draw(st.integers(0, len(timeline))))
    carries, boxes = timeline.carries_done(k), len(view.boxes)
    received = view.graph.input[frame.carried]
    computed = np.bincount(view.box_of[frame.computed], minlength=boxes)
    assert scene.progress.computed(k).tolist() == computed.tolist()
    gained = np.bincount(view.box_of[received], minlength=boxes)
    assert scene.progress.gains(carries, seeded=False).tolist() == gained.tolist()
    on = view.edge_of[frame.carried]
    travelled = np.bincount(on[on >= 0], minlength=len(view.edges))
    assert scene.progress.carried(carries).tolist() == travelled.tolist()


def test_totals_are_the_last_counts() -> None:
    document = Document(Recording.of([perceptron()]))
    progress = document.scene(document.shown(0), []).progress
    carries = len(progress.timeline.sums)
    assert progress.gains_total.tolist() == progress.gains(carries, seeded=True).tolist()
    assert progress.carried_total.tolist() == progress.carried(carries).tolist()


def test_the_first_page_needs_no_depth_first_visit() -> None:
    document = Document(Recording.of([perceptron()]))
    scene = document.scene(document.shown(0), [])
    pass_document(scene)
    window_document(scene, scene.timeline.phase_range("forward").stop - 3, 3)
    assert scene.timeline._walk is None
    window_document(scene, len(scene.timeline) - 3, 3)
    assert scene.timeline._walk is not None


def test_a_large_pass_is_prepared_in_the_background(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gradviz.document.document.AT_ONCE", 10)
    document = Document(Recording.of([perceptron()]))
    scene = document.scene(document.shown(0))
    for _ in range(3):
        document.prepare(scene)
    limit = time.monotonic() + 10
    while "_travelled" not in scene.progress.__dict__ and time.monotonic() < limit:
        time.sleep(0.01)
    assert {"_gained", "_travelled"} <= scene.progress.__dict__.keys()


def test_a_value_with_a_hundred_thousand_readers_is_told_within_bounds() -> None:
    many = 100_000
    document = Document(Recording.of([star(many)]))
    shown = document.shown(0)
    read, reading = node_document(shown, 0), node_document(shown, many + 1)
    assert len(read["consumers"]) == 200 and read["more"] == many - 200
    assert len(read["steps"]["grad"]) == 200
    assert read["steps"]["grad"][-1] == shown.timeline.steps_of(0)["grad"][-1]  # type: ignore[index]
    assert len(reading["inputs"]) == 200 and reading["moreInputs"] == many - 200
    scene = document.scene(shown)
    for k in (0, many + 1, many + 2, 2 * many, len(scene.timeline) - 2):
        told = window_document(scene, k, 2)
        assert all(len(step["sentence"]) < 500 for step in told["steps"])
        assert all(len(" ".join(step["formula"])) < 1_000 for step in told["steps"])


def test_consumers_name_their_edge() -> None:
    x = Value(3.0, "x")
    (x * x).backward()
    graph = record(x * x)
    told = node_document(Document(Recording.of([graph])).shown(0), graph.find("x"))
    assert [row["edge"] for row in told["consumers"]] == graph.consumers_of(graph.find("x")).tolist()


def test_exported_json_does_not_tell_of_folders() -> None:
    document = Document(Recording.of([perceptron()]))
    text = export_frame(document.scene(document.shown(0)), "json", 0).content.decode()
    assert "test_progress.py:" in text and "/test_progress.py" not in text


class TestWeighedCache:
    def test_heavy_values_push_others_out(self) -> None:
        cache = Cache[str](size=9, most=10)
        for key in "abc":
            cache.get(key, lambda key=key: key, weight=5)
        assert len(cache) == 2 and cache.get("a", lambda: "new", weight=1) == "new"

    def test_one_is_always_kept(self) -> None:
        cache = Cache[Any](size=9, most=10)
        cache.get("small", lambda: 1, weight=1)
        cache.get("large", lambda: 2, weight=1_000)
        assert len(cache) == 1 and cache.get("large", lambda: 3) == 2
        cache.clear()
        assert len(cache) == 0
