"""How the page looks in themes and sizes, and whether everybody can reach everything."""

from __future__ import annotations

import re

import pytest

from .conftest import Opener, Served
from .probes import at, probe

pytestmark = pytest.mark.browser

LIGHT, DARK = "rgb(246, 246, 244)", "rgb(20, 23, 28)"


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_theme_follows_the_system_and_the_switch(neuron: Served, open_page: Opener, scheme: str) -> None:
    page = open_page(neuron.url(), color_scheme=scheme)
    assert probe(page, "colours")["paper"] == (LIGHT if scheme == "light" else DARK)
    page.click("#theme")
    assert probe(page, "colours")["paper"] == LIGHT
    page.click("#theme")
    assert probe(page, "colours")["paper"] == DARK
    page.wait_for_timeout(300)
    assert max(map(int, re.findall(r"\d+", probe(page, "colours")["card"]))) < 100, (
        "the drawing goes with the page"
    )
    page.reload()
    page.wait_for_selector("body[data-state=ready]")
    assert probe(page, "colours")["paper"] == DARK


@pytest.mark.parametrize("size", [(1440, 900), (1024, 700), (390, 844), (320, 568)])
def test_nothing_is_cut_off(neuron: Served, open_page: Opener, size: tuple[int, int]) -> None:
    page = open_page(neuron.url("&step=33"), size=size)
    page.wait_for_timeout(300)
    assert probe(page, "overflow") == [0, 0]
    for button in page.locator(":is(header, footer, .stage-tools) button:visible").all():
        box = button.bounding_box()
        assert box["x"] >= 0 and box["x"] + box["width"] <= size[0] + 0.5, button.get_attribute("aria-label")
        assert box["y"] >= 0 and box["y"] + box["height"] <= size[1] + 0.5, button.get_attribute("aria-label")
    if size[0] < 820:
        for command in ("first", "back", "toggle", "forward", "last"):
            assert page.locator(f"[data-command={command}]").bounding_box()["height"] >= 44


def test_narrow_shows_one_pane_at_a_time(neuron: Served, open_page: Opener) -> None:
    page = open_page(neuron.url("&step=33"), size=(390, 844), has_touch=True)
    for pane in ("source", "order", "findings", "inspector"):
        page.tap(f"#tab-{pane}")
        assert page.locator(".pane:visible").count() == 1
        assert page.locator(f"#{pane}").is_visible()
    page.tap("[data-command=forward]")
    assert at(page) == 34


@pytest.mark.parametrize("size", [(1440, 900), (390, 844)])
def test_the_first_look_can_be_read(mlp: Served, open_page: Opener, size: tuple[int, int]) -> None:
    page = open_page(mlp.url(), size=size)
    assert probe(page, "scale") >= 0.6
    assert probe(page, "outside") < page.locator(".gv-card").count(), "something is in view"
    page.click("text=Fit")
    assert probe(page, "outside") == 0, "and one press shows all"


def test_two_fingers_zoom(neuron: Served, open_page: Opener) -> None:
    page = open_page(neuron.url(), size=(390, 844), has_touch=True)
    page.click("text=Fit")
    before = probe(page, "scale")
    touch = page.context.new_cdp_session(page)

    def fingers(event: str, apart: int) -> None:
        points = [{"x": 195 + side * apart / 2, "y": 250, "id": side} for side in (-1, 1)]
        touch.send("Input.dispatchTouchEvent", {"type": event, "touchPoints": points if apart else []})

    fingers("touchStart", 60)
    for apart in range(70, 130, 10):
        fingers("touchMove", apart)
    fingers("touchEnd", 0)
    assert 1.8 < probe(page, "scale") / before < 2.2
    assert page.locator(".selected").count() == 0, "fingers that moved choose nothing"


def test_stepping_never_moves_the_layout(neuron: Served, open_page: Opener) -> None:
    page = open_page(neuron.url())
    before = probe(page, "places")
    for _ in range(43):
        page.keyboard.press("ArrowRight")
        assert probe(page, "places") == before


def test_the_keyboard_alone_is_enough(neuron: Served, open_page: Opener) -> None:
    page = open_page(neuron.url("&step=33"))
    reached: dict[str, bool] = {}
    for _ in range(80):
        page.keyboard.press("Tab")
        focus = probe(page, "focus")
        reached[focus["name"]] = focus["seen"]
    for wanted in ("theme", "help-button", "n9", "no", "tab-order", "knob", "toggle", "speed"):
        assert wanted in reached, (wanted, reached)
    unseen = [name for name, seen in reached.items() if not seen]
    assert not unseen, f"focus does not show on {unseen}"
    page.keyboard.press("?")
    assert page.locator("#help").is_visible()
    page.keyboard.press("Escape")
    assert not page.locator("#help").is_visible()
    page.focus("[data-line='10'] .no")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    assert page.get_attribute("[data-line='11'] .no", "aria-pressed") == "true"
    page.focus("[data-key=n8]")
    page.keyboard.press("Home")
    page.keyboard.press("ArrowDown")
    assert at(page) >= 1


def test_everything_has_a_name(neuron: Served, mlp: Served, open_page: Opener) -> None:
    for served in (neuron, mlp):
        page = open_page(served.url("&step=40"))
        page.wait_for_timeout(400)
        assert probe(page, "nameless") == []
        assert probe(page, "brokenIds") == []
        assert page.get_attribute("html", "lang") == "en"
        assert page.locator("h1").count() == 1


def test_the_sentence_is_spoken(neuron: Served, open_page: Opener) -> None:
    page = open_page(neuron.url())
    page.keyboard.press("ArrowRight")
    assert page.text_content("#live").startswith("forward: ")
    assert page.get_attribute("#live", "aria-live") == "polite"


def test_to_move_a_drawing_changes_nothing_in_it(mlp: Served, open_page: Opener) -> None:
    page = open_page(mlp.url("&step=3"))
    page.evaluate("""() => {
      window.changed = [];
      const told = (one) => `${one.target.localName} ${one.attributeName}`;
      new MutationObserver((all) => changed.push(...all.map(told)))
        .observe(document.querySelector(".drawing"), { attributes: true, childList: true, subtree: true });
    }""")
    box, pane = page.locator(".drawing [data-box]").first, page.locator(".drawing").bounding_box()
    before = box.bounding_box()
    page.mouse.move(pane["x"] + 9, pane["y"] + pane["height"] / 2)
    page.mouse.down()
    page.mouse.move(pane["x"] + 49, pane["y"] + pane["height"] / 2 - 30, steps=4)
    page.mouse.up()
    after = box.bounding_box()
    assert abs(after["x"] - before["x"] - 40) < 0.1
    assert abs(after["y"] - before["y"] + 30) < 0.1
    assert set(page.evaluate("window.changed")) == {"svg style", "div class"}, "no text is laid out anew"
