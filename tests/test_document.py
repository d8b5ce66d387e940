"""The JSON document: it is enough to walk to any step and back, and nothing in it is made up."""

import copy
import json
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gradviz import Value, nn, record
from gradviz.document import (
    WINDOW,
    Document,
    Scene,
    box_document,
    export_frame,
    find_document,
    frame_document,
    node_document,
    pass_document,
    window_document,
)
from gradviz.document.cache import Cache
from gradviz.document.files import FileNames
from gradviz.errors import NotFoundError, RecordingError
from gradviz.graph import Graph, Span, Update
from gradviz.numbers import dumps, loads
from gradviz.recording import Recording

HOSTILE = [
    "<img src=x onerror=alert(1)>",
    '"><script>alert(1)</script>',
    "\x1b[31m\r\n",
    "\ud800",
    "‮",
    "'",
    "]]>",
]
HERE = str(Path(__file__).resolve())


def neuron() -> Graph:
    x1, x2 = Value(2.0, name="x1"), Value(0.0, name="x2")
    w1, w2 = Value(-3.0, name="w1", kind="param"), Value(1.0, name="w2", kind="param")
    b = Value(6.8813735870195432, name="b", kind="param")
    n = x1 * w1 + x2 * w2 + b
    n.name = "n"
    o = n.tanh()
    o.name = "o"
    o.backward()
    return record(o)


def documented(*graphs: Graph, **meta: Any) -> Document:
    sources = {HERE: "x = 1\n"}
    return Document(Recording.of(graphs, sources=sources, meta={"script": HERE, "argv": [], **meta}))


def scene_of(graph: Graph, open: list[str] | None = None) -> Scene:
    document = documented(graph)
    return document.scene(document.shown(0), open)


# ---- a model of the page: the only ways in which it changes a frame ----
class Page:
    def __init__(self, pass_json: dict[str, Any]) -> None:
        self.boxes = pass_json["view"]["boxes"]
        self.edges = pass_json["view"]["edges"]

    def apply(self, frame: dict[str, Any], step: dict[str, Any]) -> None:
        box, final = frame["boxes"][step["box"]], self.boxes[step["box"]]
        single = final["node"] is not None
        event = step["event"]
        if event == "compute":
            box["computed"] += 1
            if single:
                box["data"] = step["after"]
            elif box["computed"] == box["total"]:
                box["data"] = final["data"]
        elif event == "leave" and single:
            box["order"] = step["position"]
        elif event in ("seed", "carry"):
            box["grads"] += 1
            if single:
                box["grad"], box["level"] = step["after"], step["level"]
            elif box["grads"] == box["gradsTotal"]:
                box["grad"], box["level"] = final["grad"], final["glevel"]
        elif event == "update":
            box["updated"] = True
            if single:
                box["data"] = step["after"]
        if event == "carry" and step["viewEdge"] is not None:
            self._travel(frame["edges"][step["viewEdge"]], self.edges[step["viewEdge"]], step)
        for late in step.get("also", []):
            frame["boxes"][late["box"]].update(grad=late["after"], level=late["level"])
        frame["k"] = step["k"] + 1

    def _travel(self, edge: dict[str, Any], final: dict[str, Any], step: dict[str, Any]) -> None:
        edge["carried"] += 1
        if edge["total"] == 1:
            edge.update(on=True, text=step["carried"], level=step["carriedLevel"])
        elif edge["carried"] == edge["total"]:
            edge.update(on=True, text=final["text"], level=final["level"])

    def revert(self, frame: dict[str, Any], step: dict[str, Any]) -> None:
        for late in step.get("also", []):
            frame["boxes"][late["box"]].update(grad=late["before"], level=late["levelBefore"])
        box, single = frame["boxes"][step["box"]], self.boxes[step["box"]]["node"] is not None
        event = step["event"]
        if event == "compute":
            box["computed"] -= 1
            box["data"] = None
        elif event == "leave":
            box["order"] = None
        elif event in ("seed", "carry"):
            box["grads"] -= 1
            box["grad"], box["level"] = (step["gradBefore"], step["levelBefore"]) if single else (None, None)
        elif event == "update":
            box["updated"] = step["updatedBefore"]
            if single:
                box["data"] = step["before"]
        if event == "carry" and step["viewEdge"] is not None:
            edge = frame["edges"][step["viewEdge"]]
            edge["carried"] -= 1
            edge.update(on=False, text=None, level=None)
        frame["k"] = step["k"]


