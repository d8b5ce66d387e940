"""Views of more boxes than an SVG carries: columns for the page's canvas, and frames that tell what differs.

A frame says only what does not follow from the counters: a box whose values are all computed shows ``data``
as in the view, one whose gradients have all arrived shows its ``grad``.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from gradviz.document.looks import box_columns, edge_columns
from gradviz.document.packing import pack_numbers, pack_words
from gradviz.document.scene import Scene
from gradviz.layout import Curves, Layout
from gradviz.renderers.histogram import histograms
from gradviz.renderers.marks import UNDER
from gradviz.summary import text_of
from gradviz.timeline.frame import Frame

_LONGEST_STEP = np.iinfo(np.int16).max
_STEPS_OF_BARS = 35  # heights are told by one character, 0 to z


def large_view(scene: Scene) -> dict[str, Any]:
    """Give boxes and edges of a large view in columns, and where they stand."""
    placed, boxes, edges = scene.placed, box_columns(scene), edge_columns(scene)
    cards = _cards(scene, placed)
    places = {name: pack_numbers(column) for name, column in zip("xywh", cards.T, strict=True)}
    keys = zip(boxes["key"], boxes["node"], strict=True)
    return {
        "boxes": {
            **{name: pack_words(boxes[name]) for name in boxes if name not in ("node", "key", "span")},
            "node": pack_numbers(scene.singles),
            "key": pack_words([None if node is not None else key for key, node in keys]),
            "span": pack_words([None if span is None else tuple(span) for span in boxes["span"]]),
            "gradsTotal": pack_words(scene.gains_total.tolist()),
        },
        "edges": {
            "source": pack_numbers(edges["source"]),
            "target": pack_numbers(edges["target"]),
            "count": pack_words(edges["count"]),
            "level": pack_words(edges["level"]),
            "total": pack_words(scene.carried_total.tolist()),
        },
        "geometry": {**places, **_knots(scene, placed, cards[:, 1]), **_shapes(scene)},
    }


def large_frame(scene: Scene, frame: Frame) -> dict[str, Any]:
    """Give a frame of a large view: counters, and the texts that do not follow from them."""
    progress, k = scene.progress, frame.k
    computed, grads = progress.computed(k), progress.gains_at(k)
    return {
        "k": k,
        "computed": _changed(computed, scene.counts),
        "grads": _changed(grads, scene.gains_total),
        "order": _orders(scene, k),
        "carried": _changed(progress.carried_at(k), scene.carried_total),
        "updated": pack_numbers([box for box, first in scene.first_update.items() if first < k]),
        "texts": _texts(scene, frame, _unusual(scene, k, computed, grads)),
    }


def _changed(column: np.ndarray, final: np.ndarray) -> Any:
    """Give a column only where it says something: null is all nothing, true all as in the end."""
    if not column.any():
        return None
    return True if np.array_equal(column, final) else pack_numbers(column)


def _orders(scene: Scene, k: int) -> Any:
    """Per box its place in the topological order, -1 if it has none or is folded; null before any has."""
    started = k > scene.timeline.phase_range("order").start
    return pack_numbers(scene.progress.order(k)) if started else None


def _unusual(scene: Scene, k: int, computed: np.ndarray, grads: np.ndarray) -> np.ndarray:
    """The boxes whose texts do not follow from their counters."""
    progress = scene.progress
    unusual = progress.odd | ((0 < grads) & (grads < scene.gains_total) & (scene.singles >= 0))
    for box, first in scene.first_update.items():  # shown in the end with what the update makes of them
        if first >= k and scene.singles[box] >= 0:
            unusual[box] |= computed[box] > 0
    if k >= scene.shown.late_from:
        unusual[list(scene.late_boxes)] = True
    return np.flatnonzero(unusual)


def _texts(scene: Scene, frame: Frame, boxes: np.ndarray) -> dict[str, Any]:
    """What these boxes show."""
    rows = [_told(scene, frame, box) for box in boxes.tolist()]
    data, grad, level = zip(*rows, strict=True) if rows else ((), (), ())
    return {
        "box": pack_numbers(boxes),
        "data": pack_words(data),
        "grad": pack_words(grad),
        "level": pack_words(level),
    }


def _told(scene: Scene, frame: Frame, box: int) -> tuple[Any, Any, Any]:
    node = int(scene.singles[box])
    if node < 0:
        return scene.final_boxes[box]
    data, grad = frame.data_of(node), frame.grad_of(node)
    return (
        None if data is None else text_of(data),
        None if grad is None else text_of(grad),
        scene.shown.level(grad),
    )


def _cards(scene: Scene, placed: Layout) -> np.ndarray:
    """The upper card of each box, in whole px: a folded one has others below it that stand out."""
    folded = (scene.singles < 0)[:, None]
    stand_out = np.where(folded, [0.0, UNDER[0], -UNDER[0], -UNDER[0]], 0.0)
    return np.asarray(np.round(placed.boxes + stand_out).astype(np.int64))


def _knots(scene: Scene, placed: Layout, top: np.ndarray) -> dict[str, Any]:
    """Where each edge passes: between two knots it is an S that starts and ends level.

    Its ends are told by their heights below the tops of the two boxes, its inner knots by a list of all
    columns and by their heights, in units that let the differences between them be short numbers.
    """
    curves = placed.edges if isinstance(placed.edges, Curves) else Curves.of(placed.edges)
    points, starts, ends = curves.points, curves.starts[:-1], curves.starts[1:] - 1
    place = np.arange(len(points)) - np.repeat(starts, np.diff(curves.starts))
    passed = place % 3 == 0
    passed[starts] = passed[ends] = False
    inner = points[passed]
    columns, column = np.unique(np.round(inner[:, 0]).astype(np.int64), return_inverse=True)
    unit = max(1, math.ceil(placed.height / _LONGEST_STEP))
    heights = np.round(inner[:, 1] / unit).astype(np.int64)
    pairs = scene.view.edge_columns
    return {
        "out": pack_numbers(np.round(points[starts, 1] - top[pairs.source])),
        "tip": pack_numbers(np.round(points[ends, 1] - top[pairs.target])),
        "knots": pack_numbers((ends - starts) // 3 - 1),
        "columns": columns.tolist(),
        "kx": pack_numbers(column),
        "unit": unit,
        "ky": pack_numbers(np.diff(heights, prepend=0)),
    }


def _shapes(scene: Scene) -> dict[str, Any]:
    """The histograms of folded boxes: the heights of data's bars and of the gradients', a character each."""
    which = np.flatnonzero(scene.singles < 0).tolist()
    folded = [scene.view.boxes[box] for box in which]
    shapes = [histograms(scene.graph, box) for box in folded]
    return {
        "folded": pack_numbers(which),
        "dataBars": pack_words([_digits(data) for data, _ in shapes]),
        "gradBars": pack_words([_digits(grad) for _, grad in shapes]),
    }


def _digits(heights: Sequence[float]) -> str:
    return "".join(np.base_repr(round(height * _STEPS_OF_BARS), 36).lower() for height in heights)
