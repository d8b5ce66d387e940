"""A script under `gradviz run` does what it does under plain Python, and what it did is recorded."""

import os
import subprocess
import sys
import textwrap
import zipfile
from functools import cached_property
from pathlib import Path

import pytest

from gradviz import Value
from gradviz.engine import hooks
from gradviz.errors import DataError
from gradviz.graph import Graph
from gradviz.recorders import RECORDERS, recorder_for
from gradviz.recorders.listener import Limits
from gradviz.recorders.script import RunResult, run_script
from gradviz.recording import Recording, Writer

BACKWARD = """
from gradviz import Value
x = Value(2.0)
w = Value(-3.0, kind="param")
loss = (x * w).tanh()
loss.backward()
"""


def script(folder: Path, text: str, name: str = "user.py") -> str:
    (folder / name).parent.mkdir(parents=True, exist_ok=True)
    (folder / name).write_text(textwrap.dedent(text), encoding="utf-8")
    return name


class Started:
    """A process under way; comparing it waits for its end."""

    def __init__(self, folder: Path, *command: str, stdin: bytes = b"in\n") -> None:
        env = {**os.environ, "PYTHONDONTWRITEBYTECODE": "1", "PYTHONHASHSEED": "0"}
        pipe, self.stdin = subprocess.PIPE, stdin
        self.process = subprocess.Popen(command, cwd=folder, stdin=pipe, stdout=pipe, stderr=pipe, env=env)

    @cached_property
    def output(self) -> tuple[str, list[str], list[str]]:
        out, err = self.process.communicate(self.stdin, timeout=60)
        lines = err.decode(errors="replace").splitlines()
        ours = [line for line in lines if line.startswith("gradviz: ")]
        return out.decode(errors="replace"), [line for line in lines if line not in ours], ours

    @property
    def out(self) -> str:
        return self.output[0]

    @property
    def err(self) -> list[str]:
        return self.output[1]

    @property
    def said(self) -> list[str]:
        return self.output[2]

    @property
    def code(self) -> int:
        """Exit code, or minus the signal."""
        assert self.output
        return self.process.returncode

    def __eq__(self, other: object) -> bool:
        assert isinstance(other, Started)
        return (self.code, self.out, self.err) == (other.code, other.out, other.err)

    def __repr__(self) -> str:
        return f"exit {self.code}\n{self.out}\n{chr(10).join(self.err)}"


def plain(folder: Path, *args: str, flags: tuple[str, ...] = ()) -> Started:
    return Started(folder, sys.executable, *flags, *args)


def recorded(folder: Path, *args: str, flags: tuple[str, ...] = ()) -> Started:
    (folder / "run.gradviz").unlink(missing_ok=True)
    options = ["run", "--no-serve", "-o", "run.gradviz"]
    return Started(folder, sys.executable, *flags, "-m", "gradviz", *options, *args)


def passes(folder: Path) -> int:
    path = folder / "run.gradviz"
    if not path.exists():
        return 0
    with Recording.open(path) as recording:
        assert not recording.damage
        return sum(not graph.validate() for graph in recording)


FACTS = """
import sys, os
spec = __spec__ and (__spec__.name, __spec__.origin, __spec__.cached)
print(sys.argv, __name__, __file__, spec, __package__, __doc__, type(__loader__).__name__)
print(sys.path[0], __builtins__, sorted(globals()), sys.modules["__main__"].__dict__ is globals())
print(sys.flags, sys.warnoptions, sys._xoptions, sys.getrecursionlimit(), os.getcwd(), sys.stdin.readline())
"""