@st.composite
def graphs(draw: st.DrawFn) -> Graph:
    """Graphs with shared values, scopes, constants, arrays, updates, stale gradients, NaN, unknown ops."""
    size = draw(st.integers(1, 14))
    numbers = st.sampled_from([0.0, 1.0, -2.0, 0.5, 3.25, 1e-30, 1e200, float("nan"), float("inf")])
    array = draw(st.booleans())
    leaves = [
        Value(np.full(2, draw(numbers)) if array and i == 0 else draw(numbers))
        for i in range(draw(st.integers(1, 5)))
    ]
    values = list(leaves)
    for _ in range(size):
        a, b = draw(st.sampled_from(values[-3:])), draw(st.sampled_from(values))
        op = draw(st.sampled_from(["add", "mul", "tanh", "const", "relu"]))
        values.append({"add": a + b, "mul": a * b, "tanh": a.tanh(), "const": a * 2.0, "relu": a.relu()}[op])
    root = values[-1].sum() if values[-1].shape else values[-1]
    with np.errstate(all="ignore"):
        if draw(st.integers(0, 4)):
            root.backward()
        if draw(st.booleans()) and root.grad is not None:
            root.backward()  # without zero_grad in between: leaves have something from before
        graph = record(root)
    return _dressed(draw, graph)


def _dressed(draw: st.DrawFn, graph: Graph) -> Graph:
    names = draw(st.sampled_from([["", "A"], ["A/b", "A/c", "B"], ["", "A/b", "A/b/c[0]", *HOSTILE[:2]]]))
    changes: dict[str, Any] = {"scopes": names}
    changes["scope"] = [draw(st.integers(0, len(names) - 1)) for _ in range(len(graph))]
    if draw(st.booleans()):
        changes["op_names"] = ["mystery" if name == "tanh" else name for name in graph.op_names]
    params = [i for i in range(len(graph)) if graph.kind[i] == 1 and i not in graph.arrays["data"]]
    if params and draw(st.booleans()):
        updated = params if draw(st.booleans()) else draw(st.lists(st.sampled_from(params), unique=True))
        changes["updates"] = [Update(i, float(graph.data[i]), 0.125 * i, "SGD") for i in updated]
    return graph.replace(**changes)


@st.composite
def views(draw: st.DrawFn) -> tuple[Scene, int]:
    graph = draw(graphs())
    scopes = sorted({part for path in graph.scopes for part in _chain(path)})
    open = draw(st.just([]) | st.none() | st.lists(st.sampled_from(scopes), unique=True))
    return scene_of(graph, open), draw(st.integers(1, 40))


def _chain(path: str) -> Iterator[str]:
    parts = path.split("/")
    return ("/".join(parts[: i + 1]) for i in range(len(parts)) if path)


@given(views())
@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_the_page_can_walk_all_windows_and_back(case: tuple[Scene, int]) -> None:
    with np.errstate(over="ignore", invalid="ignore"):
        _walk(*case)


def _walk(scene: Scene, size: int) -> None:
    page, total = Page(loads(dumps(pass_document(scene)))), len(scene.timeline)
    wanted = [frame_document(scene, k) for k in range(total + 1)]
    for frame in wanted:
        del frame["current"]
    windows = [loads(dumps(window_document(scene, start, size))) for start in range(0, max(total, 1), size)]
    now = copy.deepcopy(windows[0]["frame"])
    del now["current"]
    steps = [step for window in windows for step in window["steps"]]
    assert [step["k"] for step in steps] == list(range(total))
    for window in windows:
        assert {**window["frame"], "current": None} == {**wanted[window["start"]], "current": None}
    for step in steps:
        assert now == wanted[step["k"]]
        page.apply(now, step)
    assert now == wanted[total]
    for box, final, facts in zip(now["boxes"], page.boxes, range(total), strict=False):
        assert (box["data"], box["level"]) == (
            final["data"],
            None if final["glevel"] == "na" else final["glevel"],
        ), facts
    for step in reversed(steps):
        page.revert(now, step)
        assert now == wanted[step["k"]]


