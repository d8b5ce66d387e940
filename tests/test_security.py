"""Attacks on the local server: other sites, other hosts, other ports, strange requests, floods.

The numbers are rows of the list of cases that gradviz answers for.
"""

import re
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from gradviz.server import create_app, serve
from gradviz.server.security import content_policy, hosts_of
from served import TOKEN, get, raw, recording, running, status

from gradviz.errors import GradvizError
from gradviz.numbers import loads
from gradviz.player.files import page_files
from gradviz.recording import Recording

PATHS = ("/", "/graph.css", "/static/main.js", "/api/recording", "/api/passes/0", "/nowhere", "/api/nowhere")
PROTECTED = ("/api/recording", "/api/passes/0", "/nowhere", "/api", "//api/recording", "/API/recording")


@pytest.fixture(scope="module")
def port() -> Iterator[int]:
    with running(recording()) as port:
        yield port


# ---- 59, 60: rebinding ----
@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize(
    "host",
    [
        "evil.example",
        "evil.example:{port}",
        "127.0.0.1.evil.example:{port}",
        "127.0.0.1:{port}.evil.example",
        "evil.example#127.0.0.1:{port}",
        "127.0.0.1",
        "127.0.0.1:1",
        "127.0.0.1:{port}0",
        "0.0.0.0:{port}",
        "127.1:{port}",
        "2130706433:{port}",
        "localhost6:{port}",
        "localhost.:{port}",
        "localhost@evil.example:{port}",
        "user@127.0.0.1:{port}",
        "[::ffff:127.0.0.1]:{port}",
        "127.0.0.1:{port}, evil.example",
        "",
        None,
    ],
)
def test_other_hosts_are_refused_before_routing(port: int, path: str, host: str | None) -> None:
    answer = get(port, path, Host=host and host.format(port=port))  # type: ignore[arg-type]
    assert status(answer) in (400, 403), answer[:200]
    assert b"Gradviz" not in answer.split(b"\r\n\r\n")[0] and b"neuron" not in answer


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "[::1]"])
def test_its_own_hosts_are_served(port: int, host: str) -> None:
    assert status(get(port, Host=f"{host}:{port}")) == 200


@pytest.mark.parametrize("first_is_good", [True, False])
def test_two_hosts_are_refused(port: int, first_is_good: bool) -> None:
    hosts = [f"Host: 127.0.0.1:{port}", f"Host: evil.example:{port}"]
    lines = [
        "GET /api/recording HTTP/1.1",
        *(hosts if first_is_good else hosts[::-1]),
        f"X-Gradviz-Token: {TOKEN}",
    ]
    assert status(raw(port, "\r\n".join([*lines, "", ""]).encode())) in (400, 403)


@pytest.mark.parametrize(
    "target", ["http://evil.example/api/recording", "http://127.0.0.1:{port}/api/recording", "*"]
)
def test_absolute_form_is_refused(port: int, target: str) -> None:
    assert status(get(port, target.format(port=port))) in (400, 403)


def test_forwarded_headers_change_nothing(port: int) -> None:
    forwarded = {"X_Forwarded_Host": f"127.0.0.1:{port}", "Forwarded": f"host=127.0.0.1:{port}"}
    assert status(get(port, Host="evil.example", **forwarded)) == 403


def test_old_http_without_a_host(port: int) -> None:
    assert status(raw(port, f"GET / HTTP/1.0\r\nX-Gradviz-Token: {TOKEN}\r\n\r\n".encode())) == 403


def test_every_route_that_tells_of_the_recording_needs_the_token() -> None:
    app = create_app(recording(), token=TOKEN)
    for rule in app.url_map.iter_rules():
        path = re.sub(r"<[^>]*>", "0", rule.rule)
        answer = app.test_client().get(path, headers={"Host": "127.0.0.1:8765"})
        assert (answer.status_code == 401) == (rule.endpoint.startswith("api.")), rule


