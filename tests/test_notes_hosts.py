"""Real sites: MkDocs Material and Sphinx are built, and their pages opened in Chromium."""

import importlib.util
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.browser.conftest import FLAGS, missing

SOURCE = "x1 = 2.0\nparam w1 = -3\nL = tanh(x1*w1 + 6.88)"
MKDOCS = """\
site_name: Notes
theme: {name: material, font: false}
use_directory_urls: false
markdown_extensions:
  - attr_list
  - pymdownx.superfences:
      custom_fences:
        - name: gradviz
          class: gradviz
          format: !!python/name:gradviz.notes.fence
          validator: !!python/name:gradviz.notes.accept
"""
PAGE = f"""\
# Notes

```gradviz title="A neuron" caption="One neuron"
{SOURCE}
```

- in a list

    ```gradviz width="50%" theme="dark"
    L = 2*3
    ```

``` {{.gradviz #named phase="forward"}}
L = 2*3
```
"""
WRONG = """\

```gradviz widht="3"
L = 4*5
```

```gradviz
alt: x
L = tanh(2*
```

```gradviz exec
open("ran", "w")
```

After them.
"""
CONF = """\
project = "Notes"
extensions = ["myst_parser", "gradviz.notes.sphinx"]
myst_fence_as_directive = ["gradviz"]
"""
RST = """\
Notes
=====

.. toctree::

   myst

See :ref:`neuron`.

.. gradviz:: title="A neuron"
   :caption: One neuron
   :alt: a neuron
   :align: center
   :width: 60%
   :name: neuron
   :class: wide

   x1 = 2.0
   L = tanh(x1*0.5)
"""
MYST = """\
# Notes

```gradviz title="A square"
alt: a square
x = 3
L = x*x
```

```{gradviz} depth=1
:caption: hello

L = tanh(1)
```
"""
MYST_WRONG = """\

```{gradviz}
:widht: 3
L = 1
```

```{gradviz}
:width: 40%
x = 2
L = tanh(x*
```
"""
PLAYERS = {
    "index.rst": f"""\
A
=

.. gradviz:: player phase=forward
   :caption: c
   :width: 600px

   {SOURCE.replace(chr(10), chr(10) + "   ")}

.. gradviz::
   :player:
   :phase: forward
   :theme: dark

   {SOURCE.replace(chr(10), chr(10) + "   ")}
""",
    "index.md": f"""\
# A

```gradviz player phase=forward
{SOURCE}
```

```{{gradviz}}
:player:
:phase: forward

{SOURCE}
```
""",
}


def needs(module: str) -> None:
    if importlib.util.find_spec(module) is None:
        missing(f"{module} is not installed: the extra docs-hosts brings it")


def built(folder: Path, *command: str) -> subprocess.CompletedProcess[str]:
    env = dict(os.environ, NO_MKDOCS_2_WARNING="1", NO_COLOR="1")
    whole = [sys.executable, "-m", *command]
    return subprocess.run(whole, cwd=folder, env=env, capture_output=True, text=True, timeout=120)


@pytest.fixture
def mkdocs(tmp_path: Path) -> Path:
    needs("mkdocs")
    needs("pymdownx")
    needs("material")
    (tmp_path / "docs").mkdir()
    (tmp_path / "mkdocs.yml").write_text(MKDOCS)
    return tmp_path


@pytest.fixture
def sphinx(tmp_path: Path) -> Path:
    needs("sphinx")
    needs("myst_parser")
    (tmp_path / "conf.py").write_text(CONF)
    return tmp_path


@pytest.fixture(scope="module")
def chromium() -> Iterator[Any]:
    program = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    if program is None:
        missing("no chromium on PATH")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=FLAGS)
        yield browser
        browser.close()


def pictures(chromium: Any, page: Path) -> list[list[Any]]:
    """What the images of a page are, once it is loaded: width, alternative text, width on the page."""
    tab = chromium.new_page(viewport={"width": 1200, "height": 900})
    try:
        tab.goto(page.as_uri())
        seen = "[...document.querySelectorAll('figure img')].map(i => [i.naturalWidth, i.alt, i.clientWidth])"
        found: list[list[Any]] = tab.evaluate(seen)
        return found
    finally:
        tab.close()


