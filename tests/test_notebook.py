"""A notebook under `gradviz run` does what IPython would make it do, and what it did is recorded."""

import json
import linecache
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from gradviz.errors import NotebookError
from gradviz.graph import Graph
from gradviz.recorders import magics
from gradviz.recorders.cells import Notebook
from gradviz.recorders.magics import to_python
from gradviz.recorders.notebookfile import read_cells
from gradviz.recorders.script import RunResult, run_script
from gradviz.recording import Recording, Writer
from tests.notebooks import notebook, write

LECTURE = Path(__file__).resolve().parent.parent / "examples" / "lecture.ipynb"
ENGINE = """\
class Value:
    def __init__(self, data, _children=(), _op=""):
        self.data, self.grad, self._prev, self._op = data, 0.0, set(_children), _op

    def __mul__(self, other):
        return Value(self.data * other.data, (self, other), "*")

    def backward(self):
        self.grad = 1.0
"""
PASS = "from gradviz import Value\nx, w = Value(2.0), Value(3.0)\nloss = x*w\nloss.backward()"


def ran(path: str, *args: str) -> tuple[RunResult, list[Graph], dict[str, str]]:
    """Run a notebook in this process, and give what was recorded."""
    file = f"{path}.gradviz"
    result = run_script(path, args, Writer(file, overwrite=True))
    with Recording.open(file) as recording:
        return result, list(recording), dict(recording.sources)


def shown(path: str, capsys: pytest.CaptureFixture[str]) -> list[str]:
    capsys.readouterr()
    ran(path)
    return capsys.readouterr().out.splitlines()


def test_cells_run_in_order_in_one_namespace(tmp_path, capsys):
    text = {"cell_type": "markdown", "metadata": {}, "source": ["1/0"]}
    path = write(
        tmp_path / "a.ipynb", "x = 1", text, "def f():\n    return x", "x = 2", "", "print(f(), __name__)"
    )
    assert shown(path, capsys) == ["2 __main__"]


def test_a_last_expression_is_shown(tmp_path, capsys):
    text = "class M:\n    def __repr__(self): return '1\\n2'\nM()"
    cells = [
        "x = 3\nx",
        "x;",
        "x; # silent",
        "None",
        "x + 1 # not silent;",
        "x\ny = 1",
        "'a\\nb'",
        "Out[1] + 1",
        text,
    ]
    cells.append("display(x)")
    expected = ["Out[1]: 3", "Out[5]: 4", "Out[7]: 'a\\nb'", "Out[8]: 4", "Out[9]:", "1", "2", "3"]
    assert shown(write(tmp_path / "a.ipynb", *cells), capsys) == expected


def test_a_repr_that_raises_is_told_and_the_next_cell_runs(tmp_path, capsys):
    path = write(tmp_path / "a.ipynb", "class M:\n    def __repr__(self): return 1 / 0\nM()", "print('on')")
    result, _, _ = ran(path)
    out = capsys.readouterr()
    assert (out.out, result.exit_code) == ("on\n", 0)
    assert out.err.startswith("Traceback") and "ZeroDivisionError" in out.err and "gradviz/" not in out.err


def test_it_runs_where_it_lies(tmp_path, capsys, monkeypatch):
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub" / "helper.py").write_text("word = 'found'")
    cells = (
        "import os, sys, helper",
        "print(os.getcwd(), helper.word, sys.argv[1:])",
        "print('__file__' in globals())",
    )
    write(tmp_path / "sub" / "a.ipynb", *cells)
    monkeypatch.chdir(tmp_path)
    monkeypatch.delitem(sys.modules, "helper", raising=False)
    path = list(sys.path)
    ran("sub/a.ipynb", "-x")
    assert capsys.readouterr().out.splitlines() == [f"{tmp_path / 'sub'} found ['-x']", "False"]
    assert (os.getcwd(), sys.path) == (str(tmp_path), path)


