"""gradviz.draw and gradviz.debug: a picture of what a value was computed from, wherever it was made."""

import json
import os
import re
import signal
import subprocess
import sys
import textwrap
import threading
from xml.etree import ElementTree

import pytest

import gradviz
from gradviz import Value, debug, draw, drawing, notebook, record
from gradviz.errors import DataError, GradvizError, LayoutError, NotFoundError
from gradviz.recorders import watch
from gradviz.recording import Recording
from tests.notebooks import write

ALL = {"text/plain", "image/png", "image/svg+xml", "text/html"}


class Own:
    """A learner's class, which has never heard of gradviz."""

    def __init__(self, data, _children=(), _op="", label=""):
        self.data, self.grad, self._prev, self._op, self.label = data, 0.0, set(_children), _op, label

    def __mul__(self, other):
        return Own(self.data * other.data, (self, other), "*")


def neuron():
    x, w = Value(2.0), Value(-3.0)
    loss = (x * w).tanh()
    loss.name = "loss"
    loss.backward()
    return loss


def names(shown):
    return [shown.graph.label(i) for i in range(len(shown.graph))]


def test_values_are_called_what_the_caller_calls_them():
    xs, model = [Value(2.0)], {"w": Value(3.0)}
    loss = xs[0] * model["w"] + Value(1.0, name="explicit")
    assert names(draw(loss)) == ["xs[0]", "model['w']", 'xs[0] * model["w"]', "explicit", "loss"]


def test_any_class_of_values_is_drawn():
    a, b = Own(2.0), Own(3.0, label="explicit")
    c = a * b
    c.grad = 1.0
    shown = draw(c)
    assert set(names(shown)) == {"a", "explicit", "c"}
    assert repr(shown) == "Drawing(3 values, 2 edges, c = 6, |grad| 1)"
    assert shown.graph.node("a").grad is None


def test_a_graph_is_drawn_as_it_is():
    graph = gradviz.record(neuron())
    assert draw(graph).graph is graph


def test_what_is_no_value_is_refused():
    for wrong in (3.0, [neuron()], None, Value):
        with pytest.raises(DataError, match="cannot be recorded"):
            draw(wrong)
    with pytest.raises(DataError, match="^An int cannot be recorded"):
        draw(3)
    with pytest.raises(GradvizError, match="no theme 'pink'. There are auto, light, dark"):
        draw(neuron(), theme="pink")


def test_options_of_the_view_and_of_the_drawing():
    loss = neuron()
    assert draw(loss, width=300)._repr_mimebundle_() == draw(loss, width="300")._repr_mimebundle_()
    assert "width:300.5px;" in draw(loss, width="300.5")._repr_mimebundle_()["text/html"]
    for wrong in (-3, "-3", True, "wide"):
        with pytest.raises(GradvizError, match="is no width. A width is 600, 80% or 12cm."):
            draw(loss, width=wrong)
    dark, bare = draw(loss, theme="dark").svg, draw(loss, legend=False).svg
    assert "prefers-color-scheme" in draw(loss).svg and "prefers-color-scheme" not in dark
    assert "gv-legend" in dark and 'class="gv-legend"' not in bare
    assert len(draw(loss, depth=0).view.boxes) <= len(draw(loss, depth=9).view.boxes)
    assert draw(loss, expand=()).view is not None


def test_saving_goes_by_the_ending(tmp_path):
    shown = draw(neuron())
    for ending in ("svg", "dot", "json", "txt"):
        shown.save(tmp_path / f"a.{ending}")
        assert "loss" in (tmp_path / f"a.{ending}").read_text(encoding="utf-8")
    shown.save(str(tmp_path / "a.png"), scale=0.5)
    assert (tmp_path / "a.png").read_bytes().startswith(b"\x89PNG")
    shown.save(tmp_path / "a.svg")
    assert (tmp_path / "a.svg").read_text(encoding="utf-8") == shown.svg
    with pytest.raises(NotFoundError, match="no format 'gif'"):
        shown.save(tmp_path / "a.gif")
    with pytest.raises(GradvizError, match="cannot be written"):
        shown.save(tmp_path / "no" / "a.svg")


def test_a_notebook_gets_every_kind_and_the_same_bytes_again():
    loss = neuron()
    bundle = draw(loss)._repr_mimebundle_()
    assert bundle.keys() == ALL and bundle == draw(loss)._repr_mimebundle_()
    assert ElementTree.fromstring(bundle["image/svg+xml"]).tag.endswith("svg")
    assert (
        bundle["text/plain"] == "Drawing(4 values, 3 edges, loss = -1, |grad| 0 … 1)"
        or "loss" in bundle["text/plain"]
    )
    json.dumps(bundle, allow_nan=False)


def test_a_notebook_asks_for_some_kinds():
    shown = draw(neuron())
    assert shown._repr_mimebundle_(include={"image/png"}).keys() == {"image/png"}
    assert shown._repr_mimebundle_(exclude=["text/html", "text/plain"]).keys() == {
        "image/png",
        "image/svg+xml",
    }


def test_the_html_shows_a_picture_where_scripts_are_stripped():
    x = Value(1.0, name="</script><b>&'\"")
    html = draw(x * x)._repr_mimebundle_()["text/html"]
    bare = re.sub(r"<script>.*?</script>", "", html, flags=re.DOTALL)
    assert (
        "data:image/png;base64," in bare and 'alt="' in bare and "<svg" not in bare and "script" not in bare
    )
    assert html.count("</script>") == 1 and "sandbox" in html


