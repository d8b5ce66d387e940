"""The one scale, the colours in both themes, and how text is fitted."""

from __future__ import annotations

import math
import re

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gradviz.graph import Graph
from gradviz.renderers.palette import TOKENS, mix, viridis
from gradviz.renderers.style import (
    LEVELS,
    Scale,
    colours,
    css,
    fit,
    fit_number,
    level_of,
    ramp,
    text_width,
    width,
)

ANY_FLOAT = st.floats(allow_nan=True, allow_infinity=True)


def chain(grads: list[float]) -> Graph:
    """A chain of additions whose nodes have these gradients."""
    n = len(grads)
    start = [0, *range(n)]
    return Graph(
        op_names=["", "neg"],
        op=[0] + [1] * (n - 1),
        kind=[1] + [3] * (n - 1),
        input_start=start,
        input=list(range(n - 1)),
        data=[1.0] * n,
        grad=grads,
        has_grad=[True] * n,
    )


@settings(deadline=None)
@given(st.lists(ANY_FLOAT, min_size=1, max_size=12), ANY_FLOAT)
def test_a_scale_for_any_gradients(grads: list[float], value: float) -> None:
    scale = Scale(chain(grads))
    assert 0 <= scale.low <= scale.mid <= scale.high < math.inf
    level = scale.level(value)
    if math.isfinite(value) and value != 0:
        assert isinstance(level, int) and 0 <= level < LEVELS
        assert level == scale.level(-value)
    else:
        assert level == ("zero" if value == 0 else "bad")
    assert all(scale.legend())


@settings(deadline=None)
@given(st.lists(st.floats(1e-300, 1e300), min_size=2, max_size=20))
def test_larger_gradients_never_look_smaller(grads: list[float]) -> None:
    scale = Scale(chain(grads))
    levels = [scale.level(g) for g in sorted(grads)]
    assert levels == sorted(levels, key=int)


@pytest.mark.parametrize(
    "grads", [[0.0, 0.0], [math.nan], [math.inf, -math.inf], [5.0], [1e-300, 1e300], [5e-324]]
)
def test_edge_cases(grads: list[float]) -> None:
    scale = Scale(chain(grads))
    assert math.log10(scale.high) - math.log10(scale.low or 5e-324) >= 0.999
    assert level_of(None, scale) == "none"
    assert level_of(0.0, scale) == "zero" and level_of(-0.0, scale) == "zero"
    assert level_of(math.nan, scale) == level_of(-math.inf, scale) == "bad"


def test_levels_of_arrays() -> None:
    scale = Scale(chain([1e-3, 1.0]))
    assert scale.level(np.zeros(3)) == "zero" and scale.level(np.array([0.0, math.nan])) == "bad"
    assert scale.level(np.array([0.0, -1.0])) == scale.level(1.0) == LEVELS - 1
    assert scale.level(np.empty(0)) == "zero"


def luminance(colour: str) -> float:
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(a: str, b: str) -> float:
    high, low = sorted((luminance(a), luminance(b)), reverse=True)
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_colours_can_be_told_from_the_paper(theme: str) -> None:
    paper, levels = TOKENS[theme]["paper"], ramp(theme)
    seen = [contrast(colour, paper) for colour in levels]
    assert seen == sorted(seen), "a larger gradient stands out more"
    assert seen[0] > 1.5 and all(c >= 3 for c in seen[LEVELS // 3 :])
    assert seen[-1] > 8
    assert [width(i) for i in (0, LEVELS - 1)] == [0.8, 4.0]


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_text_can_be_read(theme: str) -> None:
    of = colours(theme)
    for text in ("ink", "soft", "faint", "op", "bad", "update"):
        for ground in ("card", "leaf", "wash"):
            assert contrast(of[text], of[ground]) >= 4.3, f"{text} on {ground}"
    for text in ("ink", "soft", "order", "bad"):
        assert contrast(of[text], of["paper"]) >= 4.3, f"{text} on paper"


def test_viridis_has_its_known_ends() -> None:
    assert viridis(0) == "#440154" and viridis(1) == "#fde725"
    assert mix("#000000", "#ffffff", 0.5) == "#808080"


@pytest.mark.parametrize("theme", ["light", "dark", "auto"])
@pytest.mark.parametrize("selector", ["", "#gv-1a2b"])
def test_style_sheet(theme: str, selector: str) -> None:
    sheet = css(theme, selector)
    assert "$" not in sheet and sheet.count("{") == sheet.count("}")
    assert "@import" not in sheet and "url(" not in sheet and "<" not in sheet
    root = selector or ".gv"
    rules = [line.split("{")[0] for line in sheet.splitlines() if not line.startswith("@")]
    assert all(root in part.split() for rule in rules for part in rule.split(","))
    for needed in (
        "gv-edge",
        "gv-card",
        "gv-bar",
        "on.w15",
        "on.zero",
        "on.bad",
        "g-w0",
        "absent",
        "updated",
    ):
        assert needed in sheet
    assert ("prefers-color-scheme:dark" in sheet) == (theme == "auto")
    assert ("[data-theme=dark]" in sheet) == ("var(" in sheet) == (theme == "auto")


def test_auto_gives_every_colour_without_variables_first() -> None:
    for declared in re.findall(r"([\w-]+):(#\w+);\1:var\(--gv-(\w+)\)", css("auto")):
        assert declared[1] == colours("light")[declared[2]]
    assert not re.search(r"[{;](fill|stroke):var", css("auto").replace("}", ";")) or re.search(
        r"#\w+;fill:var", css("auto")
    )


@settings(deadline=None)
@given(st.text(max_size=60), st.floats(10, 300))
def test_fitted_text_fits(text: str, room: float) -> None:
    shown = fit(text, 12.5, room)
    assert text_width(shown, 12.5) <= max(room, 12.5 * 0.61) + 0.1
    assert shown == text or "…" in shown


def test_a_number_is_never_cut() -> None:
    assert fit_number("-1.234e-05", 11.5, 20.0).count("…") == 1, "no room at all"
    assert fit_number("2×3×4 · -1.5 … 2", 11.5, 60) == "2×3×4"
