"""Moving pictures: each moment is what a single picture of that step is; the file is small, and the same."""

from __future__ import annotations

import io
import re
import struct
import sys
import xml.etree.ElementTree as ET
from typing import Any

import numpy as np
import pytest
from test_renderers import GRAPHS, HOSTILE, view_of

from gradviz.errors import LayoutError, NotFoundError
from gradviz.layout import engines
from gradviz.renderers import animated_patches, png, svg
from gradviz.renderers.animated import ANIMATIONS, Pace, animation_for
from gradviz.renderers.animated_patches import Patch
from gradviz.renderers.apng import assemble
from gradviz.timeline import Timeline
from gradviz.view import View

NS = "{http://www.w3.org/2000/svg}"
INSTALLED = [engine.path for engine in engines()]
needs_engine = pytest.mark.skipif(not INSTALLED, reason="no Graphviz engine")


def walk(kind: str, view: View, chosen: Any = None, **options: Any) -> bytes:
    timeline = Timeline(view.graph)
    steps = range(len(timeline) + 1) if chosen is None else chosen
    return ANIMATIONS[kind].render(view, timeline, steps, **options)


# -- SVG, read as a browser without layout would


def seen_at(document: ET.Element, moment: int, count: int, pace: Pace) -> ET.Element:
    """Keep what is seen at a moment: read the style sheet as a browser does."""
    sheet = document.findtext(f"{NS}style") or ""
    ident = document.get("id")
    share = 100 * moment * pace.seconds / ((count - 1) * pace.seconds + pace.last)
    seen = {}
    for number, body in re.findall(rf"@keyframes {ident}-(\d+){{(.*?}})}}", sheet):
        turns = [
            (float(at[:-1]), state)
            for ats, state in re.findall(r"([\d.,%e-]+){visibility:(\w+)}", body)
            for at in ats.split(",")
        ]
        assert min(turns)[0] == 0, "each part says what it is at the start"
        seen[f"gv-t{number}"] = max(turn for turn in turns if turn[0] <= share + 1e-4)[1] == "visible"
    for parent in list(document.iter()):
        for child in list(parent):
            if any(not seen.get(name, True) for name in child.get("class", "").split()):
                parent.remove(child)
    return document


def pieces(element: ET.Element, place: str = "", states: frozenset[str] = frozenset()) -> list[Any]:
    """List shapes and texts in their order, with the states that colour them."""
    found: list[Any] = []
    for child in element:
        tag = child.tag.removeprefix(NS)
        if tag in ("title", "desc", "style") or tag == "rect" and child.get("class") == "gv-paper":
            continue
        if tag == "g":
            here = states | {*(child.get("class") or "").split()}
            found += pieces(child, place + (child.get("transform") or ""), here)
        elif tag != "text" or child.text:
            shape = sorted((k, v) for k, v in child.attrib.items())
            found.append((tag, place, shape, child.text, states))
    return found