def step_through(chromium: Any, page: Path, players: int) -> None:
    """Step through each player of a page, forwards and backwards; nothing comes from anywhere else."""
    tab = chromium.new_page(viewport={"width": 1200, "height": 900})
    asked: list[str] = []
    wrong: list[str] = []
    tab.on("request", lambda request: asked.append(request.url))
    tab.on("console", lambda said: wrong.append(said.text) if said.type == "error" else None)
    tab.on("pageerror", lambda error: wrong.append(str(error)))
    try:
        tab.goto(page.as_uri())
        figures = tab.locator("figure:has(iframe)")
        assert figures.count() == players
        for figure in figures.all():
            figure.scroll_into_view_if_needed()  # they are loaded as they come into view
            assert figure.locator("iframe").bounding_box()["width"] > 500
            assert figure.locator("iframe").get_attribute("sandbox") == "allow-scripts"
            _step_there_and_back(figure.frame_locator("iframe"))
    finally:
        tab.close()
    allowed = ("file:", "data:", "about:srcdoc", "blob:")
    assert [url for url in asked if not url.startswith(allowed)] == []
    assert wrong == []


def _step_there_and_back(frame: Any) -> None:
    """The example begins after its 6 forward steps; the order follows."""
    shown = [_shown(frame, 6)]
    for name, k in (("Step", 7), ("Step", 8), ("Step back", 7), ("Step back", 6)):
        frame.get_by_role("button", name=name, exact=True).click()
        shown.append(_shown(frame, k))
    assert shown[0] == ("n5", "forward · L = tanh(x1*w1 + 6.88) = tanh(0.88) = 0.7064")
    assert shown[1][0] == "n5" and shown[1][1].startswith("order · ")
    assert shown[2][0] != "n5" and shown[2][1] != shown[1][1]
    assert shown[3:] == shown[1::-1], "and back"


def _shown(frame: Any, k: int) -> tuple[str, str]:
    """The box that is marked at a step, and the sentence; its outline is coloured as no other is."""
    frame.locator(f".knob[aria-valuenow='{k}']").wait_for(timeout=20_000)
    boxes = frame.locator(".gv-box")
    strokes = boxes.evaluate_all("all => all.map(b => getComputedStyle(b.querySelector('.gv-card')).stroke)")
    (now,) = [at for at, stroke in enumerate(strokes) if strokes.count(stroke) == 1]
    return boxes.nth(now).get_attribute("data-key"), frame.locator("#sentence").inner_text()


@pytest.mark.browser
def test_mkdocs_shows_notes(mkdocs: Path, chromium: Any) -> None:
    (mkdocs / "docs/index.md").write_text(PAGE)
    done = built(mkdocs, "mkdocs", "build", "--strict")
    assert done.returncode == 0, done.stderr
    html = (mkdocs / "site/index.html").read_text()
    assert "<figcaption>One neuron</figcaption>" in html and 'id="named"' in html
    assert "gradviz-error" not in html and "param w1" not in html
    shown = pictures(chromium, mkdocs / "site/index.html")
    assert [bool(natural) for natural, _, _ in shown] == [True] * 3
    assert shown[0][1].startswith("Computation graph of L: 6 values")
    assert shown[1][2] < shown[1][0]  # half of the text's width
    assert len(list((mkdocs / ".gradviz-cache").glob("*.json"))) == 3
    built(mkdocs, "mkdocs", "build", "--strict")
    assert (mkdocs / "site/index.html").read_text() == html


@pytest.mark.browser
def test_mkdocs_carries_a_player_that_steps(mkdocs: Path, chromium: Any) -> None:
    (mkdocs / "docs/index.md").write_text(f'```gradviz player phase="forward" caption="c"\n{SOURCE}\n```\n')
    done = built(mkdocs, "mkdocs", "build", "--strict")
    assert done.returncode == 0, done.stderr
    step_through(chromium, mkdocs / "site/index.html", players=1)


@pytest.mark.browser
@pytest.mark.parametrize("name", ["index.rst", "index.md"])
def test_sphinx_carries_players_that_step(sphinx: Path, chromium: Any, name: str) -> None:
    (sphinx / name).write_text(PLAYERS[name])
    done = built(sphinx, "sphinx", "-W", "-q", "-b", "html", ".", "_build")
    assert done.returncode == 0, done.stderr
    step_through(chromium, sphinx / "_build/index.html", players=2)


def test_mkdocs_shows_mistakes_and_fails_only_if_strict(mkdocs: Path) -> None:
    (mkdocs / "docs/index.md").write_text(PAGE + WRONG)
    done = built(mkdocs, "mkdocs", "build")
    assert done.returncode == 0
    html = (mkdocs / "site/index.html").read_text()
    assert html.count("gradviz-error") == 3 and html.count("<figure") == 3 and "After them." in html
    said = [
        "index.md:19: There is no option 'widht'. Did you mean width?",
        "index.md:25:9: '(' is never closed.",
        "index.md:28: This Python is not run",
    ]
    for sentence in said:
        assert sentence in done.stderr and sentence.replace("'", "&#39;") in html
    assert not (mkdocs / "ran").exists() and not (mkdocs / "docs/ran").exists()
    assert built(mkdocs, "mkdocs", "build", "--strict").returncode != 0


