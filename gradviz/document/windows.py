"""Windows of steps: each step says all that the page needs to apply it and to take it back."""

from __future__ import annotations

from typing import Any

from gradviz.document.scene import Scene
from gradviz.explain import explain
from gradviz.graph import Number, Span
from gradviz.summary import text_of
from gradviz.timeline import Step

WINDOW = 64  # steps in one answer, unless more are asked for: some 5 ms
MOST_STEPS = 512  # in one answer
STACK = 40  # names of the depth-first stack, the innermost


def step_document(scene: Scene, step: Step) -> dict[str, Any]:
    """Give one step in words, numbers, and places in the view."""
    shown, view = scene.shown, scene.view
    told = explain(scene.graph, step, scene.timeline)
    view_edge = -1 if step.edge is None else int(view.edge_of[step.edge])
    return {
        "k": step.index,
        "phase": step.phase,
        "event": step.event,
        "node": step.node,
        "name": shown.label(step.node),
        "box": int(view.box_of[step.node]),
        "edge": step.edge,
        "viewEdge": view_edge if view_edge >= 0 else None,
        **shown.place(_span(scene, step)),
        "before": text_of(step.before),
        "after": text_of(step.after),
        "level": None,
        **_change(scene, step),
        "sentence": told.sentence,
        "formula": list(told.formula),
        "rule": told.rule,
        **_late(scene, step.index),
    }


def _span(scene: Scene, step: Step) -> Span | None:
    """The line a step runs: that of the op; on the way back, of the op whose rule is applied."""
    graph = scene.graph
    if step.event == "carry" and step.edge is not None:
        return graph.span_of(int(graph.consumer[step.edge])) or graph.span_of(step.node)
    if step.event == "update":
        return scene.timeline.update_of(step.node).source or graph.span_of(step.node)
    return graph.span_of(step.node)


def _change(scene: Scene, step: Step) -> dict[str, Any]:
    """What the step changes, with what was there before."""
    shown = scene.shown
    if step.phase == "order":
        stack = [shown.label(node) for node in scene.timeline.stack(step.index, STACK)]
        return {"stack": stack, "position": step.after if step.event == "leave" else None}
    if step.phase == "update":
        first = scene.first_update[int(scene.view.box_of[step.node])]
        return {"updatedBefore": step.index > first}
    if step.phase != "backward":
        return {}
    before: Number | None = step.before
    change = {
        "level": shown.level(step.after),
        "levelBefore": shown.level(before),
        "gradBefore": None if before is None else text_of(before),
    }
    if step.edge is not None:
        change["carried"], change["carriedLevel"] = scene.cotangent(step.edge)
    return change


def _late(scene: Scene, k: int) -> dict[str, Any]:
    """With the last step of backward: the gradients that are there in the end, but that no step brings."""
    shown = scene.shown
    if k + 1 != shown.late_from or not shown.late.any():
        return {}
    frame, also = scene.timeline.frame(k), []
    for box in sorted(scene.late_boxes):
        node = int(scene.singles[box])
        before = frame.grad_of(node) if node >= 0 else None
        _, after, level = scene.final_boxes[box]
        also.append(
            {
                "box": box,
                "before": None if before is None else text_of(before),
                "levelBefore": shown.level(before),
                "after": after,
                "level": level,
            }
        )
    return {"also": also}
