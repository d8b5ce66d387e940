"""The frame at step k as the page holds it: counters, texts and levels of every box and edge."""

from __future__ import annotations

from typing import Any

from gradviz.document.large import large_frame
from gradviz.document.scene import Scene
from gradviz.document.windows import step_document
from gradviz.summary import text_of
from gradviz.timeline.frame import Frame


def frame_document(scene: Scene, k: int) -> dict[str, Any]:
    """Give the state after the first ``k`` steps."""
    frame = scene.timeline.frame(k)
    current = step_document(scene, scene.timeline[k - 1]) if k else None
    if scene.large:
        return {**large_frame(scene, frame), "current": current}
    return {"k": k, "boxes": _boxes(scene, frame), "edges": _edges(scene, frame), "current": current}


def _boxes(scene: Scene, frame: Frame) -> list[dict[str, Any]]:
    k, progress, updated = frame.k, scene.progress, scene.first_update
    late = scene.late_boxes if k < scene.shown.late_from else ()
    now = (progress.computed(k).tolist(), progress.gains_at(k).tolist(), progress.order(k).tolist())
    rows = zip(scene.final_rows, *now, strict=True)
    boxes = []
    for box, ((node, (data, grad, level), total, grads_total, odd), computed, grads, order) in enumerate(
        rows
    ):
        if odd or 0 < grads < grads_total and node >= 0:
            held = frame.grad_of(node)
            grad, level = None if held is None else text_of(held), scene.shown.level(held)
        elif grads < grads_total or box in late:
            grad = level = None
        if computed < total:
            data = None
        elif node >= 0 and box in updated:
            data = text_of(frame.data_of(node))
        boxes.append(
            {
                "computed": computed,
                "total": total,
                "grads": grads,
                "gradsTotal": grads_total,
                "data": data,
                "grad": grad,
                "level": level,
                "order": order if order >= 0 else None,
                "updated": updated.get(box, k) < k,
            }
        )
    return boxes


def _edges(scene: Scene, frame: Frame) -> list[dict[str, Any]]:
    carried = scene.progress.carried_at(frame.k).tolist()
    edges = []
    for now, total, final in zip(carried, scene.carried_total.tolist(), scene.final_edges, strict=True):
        on = 0 < total == now
        text, level = final if on else (None, None)
        edges.append({"on": on, "text": text, "level": level, "carried": now, "total": total})
    return edges
