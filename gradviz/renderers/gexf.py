"""What is drawn as GEXF, for Gephi: boxes and edges with every number in full.

What does not exist yet has no attribute; NaN and infinities are ``NaN``, ``INF`` and ``-INF``.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import networkx

from gradviz.renderers.attributes import boxes, for_xml, values

if TYPE_CHECKING:
    from gradviz.timeline.frame import Frame
    from gradviz.view import View

_TODAY = re.compile(r' lastmodifieddate="[\d-]*"')  # the same graph gives the same bytes, tomorrow too


def render(view: View, frame: Frame | None = None, *, whole: bool = False) -> str:
    """Write what is drawn as GEXF 1.2.

    Args:
        view: the boxes and edges.
        frame: the moment; what does not exist by then is left out. None is the whole pass.
        whole: whether to write all values, whatever is folded.
    """
    drawn = for_xml((values if whole else boxes)(view, frame))
    for _, facts in drawn.nodes(data=True):
        facts["label"] = facts.get("name", "")
    text = "\n".join(networkx.generate_gexf(drawn))
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{_TODAY.sub("", text, count=1)}\n'
