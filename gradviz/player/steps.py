"""The steps of a pass, told once for all the views that show it."""

from __future__ import annotations

from typing import Any

from gradviz.document.moments import frame_document
from gradviz.document.scene import Scene
from gradviz.document.windows import step_document
from gradviz.errors import GradvizError
from gradviz.timeline import PHASES, Timeline

MOST_STEPS = 20_000  # in one player: some 1 MB of it
OF_A_VIEW = ("box", "viewEdge", "updatedBefore", "also")  # what a step says of the view it is seen through


def carried_range(timeline: Timeline, phase: str | None, most: int = MOST_STEPS) -> range:
    """Choose the steps that a player carries: all of them, or, where they are too many, those of a phase.

    Raises:
        GradvizError: there are too many.
        NotFoundError: there is no such phase.
    """
    if len(timeline) <= most:
        return range(len(timeline))
    steps = timeline.phase_range(phase) if phase else range(len(timeline))
    if len(steps) <= most:
        return steps
    fit = [name for name in PHASES if 0 < len(timeline.phase_range(name)) <= most]
    cure = f"Choose a phase that has fewer: {', '.join(fit)}. " if fit else ""
    of = f"The phase {phase}" if phase else "This pass"
    raise GradvizError(
        f"{of} has {len(steps):,} steps; a player carries at most {most:,}.",
        f"{cure}Or open it with gradviz show, which has no such bound.",
    )


def shared_steps(scene: Scene, steps: range) -> list[dict[str, Any]]:
    """Give what each step says, but for what it says of the view; the first one is number 0."""
    told = (step_document(scene, step) for step in scene.timeline.steps(steps.start, steps.stop))
    return [
        {key: value for key, value in one.items() if key not in OF_A_VIEW} | {"k": k}
        for k, one in enumerate(told)
    ]


def seen_steps(scene: Scene, steps: range) -> dict[str, Any]:
    """Give what the steps say of a view, and the frame before them.

    ``boxOf`` is the box of each value and ``edgeOf`` the view edge of each edge of the graph, -1 inside a
    box; ``also`` are the gradients that come with the step ``alsoAt`` although none brings them.
    """
    late = scene.shown.late_from - 1
    also = step_document(scene, scene.timeline[late]).get("also", []) if late in steps else []
    return {
        "boxOf": scene.view.box_of.tolist(),
        "edgeOf": scene.view.edge_of.tolist(),
        "frame": {**frame_document(scene, steps.start), "k": 0, "current": None},
        **({"also": also, "alsoAt": late - steps.start} if also else {}),
    }
