"""An animated SVG in Chromium: as ``<img>``, at several moments, in light and dark, and without motion."""

from __future__ import annotations

import base64
import io
import math
import os
import re
import shutil
from typing import Any

import numpy as np
import pytest
from test_renderers import view_of

from browser.conftest import FLAGS
from gradviz.renderers import svg
from gradviz.renderers.animated import ANIMATIONS, Pace
from gradviz.timeline import Timeline

pytestmark = pytest.mark.browser
PACE = Pace(0.5)
# An image with a size between two pixels is scaled to one of them.
WHOLE = re.compile(r'((?:width="|height="|viewBox="0 0 [\d.]+ ))([\d.]+)')


def walk(name: str) -> tuple[Any, str]:
    view = view_of(name)
    timeline = Timeline(view.graph)
    drawn = ANIMATIONS["svg"].render(view, timeline, range(len(timeline) + 1), pace=PACE)
    return view, drawn.decode()


def halted(drawn: str, moment: int) -> str:
    """Stop the animation in the middle of a moment."""
    at = (moment + 0.5) * PACE.seconds
    rule = f".gv-t{{animation-delay:-{at}s!important;animation-play-state:paused!important}}"
    return drawn.replace("</style>", f"{rule}</style>")


def size_of(drawn: str) -> tuple[int, int]:
    width, height = (float(drawn.split(f'{side}="', 1)[1].split('"')[0]) for side in ("width", "height"))
    return int(width), int(height)


def shot(page: Any, drawn: str, size: tuple[int, int]) -> np.ndarray:
    """Photograph a drawing as an image, without its lower edge and what is below."""
    image = pytest.importorskip("PIL.Image")
    drawn = WHOLE.sub(lambda found: f"{found[1]}{math.ceil(float(found[2]))}", drawn, count=3)
    source = base64.b64encode(drawn.encode()).decode()
    page.set_content(f'<body style="margin:0"><img src="data:image/svg+xml;base64,{source}">')
    page.wait_for_function("document.images[0].complete && document.images[0].naturalWidth > 0")
    clip = {"x": 0, "y": 0, "width": size[0], "height": size[1] - 14}
    return np.asarray(image.open(io.BytesIO(page.screenshot(clip=clip))).convert("RGB")).astype(int)


@pytest.mark.parametrize("name, scheme", [("neuron", "light"), ("neuron", "dark"), ("folded", "light")])
def test_each_moment_looks_like_the_single_drawing(chromium: Any, name: str, scheme: str) -> None:
    view, drawn = walk(name)
    timeline = Timeline(view.graph)
    context = chromium.new_context(viewport={"width": 1800, "height": 900}, color_scheme=scheme)
    page = context.new_page()
    last = len(timeline)
    for moment in sorted({0, 1, last // 4, last // 2, 3 * last // 4, last - 1, last}):
        single = svg.render(view, timeline.frame(moment))
        size = size_of(single)
        there, here = shot(page, single, size), shot(page, halted(drawn, moment), size)
        assert np.abs(there - here).max() == 0, f"moment {moment}"
    context.close()


def test_it_moves_unless_the_reader_wants_no_motion(chromium: Any) -> None:
    """An image asks the browser's own setting, which a page cannot stand in for: so another browser."""
    view, drawn = walk("square")
    timeline = Timeline(view.graph)
    last = svg.render(view, timeline.frame(len(timeline)))
    size = size_of(last)
    page = chromium.new_page(viewport={"width": 900, "height": 600})
    expected = shot(page, last, size)
    assert np.abs(shot(page, drawn, size) - expected).max() > 0
    page.close()
    still = chromium.browser_type.launch(
        executable_path=chromium_path(), args=[*FLAGS, "--force-prefers-reduced-motion"]
    )
    page = still.new_page(viewport={"width": 900, "height": 600})
    assert np.abs(shot(page, drawn, size) - expected).max() == 0
    still.close()


def chromium_path() -> str | None:
    return os.environ.get("GRADVIZ_CHROMIUM") or shutil.which("chromium") or shutil.which("chromium-browser")


def test_the_pointer_halts_an_inline_one(chromium: Any) -> None:
    _, drawn = walk("square")
    page = chromium.new_page(viewport={"width": 900, "height": 600})
    page.set_content(f'<body style="margin:0">{drawn}')
    states = "[...new Set(document.getAnimations().map(a => a.playState))].join()"
    assert page.evaluate(states) == "running"
    page.mouse.move(100, 100)
    assert page.evaluate(states) == "paused"
    page.close()


def test_two_in_one_page_keep_their_own_time(chromium: Any) -> None:
    _, one = walk("square")
    _, other = walk("neuron")
    page = chromium.new_page(viewport={"width": 1400, "height": 1200})
    page.set_content(f'<body style="margin:0">{one}{other}')
    lasting = page.evaluate(
        "[...document.querySelectorAll('svg')].map(svg => [...new Set(svg.getAnimations({subtree: true})"
        ".map(a => a.effect.getTiming().duration + ' ' + a.animationName.startsWith(svg.id)))].join())"
    )
    steps = [len(Timeline(view_of(name).graph)) for name in ("square", "neuron")]
    assert lasting == [f"{1000 * (0.5 * n + 2):g} true" for n in steps]
    page.close()
