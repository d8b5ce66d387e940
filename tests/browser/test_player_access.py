"""The player for those who hear it, who use no mouse, who want no movement, and on paper."""

from __future__ import annotations

from pathlib import Path

import pytest

from .conftest import Opener, Served
from .probes import at, probe
from .test_player import folded, written

pytestmark = pytest.mark.browser
__all__ = ["folded"]

BOTH = pytest.mark.parametrize("compact", [False, True], ids=["full", "compact"])
CONTROLS = """() => [...document.querySelectorAll(".btn, .round, select, .track, [role=tab]")]
  .filter((one) => one.checkVisibility()).length"""
WATCH = """() => {
  globalThis.seen = new Set();
  const look = () => {
    const boxes = [...document.querySelectorAll("[data-key='MLP/layers[1]']")];
    seen.add(boxes.map((box) => box.getAttribute("transform")).join());
    requestAnimationFrame(look);
  };
  look();
}"""


@BOTH
def test_each_step_is_told_to_who_does_not_see_it(
    neuron: Served, open_page: Opener, tmp_path: Path, compact: bool
) -> None:
    page = open_page(written(neuron, tmp_path, compact=compact, step=36))
    live = page.locator("#live[aria-live=polite][role=status]")
    assert live.inner_text() == "backward: x1*w1 + x2*w2 passes 0.5 × 1 = 0.5 back to x2*w2."
    page.keyboard.press("ArrowRight")
    assert live.inner_text() == "backward: x2*w2 passes 0.5 × 1 = 0.5 back to x2."
    assert page.inner_text("#sentence") == live.inner_text().replace(":", " ·", 1)
    slider = page.get_by_role("slider", name="Step")
    told = {
        name: slider.get_attribute(f"aria-{name}")
        for name in ("valuemin", "valuemax", "valuenow", "valuetext")
    }
    assert told == {
        "valuemin": "0",
        "valuemax": "43",
        "valuenow": "37",
        "valuetext": "step 37 of 43, backward",
    }
    now = page.locator("[aria-current=step]")
    assert now.count() == 1 and now.get_attribute("role") == "button"
    assert now.get_attribute("aria-label") == "x2, input, data 0, gradient 0.5"
    assert probe(page, "nameless") == [] and probe(page, "brokenIds") == []
    assert page.get_attribute("html", "lang") == "en" and page.title().startswith("neuron.py")
    assert page.locator("main[aria-label]").count() == 1


@BOTH
def test_keys_alone_are_enough(neuron: Served, open_page: Opener, tmp_path: Path, compact: bool) -> None:
    page = open_page(written(neuron, tmp_path, compact=compact, step=33))
    reached = []
    for _ in range(25 if compact else 80):  # once round
        page.keyboard.press("Tab")
        reached.append(probe(page, "focus"))
    assert [one["name"] for one in reached if not one["seen"]] == [], "one sees where the focus is"
    assert {f"n{n}" for n in range(10)} | {"first", "back", "toggle"} <= {one["name"] for one in reached}
    page.focus("[data-command=forward]")
    page.keyboard.press("Enter")
    assert at(page) == 34
    page.get_by_role("slider", name="Step").focus()
    for key, k in (("ArrowLeft", 33), ("Home", 0), ("End", 43)):
        page.keyboard.press(key)
        assert at(page) == k


def test_nothing_moves_for_who_wants_no_movement(folded: Served, open_page: Opener, tmp_path: Path) -> None:
    file = written(folded, tmp_path, depth=0)
    for wish in ("no-preference", "reduce"):
        page = open_page(file, reduced_motion=wish)
        page.focus("[data-key=MLP]")
        page.evaluate(WATCH)
        page.keyboard.press("Enter")
        page.wait_for_selector("[data-key='MLP/layers[1]']")
        page.wait_for_timeout(600)
        places = page.evaluate("[...seen].filter((place) => place !== '')")
        assert len(places) == 1 if wish == "reduce" else len(places) > 2
        assert page.evaluate("document.getAnimations().length") == 0


@BOTH
@pytest.mark.parametrize("theme", ["auto", "dark"])
def test_on_paper_it_is_light_and_has_no_buttons(
    neuron: Served, open_page: Opener, tmp_path: Path, compact: bool, theme: str
) -> None:
    file = written(neuron, tmp_path, compact=compact, step=33, theme=theme)
    page = open_page(file, color_scheme="dark")
    dark = probe(page, "colours")
    page.emulate_media(media="print")
    page.evaluate("dispatchEvent(new Event('beforeprint'))")
    assert page.evaluate(CONTROLS) == 0
    assert probe(page, "outside") == 0 and "passes" in page.inner_text("#sentence")
    assert probe(page, "colours") == {"paper": "rgb(246, 246, 244)", "card": "rgb(251, 250, 246)"} != dark
    page.emulate_media(media="screen")
    page.evaluate("dispatchEvent(new Event('afterprint'))")
    assert probe(page, "colours") == dark and page.evaluate(CONTROLS) > 5