def test_every_backward_is_recorded_with_its_cell(tmp_path):
    path = write(tmp_path / "a.ipynb", "# nothing", PASS)
    _, (graph,), sources = ran(path)
    assert graph.meta["file"] == f"{path}#cell-2" and graph.meta["line"] == 4
    assert sources == {f"{path}#cell-2": PASS}
    span = graph.span_of(graph.root)
    assert PASS.splitlines()[span.line - 1][span.column : span.end_column] == "x*w"


def test_values_are_named_by_variables_and_expressions(tmp_path):
    path = write(
        tmp_path / "a.ipynb", f"{PASS.replace('loss = x*w', 'xs = [x*w]').replace('loss', '(xs[0] * x)')}"
    )
    graph = ran(path)[1][0]
    assert [graph.label(i) for i in range(len(graph))] == ["x", "w", "xs[0]", "xs[0] * x"]


def test_an_error_ends_it_and_names_cell_and_line(tmp_path, capsys):
    path = write(tmp_path / "a.ipynb", PASS, "def f(x):\n    return x / 0", "\nf(1)", "print('never')")
    result, graphs, _ = ran(path)
    assert capsys.readouterr().err.splitlines() == [
        "Traceback (most recent call last):",
        f'  File "{path}#cell-3", line 2, in <module>',
        "    f(1)",
        f'  File "{path}#cell-2", line 2, in f',
        "    return x / 0",
        "            ~~^~~",
        "ZeroDivisionError: division by zero",
    ]
    assert result.exit_code == 1 and len(graphs) == 1
    assert (result.exception["file"], result.exception["line"]) == (f"{path}#cell-2", 2)
    assert sys.excepthook is sys.__excepthook__


@pytest.mark.parametrize(
    ("cell", "line", "text", "message"),
    [
        ("x = 1\nif x\n    y", 2, "    if x", "expected ':'"),
        ("x = 1\nreturn x", 2, "    return x", "'return' outside function"),
        ("def f():\npass", 2, "    pass", "expected an indented block"),
        ("%matplotlib inline\nx = (1,\ny", 2, "    x = (1,", "'(' was never closed"),
        ("x = '''", 1, "    x = '''", "unterminated triple-quoted string"),
    ],
)
def test_a_syntax_error_is_told_as_python_tells_it(tmp_path, capsys, cell, line, text, message):
    path = write(tmp_path / "a.ipynb", PASS, cell, "print('never')")
    result, graphs, _ = ran(path)
    out = capsys.readouterr()
    assert f'  File "{path}#cell-2", line {line}\n{text}\n' in out.err
    assert message in out.err.splitlines()[-1] and "Error: " in out.err.splitlines()[-1]
    assert "never" not in out.out and len(graphs) == 1
    assert (result.exit_code, result.exception["line"]) == (1, line)


def test_exit_and_interrupt(tmp_path):
    assert ran(write(tmp_path / "a.ipynb", "import sys", "sys.exit(3)", "1/0"))[0].exit_code == 3
    assert ran(write(tmp_path / "b.ipynb", "raise KeyboardInterrupt"))[0].exit_code == 130


def test_await_stands_at_the_top(tmp_path, capsys):
    cells = [
        "import asyncio\nasync def f(): return 7",
        "task = asyncio.ensure_future(f()) if False else None\nx = await f()",
        "await f()",
        "[y async for y in g()] if False else x",
        "f().close()",
    ]
    assert shown(write(tmp_path / "a.ipynb", *cells), capsys) == ["Out[3]: 7", "Out[4]: 7"]


def test_a_future_import_lasts(tmp_path, capsys):
    cells = "from __future__ import annotations", "def f(x: nowhere): pass\nf.__annotations__"
    assert shown(write(tmp_path / "a.ipynb", *cells), capsys) == ["Out[2]: {'x': 'nowhere'}"]


