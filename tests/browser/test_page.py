"""The page in a real browser, over the real server."""

from __future__ import annotations

import re
import time
from typing import Any

import pytest

from .conftest import TOKEN, Opener, Served
from .probes import at, exported, go_to, probe

pytestmark = pytest.mark.browser


def hash_of(page: Any, wanted: str) -> None:
    page.wait_for_function("wanted => location.hash.includes(wanted)", arg=wanted)


def test_it_loads_and_starts_before_the_first_step(neuron: Served, open_page: Opener) -> None:
    page = open_page(neuron.url())
    assert page.title() == "neuron.py · gradviz"
    assert page.locator("[data-box]").count() == 10
    assert page.locator("[data-box].absent").count() == 10
    assert page.locator(".gv-grad").all_text_contents() == ["–"] * 10
    assert "Nothing is computed yet" in page.text_content("#sentence")
    assert TOKEN not in page.url


def test_it_asks_for_little_before_its_picture(mlp: Served, open_page: Opener) -> None:
    page = open_page(mlp.url(), ready=False)
    asked = page.evaluate(
        "() => performance.getEntriesByType('resource').map((one) => new URL(one.name).pathname)"
    )
    page.wait_for_selector("body[data-state=ready]")
    scripts = [path for path in asked if path.endswith(".js")]
    assert scripts == ["/static/main.js"]


def test_every_step_forward_and_back_restores_the_picture(neuron: Served, open_page: Opener) -> None:
    page = open_page(neuron.url())
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    seen = [probe(page, "state")]
    while at(page) < 43:
        page.keyboard.press("ArrowRight")
        seen.append(probe(page, "state"))
    phases = [re.match(r"\w+", state["sentence"])[0] for state in seen[1:]]
    assert [phases.count(name) for name in ("forward", "order", "backward", "update")] == [10, 20, 10, 3]
    assert {box["key"]: box["grad"] for box in seen[-1]["boxes"]}["n9"] == "1"
    for state in reversed(seen[:-1]):
        page.keyboard.press("ArrowLeft")
        assert probe(page, "state") == state
    asked = [url for url in asked if "/nodes/" not in url]  # the inspector may ask, nobody waits for it
    assert not asked, "a loaded window is stepped through without the server"


def test_the_page_draws_what_an_export_draws(neuron: Served, mlp: Served, open_page: Opener) -> None:
    for served, steps in ((neuron, (0, 7, 18, 30, 33, 40, 43)), (mlp, (0, 100, 1600, 3000))):
        page = open_page(served.url())
        for step in steps:
            page.evaluate("step => { location.hash = `#pass=0&step=${step}`; }", step)
            go_to(page, step)
            mine, theirs = probe(page, "state"), exported(page, served, step)
            for many in ("boxes", "edges"):
                for one in (*mine[many], *theirs[many]):
                    one["state"] = sorted(one["state"].split())
                assert mine[many] == theirs[many], (served.path.name, step)


def test_the_inspector_shows_the_numbers(neuron: Served, open_page: Opener) -> None:
    page = open_page(neuron.url("&step=40&node=n9"))
    page.wait_for_selector("#inspector .curve")
    words = page.inner_text("#inspector")
    assert "0.7071067811865477" in words
    assert "slope 0.5" in words
    page.click("[data-key=n8]")
    page.wait_for_selector("#inspector .sum tfoot")
    assert page.text_content("#inspector .title b") == "n"
    rows = page.locator("#inspector .sum tbody tr").all_inner_texts()
    assert [row.split() for row in rows] == [["o", "×", "0.5", "0.5"]]
    assert page.locator("#inspector .sum tfoot td").last.inner_text() == "0.5"
    assert page.evaluate("getComputedStyle(document.querySelector('[data-key=n8]')).cursor") == "pointer"


def test_what_is_not_computed_is_not_zero(neuron: Served, open_page: Opener) -> None:
    page = open_page(neuron.url("&step=31&node=n0"))
    assert "not computed yet" in page.inner_text("#inspector .facts")
    assert page.text_content("[data-key=n0] .gv-grad") == "–"


def test_continue_stops_at_a_breakpoint(neuron: Served, open_page: Opener) -> None:
    page = open_page(neuron.url())
    page.click("[data-line='11'] .no")
    assert page.get_attribute("[data-line='11'] .no", "aria-pressed") == "true"
    page.keyboard.press("c")
    assert "o = tanh(n)" in page.text_content("#sentence")
    first = at(page)
    page.keyboard.press("c")
    second = at(page)
    assert second > 30 > first
    page.keyboard.press("Shift+C")
    assert at(page) == first
    page.reload()
    page.wait_for_selector("body[data-state=ready]")
    assert page.get_attribute("[data-line='11'] .no", "aria-pressed") == "true", "kept over a reload"


def test_a_double_click_runs_to_the_value(neuron: Served, open_page: Opener) -> None:
    page = open_page(neuron.url())
    page.dblclick("[data-key=n8]")
    assert page.text_content("[data-key=n8] .gv-data") == "0.8814"
    assert "now" in page.get_attribute("[data-key=n8]", "class").split()


