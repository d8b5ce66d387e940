"""What a player carries: ready answers, made by the functions that the server asks, up to a bound of bytes.

First what the first picture needs, which is always carried. Then, as long as there is room: the details of
its values, the views that open one box more or fold one scope, and other passes.
"""

from __future__ import annotations

import json
import zlib
from collections.abc import Sequence
from typing import Any

from gradviz.document import (
    Document,
    Pass,
    Scene,
    box_document,
    check_document,
    encoded,
    expressions_document,
    made_document,
    node_document,
    pass_document,
)
from gradviz.document.files import unannounced
from gradviz.document.made import Expression
from gradviz.document.verdicts import verdicts
from gradviz.errors import GradvizError
from gradviz.player.scopes import neighbours, opening
from gradviz.player.steps import carried_range, seen_steps, shared_steps

MOST_BYTES = 1_500_000  # of what is carried, packed; the page itself has some 110,000
MOST_OTHERS = 20  # passes besides the one that is shown first
BASE64 = 4 / 3
PIECE = 512  # steps after which the page keeps a frame to begin from
ABSENT = {"absent": True}  # for what there was no room for
OF_THE_VIEW = ("view", "scopes", "window", "steps", "phases")  # the parts of a pass that are carried apart


class Room:
    """How many bytes may still be carried."""

    def __init__(self, most: int) -> None:
        self.left = float(most)
        self._packing = (
            zlib.compressobj()
        )  # one for all: parts are like one another, and pack the better for it

    def take(self, part: Any) -> bool:
        """Whether a part fits; then its room is taken."""
        size = len(self._packing.compress(encoded(part)) + self._packing.flush(zlib.Z_SYNC_FLUSH)) * BASE64
        if size > self.left:
            return False
        self.left -= size
        return True