def test_input_is_read_from_standard_input(tmp_path):
    write(tmp_path / "a.ipynb", "name = input('who? ')\nprint(name)")
    command = [sys.executable, "-m", "gradviz", "run", "--no-serve", "a.ipynb"]
    for stdin, out, status in ((b"me\n", "who? me\n", 0), (b"", "who? ", 1)):
        done = subprocess.run(command, input=stdin, capture_output=True, cwd=tmp_path)
        assert (done.stdout.decode(), done.returncode) == (out, status)
    assert done.stderr.decode().splitlines()[-1].startswith(("EOFError", "gradviz: no backward()"))


# What IPython adds


@pytest.mark.parametrize(
    ("cell", "python", "skipped"),
    [
        ("%matplotlib inline\nx = 1", "pass  # %matplotlib inline\nx = 1", ["%matplotlib"]),
        ("if x:\n    %pip install it's\n    y", "if x:\n    pass  # %pip install it's\n    y", ["%pip"]),
        ("x = 1\n!ls (\n!/bin/rm -rf .", "x = 1\npass  # !ls (\npass  # !/bin/rm -rf .", ["!ls", "!/bin/rm"]),
        ("files = !ls", "files = None  # !ls", ["!ls"]),
        ("t = %who", "t = None  # %who", ["%who"]),
        ("Value?", "pass  # Value?", ["?"]),
        ("x.y??\n?x", "pass  # x.y??\npass  # ?x", ["??", "?"]),
        ("%time x = f(1)", "x = f(1)", []),
        ("%%time\nx = 1", "# %%time\nx = 1", []),
        ("%%capture out\n%pip list\nx", "# %%capture out\npass  # %pip list\nx", ["%pip"]),
        ("%%bash\nls (", "# %%bash\n# ls (", ["%%bash"]),
        ("%%gradviz --title 'a'\nx", "# %%gradviz --title 'a'\n# x", ["%%gradviz"]),
        ("x = (5\n% 3)", "x = (5\n% 3)", []),
        ("s = '''\n%magic\n!ls\nwhat?\n'''", "s = '''\n%magic\n!ls\nwhat?\n'''", []),
        ("x = 5 % 3  # why?", "x = 5 % 3  # why?", []),
        ("x = = 1\n%pip list", "x = = 1\n%pip list", []),
        ("x\r\n%pip\r\ny", "x\npass  # %pip\ny", ["%pip"]),
        ("", "", []),
        ("x = '\0'", "x = '\0'", []),
    ],
)
def test_magics(cell, python, skipped):
    assert to_python(cell) == (python, skipped)


def test_each_kind_is_noted_once_and_no_command_is_run(tmp_path, capfd, monkeypatch):
    monkeypatch.setattr(os, "system", lambda command: pytest.fail(command))
    monkeypatch.setattr(subprocess, "Popen", lambda *args, **kw: pytest.fail(str(args)))
    cells = (
        "%pip install a\n!touch made",
        "%pip install b",
        "get_ipython().system('touch made')",
        "%%html\n<b>",
    )
    ran(write(tmp_path / "a.ipynb", *cells))
    notes = [line for line in capfd.readouterr().err.splitlines() if "skipped" in line]
    assert [line.split(" is ")[0] for line in notes] == [
        "gradviz: cell 1: %pip", "gradviz: cell 1: !touch", "gradviz: cell 4: %%html"
    ]  # fmt: skip
    assert not (tmp_path / "made").exists()


def test_ipython_transforms_what_is_left_if_it_is_installed(monkeypatch):
    class Manager:
        def transform_cell(self, source):
            return source.replace(">>> ", "")

    fake = type("fake", (), {"TransformerManager": Manager})
    monkeypatch.setattr(magics, "find_spec", lambda name: None)
    assert to_python(">>> x = 1") == (">>> x = 1", [])
    monkeypatch.setattr(magics, "find_spec", lambda name: name)
    monkeypatch.setattr(magics, "import_module", lambda name: fake)
    assert to_python(">>> x = 1") == ("x = 1", [])
    assert to_python("x = = 1") == ("x = = 1", [])
    monkeypatch.setattr(Manager, "transform_cell", lambda self, source: 1 / 0)
    assert to_python(">>> x = 1") == (">>> x = 1", [])