THREAD = "import sys, threading; threading.Thread"
ENDINGS = {
    "falls off": "print('bye')",
    "exit 3": "import sys; sys.exit(3)",
    "exit text": "import sys; sys.exit('no, thanks')",
    "exit -1": "raise SystemExit(-1)",
    "exit float": "raise SystemExit(2.5)",
    "raises": "def f():\n    return 1 / 0\n\nf()",
    "raises from": "try:\n    {}['a']\nexcept KeyError as e:\n    raise ValueError('b') from e",
    "raises group": "raise ExceptionGroup('g', [ValueError(1), TypeError(2)])",
    "import error": "import torch_is_not_there",
    "recursion": "import sys\nsys.tracebacklimit = 2\ndef f(): f()\nf()",
    "os._exit": "import os; print('x', flush=True); os._exit(4)",
    "interrupt": "raise KeyboardInterrupt",
    "sigint": "import os, signal; os.kill(os.getpid(), signal.SIGINT)\nimport time; time.sleep(9)",
    "sigterm": "import os, signal; os.kill(os.getpid(), signal.SIGTERM)",
    "sigkill": "import os, signal; os.kill(os.getpid(), signal.SIGKILL)",
    "abort": "import os; os.abort()",
    "exits in thread": f"{THREAD}(target=sys.exit, args=(3,)).start()",
    "raises in thread": f"{THREAD}(target=lambda: 1 / 0, name='T').start()",
    "excepthook": "import sys\nsys.excepthook = lambda *a: print('hook', a[0], len(str(a[1])))\n1 / 0",
    "excepthook fails": "import sys\nsys.excepthook = lambda *a: 1 / 0\nraise ValueError",
    "warns": "import warnings; warnings.warn('careful', DeprecationWarning)",
    "atexit": "import atexit, sys; atexit.register(print, 'last words'); sys.exit(5)",
    "patches a library": (
        "import json\ndef default(*_): return 1\njson.JSONEncoder.default = default\n"
        "class Last:\n    def __del__(self): print('freed')\nlast = Last()"
    ),
    "freezes": (
        "import gc\nclass Last:\n    def __del__(self): print('freed')\nlast = Last()\nlast.me = last\n"
        "del last\ngc.freeze()"
    ),
    "closes stdout": "import sys; sys.stdout.close()",
    "closes stderr": "import os; os.close(2); print('x')",
}


@pytest.mark.parametrize("ending", ENDINGS)
def test_it_ends_as_under_python(tmp_path: Path, ending: str) -> None:
    name = script(tmp_path, f"{BACKWARD}\n{ENDINGS[ending]}\n")
    expected, found = plain(tmp_path, name), recorded(tmp_path, name)
    assert found == expected
    assert passes(tmp_path) == 1


@pytest.mark.parametrize(
    "args",
    [
        ["user.py", "-x", "--no-serve", "a b"],
        ["sub/user.py"],
        ["./sub/../user.py", "--"],
        ["link.py"],
        ["-m", "sub.user", "-m"],
        ["-m", "package"],
        ["package"],
        ["program.zip", "1"],
    ],
    ids=" ".join,
)
def test_it_sees_what_it_sees_under_python(tmp_path: Path, args: list[str]) -> None:
    script(tmp_path, FACTS)
    script(tmp_path, FACTS, "sub/user.py")
    script(tmp_path, FACTS, "package/__main__.py")
    script(tmp_path, "", "package/__init__.py")
    (tmp_path / "link.py").symlink_to("sub/user.py")
    with zipfile.ZipFile(tmp_path / "program.zip", "w") as archive:
        archive.writestr("__main__.py", FACTS)
    expected, found = plain(tmp_path, *args), recorded(tmp_path, *args)
    assert expected.code == 0
    assert found == expected


def test_a_program_on_standard_input(tmp_path: Path) -> None:
    program = b"import sys\nprint(sys.argv, sys.path[0], sorted(globals()))\n1 / 0\n"
    expected = Started(tmp_path, sys.executable, "-", "a", stdin=program)
    command = [sys.executable, "-m", "gradviz", "run", "--no-serve", "-", "a"]
    assert Started(tmp_path, *command, stdin=program) == expected


def test_flags_of_python_reach_it(tmp_path: Path) -> None:
    script(tmp_path, FACTS)
    flags = ("-X", "dev", "-W", "ignore", "-O")
    assert recorded(tmp_path, "user.py", flags=flags) == plain(tmp_path, "user.py", flags=flags)


@pytest.mark.parametrize(
    "args", ["missing.py", "empty", "syntax.py", "indent.py", "-m missing", "-m a.b", "-m empty"]
)
def test_what_cannot_run_is_refused_as_by_python(tmp_path: Path, args: str) -> None:
    (tmp_path / "empty").mkdir()
    script(tmp_path, "x = (\n", "syntax.py")
    script(tmp_path, "if 1:\npass\n", "indent.py")
    found = recorded(tmp_path, *args.split())
    assert found == plain(tmp_path, *args.split())
    assert found.code and not found.said and not passes(tmp_path)


@pytest.mark.parametrize("data", [b"# coding: nope\n", b"x = '\xff'\n", b"x = 1\0\n"])
def test_what_is_not_python_text_is_refused(tmp_path: Path, data: bytes) -> None:
    """Python's parser words these differently when it is given text rather than a file."""
    (tmp_path / "user.py").write_bytes(data)
    expected = plain(tmp_path, "user.py")
    if expected.code == 0:
        pytest.skip("this Python reads a file only up to its first NUL")
    found = recorded(tmp_path, "user.py")
    assert found.code == expected.code == 1
    assert "SyntaxError: " in found.err[-1] and not found.said


