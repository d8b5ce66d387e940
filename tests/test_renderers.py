"""Every renderer, on every kind of graph, at every phase; and the golden files of those that write text."""

from __future__ import annotations

import json
import random
import re
from collections.abc import Callable
from functools import cache
from pathlib import Path

import networkx
import numpy as np
import pytest

from gradviz import Value, record, scope
from gradviz.errors import GradvizError, NotFoundError
from gradviz.graph import Graph
from gradviz.layout import engines, layout
from gradviz.layout.child import run
from gradviz.numbers import loads
from gradviz.renderers import RENDERERS, renderer_for
from gradviz.renderers.drawing import sizes_of
from gradviz.timeline import PHASES, Timeline
from gradviz.view import View

GOLDEN = Path(__file__).parent / "golden" / "renderers"
HOSTILE = [
    '"><script>alert(1)</script>',
    "a\\N\x00\x1b[31m\ud800\u202e",
    "]]>&lt;<b>x</b>",
    "\\",
    "{|}<p>",
    "",
]


def one() -> Graph:
    x = Value(3.0, name="x")
    x.backward()
    return record(x)


def neuron() -> Graph:
    x1, x2 = Value(2.0, name="x1"), Value(0.0, name="x2")
    w1, w2 = Value(-3.0, name="w1", kind="param"), Value(1.0, name="w2", kind="param")
    b = Value(6.8813735870195432, name="b", kind="param")
    o = (x1 * w1 + x2 * w2 + b).tanh()
    o.backward()
    return record(o)


def square() -> Graph:
    a = Value(3.0, name="a")
    s = a * a
    s.backward()
    return record(s)


def broken() -> Graph:
    z = Value(0.0, name="z")
    y = z.log() * z + 1.0
    y.backward()
    return record(y)


def hostile() -> Graph:
    total = Value(0.0)
    for i, name in enumerate(HOSTILE):
        total = total + Value(float(i), name=name)
    total.backward()
    return record(total)


def forward_only() -> Graph:
    return record((Value(2.0, name="x") * Value(3.0, name="y")).tanh())


def arrays() -> Graph:
    x = Value(np.arange(6.0).reshape(2, 3), name="X")
    w = Value(np.full((3, 2), 0.1), name="W", kind="param")
    loss = (x @ w).tanh().sum()
    loss.backward()
    return record(loss)


