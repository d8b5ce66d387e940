"""``gradviz export --animate``: one file for a walk, and clear words where there cannot be one."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from gradviz import Value, record
from gradviz.cli.group import cli
from gradviz.layout import engines
from gradviz.recording import Writer

needs_engine = pytest.mark.skipif(not engines(), reason="no Graphviz engine")


@pytest.fixture(scope="module")
def recording(tmp_path_factory: pytest.TempPathFactory) -> str:
    return written(tmp_path_factory.mktemp("animate") / "neuron.gradviz", 1)


@pytest.fixture(scope="module")
def long(tmp_path_factory: pytest.TempPathFactory) -> str:
    return written(tmp_path_factory.mktemp("animate") / "long.gradviz", 400)


def written(path: Path, times: int) -> str:
    x, w = Value(2.0, name="x"), Value(-3.0, name="w", kind="param")
    for _ in range(times):
        x = (x * w).tanh()
    x.backward()
    writer = Writer(path)
    writer.add(record(x))
    writer.finish()
    return str(path)


def export(*args: str) -> Result:
    return CliRunner().invoke(cli, ["export", *args])


def sentences(drawn: str) -> int:
    return drawn.count('class="gv-sentence"')


def test_a_walk_as_svg(recording: str, tmp_path: Path) -> None:
    target = str(tmp_path / "walk.svg")
    args = (
        recording,
        "-o",
        target,
        "--animate",
        "--phase",
        "backward",
        "--seconds-per-step",
        "0.5",
        "--once",
    )
    assert export(*args).exit_code == 0
    drawn = Path(target).read_text(encoding="utf-8")
    assert sentences(drawn) == 5 and "animation:4s step-end 1}" in drawn
    assert "exists already" in str(export(*args).exception)
    assert export(*args, "--force").exit_code == 0
    assert Path(target).read_text(encoding="utf-8") == drawn


@pytest.mark.parametrize("steps, count", [(":", 17), ("0:1", 1), ("::4", 5), ("-3:", 3)])
def test_steps_choose_the_moments(recording: str, steps: str, count: int) -> None:
    done = export(recording, "-o", "-", "-f", "svg", "--animate", "--steps", steps)
    assert done.exit_code == 0 and sentences(done.stdout) == count


def test_options_of_the_drawing_hold(recording: str) -> None:
    done = export(
        recording, "-o", "-", "-f", "svg", "--animate", "-t", "dark", "--what", "w=-2", "--times", "7"
    )
    assert "what if w = -2" in done.stdout and "step-end 7}" in done.stdout
    assert "prefers-color-scheme" not in done.stdout


@needs_engine
@pytest.mark.parametrize(
    "args, start",
    [
        (["walk.gif"], b"GIF89a"),
        (["walk.apng"], b"\x89PNG"),
        (["walk.png", "--animate"], b"\x89PNG"),
        (["walk", "-f", "gif"], b"GIF89a"),
    ],
)
def test_a_walk_in_pixels(recording: str, tmp_path: Path, args: list[str], start: bytes) -> None:
    pytest.importorskip("PIL")
    file = tmp_path / args[0]
    done = export(recording, "-o", str(file), *args[1:], "--phase", "backward", "--scale", "1")
    assert done.exit_code == 0, done.output
    assert file.read_bytes().startswith(start) and (b"acTL" in file.read_bytes()) == (start != b"GIF89a")


@pytest.mark.parametrize(
    "args, message",
    [
        (["walk-%03d.svg", "--animate"], "one file: without %d in its name.*--steps : -o walk-%03d.svg"),
        (["walk-%03d.gif", "--steps", ":"], "one file: without %d in its name"),
        (["walk.txt", "--animate"], "'txt' does not move"),
        (["walk.gif", "--step", "3"], "choose them by --steps or --phase"),
        (["walk.gif", "--node", "x"], "choose them by --steps or --phase"),
        (["walk.gif", "--once", "--times", "2"], "not two of them"),
        (["walk.gif", "--steps", "5"], "it must be A:B"),
        (["walk.gif", "--steps", "9:9"], "nothing to draw: there are 0 to 16"),
        (["walk.svg", "--animate", "--scale", "2"], "an SVG has any size"),
        (["walk.svg", "--animate", "--width", "9cm"], "--width is for still pictures"),
        (["walk.svg", "--once"], "add --animate"),
        (["walk.svg", "--seconds-per-step", "1"], "add --animate"),
        (["walk.svg", "--animate", "--seconds-per-step", "0"], "is not in the range"),
    ],
)
def test_what_cannot_be(recording: str, tmp_path: Path, args: list[str], message: str) -> None:
    done = export(recording, "-o", str(tmp_path / args[0]), *args[1:])
    assert done.exit_code != 0
    assert re.search(message, f"{done.output} {done.exception}".replace("\n", " "))
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("file, kind, every", [("a.svg", "SVG", 4), ("a.gif", "GIF", 13)])
def test_a_long_walk_is_refused_before_any_work(
    long: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, file: str, kind: str, every: int
) -> None:
    monkeypatch.setattr("gradviz.view.View.__init__", lambda *_, **__: pytest.fail("it began to work"))
    done = export(long, "-o", str(tmp_path / file), "--animate")
    assert done.exit_code == 2
    assert re.search(rf"3,608 moments are too many for {kind}.*--steps ::{every}\. ", done.output)
    part = export(long, "-o", str(tmp_path / file), "--animate", "--steps", "3::1")
    assert re.search(rf"--steps 3::{every}\. ", part.output)
