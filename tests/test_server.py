"""The server from outside: a walk through a pass by plain HTTP, errors in words, threads, start and stop."""

import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import textwrap
import threading
import time
from collections.abc import Iterator
from http.client import HTTPConnection
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode

import pytest
from flask import Flask
from gradviz.server import create_app, serve
from gradviz.server.api import api
from gradviz.server.exports import AT_ONCE, Exports
from served import TOKEN, neuron, recording, running

from gradviz import Value, nn, record
from gradviz.errors import GradvizError
from gradviz.numbers import loads
from gradviz.recording import Recording, Writer

DOCS = Path(__file__).parent.parent / "docs/http-api.md"
HEADERS = {"Host": "127.0.0.1:8765", "X-Gradviz-Token": TOKEN}


class Client:
    """Plain HTTP as any program would speak it."""

    def __init__(self, port: int, token: str = TOKEN) -> None:
        self.token = token
        self.connection = HTTPConnection("127.0.0.1", port, timeout=20)

    def __enter__(self) -> "Client":
        return self

    def __exit__(self, *exception: object) -> None:
        self.connection.close()

    def answer(self, path: str, **query: Any) -> tuple[int, bytes]:
        url = path + ("?" + urlencode(query, doseq=True) if query else "")
        self.connection.request("GET", url, headers={"X-Gradviz-Token": self.token})
        answer = self.connection.getresponse()
        return answer.status, answer.read()

    def get(self, path: str, **query: Any) -> Any:
        status, body = self.answer(path, **query)
        assert status == 200, body
        return json.loads(body, parse_constant=lambda name: pytest.fail(f"bare {name} in JSON"))


@pytest.fixture(scope="module")
def port() -> Iterator[int]:
    with running(recording()) as port:
        yield port


@pytest.fixture
def client(port: int) -> Iterator[Client]:
    with Client(port) as client:
        yield client


def ask(app: Flask, path: str) -> tuple[int, Any]:
    answer = app.test_client().get(path, headers=HEADERS)
    return answer.status_code, loads(answer.data)


# ---- a walk ----
def test_walk_forward_order_and_backward(client: Client) -> None:
    told = client.get("/api/passes/0")
    names = [box["title"] for box in told["view"]["boxes"]]
    steps = client.get("/api/passes/0/steps", start=0, count=told["steps"])["steps"]
    computed = {step["name"]: step["after"] for step in steps if step["event"] == "compute"}
    assert computed["x1*w1"] == "-6" and computed["n"] == "0.8814" and computed["o"] == "0.7071"
    order = [step["name"] for step in steps if step["event"] == "leave"]
    assert order[-1] == "o" and order.index("x1*w1") < order.index("n") and sorted(order) == sorted(names)
    assert [step["position"] for step in steps if step["event"] == "leave"] == list(range(10))
    deepest = max((step["stack"] for step in steps if step["phase"] == "order"), key=len)
    assert deepest[:2] == ["o", "n"]
    seed = next(step for step in steps if step["event"] == "seed")
    assert (seed["name"], seed["after"], seed["gradBefore"]) == ("o", "1", None)
    grads = {step["name"]: step["after"] for step in steps if step["event"] in ("seed", "carry")}
    wanted = {"o": "1", "n": "0.5", "x1": "-1.5", "w1": "1", "x2": "0.5", "w2": "0", "b": "0.5"}
    assert {name: grads[name] for name in wanted} == wanted
    assert all(step["sentence"] for step in steps)
    for k in range(0, told["steps"] + 1, 7):  # and back by jumps
        frame = client.get("/api/passes/0/frame", step=told["steps"] - k)
        assert frame["k"] == told["steps"] - k


def test_windows_end_where_the_pass_ends(client: Client) -> None:
    window = client.get("/api/passes/0/steps", start=38, count=512)
    assert [step["k"] for step in window["steps"]] == [38, 39] and window["total"] == 40
    assert client.get("/api/passes/0/steps", start=40)["steps"] == []
    assert client.get("/api/passes/0/frame")["k"] == 40


