"""PNG: whole pictures of the right size in the right colours, and no more pixels than a machine can bear."""

from __future__ import annotations

import os
import struct
import zlib
from pathlib import Path

import numpy as np
import pytest
from test_renderers import GRAPHS, view_of

from gradviz.errors import LayoutError
from gradviz.layout import Layout, engines
from gradviz.renderers import png
from gradviz.renderers.drawing import draw
from gradviz.renderers.facts import Facts
from gradviz.renderers.marks import LEGEND_SIZE
from gradviz.renderers.palette import TOKENS, ramp
from gradviz.timeline import Timeline

INSTALLED = [engine.path for engine in engines()]
needs_engine = pytest.mark.skipif(not INSTALLED, reason="no Graphviz engine")


def pixels(data: bytes) -> np.ndarray:
    """Read a PNG of 8 bits per channel, without help."""
    at, packed, header = 8, b"", b""
    while at < len(data):
        length, kind = struct.unpack(">I4s", data[at : at + 8])
        body = data[at + 8 : at + 8 + length]
        header = body if kind == b"IHDR" else header
        packed += body if kind == b"IDAT" else b""
        at += 12 + length
    width, height, depth, colour = struct.unpack(">IIBB", header[:10])
    assert depth == 8 and colour in (2, 6)
    channels = 3 if colour == 2 else 4
    lines = np.frombuffer(zlib.decompress(packed), np.uint8).reshape(height, 1 + width * channels)
    out = np.zeros((height, width * channels), np.uint8)
    for y, line in enumerate(lines):
        out[y] = _unfilter(int(line[0]), line[1:], out[y - 1] if y else np.zeros_like(out[0]), channels)
    return out.reshape(height, width, channels)[:, :, :3]


def _unfilter(kind: int, line: np.ndarray, above: np.ndarray, step: int) -> np.ndarray:
    if kind == 0:
        return line
    if kind == 2:
        return line + above
    done = line.astype(np.int64)
    up = above.astype(np.int64)
    for i in range(len(done)):
        left, corner = (done[i - step], up[i - step]) if i >= step else (0, 0)
        if kind == 1:
            done[i] += left
        elif kind == 3:
            done[i] += (left + up[i]) // 2
        else:
            guess = left + up[i] - corner
            near = [abs(guess - left), abs(guess - up[i]), abs(guess - corner)]
            done[i] += (left, up[i], corner)[near.index(min(near))]
        done[i] &= 255
    return done.astype(np.uint8)


def rgb(colour: str) -> tuple[int, int, int]:
    return tuple(int(colour[i : i + 2], 16) for i in (1, 3, 5))  # type: ignore[return-value]


def share(picture: np.ndarray, colour: str) -> float:
    return float((np.abs(picture.astype(int) - rgb(colour)).max(axis=2) <= 2).mean())


@needs_engine
@pytest.mark.parametrize("graph", GRAPHS)
@pytest.mark.parametrize("engine", INSTALLED)
def test_every_graph(graph: str, engine: str) -> None:
    view = view_of(graph)
    middle = Timeline(view.graph).frame(len(view.graph) // 2)
    data = png.render(view, middle, scale=1.0, engine=engine)
    drawing = draw(view, None, Facts(view).final_texts)
    assert png.size_of(data) == pytest.approx((drawing.width, drawing.height + LEGEND_SIZE[1]), abs=2)
    assert data == png.render(view, middle, scale=1.0, engine=engine)


@needs_engine
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_it_has_the_colours_of_the_drawing(theme: str) -> None:
    picture = pixels(png.render(view_of("neuron"), theme=theme, scale=1.0, engine=INSTALLED[0]))
    tokens = TOKENS[theme]
    assert share(picture, tokens["paper"]) > 0.4
    assert share(picture, tokens["card"]) + share(picture, tokens["leaf"]) > 0.15
    assert share(picture, ramp(theme)[-1]) > 0.0005, "the largest gradient is there"
    assert share(picture, tokens["zero"]) > 0.0002, "so is the one that is exactly zero"


@needs_engine
def test_text_survives() -> None:
    ink = TOKENS["light"]["ink"]
    with_text = pixels(png.render(view_of("one"), scale=2.0, engine=INSTALLED[0]))
    assert share(with_text, ink) > 0.0003


@needs_engine
def test_scale() -> None:
    small, large = (png.size_of(png.render(view_of("one"), scale=s, engine=INSTALLED[0])) for s in (1.0, 3.0))
    assert abs(large[0] - 3 * small[0]) <= 3 and abs(large[1] - 3 * small[1]) <= 3


@pytest.mark.parametrize("scale", [0.0, -1.0, float("nan"), float("inf"), 1e9])
def test_a_senseless_scale_is_refused(scale: float) -> None:
    with pytest.raises(LayoutError):
        png.render(view_of("one"), scale=scale)


def test_too_many_pixels_are_refused_before_anything_is_painted() -> None:
    view = view_of("square")
    huge = Layout(90_000.0, 90_000.0, draw_boxes(len(view.boxes)), draw(view).arrows and curves(view), "own")
    with pytest.raises(LayoutError, match="too large") as caught:
        png.render(view, layout=huge)
    assert "export SVG" in str(caught.value)


def draw_boxes(count: int) -> np.ndarray:
    return np.array([[1000.0 * i, 10.0, 124.0, 62.0] for i in range(count)])


def curves(view: object) -> tuple[tuple[tuple[float, float], ...], ...]:
    return tuple(((124.0, 41.0), (500.0, 41.0), (700.0, 41.0), (1000.0, 41.0)) for _ in view.edges)  # type: ignore[attr-defined]


@pytest.mark.skipif(os.name != "posix", reason="the fake engines are shell scripts")
@pytest.mark.parametrize(
    "body, message",
    {
        "cut": ("printf '\\211PNG\\r\\n\\032\\nIHDR'", "did not write a whole PNG"),
        "shrunk": (
            "echo 'dot: graph is too large for cairo-renderer bitmaps. Scaling by 0.17' >&2; echo x",
            "of this size",
        ),
        "fails": ("exit 1", "failed with exit code 1"),
    }.values(),
)
def test_a_broken_engine_is_no_picture(tmp_path: Path, body: str, message: str) -> None:
    path = tmp_path / "dot"
    path.write_text(f"#!/bin/sh\n{body}\n")
    path.chmod(0o755)
    with pytest.raises(LayoutError, match=message):
        png.render(view_of("one"), scale=1.0, engine=str(path))