def test_first_window_comes_with_the_pass() -> None:
    scene = scene_of(neuron())
    told = pass_document(scene)
    assert told["window"] == window_document(scene, 0, WINDOW)
    assert [(p["name"], p["start"], p["stop"]) for p in told["phases"]] == [
        ("forward", 0, 10),
        ("order", 10, 30),
        ("backward", 30, 40),
        ("update", 40, 40),
    ]
    assert told["root"] == {"node": 9, "name": "o"} and told["steps"] == 40
    assert "style=" not in told["view"]["svg"] and told["view"]["svg"].count("data-box=") == 10


def test_the_numbers_of_a_neuron() -> None:
    scene = scene_of(neuron())
    end = frame_document(scene, len(scene.timeline))
    boxes = {
        box["title"]: state
        for box, state in zip(pass_document(scene)["view"]["boxes"], end["boxes"], strict=True)
    }
    grads = {name: boxes[name]["grad"] for name in ("o", "n", "x1", "w1", "x2", "w2", "b")}
    assert grads == {"o": "1", "n": "0.5", "x1": "-1.5", "w1": "1", "x2": "0.5", "w2": "0", "b": "0.5"}
    assert boxes["o"]["data"] == "0.7071" and boxes["w2"]["level"] == "zero"


def test_nothing_is_there_before_it_is_computed() -> None:
    frame = frame_document(scene_of(neuron()), 0)
    assert {(box["data"], box["grad"], box["level"], box["order"]) for box in frame["boxes"]} == {(None,) * 4}
    assert not any(edge["on"] for edge in frame["edges"]) and frame["current"] is None


def test_a_value_in_full() -> None:
    document = documented(neuron())
    o = node_document(document.shown(0), 9)
    assert o["data"] == 0.7071067811865477 and o["grad"] == 1.0 and o["derivatives"] == ["1 − o²"]
    assert o["curve"]["op"] == "tanh" and o["curve"]["slope"] == pytest.approx(0.5)
    assert len(o["curve"]["xs"]) == len(o["curve"]["ys"]) == len(o["curve"]["slopes"])
    w1 = node_document(document.shown(0), 1)
    (use,) = w1["consumers"]
    assert (use["name"], use["local"], use["cotangent"], w1["grad"]) == (
        "x1*w1",
        2.0,
        use["cotangent"],
        use["cotangent"],
    )
    assert w1["steps"]["grad"] and w1["state"] == "value" and w1["kind"] == "param"


def test_contributions_are_bounded_and_say_how_many_more() -> None:
    x = Value(1.0, name="x")
    total = x
    for _ in range(300):
        total = total + x
    total.backward()
    told = node_document(documented(record(total)).shown(0), 0)
    assert len(told["consumers"]) == 200 and told["more"] == 101  # x + x reads it twice


def test_arrays_in_full() -> None:
    w = Value(np.array([[1.0, np.nan], [0.0, -2.0]]), name="w", kind="param")
    (w * w).sum().backward()
    told = node_document(documented(record((w * w).sum())).shown(0), 0)
    assert told["shape"] == [2, 2] and told["summary"]["nonfinite"] == 1
    assert json.loads(dumps(told))["elements"]["data"] == [[1.0, "NaN"], [0.0, -2.0]]


@pytest.fixture(scope="module")
def mlp() -> Document:
    model = nn.MLP(3, [16, 16, 1], seed=1)
    loss = model([1.0, -2.0, 3.0])
    loss.backward()
    return documented(record(loss))


def test_a_folded_box(mlp: Document) -> None:
    scene = mlp.scene(mlp.shown(0), [])
    (key,) = [box.key for box in scene.view.boxes if box.count > 100][:1]
    told = box_document(scene, key)
    edges, counts = told["data"]["histogram"]
    assert sum(counts) == told["count"] and len(edges) == len(counts) + 1
    assert edges == sorted(edges)
    assert told["more"] == told["count"] - 100 and len(told["nodes"]) == 100
    assert sum(count for _, count in told["ops"]) == told["count"]
    assert 0 <= told["grad"]["zero_share"] <= 1