# Files


def test_older_formats_and_single_strings_are_read(tmp_path):
    cell = {"cell_type": "code", "input": ["x = 1\n", "x"], "language": "python"}
    old = {"nbformat": 3, "worksheets": [{"cells": [cell]}, {"cells": [{"cell_type": "heading"}, cell]}]}
    (tmp_path / "old.ipynb").write_text(json.dumps(old))
    assert read_cells(str(tmp_path / "old.ipynb")) == ["x = 1\nx"] * 2
    one = {"cell_type": "code", "source": "x = 1\nx"}
    (tmp_path / "bom.ipynb").write_text("\ufeff" + json.dumps({"cells": [one]}), encoding="utf-8")
    assert read_cells(str(tmp_path / "bom.ipynb")) == ["x = 1\nx"]


GOOD = json.dumps(notebook("x = 1"), indent=1)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "it is empty"),
        ("[1, 2]", "it holds [1, 2], not an object"),
        ("{}", "it has no cells"),
        ('{"nbformat": 4, "x": 1}', "it has no cells, only nbformat, x"),
        (GOOD.replace('"metadata": {},', '"metadata": {}'), "line 5, column 2: expecting ',' delimiter"),
        (GOOD[:-20], ": "),
        (f"<<<<<<< HEAD\n{GOOD}", "line 1 is the mark of a merge that was not finished"),
        ("[" * 200_000, "recursion"),
        ('{"cells": {"a": 1}}', 'cells is {"a": 1}, not a list'),
        ('{"cells": [3]}', "cells[0] is 3, not a cell"),
        ('{"cells": [{"cell_type": "code"}]}', "cells[0] has no source"),
        ('{"cells": [{"cell_type": "code", "source": 5}]}', "cells[0].source is 5, not text"),
        ('{"cells": [{"cell_type": "code", "source": ["a", null]}]}', 'source is ["a", null], not text'),
        ('{"worksheets": [{}]}', "worksheets[0].cells is null, not a list"),
        ('{"cells": [], "metadata": {"kernelspec": {"language": "R"}}}', "is written in R, not in Python"),
        ('{"cells": [], "metadata": {"language_info": {"name": "julia"}}}', "is written in julia"),
    ],
)
def test_damage_is_told_with_its_place(tmp_path, capsys, text, message):
    path = tmp_path / "a.ipynb"
    path.write_text(text)
    with pytest.raises(NotebookError) as caught:
        read_cells(str(path))
    assert message in str(caught.value) and str(caught.value).startswith(str(path))
    program = Notebook(str(path))
    outcome = program.run()
    program.restore()
    assert (outcome.exit_code, outcome.started) == (1, False)


def test_a_notebook_that_is_no_text_or_not_there(tmp_path):
    (tmp_path / "a.ipynb").write_bytes(b'{"cells":\n "\xff"}')
    with pytest.raises(NotebookError, match=r"byte 12 \(line 2\) is not UTF-8"):
        read_cells(str(tmp_path / "a.ipynb"))
    with pytest.raises(NotebookError, match="cannot be opened: No such file"):
        read_cells(str(tmp_path / "b.ipynb"))
    with pytest.raises(NotebookError, match="is not a file"):
        read_cells(str(tmp_path))


# The command line, and lectures


def gradviz(*words: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "gradviz", *words]
    return subprocess.run(command, cwd=cwd, capture_output=True, text=True, encoding="utf-8")