@pytest.mark.parametrize(
    "text", ["\ufeffprint('bom')", "# coding: latin-1\nprint('ü')", "", "print('a')\r\nprint(2)\r\n"]
)
def test_odd_sources_run(tmp_path: Path, text: str) -> None:
    (tmp_path / "user.py").write_bytes(text.encode("utf-8"))
    assert recorded(tmp_path, "user.py") == plain(tmp_path, "user.py")


def test_files_named_like_our_modules(tmp_path: Path) -> None:
    """Beside the script, names that gradviz imports itself."""
    for name in ("numbers", "token", "random", "zlib", "click", "flask", "columns"):
        script(tmp_path, f"print({name!r}, 'of the user')", f"{name}.py")
    name = script(tmp_path, "import token, click, flask\n" + BACKWARD)
    found = recorded(tmp_path, name)
    assert (found.code, found.out) == (
        0,
        "".join(f"{name} of the user\n" for name in ("token", "click", "flask")),
    )
    assert passes(tmp_path) == 1


def test_pickle_inspect_and_processes(tmp_path: Path) -> None:
    """What asks for `__main__` finds the script; children write nothing."""
    text = (
        BACKWARD
        + """
import inspect, multiprocessing, os, pickle, sys, threading
class Thing: pass
def work(k):
    (x * k).backward()
    return k + 1
if __name__ == "__main__":
    print(type(pickle.loads(pickle.dumps(Thing()))), inspect.getsource(Thing))
    for method in ("fork", "spawn"):
        with multiprocessing.get_context(method).Pool(2) as pool:
            print(pool.map(work, [1, 2]))
    sys.stdout.flush()
    if os.fork() == 0:
        work(3)
        sys.exit(7)
    print(os.waitstatus_to_exitcode(os.wait()[1]))
    thread = threading.Thread(target=lambda: [work(4), print("thread")])
    thread.start()
"""
    )
    name = script(tmp_path, text)
    found = recorded(tmp_path, name)
    assert found == plain(tmp_path, name)
    assert passes(tmp_path) == 2  # its own, and its thread's after the end of the script
    assert len(found.said) == 1


def test_signal_handlers_and_tracing_are_the_scripts(tmp_path: Path) -> None:
    name = script(
        tmp_path,
        """
        import random, signal, sys, os, warnings
        print(signal.getsignal(signal.SIGINT), signal.getsignal(signal.SIGTERM), sys.gettrace())
        print(sys.getprofile(), sys.excepthook, sys.displayhook)
        random.seed(1); import numpy; numpy.random.seed(1)
        from gradviz import Value
        (Value(2.0) * 3.0).backward()
        print(random.random(), numpy.random.rand(), numpy.geterr(), warnings.filters[0])
        os.chdir("/"); sys.exit(1)
        """,
    )
    assert recorded(tmp_path, name) == plain(tmp_path, name)
    assert passes(tmp_path) == 1  # beside the script, not in /


def test_micrograd_is_stood_in_for(tmp_path: Path) -> None:
    name = script(
        tmp_path,
        """
        import random
        from micrograd.engine import Value
        from micrograd import nn
        random.seed(3)
        model = nn.MLP(2, [3, 1])
        for _ in range(3):
            loss = (model([Value(1.0), 2.0]) - 1) ** 2
            model.zero_grad()
            loss.backward()
            for p in model.parameters():
                p.data -= 0.01 * p.grad
            print(loss, [float(p.grad) for p in model.parameters()])
        """,
    )
    assert recorded(tmp_path, name) == plain(tmp_path, name)
    assert passes(tmp_path) == 3


# -- in this process: what is recorded


def run(folder: Path, text: str, *args: str, limits: Limits | None = None) -> tuple[RunResult, Recording]:
    path = folder / script(folder, text)
    (folder / "run.gradviz").unlink(missing_ok=True)
    before = sys.argv, list(sys.path), sys.modules["__main__"], list(sys.meta_path), set(hooks.listeners)
    result = run_script(str(path), args, Writer(folder / "run.gradviz"), limits=limits)
    assert before == (sys.argv, sys.path, sys.modules["__main__"], sys.meta_path, set(hooks.listeners))
    return result, Recording.open(folder / "run.gradviz")


def names(graph: Graph) -> dict[str, float]:
    return {name: float(graph.data[node]) for node, name in graph.names.items()}


def test_a_pass_knows_its_line_names_and_source(tmp_path: Path) -> None:
    text = """
        from gradviz import Value
        a = Value(2.0)
        _hidden, __dunder__, unrelated = a * 1.0, a, Value(9.0)

        def train(inner):
            given = Value(1.0, name="mine")
            out = (inner * given).tanh()
            out.backward()

        train(a)
        """
    result, recording = run(tmp_path, text)
    with recording:
        assert result.passes == 1 and result.exit_code == 0
        info, graph = recording.passes[0], recording.graph(0)
        assert (info.file, info.line) == (str(tmp_path / "user.py"), 9)
        assert names(graph).keys() == {"inner", "mine", "out"}
        assert list(recording.sources) == [info.file]
        assert "out.backward()" in recording.sources[info.file].splitlines()[8]


