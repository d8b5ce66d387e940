"""The command line: what it prints, where, and with which exit code."""

import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path
from unittest.mock import Mock

import pytest
from click.testing import CliRunner, Result

from gradviz import Value, __version__, record
from gradviz.cli import main
from gradviz.cli.group import COMMANDS, cli
from gradviz.errors import GradvizError
from gradviz.layout import graphviz
from gradviz.recording import Recording, Writer

NEURON = """
from gradviz import Value
x1, x2 = Value(2.0), Value(0.0)
w1, w2 = Value(-3.0, kind="param"), Value(1.0, kind="param")
for _ in range(2):
    n = x1 * w1 + x2 * w2 + 6.88
    o = n.tanh()
    o.backward()
    print("o =", o.data)
    w1.data -= 0.1 * w1.grad
"""


@pytest.fixture(scope="module")
def recording(tmp_path_factory: pytest.TempPathFactory) -> str:
    path = tmp_path_factory.mktemp("cli") / "neuron.gradviz"
    writer = Writer(path)
    for w in (-3.0, -2.0):
        x1, w1, bad = (
            Value(2.0, name="x1"),
            Value(w, name="w1", kind="param"),
            Value(1.0, name="a\x1b[31m\u202eb\r"),
        )
        out = (x1 * w1 + bad).tanh()
        out.backward()
        writer.add(record(out, {"o": out}))
    writer.finish()
    return str(path)


def invoke(*args: str, **env: str) -> Result:
    return CliRunner().invoke(cli, args, env=env)


def gradviz(*args: str, cwd: Path, **options: object) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "gradviz", *args]
    return subprocess.run(command, cwd=cwd, capture_output=True, text=True, timeout=60, **options)  # type: ignore[call-overload, no-any-return]


def called(capsys: pytest.CaptureFixture[str], *args: str) -> tuple[int, str, str]:
    """Call main() in this process: exit code, stdout, stderr."""
    with pytest.raises(SystemExit) as leave:
        main(args)
    out, err = capsys.readouterr()
    code = leave.value.code
    return code if isinstance(code, int) else 0 if code is None else 1, out, err


# -- the words


