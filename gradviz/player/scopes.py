"""Which scopes are open after a click: what the page's own opening.js asks for."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator

from gradviz.document import Scene

_NUMBER = re.compile(r" #\d+$")  # of a part of a crowded scope


def opening(scene: Scene, keys: Iterable[str]) -> list[str]:
    """The open scopes after boxes were opened, each with the scopes around it."""
    joined = [_NUMBER.sub("", one) for key in keys for one in key.split(" + ")]  # small ones share a box
    return list(dict.fromkeys([*scene.open, *(outer for scope in joined for outer in _chain(scope))]))


def neighbours(scene: Scene) -> Iterator[list[str]]:
    """The open scopes of the views that are a click away from one: a box opened, or a scope folded."""
    seen: list[Collection[str]] = [set(scene.open)]
    for asked in (*_opening_each(scene), *_folding(scene)):
        if set(asked) not in seen:
            seen.append(set(asked))
            yield asked


def _opening_each(scene: Scene) -> Iterator[list[str]]:
    """The open scopes after each folded box was opened."""
    for box in scene.view.boxes:
        if box.expandable:
            yield opening(scene, [box.key])


def _folding(scene: Scene) -> Iterator[list[str]]:
    """The open scopes after each of them was folded, and after all were."""
    now = scene.open
    for box in scene.view.boxes:
        if not box.expandable and box.scope and any(_inside(key, box.scope) for key in now):
            yield [key for key in now if not _inside(key, box.scope)]
    for key in now:
        yield [other for other in now if other == key or not _inside(other, key)]
    if now:
        yield []


def _chain(scope: str) -> list[str]:
    parts = scope.split("/") if scope else []
    return ["/".join(parts[: end + 1]) for end in range(len(parts))]


def _inside(scope: str, outer: str) -> bool:
    return scope == outer or scope.startswith(outer + "/")