def test_mkdocs_runs_python_where_the_site_says_so(mkdocs: Path) -> None:
    config = mkdocs / "mkdocs.yml"
    config.write_text(config.read_text().replace("gradviz.notes.fence\n", "gradviz.notes.fence_exec\n"))
    code = "from gradviz import Value\nx = Value(3.0, name='x')\n(x*x).backward()"
    (mkdocs / "docs/index.md").write_text(f"```gradviz exec\n{code}\n```\n")
    assert built(mkdocs, "mkdocs", "build", "--strict").returncode == 0
    assert "2 values, 2 edges" in (mkdocs / "site/index.html").read_text()


@pytest.mark.browser
def test_sphinx_shows_notes(sphinx: Path, chromium: Any) -> None:
    (sphinx / "index.rst").write_text(RST)
    (sphinx / "myst.md").write_text(MYST)
    done = built(sphinx, "sphinx", "-W", "-q", "-j", "2", "-b", "html", ".", "_build")
    assert done.returncode == 0, done.stderr
    html = (sphinx / "_build/index.html").read_text()
    assert re.search(r'<figure class="gradviz wide align-center" id="neuron">', html)
    assert 'href="#neuron"' in html and "gradviz-error" not in html
    (shown,) = pictures(chromium, sphinx / "_build/index.html")
    assert shown[0] > 0 and shown[1] == "a neuron"
    first, second = pictures(chromium, sphinx / "_build/myst.html")
    assert first[0] > 0 and first[1] == "a square" and second[0] > 0
    names = os.listdir(sphinx / "_build/_images")
    assert len(names) == 3 and all(re.fullmatch(r"gradviz-[0-9a-f]{16}\.svg", name) for name in names)


def test_sphinx_shows_mistakes_and_warns_with_their_lines(sphinx: Path) -> None:
    wrong = "\n.. gradviz::\n\n   x = 1\n   L = (x\n\n.. gradviz:: no.gradviz\n"
    (sphinx / "index.rst").write_text(RST + wrong)
    (sphinx / "myst.md").write_text(MYST + MYST_WRONG)
    done = built(sphinx, "sphinx", "-q", "-b", "html", ".", "_build")
    assert done.returncode == 0
    said = [
        "index.rst:24:5: '(' is never closed.",
        "no.gradviz cannot be opened",
        "myst.md:16: There is no option 'widht'. Did you mean width?",
        "myst.md:23:9: '(' is never closed.",
    ]
    for sentence in said:
        assert sentence in done.stderr
    assert done.stderr.count("WARNING") == 4
    pages = [(sphinx / "_build" / name).read_text() for name in ("index.html", "myst.html")]
    assert [page.count("gradviz-error") for page in pages] == [2, 2]
    assert built(sphinx, "sphinx", "-W", "-E", "-q", "-b", "html", ".", "_build").returncode != 0


def test_sphinx_runs_python_where_the_site_says_so(sphinx: Path) -> None:
    code = "from gradviz import Value\nx = Value(3.0, name='x')\n(x*x).backward()"
    (sphinx / "index.md").write_text(f"# A\n\n```{{gradviz}}\n:exec:\n\n{code}\n```\n")
    assert built(sphinx, "sphinx", "-W", "-q", ".", "_build").returncode != 0
    conf = sphinx / "conf.py"
    conf.write_text(conf.read_text() + "gradviz_exec = True\n")
    done = built(sphinx, "sphinx", "-W", "-q", ".", "_build")
    assert done.returncode == 0, done.stderr
    assert "2 values, 2 edges" in (sphinx / "_build/index.html").read_text()


def test_sphinx_draws_again_when_a_recording_changes(sphinx: Path) -> None:
    (sphinx / "index.md").write_text("# A\n\n```{gradviz} run.gradviz\n```\n")
    for power in (2, 3):
        (sphinx / "train.py").write_text(f"from gradviz import Value\n(Value(3.0)**{power}).backward()\n")
        built(sphinx, "gradviz", "run", "--no-serve", "--force", "-o", "run.gradviz", "train.py")
        done = built(sphinx, "sphinx", "-W", "-q", ".", "_build")
        assert done.returncode == 0, done.stderr
        assert f"= {3**power}," in (sphinx / "_build/index.html").read_text()
