"""What if: a pass with edited leaves is the pass that the program would have made, by every route."""

import json
import math
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import numpy as np
import pytest
from gradviz.server import create_app
from served import TOKEN, recording

from gradviz import Value, nn, record
from gradviz.cli import main
from gradviz.document import (
    Document,
    EditError,
    Edits,
    export_frame,
    find_document,
    frame_document,
    node_document,
    parse_edits,
    pass_document,
    pass_findings,
    window_document,
)
from gradviz.document.document import WHAT_IFS_KEPT
from gradviz.document.whatif import MOST_EDITS, WhatIf
from gradviz.errors import NotFoundError, ReplayError
from gradviz.graph import Graph, Update
from gradviz.recording import Recording, Writer

HEADERS = {"Host": "127.0.0.1:8765", "X-Gradviz-Token": TOKEN}
LEAVES = {"x1": 2.0, "x2": 0.0, "w1": -3.0, "w2": 1.0, "b": 6.8813735870195432}
Program = Callable[..., Graph]


def neuron(**leaves: float) -> Graph:
    values = {
        name: Value(leaves.get(name, data), name=name, kind="input" if name[0] == "x" else "param")
        for name, data in LEAVES.items()
    }
    x1, x2, w1, w2, b = values.values()
    n = x1 * w1 + x2 * w2 + b
    n.name = "n"
    o = n.tanh()
    o.name = "o"
    o.backward()
    return record(o)


def shared(a: float = -2.0, b: float = 3.0) -> Graph:
    """Fan-out, a kink, a constant, and a division."""
    va, vb = Value(a, name="a"), Value(b, name="b")
    d = va * vb
    e = (va + d + va).relu() + vb / (va * va + 1)
    f = (d - e) ** 2 + e.exp() * 0.5
    f.backward()
    return record(f)


MODEL = nn.MLP(2, [4, 4, 1], activation="relu", seed=1)
FIRST = next(iter(MODEL.parameters()))
FIRST.name = "w"
RECORDED = FIRST.data


def network(w: float = RECORDED) -> Graph:
    FIRST.data = w
    MODEL.zero_grad()
    loss = (MODEL([0.5, -0.25]) - 1) ** 2
    loss.backward()
    return record(loss)


def what_if(graph: Graph, **leaves: float) -> WhatIf:
    document = Document(Recording.of([graph]))
    shown = document.shown(0, edits_of(graph, **leaves))
    assert isinstance(shown, WhatIf)
    return shown


def edits_of(graph: Graph, **leaves: float) -> Edits:
    return tuple(sorted((graph.find(name), data) for name, data in leaves.items()))


def same_bits(one: np.ndarray, other: np.ndarray) -> bool:
    """Equal to the last bit; a NaN is a NaN."""
    signs = np.array_equal(np.signbit(one[one == 0]), np.signbit(other[other == 0]))
    return bool(signs and np.array_equal(one, other, equal_nan=True))


CASES: list[tuple[Program, dict[str, float]]] = [
    (neuron, {"w1": 2.5}),
    (neuron, {"w1": 2.5, "b": -1e-3, "x2": 7.0}),
    (neuron, {"w1": math.nan}),
    (neuron, {"b": -math.inf}),
    (neuron, {"x1": -0.0}),
    (neuron, {"x1": 1e308, "w1": 1e308}),
    (neuron, {"b": 5e-324}),
    (shared, {"a": 4.0}),
    (shared, {"a": 0.0, "b": 0.0}),
    (shared, {"b": 700.0}),
    (network, {"w": -50.0}),
    (network, {"w": 50.0}),
]


@pytest.mark.parametrize(("program", "leaves"), CASES)
def test_it_is_what_the_program_would_have_made(program: Program, leaves: dict[str, float]) -> None:
    fresh, shown = program(**leaves), what_if(program(), **leaves)
    assert same_bits(shown.graph.data, fresh.data)
    assert same_bits(shown.graph.grad, fresh.grad)
    assert np.array_equal(shown.graph.has_grad, fresh.has_grad)
    assert same_bits(shown.graph.cotangent, fresh.cotangent)
    assert same_bits(shown.graph.local, fresh.local)


