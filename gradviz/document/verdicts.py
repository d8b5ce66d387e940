"""The gradients of a pass held against the reference: a verdict per box, and the numbers where it fails."""

from __future__ import annotations

from typing import Any

import numpy as np

from gradviz.diagnostics.reference import VERDICTS, Verified
from gradviz.document.packing import pack_words
from gradviz.document.scene import Scene
from gradviz.document.whatif import pass_findings

LISTED = 500  # gradients that fail, in one answer
_BADNESS = np.array([0, 1, 3, 2], dtype=np.uint8)  # of a verdict: a folded box shows its worst
_VERDICT = np.argsort(_BADNESS)
_FAILS = 2  # the badness from which a gradient is listed


def check_document(scene: Scene) -> dict[str, Any]:
    """Give the verdicts on a pass's gradients through one view; of a large one they come as a column."""
    verified, view = scene.shown.verified, scene.view
    words, badness = verdicts(scene), _BADNESS[verified.verdict]
    failed = np.flatnonzero(badness >= _FAILS)
    single = scene.singles[view.box_of[failed]] >= 0
    listed = np.sort(failed[np.argsort(~single, kind="stable")][:LISTED])  # those that have a box first
    return {
        "summary": verified.summary,
        "counts": verified.counts,
        "verdicts": pack_words(words) if scene.large else words,
        "nodes": {str(node): _row(scene, verified, node) for node in listed.tolist()},
        "more": len(failed) - len(listed),
        "findings": pass_findings(scene.shown)["findings"],
    }


def verdicts(scene: Scene) -> list[str]:
    """Give the verdict on each box of a view: of a folded one the worst."""
    view = scene.view
    worst = np.zeros(len(view.node_start) - 1, dtype=np.uint8)
    np.maximum.at(worst, view.box_of, _BADNESS[scene.shown.verified.verdict])
    return [VERDICTS[number] for number in _VERDICT[worst].tolist()]


def _row(scene: Scene, verified: Verified, node: int) -> dict[str, Any]:
    return {
        "name": scene.shown.label(node),
        "box": int(scene.view.box_of[node]),
        **verified.row(node),
    }