def test_hosts_of_a_chosen_host() -> None:
    assert "192.168.1.5:8765" in hosts_of("192.168.1.5", 8765)
    assert "[fe80::1]:8765" in hosts_of("fe80::1", 8765)
    assert hosts_of("127.0.0.1", 80) >= {"localhost", "localhost:80"}
    assert "localhost" not in hosts_of("127.0.0.1", 8765)


# ---- 61, 62, 63: other sites and other ports ----
@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("site", ["cross-site", "same-site", "Same-Origin", "same-origin, none", ""])
def test_other_sites_are_refused(port: int, path: str, site: str) -> None:
    assert status(get(port, path, Sec_Fetch_Site=site)) == 403


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize(
    "origin",
    [
        "null",
        "http://evil.example",
        "http://127.0.0.1",
        "http://127.0.0.1:{port}.evil.example",
        "http://127.0.0.1:{port}0",
        "http://127.0.0.1:{port}@evil.example",
        "https://127.0.0.1:{port}",
        "http://localhost:{port}",
        "HTTP://127.0.0.1:{port}",
        "http://127.0.0.1:{port}/",
        "file://",
        "",
    ],
)
def test_other_origins_are_refused(port: int, path: str, origin: str) -> None:
    answer = get(port, path, Origin=origin.format(port=port))
    assert status(answer) == 403 and b"access-control" not in answer.lower()


def test_the_page_itself_is_served(port: int) -> None:
    answer = get(port, Origin=f"http://127.0.0.1:{port}", Sec_Fetch_Site="same-origin")
    assert status(answer) == 200 and b"access-control" not in answer.lower()
    assert status(get(port, "/", Sec_Fetch_Site="none")) == 200


def test_preflight_gets_no_permission(port: int) -> None:
    asked = {"Access_Control_Request_Method": "GET", "Access_Control_Request_Headers": "x-gradviz-token"}
    for origin in ("http://evil.example", f"http://127.0.0.1:{port}"):
        answer = get(port, method="OPTIONS", Origin=origin, **asked)
        assert status(answer) in (403, 405) and b"access-control" not in answer.lower()


# ---- 64, 65: methods ----
@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize(
    "method", ["POST", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "CONNECT", "PROPFIND", "BREW"]
)
def test_other_methods_are_refused_everywhere(port: int, path: str, method: str) -> None:
    answer = get(port, path, method)
    assert status(answer) == 405 and b"\r\nAllow: GET, HEAD\r\n" in answer
    assert status(get(port, path, method, Host="evil.example")) == 403
    if path in PROTECTED:
        assert status(get(port, path, method, X_Gradviz_Token="wrong")) == 401


@pytest.mark.parametrize("path", ["/", "/graph.css", "/static/main.js", "/api/recording"])
def test_head_has_the_headers_and_no_body(port: int, path: str) -> None:
    got, head = get(port, path), get(port, path, "HEAD")
    assert status(head) == 200 and head.endswith(b"\r\n\r\n")
    length = re.search(rb"Content-Length: (\d+)", got)
    assert length and length[0] in head
    refused = get(port, "/api/recording", "HEAD", X_Gradviz_Token="wrong")
    assert status(refused) == 401 and refused.endswith(b"\r\n\r\n")


# ---- 66: the token ----
@pytest.mark.parametrize("path", PROTECTED)
@pytest.mark.parametrize(
    "token", [None, "", "wrong", TOKEN[:-1], TOKEN + "x", TOKEN.upper(), "ü", f"{TOKEN}, {TOKEN}"]
)
def test_without_the_token_nothing_is_told(port: int, path: str, token: str | None) -> None:
    answer = get(port, path, X_Gradviz_Token=token)  # type: ignore[arg-type]
    head, body = answer.split(b"\r\n\r\n", 1)
    assert status(answer) == 401 and b"application/json" in head
    assert "printed in the terminal" in loads(body)["error"]["hint"]