@pytest.mark.parametrize(("program", "leaves"), CASES)
def test_every_document_is_that_of_a_fresh_run(program: Program, leaves: dict[str, float]) -> None:
    ran = Document(Recording.of([program(**leaves)]))
    edited = Document(Recording.of([graph := program()]))
    fresh, shown = ran.shown(0), edited.shown(0, edits_of(graph, **leaves))
    scenes = ran.scene(fresh), edited.scene(shown)
    told = [pass_document(scene) for scene in scenes]
    for document in told:
        del document["view"]["svg"], document["view"]["width"], document["view"]["height"]
        del document["what"], document["recorded"]
    assert json.dumps(told[0]) == json.dumps(told[1])
    for k in range(0, len(fresh.timeline) + 1, 7):
        assert json.dumps(frame_document(scenes[0], k)) == json.dumps(frame_document(scenes[1], k))
        assert json.dumps(window_document(scenes[0], k, 5)) == json.dumps(window_document(scenes[1], k, 5))
    for node in range(len(fresh.graph)):
        one, other = node_document(fresh, node), node_document(shown, node)
        del one["recorded"], other["recorded"]
        assert json.dumps(one) == json.dumps(other)


def test_what_is_edited_is_told_with_what_was_recorded() -> None:
    graph = neuron()
    document = Document(Recording.of([graph]))
    shown = document.shown(0, edits_of(graph, w1=2.5, b=1.0))
    told = pass_document(document.scene(shown))
    w1, b, o, n = (graph.find(name) for name in ("w1", "b", "o", "n"))
    assert told["what"] == [
        {"node": w1, "name": "w1", "data": 2.5, "recorded": -3.0},
        {"node": b, "name": "b", "data": 1.0, "recorded": LEAVES["b"]},
    ]
    assert told["recorded"] == {"loss": graph.data[o]}
    assert told["loss"] == neuron(w1=2.5, b=1.0).data[o]
    assert node_document(shown, n)["recorded"] == {"data": graph.data[n], "grad": graph.grad[n]}
    assert node_document(shown, n)["edit"] is None, "what is computed cannot be edited"
    assert node_document(shown, w1)["edit"] == {"refused": None}
    plain = pass_document(document.scene(document.shown(0)))
    assert (plain["what"], plain["recorded"]) == ([], None)
    assert node_document(document.shown(0), w1)["recorded"] is None


def test_the_update_that_followed_is_left_out() -> None:
    graph = neuron()
    graph = graph.replace(updates=[Update(graph.find("w1"), -3.0, -3.1)])
    shown = what_if(graph, w1=2.5)
    assert not shown.graph.updates
    assert not shown.timeline.phase_range("update")
    assert len(shown.recorded.timeline.phase_range("update")) == 1
    assert shown.info.updated == 0


def test_boxes_stay_where_they_are_and_show_the_new_numbers() -> None:
    document = Document(Recording.of([graph := network()]))
    for open in (None, []):
        recorded = document.scene(document.shown(0), open)
        edited = document.scene(document.shown(0, edits_of(graph, w=9.0)), open)
        assert edited.size == recorded.size
        assert [box.key for box in edited.view.boxes] == [box.key for box in recorded.view.boxes]
        assert edited.placed is recorded.placed
        assert edited.final_boxes != recorded.final_boxes
        assert edited.svg != recorded.svg, "the histograms are of the new numbers"


def test_an_edited_constant_has_its_new_number_as_its_name() -> None:
    x = Value(3.0, name="x")
    y = x * 2
    y.backward()
    graph = record(y)
    constant = next(n for n in range(len(graph)) if graph.data[n] == 2)
    document = Document(Recording.of([graph]))
    shown = document.shown(0, ((constant, 5.0),))
    assert shown.label(constant) == "5"
    assert "5" in [box.title for box in document.scene(shown).view.boxes]
    assert find_document(shown, "5")["matches"][0]["name"] == "5"


def test_the_checks_look_at_what_is_edited() -> None:
    document = Document(Recording.of([graph := neuron()]))
    assert pass_findings(document.shown(0))["findings"] == document.findings()["findings"]
    found = pass_findings(document.shown(0, edits_of(graph, w1=math.nan)))["findings"]
    assert [(one["check"], one["pass"], one["name"]) for one in found][:1] == [("non-finite", 0, "w1")]


@pytest.mark.parametrize("format", ["svg", "dot"])
def test_an_export_says_what_it_is(format: str) -> None:
    document = Document(Recording.of([graph := neuron()]))
    shown = document.shown(0, edits_of(graph, w1=2.5))
    export = export_frame(document.scene(shown), format, 5, "neuron.py")
    assert export.name == f"neuron-pass0-step5-what-if.{format}"
    assert "what if w1 = 2.5 instead of -3" in export.content.decode()
    recorded = export_frame(document.scene(document.shown(0)), format, 5, "neuron.py")
    assert "what" not in recorded.name
    assert "what if" not in recorded.content.decode()


