"""The drawing as SVG whose letters are outlines: the same in every program, and nothing to install."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING
from zlib import crc32

from gradviz.errors import LayoutError
from gradviz.layout import Layout
from gradviz.renderers.cairo import print_by_cairo
from gradviz.renderers.escape import xml
from gradviz.renderers.facts import Facts
from gradviz.renderers.lengths import Length
from gradviz.renderers.paint import Picture, paint
from gradviz.renderers.palette import fixed

if TYPE_CHECKING:
    from gradviz.timeline.frame import Frame
    from gradviz.view import View

_FINE = 8  # times as large while it is drawn: cairo fits small letters to pixels, which bends them
_ROOT = re.compile(r"\A<\?xml[^>]*\?>\s*<svg[^>]*viewBox=\"([\d. ]+)\"[^>]*>")
_NAME = re.compile(r'(id="|"#|url\(#)(?=[A-Za-z])')  # of a glyph or a clip: another file's would be the same


def frames(
    view: View,
    moments: Iterable[Frame | None],
    *,
    layout: Layout | None = None,
    theme: str = "light",
    legend: bool = True,
    title: str | None = None,
    width: Length | None = None,
    timeout: float = 30.0,
) -> Iterator[bytes]:
    """Draw a view at many moments as SVG without fonts; the options are those of ``svg.frames``.

    Raises:
        LayoutError: no engine here can write outlines, or it failed.
    """
    for frame in moments:
        picture = paint(view, frame, layout, fixed(theme), legend)
        yield _outlined(picture, Facts(view, frame), title, width, timeout).encode()


def _outlined(picture: Picture, facts: Facts, title: str | None, width: Length | None, timeout: float) -> str:
    text = print_by_cairo(picture, "svg:cairo", Length(picture.width * _FINE, "px"), None, timeout).decode(
        "utf-8"
    )
    root = _ROOT.match(text)
    if root is None or not text.rstrip().endswith("</svg>"):
        raise LayoutError("The Graphviz engine did not write a whole SVG.")
    wide = Length(picture.width, "px") if width is None else width
    name = f"gv-{crc32(text.encode()):08x}"
    rest = _NAME.sub(rf"\g<1>{name}-", text[root.end() :]).rstrip()
    return (
        '<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" role="img" '
        f'width="{wide.of(1)}" height="{wide.of(picture.height / picture.width)}" viewBox="{root[1]}" '
        f'aria-labelledby="{name}-title {name}-desc">\n'
        f'<title id="{name}-title">{xml(facts.headline if title is None else title)}</title>\n'
        f'<desc id="{name}-desc">{xml(facts.words)}</desc>{rest}\n'
    )