def test_the_token_is_taken_from_its_header_only(port: int) -> None:
    assert status(get(port, f"/api/recording?token={TOKEN}", X_Gradviz_Token=None)) == 401  # type: ignore[arg-type]
    lines = f"Host: 127.0.0.1:{port}\r\nX_Gradviz_Token: {TOKEN}\r\nCookie: token={TOKEN}"
    assert status(raw(port, f"GET /api/recording HTTP/1.1\r\n{lines}\r\n\r\n".encode())) == 401


def test_the_token_is_never_sent_back(port: int) -> None:
    for path in PATHS:
        assert TOKEN.encode() not in get(port, path)
    assert status(get(port, f"/api/recording?token={TOKEN}")) == 400


def test_a_short_token_is_refused() -> None:
    with pytest.raises(GradvizError, match="keeps nobody out"):
        create_app(recording(), token="")
    for token in ("", "short"):
        with pytest.raises(GradvizError, match="keeps nobody out"):
            serve(recording(), port=0, token=token)


# ---- 67, 68, 69: what the browser is told ----
@pytest.mark.parametrize("path", [*PATHS, "/api/passes/0/export.svg", "/api/passes/-1"])
@pytest.mark.parametrize("good", [True, False])
def test_every_answer_has_all_security_headers(port: int, path: str, good: bool) -> None:
    answer = get(port, path) if good else get(port, path, Host="evil.example")
    head = answer.split(b"\r\n\r\n")[0].decode()
    headers = dict(line.split(": ", 1) for line in head.split("\r\n")[1:])
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Cache-Control"] == "no-store"
    assert headers["Referrer-Policy"] == "no-referrer"
    assert headers["Cross-Origin-Resource-Policy"] == headers["Cross-Origin-Opener-Policy"] == "same-origin"
    assert "frame-ancestors 'none'" in headers["Content-Security-Policy"]
    assert not headers.keys() & {"Server", "Set-Cookie", "Access-Control-Allow-Origin", "X-Powered-By"}
    if not path.endswith(".svg") or not good:
        directives = headers["Content-Security-Policy"].split("; ")
        assert {"default-src 'none'", "base-uri 'none'", "form-action 'none'", "connect-src 'self'"} <= set(
            directives
        )
        assert (
            "require-trusted-types-for 'script'" in directives
            and "unsafe" not in headers["Content-Security-Policy"]
        )


def test_the_one_inline_script_is_the_import_map() -> None:
    index = page_files()["index.html"].read_bytes()
    assert len(re.findall(rb"<script(?![^>]*\bsrc=)", index)) == 1
    assert len(re.findall(r"'sha256-[\w+/]{43}='", content_policy(index))) == 1
    assert content_policy(b"<p>no script</p>").count("sha256") == 0


def test_svg_opened_as_a_page_may_do_nothing(port: int) -> None:
    head = get(port, "/api/passes/0/export.svg").split(b"\r\n\r\n")[0]
    assert b"Content-Security-Policy: sandbox; default-src 'none'" in head
    assert b'Content-Disposition: attachment; filename="neuron-pass0-step40.svg"' in head


# ---- 70: bodies ----
@pytest.mark.parametrize(
    "body",
    [
        b"Content-Length: 1\r\n\r\nx",
        b"Content-Length: 10000000\r\n\r\n" + b"[" * 100_000,
        b"Content-Length: -1\r\n\r\n",
        b"Content-Length: 99999999999999999999\r\n\r\n",
        b"Content-Length: 1\r\nContent-Length: 2\r\n\r\nxx",
        b"Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n",
        b"Transfer-Encoding: chunked\r\n\r\nffffffffffffffff\r\n",
        b"Transfer-Encoding: gzip\r\n\r\n",
        b"Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nGET /\r\n0\r\n\r\n",
    ],
)
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_bodies_are_refused(port: int, method: str, body: bytes) -> None:
    head = f"{method} /api/recording HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nX-Gradviz-Token: {TOKEN}\r\n"
    answer = raw(port, head.encode() + body, timeout=2)
    assert status(answer) in (0, 400, 405, 413, 501), answer[:100]
    assert b"neuron.py" not in answer
    assert status(get(port)) == 200


