"""A recording for hosts: passes and scenes, kept in a bounded memory, that its JSON shapes are read from."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from contextlib import suppress
from functools import partial
from typing import Any

from gradviz.document.cache import Cache
from gradviz.document.files import FileNames
from gradviz.document.findings import findings_document
from gradviz.document.places import AFRESH, Places, places_of
from gradviz.document.scene import Pass, Scene
from gradviz.document.story import recording_document
from gradviz.document.whatif import Edits, WhatIf, WhatIfScene, key_of
from gradviz.errors import NotFoundError
from gradviz.recording import VALUES_KEPT, Recording
from gradviz.recording.passes import extent
from gradviz.view import MOST

AT_ONCE = 5_000  # values up to which nothing takes long enough to be prepared
PASSES_KEPT, SCENES_KEPT, PLACES_KEPT = 4, 12, 64
WHAT_IFS_KEPT = 3  # of all passes: dragging a slider makes many, and hardly ever comes back to one


class Document:
    """The JSON document of one recording: what the page, the command line and tests read.

    It gives passes and scenes; the functions of this package turn those into plain types for
    ``gradviz.numbers.dumps``. All of it may be used from many threads at once.
    """

    def __init__(self, source: Recording) -> None:
        self.source = source
        self.files = FileNames(_files_of(source))
        self._passes: Cache[Pass] = Cache(PASSES_KEPT, VALUES_KEPT)
        self._scenes: Cache[Scene] = Cache(SCENES_KEPT, VALUES_KEPT)
        self._places: Cache[Places] = Cache(PLACES_KEPT)
        self._what_ifs: Cache[WhatIf] = Cache(WHAT_IFS_KEPT)
        self._what_if_scenes: Cache[WhatIfScene] = Cache(WHAT_IFS_KEPT)
        self._findings: Cache[dict[str, Any]] = Cache(1)
        self._found: int | None = None
        self._preparing = threading.Lock()

    @property
    def last_pass(self) -> int:
        """The index of the last pass; −1 if there is none."""
        return len(self.source.passes) - 1

    @property
    def extent(self) -> str:
        """Which passes there are, as a sentence."""
        return extent(len(self.source.passes))

    @property
    def script(self) -> str:
        """The short name of the script; "" if nobody knows."""
        return self.files.get(str(self.source.meta.get("script") or "")) or ""

    def shown(self, index: int, what: Edits = ()) -> Pass:
        """Give a pass, as it was recorded or with some of its leaves edited.

        Raises:
            NotFoundError: there is no such pass, or no such leaf in it.
            ReplayError: the pass cannot be computed with these edits.
        """
        if not 0 <= index <= self.last_pass:
            raise NotFoundError(f"There is no pass {index}.", self.extent)
        recorded = self._passes.get(
            index,
            lambda: Pass(self.source.passes[index], self.source.graph(index), self.files),
            weight=self.source.passes[index].node_count,
        )
        if not what:
            return recorded
        return self._what_ifs.get((index, key_of(what)), lambda: WhatIf(recorded, what))

    def scene(
        self,
        shown: Pass,
        open: Sequence[str] | None = None,
        depth: int | None = None,
        most: int = MOST,
    ) -> Scene:
        """Give a pass through one view.

        Args:
            shown: the pass.
            open: the keys of the open scopes, in the order in which they were opened, which says where boxes
                stand; None opens by itself.
            depth: instead of ``open``: how deep scopes are open.
            most: how many boxes it may hold.
        """
        keys = None if open is None else tuple(dict.fromkeys(open))
        key = (shown.index, keys, depth, most)
        if not isinstance(shown, WhatIf):
            earlier = partial(self._earlier, shown, keys, most)
            return self._scenes.get(
                key, lambda: Scene(shown, keys, depth, most, earlier), weight=len(shown.graph)
            )
        recorded = self.scene(shown.recorded, open, depth, most)
        return self._what_if_scenes.get((*key, key_of(shown.edits)), lambda: WhatIfScene(shown, recorded))

    def _earlier(self, shown: Pass, keys: tuple[str, ...] | None, most: int) -> Places | None:
        """The places that a view keeps to: those before its last key was opened, or of the first view."""
        if keys is None:
            return None
        first = self._places_in(shown, None, most)
        opened = [key for key in keys if key not in first.open]
        if not opened:
            return first if first.open != frozenset(keys) else None
        return self._places_in(shown, keys[:-1], most) if len(opened) % AFRESH else None

    def _places_in(self, shown: Pass, keys: tuple[str, ...] | None, most: int) -> Places:
        key = (shown.index, keys, most)
        return self._places.get(key, lambda: places_of(self.scene(shown, keys, None, most)))

    def prepare(self, scene: Scene) -> None:
        """Make ready, in the background, what the first steps back through a large pass would wait for."""
        if len(scene.graph) < AT_ONCE or not self._preparing.acquire(blocking=False):
            return

        def prepare() -> None:
            with suppress(MemoryError):  # whoever steps there will hear of it
                scene.progress.prepare()
                if not isinstance(scene, WhatIfScene):  # whose numbers are soon others
                    scene.graph.prepare_labels()
            self._preparing.release()

        threading.Thread(target=prepare, daemon=True).start()

    def forget(self) -> None:
        """Give back all memory that is held only to answer sooner."""
        for cache in (self._passes, self._scenes, self._places, self._what_ifs, self._what_if_scenes):
            cache.clear()
        self.source.forget()

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