@pytest.mark.parametrize(
    ("texts", "edits"),
    [
        ([], ()),
        (["n3:1.5"], ((3, 1.5),)),
        (["n10:1", "n9:-2e-3"], ((9, -0.002), (10, 1.0))),
        (["3:+.5"], ((3, 0.5),)),
        (["n3:Infinity", "n4:-Infinity"], ((3, math.inf), (4, -math.inf))),
        (["n3:5e-324"], ((3, 5e-324),)),
        (["n3:1e-999"], ((3, 0.0),)),
    ],
)
def test_edits_are_read(texts: list[str], edits: Edits) -> None:
    assert parse_edits(texts) == edits


def test_nan_and_minus_zero_are_read_as_they_are() -> None:
    ((_, nan), (_, zero)) = parse_edits(["n1:NaN", "n2:-0"])
    assert math.isnan(nan)
    assert math.copysign(1, zero) == -1


MALFORMED = [
    *("", "n3", "n3:", ":1", "n3:1:2", "n-3:1", "n3.0:1", "m3:1", "n3:one", "n3:1.5.2", "n3: 1", "n3:1 "),
    *(
        "n3:nan",
        "n3:inf",
        "n3:+Infinity",
        "n3:0x10",
        "n3:1_000",
        "n3:1e",
        "n3:1e99999",
        "n3:1e999",
        "n3:-1e999",
    ),
    *("n3:١", "n٣:1", "n3:1\x00", "n3:\ud800", "n3:1\n", "n" + "3" * 13 + ":1", "n3:" + "1" * 200, "<b>:1"),
]


@pytest.mark.parametrize("text", MALFORMED)
def test_malformed_edits(text: str) -> None:
    with pytest.raises(EditError) as caught:
        parse_edits([text])
    assert caught.value.hint
    assert len(str(caught.value)) < 250


def test_edits_are_bounded_and_each_stands_once() -> None:
    with pytest.raises(EditError, match="n3 is edited twice"):
        parse_edits(["n3:1", "3:1"])
    with pytest.raises(EditError, match=f"At most {MOST_EDITS}"):
        parse_edits([f"n{i}:1" for i in range(MOST_EDITS + 1)])


def test_what_cannot_be_edited_is_named() -> None:
    graph = neuron()
    document = Document(Recording.of([graph]))
    with pytest.raises(NotFoundError, match="nodes 0 to 9"):
        document.shown(0, ((10, 1.0),))
    with pytest.raises(ReplayError, match="is computed"):
        document.shown(0, ((graph.find("n"), 1.0),))
    a = Value(np.array([1.0, 2.0]), name="a")
    s = (a * a).sum()
    s.backward()
    arrays = record(s)
    with pytest.raises(ReplayError, match="is an array"):
        what_if(arrays, a=1.0)
    assert node_document(Document(Recording.of([arrays])).shown(0), arrays.find("a"))["edit"] is None


def test_a_pass_that_cannot_be_computed_again_says_why() -> None:
    graph = neuron()
    names = ["mystery" if name == "tanh" else name for name in graph.op_names]
    strange = graph.replace(op_names=names)
    document = Document(Recording.of([strange]))
    with pytest.raises(ReplayError, match="mystery") as caught:
        document.shown(0, edits_of(strange, w1=1.0))
    told = node_document(document.shown(0), strange.find("w1"))["edit"]["refused"]
    assert "mystery" in told
    assert "test_whatif.py:" in told
    assert str(Path(__file__).parent) not in told + str(caught.value), "no path of the machine"


def test_few_are_kept_and_asking_again_gives_the_same() -> None:
    document = Document(Recording.of([graph := neuron()]))
    w1 = graph.find("w1")
    first = document.shown(0, ((w1, 0.0),))
    assert document.shown(0, ((w1, 0.0),)) is first
    assert document.shown(0, ((w1, -0.0),)) is not first, "-0 is another number"
    nan = document.shown(0, ((w1, math.nan),))
    assert document.shown(0, ((w1, float("nan")),)) is nan
    recorded = document.scene(document.shown(0))
    for i in range(50):
        document.scene(document.shown(0, ((w1, i / 7),)))
    assert len(document._what_ifs) <= WHAT_IFS_KEPT
    assert len(document._what_if_scenes) <= WHAT_IFS_KEPT
    assert document.scene(document.shown(0)) is recorded, "what was recorded is not pushed out"
    assert document.shown(0, ((w1, 0.0),)).program is not None
    assert same_bits(document.shown(0, ((w1, 0.0),)).graph.grad, first.graph.grad)


# ---- over HTTP ----
@pytest.fixture(scope="module")
def client() -> Iterator[Any]:
    yield create_app(recording(neuron()), token=TOKEN).test_client()


def ask(client: Any, path: str, **query: Any) -> tuple[int, Any]:
    answer = client.get(path + ("?" + urlencode(query, doseq=True) if query else ""), headers=HEADERS)
    return answer.status_code, answer.get_json(silent=True) or answer.data


