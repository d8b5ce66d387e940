"""What if: a leaf is edited in the inspector, and the whole pass follows."""

from __future__ import annotations

from typing import Any

import pytest

from .conftest import Opener, Served
from .probes import at, go_to, probe

pytestmark = pytest.mark.browser
FIELD, SLIDER, BANNER = ".edit-row .field", ".reach", "#whatif"
W1 = "&pass=0&step=40&node=n1"


def shows(page: Any, key: str, data: str) -> None:
    """Wait until the box shows this number."""
    page.wait_for_function(
        "([key, data]) => document.querySelector(`[data-key=${key}] .gv-data`)?.textContent === data",
        arg=[key, data],
    )


def edit(page: Any, number: str) -> None:
    page.fill(FIELD, number)
    page.press(FIELD, "Enter")


def opened(page: Any) -> Any:
    page.wait_for_selector(FIELD)
    return page


def test_an_edit_changes_the_whole_pass_and_says_so(neuron: Served, open_page: Opener) -> None:
    page = opened(open_page(neuron.url(W1)))
    assert page.is_hidden(BANNER)
    assert page.input_value(FIELD) == "-3"
    edit(page, "-2.9")
    shows(page, "n1", "-2.9")
    shows(page, "n9", "0.7937")
    words = page.inner_text(BANNER)
    assert "w1 = -2.9" in words
    assert "was -3" in words
    assert "0.7071 → 0.7937" in words
    page.wait_for_selector(".change")
    rows = [row.split() for row in page.locator(".change tbody tr").all_inner_texts()]
    assert rows == [["o", "0.7071", "0.7937"], ["w1", "-3", "-2.9"], ["∂o/∂w1", "1", "0.7401"]]
    assert at(page) == 40, "the moment stays"
    assert "0.37 × 2 = 0.7401" in page.text_content("#sentence").replace("\u00a0", " ")
    assert "what=n1:-2.9" in page.url


def test_reload_back_and_a_shared_link_show_the_same(neuron: Served, open_page: Opener) -> None:
    page = opened(open_page(neuron.url(W1)))
    recorded = probe(page, "state")
    edit(page, "2.5")
    shows(page, "n1", "2.5")
    edited = probe(page, "state")
    page.reload()
    page.wait_for_selector("body[data-state=ready]")
    assert probe(page, "state") == edited
    other = open_page(neuron.url(W1 + "&what=n1:2.5"))
    assert probe(other, "state") == edited
    page.go_back()
    shows(page, "n1", "-3")
    assert page.is_hidden(BANNER)
    assert probe(page, "state") == recorded
    page.go_forward()
    shows(page, "n1", "2.5")


@pytest.mark.parametrize("way", ["banner", "chip", "field", "escape", "same"])
def test_ways_back_to_the_recording(neuron: Served, open_page: Opener, way: str) -> None:
    page = opened(open_page(neuron.url(W1)))
    recorded = probe(page, "state")
    edit(page, "7")
    shows(page, "n1", "7")
    if way == "banner":
        page.click(f"{BANNER} .btn")
    elif way == "chip":
        page.click(".edit-chip .flat-x")
    elif way == "field":
        page.click("text=Back to -3")
    elif way == "escape":
        page.focus(SLIDER)
        page.keyboard.press("Escape")
    else:
        edit(page, "-3.0")
    shows(page, "n1", "-3")
    page.wait_for_selector(BANNER, state="hidden")
    assert probe(page, "state") == recorded
    assert "what" not in page.url


def test_escape_outside_a_field_unpins_first_and_then_leaves(neuron: Served, open_page: Opener) -> None:
    page = opened(open_page(neuron.url(W1 + "&what=n1:7")))
    page.focus(".transport")
    page.keyboard.press("Escape")
    page.wait_for_selector(".following")
    assert page.is_visible(BANNER)
    page.keyboard.press("Escape")
    page.wait_for_selector(BANNER, state="hidden")


def test_a_slider_updates_while_it_is_dragged_and_asks_for_one_at_a_time(
    neuron: Served, open_page: Opener
) -> None:
    page = opened(open_page(neuron.url(W1)))
    flying = {"now": 0, "most": 0, "all": 0}

    def begin(request: Any) -> None:
        if "/api/passes/0?" in request.url:
            flying["now"] += 1
            flying["all"] += 1
            flying["most"] = max(flying["most"], flying["now"])

    def end(request: Any) -> None:
        flying["now"] -= "/api/passes/0?" in request.url

    page.on("request", begin)
    page.on("requestfinished", end)
    page.on("requestfailed", end)
    history = page.evaluate("history.length")
    box = page.locator(SLIDER).bounding_box()
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    page.mouse.down()
    for step in range(1, 60):
        page.mouse.move(box["x"] + box["width"] / 2 + step, box["y"] + box["height"] / 2)
        if step == 30:
            page.wait_for_selector(BANNER)  # while it is held
    number = page.input_value(FIELD)
    page.mouse.up()
    page.wait_for_function("number => location.hash.includes(`what=n1:${number}`)", arg=number)
    shows(page, "n1", f"{float(number):.4g}")
    assert page.input_value(FIELD) == number
    assert flying["most"] == 1
    assert 1 < flying["all"] < 59, "what was overtaken was not asked for"
    assert page.evaluate("history.length") == history + 1, "a drag is one way back"
    page.go_back()
    shows(page, "n1", "-3")