def test_recording_and_exports(client: Client) -> None:
    told = client.get("/api/recording")
    assert told["title"] == "neuron.py" and told["argv"] == ["--fast"] and told["limits"] == {"window": 64}
    assert told["sources"] == [{"file": "neuron.py", "text": "x1 = 2\n"}]
    assert "/home/ada" not in json.dumps(told)
    for format, start in (("svg", b"<"), ("dot", b"//"), ("json", b"{")):
        status, body = client.answer(f"/api/passes/0/export.{format}", step=31, theme="dark")
        assert status == 200 and body.lstrip()[: len(start)] in (start, b"di", b"st"), body[:40]
    assert client.get("/api/findings").keys() == {"findings", "more"}


@pytest.mark.exe
def test_png(client: Client) -> None:
    status, body = client.answer("/api/passes/0/export.png", scale=2)
    assert status == 200 and body.startswith(b"\x89PNG")


def test_keys_of_scopes_with_anything_in_them() -> None:
    model = nn.MLP(2, [4, 1], seed=1)
    graph = record(model([1.0, 2.0]))
    scopes = [scope.replace("MLP", "M?&#%..%2f\n <b>") for scope in graph.scopes]
    app = create_app(Recording.of([graph.replace(scopes=scopes)]), token=TOKEN)
    status, told = ask(app, "/api/passes/0?open=")
    assert status == 200 and told["view"]["open"] == []
    for box in told["view"]["boxes"]:
        status, detail = ask(app, f"/api/passes/0/boxes/{quote(box['key'], safe='')}?open=")
        assert status == 200 and detail["key"] == box["key"] and detail["count"] == box["count"]
    opened = ask(
        app, "/api/passes/0?" + urlencode({"open": [row["key"] for row in told["scopes"]]}, doseq=True)
    )[1]
    assert len(opened["view"]["boxes"]) > len(told["view"]["boxes"])
    assert ask(app, "/api/passes/0?depth=0")[1]["view"]["boxes"] == told["view"]["boxes"]


def test_json_has_no_nan() -> None:
    x = Value(float("inf"), name="x")
    y = x * 0.0
    y.backward()
    with running(Recording.of([record(y)])) as port, Client(port) as client:
        told = client.get("/api/passes/0")
        assert told["loss"] == "NaN" and told["view"]["boxes"][0]["data"] == "inf"
        assert client.get("/api/passes/0/nodes/0")["data"] == "Infinity"


# ---- 71: what does not exist, and what makes no sense ----
MALFORMED = ["1.5", "x", "", "+1", "0x1", "1e3", "١", "1 ", "--1", "9" * 41, "NaN", "1_0"]
ABSENT = ["-1", "41", "9223372036854775808", "-9223372036854775808", "9" * 40]


@pytest.mark.parametrize("text", MALFORMED)
@pytest.mark.parametrize("name", ["step", "start", "count"])
def test_malformed_numbers(client: Client, name: str, text: str) -> None:
    route = "frame" if name == "step" else "steps"
    status, body = client.answer(f"/api/passes/0/{route}", **{name: text})
    error = loads(body)["error"]
    assert status == 400 and name in error["message"] and re.search(r"\d to \d+", error["hint"])


@pytest.mark.parametrize("text", ABSENT)
@pytest.mark.parametrize("name", ["step", "start"])
def test_numbers_out_of_range(client: Client, name: str, text: str) -> None:
    route = "frame" if name == "step" else "steps"
    status, body = client.answer(f"/api/passes/0/{route}", **{name: text})
    assert status == 404 and re.search(r"(frames 0 to 40|steps 0 to 39)", loads(body)["error"]["hint"])


@pytest.mark.parametrize("text", [*ABSENT, *(text for text in MALFORMED if text)])
def test_passes_and_nodes_that_do_not_exist(client: Client, text: str) -> None:
    kind = quote(text)
    there = {"": "There is only pass 0.", "0/nodes/": "This pass has nodes 0 to 9."}
    for path, extent in there.items():
        status, body = client.answer(f"/api/passes/{path}{kind}")
        assert status == (404 if text in ABSENT else 400) and loads(body)["error"]["hint"] == extent