W1 = f"n{neuron().find('w1')}"
ROUTES = [
    *("", "/steps?start=30&count=3", "/frame?step=31", f"/nodes/{W1}", f"/boxes/{W1}"),
    *("/find?q=w1", "/findings", "/export.svg?step=3", "/export.dot", "/export.json"),
]


@pytest.mark.parametrize("route", ROUTES)
def test_every_route_of_a_pass_takes_edits(client: Any, route: str) -> None:
    path, _, rest = route.partition("?")
    query = dict(pair.split("=") for pair in rest.split("&") if pair)
    status, recorded = ask(client, f"/api/passes/0{path}", **query)
    assert status == 200
    status, edited = ask(client, f"/api/passes/0{path}", what=[f"{W1}:2.5", "n7:1"], **query)
    assert status == 200
    assert (edited == recorded) == (path in ("/find", "/findings")), "but for names and soundness"
    assert ask(client, f"/api/passes/0{path}", what=["n7:1", f"{W1}:2.5"], **query)[1] == edited, (
        "in any order"
    )


@pytest.mark.parametrize("text", [text for text in MALFORMED if "\ud800" not in text])
def test_malformed_edits_are_refused(client: Any, text: str) -> None:
    for route in ("", f"/nodes/{W1}", "/export.svg"):
        status, told = ask(client, f"/api/passes/0{route}", what=text)
        assert status == 400, text
        assert told["error"]["hint"]


@pytest.mark.parametrize(
    ("edits", "status", "says"),
    [
        (["n99:1"], 404, "nodes 0 to 9"),
        (["n9:1"], 422, "is computed"),
        ([f"{W1}:1", f"{W1}:2"], 400, "twice"),
        ([f"n{i}:1" for i in range(101)], 400, "At most 100"),
    ],
)
def test_what_is_refused_says_why(client: Any, edits: list[str], status: int, says: str) -> None:
    answered, told = ask(client, "/api/passes/0", what=edits)
    assert answered == status
    assert says in f"{told['error']['message']} {told['error']['hint']}"


def test_routes_that_are_of_no_pass_take_no_edits(client: Any) -> None:
    for path in ("/api/recording", "/api/findings"):
        assert ask(client, path, what="n1:1")[0] == 400


def test_numbers_json_lacks_travel_as_strings(client: Any) -> None:
    status, told = ask(client, "/api/passes/0", what=f"{W1}:NaN")
    assert status == 200
    assert told["what"][0]["data"] == "NaN"
    assert told["loss"] == "NaN"
    assert ask(client, f"/api/passes/0/nodes/{W1}", what=f"{W1}:-Infinity")[1]["data"] == "-Infinity"


# ---- on the command line ----
@pytest.fixture(scope="module")
def recorded(tmp_path_factory: pytest.TempPathFactory) -> str:
    path = tmp_path_factory.mktemp("what-if") / "neuron.gradviz"
    writer = Writer(path)
    writer.add(neuron())
    writer.finish()
    return str(path)


def said(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, str, str]:
    """Run a command: its exit status and what it said."""
    with pytest.raises(SystemExit) as ended:
        main(words)
    out, err = capsys.readouterr()
    return int(ended.value.code or 0), out, err


def test_export_and_steps_take_edits(
    recorded: str, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    picture = tmp_path / "neuron.txt"
    status, _, err = said(
        capsys, "export", recorded, "-o", str(picture), "--what", "w1=2.5", "--what", "n7 = 1"
    )
    assert status == 0, err
    told = picture.read_text(encoding="utf-8")
    assert "Not as recorded, but with w1 = 2.5 instead of -3, b = 1 instead of 6.881" in told
    status, out, _ = said(capsys, "steps", recorded, "--json", "--what", "w1=2.5")
    assert status == 0
    assert json.loads(out.splitlines()[-1])["after"] == neuron(w1=2.5).grad[neuron().find("w1")]


@pytest.mark.parametrize(
    ("what", "status", "says"),
    [
        ("w1", 2, "such as w1=2.5"),
        ("w1=", 2, "An edit is"),
        ("w1=1e999", 2, "larger than numbers reach"),
        ("w9=1", 1, "There is no node 'w9'"),
        ("=1", 1, "There is no node ''"),
        ("n=1", 1, "is computed"),
    ],
)
def test_the_command_line_says_what_is_wrong(
    recorded: str, capsys: pytest.CaptureFixture[str], what: str, status: int, says: str
) -> None:
    answered, out, err = said(capsys, "steps", recorded, "--what", what)
    assert (answered, out) == (status, "")
    assert says in err