@pytest.mark.parametrize(
    "junk",
    [
        b"\r\n\r\n",
        b"GET\r\n\r\n",
        b"get / HTTP/1.1\r\n\r\n",
        b"GET / HTTP/9.9\r\nHost: x\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc" * 20,  # TLS
        b"\x00" * 1000,
        b"GET /" + b"a" * 100_000 + b" HTTP/1.1\r\n\r\n",
        b"GET / HTTP/1.1\r\n" + b"a: b\r\n" * 20_000 + b"\r\n",
        b"GET / HTTP/1.1\r\nHost : 127.0.0.1\r\n\r\n",
    ],
)
def test_what_is_not_http_is_refused(port: int, junk: bytes) -> None:
    assert status(raw(port, junk, timeout=2)) in (0, 400, 403, 404, 405, 431)
    assert status(get(port)) == 200


# ---- 74: paths ----
@pytest.mark.parametrize("root", ["/static/", "/", "/api/", "/api/passes/0/", "/api/passes/0/boxes/"])
@pytest.mark.parametrize(
    "path",
    [
        "../pyproject.toml",
        "../../etc/passwd",
        "%2e%2e/%2e%2e/etc/passwd",
        "..%2f..%2fetc%2fpasswd",
        "..%5c..%5cwindows",
        "%00",
        "main.js%00.css",
        "main.js/",
        "/etc/passwd",
        "//etc/passwd",
        "//evil.example/x",
        "%5c%5cevil.example%5cshare",
        "CON",
        "..",
        ".",
        "__init__.py",
        "package.json",
        "index.html",
        "views/../main.js",
    ],
)
def test_no_path_leads_out(port: int, root: str, path: str) -> None:
    answer = get(port, root + path)
    assert status(answer) in (400, 404), answer[:100]
    assert b"\r\nLocation:" not in answer and b"root:" not in answer


def test_links_out_of_the_page_are_not_files_of_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "page").mkdir()
    (tmp_path / "secret.js").write_text("secret")
    (tmp_path / "page/main.js").write_text("main")
    (tmp_path / "page/out.js").symlink_to(tmp_path / "secret.js")
    (tmp_path / "page/__init__.py").write_text("")
    monkeypatch.setattr("gradviz.player.files.files", lambda name: tmp_path / "page")
    assert list(page_files()) == ["main.js"]


# ---- 73: floods ----
@pytest.mark.parametrize("sent", [b"", b"GET / HTTP/1.1\r\nHost: "])
def test_half_open_connections_end_by_themselves(sent: bytes) -> None:
    with running(recording(), channel_timeout=2, cleanup_interval=1) as port:
        flood = [socket.create_connection(("127.0.0.1", port), timeout=10) for _ in range(400)]
        for connection in flood:
            connection.sendall(sent)
        start = time.monotonic()
        assert status(get(port)) == 200 and time.monotonic() - start < 2
        for connection in flood:
            assert connection.recv(1) == b""  # closed by the server
            connection.close()
        assert time.monotonic() - start < 8 and status(get(port)) == 200


def test_more_connections_than_there_is_room_for() -> None:
    with running(recording(), connection_limit=50, channel_timeout=1, cleanup_interval=1) as port:
        flood = [socket.create_connection(("127.0.0.1", port), timeout=10) for _ in range(80)]
        assert status(get(port)) == 200  # as soon as the idle ones have timed out
        for connection in flood:
            connection.close()