@pytest.mark.parametrize("name", GRAPHS)
def test_each_moment_of_an_svg_is_the_single_drawing(name: str) -> None:
    view, pace = view_of(name), Pace(0.5)
    timeline = Timeline(view.graph)
    count = len(timeline) + 1
    drawn = walk("svg", view, pace=pace)
    for moment in {0, 1, count // 3, count // 2, count - 2, count - 1} & set(range(count)):
        shown = pieces(seen_at(ET.fromstring(drawn), moment, count, pace))
        single = pieces(ET.fromstring(svg.render(view, timeline.frame(moment))))
        for (*now, states), (*then, all_states) in zip(shown, single, strict=False):
            assert now == then, f"moment {moment}"
            assert states - {"gv-t"} - {s for s in states if re.fullmatch(r"gv-t\d+", s)} <= all_states
        foot = shown[len(single) :]
        assert [piece[0] for piece in foot[:2]] == ["rect", "rect"] and foot[2][0] == "text"


def test_an_svg_is_small_and_always_the_same() -> None:
    view = view_of("neuron")
    timeline = Timeline(view.graph)
    drawn = walk("svg", view)
    singles = sum(map(len, svg.frames(view, map(timeline.frame, range(len(timeline) + 1)))))
    assert len(drawn) < singles / 12
    assert drawn == walk("svg", View(view_of("neuron").graph))


def test_two_in_one_page_do_not_meet() -> None:
    one, other = (walk("svg", view_of("neuron"), chosen).decode() for chosen in (range(5), range(6)))
    own = ET.fromstring(one).get("id")
    assert own and own not in other
    assert set(re.findall(r"@keyframes ([\w-]+?)-\w+{", one)) == {own}
    assert all(f"#{own}" in rule for rule in re.findall(r"^[^@}\n][^{]*(?={)", one.split("<style>")[1], re.M))
    assert [e.get("id") for e in ET.fromstring(one).iter() if e.get("id")] == [
        own,
        f"{own}-title",
        f"{own}-desc",
    ]


def test_an_svg_has_no_script_and_loads_nothing() -> None:
    drawn = walk("svg", view_of("hostile")).decode()
    names = {element.tag.removeprefix(NS) for element in ET.fromstring(drawn).iter()}
    assert names <= {"svg", "title", "desc", "style", "rect", "g", "path", "polygon", "text"}
    assert not re.search(r"url\(|@import|href|\bon\w+=", drawn)
    sheet = ET.fromstring(drawn).findtext(f"{NS}style") or ""
    assert not any(name in sheet for name in HOSTILE if len(name) > 2)


def test_little_motion_is_the_default() -> None:
    """A reader that knows no animation, or wants none, sees the last moment."""
    sheet = walk("svg", view_of("neuron")).decode().split("<style>")[1].split("</style>")[0]
    before, moving = sheet.split("@media (prefers-reduced-motion:no-preference){")
    assert "animation" not in before and "animation:34s step-end infinite" in moving


@pytest.mark.parametrize("times, word", [(0, "infinite"), (1, "1"), (3, "3")])
def test_how_often_an_svg_plays(times: int, word: str) -> None:
    drawn = walk("svg", view_of("square"), range(3), pace=Pace(1.5, times)).decode()
    assert f"animation:6s step-end {word}}}" in drawn


@pytest.mark.parametrize(
    "kind", [pytest.param("apng", marks=needs_engine), "svg", pytest.param("gif", marks=needs_engine)]
)
def test_a_walk_of_one_moment_stands_still(kind: str) -> None:
    drawn = walk(kind, view_of("neuron"), [0])
    if kind == "svg":
        assert b"animation" not in drawn and b"Before the first step." in drawn
    else:
        assert getattr(decoded(drawn)[0], "size", None)
        assert len(decoded(drawn)) == 1


@pytest.mark.parametrize("kind", ANIMATIONS)
def test_none_and_too_many_are_refused(kind: str) -> None:
    most = ANIMATIONS[kind].most
    for chosen, said in ((range(0), "not 0"), (range(most + 1), "Take one in 2")):
        with pytest.raises(LayoutError, match=said):
            walk(kind, view_of("one"), chosen)


def test_what_does_not_move() -> None:
    assert animation_for("walk.PNG").name == "apng" == animation_for("apng").name
    with pytest.raises(NotFoundError, match="'txt' does not move. What does: svg, apng, gif"):
        animation_for("walk.txt")


def test_a_sentence_has_as_many_lines_as_it_needs_up_to_three() -> None:
    for name, most in (("neuron", 1), ("hostile", 3)):
        texts = [
            e for e in ET.fromstring(walk("svg", view_of(name))).iter() if e.get("class") == "gv-sentence"
        ]
        assert len({text.get("y") for text in texts}) <= most
        assert not {*"".join(text.text or "" for text in texts)} & {*"\x00\x1b\u202e\ud800\n"}


# -- pixels


def decoded(data: bytes) -> list[Any]:
    """Decode the moments; of an APNG those that are shown for 20 ms are parts of the next one."""
    image = pytest.importorskip("PIL.Image")
    file = image.open(io.BytesIO(data))
    found: list[Any] = []
    parts = 0
    for frame in range(getattr(file, "n_frames", 1)):
        file.seek(frame)
        if file.info.get("duration") == 20:
            parts += 20
            continue
        found.append(file.convert("RGB"))
        found[-1].info = {**file.info, "duration": file.info.get("duration", 0) + parts}
        parts = 0
    return found


@needs_engine
@pytest.mark.parametrize("engine", INSTALLED)
@pytest.mark.parametrize("name, theme", [("neuron", "light"), ("folded", "dark"), ("hostile", "light")])
def test_each_moment_of_an_apng_is_the_single_png(name: str, theme: str, engine: str) -> None:
    view = view_of(name)
    timeline = Timeline(view.graph)
    chosen = range(0, len(timeline) + 1, max(1, len(timeline) // 7))
    moments = decoded(walk("apng", view, chosen, theme=theme, scale=1.0, engine=engine))
    assert len(moments) == len(chosen)
    for k, moment in zip(chosen, moments, strict=True):
        data = png.render(view, timeline.frame(k), theme=theme, scale=1.0, engine=engine)
        single = np.asarray(decoded(data)[0]).astype(int)
        off = np.abs(np.asarray(moment)[: len(single)] - single).max(axis=2)
        assert (off > 32).mean() < 1e-5 and (off > 0).mean() < 0.03, f"after {k} steps"


@needs_engine
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_each_moment_of_a_gif_is_that_of_the_apng_in_fewer_colours(theme: str) -> None:
    view = view_of("neuron")
    chosen = range(0, 41, 5)
    options = {"theme": theme, "scale": 1.0, "pace": Pace(0.25, 4)}
    apng, gif = (decoded(walk(kind, view, chosen, **options)) for kind in ("apng", "gif"))
    assert len(gif) == len(apng) == len(chosen)
    for few, many in zip(gif, apng, strict=True):
        off = np.abs(np.asarray(few).astype(int) - np.asarray(many)).max(axis=2)
        assert (off > 0).mean() < 0.12 and (off > 60).mean() < 2e-3
    assert [moment.info["duration"] for moment in gif] == [250] * (len(chosen) - 1) + [2000]
    assert [moment.info["duration"] for moment in apng] == [250] * (len(chosen) - 1) + [2000]
    assert gif[0].info["loop"] == 3 and apng[0].info["loop"] == 4, "GIF counts how often again"


@needs_engine
@pytest.mark.parametrize("kind", ["apng", "gif"])
def test_pixels_are_always_the_same(kind: str) -> None:
    assert walk(kind, view_of("square"), range(4)) == walk(kind, view_of("square"), range(4))


@needs_engine
def test_a_moment_is_only_what_changed() -> None:
    drawn = walk("apng", view_of("neuron"), range(30, 41), scale=1.0)
    sizes = [struct.unpack(">II", part[4:12]) for part in drawn.split(b"fcTL")[1:]]
    areas = [width * height for width, height in sizes]
    assert sum(areas[1:]) / 10 < areas[0] / 2, "with the foot"


def test_too_many_pixels_are_refused_before_anything_is_painted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(animated_patches, "run_engine", lambda *_: pytest.fail("it began to paint"))
    with pytest.raises(LayoutError, match="pixels at a scale of 6; 60 million is the most. Show fewer"):
        walk("apng", view_of("neuron"), scale=6.0)
    monkeypatch.setattr(animated_patches, "MOST", 1e5)
    with pytest.raises(LayoutError, match="0 million is the most"):
        walk("apng", view_of("neuron"))


@needs_engine
def test_many_pixels_make_a_smaller_picture(monkeypatch: pytest.MonkeyPatch) -> None:
    usual = decoded(walk("apng", view_of("neuron"), range(30, 41)))[0].size
    monkeypatch.setattr(animated_patches, "MOST", 2e6)
    small = decoded(walk("apng", view_of("neuron"), range(30, 41)))[0].size
    assert 0.4 < small[0] / usual[0] < 0.95 and abs(small[0] / usual[0] - small[1] / usual[1]) < 0.01


def test_pngs_of_different_kinds_make_no_apng() -> None:
    def patch(colour: int) -> Patch:
        header = struct.pack(">II5B", 1, 1, 8, colour, 0, 0, 0)
        return Patch(0, 0, 0, b"\x89PNG\r\n\x1a\n" + struct.pack(">I4s", 13, b"IHDR") + header + b"\0" * 4)

    with pytest.raises(LayoutError, match="different kinds"):
        assemble([patch(2), patch(6)], Pace())


def test_gif_says_what_it_needs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "PIL", None)
    with pytest.raises(LayoutError, match=r"Pillow is needed\. Install it with: pip install gradviz\[gif\]"):
        walk("gif", view_of("one"))
