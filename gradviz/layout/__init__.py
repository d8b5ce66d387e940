"""Positions and curves for boxes and edges: by gradviz itself, or by Graphviz for those who ask for it.

Pure geometry: sizes and pairs in, coordinates out. It knows nothing of graphs, views or gradients.
"""

from __future__ import annotations

import functools
import itertools
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from gradviz.errors import LayoutError
from gradviz.layout import layered
from gradviz.layout.geometry import LAYER_GAP, Curves, Floats, Layout, Pairs, Sizes
from gradviz.layout.layers import layers_of

if TYPE_CHECKING:
    from gradviz.layout.graphviz import Engine, engines, find_engine

__all__ = ["OWN", "Curves", "Engine", "Layout", "engines", "find_engine", "layout"]

OWN = "own"
_Number = TypeVar("_Number", np.float64, np.int64)


def __getattr__(name: str) -> Any:
    """Engines are looked for only where somebody asks for one."""
    if name not in ("Engine", "engines", "find_engine"):
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from gradviz.layout import graphviz

    return getattr(graphviz, name)


def layout(
    sizes: Sizes,
    edges: Pairs,
    *,
    engine: str | None = None,
    rankdir: str = "LR",
    gap: float = LAYER_GAP,
    timeout: float = 10.0,
    before: NDArray[np.float64] | None = None,
) -> Layout:
    """Place boxes in layers, so that every edge runs forward, and route the edges around them.

    Args:
        sizes: width and height of each box, in px.
        edges: pairs of box indices, source first; parallel edges are fine, cycles are not.
        engine: None or "own" for gradviz's own layout, or a Graphviz engine's name or path.
        rankdir: "LR", left to right, or "TB", top to bottom.
        gap: px between two layers, at least.
        timeout: seconds that it may take.
        before: x and y of the middle of each box in an earlier layout, (n, 2), NaN where a box is new. Boxes
            that stay in one layer keep their order there, and all that stay move as little as they can;
            Graphviz cannot do that, and pays no heed.

    Returns:
        The layout, the same for the same input. If Graphviz fails it is gradviz's own, and ``note`` says so.

    Raises:
        LayoutError: the engine asked for does not exist, a size is not a number, the edges form a cycle,
            ``before`` does not fit the boxes, or our own layout took too long.
    """
    if rankdir not in ("LR", "TB"):
        raise LayoutError(f"rankdir is {rankdir!r}; it must be LR or TB.")
    boxes, pairs = _two(sizes, np.float64), _two(edges, np.int64)
    old = None if before is None else _earlier(before, len(boxes))
    if not np.isfinite(boxes).all():
        raise LayoutError(f"Box {int(np.argmin(np.isfinite(boxes).all(axis=1)))} has no size.")
    program = None if engine in (None, OWN) else _engine(engine)
    seed = None if old is None else old.tobytes()
    return _cached(boxes.tobytes(), pairs.tobytes(), program, rankdir, gap, timeout, seed)


def _two(rows: Sequence[tuple[Any, Any]] | NDArray[Any], dtype: type[_Number]) -> NDArray[_Number]:
    """Put pairs into two columns; tuples one after another, which is twice as quick as ``np.array``."""
    if isinstance(rows, np.ndarray):
        return np.array(rows, dtype).reshape(-1, 2)
    return np.fromiter(itertools.chain.from_iterable(rows), dtype).reshape(len(rows), 2)


def _engine(name: str | None) -> Engine:
    from gradviz.layout.graphviz import find_engine

    return find_engine(name)


def _earlier(before: NDArray[np.float64], count: int) -> Floats | None:
    """Check the earlier places; None if no box has one."""
    old = np.array(before, np.float64)
    if old.shape != (count, 2):
        raise LayoutError(f"before has the shape {old.shape}; it must be ({count}, 2).")
    old[~np.isfinite(old).all(axis=1)] = np.nan
    return old if np.isfinite(old).any() else None


@functools.lru_cache(maxsize=16)
def _cached(
    sizes: bytes,
    edges: bytes,
    engine: Engine | None,
    rankdir: str,
    gap: float,
    timeout: float,
    before: bytes | None,
) -> Layout:
    size = np.frombuffer(sizes).reshape(-1, 2)
    pairs = np.frombuffer(edges, np.int64).reshape(-1, 2)
    old = None if before is None else np.frombuffer(before).reshape(-1, 2)
    layer = layers_of(len(size), pairs)  # refuses cycles, whatever the engine
    note = ""
    if engine is not None:
        from gradviz.layout import graphviz

        try:
            found = graphviz.layout(size, pairs, engine, rankdir=rankdir, gap=gap, timeout=timeout)
            return _shifted(found, old)
        except LayoutError as error:
            note = f"{error.message} Laid out by gradviz itself."
    own = layered.layout(size, pairs, layer, rankdir=rankdir, gap=gap, timeout=timeout, before=old)
    return _shifted(own, old)._replace(note=note)


def _shifted(found: Layout, before: Floats | None) -> Layout:
    """Say how far the boxes that were there before have moved on average."""
    if before is None:
        return found
    moved = found.boxes[:, :2] + found.boxes[:, 2:] / 2 - before
    x, y = np.nanmean(moved, axis=0).round(2).tolist()
    return found._replace(shift=(x, y))