@given(st.lists(st.floats(), min_size=1, max_size=40))
@settings(deadline=None)
def test_distributions_of_any_numbers(numbers: list[float]) -> None:
    n = len(numbers)
    graph = Graph(
        op_names=["", "add"], op=[0] * n, kind=[1] * n, input_start=[0] * (n + 1), input=[], data=numbers,
        grad=numbers, has_grad=[True] * n, scopes=["S"], scope=[0] * n,
    )  # fmt: skip
    with np.errstate(all="ignore"):
        scene = scene_of(graph, [])
        for box in scene.view.boxes:
            told = loads(dumps(box_document(scene, box.key)))
            if told["data"]["histogram"]:
                assert sum(told["data"]["histogram"][1]) == np.isfinite(graph.data[box.nodes]).sum()


def test_search(mlp: Document) -> None:
    document = documented(neuron())
    names = [match["name"] for match in find_document(document.shown(0), " W1 ")["matches"]]
    assert names[:2] == ["w1", "x1*w1"]
    assert find_document(document.shown(0), "n9")["matches"][0]["node"] == 9
    assert {match["op"] for match in find_document(document.shown(0), "tanh")["matches"]} == {"tanh"}
    line = node_document(document.shown(0), 9)["line"]
    assert 9 in {match["node"] for match in find_document(document.shown(0), f"line {line}")["matches"]}
    assert 9 in {
        match["node"] for match in find_document(document.shown(0), f"test_document.py:{line}")["matches"]
    }
    assert find_document(document.shown(0), "")["matches"] == []
    assert find_document(document.shown(0), "no such thing") == {"matches": [], "more": 0}
    many = find_document(mlp.shown(0), "layers")
    assert len(many["matches"]) == 50 and many["more"] > 0


def test_findings_have_their_place() -> None:
    x = Value(0.0, name="x")
    y = x.log() * 0.0
    y.backward()
    document = documented(record(y))
    assert document.recording()["findings"] is None  # nobody has looked yet
    told = document.findings()
    assert told["findings"] and document.recording()["findings"] == len(told["findings"])
    first = told["findings"][0]
    assert first["file"] == "test_document.py" and first["line"] and first["message"] and first["cure"]


def test_the_recording() -> None:
    raised = {"type": "ValueError", "message": f"in {HERE}", "file": HERE, "line": 3}
    told = documented(neuron(), exception=raised, finished=False).recording()
    assert told["title"] == told["script"] == "test_document.py" and told["finished"] is False
    assert told["exception"] == {**raised, "message": "in test_document.py", "file": "test_document.py"}
    assert told["sources"] == [{"file": "test_document.py", "text": "x = 1\n"}]
    (only,) = told["passes"]
    assert (only["values"], only["edges"], only["loss"], only["backward"]) == (
        10,
        9,
        0.7071067811865477,
        True,
    )


def test_many_passes_are_columns() -> None:
    graph = neuron()
    told = Document(Recording.of([graph] * 2_001)).recording()["passes"]
    assert told["index"] == list(range(2_001)) and {len(column) for column in told.values()} == {2_001}
    assert len(dumps(told)) < 300_000


def test_no_path_of_the_machine_is_told() -> None:
    document = documented(neuron())
    shown = document.shown(0)
    scene = document.scene(shown)
    shapes = [document.recording(), document.findings(), pass_document(scene), frame_document(scene, 40)]
    shapes += [node_document(shown, node) for node in range(10)]
    folder = str(Path(HERE).parent)
    assert folder not in dumps([{**shape, "view": None} for shape in shapes])