@pytest.mark.parametrize(
    ("path", "status", "says"),
    [
        ("/api/passes/0/steps?count=0", 404, "1 to 512"),
        ("/api/passes/0/steps?count=513", 404, "1 to 512"),
        ("/api/passes/0/frame?step=1&step=2", 400, "given 2 times"),
        ("/api/passes/0/frame?stop=1", 400, "no parameter 'stop'"),
        ("/api/recording?x", 400, "no parameter 'x'"),
        ("/api/passes/0?open=a&depth=1", 400, "exclude each other"),
        ("/api/passes/0?depth=-1", 404, "0 to 1000"),
        ("/api/passes/0?most=0", 404, "1 to 60,000"),
        ("/api/passes/0/frame?most=60001", 404, "1 to 60,000"),
        ("/api/passes/0/steps?most=many", 400, "whole number"),
        ("/api/passes/0?most=5&most=6", 400, "given 2 times"),
        ("/api/passes/0/export.pdf", 404, "svg, png, dot, json"),
        ("/api/passes/0/export.svg?theme=pink", 400, "auto, light, dark"),
        ("/api/passes/0/export.png?scale=1e9", 400, "0.25 to 4"),
        ("/api/passes/0/export.png?scale=100", 400, "0.25 to 4"),
        ("/api/passes/0/boxes/nowhere", 404, "no box 'nowhere'"),
        ("/api/passes/0/find?q=" + "x" * 201, 400, "201 characters"),
        ("/api/passes/0?" + "&".join(["open=a"] * 2_001), 400, "2001 times"),
        ("/api/passes/0/", 404, "nothing at this address"),
        ("/api", 404, "nothing at this address"),
        ("/favicon.ico", 404, "nothing at this address"),
    ],
)
def test_errors_in_words(client: Client, path: str, status: int, says: str) -> None:
    got, body = client.answer(path)
    error = loads(body)["error"]
    assert got == status and says in f"{error['message']} {error['hint']}", error


def test_a_recording_without_passes() -> None:
    app = create_app(Recording.of([]), token=TOKEN)
    assert ask(app, "/api/recording")[1]["passes"] == []
    status, told = ask(app, "/api/passes/0")
    assert status == 404 and told["error"]["hint"] == "The recording has no passes."


def test_a_recording_from_its_file(tmp_path: Path) -> None:
    writer = Writer(tmp_path / "run.gradviz", {"script": "run.py"})
    writer.add(neuron())
    writer.finish()
    assert ask(create_app(tmp_path / "run.gradviz", token=TOKEN), "/api/passes/0")[1]["steps"] == 40
    with pytest.raises(GradvizError, match="cannot be opened"):
        create_app(tmp_path / "nowhere.gradviz", token=TOKEN)