def test_without_an_engine_there_is_still_svg(monkeypatch):
    def missing(*args, **options):
        raise LayoutError("no engine")

    monkeypatch.setattr("gradviz.renderers.png.render", missing)
    assert draw(neuron())._repr_mimebundle_().keys() == {"text/plain", "image/svg+xml"}


def test_nothing_is_raised_whatever_fails(monkeypatch):
    shown = draw(neuron())
    monkeypatch.setattr(drawing.Drawing, "_rendered", lambda *args, **options: 1 / 0)
    monkeypatch.setattr(drawing, "summary", lambda graph: 1 / 0)
    assert shown._repr_mimebundle_() == {"text/plain": "Drawing"}


def test_a_cell_is_not_filled_beyond_measure(monkeypatch):
    monkeypatch.setattr(drawing, "LARGEST", 1000)
    bundle = draw(neuron())._repr_mimebundle_()
    assert bundle.keys() == {"text/plain"}
    assert re.search(
        r"\nimage/png is left out: [\d,]+ characters are too many for a cell\.", bundle["text/plain"]
    )


def test_of_a_large_graph_a_cell_holds_a_summary_that_says_how_large_it_is():
    x = Value(1.0, name="x")
    wide = deep = x
    for i in range(10_000):
        deep = deep * 1.0001
        wide = wide + Value(float(i)) * x
    for last in (deep, wide):
        last.backward()
        bundle = draw(last)._repr_mimebundle_()
        assert bundle.keys() == ALL and sum(map(len, bundle.values())) <= 1_000_000
        values = len(record(last))
        assert values > 10_000 and f"{values:,} values" in bundle["text/plain"]
        assert f"{values:,} values in " in bundle["image/svg+xml"], "and so does the drawing itself"
        assert bundle == draw(last)._repr_mimebundle_()


def test_shown_in_a_loop_it_is_each_time_what_it_is_then():
    x = Value(2.0, name="x")
    seen = []
    for _ in range(3):
        y = x * x
        y.backward()
        seen.append(draw(y)._repr_mimebundle_())
        x.data -= 0.5
        x.grad = 0.0
    assert [re.search(r"= ([\d.]+), ", one["text/plain"])[1] for one in seen] == ["4", "2.25", "1"]
    ids = [{*re.findall(r' id="(gv-\w+)"', one["image/svg+xml"])} for one in seen]
    assert all(ids) and not ids[0] & ids[1] and not ids[1] & ids[2], "in one page they do not meet"


def test_a_gradient_that_is_not_computed_is_said_to_be():
    assert repr(draw(Value(2.0, name="x") * 3.0)).endswith("no gradient computed)")


# Under gradviz run, and the debugger


def test_what_is_drawn_under_gradviz_run_is_recorded(tmp_path):
    cells = [
        "import gradviz\nfrom gradviz import Value\nx = Value(2.0)\ny = x*x",
        "gradviz.draw(y)",
        "gradviz.debug(x*3)",
    ]
    write(tmp_path / "a.ipynb", *cells)
    command = [sys.executable, "-m", "gradviz", "run", "--no-serve", "-o", "a.gradviz", "a.ipynb"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=120)
    assert done.stdout.startswith("Out[2]: Drawing(2 values, 2 edges, y = 4, no gradient computed)")
    with Recording.open(tmp_path / "a.gradviz") as recording:
        first, second = recording
        assert (first.label(first.root), second.label(second.root)) == ("y", "x*3")
        assert first.meta["file"].endswith("a.ipynb#cell-2")


def test_nothing_is_handed_over_where_nobody_records():
    assert not notebook.handed(neuron(), sys._getframe())
    assert not watch.handed(neuron(), sys._getframe())


SCRIPT = """
    import gradviz
    x = gradviz.Value(2.0)
    y = x * x
    gradviz.debug(y, port=0, open_browser=False)
    print("after")
"""


def test_a_script_waits_for_the_debugger_until_ctrl_c(tmp_path):
    (tmp_path / "a.py").write_text(textwrap.dedent(SCRIPT))
    env = {**os.environ, "TMPDIR": str(tmp_path)}
    pipe = subprocess.PIPE
    script = subprocess.Popen(
        [sys.executable, "a.py"],
        cwd=tmp_path,
        env=env,
        stdout=pipe,
        stderr=pipe,
        text=True,
        start_new_session=True,
    )
    timer = threading.Timer(60, lambda: os.killpg(script.pid, signal.SIGKILL))
    timer.start()
    try:
        assert "gradviz is at http://127.0.0.1:" in script.stderr.readline()
        assert script.poll() is None
        os.killpg(script.pid, signal.SIGINT)  # as a terminal does
        out, err = script.communicate()
    finally:
        timer.cancel()
    assert (out, script.returncode) == ("after\n", 0) and "Traceback" not in err
    assert not list(tmp_path.glob("gradviz-*"))


def test_in_a_kernel_the_debugger_stays_and_the_cell_ends(tmp_path, capsys, monkeypatch):
    stops = []
    monkeypatch.setattr(notebook.atexit, "register", stops.append)
    cell = compile("debug(value, port=0, open_browser=False)", "<cell>", "exec")
    exec(cell, {"get_ipython": None, "debug": debug, "value": neuron()})
    try:
        assert re.match(r"gradviz is at http://127\.0\.0\.1:\d+/#token=\S+\n", capsys.readouterr().out)
    finally:
        for stop in stops:
            stop()
    assert len(stops) == 1


def test_a_debugger_that_does_not_start_is_told():
    with pytest.raises(GradvizError, match="did not start"):
        notebook._stay([sys.executable, "-c", "import sys; sys.exit('no port')"], lambda: None)
