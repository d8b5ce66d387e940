"""A frame as a file, by any renderer."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from gradviz.document.scene import Scene
from gradviz.document.whatif import WhatIf
from gradviz.renderers import RENDERERS

FORMATS = ("svg", "png", "dot", "json")
_UNSAFE = re.compile(r"[^\w.-]+", re.ASCII)


@dataclass(frozen=True)
class Export:
    """A file to save."""

    content: bytes
    media_type: str
    name: str


def export_frame(scene: Scene, format: str, k: int, script: str = "", **options: Any) -> Export:
    """Draw the frame after the first ``k`` steps; options that the format does not have are left out."""
    row = RENDERERS[format]
    if "layout" in row.options:
        options["layout"] = scene.placed
    known = {name: value for name, value in options.items() if name in row.options and value is not None}
    content = row.render(scene.view, scene.timeline.frame(k), **known)
    stem = script.rsplit("/", 1)[-1].removesuffix(".py")
    stem = _UNSAFE.sub("_", stem).strip("._-")[:60] or "recording"
    changed = "-what-if" if isinstance(scene.shown, WhatIf) else ""
    name = f"{stem}-pass{scene.shown.index}-step{k}{changed}{row.extension}"
    if isinstance(content, str):
        content = content.encode("utf-8", "replace")
    return Export(content, row.media_type, name)