def test_help_is_light() -> None:
    code = (
        "import sys\nfrom gradviz.cli import main\ntry: main(['--help'])\nexcept SystemExit: pass\n"
        "print({'numpy', 'flask', 'networkx', 'sqlite3', 'torch'} & set(sys.modules), file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stderr.strip() == "set()"
    assert all(word in done.stdout for word in COMMANDS)


@pytest.mark.parametrize("word", COMMANDS)
def test_every_word_has_help(word: str) -> None:
    shown = invoke(word, "--help")
    assert shown.exit_code == 0 and shown.output.startswith(f"Usage: cli {word}")


def test_version() -> None:
    assert invoke("--version").output == f"gradviz {__version__}\n"


@pytest.mark.parametrize(
    ("args", "code", "message"),
    [
        (["exprot"], 2, "Did you mean 'export'?"),
        (["frobnicate"], 2, "The commands are run, show,"),
        (["export", "RECORDING"], 2, "Missing option '-o'"),
        (["export", "RECORDING", "-o", "a.svgg"], 1, "Did you mean svg?"),
        (["export", "RECORDING", "-o", "-"], 2, "say which format"),
        (["export", "RECORDING", "-o", "a.svg", "--theme", "drak"], 2, "'drak' is not one of 'auto'"),
        (["export", "RECORDING", "-o", "a.svg", "--node", "w11"], 1, "Did you mean w1"),
        (["export", "RECORDING", "-o", "a.svg", "--node", "w1", "--step", "1"], 2, "not both"),
        (
            ["export", "RECORDING", "-o", "a.svg", "--step", "999"],
            1,
            "There is no step 999. This pass has 24 steps, so --step can be 0 to 24.",
        ),
        (["export", "RECORDING", "-o", "a.svg", "--phase", "sideways"], 1, "The phases are forward"),
        (
            ["export", "RECORDING", "-o", "a.svg", "--phase", "update", "--node", "w1"],
            2,
            "no step in the phase",
        ),
        (["export", "RECORDING", "-o", "a.svg", "--pass", "7"], 1, "There are passes 0 to 1."),
        (["export", "RECORDING", "-o", "a.svg", "--expand", "MLP"], 1, "no box 'MLP'"),
        (["export", "RECORDING", "-o", "missing/a.svg"], 1, "missing/a.svg cannot be written: No such file"),
        (["export", "RECORDING", "-o", "missing/a.svg"], 1, "Make the folder first: mkdir -p missing"),
        (["export", "RECORDING", "-o", "a-%03d.svg", "--steps", "0-9"], 2, "it must be A:B"),
        (["export", "RECORDING", "-o", "a-%d.svg", "--steps", "0:9:0"], 2, "it must be A:B"),
        (["export", "RECORDING", "-o", "a-%d.svg", "--steps", "900:"], 2, "nothing to draw: there are 0 to"),
        (["export", "RECORDING", "-o", "a.svg", "--steps", ":"], 2, "one place for the number"),
        (["export", "RECORDING", "-o", "%d-%d.svg", "--steps", ":"], 2, "one place for the number"),
        (["export", "RECORDING", "-o", "a-%d.svg", "--steps", ":", "--step", "1"], 2, "not two of them"),
        (["export", "missing.py", "-o", "a.svg", "--steps", ":"], 2, "one place for the number"),
        (["steps", "RECORDING", "--phase", "foward"], 1, "The phases are"),
        (["steps", "RECORDING", "arg"], 2, "takes no arguments"),
        (["steps", "missing.gradviz"], 1, "missing.gradviz cannot be opened: No such file"),
        (["steps", "."], 1, "is a directory"),
        (["missing.gradviz"], 1, "cannot be opened"),
        (["run"], 2, "Missing argument 'SCRIPT'"),
        (["run", "--prot", "1", "x.py"], 2, "--port"),
        (["run", "--port", "99999", "x.py"], 2, "65535"),
        (["examples", "neurom"], 1, "Did you mean neuron?"),
        (["check", "RECORDING", "--pass", "9"], 1, "There are passes"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else None,
)
def test_mistakes_get_one_line_and_the_cure(
    recording: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str],
    args: list[str], code: int, message: str,
) -> None:  # fmt: skip
    monkeypatch.chdir(tmp_path)
    found, out, err = called(capsys, *(recording if arg == "RECORDING" else arg for arg in args))
    assert found == code and message in err and not out
    assert err.startswith("gradviz: ") and "Traceback" not in err
    assert not list(tmp_path.iterdir())


def test_debug_shows_our_traceback(recording: str) -> None:
    with pytest.raises(LookupError):
        main(["--debug", "export", recording, "-o", "x.svg", "--pass", "9"])


# -- export


@pytest.mark.parametrize(
    ("name", "start"),
    [("a.svg", "<svg"), ("a.dot", "digraph"), ("a.json", "{"), ("a.txt", "6 values"), ("-", "<svg")],
)
def test_export_by_ending(recording: str, tmp_path: Path, name: str, start: str) -> None:
    target = name if name == "-" else str(tmp_path / name)
    done = invoke("export", recording, "-o", target, *(["-f", "svg"] if name == "-" else []))
    assert done.exit_code == 0, done.output
    text = done.stdout if name == "-" else Path(target).read_text(encoding="utf-8")
    assert start in text[:300] and text.endswith("\n")


def test_export_png(recording: str, tmp_path: Path) -> None:
    done = invoke("export", recording, "-o", str(tmp_path / "a.png"), "--scale", "1")
    assert done.exit_code == 0, done.output
    assert (tmp_path / "a.png").read_bytes().startswith(b"\x89PNG")


def test_export_overwrites_only_if_asked(
    recording: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "a.svg"
    path.write_text("mine")
    code, _, err = called(capsys, "export", recording, "-o", str(path))
    assert code == 1 and "exists already" in err and "--force" in err and path.read_text() == "mine"
    assert invoke("export", recording, "-o", str(path), "--force").exit_code == 0
    assert path.read_text().startswith("<svg") and list(tmp_path.iterdir()) == [path]
    code, _, err = called(capsys, "export", recording, "-o", str(path / "b.svg"))
    assert code == 1 and f"{path} is not a folder. Rename or remove it." in err


@pytest.mark.parametrize("name", ["-run.gradviz", "a\nb.gradviz", "--force", "ü #%20.gradviz"])
def test_a_file_may_have_any_name(
    recording: str,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    name: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / name).write_bytes(Path(recording).read_bytes())
    drawn = f"{name}.svg"
    assert called(capsys, "export", "--output", drawn, "--", name) == (0, "", "")
    assert (tmp_path / drawn).read_text().startswith("<svg")
    code, out, err = called(capsys, "export", "--output", drawn, "--", name)
    assert (code, out) == (1, "") and err.startswith(f"gradviz: {drawn} exists already.")
    assert {path.name for path in tmp_path.iterdir()} == {name, drawn}


def test_what_export_overwrites_stays_what_it_is(recording: str, tmp_path: Path) -> None:
    link = tmp_path / "link.svg"
    link.symlink_to("a.svg")
    assert invoke("export", recording, "-o", str(link), "--force").exit_code == 0
    assert link.is_symlink() and (tmp_path / "a.svg").read_text().startswith("<svg")
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    reader = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
    try:
        assert invoke("export", recording, "-f", "text", "-o", str(pipe), "--force").exit_code == 0
        assert b"values in" in os.read(reader, 1 << 16)
    finally:
        os.close(reader)
    assert pipe.is_fifo() and {*tmp_path.iterdir()} == {link, pipe, tmp_path / "a.svg"}


@pytest.mark.parametrize(
    ("options", "computed", "grads"),
    [
        ([], 6, 6),
        (["--step", "0"], 0, 0),
        (["--step", "2"], 2, 0),
        (["--phase", "forward"], 6, 0),
        (["--phase", "forward", "--step", "1"], 1, 0),
        (["--phase", "order"], 6, 0),
        (["--phase", "backward", "--step", "1"], 6, 1),
        (["--node", "w1"], 6, None),
        (["--node", "x1", "--phase", "forward"], 1, 0),
    ],
)
def test_export_of_a_moment(recording: str, options: list[str], computed: int, grads: int | None) -> None:
    done = invoke("export", recording, "-o", "-", "-f", "json", *options)
    assert done.exit_code == 0, done.output
    nodes = json.loads(done.stdout)["nodes"]
    assert sum("data" in node for node in nodes) == computed
    if grads is None:
        assert next("grad" in node for node in nodes if node.get("name") == "w1")
    else:
        assert sum("grad" in node for node in nodes) == grads


@pytest.mark.parametrize("engine", ["own", "graphviz-pure"])
def test_export_with_an_engine(recording: str, engine: str) -> None:
    done = invoke("export", recording, "-o", "-", "-f", "svg", "--engine", engine, "--theme", "dark")
    assert done.exit_code == 0 and "<svg" in done.stdout


def test_export_of_a_walk(recording: str, tmp_path: Path) -> None:
    walk = ["export", recording, "-o", str(tmp_path / "walk-%03d.svg"), "--phase", "backward", "--steps", ":"]
    assert invoke(*walk).exit_code == 0
    with Recording.open(recording) as opened:
        from gradviz.timeline import Timeline

        backward = Timeline(opened.graph(0)).phase_range("backward")
    names = [f"walk-{k:03d}.svg" for k in range(backward.start, backward.stop + 1)]
    assert sorted(path.name for path in tmp_path.iterdir()) == names
    for k in (backward.start, backward.stop - 1, backward.stop):
        single = invoke("export", recording, "-o", "-", "-f", "svg", "--step", str(k)).stdout
        assert (tmp_path / f"walk-{k:03d}.svg").read_text(encoding="utf-8") == single
    assert "exists already" in str(invoke(*walk).exception)
    assert invoke(*walk, "--force").exit_code == 0


def test_a_walk_in_leaps_and_in_other_formats(recording: str, tmp_path: Path) -> None:
    for ending, start in (("txt", b"6 values"), ("dot", b"digraph"), ("json", b"{"), ("png", b"\x89PNG")):
        done = invoke("export", recording, "-o", str(tmp_path / f"%d.{ending}"), "--steps", "0:-1:9")
        assert done.exit_code == 0
        found = sorted(tmp_path.glob(f"*.{ending}"), key=lambda path: int(path.stem))
        assert [path.stem for path in found][:3] == ["0", "9", "18"]
        assert all(path.read_bytes().startswith(start) for path in found)


# -- steps


def test_steps_are_one_line_each(recording: str) -> None:
    with Recording.open(recording) as opened:
        from gradviz.timeline import Timeline

        count = len(Timeline(opened.graph(0)))
    lines = invoke("steps", recording).output.splitlines()
    numbered = [line for line in lines if re.match(r" *\d+  ", line)]
    assert len(numbered) == count
    assert [line for line in lines if line and line not in numbered] == ["forward", "order", "backward"]
    assert "x1*w1 = 2*(-3) = -6" in numbered[2]


def test_steps_of_a_part(recording: str) -> None:
    backward = invoke("steps", recording, "--pass", "-1", "--phase", "backward").output.splitlines()
    assert backward[0] == "backward" and "∂o/∂o = 1" in backward[1]
    assert len(invoke("steps", recording, "--from", "1", "--to", "3").output.splitlines()) == 3
    assert len(invoke("steps", recording, "--from", "-2").output.splitlines()) == 3
    assert invoke("steps", recording, "--phase", "update").output == ""


def test_steps_as_json_are_exact(recording: str) -> None:
    rows = [json.loads(line) for line in invoke("steps", recording, "--json").output.splitlines()]
    assert [row["step"] for row in rows] == list(range(len(rows)))
    with Recording.open(recording) as opened:
        graph = opened.graph(0)
        assert rows[2]["after"] == graph.data_of(2)
        carried = [row for row in rows if row["event"] == "carry" and row["name"] == "w1"]
        assert carried[-1]["after"] == graph.grad_of(graph.find("w1")) and carried[-1]["file"] == __file__


def test_names_cannot_steer_the_terminal(recording: str) -> None:
    for args in (["steps", recording], ["export", recording, "-o", "-", "-f", "text"], ["check", recording]):
        shown = invoke(*args).output
        assert not re.search("[\x00-\x09\x0b-\x1f\x7f-\x9f\u202e]", shown)
    assert "\\x1b[31m" in invoke("steps", recording).output


def test_a_closed_pipe_is_quiet(recording: str, tmp_path: Path) -> None:
    command = f"{sys.executable} -m gradviz steps {recording} --json | head -1"
    done = subprocess.run(["bash", "-c", command], cwd=tmp_path, capture_output=True, text=True)
    assert done.stdout.count("\n") == 1 and done.stderr == ""


# -- check, doctor, examples


def test_check_and_its_exit_code(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "a.gradviz"
    writer = Writer(path)
    out = (Value(0.0, name="x", kind="param") * float("inf")).tanh()
    out.backward()
    writer.add(record(out))
    writer.finish()
    done = invoke("check", str(path))
    assert done.exit_code == 0 or "error" in done.output  # standalone click turns our 1 into 0
    assert (
        subprocess.run([sys.executable, "-m", "gradviz", "check", path], capture_output=True).returncode == 1
    )
    rows = [json.loads(line) for line in invoke("check", str(path), "--json").output.splitlines()]
    assert "error" in [row["severity"] for row in rows]


def test_doctor() -> None:
    done = invoke("doctor")
    assert done.exit_code == 0
    assert all(name in done.output for name in ("python", "numpy", "networkx", "engine graphviz-pure"))
    lines = {line.split()[0]: line for line in done.output.splitlines()}
    assert "--font outline" in lines["pdf"] and "--font embed" in lines["fonts"] and "GIF" in lines["gif"]


def test_doctor_takes_an_extra_that_is_not_here_for_no_fault(monkeypatch: pytest.MonkeyPatch) -> None:
    pure = [engine for engine in graphviz.engines() if engine.kind == graphviz.PURE]
    monkeypatch.setattr("gradviz.layout.graphviz.engines", lambda: pure)
    monkeypatch.setattr("gradviz.renderers.cairo.find_spec", lambda name: None)
    monkeypatch.setattr("gradviz.renderers.fonts.faces", Mock(side_effect=GradvizError("No font.")))
    done = {line.split()[0]: line for line in invoke("doctor").output.splitlines()}
    assert "not here" in done["pdf"] and "gradviz[pdf]" in done["pdf"] and "No font." in done["fonts"]


@pytest.mark.parametrize(
    ("env", "coloured"), [({"FORCE_COLOR": "1"}, True), ({"NO_COLOR": "1"}, False), ({}, False)]
)
def test_colours(env: dict[str, str], coloured: bool) -> None:
    assert ("\x1b[" in invoke("doctor", **env).output) == coloured


def test_examples(tmp_path: Path) -> None:
    names = [line.split()[0] for line in invoke("examples").output.splitlines()]
    assert "neuron" in names
    source, new = invoke("examples", "neuron").output, str(tmp_path / "new")
    assert "backward()" in source
    assert invoke("examples", "neuron.py", "--copy", new).output == f"{new}/neuron.py\n"
    assert (tmp_path / "new" / "neuron.py").read_text(encoding="utf-8") == source
    assert "exists already" in str(invoke("examples", "neuron", "--copy", new).exception)
    assert len(invoke("examples", "--copy", str(tmp_path / "all")).output.splitlines()) == len(names)


# -- run


@pytest.fixture
def neuron(tmp_path: Path) -> Path:
    (tmp_path / "neuron.py").write_text(NEURON)
    return tmp_path


def test_run_keeps_a_recording_with_a_name_of_its_own(neuron: Path) -> None:
    for name in ("neuron.gradviz", "neuron-2.gradviz"):
        done = gradviz("run", "--no-serve", "neuron.py", cwd=neuron)
        assert done.returncode == 0 and done.stdout.startswith("o = ")
        assert done.stderr == f"gradviz: 2 passes recorded. Open with: gradviz show {name}\n"
    with Recording.open(neuron / "neuron.gradviz") as found:
        assert [info.line for info in found.passes] == [8, 8]
        assert found.meta["script"] == "neuron.py"
    assert len(list(neuron.iterdir())) == 3


def test_run_refuses_before_the_script_runs(neuron: Path) -> None:
    (neuron / "mine.gradviz").write_text("precious")
    for options in (["--no-serve"], ["--no-open", "--port", "0"]):
        done = gradviz("run", *options, "-o", "mine.gradviz", "neuron.py", cwd=neuron)
        assert (done.returncode, done.stdout) == (1, "") and "exists already" in done.stderr
    assert (neuron / "mine.gradviz").read_text() == "precious"


def test_a_script_without_backward_leaves_nothing(tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text("print(1)")
    for options in (["--no-serve"], ["--no-open"]):
        done = gradviz("run", *options, "a.py", cwd=tmp_path)
        assert (done.returncode, done.stdout) == (0, "1\n")
        assert done.stderr == "gradviz: no backward() was recorded, so there is nothing to show.\n"
    assert [path.name for path in tmp_path.iterdir()] == ["a.py"]


def test_a_script_in_the_place_of_a_recording(neuron: Path) -> None:
    done = gradviz("steps", "neuron.py", "--phase", "update", cwd=neuron)
    assert done.returncode == 0 and done.stdout.startswith("update\n") and "w1" in done.stdout
    assert "o = " in done.stderr  # what the script prints does not mix with what was asked for
    assert [path.name for path in neuron.iterdir()] == ["neuron.py"]
    (neuron / "neuron.py").write_text("import sys; sys.exit(3)")
    done = gradviz("export", "neuron.py", "-o", "a.svg", cwd=neuron)
    assert done.returncode == 1 and "exit code 3 before any backward()" in done.stderr


def test_a_script_that_is_drawn_notices_nothing(tmp_path: Path) -> None:
    """It runs in a process of its own, forked or started anew, and ends there as it would under Python."""
    text = f"""{NEURON}
import atexit, gc, os, signal, sys, threading
print(sys.argv, __name__, signal.getsignal(signal.SIGINT), signal.getsignal(signal.SIGTERM), gc.isenabled())
print([name for name in os.environ if "BLAS" in name], "click.core" in str(sys.exc_info()))
atexit.register(print, "last words")
threading.Thread(target=lambda: print("thread")).start()
sys.exit(3)
"""
    (tmp_path / "a.py").write_text(text)
    plain = subprocess.run([sys.executable, "a.py", "x"], cwd=tmp_path, capture_output=True, text=True)
    (tmp_path / "tmp").mkdir()
    env = {**os.environ, "TMPDIR": str(tmp_path / "tmp")}
    command = ["export", "a.py", "-o", "-", "-f", "text", "--", "x"]
    forked = gradviz(*command, cwd=tmp_path, env=env)
    started = "import sys; sys.platform = 'other'\nfrom gradviz.cli import main\nmain()"
    anew = subprocess.run(
        [sys.executable, "-c", started, *command], cwd=tmp_path, env=env, capture_output=True, text=True
    )
    for done in (forked, anew):
        *said, ours = done.stderr.splitlines()
        assert said == plain.stdout.splitlines()
        assert ours == "gradviz: a.py ended with exit code 3; this is what it did until then."
        assert done.returncode == 0 and "w1" in done.stdout
    assert forked.stdout == anew.stdout and not list((tmp_path / "tmp").iterdir())


@pytest.mark.parametrize(
    ("ending", "message"),
    [
        ("os.kill(os.getpid(), 9)", "ended with exit code 137; this is"),
        ("os._exit(4)", "ended with exit code 4; this is"),
        ("1 / 0", "ZeroDivisionError: division by zero\ngradviz: a.py ended with exit code 1; this is"),
        ("raise KeyboardInterrupt", "KeyboardInterrupt\ngradviz: a.py ended with exit code 130; this is"),
        ("sys.stdout.close()", "o = 0.7"),
    ],
)
def test_however_a_script_ends_it_is_drawn(tmp_path: Path, ending: str, message: str) -> None:
    (tmp_path / "a.py").write_text(f"import os, sys\n{NEURON}\n{ending}\n")
    env = {**os.environ, "PYTHONUNBUFFERED": "1"}  # else what it printed comes after its traceback
    done = gradviz("export", "a.py", "-o", "a.svg", cwd=tmp_path, env=env)
    assert done.returncode == 0 and message in done.stderr and "gradviz/cli" not in done.stderr
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.py", "a.svg"]


PATCHES = """import json
def default(*_): return 1
json.JSONEncoder.default = default
kept = open("kept.txt", "w")
kept.write("all of it")
"""


@pytest.mark.parametrize("words", [["export", "-o", "a.svg"], ["run", "--no-serve", "-o", "a.gradviz"]])
def test_files_of_a_script_that_patches_a_library_are_closed(tmp_path: Path, words: list[str]) -> None:
    (tmp_path / "a.py").write_text(f"{PATCHES}\n{NEURON}\n")
    assert gradviz(*words, "a.py", cwd=tmp_path).returncode == 0
    assert (tmp_path / "kept.txt").read_text() == "all of it"


def test_sigterm_ends_the_script_that_is_drawn_too(tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text("import os, time\nprint(os.getpid(), flush=True)\ntime.sleep(60)\n")
    command = [sys.executable, "-m", "gradviz", "export", "a.py", "-o", "a.svg"]
    with subprocess.Popen(command, cwd=tmp_path, stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr is not None
        script = int(process.stderr.readline())
        process.send_signal(signal.SIGTERM)
        assert process.wait(10) == 143
    with pytest.raises(ProcessLookupError):
        os.kill(script, 0)


LIGHT = {
    "gradviz": {"numpy", "click"},
    "gradviz.cli": {"numpy"},
    "gradviz.recorders.script": {"networkx", "torch", "gradviz.view", "gradviz.renderers"},
    "gradviz.renderers.svg": {"networkx", "sqlite3", "hashlib", "gradviz.recorders"},
}


@pytest.mark.parametrize("module", LIGHT)
def test_an_import_brings_only_what_it_needs(module: str) -> None:
    heavy = {"flask", "waitress", "graphviz", "hypothesis", "numpy.random", *LIGHT[module]}
    code = f"import sys, {module}\nprint(*sorted({heavy!r} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == ""


def test_a_picture_brings_only_what_it_needs(tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text(NEURON)
    code = (
        "import atexit, os, sys\nfrom gradviz.cli import main\nparent = os.getpid()\n"
        "heavy = {'flask', 'waitress', 'graphviz', 'networkx', 'hypothesis', 'numpy.random'}\n"
        "atexit.register(lambda: os.getpid() == parent and print(*(heavy & set(sys.modules))))\nmain()"
    )
    command = [sys.executable, "-c", code, "export", "a.py", "-o", "a.svg"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "" and (tmp_path / "a.svg").exists()


class Serving:
    """A gradviz that serves."""

    def __init__(self, cwd: Path, *args: str) -> None:
        command = [sys.executable, "-m", "gradviz", *args]
        env = {**os.environ, "TMPDIR": str(cwd)}
        pipe = subprocess.PIPE
        self.process = subprocess.Popen(command, cwd=cwd, stdout=pipe, stderr=pipe, text=True, env=env)
        assert self.process.stderr is not None
        self.said = []
        while not (self.said and "#token=" in self.said[-1]):
            self.said.append(self.process.stderr.readline())
            assert self.said[-1], self.said
        found = re.search(r"http://127\.0\.0\.1:(\d+)/#token=(\S+)", self.said[-1])
        assert found
        self.port, self.token = int(found[1]), found[2]

    def get(self, path: str) -> bytes:
        url = f"http://127.0.0.1:{self.port}{path}"
        request = urllib.request.Request(url, headers={"X-Gradviz-Token": self.token})
        with urllib.request.urlopen(request, timeout=10) as answer:
            content: bytes = answer.read()
        return content

    def stop(self, number: int) -> tuple[int, float]:
        start = time.monotonic()
        self.process.send_signal(number)
        self.process.communicate(timeout=10)
        took = time.monotonic() - start
        socket.create_server(("127.0.0.1", self.port)).close()  # the port is free
        return self.process.returncode, took


ENDINGS = {"": 0, "1 / 0": 1, "import os; os.kill(os.getpid(), 9)": 137}


@pytest.mark.parametrize(("ending", "code"), ENDINGS.items())
def test_run_serves_what_the_script_did(neuron: Path, ending: str, code: int) -> None:
    (neuron / "neuron.py").write_text(f"{NEURON}\n{ending}\n")
    serving = Serving(neuron, "run", "--no-open", "--port", "0", "neuron.py")
    found = json.loads(serving.get("/api/recording"))
    assert len(found["passes"]) == 2 and found["finished"] == (code != 137)
    assert (found["exception"] or {}).get("type") == ("ZeroDivisionError" if code == 1 else None)
    exit_code, took = serving.stop(signal.SIGINT)
    assert exit_code == code and took < 2
    assert [path.name for path in neuron.iterdir()] == ["neuron.py"]  # nothing is left in TMPDIR


def test_a_bare_script_is_run_with_its_arguments(neuron: Path) -> None:
    (neuron / "neuron.py").write_text(f"import sys\n{NEURON}\nsys.exit(len(sys.argv))\n")
    serving = Serving(neuron, "neuron.py", "--lr", "3")
    assert json.loads(serving.get("/api/recording"))["argv"] == ["--lr", "3"]
    assert serving.stop(signal.SIGINT)[0] == 3


def test_show_serves_a_recording_and_stops_on_sigterm(recording: str, tmp_path: Path) -> None:
    serving = Serving(tmp_path, recording, "--no-open", "--port", "0")
    assert b"<html" in serving.get("/")
    exit_code, took = serving.stop(signal.SIGTERM)
    assert exit_code == 143 and took < 2


def test_a_taken_port_is_said(recording: str, tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        done = gradviz("show", recording, "--no-open", "--port", str(port), cwd=tmp_path)
    assert done.returncode == 1 and done.stderr.startswith("gradviz: ") and str(port) in done.stderr
