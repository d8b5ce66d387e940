"""The diagnosis as JSON: every finding with its place."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from gradviz.diagnostics import Finding, diagnose
from gradviz.document.files import FileNames
from gradviz.recording import Recording

LISTED = 500  # findings in one answer


def findings_document(
    recording: Recording, files: FileNames, label: Callable[[int, int], str]
) -> dict[str, Any]:
    """Diagnose a recording.

    Args:
        recording: what to diagnose.
        files: its files' short names.
        label: gives the name of a node of a pass.
    """
    found = diagnose(recording)
    listed = [_finding(one, files, label) for one in found[:LISTED]]
    return {"findings": listed, "more": len(found) - len(listed)}


def _finding(one: Finding, files: FileNames, label: Callable[[int, int], str]) -> dict[str, Any]:
    return {
        "check": one.check,
        "severity": one.severity,
        "pass": one.pass_index,
        "node": one.node,
        "edge": one.edge,
        "name": None if one.node is None else label(one.pass_index, one.node),
        "file": files.get(one.source.file) if one.source else None,
        "line": one.source.line or None if one.source else None,
        "message": files.in_text(one.message),
        "evidence": files.in_text(one.evidence),
        "times": one.times,
        "cure": files.in_text(one.cure),
    }
