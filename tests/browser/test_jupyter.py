"""Pictures, pages that step and widgets in the hosts themselves."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests import jupyter

pytestmark = pytest.mark.browser

DRAW = f"{jupyter.NEURON}import gradviz\ngradviz.draw(o, caption='One neuron')"
WIDGET = f"{jupyter.NEURON}import gradviz\nw = gradviz.widget(o)\nw"
SEEN = "print('cursor', w.step, w.node)"
SET = "w.step = 3; w.node = 'w'"
MARIMO = """\
import marimo
app = marimo.App()
@app.cell
def _():
    import gradviz, marimo as mo
    x = gradviz.Value(2.0)
    y = x * x
    y.backward()
    gradviz.record(y)
    return gradviz, mo, y
@app.cell
def _(gradviz, mo, y):
    w = mo.ui.anywidget(gradviz.widget(y))
    w
    return (w,)
@app.cell
def _(mo, w):
    mo.md(f"cursor {w.value['step']}")
    return
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    jupyter.needs("nbconvert", "ipykernel")
    folder = tmp_path_factory.mktemp("jupyter")
    jupyter.executed(folder, DRAW, name="untrusted.ipynb")
    return folder


@pytest.fixture(scope="module")
def lab(folder: Path) -> Iterator[str]:
    jupyter.needs("jupyterlab", "anywidget")
    jupyter.write(folder / "live.ipynb", DRAW, WIDGET, SEEN, SET, SEEN, metadata=jupyter.KERNEL)
    options = ["--no-browser", "--port=0", "--ip=127.0.0.1", f"--IdentityProvider.token={jupyter.TOKEN}"]
    root = [f"--ServerApp.root_dir={folder}", "--allow-root"]
    with jupyter.serving(folder, "/lab", "jupyterlab", *options, *root) as url:
        yield re.sub("/lab.*", "", url)


@pytest.fixture
def visit(chromium: Any) -> Iterator[Any]:
    """Open a host's page, without the world around it.

    What our frames complain of fails the test; what the host says is its own affair.
    """
    context = chromium.new_context(viewport={"width": 1100, "height": 900})
    context.route(lambda url: url.startswith("https:"), lambda route: route.abort())
    complaints: list[str] = []

    def visit(url: str) -> Any:
        page = context.new_page()
        page.set_default_timeout(30_000)
        page.on("console", lambda said: "srcdoc" in said.location["url"] and complaints.append(said.text))
        page.goto(url, timeout=60_000)
        return page

    yield visit
    context.close()
    assert not complaints, "\n".join(complaints)


class Stepped:
    """The page that steps, in the frame of that number."""

    def __init__(self, page: Any, number: int = 0) -> None:
        self.frame = page.frame_locator("iframe[sandbox=allow-scripts]").nth(number)

    def command(self, name: str) -> None:
        self.frame.locator(f"[data-command={name}]").click()

    def is_at(self, step: int) -> None:
        self.frame.locator(f".knob[aria-valuenow='{step}']").wait_for()

    def fits(self) -> bool:
        """Whether the whole graph is to be seen."""
        drawn = self.frame.locator("#graph [data-box]").evaluate_all(
            "all => all.map((one) => one.getBoundingClientRect()).map((b) => [b.left, b.right, innerWidth])"
        )
        return bool(drawn) and all(0 <= left < right <= width for left, right, width in drawn)


def steps_back(page: Any, last: int, number: int = 0) -> Stepped:
    """Step back once from the end, in a frame of a host's page."""
    stepped = Stepped(page, number)
    stepped.is_at(last)
    stepped.command("back")
    stepped.is_at(last - 1)
    return stepped


def opened(visit: Any, lab: str, name: str) -> Any:
    page = visit(f"{lab}/doc/tree/{name}?reset&token={jupyter.TOKEN}")
    page.wait_for_selector(".jp-Notebook .jp-Cell", timeout=60_000)
    return page


def test_jupyterlab_shows_a_picture_in_a_notebook_that_is_not_trusted(visit: Any, lab: str) -> None:
    page = opened(visit, lab, "untrusted.ipynb")
    picture = page.locator(".jp-OutputArea img")
    picture.wait_for()
    assert picture.get_attribute("alt").startswith("6 values, 5 edges, o = 0.7064")
    assert picture.evaluate("image => image.naturalWidth") > 300
    assert page.locator("iframe").count() == 0


def test_jupyterlab_steps_and_shares_the_cursor_of_a_widget(visit: Any, lab: str) -> None:
    page = opened(visit, lab, "live.ipynb")

    def run() -> None:
        page.keyboard.press("Shift+Enter")

    page.get_by_text("| Idle").wait_for()
    page.locator(".jp-Cell .cm-content").first.click()
    run()
    assert steps_back(page, 24).fits()
    assert page.locator("figcaption").inner_text() == "One neuron"
    page.locator(".jp-Cell .cm-content").nth(1).click()
    run()
    widget = steps_back(page, 24, 1)
    assert widget.fits()
    page.wait_for_timeout(500)  # as long as it takes to tell Python
    page.locator(".jp-Cell .cm-content").nth(2).click()
    run()
    page.get_by_text("cursor 23 None").wait_for()
    run()
    widget.is_at(3)
    run()
    page.get_by_text("cursor 3 1").wait_for()


def test_a_page_made_by_nbconvert_steps(visit: Any, folder: Path) -> None:
    jupyter.jupyter(folder, "nbconvert", "--to", "html", "untrusted.ipynb")
    steps_back(visit((folder / "untrusted.html").as_uri()), 24)


def test_marimo_shows_graphs_and_widgets(visit: Any, tmp_path: Path) -> None:
    jupyter.needs("marimo", "anywidget")
    (tmp_path / "app.py").write_text(MARIMO, encoding="utf-8")
    options = ["--headless", "--no-token", "--port", str(jupyter.free_port()), "--host", "127.0.0.1"]
    with jupyter.serving(tmp_path, "", "marimo", "run", "app.py", *options) as url:
        page = visit(url)
        page.get_by_text("cursor 9").wait_for()
        steps_back(page, 9)
        steps_back(page, 9, 1)
        page.get_by_text("cursor 8").wait_for()
