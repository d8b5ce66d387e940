"""A recording for hosts: passes and scenes, kept in a bounded memory, that its JSON shapes are read from."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from gradviz.document.cache import Cache
from gradviz.document.files import FileNames
from gradviz.document.findings import findings_document
from gradviz.document.scene import Pass, Scene
from gradviz.document.story import recording_document
from gradviz.errors import NotFoundError
from gradviz.recording import Recording

PASSES_KEPT, SCENES_KEPT = 4, 12


class Document:
    """The JSON document of one recording: what the page, the command line and tests read.

    It gives passes and scenes; the functions of this package turn those into plain types for
    ``gradviz.numbers.dumps``. All of it may be used from many threads at once.
    """

    def __init__(self, source: Recording) -> None:
        self.source = source
        self.files = FileNames(_files_of(source))
        self._passes: Cache[Pass] = Cache(PASSES_KEPT)
        self._scenes: Cache[Scene] = Cache(SCENES_KEPT)
        self._findings: Cache[dict[str, Any]] = Cache(1)
        self._found: int | None = None

    @property
    def last_pass(self) -> int:
        """The index of the last pass; −1 if there is none."""
        return len(self.source.passes) - 1

    @property
    def extent(self) -> str:
        """Which passes there are, as a sentence."""
        last = self.last_pass
        return f"There are passes 0 to {last}." if last >= 0 else "The recording has no passes."

    @property
    def script(self) -> str:
        """The short name of the script; "" if nobody knows."""
        return self.files.get(str(self.source.meta.get("script") or "")) or ""

    def shown(self, index: int) -> Pass:
        """Give a pass.

        Raises:
            NotFoundError: there is no such pass.
        """
        if not 0 <= index <= self.last_pass:
            raise NotFoundError(f"There is no pass {index}.", self.extent)
        return self._passes.get(
            index, lambda: Pass(self.source.passes[index], self.source.graph(index), self.files)
        )

    def scene(self, shown: Pass, open: Collection[str] | None = None, depth: int | None = None) -> Scene:
        """Give a pass through one view.

        Args:
            shown: the pass.
            open: the keys of the open scopes; None opens by itself.
            depth: instead of ``open``: how deep scopes are open.
        """
        key = (shown.index, None if open is None else frozenset(open), depth)
        return self._scenes.get(key, lambda: Scene(shown, open, depth))

    def recording(self) -> dict[str, Any]:
        """What was run, its passes, its sources; how many findings there are once that is known."""
        return recording_document(self.source, self.files, self._found)

    def findings(self) -> dict[str, Any]:
        """The diagnosis, made once; in a long run it takes seconds."""
        document = self._findings.get("all", self._diagnose)
        self._found = len(document["findings"]) + document["more"]
        return document

    def _diagnose(self) -> dict[str, Any]:
        return findings_document(self.source, self.files, self._label)

    def _label(self, index: int, node: int) -> str:
        return self.shown(index).label(node)


def _files_of(recording: Recording) -> list[str]:
    """All files that a recording names before its graphs are read."""
    raised = recording.meta.get("exception") or {}
    named = [recording.meta.get("script"), raised.get("file") if isinstance(raised, dict) else None]
    passes = {info.file for info in recording.passes}
    return [*recording.sources, *passes, *(str(file) for file in named if file)]
