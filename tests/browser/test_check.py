"""The check of gradients in a real browser: marks, numbers and words, in the SVG and on the canvas."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from handset import hand_set

from gradviz.recording import Recording

from .conftest import Opener, Served, record
from .probes import probe
from .test_large import WOVEN, rested

pytestmark = pytest.mark.browser

ENGINES = Path(__file__).resolve().parent.parent / "engines"
WRONG, RIGHT = "180,35,24", "26,127,55"  # the colours of the badges on paper


@pytest.fixture(scope="module")
def hand(neuron: Served) -> Iterator[Served]:
    """Pass 0: w1 wrong and x2 never set, by hand. Pass 1: backward failed at n."""
    recording = Recording.open(str(neuron.path))
    graph = recording.graph(0)
    names = {name: node for node, name in graph.names.items()}
    failed = {"node": 8, "type": "TypeError", "message": "no <b>", "file": "", "line": 10}
    notes = ["Two values have <i>no</i> label."]
    passes = [
        hand_set(
            graph,
            {names["w1"]: -1.5},
            never=[names["x2"]],
            inferred={"operands": [2], "count": 1},
            notes=notes,
        ),
        graph.replace(meta={**graph.meta, "failed": failed}),
    ]
    served = Served(Recording.of(passes, sources=recording.sources, meta=recording.meta))
    yield served
    served.stop()


@pytest.fixture(scope="module")
def large(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    recording = Recording.open(str(record(tmp_path_factory.mktemp("woven"), "woven", WOVEN)))
    graph = recording.graph(0)
    leaf = next(node for node, name in graph.names.items() if name == "x3")
    served = Served(Recording.of([hand_set(graph, {leaf: 99.0})], meta=recording.meta))
    yield served
    served.stop()


NET = """
x = [Tensor(2.0), Tensor(-0.35), Tensor(0.0125)]
w = [[Tensor(-0.3), Tensor(0.00123), Tensor(0.7)], [Tensor(0.51), Tensor(-0.62), Tensor(0.211)]]
b = [Tensor(0.1), Tensor(0.2)]
h = []
for row, bias in zip(w, b):
    n = bias
    for wi, xi in zip(row, x):
        n = n + wi * xi
    h.append(n.tanh())
v = [Tensor(0.000451), Tensor(-1.331)]
out = (h[0] * v[0] + h[1] * v[1]).tanh()
loss = out * out
loss.backward()
"""
OVERLAPS = """() => {
  const measure = (element) => {
    const { left, right, top, bottom } = element.getBoundingClientRect();
    const box = element.closest("[data-box]");
    return { what: element.textContent || element.tagName, box, left, right, top, bottom };
  };
  const all = (query) => [...document.querySelectorAll(query)].map(measure).filter((a) => a.right > a.left);
  const marks = all(".badge text, .badge circle");
  const others = [...marks, ...all(".gv-order, .gv-carried, .gv-card, .gv-grad")];
  const isNumber = ({ what }) => /^[-0-9.e+]+$/.test(what); // it hangs on its own card, not on its numbers
  const meet = (a, b) => a.left < b.right && b.left < a.right && a.top < b.bottom && b.top < a.bottom;
  const found = marks.flatMap((mark) => others
    .filter((other) => (other.box !== mark.box || isNumber(other)) && meet(mark, other))
    .map((other) => `${mark.what} on ${other.what}`));
  const said = marks.filter(({ what }) => what !== "circle").length;
  return { found, marks: said, boxes: document.querySelectorAll("[data-box]").length };
}"""
BADGES = """() => Object.fromEntries([...document.querySelectorAll(".badge")].map((badge) => {
  const name = badge.closest("[data-box]").querySelector(".gv-name").textContent;
  return [name, `${badge.classList[1]} ${badge.querySelector("text")?.textContent ?? ""}`.trim()];
}))"""


def badges(page: Any) -> dict[str, str]:
    """The badge of each box that has one: its kind and its text, by the box's name."""
    found: dict[str, str] = page.evaluate(BADGES)
    return found


