"""A drawing that looks the same everywhere: its SVG with the letters it uses embedded, or of a given width.

The letters come from fonts of this machine, as a subset in WOFF; fontTools takes them out.
"""

from __future__ import annotations

import io
import os
import re
from base64 import b64encode
from functools import lru_cache
from html import unescape
from importlib import import_module
from pathlib import Path
from typing import Any

from gradviz.errors import GradvizError
from gradviz.renderers.css import MONO, SANS
from gradviz.renderers.lengths import Length

FONTS = ("system", "embed", "outline")
# Regular and bold of a monospaced face, and a face for the small words; "#1" is the second of a collection.
_FAMILIES = (
    ("DejaVuSansMono.ttf", "DejaVuSansMono-Bold.ttf", "DejaVuSans.ttf"),
    ("LiberationMono-Regular.ttf", "LiberationMono-Bold.ttf", "LiberationSans-Regular.ttf"),
    ("Menlo.ttc", "Menlo.ttc#1", "Arial.ttf"),
    ("consola.ttf", "consolab.ttf", "arial.ttf"),
)
_FOLDERS = (
    *("~/.local/share/fonts", "~/.fonts", "/usr/local/share/fonts", "/usr/share/fonts"),
    *("~/Library/Fonts", "/Library/Fonts", "/System/Library/Fonts", "C:/Windows/Fonts"),
)
_RESTRICTED = 2  # OS/2.fsType: must not be embedded
_TEXT = re.compile(r"<text[^>]*>([^<]*)</text>")
_SIZE = re.compile(rb'width="([\d.e+]+)" height="([\d.e+]+)"')


def fitted(drawn: bytes, width: Length | None, embed: bool) -> bytes:
    """Give an SVG a width, its letters, or both."""
    drawn = embedded(drawn) if embed else drawn
    return drawn if width is None else sized(drawn, width)


def sized(drawn: bytes, width: Length) -> bytes:
    """Give an SVG this width on its root, and the height that goes with it; its viewBox stays."""

    def root(found: re.Match[bytes]) -> bytes:
        ratio = float(found[2]) / float(found[1])
        return f'width="{width.of(1)}" height="{width.of(ratio)}"'.encode()

    return _SIZE.sub(root, drawn, count=1)


def embedded(drawn: bytes) -> bytes:
    """Give an SVG the fonts it needs.

    Raises:
        GradvizError: fontTools is not installed, or this machine has no font that may be embedded.
    """
    text = drawn.decode("utf-8")
    used = "".join(sorted(set(unescape("".join(_TEXT.findall(text))))))
    mono, bold, sans = (b64encode(_subset(*face, used)).decode() for face in faces())
    rules = [
        _rule("gv mono", "100 500", mono),
        _rule("gv mono", "600 900", bold),
        _rule("gv sans", "100 900", sans),
    ]
    text = text.replace(f"font-family:{MONO}", f'font-family:"gv mono",{MONO}')
    text = text.replace(f"font-family:{SANS}", f'font-family:"gv sans",{SANS}')
    return text.replace("<style>\n", "\n".join(["<style>", *rules, ""]), 1).encode()


def _rule(family: str, weight: str, font: str) -> str:
    place = f'url("data:font/woff;base64,{font}") format("woff")'
    return f'@font-face{{font-family:"{family}";font-weight:{weight};src:{place}}}'


@lru_cache(maxsize=1)
def faces() -> list[tuple[str, int]]:
    """Find the three faces, each a file and its number in it.

    Raises:
        GradvizError: there is no complete family.
    """
    there: dict[str, str] = {}
    for folder in _FOLDERS:
        for path, folders, files in os.walk(Path(folder).expanduser()):
            folders.sort()
            for name in files:
                there.setdefault(name, os.path.join(path, name))
    for family in _FAMILIES:
        split = [face.partition("#") for face in family]
        if all(name in there for name, _, _ in split):
            return [(there[name], int(number or 0)) for name, _, number in split]
    wanted = "DejaVu, Liberation, Menlo with Arial, or Consolas with Arial"
    raise GradvizError("No font to embed was found.", f"One of these must be installed: {wanted}.")


def _subset(path: str, number: int, used: str) -> bytes:
    """Take the letters out of a font that a drawing uses; those it does not have are left out."""
    try:
        subset: Any = import_module("fontTools.subset")
    except ImportError:
        cure = "`pip install gradviz[fonts]`, or take --font outline."
        raise GradvizError("Embedding fonts needs fontTools.", cure) from None
    options = subset.Options(flavor="woff", font_number=number, hinting=False, layout_features=[])
    options.drop_tables += ["FFTM"]  # FontForge's times
    written = io.BytesIO()
    with subset.load_font(path, options) as font:
        if font["OS/2"].fsType & _RESTRICTED:
            raise GradvizError(f"{os.path.basename(path)} must not be embedded, says its licence.")
        subsetter = subset.Subsetter(options)
        subsetter.populate(text=used)
        subsetter.subset(font)
        subset.save_font(font, written, options)
    return written.getvalue()