@pytest.mark.parametrize("hostile", HOSTILE)
def test_hostile_texts_stay_text(hostile: str) -> None:
    graph = neuron()
    spans = [Span(hostile, 3, 3, 0, 4, hostile)]
    graph = graph.replace(
        names={i: hostile for i in range(10)}, scopes=[hostile], scope=[0] * 10, spans=spans, source=[0] * 10,
        op_names=[name and hostile for name in graph.op_names],
    )  # fmt: skip
    meta = {
        "script": hostile,
        "argv": [hostile],
        "exception": {"type": hostile, "message": hostile, "file": hostile},
    }
    document = Document(Recording.of([graph], sources={hostile: hostile}, meta=meta))
    shown = document.shown(0)
    for open in (None, []):
        scene = document.scene(shown, open)
        told = pass_document(scene)
        svg = told["view"]["svg"]
        assert "<img" not in svg and "<script" not in svg and "\x1b" not in svg
        for box in scene.view.boxes:
            dumps(box_document(scene, box.key))
        for format in ("svg", "dot", "json"):
            name = export_frame(scene, format, 3, document.script).name
            assert name.isascii() and name.isprintable() and not set(name) & set('"/\\:<>')
        dumps(
            [
                told,
                frame_document(scene, len(scene.timeline)),
                document.recording(),
                node_document(shown, 9),
                document.findings(),
            ]
        )
    assert find_document(shown, hostile)["matches"] or not hostile.strip()


def test_what_does_not_exist_is_named() -> None:
    document = documented(neuron())
    with pytest.raises(NotFoundError, match="There is only pass 0"):
        document.shown(1)
    with pytest.raises(NotFoundError, match="no passes"):
        Document(Recording.of([])).shown(0)
    with pytest.raises(NotFoundError, match="no box"):
        box_document(document.scene(document.shown(0)), "nowhere")


def test_a_view_is_bounded() -> None:
    total = Value(0.0)
    for _ in range(3_000):
        total = total + 1.0
    total.backward()
    document = documented(record(total))
    keys = [row.key for row in document.scene(document.shown(0), []).view.scopes()]
    scene = document.scene(document.shown(0), keys)
    assert len(scene.view.boxes) <= 1_000
    assert len(dumps(pass_document(scene))) < 8 << 20


class TestFileNames:
    def test_as_short_as_they_are_unambiguous(self) -> None:
        names = FileNames(["/a/run.py", "/a/x/net.py", "/b/x/net.py", "C:\\lib\\net.py", "net.py"])
        short = [
            names[file] for file in ("/a/run.py", "/a/x/net.py", "/b/x/net.py", "C:\\lib\\net.py", "net.py")
        ]
        assert short == ["run.py", "a/x/net.py", "b/x/net.py", "lib/net.py", "net.py"]

    def test_paths_that_nobody_announced(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("HOME", "/home/ada")
        monkeypatch.setenv("USERPROFILE", "/home/ada")
        names = FileNames([])
        assert names["/home/ada/x.py"] == "~/x.py"
        assert names["/usr/lib/python3/site-packages/torch/nn.py"] == "torch/nn.py"
        assert names["<stdin>"] == "<stdin>" and names.get(None) is None

    @given(st.sets(st.text(alphabet="ab/\\.", min_size=1, max_size=9)))
    def test_never_two_for_one(self, files: set[str]) -> None:
        names = FileNames(files)
        assert len({names[file] for file in files}) == len(files)


class TestCache:
    def test_bounded_and_least_recently_used_first(self) -> None:
        cache = Cache[int](2)
        for key in (1, 2, 1, 3):
            cache.get(key, lambda key=key: key)
        assert len(cache) == 2 and cache.get(1, lambda: -1) == 1 and cache.get(2, lambda: -1) == -1

    def test_made_once_for_all_threads(self) -> None:
        cache, made, start = Cache[int](2), [], threading.Barrier(8)

        def ask() -> None:
            start.wait()
            cache.get("key", lambda: made.append(1) or 7)

        threads = [threading.Thread(target=ask) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert made == [1]

    def test_what_raises_is_tried_again(self) -> None:
        cache = Cache[int](2)

        def fail() -> int:
            raise RecordingError("damaged")

        for _ in range(2):
            with pytest.raises(RecordingError):
                cache.get("key", fail)
        assert cache.get("key", lambda: 1) == 1
