"""Layout by a Graphviz engine: where to find one, what to ask it, how to read its answer.

Only sizes and edges go out and only numbers are read back, so no text of a user ever meets the engine.
"""

from __future__ import annotations

import functools
import json
import math
import os
import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from gradviz.errors import LayoutError
from gradviz.layout import child, routing
from gradviz.layout.geometry import (
    BOX_GAP,
    LAYER_GAP,
    Curve,
    Curves,
    Floats,
    Layout,
    Pairs,
    Sizes,
    with_margin,
)

PURE = "graphviz-pure"
CURE = (
    "`pip install graphviz-pure`, or install Graphviz (apt install graphviz · brew install graphviz · "
    "winget install Graphviz.Graphviz), or set GRADVIZ_DOT."
)
_POINTS = 72.0  # Graphviz measures boxes in inches and places them in points; one point is our one pixel


@dataclass(frozen=True)
class Engine:
    """A Graphviz program: its absolute path, and "graphviz-pure" or "dot"."""

    path: str
    kind: str

    @property
    def version(self) -> str:
        """What it says about its version, such as "2.43.0", or "unknown"."""
        return _version(self.path)


def find_engine(setting: str | None = None) -> Engine:
    """Find the Graphviz engine to use.

    The order: ``setting`` or GRADVIZ_DOT; graphviz-pure beside this Python, then on PATH; dot on PATH.

    Raises:
        LayoutError: there is none, or the one asked for is not there.
    """
    asked = setting or os.environ.get("GRADVIZ_DOT")
    if asked:
        path = _installed(asked) if os.path.basename(asked) == asked else _runnable(os.path.abspath(asked))
        if path is None:
            raise LayoutError(f"The Graphviz engine {asked!r} is not there or cannot be run.", f"Try {CURE}")
        return _engine(path)
    found = next(_candidates(), None)
    if found is None:
        raise LayoutError("No Graphviz engine found.", CURE)
    return found


def engines() -> list[Engine]:
    """List every engine that is installed, the preferred one first."""
    return list(dict.fromkeys(_candidates()))


def _candidates() -> Iterator[Engine]:
    asked = os.environ.get("GRADVIZ_DOT")
    if asked:
        try:
            yield find_engine(asked)
        except LayoutError:
            pass
    for path in (_installed(PURE), _installed("dot")):
        if path is not None:
            yield _engine(path)


def _engine(path: str) -> Engine:
    return Engine(path, PURE if Path(path).stem == PURE else "dot")


def _installed(name: str) -> str | None:
    """Look a program up, never in the working directory: a folder on PATH must be absolute."""
    folders = os.environ.get("PATH", os.defpath).split(os.pathsep)
    if name == PURE:
        folders.insert(0, os.path.dirname(sys.executable))
    found = (_runnable(os.path.join(folder, name)) for folder in folders if os.path.isabs(folder))
    return next(filter(None, found), None)


def _runnable(path: str) -> str | None:
    for candidate in (path, path + ".exe") if os.name == "nt" else (path,):
        if os.path.isfile(candidate) and os.access(candidate, os.X_OK):
            return candidate
    return None


@functools.lru_cache(maxsize=16)
def _version(path: str) -> str:
    try:
        output, warnings = child.run([path, "-V"], timeout=5)
    except LayoutError:
        return "unknown"
    match = re.search(r"version (\d[\w.]*)", output.decode("utf-8", "replace") + warnings)
    return match[1] if match else "unknown"


def layout(
    sizes: Sizes,
    edges: Pairs,
    engine: Engine,
    *,
    rankdir: str = "LR",
    gap: float = LAYER_GAP,
    timeout: float = 10.0,
) -> Layout:
    """Lay out boxes with a Graphviz engine.

    Raises:
        LayoutError: the engine failed, or answered with something else than this graph's layout.
    """
    if not len(sizes):
        return Layout(0.0, 0.0, np.empty((0, 4)), Curves.of(()), engine.kind)
    source = _source(sizes, edges, rankdir, gap)
    answer, _ = child.run([engine.path, "-Kdot", "-Tjson0"], source, timeout=timeout)
    try:
        document = json.loads(answer)
        boxes, curves = _read(document, sizes, len(edges))
    except (ValueError, LookupError, TypeError, AttributeError, RecursionError):
        raise LayoutError(f"{os.path.basename(engine.path)} gave an answer that is not a layout.") from None
    if rankdir == "LR":
        curves = routing.reroute(boxes, np.array(edges, np.int64).reshape(-1, 2), curves)
    return with_margin(boxes, Curves.of(curves), engine.kind)


def _source(sizes: Sizes, edges: Pairs, rankdir: str, gap: float) -> bytes:
    tail, head = ("e", "w") if rankdir == "LR" else ("s", "n")
    lines = [
        f"digraph {{ graph [rankdir={rankdir}, nodesep={BOX_GAP / _POINTS:.4f}, ranksep={gap / _POINTS:.4f}]",
        'node [shape=box, fixedsize=true, label=""]',
        f"edge [dir=none, tailport={tail}, headport={head}]",
    ]
    inches = np.asarray(sizes, float) / _POINTS
    lines += [f"n{i} [width={w:.4f}, height={h:.4f}]" for i, (w, h) in enumerate(inches.tolist())]
    lines += [f"n{a} -> n{b} [id=e{e}]" for e, (a, b) in enumerate(np.asarray(edges).tolist())]
    return "\n".join([*lines, "}"]).encode("ascii")


def _read(document: Any, sizes: Sizes, edge_count: int) -> tuple[Floats, list[Curve]]:
    """Take the boxes and curves out of the engine's answer, y turned downwards."""
    boxes = np.full((len(sizes), 4), np.nan)
    for item in document["objects"]:
        i = _index(item["name"], "n", len(sizes))
        (x, y), (w, h) = _pair(item["pos"]), sizes[i]
        boxes[i] = x - w / 2, -y - h / 2, w, h
    curves: list[Curve] = [()] * edge_count
    for item in document.get("edges", ()):
        points = [_pair(text) for text in item["pos"].split(";")[0].split() if text[0] not in "es"]
        if len(points) < 4 or len(points) % 3 != 1:
            raise ValueError("not a Bezier spline")
        curves[_index(item["id"], "e", edge_count)] = tuple((x, -y) for x, y in points)
    if not (np.isfinite(boxes).all() and all(curves)):
        raise ValueError("not every box and edge has a place")
    return boxes, curves


def _index(name: str, letter: str, count: int) -> int:
    if name[:1] != letter or not 0 <= int(name[1:]) < count:
        raise ValueError("not one of our names")
    return int(name[1:])


def _pair(text: str) -> tuple[float, float]:
    x, y = map(float, text.split(","))
    if not (math.isfinite(x) and math.isfinite(y)):
        raise ValueError("not a position")
    return x, y
