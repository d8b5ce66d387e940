"""Finding a Graphviz engine, and surviving it: one that hangs, lies, crashes or floods."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from gradviz.errors import LayoutError
from gradviz.layout import Engine, child, engines, find_engine, graphviz, layout

pytestmark = pytest.mark.skipif(os.name != "posix", reason="the fake engines are shell scripts")
SIZES, EDGES = [(124.0, 62.0)] * 3, [(0, 1), (1, 2)]


def fake(folder: Path, body: str, name: str = "dot") -> str:
    folder.mkdir(exist_ok=True)
    path = folder / name
    path.write_text(f"#!/bin/sh\n{body}\n")
    path.chmod(0o755)
    return str(path)


@pytest.fixture
def bare(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """A machine without any engine."""
    monkeypatch.delenv("GRADVIZ_DOT", raising=False)
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    monkeypatch.setattr(sys, "executable", str(tmp_path / "python" / "python3"))
    return tmp_path


def test_no_engine_says_how_to_get_one(bare: Path) -> None:
    with pytest.raises(LayoutError, match="No Graphviz engine found") as caught:
        find_engine()
    assert "pip install graphviz-pure" in str(caught.value) and "GRADVIZ_DOT" in str(caught.value)
    assert engines() == []


def test_order_of_engines(bare: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    dot = fake(bare / "bin", "true")
    assert find_engine() == Engine(dot, "dot")
    on_path = fake(bare / "bin", "true", "graphviz-pure")
    assert find_engine() == Engine(on_path, "graphviz-pure")
    beside = fake(bare / "python", "true", "graphviz-pure")
    assert find_engine().path == beside
    asked = fake(bare / "own", "true", "my-dot")
    monkeypatch.setenv("GRADVIZ_DOT", asked)
    assert find_engine() == Engine(asked, "dot")
    assert find_engine("dot").path == dot
    assert [engine.path for engine in engines()] == [asked, beside, dot]


def test_never_from_the_working_directory(bare: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fake(bare / "here", "true")
    monkeypatch.chdir(bare / "here")
    monkeypatch.setenv("PATH", os.pathsep.join(["", ".", "bin"]))
    with pytest.raises(LayoutError):
        find_engine()


def test_what_cannot_be_run_is_no_engine(bare: Path) -> None:
    Path(fake(bare / "bin", "true")).chmod(0o644)
    (bare / "bin" / "graphviz-pure").mkdir()
    with pytest.raises(LayoutError, match="No Graphviz"):
        find_engine()
    with pytest.raises(LayoutError, match="'/nowhere/dot' is not there"):
        find_engine("/nowhere/dot")


def test_version(bare: Path) -> None:
    assert find_engine(fake(bare / "a", "echo 'dot - graphviz version 2.43.0 (0)' >&2")).version == "2.43.0"
    assert find_engine(fake(bare / "b", "exit 3")).version == "unknown"


def test_gradviz_needs_no_engine(bare: Path) -> None:
    found = layout(SIZES, EDGES)
    assert found.engine == "own" and found.note == ""
    with pytest.raises(LayoutError, match="'dot' is not there"):
        layout(SIZES, EDGES, engine="dot")


NO_POSITION = '{"objects":[{"name":"n0","pos":"nan,1"},{"name":"n1","pos":"1,1"},{"name":"n2","pos":"1,1"}]}'
FAULTS = {
    "fails": (
        "echo 'syntax error in line 2' >&2; echo more >&2; exit 1",
        "failed with exit code 1: syntax error in line 2.",
    ),
    "crashes": ("kill -SEGV $$", "was ended by SIGSEGV."),
    "garbage": ("echo hello", "not a layout"),
    "not text": ("printf '\\377\\376\\000'", "not a layout"),
    "other json": ("echo '[1, 2]'", "not a layout"),
    "deep json": ("yes '[' | head -n 100000", "not a layout"),
    "no position": (f"echo '{NO_POSITION}'", "not a layout"),
    "foreign names": ("""echo '{"objects":[{"name":"n99","pos":"1,1"}]}'""", "not a layout"),
    "silent": ("exit 0", "wrote nothing"),
    "missing library": ("exit 127", "failed with exit code 127."),
    "control characters": ("printf 'a\\033[31mb\\n' >&2; exit 1", "a?[31mb."),
}


@pytest.mark.parametrize("body, message", FAULTS.values(), ids=FAULTS)
def test_a_broken_engine(tmp_path: Path, body: str, message: str) -> None:
    path = fake(tmp_path, body)
    with pytest.raises(LayoutError) as caught:
        graphviz.layout(SIZES, EDGES, Engine(path, "dot"), timeout=5)
    assert message in str(caught.value)
    found = layout(SIZES, EDGES, engine=path, timeout=5)
    assert found.engine == "own" and message.rstrip(".") in found.note


def test_a_hanging_engine_is_killed_with_its_children(tmp_path: Path) -> None:
    mark = f"{os.getpid()}.25"
    path = fake(tmp_path, f"sleep 3{mark} & sleep 3{mark}")
    started = time.monotonic()
    with pytest.raises(LayoutError, match="needed more than 0.3 s"):
        child.run([path], timeout=0.3)
    assert time.monotonic() - started < 5
    assert_gone(f"sleep 3{mark}")


def test_what_a_finished_engine_leaves_behind_is_killed(tmp_path: Path) -> None:
    mark = f"{os.getpid()}.5"
    child.run([fake(tmp_path, f"sleep 3{mark} & echo done")], timeout=5)
    assert_gone(f"sleep 3{mark}")


def assert_gone(command: str) -> None:
    for _ in range(20):
        listed = subprocess.run(["ps", "-eo", "args"], capture_output=True, text=True, check=True).stdout
        if command not in listed.splitlines():
            return
        time.sleep(0.05)
    pytest.fail(f"still there: {command}")


def test_a_flood_is_stopped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(child, "OUTPUT_LIMIT", 1 << 20)
    with pytest.raises(LayoutError, match="wrote more than 1 MB"):
        child.run([fake(tmp_path, "exec yes")], timeout=20)


def test_a_busy_loop_is_stopped(tmp_path: Path) -> None:
    with pytest.raises(LayoutError, match="needed more than|was ended by"):
        child.run([fake(tmp_path, "while :; do :; done")], timeout=0.5)


def test_arguments_are_no_shell_commands(tmp_path: Path) -> None:
    path = fake(tmp_path, 'printf "%s|" "$@"; cat', "an engine; touch $(pwned)")
    output, _ = child.run([path, "a b", "$(touch x)", "'"], b"from stdin")
    assert output == b"a b|$(touch x)|'|from stdin"


def test_no_text_of_a_user_meets_the_engine(tmp_path: Path) -> None:
    path = fake(tmp_path, f"cat > {tmp_path}/seen; exit 1")
    layout([(124.0, 62.0)] * 2, [(0, 1)], engine=path)
    seen = (tmp_path / "seen").read_text()
    assert "n0 -> n1 [id=e0]" in seen and "width=1.7222" in seen
    assert seen.count("label") == 1 and 'label=""' in seen
