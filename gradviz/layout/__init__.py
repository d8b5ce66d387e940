"""Positions and curves for boxes and edges: by Graphviz for small graphs, by gradviz itself for the rest.

Pure geometry: sizes and pairs in, coordinates out. It knows nothing of graphs, views or gradients.
"""

from __future__ import annotations

import dataclasses
import functools

import numpy as np

from gradviz.errors import LayoutError
from gradviz.layout import graphviz, layered
from gradviz.layout.geometry import LAYER_GAP, Layout, Pairs, Sizes
from gradviz.layout.graphviz import Engine, engines, find_engine
from gradviz.layout.mesh import layers_of

__all__ = ["GRAPHVIZ_LIMIT", "OWN", "Engine", "Layout", "engines", "find_engine", "layout"]

OWN = "own"
GRAPHVIZ_LIMIT = 400  # boxes; beyond them Graphviz takes seconds, and minutes soon after


def layout(
    sizes: Sizes,
    edges: Pairs,
    *,
    engine: str | None = None,
    rankdir: str = "LR",
    gap: float = LAYER_GAP,
    timeout: float = 10.0,
) -> Layout:
    """Place boxes in layers, so that every edge runs forward, and route the edges around them.

    Args:
        sizes: width and height of each box, in px.
        edges: pairs of box indices, source first; parallel edges are fine, cycles are not.
        engine: "own", or a Graphviz engine's name or path. None takes Graphviz for up to 400 boxes where
            it is installed, and gradviz's own layout else.
        rankdir: "LR", left to right, or "TB", top to bottom.
        gap: px between two layers, at least.
        timeout: seconds that Graphviz may take.

    Returns:
        The layout, the same for the same input. If Graphviz is missing or fails it is gradviz's own, and
        ``note`` says so.

    Raises:
        LayoutError: the engine asked for does not exist, or the edges form a cycle.
    """
    if rankdir not in ("LR", "TB"):
        raise LayoutError(f"rankdir is {rankdir!r}; it must be LR or TB.")
    program, note = _choose(engine, len(sizes))
    boxes = tuple((float(w), float(h)) for w, h in sizes)
    pairs = tuple((int(a), int(b)) for a, b in edges)
    found = _cached(boxes, pairs, program, rankdir, gap, timeout)
    return dataclasses.replace(found, note=note) if note else found


def _choose(engine: str | None, count: int) -> tuple[Engine | None, str]:
    """Choose a Graphviz engine, or None for our own layout, and say so if it is second choice."""
    if engine == OWN or (engine is None and count > GRAPHVIZ_LIMIT):
        return None, ""
    if engine is not None:
        return find_engine(engine), ""
    try:
        return find_engine(), ""
    except LayoutError as error:
        return None, f"{error.message} Laid out by gradviz itself."


@functools.lru_cache(maxsize=32)
def _cached(
    sizes: tuple[tuple[float, float], ...],
    edges: tuple[tuple[int, int], ...],
    engine: Engine | None,
    rankdir: str,
    gap: float,
    timeout: float,
) -> Layout:
    layers_of(len(sizes), np.array(edges, np.int64).reshape(-1, 2))  # refuses cycles, whatever the engine
    if engine is not None:
        try:
            return graphviz.layout(sizes, edges, engine, rankdir=rankdir, gap=gap, timeout=timeout)
        except LayoutError as error:
            own = layered.layout(sizes, edges, rankdir=rankdir, gap=gap)
            return dataclasses.replace(own, note=f"{error.message} Laid out by gradviz itself.")
    return layered.layout(sizes, edges, rankdir=rankdir, gap=gap)
