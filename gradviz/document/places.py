"""Where boxes stand in the view that another one came from, so that opening a box moves the others little.

The order of the open keys says how a view was reached: the last key was opened last. So an address alone
fixes all positions, and to close what was opened last leads back to exactly the picture before.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from gradviz.view import MOST

if TYPE_CHECKING:
    from gradviz.document.scene import Scene
    from gradviz.view import View

AFRESH = (
    16  # openings after which a view is laid out anew, so that a long address is not a long chain of views
)


class Places(NamedTuple):
    """The middle of each box in px by its key, and the keys that were open; no boxes in a large view."""

    open: frozenset[str]
    middle: dict[str, tuple[float, float]]


def places_of(scene: Scene) -> Places:
    """Give the places of a scene's boxes."""
    if scene.large:
        return Places(scene.view.expanded, {})
    x, y, width, height = scene.placed.boxes.T.tolist()
    middle = [(a + w / 2, b + h / 2) for a, b, w, h in zip(x, y, width, height, strict=True)]
    return Places(scene.view.expanded, dict(zip(scene.view.box_columns.key, middle, strict=True)))


def before(view: View, earlier: Places) -> np.ndarray | None:
    """Per box its place in an earlier view, NaN if it was not there; None where nothing is to be kept.

    A large view is laid out afresh: nobody follows thousands of boxes, and it has to be quick.
    """
    keys = view.box_columns.key
    if len(keys) > MOST or not earlier.middle:
        return None
    return np.array([earlier.middle.get(key, (np.nan, np.nan)) for key in keys]).reshape(-1, 2)
