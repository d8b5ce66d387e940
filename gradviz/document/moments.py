"""The frame at step k as the page holds it: counters, texts and levels of every box and edge."""

from __future__ import annotations

from typing import Any

import numpy as np

from gradviz.document.scene import Scene
from gradviz.document.windows import step_document
from gradviz.frame import Frame
from gradviz.summary import text_of


def frame_document(scene: Scene, k: int) -> dict[str, Any]:
    """Give the state after the first ``k`` steps."""
    frame = scene.timeline.frame(k)
    current = step_document(scene, scene.timeline[k - 1]) if k else None
    return {"k": k, "boxes": _boxes(scene, frame), "edges": _edges(scene, frame), "current": current}


def _boxes(scene: Scene, frame: Frame) -> list[dict[str, Any]]:
    view, backward = scene.view, scene.timeline.phase_range("backward")
    carries, seeded = scene.timeline.carries_done(frame.k), frame.k > backward.start
    done = zip(
        view.boxes,
        np.bincount(view.box_of[frame.computed], minlength=len(view.boxes)).tolist(),
        scene.gains(carries, seeded).tolist(),
        scene.gains_total.tolist(),
        (np.bincount(view.box_of[frame.updated], minlength=len(view.boxes)) > 0).tolist(),
        strict=True,
    )
    boxes = []
    for box, computed, grads, grads_total, updated in done:
        counters = {"computed": computed, "total": box.count, "grads": grads, "gradsTotal": grads_total}
        if box.node is None:
            texts = _folded(scene, box.index, frame.k, computed == box.count, grads == grads_total)
        else:
            texts = _single(scene, box.node, frame)
        boxes.append({**counters, **texts, "updated": updated})
    return boxes


def _single(scene: Scene, node: int, frame: Frame) -> dict[str, Any]:
    data, grad = frame.data_of(node), frame.grad_of(node)
    position = int(frame.position[node])
    return {
        "data": None if data is None else text_of(data),
        "grad": None if grad is None else text_of(grad),
        "level": scene.shown.level(grad),
        "order": position if position >= 0 else None,
    }


def _folded(scene: Scene, box: int, k: int, computed: bool, arrived: bool) -> dict[str, Any]:
    """A folded box says nothing until all of it is there."""
    data, grad, level = scene.final_boxes[box]
    if box in scene.late_boxes:
        arrived = k >= scene.shown.late_from
    return {
        "data": data if computed else None,
        "grad": grad if arrived else None,
        "level": level if arrived else None,
        "order": None,
    }


def _edges(scene: Scene, frame: Frame) -> list[dict[str, Any]]:
    carried = scene.carried(scene.timeline.carries_done(frame.k)).tolist()
    edges = []
    for now, total, final in zip(carried, scene.carried_total.tolist(), scene.final_edges, strict=True):
        on = 0 < total == now
        text, level = final if on else (None, None)
        edges.append({"on": on, "text": text, "level": level, "carried": now, "total": total})
    return edges
