"""The magics in a real kernel, what notebooks are shown of a Graph, and the widget from Python's side."""

import json
import re
import sys
from pathlib import Path
from typing import Any

import pytest

import gradviz
from gradviz import Value, drawing, figure
from gradviz.errors import GradvizError
from tests import jupyter
from tests.watching import CLOSURES

CELLS = {
    "load": "%load_ext gradviz",
    "engine": CLOSURES,
    "neuron": '%%gradviz --title "One neuron" --caption "By hand" --keep run\n'
    "a, b = Value(2.0), Value(-3.0)\nc = a*b\nd = c + a\nd.backward()\nd.grad",
    "graph": "run[0]",
    "sound": "%gradviz_check",
    "again": "%%gradviz --phase forward --step 2\nd.backward()",
    "stale": "%gradviz_check",
    "named": "%gradviz_check d",
    "loop": "%%gradviz --pass 0 --last 3\nfor k in range(5):\n    e = a*b\n    e.backward()",
    "hidden": "%%gradviz --no-show\ne.backward()",
    "nothing": "%%gradviz\nprint('still runs')",
    "unknown": "%%gradviz --titel x\n1",
    "beyond": "%%gradviz --step 999\nd.backward()",
    "no pass": "%%gradviz --pass 7\nd.backward()",
    "no value": "%gradviz_check missing",
    "raises": "%%gradviz\nc = c*a\n1/0",
    "both": "%%gradviz --step 999\nc = c*a\n1/0",
    "syntax": "%%gradviz\nx = (3",
    "left": "Value.backward, hasattr(Value.backward, '__wrapped__')",
    "unload": "%unload_ext gradviz",
    "gone": "%%gradviz\n1",
}
BROKEN = {
    "raises": ("ZeroDivisionError", "division by zero"),
    "both": ("ZeroDivisionError", "division by zero"),
    "syntax": ("SyntaxError", ""),
}


@pytest.fixture(scope="module")
def outputs(tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[dict[str, Any]]]:
    jupyter.needs("nbconvert", "ipykernel")
    return dict(zip(CELLS, jupyter.executed(tmp_path_factory.mktemp("kernel"), *CELLS.values()), strict=True))


Outputs = dict[str, list[dict[str, Any]]]


def test_a_recorded_cell_gives_its_result_and_shows_its_pass(outputs: Outputs) -> None:
    result, bundle = jupyter.shown(outputs["neuron"])
    assert result["text/plain"] == ["1.0"]
    assert "".join(bundle["text/plain"]) == "Drawing(4 values, 4 edges, d = -4, |grad| 1 … 2)"
    assert {"image/png", "image/svg+xml", "text/html"} <= bundle.keys()
    assert "<figcaption>By hand</figcaption>" in "".join(bundle["text/html"])
    assert ">One neuron</title>" in "".join(bundle["image/svg+xml"])


def test_a_graph_as_last_expression_is_drawn(outputs: Outputs) -> None:
    (bundle,) = jupyter.shown(outputs["graph"])
    assert bundle["text/plain"] == ["Graph(4 values, 4 edges, root d)"]
    assert {"image/png", "image/svg+xml", "text/html"} <= bundle.keys()


def test_the_check_names_the_cell_and_the_line(outputs: Outputs) -> None:
    assert jupyter.text_of(outputs["sound"]) == "Nothing found.\n"
    first, *more = jupyter.text_of(outputs["stale"]).splitlines()
    assert re.match(r"Cell In\[6\], line 2: error: backward\(\) ran again .*\[stale-gradient\]$", first)
    assert len(more) == 2 and all(line.startswith("    ") for line in more)
    assert jupyter.text_of(outputs["named"]) != ""


def test_a_loop_keeps_its_last_passes(outputs: Outputs) -> None:
    (bundle,) = jupyter.shown(outputs["loop"])
    assert "Pass 2 of 5 passes, counted from 0" in "".join(bundle["text/html"])
    assert outputs["hidden"] == []


def test_what_the_user_can_mend_is_one_line(outputs: Outputs) -> None:
    said = {name: jupyter.text_of(outputs[name]) for name in CELLS}
    assert said["nothing"].splitlines() == [
        "still runs", "gradviz: the cell computed nothing that can be recorded.",
    ]  # fmt: skip
    assert said["unknown"] == "UsageError: unrecognized arguments: --titel x\n"
    assert said["beyond"].startswith("UsageError: This pass has ")
    assert said["no pass"] == "UsageError: There is no pass 7: 1 pass is kept, number 0.\n"
    assert said["no value"] == "UsageError: missing: NameError: name 'missing' is not defined\n"


@pytest.mark.parametrize("name", BROKEN)
def test_an_error_of_the_cell_is_shown_once_and_without_us(outputs: Outputs, name: str) -> None:
    errors = [out for out in outputs[name] if out["output_type"] == "error"]
    assert [(error["ename"]) for error in errors] == [BROKEN[name][0]]
    text = re.sub(r"\x1b\[[\d;]*m", "", "\n".join(errors[0]["traceback"]))
    assert BROKEN[name][1] in text and "magics.py" not in text and "run_cell" not in text
    assert "line 3" in text or "----> 3" in text or name == "syntax"


