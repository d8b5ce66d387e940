"""The long shapes: a recording, a pass through one view, and a window of its steps."""

from __future__ import annotations

import math
import os
from collections.abc import Mapping
from typing import Any

from gradviz import __version__
from gradviz.document.asides import exception_document, pass_asides
from gradviz.document.files import FileNames
from gradviz.document.large import large_view
from gradviz.document.looks import box_columns, edge_columns
from gradviz.document.moments import frame_document
from gradviz.document.scene import Pass, Scene
from gradviz.document.whatif import pass_facts
from gradviz.document.windows import WINDOW, step_document
from gradviz.recording import PassInfo, Recording
from gradviz.timeline import PHASES

OBJECTS = 2_000  # passes up to which each is an object; beyond, every fact is one list
SOURCES = 2 << 20  # characters of source text in one answer
HELD = 100  # boxes that stayed closed, in one answer
SCOPES = 2_000  # rows of the tree of scopes in one answer


def recording_document(recording: Recording, files: FileNames, findings: int | None) -> dict[str, Any]:
    """Give what was run, its passes and its sources."""
    meta = recording.meta
    script = str(meta.get("script") or "")
    return {
        "title": os.path.basename(script.rstrip("/\\").replace("\\", "/")) or "recording",
        "script": files.get(script) or "",
        "argv": [str(word) for word in meta.get("argv") or []],
        "finished": bool(meta.get("finished", True)),
        "exception": exception_document(meta.get("exception"), files),
        "version": __version__,
        "passes": _passes(recording.passes, files),
        "sources": _sources(recording.sources, files),
        "damage": [files.in_text(text) for text in recording.damage],
        "findings": findings,
        "limits": {"window": WINDOW},
    }


def pass_document(scene: Scene) -> dict[str, Any]:
    """Give a pass seen through one view, with its first window of steps."""
    shown, timeline, info = scene.shown, scene.timeline, scene.shown.info
    root = scene.graph.root
    phases = [(name, timeline.phase_range(name)) for name in PHASES]
    return {
        "index": shown.index,
        "loss": info.root_data,
        "values": len(scene.graph),
        "edges": scene.graph.edge_count,
        "error": info.error,
        **pass_facts(shown),
        **pass_asides(scene),
        "root": {"node": root, "name": shown.label(root)},
        "phases": [{"name": name, "start": steps.start, "stop": steps.stop} for name, steps in phases],
        "steps": len(timeline),
        "view": _view(scene),
        "scale": _scale(shown),
        "scopes": [
            {"key": row.key, "title": row.title, "count": row.count, "open": row.open, "parent": row.parent}
            for row in scene.view.scopes()[:SCOPES]
        ],
        "window": window_document(scene, 0, WINDOW),
    }


def window_document(scene: Scene, start: int, count: int) -> dict[str, Any]:
    """Give up to ``count`` steps from ``start``, and the frame before them."""
    steps = scene.timeline.steps(start, min(start + count, len(scene.timeline)))
    return {
        "start": start,
        "total": len(scene.timeline),
        "frame": frame_document(scene, start),
        "steps": [step_document(scene, step) for step in steps],
    }


def _view(scene: Scene) -> dict[str, Any]:
    width, height = scene.size
    held = [{"key": held.key, "title": held.title, "boxes": held.boxes} for held in scene.view.held[:HELD]]
    return {
        "open": scene.open,
        "note": scene.view.note,
        "held": held,
        "svg": None if scene.large else scene.svg,
        "width": width,
        "height": height,
        **(large_view(scene) if scene.large else _small_view(scene)),
    }


def _small_view(scene: Scene) -> dict[str, Any]:
    texts = [text for text, _ in scene.final_edges]
    return {"boxes": _rows(box_columns(scene)), "edges": _rows({**edge_columns(scene), "text": texts})}


def _rows(columns: dict[str, list[Any]]) -> list[dict[str, Any]]:
    return [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)]


def _scale(shown: Pass) -> dict[str, Any] | None:
    if not shown.graph.has_grad.any():
        return None
    scale = shown.scale
    texts = scale.legend()
    return {
        **{"low": scale.low, "mid": scale.mid, "high": scale.high},
        **{"low_text": texts.low, "mid_text": texts.mid, "high_text": texts.high},
    }


def _passes(passes: tuple[PassInfo, ...], files: FileNames) -> Any:
    columns: dict[str, list[Any]] = {
        "index": [info.index for info in passes],
        "values": [info.node_count for info in passes],
        "edges": [info.edge_count for info in passes],
        "loss": [info.root_data for info in passes],
        "file": [files.get(info.file) for info in passes],
        "line": [info.line or None for info in passes],
        "backward": [info.has_backward for info in passes],
        "error": [info.error for info in passes],
    }
    if len(passes) > OBJECTS:
        columns["loss"] = [_seven_digits(loss) for loss in columns["loss"]]
        return columns
    return _rows(columns)


def _seven_digits(loss: float | None) -> float | None:
    """A loss for the line of losses; the pass itself gives it in full."""
    return loss if loss is None or not math.isfinite(loss) else float(f"{loss:.7g}")


def _sources(sources: Mapping[str, str], files: FileNames) -> list[dict[str, str]]:
    """The sources that fit into one answer, the small ones first."""
    room, kept = SOURCES, set()
    for file in sorted(sources, key=lambda name: len(sources[name])):
        room -= len(sources[file])
        if room < 0:
            break
        kept.add(file)
    return [{"file": files[file], "text": text} for file, text in sources.items() if file in kept]
