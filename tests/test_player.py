"""The player: one HTML file that carries what the server would answer."""

import base64
import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
import zlib
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from served import neuron

from gradviz import Value, nn, record
from gradviz.cli.group import cli
from gradviz.document import (
    Document,
    Expression,
    box_document,
    check_document,
    expressions_document,
    find_document,
    made_document,
    node_document,
    pass_document,
    window_document,
)
from gradviz.errors import GradvizError, NotFoundError
from gradviz.graph import Graph
from gradviz.numbers import dumps
from gradviz.player import MOST_STEPS, html
from gradviz.recording import Recording, Writer

ROOT = Path(__file__).resolve().parent.parent
LARGEST_PAGE = 120_000  # bytes without what it carries
HOSTILE = "</script><script>alert(1)</script><!--<img src=x onerror=alert(2)>--> \" ' &amp; \u2028 \ud800"


def layers() -> Graph:
    model = nn.MLP(2, [3, 1], activation="tanh", seed=1)
    loss = sum((model([0.5 * i, -1.0]) - 1.0) ** 2 for i in range(2))
    loss.backward()
    return record(loss)


def recording(*graphs: Graph, **meta: Any) -> Recording:
    sources = {"/home/ada/neuron.py": "x1 = Value(2.0)\n", __file__: Path(__file__).read_text("utf-8")}
    return Recording.of(graphs, sources=sources, meta={"script": "/home/ada/neuron.py", **meta})


def write(path: Path, graph: Graph) -> None:
    writer = Writer(str(path), {"script": "neuron.py"})
    writer.add(graph)
    writer.finish()


def part(page: str, name: str) -> str:
    packed = re.search(rf'id="{name}">([A-Za-z0-9+/=]*)</script>', page)[1]
    return zlib.decompress(base64.b64decode(packed)).decode()


def carried(page: str) -> dict[str, Any]:
    return json.loads(part(page, "carried"))


class Elements(HTMLParser):
    """The start tags of a page, and its texts."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attributes)))


def test_the_page_is_small_without_what_it_carries() -> None:
    for compact in (False, True):
        page = html(neuron(), compact=compact, picture=False)
        data = re.search(r'id="carried">([^<]*)<', page)[1]
        assert len(page.encode()) - len(data) <= LARGEST_PAGE
    assert len(page) < 90_000, "an embedded one is smaller still"


@pytest.mark.parametrize("compact", [False, True])
def test_its_policy_names_its_scripts_and_styles_and_nothing_else(compact: bool) -> None:
    page = html(recording(neuron()), compact=compact)
    policy = re.search(r'http-equiv="Content-Security-Policy" content="([^"]*)"', page)[1]
    rules = dict(rule.split(" ", 1) for rule in policy.split("; "))
    loader = re.search(r"<script>(.*?)</script>", page, re.DOTALL)[1]

    def digest(text: str) -> str:
        return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"

    assert rules["default-src"] == "'none'"
    assert rules["script-src"] == f"{digest(loader)} {digest(part(page, 'code'))}"
    assert rules["style-src"] == digest(part(page, "styles"))
    assert "unsafe" not in policy and "connect-src" not in policy
    for tag, attributes in Elements(page).tags:
        assert not {"src", "href"} & attributes.keys() or tag in ("img", "link"), tag
        address = attributes.get("src") or attributes.get("href") or "data:"
        assert address.startswith("data:"), "nothing is asked for"


def test_the_same_recording_gives_the_same_bytes(tmp_path: Path) -> None:
    path = tmp_path / "neuron.gradviz"
    write(path, layers())
    code = f"""