def test_what_ran_before_the_error_is_shown(outputs: Outputs) -> None:
    (bundle,) = jupyter.shown(outputs["raises"])
    assert "".join(bundle["text/plain"]).startswith("Drawing(4 values, 4 edges, c = -12")


def test_the_kernel_is_left_as_it_was(outputs: Outputs) -> None:
    assert jupyter.text_of(outputs["left"]).endswith("False)")
    assert "not found" in jupyter.text_of(outputs["gone"])


# What is shown of a graph


def neuron() -> Value:
    x, w = Value(2.0, name="x"), Value(-3.0, name="w")
    loss = (x * w).tanh()
    loss.backward()
    return loss


def test_ipython_is_not_imported_by_anything_else() -> None:
    import subprocess

    code = (
        "import sys, gradviz.notebook, gradviz.cli.group; print({'IPython', 'anywidget'} & set(sys.modules))"
    )
    assert subprocess.check_output([sys.executable, "-c", code], text=True).strip() == "set()"


def test_a_graph_shows_what_its_drawing_shows() -> None:
    graph = gradviz.record(neuron())
    bundle = graph._repr_mimebundle_()
    assert bundle is not None and bundle["text/plain"] == repr(graph)
    assert bundle["image/svg+xml"] == gradviz.draw(graph).svg
    assert graph._repr_mimebundle_(include=("image/png",)).keys() == {"image/png"}
    json.dumps(bundle, allow_nan=False)


def test_a_large_graph_that_nobody_asked_to_draw_is_its_repr(monkeypatch: pytest.MonkeyPatch) -> None:
    graph = gradviz.record(neuron())
    monkeypatch.setattr(drawing, "UNASKED", len(graph) - 1)
    assert graph._repr_mimebundle_() is None
    assert graph._mime_() == ("text/plain", repr(graph))
    assert gradviz.draw(graph)._repr_mimebundle_()["image/png"]


def test_marimo_is_given_a_frame_or_else_the_picture() -> None:
    graph = gradviz.record(neuron())
    mime, text = graph._mime_()
    assert mime == "text/html" and "<script" not in text and text.count("<iframe") == 1
    assert 'sandbox="allow-scripts"' in text
    mime, text = gradviz.draw(graph, player=False)._mime_()
    assert mime == "image/png" and text.startswith("data:image/png;base64,")


def test_where_no_page_can_step_the_drawing_stands(monkeypatch: pytest.MonkeyPatch) -> None:
    shown = gradviz.draw(neuron(), player=False, width="80%", alt='A "neuron"', caption="<b>")
    html = shown._repr_mimebundle_()["text/html"]
    assert 'frame.setAttribute("sandbox", "")' in html and "width:80%" in html
    assert 'alt="A &quot;neuron&quot;"' in html and "<figcaption>&lt;b&gt;</figcaption>" in html
    monkeypatch.setattr(drawing, "STEPPED", 0)
    assert 'setAttribute("sandbox", "")' in gradviz.draw(neuron())._repr_mimebundle_()["text/html"]


def test_the_moment_and_the_width_are_looked_at_at_once() -> None:
    half = gradviz.draw(neuron(), phase="forward", step=2)
    assert half.frame is not None and half.frame.k == 2
    assert half.svg != gradviz.draw(neuron()).svg
    for wrong in ({"step": 999}, {"phase": "sideways"}, {"width": "1px;position:fixed"}):
        with pytest.raises(GradvizError):
            gradviz.draw(neuron(), **wrong)  # type: ignore[arg-type]


def test_a_page_is_as_high_as_its_drawing_within_reason() -> None:
    heights = [figure.height_of(f'<svg width="1" height="{given}">') for given in (1, 300, 9000)]
    assert heights == [figure.LOWEST, 300 + figure.CONTROLS, figure.HIGHEST]


# The widget


def test_without_anywidget_the_widget_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(sys.modules, "gradviz.widgets", raising=False)
    monkeypatch.setitem(sys.modules, "anywidget", None)
    with pytest.raises(GradvizError, match=r"pip install 'gradviz\[widget\]'"):
        gradviz.widget(neuron())


def test_the_widget_has_a_cursor_that_python_reads_sets_and_observes() -> None:
    jupyter.needs("anywidget")
    from traitlets import TraitError

    w = gradviz.widget(neuron())
    assert w.step == len(w.timeline) and w.node is None and w.alt.startswith("4 values")
    seen: list[Any] = []
    w.observe(lambda change: seen.append((change["name"], change["new"])), ["step", "node"])
    w.step, w.node = 3, "w"
    assert seen == [("step", 3), ("node", w.graph.find("w"))]
    for name, wrong in (("step", 999), ("step", -1), ("node", "missing"), ("node", 99)):
        with pytest.raises(TraitError, match="There is no"):
            setattr(w, name, wrong)
    data, _ = w._repr_mimebundle_()
    assert {"image/png", "text/plain", "application/vnd.jupyter.widget-view+json"} <= data.keys()
    assert gradviz.widget(neuron(), phase="backward", step=1).step == w.timeline.phase_range("backward")[1]
    with pytest.raises(GradvizError):
        gradviz.widget(neuron(), step=999)


def test_the_extension_is_found_where_ipython_looks() -> None:
    jupyter.needs("IPython")
    assert gradviz.load_ipython_extension.__module__ == "gradviz.magics"
    assert Path(sys.modules["gradviz.magics"].__file__ or "").name == "magics.py"
