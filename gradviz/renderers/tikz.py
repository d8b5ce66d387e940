"""The drawing as TikZ, for papers: the same places, texts and colours as the SVG, in the paper's own fonts.

Plain ``tikz`` is all it needs. Each role of a text is a style, ``gv name``, each colour has a name, ``gvw7``,
so that a picture is restyled in its first lines. Without a width one px is 0.75 bp, as in print.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable
from typing import TYPE_CHECKING

from gradviz.layout import Layout
from gradviz.renderers import marks
from gradviz.renderers.brush import TEXT
from gradviz.renderers.drawing import Arrow
from gradviz.renderers.lengths import Length
from gradviz.renderers.paint import paint
from gradviz.renderers.palette import fixed
from gradviz.renderers.tex import CHARACTER, tex

if TYPE_CHECKING:
    from gradviz.timeline.frame import Frame
    from gradviz.view import View

_BP = 0.75  # of a px, which is 1/96 of an inch
_BASE = {"l": "base west", "r": "base east", "n": "base"}
_DASHES = {"zero": (4.0, 4.0), "bad": (9.0, 3.0, 2.0, 3.0)}  # px on and off, as in the SVG
_ABSENT = (3.0, 3.0)
_FONT = {"Courier": r"\ttfamily", "Helvetica": r"\sffamily"}
_SIZES = (5, 6, 7, 8, 9, 10)  # pt: the sizes that TeX's fonts are made for


def render(
    view: View,
    frame: Frame | None = None,
    *,
    layout: Layout | None = None,
    theme: str = "light",
    legend: bool = True,
    width: Length | None = None,
    standalone: bool = False,
) -> str:
    """Draw a view with TikZ.

    Args:
        view: the boxes and edges.
        frame: the moment; None is after the backward pass.
        layout: the places, if they are known already.
        theme: "light", "dark" or "print"; "auto" is light, for paper cannot ask.
        legend: whether to explain colours below the drawing.
        width: how wide the picture is; None is 0.75 bp per px of the SVG.
        standalone: whether to write a whole document, a page as large as the picture, or only the picture.
    """
    picture = paint(view, frame, layout, fixed(theme), legend, _Brush)
    factor = 1.0 if width is None else width.px / picture.width
    head = [f"x={_BP * factor:.6g}bp", f"y=-{_BP * factor:.6g}bp", f"gv scale={factor:.6g}"]
    body = picture.source.replace("\0", ", ".join(head))
    needs = "% \\input this where \\usepackage{tikz} is loaded.\n"
    if not standalone:
        return f"{needs}{body}"
    size = [f"{side * _BP * factor:.6g}bp" for side in (picture.width, picture.height)]
    page = f"paperwidth={size[0]}, paperheight={size[1]}, margin=0bp"
    return (
        "\\documentclass{article}\n\\usepackage{tikz}\n"
        f"\\usepackage[{page}]{{geometry}}\n\\pagestyle{{empty}}\\parindent=0pt\\topskip=0pt\n"
        f"\\begin{{document}}\n\\vbox to 0pt{{\\hbox to 0pt{{%\n{body}\\hss}}\\vss}}\n\\end{{document}}\n"
    )


class _Brush:
    """Writes primitives as TikZ; the picture's y points downwards, as the SVG's does."""

    def __init__(self, colour: dict[str, str], width: float, height: float) -> None:
        self.colour, self.width, self.height = colour, width, height
        self.drawn: list[str] = []
        self.used: set[str] = set()  # colours
        self.roles: set[str] = set()

    def source(self) -> str:
        """Give the whole picture; NUL stands where its scale is to be said."""
        corners = f"(0,0) rectangle ({self.width:g},{self.height:g})"
        self.used.add("paper")
        colours = [
            f"\\definecolor{{gv{c}}}{{HTML}}{{{self.colour[c][1:].upper()}}}" for c in sorted(self.used)
        ]
        looks = [f"  gv {role[3:]}/.style={{{_style(role)}}}," for role in sorted(self.roles)]
        head = [  # without spaces at the ends of lines: a picture may stand in a paragraph
            "\\begingroup",
            CHARACTER,
            *colours,
            "\\tikzset{",
            "  gv scale/.code={\\def\\gvscale{#1}},",
            "  gv text/.style={inner sep=0pt, outer sep=0pt, scale=\\gvscale},",
            *looks,
            "}",
        ]
        body = ["\\begin{tikzpicture}[\0]", f"\\useasboundingbox {corners};", f"\\fill[gvpaper] {corners};"]
        end = ["\\end{tikzpicture}%", "\\endgroup%\n"]
        return "\n".join([*(f"{line}%" for line in head), *body, *self.drawn, *end])

    def rectangle(self, place: marks.Rect, fill: str, line: str, pen: float, dashed: bool) -> None:
        """Fill a rectangle, with an outline if ``line`` is a colour."""
        look = [f"fill={self._colour(fill)}"]
        if line:
            look += [f"draw={self._colour(line)}", _pen(pen)]
        if dashed:
            look.append(_dashes(_ABSENT))
        if place.r:
            look.append(f"rounded corners={place.r * _BP:.3g}bp*\\gvscale")
        corners = f"({place.x:.6g},{place.y:.6g}) rectangle +({place.w:.5g},{place.h:.5g})"
        self.drawn.append(f"\\path[{', '.join(look)}] {corners};")

    def text(self, mark: marks.Text, colour: str = "", bold: bool | None = None) -> None:
        """Write a text, in its role's colour and weight or in others."""
        if not mark.text:
            return
        self.roles.add(mark.role)
        _, _, _, usually_bold, usual = TEXT[mark.role]
        face = r"\bfseries " if (usually_bold if bold is None else bold) else ""
        look = f"gv text, gv {mark.role[3:]}, text={self._colour(colour or usual)}"
        self.drawn.append(f"\\node[{look}] at ({mark.x:.6g},{mark.y:.6g}) {{{face}{tex(mark.text)}}};")

    def curve(self, points: Iterable[tuple[float, float]], colour: str, pen: float, style: str) -> None:
        """Draw a Bezier spline."""
        (first, *rest) = (f"({x:.6g},{y:.6g})" for x, y in points)
        bends = (f" .. controls {rest[i]} and {rest[i + 1]} .. {rest[i + 2]}" for i in range(0, len(rest), 3))
        dashes = f", {_dashes(_DASHES[colour])}" if style == "dashed" and colour in _DASHES else ""
        self.drawn.append(f"\\draw[{self._colour(colour)}, {_pen(pen)}{dashes}] {first}{''.join(bends)};")

    def tip(self, arrow: Arrow, colour: str) -> None:
        """Draw an arrow head."""
        corners = " -- ".join(f"({x:.6g},{y:.6g})" for x, y in arrow.tip)
        self.drawn.append(f"\\fill[{self._colour(colour)}] {corners} -- cycle;")

    def _colour(self, name: str) -> str:
        self.used.add(name)
        return f"gv{name}"


def _pen(px: float) -> str:
    return f"line width={px * _BP:.3g}bp*\\gvscale"


def _dashes(lengths: Iterable[float]) -> str:
    words = (
        f"{word} {px * _BP:.3g}bp*\\gvscale"
        for word, px in zip(itertools.cycle(("on", "off")), lengths, strict=False)
    )
    return f"dash pattern={' '.join(words)}"


def _style(role: str) -> str:
    """Give size, font and anchor of a role; TeX's typewriter letters are narrower than ours, never wider."""
    size, side, font, _, _ = TEXT[role]
    pt = max(s for s in _SIZES if s <= size * _BP * 72.27 / 72 + 0.1)
    return f"anchor={_BASE[side]}, font=\\fontsize{{{pt}}}{{{pt}}}\\selectfont{_FONT[font]}"