@pytest.fixture(scope="module")
def net(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """A net of somebody's own engine whose tanh is wrong, so that most gradients are."""
    engine = (ENGINES / "tanh_of_input.py").read_text(encoding="utf-8").split("\nx1, w1, b =")[0]
    served = Served(record(tmp_path_factory.mktemp("net"), "net", engine + NET))
    yield served
    served.stop()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", [(1440, 900), (390, 844)])
def test_what_it_should_be_stands_on_no_other_text(
    size: tuple[int, int], scheme: str, net: Served, open_page: Opener
) -> None:
    page = open_page(net.url(), size=size, color_scheme=scheme)
    page.keyboard.press("End")
    page.keyboard.press("g")
    page.wait_for_selector(".badge.wrong")
    for _ in range(3):
        overlaps = page.evaluate(OVERLAPS)
        assert overlaps["marks"] == 30 and overlaps["boxes"] == 32
        assert overlaps["found"] == []
        page.keyboard.press("+")
        page.wait_for_timeout(100)


def test_the_button_marks_right_wrong_and_missing(hand: Served, open_page: Opener) -> None:
    page = open_page(hand.url())
    assert badges(page) == {}
    page.click("[aria-label='Check gradients']")
    page.wait_for_selector(".badge.wrong")
    found = badges(page)
    assert (found["w1"], found["x2"], found["o"]) == ("wrong should be 1", "missing should be 0.5", "right")
    assert page.get_attribute("[aria-label='Check gradients']", "aria-pressed") == "true"
    assert "8 right, 1 wrong, 1 not computed" in page.inner_text("#check")
    said = page.get_attribute("[data-box]:has(.gv-name:text-is('w1'))", "aria-label")
    assert said.endswith("gradient wrong, should be 1"), "not by colour alone"
    assert page.text_content("[data-box]:has(.gv-name:text-is('x2')) .gv-grad") == "–", (
        "never set is not zero"
    )
    page.keyboard.press("g")
    page.wait_for_selector(".badge", state="detached")
    assert "check" not in page.url


def test_the_address_keeps_the_check(hand: Served, open_page: Opener) -> None:
    page = open_page(hand.url("&check=1&step=9"))
    page.wait_for_selector(".badge.wrong")
    page.reload()
    page.wait_for_selector(".badge.wrong")
    assert "check=1" in page.url and "step=9" in page.url
    page.keyboard.press("]")
    page.wait_for_selector(".badge.failed")
    page.wait_for_selector(".badge.right")
    assert page.locator(".badge.wrong").count() == 0


def test_the_inspector_shows_expected_recorded_and_the_rule(hand: Served, open_page: Opener) -> None:
    page = open_page(hand.url("&check=1"))
    page.click("#check >> text=show")
    page.wait_for_selector("#inspector [aria-label='Checked gradient']")
    rows = page.locator("#inspector [aria-label='Checked gradient'] tr").all_inner_texts()
    assert [row.split() for row in rows] == [["expected", "1"], ["recorded", "-1.5"]]
    assert "0.5 × 2 = 1" in page.inner_text("#inspector .expectation")
    page.keyboard.press("n")
    page.wait_for_function("() => document.querySelector('#inspector .title b').textContent === 'x2'")
    assert "not computed" in page.inner_text("#inspector [aria-label='Checked gradient']")
    page.click("[data-box]:has(.gv-name:text-is('o'))")
    page.wait_for_selector("#inspector .verdict.right")


def test_by_hand_inferred_failed_and_noted_are_said(hand: Served, open_page: Opener) -> None:
    page = open_page(hand.url())
    assert page.inner_text("#check").startswith("gradients set by hand")
    page.click("#tab-findings")
    words = page.inner_text("#findings")
    assert "set by hand" in words and "inferred for 1 value," in words and "<i>no</i>" in words
    page.click("[data-key=n2]")
    page.wait_for_selector("#inspector .aside >> text=inferred")
    page.keyboard.press("]")
    page.wait_for_selector("#findings >> text=backward() failed at n: TypeError")
    assert page.locator("#check").is_hidden()
    page.click("text=Go to n")
    page.wait_for_selector("#inspector .aside.failed >> text=no <b>")
    assert page.locator("#inspector .aside b b").count() == 0


def test_on_the_canvas_too(large: Served, open_page: Opener) -> None:
    page = open_page(large.url("&open=*&most=5000"))
    assert not {WRONG, RIGHT} & rested(page).keys()
    page.keyboard.press("g")
    page.wait_for_selector("#check .wrong")
    assert page.inner_text("#check b").endswith("right, 1 wrong")
    page.keyboard.press("f")
    colours = rested(page)
    assert WRONG in colours and RIGHT not in colours, "from afar only what fails is marked"
    page.click("#check >> text=show")
    for _ in range(4):
        page.keyboard.press("+")
    while probe(page, "focus") is None:
        page.keyboard.press("Tab")
    assert "99" in page.inner_text("#inspector [aria-label='Checked gradient']")


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", [(1440, 900), (390, 844), (320, 568)])
def test_nothing_is_cut_off(hand: Served, open_page: Opener, size: tuple[int, int], scheme: str) -> None:
    page = open_page(hand.url("&check=1&step=30"), size=size, color_scheme=scheme)
    page.click("#check >> text=show")
    page.wait_for_selector("#tour:visible")
    assert probe(page, "overflow") == [0, 0]
    assert probe(page, "nameless") == []
    for button in page.locator(":is(#check, #tour, .stage-tools) button:visible").all():
        box = button.bounding_box()
        assert box["x"] >= 0 and box["x"] + box["width"] <= size[0] + 0.5, button.get_attribute("aria-label")