def folded() -> Graph:
    rng = random.Random(1)
    weights = [Value(rng.uniform(-1, 1), name=f"w{i}", kind="param") for i in range(8)]
    hidden = Value(1.0, name="x")
    for i in range(0, 8, 2):
        with scope(f"layers[{i // 2}]"):
            for w in weights[i : i + 2]:
                hidden = hidden + (hidden * w + 0.5).relu() * 1e-3 ** (i // 2)
    hidden.backward()
    return record(hidden)


GRAPHS: dict[str, Callable[[], Graph]] = {
    f.__name__: f for f in (one, neuron, square, broken, hostile, forward_only, arrays, folded)
}


@cache
def view_of(name: str) -> View:
    graph = GRAPHS[name]()
    return View(graph, expanded=()) if name == "folded" else View(graph, expanded=None)


TEXTUAL = [name for name, row in RENDERERS.items() if not row.binary]


@pytest.mark.parametrize("graph", GRAPHS)
@pytest.mark.parametrize("renderer", TEXTUAL)
def test_every_phase_of_every_graph(renderer: str, graph: str) -> None:
    view, row = view_of(graph), RENDERERS[renderer]
    timeline = Timeline(view.graph)
    moments = {0, len(timeline)}
    for phase in PHASES:
        span = timeline.phase_range(phase)
        moments |= {span.start, (span.start + span.stop) // 2, span.stop}
    final = row.render(view)
    assert isinstance(final, str) and final == row.render(view), "the same input gives the same bytes"
    final.encode("utf-8")
    for k in sorted(moments):
        shown = row.render(view, timeline.frame(k))
        assert shown == row.render(view, timeline.frame(k))
        assert not set(map(chr, range(32))) - {"\n"} & set(str(shown)), "no control character gets through"


@pytest.mark.parametrize("renderer", RENDERERS)
def test_arrays_that_were_too_large_to_keep(renderer: str) -> None:
    x = Value(np.ones((2, 2)), name="x")
    with scope("inner"):
        y = (x * 2.0).tanh()
    y.sum().backward()
    kept = record(y.sum())
    gone = {key: dict.fromkeys(arrays) for key, arrays in kept.arrays.items()}
    graph = kept.replace(arrays=gone)
    timeline = Timeline(graph)
    for view in (View(graph, ()), View(graph)):
        for at in (0, len(timeline)):
            assert RENDERERS[renderer].render(view, timeline.frame(at))


def test_forward_only_has_no_zeros() -> None:
    text = str(RENDERERS["text"].render(view_of("forward_only"), boxes=False))
    assert "No gradient yet." in text
    assert all(line.split()[-1] == "–" or "–" in line for line in text.splitlines()[3:])
    assert "g-none" in str(RENDERERS["svg"].render(view_of("forward_only")))
    assert "g-zero" not in str(RENDERERS["svg"].render(view_of("forward_only"), embed_css=False))


def test_square_keeps_two_edges() -> None:
    view = view_of("square")
    assert str(RENDERERS["svg"].render(view, embed_css=False, legend=False)).count("<path") == 2
    assert str(RENDERERS["dot"].render(view)).count("->") == 2
    assert "a (+3), a (+3)" in str(RENDERERS["text"].render(view, boxes=False))


def test_the_current_step_is_marked() -> None:
    view = view_of("neuron")
    timeline = Timeline(view.graph)
    k = timeline.phase_range("backward").start + 2
    step = timeline[k - 1]
    name = view.boxes[int(view.box_of[step.node])].title
    text = str(RENDERERS["text"].render(view, timeline.frame(k), boxes=False))
    assert f"> {name}" in text and text.count("\n>") == 1


def test_json_is_the_graph_and_reads_back() -> None:
    view = view_of("broken")
    document = loads(str(RENDERERS["json"].render(view)))
    graph = networkx.node_link_graph(document, edges="edges")
    assert graph.number_of_nodes() == len(view.graph)
    assert graph.number_of_edges() == view.graph.edge_count
    assert graph.nodes[0]["grad"] == "NaN"
    json.loads(str(RENDERERS["json"].render(view, indent=1)))


def test_json_of_a_moment_leaves_out_what_is_not_there_yet() -> None:
    view = view_of("neuron")
    timeline = Timeline(view.graph)
    document = loads(str(RENDERERS["json"].render(view, timeline.frame(3))))
    assert [("data" in node) for node in document["nodes"]] == [True] * 3 + [False] * (len(view.graph) - 3)
    assert not any("grad" in node for node in document["nodes"])
    assert not any("cotangent" in edge for edge in document["edges"])


@pytest.mark.skipif(not engines(), reason="no Graphviz engine")
@pytest.mark.parametrize("engine", [engine.path for engine in engines()])
@pytest.mark.parametrize("graph", GRAPHS)
def test_dot_source_is_valid_for_every_engine(graph: str, engine: str) -> None:
    view = view_of(graph)
    source = str(RENDERERS["dot"].render(view, Timeline(view.graph).frame(len(view.graph))))
    answer, _ = run([engine, "-Tjson0"], source.encode("utf-8"))
    drawn = json.loads(answer)
    assert len(drawn["objects"]) == len(view.boxes)
    assert len(drawn.get("edges", ())) == len(view.edges)
    known = {f"b{i}" for i in range(len(view.boxes))}
    assert {item["name"] for item in drawn["objects"]} == known
    for item in [*drawn["objects"], *drawn.get("edges", ())]:
        assert not {"URL", "href", "image", "stylesheet", "id", "class"} & set(item)


def test_which_renderer() -> None:
    assert (
        renderer_for("svg").name == renderer_for("a.b/neuron.SVG").name == renderer_for("x.svg").name == "svg"
    )
    assert renderer_for("graph.gv").name == "dot" and renderer_for("notes.txt").name == "text"
    assert renderer_for("png").binary and renderer_for("png").media_type == "image/png"
    with pytest.raises(NotFoundError, match="no format 'svgg'.*Did you mean svg") as caught:
        renderer_for("a.svgg")
    assert "There are svg, png, pdf, tikz, mermaid, dot, json" in str(caught.value)
    for name in ("", "noending", "x.", "exe\x00"):
        with pytest.raises(GradvizError):
            renderer_for(name)


def own_layout(view: View) -> object:
    sizes = sizes_of(view)
    return layout(sizes, [(e.source, e.target) for e in view.edges], engine="own", gap=58)


FORMATS = ("mermaid", "tikz", "graphml", "gexf")
GOLDEN_CASES = [
    (graph, name) for graph in ("neuron", "broken", "folded") for name in ("text", "dot", "json", *FORMATS)
]


@pytest.mark.parametrize("graph, renderer", [*GOLDEN_CASES, ("neuron", "svg"), ("folded", "svg")])
@pytest.mark.parametrize("moment", ["final", "backward"])
def test_golden(graph: str, renderer: str, moment: str) -> None:
    view, row = view_of(graph), RENDERERS[renderer]
    timeline = Timeline(view.graph)
    frame = None if moment == "final" else timeline.frame(timeline.phase_range("backward").start + 4)
    options = {"layout": own_layout(view), "theme": "light"} if renderer in ("svg", "tikz") else {}
    if renderer == "json":
        options = {"indent": 1}
    text = re.sub(
        r"(?:[\w/.:-]*/)?test_renderers\.py:\d+", "neuron.py:7", str(row.render(view, frame, **options))
    )
    golden = GOLDEN / f"{graph}-{moment}{row.extension}"
    changed = golden.with_name(f"{golden.stem}-changed{row.extension}")
    expected = golden.read_text(encoding="utf-8") if golden.exists() else ""
    if text != expected:
        changed.write_text(text, encoding="utf-8")
        pytest.fail(f"{golden.name} differs; look at {changed}, and rename it if it is right")
    changed.unlink(missing_ok=True)
