"""What a recorder says of a pass beside its numbers: set by hand, inferred, failed half-way, noted."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from gradviz.document.files import FileNames
from gradviz.document.scene import Pass, Scene

NOTES = 50  # in one answer


def pass_asides(scene: Scene) -> dict[str, Any]:
    """Give what is said of a pass.

    ``manual`` is whether its gradients were set by hand, ``failed`` which value's rule raised and how,
    ``inferred`` for how many values the order of operands was inferred, ``notes`` are sentences.
    """
    shown, meta = scene.shown, scene.graph.meta
    notes, failed = meta.get("notes"), _failed(shown)
    sentences = [str(note) for note in notes[:NOTES]] if isinstance(notes, list) else []
    if failed is not None:
        failed["box"] = int(scene.view.box_of[failed["node"]])
    return {
        "manual": meta.get("manual") is True,
        "failed": failed,
        "inferred": _count(meta.get("inferred")),
        "notes": [shown.files.in_text(note) for note in sentences],
    }


def node_asides(shown: Pass, node: int) -> dict[str, Any]:
    """Give what is said of one value: whether its operands' order was inferred, and how its rule raised."""
    inferred = shown.graph.meta.get("inferred")
    listed = inferred.get("operands") if isinstance(inferred, Mapping) else None
    failed = _failed(shown)
    return {
        "inferred": isinstance(listed, list) and node in listed,
        "failed": failed if failed is not None and failed["node"] == node else None,
    }


def exception_document(raised: Any, files: FileNames) -> dict[str, Any] | None:
    """Give an exception as a recording keeps it; None if it keeps none."""
    if not isinstance(raised, Mapping):
        return None
    file, line = raised.get("file"), raised.get("line")
    return {
        "type": str(raised.get("type", "Exception")),
        "message": files.in_text(str(raised.get("message", ""))),
        "file": files.get(str(file) if file else None),
        "line": line if isinstance(line, int) else None,
    }


def _count(inferred: Any) -> int:
    count = inferred.get("count") if isinstance(inferred, Mapping) else None
    return count if isinstance(count, int) else 0


def _failed(shown: Pass) -> dict[str, Any] | None:
    raised = shown.graph.meta.get("failed")
    told = exception_document(raised, shown.files)
    node = raised.get("node") if isinstance(raised, Mapping) else None
    if told is None or not isinstance(node, int) or not 0 <= node < len(shown.graph):
        return None
    return {"node": node, "name": shown.label(node), **told}