class Carrier:
    """Gathers what a player carries of one recording.

    Args:
        document: the recording.
        most: how many bytes there is room for.
        compact: carry the picture and its steps, and nothing else.
        source: carry the text of the sources.
        depth, expand: what the first view shows: how deep scopes are open, and which are besides.
    """

    def __init__(
        self, document: Document, most: int = MOST_BYTES, *,
        compact: bool = False, source: bool = True, depth: int | None = None, expand: Sequence[str] = (),
    ) -> None:  # fmt: skip
        self.document, self.compact, self.source = document, compact, source
        self._room, self._depth, self._expand = Room(most), depth, expand

    def gather(self, index: int, phase: str | None = None) -> dict[str, Any]:
        """Give everything, with pass ``index`` first.

        Raises:
            GradvizError: the first picture alone is too large, or it has too many steps.
        """
        recording = self._recording()
        first = self._pass(index, phase)
        parts: dict[str, Any] = {"recording": recording, "findings": [], "passes": {str(index): first}}
        if not self._room.take(parts):
            raise GradvizError(
                "This pass is too large for a player.",
                "Show fewer boxes with --depth 0, or use gradviz show.",
            )
        if not self.compact:
            found = self.document.findings()["findings"]
            parts["findings"] = found if self._room.take(found) else []
            self._fill(first, self.scene(index))
            if phase is None:
                self._others(parts["passes"], index)
        return parts

    def _recording(self) -> dict[str, Any]:
        told = {**self.document.recording(), "limits": {"window": PIECE}}
        told["argv"] = [] if self.compact else [unannounced(word) for word in told["argv"]]
        if self.compact or not self.source:
            told["sources"] = []
        return told

    def scene(self, index: int, open: Sequence[str] | None = None) -> Scene:
        """Give a pass through a view; through the one that is shown first if ``open`` is None."""
        shown = self.document.shown(index)
        if open is not None:
            return self.document.scene(shown, open)
        first = self.document.scene(shown, None, self._depth)
        if not self._expand:
            return first
        view = first.view
        for key in self._expand:
            view = view.expand(key)  # raises if there is no such scope
        return self.document.scene(shown, opening(first, self._expand))

    def _pass(self, index: int, phase: str | None) -> dict[str, Any]:
        scene = self.scene(index)
        steps = carried_range(scene.timeline, phase)
        told = pass_document(scene)
        phases = [
            {"name": one["name"], **_part(range(one["start"], one["stop"]), steps)} for one in told["phases"]
        ]
        return {
            "facts": {key: value for key, value in told.items() if key not in OF_THE_VIEW},
            "phases": phases,
            "first": steps.start,
            "steps": shared_steps(scene, steps),
            "views": [_view(scene, steps, told)],
            "nodes": {},
            "curves": [],
            "boxes": {},
            "made": {},
            "check": None,
        }

    def _fill(self, carried: dict[str, Any], scene: Scene) -> None:
        """Carry what one may ask about a pass, and the views next to its first one."""
        steps = range(carried["first"], carried["first"] + len(carried["steps"]))
        self._check(carried, scene)
        self._nodes(carried, scene.shown, steps)
        self._boxes(carried, carried["views"][0], scene)
        if self.source:
            self._made(carried, scene)
        for asked in neighbours(scene):
            next = self.scene(scene.shown.index, asked)
            view = {**_view(next, steps, pass_document(next)), "asked": asked}
            if carried["check"]:
                view["verdicts"] = verdicts(next)
            if not self._room.take(view):
                return
            carried["views"].append(view)
            self._boxes(carried, view, next)

    def _check(self, carried: dict[str, Any], scene: Scene) -> None:
        told = check_document(scene)
        words = told.pop("verdicts")
        if self._room.take([told, words]):
            carried["check"], carried["views"][0]["verdicts"] = told, words

    def _nodes(self, carried: dict[str, Any], shown: Pass, steps: range) -> None:
        """Carry the values in full; curves that many of them share stand once."""
        curves: dict[bytes, int] = {}
        told_of = {step["node"] for step in carried["steps"]}
        boxes = {box["node"] for box in carried["views"][0]["view"]["boxes"]} - {None}
        for node in sorted(told_of | boxes):
            told, new = _lean(node_document(shown, node), steps), None
            if told["curve"]:
                points = {key: told["curve"].pop(key) for key in ("xs", "ys", "slopes")}
                new = points if encoded(points) not in curves else None
                told["curve"]["points"] = curves.setdefault(encoded(points), len(curves))
            if not self._room.take([told, new]):
                return
            carried["nodes"][str(node)] = told
            if new is not None:
                carried["curves"].append(new)

    def _boxes(self, carried: dict[str, Any], view: dict[str, Any], scene: Scene) -> None:
        """Carry the folded boxes in full; the same box in two views stands once."""
        view["boxes"] = {}
        for box in view["view"]["boxes"]:
            if box["node"] is not None:
                continue
            told = json.loads(encoded(box_document(scene, box["key"])))
            known = carried["boxes"].get(box["key"])
            if known == told:
                continue
            home = carried["boxes"] if known is None else view["boxes"]
            home[box["key"]] = told if self._room.take(told) else ABSENT

    def _made(self, carried: dict[str, Any], scene: Scene) -> None:
        """Carry which expressions of the sources made values, and which values each made."""
        for one in self.document.recording()["sources"]:
            rows = expressions_document(scene.shown, one["file"])["expressions"]
            made = [made_document(scene, one["file"], Expression(*row[:4]))["nodes"] for row in rows]
            part = {"expressions": rows, "nodes": made}
            if rows and self._room.take(part):
                carried["made"][one["file"]] = part

    def _others(self, passes: dict[str, Any], index: int) -> None:
        """Carry other passes as far as there is room: those that come after first, then those before."""
        last = self.document.last_pass
        for other in [*range(index + 1, last + 1), *range(index - 1, -1, -1)][:MOST_OTHERS]:
            try:
                carried = self._pass(other, None)
            except GradvizError:  # it is damaged, or too long
                continue
            if not self._room.take(carried):
                return
            passes[str(other)] = carried
            self._fill(carried, self.scene(other))


def _view(scene: Scene, steps: range, told: dict[str, Any]) -> dict[str, Any]:
    if scene.large:
        raise GradvizError("A player draws no view of so many boxes.", "Use gradviz show.")
    view = {"view": told["view"], "scopes": told["scopes"], **seen_steps(scene, steps)}
    return {**view, "failedBox": told["failed"]["box"]} if told["failed"] else view


def _part(phase: range, steps: range) -> dict[str, int]:
    """The part of a phase that is carried, with steps counted from the first that is."""
    start = min(max(phase.start, steps.start), steps.stop)
    stop = min(max(phase.stop, start), steps.stop)
    return {"start": start - steps.start, "stop": stop - steps.start}


def _lean(told: dict[str, Any], steps: range) -> dict[str, Any]:
    """A value in full, with steps counted from the first that is carried; nothing can be edited here."""

    def moved(at: Any) -> Any:
        if isinstance(at, list):
            return [moved(k) for k in at]
        return None if at is None else at - steps.start  # below 0 it was before, from len(steps) on after

    return {**told, "edit": None, "steps": {name: moved(at) for name, at in told["steps"].items()}}
