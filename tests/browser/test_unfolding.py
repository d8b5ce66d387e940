"""A box of a large view opens as a movement: seen, in nobody's way, and not where none is wanted."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from .conftest import Opener, Served, record

pytestmark = pytest.mark.browser

SCOPED = """\
import random
from gradviz import Value, scope

random.seed(1)
row = [Value(random.uniform(-1, 1), name=f"x{i}") for i in range(12)]
with scope("small"):
    for _ in range(3):
        row = [(row[i] * row[i - 1]).tanh() for i in range(12)]
with scope("big"):
    for _ in range(32):
        row = [(row[i] * row[i - 1] + row[i]).tanh() for i in range(12)]
loss = row[0]
for value in row[1:]:
    loss = loss + value
loss.backward()
"""
CLOCK = """() => {  // time stands still but for what the test says
  let frames = [];
  window.now = performance.now();
  performance.now = () => window.now;
  window.requestAnimationFrame = (call) => frames.push(call);
  window.cancelAnimationFrame = (id) => delete frames[id - 1];
  window.at = (ms) => {
    window.now += ms;
    const due = frames;
    frames = [];
    due.forEach((call) => call(window.now));
    return document.querySelector(".drawing canvas").toDataURL();
  };
  window.waiting = () => frames.filter(Boolean).length;
}"""
BOXES = {"small": "1,165 boxes", "all": "1,236 boxes"}


@pytest.fixture(scope="module")
def scoped(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    served = Served(record(tmp_path_factory.mktemp("scoped"), "scoped", SCOPED))
    yield served
    served.stop()


def label(page: Any) -> str:
    return str(page.evaluate("document.activeElement.getAttribute('aria-label') ?? ''"))


def opened(open_page: Opener, scoped: Served, **options: Any) -> Any:
    """A page in which the small scope was just opened, before the first frame of that."""
    page = open_page(scoped.url("&open=big/*&most=5000"), **options)
    assert BOXES["small"] in page.text_content(".crumbs .note")
    page.focus(".proxy")
    for _ in range(5):
        if label(page).startswith("small"):
            break
        page.keyboard.press("Shift+ArrowRight")
    assert label(page).startswith("small")
    page.wait_for_timeout(500)  # the camera follows
    page.evaluate(CLOCK)
    page.keyboard.press("Enter")
    for _ in range(100):
        if BOXES["all"] in page.text_content(".crumbs .note"):
            break
        page.wait_for_timeout(100)
    assert BOXES["all"] in page.text_content(".crumbs .note")
    return page


def frames(page: Any, *steps: int) -> list[str]:
    """What the canvas shows after so many ms each."""
    return [page.evaluate("(ms) => window.at(ms)", ms) for ms in steps]


def settled(page: Any) -> str:
    """What the canvas shows once nothing moves."""
    for _ in range(5):
        page.evaluate("window.at(1000)")
    assert page.evaluate("window.waiting()") == 0
    return str(page.evaluate("window.at(0)"))


def test_boxes_glide_for_a_moment_and_then_stand(scoped: Served, open_page: Opener) -> None:
    page = opened(open_page, scoped)
    start, middle, late, end = frames(page, 0, 60, 60, 130)
    assert len({start, middle, late, end}) == 4
    assert settled(page) == end, "after 250 ms nothing moves"


def test_the_focus_is_where_its_box_will_be_at_once(scoped: Served, open_page: Opener) -> None:
    page = opened(open_page, scoped)
    assert page.evaluate("document.activeElement.className") == "proxy" and label(page).startswith("x0*x11")
    frames(page, 0)
    place = page.locator(".proxy").bounding_box()
    middle = place["x"] + place["width"] / 2, place["y"] + place["height"] / 2
    page.mouse.click(*middle)
    settled(page)
    assert page.text_content("#inspector .title b") == "x0*x11", "the pointer finds it there as well"
    assert page.locator(".proxy").bounding_box() == place


@pytest.mark.parametrize("action", ["ArrowRight", "+"])
def test_what_somebody_does_next_ends_the_movement(action: str, scoped: Served, open_page: Opener) -> None:
    page = opened(open_page, scoped)
    start, middle = frames(page, 0, 60)
    page.keyboard.press(action)
    page.wait_for_timeout(300)
    [after] = frames(page, 0)
    assert after not in (start, middle)
    assert settled(page) == after or action == "+", "all stands where it belongs, with the step taken"
    assert page.evaluate("window.waiting()") == 0


def test_nothing_moves_for_those_who_want_less_motion(scoped: Served, open_page: Opener) -> None:
    page = opened(open_page, scoped, reduced_motion="reduce")
    [first] = frames(page, 0)
    assert settled(page) == first