# ---- 72, 78: many at once ----
def test_eight_threads_get_the_same_answers(tmp_path: Path) -> None:
    model = nn.MLP(3, [8, 8, 1], seed=2)
    writer = Writer(tmp_path / "run.gradviz", {"script": "run.py"})
    for i in range(6):  # more than are kept in memory
        loss = model([1.0, -2.0, float(i)])
        loss.backward()
        writer.add(record(loss))
    writer.finish()
    paths = [
        path
        for i in range(6)
        for path in (
            f"/api/passes/{i}",
            f"/api/passes/{i}/steps?start=50",
            f"/api/passes/{i}/nodes/7?",
            "/api/findings",
        )
    ]
    with Recording.open(tmp_path / "run.gradviz") as shown, running(shown) as port:
        answers: list[list[bytes]] = [[] for _ in range(8)]

        def walk(which: int) -> None:
            shift = 3 * which
            with Client(port) as client:
                got = {path: client.answer(path)[1] for path in [*paths[shift:], *paths[:shift]]}
            answers[which].extend(got[path] for path in paths)

        threads = [threading.Thread(target=walk, args=(which,)) for which in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert all(answer == answers[0] for answer in answers) and len(set(answers[0])) > 12


def test_exports_wait_in_a_short_queue(monkeypatch: pytest.MonkeyPatch) -> None:
    drawing, done = threading.Event(), threading.Event()

    def slow(*args: Any, **options: Any) -> None:
        drawing.set()
        done.wait(5)
        raise GradvizError("drawn")

    monkeypatch.setattr("gradviz.server.api.export_frame", slow)
    app = create_app(recording(), token=TOKEN)
    got: list[int] = []

    def export() -> None:
        answer = app.test_client().get("/api/passes/0/export.svg", headers=HEADERS)
        got.append(answer.status_code)
        if answer.status_code == 429:
            assert answer.headers["Retry-After"] and "Try again" in answer.json["error"]["hint"]

    threads = [threading.Thread(target=export) for _ in range(AT_ONCE + 3)]
    for thread in threads:
        thread.start()
    drawing.wait(5)
    for _ in range(100):
        if len(got) == 3:
            break
        time.sleep(0.02)
    assert ask(app, "/api/passes/0/frame?step=1")[0] == 200  # all else goes on
    done.set()
    for thread in threads:
        thread.join()
    assert sorted(got) == [422] * AT_ONCE + [429] * 3


def test_the_queue_is_free_again_after_an_error() -> None:
    queue = Exports()
    for _ in range(5):
        with pytest.raises(ZeroDivisionError), queue.turn():
            raise ZeroDivisionError


def test_answers_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gradviz.server.answers.LARGEST", 1 << 10)
    status, told = ask(create_app(recording(), token=TOKEN), "/api/passes/0")
    assert status == 400 and "Open fewer scopes" in told["error"]["hint"]


# ---- 76, 79: start and stop ----
SERVE = """
    import sys
    sys.path.insert(0, {tests!r})
    from served import recording
    from gradviz.server import serve
    sys.exit(serve(recording(), **{options!r}))
"""


def started(**options: Any) -> tuple[subprocess.Popen[str], str, int]:
    """Start `serve` in a process of its own; gives the process, its address and its port."""
    code = textwrap.dedent(SERVE).format(tests=str(Path(__file__).parent), options=options)
    process = subprocess.Popen(
        [sys.executable, "-c", code], stderr=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert process.stderr
    found = None
    for line in process.stderr:
        found = re.search(r"(http://[^/]+:(\d+)/#token=\S+)", line)
        if found:
            return process, found[1], int(found[2])
    raise AssertionError("serve did not say where it is")


@pytest.mark.parametrize(("number", "code"), [(signal.SIGTERM, 143), (signal.SIGINT, 130)])
def test_signals_end_it_within_a_second_and_free_the_port(number: signal.Signals, code: int) -> None:
    process, url, port = started(port=0)
    token = url.partition("#token=")[2]
    assert len(token) >= 43
    with socket.create_connection(("127.0.0.1", port)), Client(port, token) as client:  # one stays idle
        assert client.get("/api/passes/0")
        process.send_signal(number)
        begin = time.monotonic()
        out, err = process.communicate(timeout=5)
    assert process.returncode == code
    assert time.monotonic() - begin < 2  # a second, and another for a busy machine
    assert out == "" and "Traceback" not in err and token not in err
    socket.create_server(("127.0.0.1", port)).close()


def test_each_run_has_its_own_token_and_the_next_free_port() -> None:
    with socket.socket() as taken:
        taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            taken.bind(("127.0.0.1", 8765))
            taken.listen()
        except OSError:
            pass  # somebody else holds it, which does as well
        first, url, port = started()
        second, other, next_port = started()
    for process in (first, second):
        process.terminate()
        process.communicate(timeout=5)
    assert 8765 < port < next_port and url.split("=")[1] != other.split("=")[1]


def test_a_port_that_is_taken_is_named() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        number = taken.getsockname()[1]
        with pytest.raises(GradvizError, match=rf"Port {number} on 127.0.0.1 .*in use") as raised:
            serve(recording(), port=number)
        assert "--port" in (raised.value.hint or "")
    for wrong in (-1, 65536, 10**9):
        with pytest.raises(GradvizError, match="There is no port"):
            serve(recording(), port=wrong)


def test_hosts_that_cannot_be_listened_on() -> None:
    with pytest.raises(GradvizError, match="cannot be listened on"):
        serve(recording(), host="192.0.2.1", port=0, token=TOKEN)
    with pytest.raises(GradvizError, match="There is no host"):
        serve(recording(), host="no.such.host.invalid", port=0, token=TOKEN)


def test_a_browser_is_opened_only_where_somebody_sits(monkeypatch: pytest.MonkeyPatch) -> None:
    from gradviz.server import serving

    for name in ("SSH_CONNECTION", "SSH_TTY", "WAYLAND_DISPLAY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("DISPLAY", ":0")
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True, raising=False)
    assert serving._somebody_sits_here()
    monkeypatch.setenv("SSH_CONNECTION", "1")
    assert not serving._somebody_sits_here()
    monkeypatch.delenv("SSH_CONNECTION")
    monkeypatch.setattr(sys.stderr, "isatty", lambda: False, raising=False)
    assert not serving._somebody_sits_here()


def test_the_browser_gets_the_address(monkeypatch: pytest.MonkeyPatch) -> None:
    opened: list[str] = []
    monkeypatch.setattr("webbrowser.open", opened.append)
    monkeypatch.setattr("gradviz.server.serving._run", lambda app, listening: time.sleep(0.2) or 0)
    serve(recording(), port=0, open_browser=True)
    serve(recording(), port=0, open_browser=False)
    (url,) = opened
    assert re.fullmatch(r"http://127\.0\.0\.1:\d+/#token=[\w-]{43}", url)


# ---- the docs ----
def test_the_docs_have_every_route_and_no_other() -> None:
    app = create_app(recording(), token=TOKEN)
    rules = {re.sub(r"<(?:\w+:)?(\w+)>", r"{\1}", rule.rule) for rule in app.url_map.iter_rules()}
    documented = set(re.findall(r"^### `GET (\S+)`$", DOCS.read_text(encoding="utf-8"), re.MULTILINE))
    assert documented == rules
    assert {rule.endpoint.partition(".")[0] for rule in app.url_map.iter_rules()} == {"api", "page"}
    assert api.url_prefix == "/api"


@pytest.mark.skipif(not shutil.which("curl") or not shutil.which("bash"), reason="needs curl")
def test_the_walk_in_the_docs_works(port: int, tmp_path: Path) -> None:
    blocks = re.findall(r"^```sh\n(.*?)^```", DOCS.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)
    lines = [line for block in blocks for line in block.splitlines() if line.startswith("get ")]
    assert len(lines) >= 12
    url = f"URL=http://127.0.0.1:{port} TOKEN={TOKEN}"
    define = next(line for block in blocks for line in block.splitlines() if line.startswith("get()"))
    script = "\n".join(
        ["set -e", url, define.replace("curl", "curl -f"), *(f"{line} > /dev/null" for line in lines)]
    )
    done = subprocess.run(
        ["bash", "-c", script], capture_output=True, text=True, cwd=tmp_path, env=os.environ
    )
    assert done.returncode == 0, done.stderr


def test_the_fields_in_the_docs_are_the_fields_of_the_answers(client: Client) -> None:
    text = DOCS.read_text(encoding="utf-8")
    shapes = {
        "### `GET /api/recording`": client.get("/api/recording"),
        "### `GET /api/findings`": client.get("/api/findings"),
        "### `GET /api/passes/{index}`": client.get("/api/passes/0"),
        "### `GET /api/passes/{index}/steps`": client.get("/api/passes/0/steps"),
        "### `GET /api/passes/{index}/frame`": client.get("/api/passes/0/frame"),
        "### `GET /api/passes/{index}/nodes/{node}`": client.get("/api/passes/0/nodes/9"),
        "### `GET /api/passes/{index}/boxes/{key}`": client.get("/api/passes/0/boxes/n9"),
        "### `GET /api/passes/{index}/check`": client.get("/api/passes/0/check"),
        "### `GET /api/passes/{index}/expressions`": client.get(
            "/api/passes/0/expressions", file="served.py"
        ),
        "### `GET /api/passes/{index}/made`": client.get("/api/passes/0/made", file="served.py", line=1),
        "### `GET /api/passes/{index}/find`": client.get("/api/passes/0/find", q="w1"),
    }
    for heading, answer in shapes.items():
        section = text.split(heading + "\n")[1].split("\n### ")[0]
        for field in answer:
            assert f"`{field}`" in section, f"{heading} does not tell of {field}"
