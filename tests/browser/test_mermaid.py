"""Mermaid's own library, from npm, draws what gradviz writes for it, under securityLevel "strict"."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import tarfile
from pathlib import Path
from typing import Any, NoReturn

import pytest
from test_renderers import GRAPHS, HOSTILE, view_of
from test_renderers_svg import named

from gradviz.renderers import mermaid
from gradviz.renderers.escape import visible
from gradviz.renderers.facts import Facts
from gradviz.renderers.palette import colours
from gradviz.timeline import Timeline
from gradviz.view import View

pytestmark = pytest.mark.browser
VERSION = "12.3.0"
INSIDE = "package/dist/mermaid.min.js"
NASTY = (
    *HOSTILE,
    "1. a list", "- a list", "# head", "`code` **b** _i_", "$$x^2$$", "a#quot;b &amp; #35;", "end", "x --> y",
    'click b0 call alert("1")', "%%{init: {'securityLevel': 'loose'}}%%", "javascript:alert(1)", "a<br/>b",
    "<img src=x onerror=alert(1)>", "subgraph", "fa:fa-car", "日本 🙂 ∂L/∂w₁", "A@{shape: circle}", ";",
    "'\"`",
)  # fmt: skip
DRAW = """async text => {
  const {svg} = await mermaid.render("drawn", text);
  document.body.innerHTML = svg;
  const all = (chosen) => [...document.querySelectorAll(chosen)];
  return {
    boxes: Object.fromEntries(all("g.node").map(e => [e.id.match(/b\\d+/)[0], e.textContent])),
    strokes: all("path.flowchart-link").map(e => [e.id.match(/b\\d+_b\\d+/)[0], getComputedStyle(e).stroke]),
    words: all("svg > title, svg > desc").map(e => e.textContent),
    foreign: all("body script, body a, body img, iframe, math, svg :is(b, i, em, strong, code)").length,
    acting: all("svg *").flatMap(e => e.getAttributeNames()).filter(n => n.startsWith("on")),
  };
}"""


def missing(reason: str) -> NoReturn:
    """Skip, or fail where everything must be there."""
    if os.environ.get("GRADVIZ_STRICT") == "1":
        pytest.fail(reason)
    pytest.skip(reason)


@pytest.fixture(scope="module")
def library(pytestconfig: pytest.Config) -> Path:
    """Fetch the library once; the next run finds it in pytest's cache."""
    folder = pytestconfig.cache.mkdir(f"mermaid-{VERSION}")
    found = folder / "mermaid.min.js"
    if found.exists():
        return found
    npm = shutil.which("npm")
    if npm is None:
        missing("no npm on PATH: Mermaid's own library was not tried")
    command = [npm, "pack", f"mermaid@{VERSION}", "--silent", "--ignore-scripts"]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=300)
    archive = folder / f"mermaid-{VERSION}.tgz"
    if done.returncode or not archive.exists():
        missing(f"npm could not fetch mermaid@{VERSION}: {done.stderr.strip()[-300:]}")
    with tarfile.open(archive) as tar:
        inside = tar.extractfile(INSIDE)
        assert inside is not None
        part = folder / f"part-{os.getpid()}"
        part.write_bytes(inside.read())
        part.replace(found)
    archive.unlink()
    return found


@pytest.fixture(scope="module")
def page(chromium: Any, library: Path) -> Any:
    context = chromium.new_context()
    page = context.new_page()
    page.set_default_timeout(60_000)
    page.alerts = []
    page.on("dialog", lambda dialog: (page.alerts.append(dialog.message), dialog.dismiss()))
    page.set_content("<!doctype html><title>Mermaid</title>")
    page.add_script_tag(path=str(library))
    page.evaluate("mermaid.initialize({startOnLoad: false, securityLevel: 'strict'})")
    yield page
    context.close()


def drawn(page: Any, view: View, k: int | None = None) -> Any:
    frame = None if k is None else Timeline(view.graph).frame(k)
    found = page.evaluate(DRAW, mermaid.render(view, frame))
    assert found["foreign"] == 0 and found["acting"] == [] and page.alerts == []
    assert len(found["boxes"]) == len(view.boxes) and len(found["strokes"]) == len(view.edges)
    facts = Facts(view, frame)
    for i, box in enumerate(facts.boxes):
        shown = re.sub(r"[\s\u2060]+", "", found["boxes"][f"b{i}"])
        name = box.name if len(box.name) <= 60 else f"{box.name[:59]}…"
        assert shown.startswith(re.sub(r"\s+", "", visible(name))), "the name is shown as it is"
        grad = "|grad|" if box.kind == "group" else "grad"
        assert shown.endswith(re.sub(r"\s+", "", f"data{box.data}{grad}{box.grad}"))
    return found


@pytest.mark.parametrize("graph", GRAPHS)
def test_mermaid_draws_it(page: Any, graph: str) -> None:
    view = view_of(graph)
    steps = Timeline(view.graph).phase_range("backward")
    for k in (None, 0, (steps.start + steps.stop) // 2):
        drawn(page, view, k)


def test_colours_are_those_of_the_scale(page: Any) -> None:
    view = view_of("neuron")
    found, colour = drawn(page, view), colours("light")
    for edge, facts in zip(view.edges, Facts(view).edges, strict=True):
        name = f"w{facts.level}" if isinstance(facts.level, int) else facts.level
        red, green, blue = (int(colour[name][i : i + 2], 16) for i in (1, 3, 5))
        assert [f"b{edge.source}_b{edge.target}", f"rgb({red}, {green}, {blue})"] in found["strokes"]
    assert found["words"] == [Facts(view).headline, Facts(view).words]


@pytest.mark.parametrize("name", NASTY)
def test_no_name_acts(page: Any, name: str) -> None:
    drawn(page, View(named(name)))
