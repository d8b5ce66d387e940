"""The source pane in a real browser: expressions lead to their values, cells of notebooks are one text."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from gradviz.graph import Span
from gradviz.recording import Recording

from .conftest import Opener, Served, record
from .probes import probe

pytestmark = pytest.mark.browser

LOOP = """\
from gradviz import Value

total = Value(0.0, name="start")
for i in range(60):
    total = total + (0.01 * total - i) ** 2
loss = (total
        + total)
loss.backward()
"""
SPOT = """([line, text]) => {
  const code = document.querySelector(`[data-line='${line}'] code`);
  const walker = document.createTreeWalker(code, NodeFilter.SHOW_TEXT);
  let at = code.textContent.indexOf(text);
  for (let node = walker.nextNode(); node; node = walker.nextNode()) {
    if (at < node.length) {
      const range = document.createRange();
      range.setStart(node, at);
      range.setEnd(node, at + 1);
      const { x, y, width, height } = range.getBoundingClientRect();
      return [x + width / 2, y + height / 2];
    }
    at -= node.length;
  }
}"""


@pytest.fixture(scope="module")
def loop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    served = Served(record(tmp_path_factory.mktemp("loop"), "loop", LOOP))
    yield served
    served.stop()


@pytest.fixture(scope="module")
def notebook(neuron: Served, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """The neuron as if it had been made in cells: the leaves in cell 2, the ops in cell 10."""
    recording = Recording.open(str(neuron.path))
    graph, base = recording.graph(0), "/home/ada/lecture.ipynb#cell-"
    text = next(iter(recording.sources.values())).splitlines(keepends=True)
    cells = {f"{base}{cell}": "".join(lines) for cell, lines in ((10, text[9:11]), (2, text[2:7]))}

    def moved(span: Span) -> Span:
        cell, first = (2, 2) if span.line < 9 else (10, 9)
        line = span.line - first
        return Span(f"{base}{cell}", line, line, span.column, span.end_column)

    graph = graph.replace(spans=[span and moved(span) for span in graph.spans], updates=())
    served = Served(Recording.of([graph], sources=cells, meta={"script": "/home/ada/lecture.ipynb"}))
    yield served
    served.stop()


def spot(page: Any, line: int, text: str) -> tuple[float, float]:
    """The middle of the first character of a text in a line."""
    x, y = page.evaluate(SPOT, [line, text])
    return x, y


def marked(page: Any, kind: str) -> str:
    return "".join(page.locator(f".code .{kind}").all_text_contents())


def walked(page: Any, words: str) -> None:
    page.wait_for_function(
        "words => document.querySelector('#tour [role=status]').textContent.startsWith(words)", arg=words
    )


@pytest.mark.parametrize(
    ("key", "text"), [("n7", "x1*w1 + x2*w2"), ("n8", "x1*w1 + x2*w2 + b"), ("n9", "n.tanh()")]
)
def test_the_exact_expression_of_a_value_is_marked(
    neuron: Served, open_page: Opener, key: str, text: str
) -> None:
    names = {"n7": "x1*w1 + x2*w2", "n8": "n", "n9": "o"}
    page = open_page(neuron.url())
    page.click(f"[data-box]:has(.gv-name:text-is('{names[key]}'))")
    page.wait_for_selector(".code .here")
    assert marked(page, "here") == text


def test_a_long_line_is_moved_until_its_expression_is_seen(neuron: Served, open_page: Opener) -> None:
    page = open_page(neuron.url())
    page.click("[data-box]:has(.gv-name:text-is('b'))")
    page.wait_for_selector("[data-line='7'] .here")
    pane, number = page.locator(".code").bounding_box(), page.locator("[data-line='7'] .no").bounding_box()
    marks = [one.bounding_box() for one in page.locator("[data-line='7'] .here").all()]
    assert number["x"] == pane["x"], "the line number stays"
    assert number["x"] + number["width"] <= marks[0]["x"] + 1 < pane["x"] + pane["width"]
    page.click("[data-box]:has(.gv-name:text-is('n'))")
    page.wait_for_selector("[data-line='10'] .here")
    assert page.evaluate("document.querySelector('.code').scrollLeft") == 0


def test_a_click_on_an_expression_chooses_what_it_made(neuron: Served, open_page: Opener) -> None:
    page = open_page(neuron.url())
    page.mouse.move(*spot(page, 10, "*w1"))
    page.wait_for_selector(".code .under")
    assert marked(page, "under") == "x1*w1"
    for text, expression in (
        ("*w1", "x1*w1"),
        ("+ x2", "x1*w1 + x2*w2"),
        ("+ b", "x1*w1 + x2*w2 + b"),
        ("w2", "x2*w2"),
    ):
        page.mouse.click(*spot(page, 10, text))
        walked(page, f"{expression}: 1 of 1")
        page.wait_for_selector(".code .chosen")
        assert marked(page, "chosen") == expression
        assert page.locator("[data-box].selected").count() == 1
    page.mouse.click(*spot(page, 10, "n ="))
    page.keyboard.press("Escape")
    page.wait_for_selector("#tour", state="hidden")
    assert page.locator(".code .chosen").count() == 0


def test_a_loop_is_walked_through_value_by_value(loop: Served, open_page: Opener) -> None:
    page = open_page(loop.url("&open="))
    page.mouse.click(*spot(page, 5, "* total"))
    walked(page, "0.01 * total: 1 of 60, in ")
    assert page.locator("[data-box].selected .gv-progress").count() == 1, "the folded box that holds it"
    first = page.text_content("#inspector .title")
    page.keyboard.press("n")
    walked(page, "0.01 * total: 2 of 60, in ")
    page.wait_for_function(
        "before => document.querySelector('#inspector .title').textContent !== before", arg=first
    )
    page.keyboard.press("Shift+N")
    page.keyboard.press("Shift+N")
    walked(page, "0.01 * total: 60 of 60, in ")
    page.click("#tour >> text=open")
    page.wait_for_selector("#tour >> text=open", state="hidden")
    walked(page, "0.01 * total: 60 of 60, ")
    assert page.locator("[data-box].selected .gv-progress").count() == 0, "opened down to the value"
    page.wait_for_function("() => document.querySelectorAll('[data-box].toured').length > 1")


def test_an_expression_over_lines_is_marked_in_all_of_them(loop: Served, open_page: Opener) -> None:
    page = open_page(loop.url())
    page.mouse.click(*spot(page, 7, "+ total"))
    page.wait_for_selector(".code .chosen")
    assert marked(page, "chosen") == "total+ total"
    assert page.text_content("#tour code") == "total + total"


def test_expressions_are_reached_by_keyboard(neuron: Served, open_page: Opener) -> None:
    page = open_page(neuron.url())
    page.focus("[data-line='10'] .no")
    found = []
    for _ in range(5):
        before = page.text_content("#tour code")
        page.keyboard.press("Shift+ArrowRight")
        page.wait_for_function(
            "before => document.querySelector('#tour code').textContent !== before", arg=before
        )
        found.append(page.text_content("#tour code"))
    assert found == ["x1*w1", "x1*w1 + x2*w2", "x1*w1 + x2*w2 + b", "x2*w2", "x1*w1"]
    page.keyboard.press("Shift+ArrowLeft")
    walked(page, "x2*w2: 1 of 1")
    assert probe(page, "focus")["name"] == "no", "the focus stays where one reads"
    page.focus("[data-line='2'] .no")
    page.keyboard.press("Shift+ArrowRight")
    page.wait_for_selector(".notice")


@pytest.mark.parametrize("size", [(1440, 900), (390, 844)])
def test_cells_stand_one_after_the_other(notebook: Served, open_page: Opener, size: tuple[int, int]) -> None:
    page = open_page(notebook.url("&step=9&node=n8"), size=size)
    if size[0] < 820:
        page.click("#tab-source")
    assert page.locator(".code .cell").all_text_contents() == ["cell 2", "cell 10"]
    assert page.locator(".files").is_hidden(), "one notebook, one text"
    page.wait_for_selector(".line.hit")
    assert page.get_attribute(".line.hit", "data-file") == "lecture.ipynb#cell-10"
    assert marked(page, "here") == "x1*w1 + x2*w2 + b"
    hit, code = page.locator(".line.hit").bounding_box(), page.locator(".code").bounding_box()
    assert code["y"] <= hit["y"] and hit["y"] + hit["height"] <= code["y"] + code["height"] + 1
    assert "cell 10:1" in page.text_content("#inspector .title")
    page.locator("[data-file='lecture.ipynb#cell-2'][data-line='1'] .no").click()
    pressed = page.locator(".no[aria-pressed=true]")
    assert pressed.count() == 1, "a breakpoint is of its cell"
