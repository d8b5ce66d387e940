"""What is drawn as GraphML, for yEd, Gephi, igraph and Cytoscape: boxes and edges with every number in full.

What does not exist yet has no attribute. NaN and infinities are spelled as XML Schema has them, ``NaN``,
``INF`` and ``-INF``, which Python reads as well.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import networkx

from gradviz.renderers.attributes import boxes, for_xml, values

if TYPE_CHECKING:
    from gradviz.timeline.frame import Frame
    from gradviz.view import View

_DOUBLE = re.compile(r'<key id="(\w+)" [^>]*attr\.type="double"')
_SPECIAL = re.compile(r'<data key="(\w+)">(nan|inf|-inf)</data>')
_SPELLED = {"nan": "NaN", "inf": "INF", "-inf": "-INF"}


def render(view: View, frame: Frame | None = None, *, whole: bool = False) -> str:
    """Write what is drawn as GraphML.

    Args:
        view: the boxes and edges.
        frame: the moment; what does not exist by then is left out. None is the whole pass.
        whole: whether to write all values, whatever is folded.
    """
    text = "\n".join(networkx.generate_graphml(for_xml((values if whole else boxes)(view, frame))))
    doubles = set(_DOUBLE.findall(text))

    def spelled(found: re.Match[str]) -> str:
        word = _SPELLED[found[2]] if found[1] in doubles else found[2]
        return f'<data key="{found[1]}">{word}</data>'

    return f'<?xml version="1.0" encoding="UTF-8"?>\n{_SPECIAL.sub(spelled, text)}\n'