def test_keys_step_the_number(neuron: Served, open_page: Opener) -> None:
    page = opened(open_page(neuron.url(W1)))
    page.focus(FIELD)
    page.keyboard.press("ArrowUp")
    shows(page, "n1", "-2.95")
    page.keyboard.press("Shift+ArrowDown")
    shows(page, "n1", "-3.45")
    page.focus(SLIDER)
    page.keyboard.press("ArrowRight")
    shows(page, "n1", "-3.4")
    assert at(page) == 40, "arrows in the field do not step"
    assert page.evaluate("document.activeElement.matches('.reach')"), "the focus stays"


@pytest.mark.parametrize("text", ["", "abc", "1,5", "1e999", "0x10", "--1"])
def test_what_is_no_number_is_said_and_changes_nothing(neuron: Served, open_page: Opener, text: str) -> None:
    page = opened(open_page(neuron.url(W1)))
    edit(page, text)
    page.wait_for_selector(".edit-wrong:not([hidden])")
    assert "not a number" in page.inner_text(".edit-wrong")
    assert page.is_hidden(BANNER)
    page.press(FIELD, "Escape")
    assert page.input_value(FIELD) == "-3"
    assert page.is_hidden(".edit-wrong")


def test_nan_and_infinity_are_shown_as_the_page_shows_them(neuron: Served, open_page: Opener) -> None:
    page = opened(open_page(neuron.url(W1)))
    edit(page, "nan")
    shows(page, "n9", "nan")
    assert "bad" in page.get_attribute("[data-key=n9]", "class").split()
    assert page.input_value(FIELD) == "NaN"
    page.wait_for_selector("#findings-button:visible")
    assert "In this what-if" in page.text_content("#findings")
    assert page.locator(".change .bad").count() > 0
    edit(page, "-inf")
    shows(page, "n1", "-inf")
    shows(page, "n9", "-1")
    assert "what=n1:-Infinity" in page.url


def test_several_edits_and_other_values_compare(neuron: Served, open_page: Opener) -> None:
    page = opened(open_page(neuron.url(W1 + "&what=n7:1&what=n1:0.5")))
    assert page.locator(".edit-chip").count() == 2
    page.click("[data-key=n8]")
    page.wait_for_selector(".change")
    assert page.is_hidden(FIELD), "what is computed is not edited"
    rows = [row.split() for row in page.locator(".change tbody tr").all_inner_texts()]
    assert rows == [["o", "0.7071", "0.964"], ["n", "0.8814", "2"], ["∂o/∂n", "0.5", "0.07065"]]


def test_another_pass_is_shown_as_recorded(neuron: Served, open_page: Opener) -> None:
    page = opened(open_page(neuron.url(W1 + "&what=n1:0.5")))
    page.keyboard.press("]")
    page.wait_for_selector(BANNER, state="hidden")
    assert "stays with pass 0" in page.inner_text(".notices")
    page.go_back()
    page.wait_for_selector(BANNER)
    shows(page, "n1", "0.5")


def test_the_camera_and_the_moment_stay(mlp: Served, open_page: Opener) -> None:
    page = open_page(mlp.url("&pass=0&step=700"))
    page.keyboard.press("+")
    page.keyboard.press("+")
    place = [page.get_attribute(".drawing > svg", name) for name in ("viewBox", "style")]
    node = page.evaluate(
        "[...document.querySelectorAll('.kind-input, .kind-param')].map((one) => one.dataset.key)[0] ?? 'n0'"
    )
    page.evaluate("node => { location.hash += `&what=${node}:0.25`; }", node)
    page.wait_for_selector(BANNER)
    assert [page.get_attribute(".drawing > svg", name) for name in ("viewBox", "style")] == place
    assert "translate(" in place[1]
    go_to(page, 700)


def test_a_wrong_edit_in_the_address_is_said(neuron: Served, open_page: Opener) -> None:
    page = open_page(neuron.url("&pass=0&what=n1:one"))
    page.wait_for_selector(".notice")
    assert "no sound what" in page.inner_text(".notices")
    assert page.is_hidden(BANNER)


@pytest.mark.parametrize("size", [(1440, 900), (390, 844)])
def test_nothing_is_cut_off(neuron: Served, open_page: Opener, size: tuple[int, int]) -> None:
    page = opened(open_page(neuron.url(W1 + "&what=n1:0.5&what=n4:-1e-7&what=n7:123456.75"), size=size))
    page.locator(FIELD).scroll_into_view_if_needed()
    for selector in (BANNER, FIELD, SLIDER, f"{BANNER} .btn"):
        box = page.locator(selector).bounding_box()
        assert box["x"] >= 0, selector
        assert box["x"] + box["width"] <= size[0], selector