def test_the_text_of_files_can_be_left_out(tmp_path: Path) -> None:
    path = tmp_path / script(tmp_path, BACKWARD)
    run_script(str(path), [], Writer(tmp_path / "run.gradviz"), sources=False)
    with Recording.open(tmp_path / "run.gradviz") as recording:
        assert len(recording) == 1 and recording.sources == {}


def test_updates_belong_to_the_pass_before_them(tmp_path: Path) -> None:
    text = """
        from gradviz import Value
        w = Value(1.0, kind="param")
        for _ in range(3):
            w.grad = None
            loss = (w - 3.0) ** 2
            loss.backward()
            w.data -= 0.25 * w.grad
        """
    _, recording = run(tmp_path, text)
    with recording:
        found = [graph.updates for graph in recording]
        assert [[(u.before, u.after) for u in each] for each in found] == [
            [(1, 2)],
            [(2, 2.5)],
            [(2.5, 2.75)],
        ]
        update = found[0][0]
        assert recording.graph(0).names[update.node] == "w" and update.rule == ""
        assert update.source is not None and update.source.line == 8
        assert [info.updated for info in recording.passes] == [1, 1, 1]


def test_an_exception_is_part_of_the_recording(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    result, recording = run(tmp_path, BACKWARD + "\nraise ValueError('why')\n")
    with recording:
        expected = {"type": "ValueError", "message": "why", "file": str(tmp_path / "user.py"), "line": 8}
        assert recording.meta["exception"] == expected == result.exception
        assert recording.meta["exit_code"] == result.exit_code == 1
        assert recording.meta["finished"]
    shown = capfd.readouterr().err
    assert "ValueError: why" in shown and "gradviz/" not in shown.replace(str(tmp_path), "")


@pytest.mark.parametrize(
    ("limits", "kept"), [(Limits(passes=2), 2), (Limits(values=20), 3), (Limits(passes=100), 50)]
)
def test_limits_stop_the_recording_and_not_the_script(
    tmp_path: Path, capfd: pytest.CaptureFixture[str], limits: Limits, kept: int
) -> None:
    text = """
        from gradviz import Value
        for _ in range(50):
            loss = (Value(1.0) * Value(2.0)).tanh() + Value(1.0)
            loss.backward()
        print("end")
        """
    result, recording = run(tmp_path, text, limits=limits)
    with recording:
        assert len(recording) == result.passes == kept
    shown = capfd.readouterr()
    assert shown.out == "end\n"
    assert shown.err.count("limit") == (kept < 50)


def test_our_failure_is_not_the_scripts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    def broken(*_: object) -> None:
        raise ZeroDivisionError("a bug")

    monkeypatch.setattr("gradviz.recorders.listener.freeze", broken)
    result, recording = run(tmp_path, BACKWARD + "loss.backward()\nprint(w.grad is not None)")
    recording.close()
    shown = capfd.readouterr()
    assert (result.exit_code, result.passes, shown.out) == (0, 0, "True\n")
    assert shown.err.count("a bug") == 1


def test_a_full_disk_is_one_warning(tmp_path: Path) -> None:
    name = script(
        tmp_path,
        f"""
        import resource
        resource.setrlimit(resource.RLIMIT_FSIZE, (60_000, 60_000))
        {BACKWARD.replace(chr(10), chr(10) + "        ")}
        for _ in range(500):
            loss.backward()
        print(w.grad, flush=True)
        """,
    )
    found = recorded(tmp_path, name)
    assert found == plain(tmp_path, name)
    assert sum("the script goes on" in line for line in found.said) == 1
    assert passes(tmp_path) > 0


def test_objects_that_lie_about_their_class(tmp_path: Path) -> None:
    text = BACKWARD.replace(
        "loss.backward",
        """
class Proxy:
    @property
    def __class__(self):
        raise RuntimeError("touched")
proxy = Proxy()
loss.backward""",
    )
    result, recording = run(tmp_path, text)
    recording.close()
    assert result.exit_code == 0 and result.passes == 1


def test_recorders_recognise_their_values() -> None:
    assert recorder_for(Value(1.0)) is RECORDERS["value"]
    with pytest.raises(DataError, match="A float cannot be recorded"):
        recorder_for(1.0)


def test_the_recorder_is_light() -> None:
    code = (
        "import sys, gradviz.recorders; print(*{'numpy', 'torch', 'gradviz.engine.value'} & set(sys.modules))"
    )
    assert subprocess.check_output([sys.executable, "-c", code], text=True).strip() == ""
