"""A view of more boxes than an SVG carries: painted, and the same to pointer, keyboard and screen reader."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest

from .conftest import Opener, Served, record
from .probes import at

pytestmark = pytest.mark.browser

WOVEN = """\
import random
from gradviz import Value

random.seed(1)
row = [Value(random.uniform(-1, 1), name=f"x{i}") for i in range(12)]
for _ in range(40):
    row = [(row[i] * row[i - 1] + row[i]).tanh() for i in range(12)]
loss = row[0]
for value in row[1:]:
    loss = loss + value
loss.backward()
"""
ALL = "&open=*&most=5000"
COLOURS = """() => {
  const canvas = document.querySelector(".drawing canvas");
  const { width, height } = canvas;
  const copy = Object.assign(document.createElement("canvas"), { width, height });
  const context = copy.getContext("2d", { willReadFrequently: true });
  context.drawImage(canvas, 0, 0);
  const { data } = context.getImageData(0, 0, width, height);
  const found = {};
  for (let i = 0; i < data.length; i += 4) {
    if (data[i + 3] < 255) continue;
    const name = [data[i], data[i + 1], data[i + 2]].join();
    found[name] = (found[name] ?? 0) + 1;
  }
  return found;
}"""


@pytest.fixture(scope="module")
def woven(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    served = Served(record(tmp_path_factory.mktemp("woven"), "woven", WOVEN))
    yield served
    served.stop()


def rested(page: Any) -> dict[str, int]:
    """The colours on the canvas and their pixels, once two looks at it are the same."""
    before: dict[str, int] = {}
    for _ in range(40):
        page.wait_for_timeout(100)
        now: dict[str, int] = page.evaluate(COLOURS)
        if now == before:
            return now
        before = now
    raise AssertionError("the canvas never rests")


def focused(page: Any) -> str:
    return str(page.evaluate("document.activeElement.getAttribute('aria-label') ?? ''"))


def title(page: Any) -> str:
    return str(page.text_content("#inspector .title b"))


def is_around(card: dict[str, float], middle: tuple[float, float]) -> bool:
    x, y = card["x"] + card["width"] / 2, card["y"] + card["height"] / 2
    return abs(x - middle[0]) < 9 and abs(y - middle[1]) < 9


def test_a_large_view_is_painted(woven: Served, open_page: Opener) -> None:
    page = open_page(woven.url(ALL))
    assert page.locator(".drawing canvas").count() == 1
    assert page.locator(".drawing svg").count() == 0
    assert "all 1," in page.text_content(".crumbs .note")
    cards = rested(page)
    assert cards.get("255,255,255", 0) > 5_000, "white cards"
    page.keyboard.press("End")
    assert len(set(rested(page)) - set(cards)) > 5, "gradients have colours"
    page.keyboard.press("f")
    assert rested(page).get("255,255,255", 0) < 5_000, "far away there are blocks"


def test_a_step_repaints_only_what_changes(woven: Served, open_page: Opener) -> None:
    page = open_page(woven.url(f"{ALL}&step=300"))
    rested(page)
    page.evaluate("""() => {
      const { prototype } = CanvasRenderingContext2D;
      const clear = prototype.clearRect;
      window.cleared = 0;
      prototype.clearRect = function (x, y, w, h) {
        window.cleared += w * h;
        return clear.call(this, x, y, w, h);
      };
    }""")
    page.keyboard.press("f")
    rested(page)
    whole = page.evaluate("window.cleared")
    page.evaluate("window.cleared = 0")
    page.keyboard.press("ArrowRight")
    rested(page)
    assert 0 < page.evaluate("window.cleared") < whole / 10


KEEP = """() => {
  const canvas = document.querySelector(".drawing canvas");
  const { width, height } = canvas;
  const copy = Object.assign(document.createElement("canvas"), { width, height });
  const context = copy.getContext("2d", { willReadFrequently: true });
  context.drawImage(canvas, 0, 0);
  const before = window.kept;
  window.kept = context.getImageData(0, 0, width, height).data;
  return before ? before.filter((level, i) => Math.abs(level - window.kept[i]) > 32).length : null;
}"""


def test_what_is_painted_in_parts_looks_as_when_painted_at_once(woven: Served, open_page: Opener) -> None:
    page = open_page(woven.url(f"{ALL}&step=300"))
    rested(page)
    page.keyboard.press("f")
    middle = page.locator(".drawing").bounding_box()
    x, y = middle["x"] + middle["width"] / 2, middle["y"] + middle["height"] / 2
    for act in ("step", "pan"):
        if act == "step":
            for _ in range(5):
                page.keyboard.press("ArrowRight")
                page.wait_for_timeout(50)
        else:
            page.mouse.move(x, y)
            page.mouse.down()
            page.mouse.move(x - 300, y, steps=6)
            page.mouse.up()
            page.mouse.move(1, 1)
        rested(page)
        page.evaluate(KEEP)
        for scheme in ("dark", "light"):
            page.emulate_media(color_scheme=scheme)
            rested(page)
        assert page.evaluate(KEEP) == 0, act  # but for the rims of lines that are cut


def test_a_click_selects_the_box_under_it(woven: Served, open_page: Opener) -> None:
    page = open_page(woven.url(f"{ALL}&step=300"))
    page.focus(".proxy")
    page.keyboard.press("Shift+ArrowLeft")
    page.keyboard.press("Shift+ArrowRight")
    page.wait_for_timeout(400)  # the camera follows
    name, place = title(page), page.locator(".proxy").bounding_box()
    key = re.search(r"node=(n\d+)", page.url)[1]
    page.keyboard.press("Escape")
    page.mouse.click(place["x"] + place["width"] / 2, place["y"] + place["height"] / 2)
    page.wait_for_function("key => location.hash.includes(`node=${key}`)", arg=key)
    assert title(page) == name
    page.mouse.move(place["x"] + place["width"] / 2, place["y"] + place["height"] / 3)
    page.wait_for_function("document.querySelector('.drawing canvas').title.includes('data')")
    page.mouse.dblclick(place["x"] + place["width"] / 2, place["y"] + place["height"] / 2)
    page.wait_for_selector(".knob:not([aria-valuenow='300'])")


def test_the_keyboard_walks_along_the_edges(woven: Served, open_page: Opener) -> None:
    page = open_page(woven.url(f"{ALL}&step=300"))
    for _ in range(60):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.classList.contains('proxy')"):
            break
    assert page.evaluate("getComputedStyle(document.activeElement).outlineStyle") == "solid"
    before = focused(page)
    page.keyboard.press("Shift+ArrowRight")
    consumer = focused(page)
    assert consumer != before
    assert title(page) in consumer, "the inspector goes along"
    page.keyboard.press("Shift+ArrowDown")
    assert focused(page) not in (before, consumer)
    page.keyboard.press("ArrowRight")
    assert at(page) == 301, "plain arrows still step"
    assert page.evaluate("document.activeElement.getAttribute('role')") == "button"


def test_a_change_of_theme_repaints(woven: Served, open_page: Opener) -> None:
    page = open_page(woven.url(ALL), color_scheme="light")
    assert rested(page).get("255,255,255", 0) > 5_000
    page.emulate_media(color_scheme="dark")
    assert rested(page).get("255,255,255", 0) < 500
    page.click("#theme")
    assert rested(page).get("255,255,255", 0) > 5_000


def test_it_asks_before_it_draws_much(woven: Served, open_page: Opener) -> None:
    page = open_page(woven.url("&open=&most=100"))
    counts = [int(re.sub(r"\D", "", text)) for text in page.locator(".gv-count").all_text_contents()]
    folded = page.locator("[data-box]:has(.gv-count)").nth(counts.index(max(counts)))
    key = folded.get_attribute("data-key")
    folded.focus()
    page.keyboard.press("Shift+Enter")
    page.wait_for_selector("#held[open]")
    assert re.search(r"[\d,]+ boxes: .* to lay out", page.text_content("#held"))
    assert page.evaluate("document.activeElement.textContent") == "Keep it folded"
    page.keyboard.press("Enter")
    assert page.locator("#held[open]").count() == 0
    assert page.evaluate("document.activeElement.dataset.key") == key, "the focus returns"
    assert "most=100" in page.url
    page.keyboard.press("Shift+Enter")
    page.wait_for_selector("#held[open]")
    page.keyboard.press("Escape")
    assert page.locator("#held[open]").count() == 0
    page.keyboard.press("Shift+Enter")
    page.click("#held >> text=Open anyway")
    page.wait_for_selector(f"[data-key='{key}']", state="detached")
    assert "/*" in page.url
    page.go_back()
    page.wait_for_selector(f"[data-key='{key}']")


def test_a_newer_wish_and_escape_abort_opening(mlp: Served, open_page: Opener) -> None:
    page = open_page(mlp.url())
    waiting: list[Any] = []
    aborted: list[str] = []
    page.on("requestfailed", lambda request: aborted.append(request.url))
    page.route(re.compile(r"/api/passes/0\?"), lambda route: waiting.append(route))
    boxes = page.locator("[data-box]:has(.gv-progress)")
    keys = [boxes.nth(i).get_attribute("data-key") for i in range(2)]
    for i in range(2):
        boxes.nth(i).focus()
        page.keyboard.press("Enter")
    page.wait_for_selector(".working:not([hidden])")
    assert len(waiting) == 2
    assert len(aborted) == 1
    page.keyboard.press("Escape")
    page.wait_for_selector(".working", state="hidden")
    page.wait_for_timeout(300)  # the browser tells of it a moment later
    assert len(aborted) == 2
    assert [boxes.nth(i).get_attribute("data-key") for i in range(2)] == keys
    page.complaints.clear()


@pytest.mark.parametrize("motion", ["reduce", "no-preference"])
def test_what_is_opened_stays_where_the_eye_is(mlp: Served, open_page: Opener, motion: str) -> None:
    page = open_page(mlp.url(), reduced_motion=motion)
    box = page.locator("[data-box]:has(.gv-progress)").nth(1)
    box.click()
    page.wait_for_timeout(300)
    before = box.bounding_box()
    key = box.get_attribute("data-key")
    page.keyboard.press("Enter")
    page.wait_for_selector(f"[data-key='{key}']", state="detached")
    page.wait_for_timeout(400)
    middle = before["x"] + before["width"] / 2, before["y"] + before["height"] / 2
    near = [card.bounding_box() for card in page.locator(".gv-card").all()]
    inside = [card for card in near if is_around(card, middle)]
    assert inside, "a part of it is where it was"
    assert page.locator("[data-box][transform*=scale]").count() == 0
    assert page.locator(".gv-edges[opacity]").count() == 0