def test_reload_and_back_land_on_the_same_picture(neuron: Served, open_page: Opener) -> None:
    page = open_page(neuron.url("&pass=1&step=17"))
    before = probe(page, "state")
    page.reload()
    page.wait_for_selector("body[data-state=ready]")
    assert probe(page, "state") == before
    page.click("[data-key=n8]")
    hash_of(page, "node=n8")
    page.keyboard.press("]")
    hash_of(page, "pass=2")
    page.keyboard.press("End")
    hash_of(page, "step=43")
    page.go_back()
    go_to(page, 17)
    assert "pass=2" in page.url
    page.go_back()
    hash_of(page, "pass=1")
    assert "node=n8" in page.url
    page.go_back()
    page.wait_for_function("() => !location.hash.includes('node')")
    assert probe(page, "state") == before


def test_a_wrong_address_gets_the_nearest_picture(neuron: Served, open_page: Opener) -> None:
    page = open_page(neuron.url("&pass=99&step=123456&node=nope"))
    page.wait_for_selector(".notice")
    assert at(page) == 43
    hash_of(page, "pass=2")
    words = page.inner_text(".notices")
    assert "no pass 99" in words
    assert "nope" in words


def test_without_a_token_the_page_says_how_to_get_one(neuron: Served, open_page: Opener) -> None:
    page = open_page(f"http://127.0.0.1:{neuron.port}/", ready=False)
    assert "#token=" in page.inner_text(".status-card")
    wrong = open_page(neuron.url(token="wrong-token-1234"), ready=False)
    wrong.wait_for_selector(".status-card.unauthorised")
    wrong.complaints.clear()  # the browser itself reports the 401


def test_a_lost_server_is_told_and_found_again(neuron: Served, open_page: Opener) -> None:
    page = open_page(neuron.url("&step=12"))
    neuron.stop()
    try:
        page.click("[data-key=n5]")
        page.wait_for_selector(".banner.disconnected")
        assert "last step 12" in page.inner_text(".banner")
        page.keyboard.press("ArrowRight")
        assert at(page) == 13, "what is loaded can still be stepped through"
    finally:
        neuron.start()
    page.wait_for_selector(".banner", state="hidden")
    page.wait_for_selector("#inspector .facts")
    page.complaints.clear()  # the browser itself reports the refused connections


def test_a_folded_box_counts_opens_and_folds(mlp: Served, open_page: Opener) -> None:
    page = open_page(mlp.url())
    folded = page.locator("[data-box]:has(.gv-progress)").first
    key = folded.get_attribute("data-key")
    boxes = page.locator("[data-box]").count()
    folded.dblclick()
    page.wait_for_selector(f"[data-key='{key}'] .gv-progress:not([width='0'])", state="attached")
    page.keyboard.press("Enter")
    page.wait_for_selector(f"[data-key='{key}']", state="detached")
    assert "open=" in page.url
    page.go_back()
    page.wait_for_selector(f"[data-key='{key}']")
    assert page.locator("[data-box]").count() == boxes


def test_search_reveals_a_value_in_a_folded_box(mlp: Served, open_page: Opener) -> None:
    page = open_page(mlp.url())
    page.keyboard.press("/")
    page.keyboard.type("n100")
    page.wait_for_selector(".hit-row")
    page.keyboard.press("Enter")
    page.wait_for_selector("[data-key=n100].selected")
    hash_of(page, "node=n100")


def test_windows_come_as_one_jumps(mlp: Served, open_page: Opener) -> None:
    page = open_page(mlp.url())
    page.keyboard.press("End")
    total = int(page.get_attribute(".knob", "aria-valuemax"))
    assert total > 1024
    go_to(page, total)
    assert page.locator("[data-box].absent").count() == 0
    last = probe(page, "state")
    page.keyboard.press("ArrowLeft")
    page.keyboard.press("ArrowRight")
    assert probe(page, "state") == last


def test_play_moves_and_stops(neuron: Served, open_page: Opener) -> None:
    page = open_page(neuron.url())
    page.select_option(".speed", "60")
    page.keyboard.press("Escape")
    page.click("[data-command=toggle]")
    go_to(page, 43)
    page.wait_for_selector("[data-command=toggle][aria-label=Play]")


@pytest.mark.parametrize("format", ["svg", "png", "dot", "json"])
def test_export_saves_the_frame(neuron: Served, open_page: Opener, format: str) -> None:
    page = open_page(neuron.url("&step=33"), color_scheme="dark")
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.click("#export > button")
    with page.expect_download() as download:
        page.click(f"[role=menuitem] >> text={format.upper()}")
    theme = {"svg": ["theme=auto"], "png": ["theme=dark"]}.get(format, [])  # a picture looks like the page
    assert [found for url in asked for found in re.findall(r"theme=\w+", url)] == theme
    assert download.value.suggested_filename == f"neuron-pass0-step33.{format}"


def test_markup_in_names_stays_text(tmp_path: Any, open_page: Opener) -> None:
    from .conftest import record

    evil = '<img src=x onerror=alert(1)>"&amp;{{7*7}}'
    lines = [
        "from gradviz import Value",
        f"# {evil}",
        f"a = Value(2.0, name={evil!r})",
        "b = (a*a).tanh()",
        "b.backward()",
    ]
    source = "\n".join(lines)
    served = Served(record(tmp_path, "evil", source))
    page = open_page(served.url("&step=1"))
    page.on("dialog", lambda dialog: pytest.fail(dialog.message))
    page.keyboard.press("End")
    page.click("[data-key=n0]")
    page.wait_for_selector("#inspector .facts")
    time.sleep(0.2)
    assert page.text_content("#inspector .title b") == evil
    assert page.locator("img").count() == 0
    assert evil in page.text_content(".code")
    served.stop()
