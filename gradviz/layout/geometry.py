"""What a layout is, and the geometry that both engines share."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

Curve: TypeAlias = tuple[tuple[float, float], ...]
Sizes: TypeAlias = Sequence[tuple[float, float]]
Pairs: TypeAlias = Sequence[tuple[int, int]]
Floats: TypeAlias = NDArray[np.float64]

BOX_GAP = 22.0  # px between two boxes of one layer
LAYER_GAP = 62.0  # px between two layers: room for an edge's number
MARGIN = 24.0  # px around the whole: room for what stands out of a box
PORT_GAP = 13.0  # px between the tips of two edges that end at one box


@dataclass(frozen=True, eq=False)
class Layout:
    """Where boxes and edges go, in px, y downwards.

    Attributes:
        width: of the whole drawing.
        height: of the whole drawing.
        boxes: per box x, y (top left), width and height.
        edges: per edge the control points of a cubic Bezier spline: start, c1, c2, p, c1, c2, p ... tip.
        engine: what laid it out: "graphviz-pure", "dot" or "own".
        note: one sentence if it is not the engine asked for, else "".
    """

    width: float
    height: float
    boxes: Floats
    edges: tuple[Curve, ...]
    engine: str
    note: str = ""


def with_margin(boxes: Floats, curves: Sequence[Curve], engine: str) -> Layout:
    """Move a drawing so that it starts at the margin, and measure it. Coordinates are rounded to 0.01 px."""
    points = np.array([p for curve in curves for p in curve]).reshape(-1, 2)
    corners = np.vstack([boxes[:, :2], boxes[:, :2] + boxes[:, 2:], points])
    low = corners.min(axis=0) - MARGIN
    width, height = (corners.max(axis=0) - low + MARGIN).round(2).tolist()
    placed = boxes.copy()
    placed[:, :2] = (placed[:, :2] - low).round(2)
    placed.flags.writeable = False
    moved = iter((points - low).round(2).tolist())
    edges = tuple(tuple((x, y) for x, y in itertools.islice(moved, len(curve))) for curve in curves)
    return Layout(width, height, placed, edges, engine)