def test_a_notebook_stands_wherever_a_script_may(tmp_path):
    write(tmp_path / "a.ipynb", PASS)
    steps = gradviz("steps", "a.ipynb", "--phase", "backward", cwd=tmp_path)
    assert (steps.returncode, steps.stderr) == (0, "") and "loss" in steps.stdout
    assert gradviz("export", "a.ipynb", "-o", "a.svg", cwd=tmp_path).returncode == 0
    assert "loss" in (tmp_path / "a.svg").read_text()
    assert gradviz("check", "a.ipynb", cwd=tmp_path).returncode == 0
    missing = gradviz("steps", "b.ipynb", cwd=tmp_path)
    assert missing.returncode == 1 and "b.ipynb cannot be opened: No such file" in missing.stderr


def test_gradients_that_a_cell_sets_by_hand_are_recorded_after_it(tmp_path):
    path = write(
        tmp_path / "a.ipynb",
        ENGINE,
        "a, b = Value(2.0), Value(3.0)\nc = a * b",
        "c.grad = 1.0",
        "1 + 1",
        "a.grad = b.data * c.grad",
        "a, b = Value(5.0), Value(7.0)\nc = a * b\nc.backward()",
        "a.grad = 0.0",
    )
    _, graphs, _ = ran(path)
    assert [graph.meta["file"].rpartition("#")[2] for graph in graphs] == ["cell-3", "cell-5", "cell-6"]
    assert [graph.meta.get("manual", False) for graph in graphs] == [True, True, False]
    first, second, _ = graphs
    assert [first.node(name).grad for name in "abc"] == [None, None, 1.0]
    assert [second.node(name).grad for name in "abc"] == [3.0, None, 1.0]


def test_the_lecture_runs_unmodified(tmp_path):
    recorded = gradviz(
        "run", "--no-serve", "-q", "-o", str(tmp_path / "l.gradviz"), str(LECTURE), cwd=tmp_path
    )
    assert recorded.returncode == 0 and "Out[7]: 7.0" in recorded.stdout
    assert "gradviz: cell 1: %matplotlib is skipped" in recorded.stderr
    with Recording.open(tmp_path / "l.gradviz") as recording:
        by_hand, more, automatic, twice, *training = recording
        assert by_hand.meta["manual"] and by_hand.node("n").grad == pytest.approx(0.5)
        assert by_hand.node("x1").grad is None and more.node("x1").grad == pytest.approx(-1.5)
        assert {"x1*w1", "x2*w2", "x1*w1 + x2*w2"} <= {by_hand.label(i) for i in range(len(by_hand))}
        assert [automatic.node(name).grad for name in ("x1", "w1", "x2", "w2")] == pytest.approx(
            [-1.5, 1, 0.5, 0]
        )
        assert twice.node("a").grad == 7.0
        assert len(training) == 10 and "model.layers[0].neurons[3].w[1]" in training[-1].names.values()
        assert all(graph.node(graph.root).label == "loss" for graph in training)
        assert training[-1].data[training[-1].root] < 0.1 < training[0].data[training[0].root]
        assert not [law for graph in training for law in graph.validate()]
    drawn = gradviz("export", str(tmp_path / "l.gradviz"), "-o", "l.png", cwd=tmp_path)
    assert (drawn.returncode, drawn.stderr) == (0, "") and (tmp_path / "l.png").stat().st_size > 10_000


def test_tracebacks_of_cells_outlive_the_check_of_the_cache(tmp_path):
    path = write(tmp_path / "a.ipynb", "x = 1")
    ran(path)
    linecache.checkcache()
    assert linecache.getline(f"{path}#cell-1", 1) == "x = 1"


def test_gradients_set_by_hand_travel_along_the_edges_they_explain(tmp_path):
    copy = shutil.copy(LECTURE, tmp_path)
    _, (first, *_), _ = ran(str(copy))
    travelled = {
        (first.label(edge.source), first.label(edge.target)): edge.cotangent
        for edge in first.edges()
        if edge.cotangent is not None
    }
    assert travelled == {("n", "o"): pytest.approx(0.5), ("b", "n"): pytest.approx(0.5)}
