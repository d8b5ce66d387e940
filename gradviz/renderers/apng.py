"""A walk as APNG, put together from the engine's PNGs as they are: nothing is decoded or packed anew.

Animated PNG is part of "Portable Network Graphics (PNG) Specification (Third Edition)", W3C 2025.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING
from zlib import crc32

from gradviz.errors import LayoutError
from gradviz.layout import Layout
from gradviz.renderers.animated import USUAL, Pace
from gradviz.renderers.animated_patches import Patch, patches

if TYPE_CHECKING:
    from gradviz.timeline import Timeline
    from gradviz.view import View

_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_PART = 20  # ms until a moment is whole: too short to be seen, and the shortest that browsers keep to


def render(
    view: View,
    timeline: Timeline,
    chosen: Sequence[int],
    *,
    pace: Pace = USUAL,
    layout: Layout | None = None,
    theme: str = "light",
    legend: bool = True,
    scale: float | None = None,
    engine: str | None = None,
) -> bytes:
    """Write a walk as APNG; the arguments are those of ``Animation.render`` and of a single PNG."""
    return assemble(list(patches(view, timeline, chosen, layout, theme, legend, scale, engine)), pace)


def assemble(parts: Sequence[Patch], pace: Pace) -> bytes:
    """Put moments together: of one in several parts each part is a frame, the last of which is shown.

    Raises:
        LayoutError: their colours are not written in the same way.
    """
    written = [_SIGNATURE]
    header, number = b"", 0
    for place, (_, left, top, png) in enumerate(parts):
        chunks = list(_chunks(png))
        found = chunks[0][1]
        if not place:
            header = found
            written += [_chunk(b"IHDR", header), _chunk(b"acTL", struct.pack(">II", len(parts), pace.times))]
        elif found[8:] != header[8:]:
            raise LayoutError("The engine wrote PNGs of different kinds, which make no APNG.")
        shown = _shown(parts, place, pace)
        control = struct.pack(">I8sIIHHBB", number, found[:8], left, top, shown, 1000, 0, 0)
        written.append(_chunk(b"fcTL", control))
        number += 1
        for data in (data for kind, data in chunks if kind == b"IDAT"):
            if place:
                written.append(_chunk(b"fdAT", struct.pack(">I", number) + data))
                number += 1
            else:
                written.append(_chunk(b"IDAT", data))
    return b"".join([*written, _chunk(b"IEND", b"")])


def _shown(parts: Sequence[Patch], place: int, pace: Pace) -> int:
    """Give how many ms a part is shown before the next one, so that all of a moment take its time."""
    moment = parts[place].moment
    if place + 1 < len(parts) and parts[place + 1].moment == moment:
        return _PART
    whole = round(1000 * (pace.last if moment == parts[-1].moment else pace.seconds))
    return whole - (_PART if place and parts[place - 1].moment == moment else 0)


def _chunks(png: bytes) -> Iterator[tuple[bytes, bytes]]:
    at = len(_SIGNATURE)
    while at < len(png):
        length, kind = struct.unpack_from(">I4s", png, at)
        yield kind, png[at + 8 : at + 8 + length]
        at += 12 + length


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", crc32(kind + data))
