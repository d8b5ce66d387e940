"""The player in a real browser: from a file, and in a frame that may do nothing but run scripts."""

from __future__ import annotations

from collections.abc import Iterator
from html import escape
from pathlib import Path
from typing import Any

import pytest

from gradviz import Value, record
from gradviz.player import html
from gradviz.recording import Recording

from .conftest import Opener, Served
from .conftest import record as recorded
from .probes import PROBES, at, probe

pytestmark = pytest.mark.browser

FOLDED = """\
from gradviz import nn

model = nn.MLP(2, [4, 4, 1], activation="tanh", seed=1)
loss = (model([0.5, -1.0]) - 1.0) ** 2
loss.backward()
"""


LETTER = """() => document.querySelector("#graph [data-key] text").getBoundingClientRect().height"""


@pytest.fixture(scope="module")
def folded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    served = Served(recorded(tmp_path_factory.mktemp("folded"), "folded", FOLDED))
    yield served
    served.stop()


def written(served: Served, folder: Path, **options: Any) -> str:
    """The player of what is served, as the address of a file."""
    path = folder / "player.html"
    with Recording.open(str(served.path)) as recording:
        path.write_text(html(recording, **options), "utf-8")
    return path.as_uri()


def steps_through(page: Any, key: str, times: int) -> list[Any]:
    seen = [probe(page, "state")]
    for _ in range(times):
        page.keyboard.press(key)
        seen.append(probe(page, "state"))
    return seen


def test_from_a_file_every_frame_is_the_servers(neuron: Served, open_page: Opener, tmp_path: Path) -> None:
    page, theirs = open_page(written(neuron, tmp_path)), open_page(neuron.url())
    asked: list[str] = []
    page.context.on("request", lambda request: asked.append(request.url))
    forward = steps_through(page, "ArrowRight", 43)
    assert forward == steps_through(theirs, "ArrowRight", 43)
    assert steps_through(page, "ArrowLeft", 43) == forward[::-1]
    page.keyboard.press("]")
    assert "pass 1 of 3" in " ".join(page.inner_text("#passes").split())
    page.keyboard.press("End")
    for key in ("g", "c", "Home", "ArrowDown", "?", "Escape", "f"):
        page.keyboard.press(key)
    assert not asked, "nothing leaves the page"


def test_a_folded_box_opens_as_it_does_with_a_server(
    folded: Served, open_page: Opener, tmp_path: Path
) -> None:
    page, theirs = open_page(written(folded, tmp_path, depth=0)), open_page(folded.url("&open="))
    pictures = []
    for one in (page, theirs):
        one.keyboard.press("End")
        one.focus("[data-key=MLP]")
        one.keyboard.press("Enter")
        one.wait_for_selector("[data-key='MLP/layers[1]']")
        one.keyboard.press("ArrowLeft")
        pictures.append(probe(one, "state"))
        one.click(".crumb")
        one.wait_for_selector("[data-key=MLP]")
    assert pictures[0] == pictures[1]
    assert probe(page, "state") == probe(theirs, "state"), "and folds again"


def test_what_is_not_carried_is_said(folded: Served, open_page: Opener, tmp_path: Path) -> None:
    page = open_page(written(folded, tmp_path, depth=0))
    for key in ("MLP", "MLP/layers[1]"):
        page.focus(f"[data-key='{key}']")
        page.keyboard.press("Enter")
        page.wait_for_selector("[data-key='MLP/layers[1]']")
    notice = page.inner_text(".notice")
    assert "does not carry that view" in notice and "gradviz show" in notice
    assert page.locator("#export, #whatif, #held").count() == 0
    page.keyboard.press("ArrowRight")
    assert at(page) == 1, "and it goes on"


def test_an_address_leads_to_the_moment(neuron: Served, open_page: Opener, tmp_path: Path) -> None:
    file = written(neuron, tmp_path, phase="backward", step=2)
    page = open_page(file)
    assert at(page) == 32
    page.keyboard.press("ArrowRight")
    page.wait_for_function("() => location.hash.includes('step=33')")
    page.reload()
    page.wait_for_selector("body[data-state=ready]")
    assert at(page) == 33
    page = open_page(f"{file}#pass=0&step=17&node=n9&what=n0:5&open=nowhere")
    assert at(page) == 17
    assert page.get_attribute("[data-key=n9]", "class").split().count("selected") == 1


@pytest.mark.parametrize("compact", [False, True])
def test_it_steps_in_a_sandboxed_frame(
    neuron: Served, open_page: Opener, tmp_path: Path, compact: bool
) -> None:
    with Recording.open(str(neuron.path)) as recording:
        player = html(recording, compact=compact, step=33)
    host = tmp_path / "host.html"
    frame = f'<iframe sandbox="allow-scripts" width="600" height="400" srcdoc="{escape(player)}"></iframe>'
    host.write_text(f'<!doctype html><meta charset="utf-8">{frame}', "utf-8")
    page = open_page(host.as_uri(), ready=False)
    inside = page.frames[1]
    inside.wait_for_selector("body[data-state=ready]")
    theirs = open_page(neuron.url("&step=33"))
    for key in ("ArrowRight", "ArrowRight", "ArrowLeft", "End", "Home"):
        inside.locator("#transport").press(key)
        theirs.keyboard.press(key)
        mine, other = (
            one.evaluate(f"{PROBES}.rest().then(() => {PROBES}.state())") for one in (inside, theirs)
        )
        assert {**mine, "line": None} == {**other, "line": None}
    inside.click("[data-command=forward]")
    assert inside.get_attribute(".knob", "aria-valuenow") == "1"
    page.wait_for_timeout(400)  # when the address would be written