# ---- 76: where it listens ----
@pytest.mark.skipif(sys.platform != "linux", reason="only Linux has more than one loopback address")
def test_it_listens_on_one_address_only(port: int) -> None:
    with pytest.raises(OSError):  # a server on all interfaces would answer
        socket.create_connection(("127.0.0.2", port), timeout=1)


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.0.2.1"])
def test_other_hosts_need_a_token(host: str) -> None:
    with pytest.raises(GradvizError, match="can be reached by others"):
        serve(recording(), host=host, port=0)


# ---- 75, 80: bugs and hostile texts ----
def test_a_bug_is_told_with_a_reference_only(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(self: object) -> None:
        raise ZeroDivisionError("secret <script>")

    monkeypatch.setattr("gradviz.document.Document.recording", fail)
    monkeypatch.setenv("FLASK_DEBUG", "1")
    app = create_app(recording(), token=TOKEN)
    headers = {"Host": "127.0.0.1:8765", "X-Gradviz-Token": TOKEN}
    answer = app.test_client().get("/api/recording", headers=headers)
    assert answer.status_code == 500 and not app.debug
    reference = re.search(r"reference (\w{8})", answer.json["error"]["message"])
    assert reference and reference[1] in caplog.text and "ZeroDivisionError" in caplog.text
    assert (
        "secret" not in answer.text and "Traceback" not in answer.text and "test_security" not in answer.text
    )


@pytest.mark.parametrize(
    "text", ["<script>alert(1)</script>", "\x1b[31m", "%0d%0aSet-Cookie: a=b", "{{7*7}}", "‮"]
)
def test_what_was_asked_comes_back_escaped(text: str) -> None:
    client = create_app(recording(), token=TOKEN).test_client()
    headers = {"Host": "127.0.0.1:8765", "X-Gradviz-Token": TOKEN}
    for path, query in (
        (f"/api/passes/{text}", {}),
        ("/api/passes/0/frame", {"step": text}),
        ("/api/passes/0/frame", {text: "1"}),
        ("/api/passes/0/export." + text.replace("/", ""), {}),
        ("/api/passes/0/boxes/" + text, {}),
        (f"/api/passes/0/nodes/{text}", {}),
        ("/api/passes/0/export.svg", {"theme": text}),
    ):
        answer = client.get(path, query_string=query, headers=headers)
        assert answer.status_code in (400, 404) and answer.content_type.startswith("application/json")
        assert "<" not in answer.text and "\x1b" not in answer.text and not answer.headers.get("Set-Cookie")
        assert answer.json["error"]["message"]


def test_nothing_runs_or_reads_what_a_request_names() -> None:
    folder = Path(sys.modules["gradviz.server"].__file__ or "").parent
    text = "\n".join(path.read_text(encoding="utf-8") for path in folder.glob("*.py"))
    for banned in (
        "pickle",
        "eval(",
        "exec(",
        "subprocess",
        "send_file",
        "render_template",
        "|safe",
        "__import__",
    ):
        assert banned not in text
    assert subprocess.call([sys.executable, "-c", "import gradviz.server"]) == 0


def test_no_module_reads_objects_out_of_bytes() -> None:
    folder = Path(sys.modules["gradviz"].__file__ or "").parent
    found = {path.name: path.read_text(encoding="utf-8") for path in folder.rglob("*.py")}
    banned = re.compile(r"^ *(?:import|from) +(?:pickle|marshal|shelve|dill)\b", re.MULTILINE)
    assert len(found) > 100 and [name for name, text in found.items() if banned.search(text)] == []


def test_the_recording_of_a_stranger_is_only_text() -> None:
    hostile = "</script><script>alert(1)</script>"
    shown = Recording.of([], sources={hostile: hostile}, meta={"script": hostile, "argv": [hostile]})
    answer = (
        create_app(shown, token=TOKEN)
        .test_client()
        .get("/api/recording", headers={"Host": "127.0.0.1:8765", "X-Gradviz-Token": TOKEN})
    )
    assert answer.status_code == 200 and answer.content_type == "application/json; charset=utf-8"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
