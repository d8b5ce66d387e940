"""Graphs that live in documents: Markdown files, MkDocs and every host of superfences, Sphinx and MyST."""

from __future__ import annotations

from gradviz.notes.figures import Figure, figure
from gradviz.notes.superfences import accept, fence, fence_exec

__all__ = ["Figure", "accept", "fence", "fence_exec", "figure"]