import hashlib
from gradviz.player import html
from gradviz.recording import Recording
print(hashlib.sha256(html(Recording.open({str(path)!r})).encode()).hexdigest())"""
    seen = set()
    for seed in ("1", "2"):
        env = os.environ | {"PYTHONHASHSEED": seed}
        seen.add(subprocess.check_output([sys.executable, "-c", code], text=True, env=env, cwd=tmp_path))
    assert len(seen) == 1


def test_no_text_of_a_user_becomes_markup() -> None:
    x = Value(2.0, name=HOSTILE)
    y = (x * x).tanh()
    y.name = HOSTILE
    y.backward()
    shown = Recording.of([record(y)], sources={HOSTILE: HOSTILE}, meta={"script": HOSTILE, "argv": [HOSTILE]})
    plain = Recording.of([neuron()], sources={"a.py": "a"}, meta={"script": "a.py"})
    for compact in (False, True):
        page, other = html(shown, title=HOSTILE, compact=compact), html(plain, title="a", compact=compact)
        assert [tag for tag, _ in Elements(page).tags] == [tag for tag, _ in Elements(other).tags]
        assert HOSTILE[:40] not in page
        assert carried(page)["recording"]["title"] == HOSTILE


ASK = """
import { readFileSync } from "node:fs";
const { createOffline } = await import(process.argv[1]);
const { carried, questions } = JSON.parse(readFileSync(0, "utf8"));
const api = createOffline(carried);
const answers = [];
const refused = (error) => ({ refused: error.message });
for (const [name, ...rest] of questions) answers.push(await api[name](...rest).catch(refused));
process.stdout.write(JSON.stringify(answers));
"""


def ask(page: str, *questions: list[Any]) -> list[Any]:
    """What the page's own module answers."""
    node = shutil.which("node")
    if node is None:
        pytest.skip("node is not installed")
    told = json.dumps({"carried": carried(page), "questions": questions})
    command = [node, "--input-type=module", "-e", ASK, (ROOT / "static" / "offline.js").as_uri()]
    return json.loads(
        subprocess.run(command, input=told, text=True, check=True, stdout=subprocess.PIPE).stdout
    )


def plain(document: Any) -> Any:
    return json.loads(dumps(document))


def expected_pass(document: Document, view: dict[str, Any], index: int = 0) -> dict[str, Any]:
    scene = document.scene(document.shown(index), view["asked"] if "asked" in view else None)
    told = plain(pass_document(scene))
    told["window"] = plain(window_document(scene, 0, len(scene.timeline)))
    for step in told["window"]["steps"]:
        step.pop("updatedBefore", None)  # the page does not look at it
    return told


def test_every_view_is_answered_as_the_server_answers_it() -> None:
    shown = recording(layers(), neuron())
    document, page = Document(shown), html(shown)
    views = carried(page)["passes"]["0"]["views"]
    assert len(views) > 5, "the first view, and those a click away"
    asked = [["pass", 0, {"open": view.get("asked"), "what": []}] for view in views]
    for view, answer in zip(views, ask(page, *asked), strict=True):
        wanted = expected_pass(document, view)
        assert answer["window"]["steps"] == wanted["window"]["steps"]
        assert answer == wanted
    assert ask(page, ["pass", 1, {"open": None}]) == [expected_pass(document, {}, 1)]


def test_what_one_asks_about_values_is_answered_as_the_server_answers_it() -> None:
    shown = recording(layers())
    document, page = Document(shown), html(shown)
    one, scene = document.shown(0), document.scene(document.shown(0))
    graph, file = one.graph, Path(__file__).name
    folded = [box["key"] for box in pass_document(scene)["view"]["boxes"] if box["node"] is None]
    rows = expressions_document(one, file)["expressions"]
    assert folded and rows
    words = ["tanh", "n3", "5", "mlp", "w[0]", f"line {rows[0][0]}", "nothing"]
    questions = [["node", 0, node] for node in range(len(graph))]
    questions += [["box", 0, key, {"open": None}] for key in folded]
    questions += [["check", 0, {"open": None}], ["expressions", 0, file]]
    questions += [["made", 0, file, row, {"open": None}] for row in rows]
    questions += [["find", 0, word] for word in words]
    wanted = [{**plain(node_document(one, node)), "edit": None} for node in range(len(graph))]
    wanted += [plain(box_document(scene, key)) for key in folded]
    wanted += [plain(check_document(scene)), rows]
    wanted += [made_document(scene, file, Expression(*row[:4])) for row in rows]
    answers = ask(page, *questions)
    for question, answer, expected in zip(questions, answers, wanted, strict=False):
        if question[0] == "node" and answer["curve"]:
            del answer["curve"]["points"]  # where they stand
        assert answer == expected, question
    for word, answer in zip(words, answers[-len(words) :], strict=True):
        mine = {match["node"] for match in answer["matches"]}
        assert mine == {match["node"] for match in find_document(one, word)["matches"]}, word


def test_what_is_not_carried_is_refused_in_words() -> None:
    page = html(recording(neuron()))
    answers = ask(page, ["pass", 7, {}], ["pass", 0, {"open": ["nets"]}], ["pass", 0, {"what": ["n0:1"]}])
    assert [answer["refused"] for answer in answers] == [
        "This file does not carry pass 7.",
        "This file does not carry that view.",
        "This file carries what was recorded, and computes nothing anew.",
    ]


