"""The graph as JSON in networkx's node-link form, for other programs: every number in full."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import networkx

from gradviz.numbers import dumps
from gradviz.renderers.attributes import values

if TYPE_CHECKING:
    from gradviz.timeline.frame import Frame
    from gradviz.view import View


_LONE = re.compile("[\ud800-\udfff]")  # half a surrogate pair has no UTF-8, but JSON has an escape for it


def render(view: View, frame: Frame | None = None, *, indent: int | None = None) -> str:
    """Write the graph of a view as node-link JSON: all its values, whatever is folded.

    Args:
        view: its graph is written.
        frame: the moment; what does not exist by then is left out. None is the whole pass.
        indent: spaces to indent by; None is one line.
    """
    exported = values(view, frame)
    text = dumps(networkx.node_link_data(exported, edges="edges"), indent=indent)
    return _LONE.sub(lambda match: f"\\u{ord(match[0]):04x}", text) + "\n"
