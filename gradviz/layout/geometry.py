"""What a layout is, and the geometry that both engines share."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TypeAlias, overload

import numpy as np
from numpy.typing import ArrayLike, NDArray

from gradviz.frozen import Frozen

Curve: TypeAlias = tuple[tuple[float, float], ...]
Sizes: TypeAlias = Sequence[tuple[float, float]] | NDArray[np.float64]
Pairs: TypeAlias = Sequence[tuple[int, int]] | NDArray[np.int64]
Floats: TypeAlias = NDArray[np.float64]
Ints: TypeAlias = NDArray[np.int64]

BOX_GAP = 22.0  # px between two boxes of one layer
LAYER_GAP = 62.0  # px between two layers: room for an edge's number
MARGIN = 24.0  # px around the whole: room for what stands out of a box
PORT_GAP = 13.0  # px between the tips of two edges that end at one box


class Curves(Sequence[Curve]):
    """Cubic Bezier splines in two columns. Arrays are kept, not copied.

    Attributes:
        points: the control points of all curves, (p, 2): start, c1, c2, p, c1, c2, p ... tip.
        starts: curve i is points[starts[i]:starts[i + 1]].
    """

    def __init__(self, points: ArrayLike, starts: ArrayLike) -> None:
        self.points = np.asarray(points, np.float64).reshape(-1, 2).view()
        self.starts = np.asarray(starts, np.int64).view()
        self.points.flags.writeable = self.starts.flags.writeable = False

    @classmethod
    def of(cls, curves: Sequence[Curve]) -> Curves:
        """Put curves into columns."""
        return cls([p for curve in curves for p in curve], np.cumsum([0, *map(len, curves)]))

    def __len__(self) -> int:
        return len(self.starts) - 1

    @overload
    def __getitem__(self, index: int) -> Curve: ...

    @overload
    def __getitem__(self, index: slice) -> Sequence[Curve]: ...

    def __getitem__(self, index: int | slice) -> Curve | Sequence[Curve]:
        if isinstance(index, slice):
            return list(self)[index]
        at = range(len(self))[index]
        return tuple(map(tuple, self.points[self.starts[at] : self.starts[at + 1]].tolist()))

    def __iter__(self) -> Iterator[Curve]:
        points = [(x, y) for x, y in self.points.tolist()]
        starts = self.starts.tolist()
        for start, stop in zip(starts[:-1], starts[1:], strict=True):
            yield tuple(points[start:stop])

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Curves):
            return NotImplemented
        return np.array_equal(self.starts, other.starts) and np.array_equal(self.points, other.points)

    def __hash__(self) -> int:
        return hash((self.starts.tobytes(), self.points.tobytes()))


class Layout(Frozen, eq=False):
    """Where boxes and edges go, in px, y downwards.

    Attributes:
        width: of the whole drawing.
        height: of the whole drawing.
        boxes: per box x, y (top left), width and height.
        edges: per edge the control points of a cubic Bezier spline: start, c1, c2, p, c1, c2, p ... tip.
        engine: what laid it out: "graphviz-pure", "dot" or "own".
        note: one sentence if it is not the engine asked for, else "".
        shift: how far the boxes that were there before have moved on average; a camera that moves as far
            shows them where they were.
    """

    width: float
    height: float
    boxes: Floats
    edges: Sequence[Curve]
    engine: str
    note: str = ""
    shift: tuple[float, float] = (0.0, 0.0)


def with_margin(boxes: Floats, curves: Curves, engine: str) -> Layout:
    """Move a drawing so that it starts at the margin, and measure it. Coordinates are rounded to 0.01 px."""
    far = boxes[:, :2] + boxes[:, 2:]
    low, high = np.empty(2), np.empty(2)
    for axis in (0, 1):
        line = curves.points[:, axis]
        low[axis] = min(boxes[:, axis].min(), line.min(initial=np.inf)) - MARGIN
        high[axis] = max(far[:, axis].max(), line.max(initial=-np.inf)) + MARGIN
    width, height = (high - low).round(2).tolist()
    placed, points = boxes.copy(), curves.points.copy()
    for axis in (0, 1):
        placed[:, axis] -= low[axis]
        points[:, axis] -= low[axis]
    placed[:, :2] = placed[:, :2].round(2)
    placed.flags.writeable = False
    return Layout(width, height, placed, Curves(points.round(2, out=points), curves.starts), engine)