def test_it_begins_at_the_moment_that_was_asked_for() -> None:
    graph = neuron()
    backward = carried(html(graph))["passes"]["0"]["phases"][2]
    starts = {
        (None, None): 0,
        (None, 7): 7,
        ("backward", None): backward["stop"],
        ("backward", 2): backward["start"] + 2,
    }
    for (phase, step), start in starts.items():
        assert carried(html(graph, phase=phase, step=step))["start"]["step"] == start
    with pytest.raises(GradvizError, match="step can be 0 to"):
        html(graph, step=1_000)
    with pytest.raises(NotFoundError, match="sideways"):
        html(graph, phase="sideways")
    with pytest.raises(NotFoundError, match="pass 3"):
        html(graph, pass_index=3)
    with pytest.raises(GradvizError, match="no theme"):
        html(graph, theme="sepia")
    with pytest.raises(NotFoundError):
        html(graph, expand=["nowhere"])


def test_of_a_long_pass_it_carries_one_phase() -> None:
    x = Value(1.0, name="x")
    y = x
    for _ in range(MOST_STEPS // 4):
        y = y + 0.5
    y.backward()
    graph = record(y)
    with pytest.raises(GradvizError, match=r"35,004 steps; a player carries at most 20,000") as caught:
        html(graph)
    assert "forward" in str(caught.value) and "gradviz show" in str(caught.value)
    page = html(graph, phase="forward", step=3, picture=False)
    told = carried(page)
    first = told["passes"]["0"]
    assert told["start"]["step"] == 3
    assert [phase["stop"] - phase["start"] for phase in first["phases"]].count(0) == 3
    backward = carried(html(graph, phase="backward", step=3, picture=False))["passes"]["0"]
    assert backward["steps"][0]["k"] == 0 and backward["steps"][0]["event"] == "seed"
    frame = backward["views"][0]["frame"]
    assert all(box["computed"] == box["total"] for box in frame["boxes"]), "what was computed before is there"


def test_more_is_carried_where_there_is_room_for_it() -> None:
    shown = recording(layers(), layers(), neuron())

    def what(most: int) -> tuple[int, int, int]:
        told = carried(html(shown, most_bytes=most, picture=False))
        first = told["passes"]["0"]
        return len(first["nodes"]), len(first["views"]), len(told["passes"])

    sizes = [what(most) for most in (40_000, 60_000, 100_000, 1_500_000)]
    assert sizes == sorted(sizes) and len(set(sizes)) == 4
    assert sizes[-1][2] == 3, "the other passes come last"
    for most in (40_000, 100_000):
        page = html(shown, most_bytes=most, picture=False)
        assert len(re.search(r'id="carried">([^<]*)<', page)[1]) <= most
    with pytest.raises(GradvizError, match="too large for a player"):
        html(shown, most_bytes=2_000)


def test_sources_can_be_left_out_and_homes_are_shortened(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", "/home/ada")
    facts = {"script": "/home/ada/neuron.py", "argv": ["/home/ada/data.csv"]}
    shown = Recording.of([neuron()], sources={"/home/ada/neuron.py": "x1 = Value(2.0)\n"}, meta=facts)
    told = part(html(shown), "carried")
    assert "x1 = Value(2.0)" in told and "~/data.csv" in told
    assert "/home/ada" not in told
    for page in (html(shown, sources=False), html(shown, compact=True)):
        told = json.loads(part(page, "carried"))
        assert told["recording"]["sources"] == [] and not told["passes"]["0"]["made"]


def test_the_command_line_writes_it(tmp_path: Path) -> None:
    path, page = tmp_path / "neuron.gradviz", tmp_path / "neuron.html"
    write(path, neuron())

    def export(*options: str) -> Any:
        return CliRunner().invoke(cli, ["export", str(path), *options])

    assert export("-o", str(page), "--phase", "backward", "--step", "1", "-t", "dark").exit_code == 0
    told = carried(page.read_text("utf-8"))
    assert told["recording"]["title"] == "neuron.py"
    assert 'data-theme="dark"' in page.read_text("utf-8")
    assert "exists already" in str(export("-o", str(page)).exception)
    assert export("-f", "html", "-o", "-", "--compact", "--node", "n").output.startswith("<!doctype html>")
    for options, says in (
        (["-o", str(tmp_path / "a.html"), "--scale", "2"], "--scale is for pictures"),
        (["-o", str(tmp_path / "a.svg"), "--compact"], "are for HTML"),
        (["-o", str(tmp_path / "a-%03d.html")], "one file that holds every step"),
    ):
        refused = export(*options)
        assert refused.exit_code == 2 and says in refused.output