def test_embedded_it_is_small_and_whole(neuron: Served, open_page: Opener, tmp_path: Path) -> None:
    file = written(neuron, tmp_path, compact=True, step=43)
    papers = set()
    for scheme, size in (("light", (600, 400)), ("dark", (600, 400)), ("light", (340, 300))):
        page = open_page(file, size=size, color_scheme=scheme)
        assert probe(page, "overflow") == [0, 0]
        assert probe(page, "outside") == 0
        assert probe(page, "nameless") == [] and probe(page, "brokenIds") == []
        assert page.locator(".stage").bounding_box()["height"] > 0.6 * size[1]
        assert "update" in page.inner_text("#sentence")
        assert page.evaluate(LETTER) >= 7  # px
        papers.add(probe(page, "colours")["paper"])
        page.keyboard.press("g")  # what it does not have is not there by key either
        page.keyboard.press("ArrowLeft")
        assert at(page) == 42 and page.locator(".notice").count() == 0
        steps_through(page, "ArrowLeft", 42)
        assert probe(page, "outside") == 0, "nor does the picture wander off"
    assert len(papers) == 2


def test_a_small_frame_is_drawn_for_whatever_size_it_gets(
    neuron: Served, open_page: Opener, tmp_path: Path
) -> None:
    file = written(neuron, tmp_path, compact=True, step=17)
    page = open_page(file, size=(600, 400))
    numbers = page.locator(".gv-carried").first
    wide = probe(page, "state")
    for size, labelled in (
        ((340, 300), False),
        ((390, 300), True),
        ((436, 320), True),
        ((390, 600), True),
        ((600, 400), True),
    ):
        page.set_viewport_size({"width": size[0], "height": size[1]})
        page.wait_for_function(f"() => ({PROBES}).outside() === 0 && ({LETTER})() >= 7")  # drawn anew
        assert page.evaluate(LETTER) >= 7 and at(page) == 17
        assert numbers.evaluate("one => getComputedStyle(one).display !== 'none'") == labelled
        assert probe(page, "state") == wide, "it says the same at every size"
    page = open_page(file, size=(300, 220))  # too small for all of it: the step is in view, and can be read
    for key in ("End", "ArrowLeft", "Home", "ArrowRight"):
        page.keyboard.press(key)
        page.wait_for_function(f"() => ({PROBES}).outside(true) === 0 && ({LETTER})() >= 7")
        assert page.evaluate(LETTER) >= 7 and probe(page, "outside") > 0


def test_the_theme_that_was_chosen_holds(neuron: Served, open_page: Opener, tmp_path: Path) -> None:
    dark = open_page(written(neuron, tmp_path, theme="dark"), color_scheme="light")
    auto = open_page(neuron.url(), color_scheme="dark")
    assert probe(dark, "colours") == probe(auto, "colours")
    dark.click("#theme")
    assert dark.get_attribute("html", "data-theme") is None


def test_hostile_texts_stay_texts(open_page: Opener, tmp_path: Path) -> None:
    text = "</script><script>document.title = 'bad'</script><!--<img src=x onerror=\"document.title='bad'\">"
    x = Value(-9.003e-7, name=text)
    y = x * x
    y.name = "e\u202evil"  # turns the reading direction round
    y.backward()
    shown = Recording.of([record(y)], sources={text: text}, meta={"script": text, "argv": [text]})
    path = tmp_path / "hostile.html"
    path.write_text(html(shown), "utf-8")
    page = open_page(path.as_uri())
    page.keyboard.press("End")
    page.click("[data-key=n0]")
    page.wait_for_selector("#inspector .facts")
    assert page.title() != "bad" and page.inner_text("#inspector .title b") == text
    assert page.locator("img").count() == 0
    assert "\u202e" not in page.inner_text("body") and r"e\u202evil" in page.inner_text("#order")
    numbers = page.locator("#order .value")
    assert "-1.801e-06" in numbers.all_inner_texts()
    assert numbers.evaluate_all("all => all.every((one) => one.scrollWidth <= one.clientWidth)")


def test_without_scripts_there_is_the_picture(neuron: Served, chromium: Any, tmp_path: Path) -> None:
    context = chromium.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(written(neuron, tmp_path, step=33))
    picture = page.locator("noscript img")
    assert "Computation graph of o" in picture.get_attribute("alt")
    assert picture.bounding_box()["width"] > 500
    page.set_viewport_size({"width": 390, "height": 300})
    assert picture.bounding_box()["width"] < 390  # all of it is seen, however small the frame
    context.close()
