"""A brush that writes DOT: every place is fixed, and nothing is left to lay out.

Each rectangle and each text is a node, each curve an edge whose points are given. Edges lie below, and nodes
on top of each other in the order they are written.
"""

from __future__ import annotations

from collections.abc import Iterable

from gradviz.renderers import marks
from gradviz.renderers.drawing import Arrow
from gradviz.renderers.escape import dot

MONO, SANS = "Courier", "Helvetica"
_BASELINE = 0.28  # em below the middle of a line, in both engines
_ROOM = 400.0  # px at most for a text, but for a sentence

# role -> size in px, side it is anchored to, font, bold, colour
TEXT: dict[str, tuple[float, str, str, bool, str]] = {
    "gv-name": (marks.NAME_SIZE, "l", MONO, True, "ink"),
    "gv-op": (marks.NAME_SIZE, "r", MONO, True, "op"),
    "gv-count": (11, "r", MONO, True, "soft"),
    "gv-kind": (marks.SMALL_SIZE, "r", SANS, False, "faint"),
    "gv-key": (marks.SMALL_SIZE, "l", SANS, False, "faint"),
    "gv-sub": (marks.SMALL_SIZE, "l", SANS, False, "faint"),
    "gv-data": (marks.DATA_SIZE, "r", MONO, False, "ink"),
    "gv-grad": (marks.DATA_SIZE, "r", MONO, True, "ink"),
    "gv-zero": (marks.DATA_SIZE, "r", MONO, False, "ink"),
    "gv-order": (10, "r", MONO, True, "order"),
    "gv-carried": (marks.LABEL_SIZE, "n", MONO, True, "soft"),
    "gv-say": (marks.SMALL_SIZE, "l", SANS, False, "soft"),
    "gv-tick": (marks.SMALL_SIZE, "l", MONO, False, "soft"),
    "gv-tick gv-mid": (marks.SMALL_SIZE, "n", MONO, False, "soft"),
    "gv-tick gv-end": (marks.SMALL_SIZE, "r", MONO, False, "soft"),
    "gv-sentence": (marks.SENTENCE_SIZE, "l", SANS, False, "ink"),
}


class Brush:
    """Writes primitives as DOT; y is turned upwards, as DOT has it."""

    def __init__(self, colour: dict[str, str], width: float, height: float) -> None:
        self.colour, self.width, self.height = colour, width, height
        self.edges: list[str] = []
        self.nodes = [  # the corners, so that the picture is as large as the drawing
            f'c{i} [pos="{x:.2f},{y:.2f}", width=0.001, height=0.001, style=invis]'
            for i, (x, y) in enumerate(((0, 0), (width, height)))
        ]

    def source(self, window: str = "") -> str:
        """Give the whole picture, or what a window shows of it, in the words of Graphviz's ``viewport``."""
        paper = self.colour["paper"]
        seen = f'viewport="{window}", ' if window else ""
        still = "outputorder=edgesfirst, splines=true, overlap=true, pad=0, margin=0"
        head = [
            f'graph [{seen}{still}, bgcolor="{paper}"]',
            'node [shape=box, fixedsize=true, label="", margin=0]',
            "edge [arrowhead=none]",
        ]
        return "\n".join(["digraph {", *head, *self.nodes, *self.edges, "}\n"])

    def rectangle(self, place: marks.Rect, fill: str, line: str, pen: float, dashed: bool) -> None:
        """Fill a rectangle, with an outline if ``line`` is a colour."""
        style = ",".join(["filled"] + ["rounded"] * (place.r >= 4) + ["dashed"] * dashed)
        look = f'style="{style}", penwidth={pen:g}, fillcolor="{self.colour[fill]}"'
        middle = place.x + place.w / 2, place.y + place.h / 2
        self._node(*middle, place.w, place.h, f'{look}, color="{self.colour[line or fill]}"')

    def text(self, mark: marks.Text, colour: str = "", bold: bool | None = None) -> None:
        """Write a text, in its role's colour and weight or in others.

        The engine aligns it to one side of a room, by its own measure of the font.
        """
        if not mark.text:
            return
        size, side, font, usually_bold, usual = TEXT[mark.role]
        left, right = mark.x, self.width - mark.x
        room = {"l": right, "r": left, "n": 2 * min(left, right)}[side]
        room = min(room, room if mark.role == "gv-sentence" else _ROOM)
        shift = {"l": room / 2, "r": -room / 2, "n": 0.0}[side]
        label = dot(mark.text)[:-1] + ("" if side == "n" else f"\\{side}") + '"'
        face = f'fontname="{font}{"-Bold" * (usually_bold if bold is None else bold)}", fontsize={size:g}'
        look = f'shape=none, style="", label={label}, {face}, fontcolor="{self.colour[colour or usual]}"'
        self._node(mark.x + shift, mark.y - size * _BASELINE, room, 2 * size, look)

    def curve(self, points: Iterable[tuple[float, float]], colour: str, pen: float, style: str) -> None:
        """Draw a Bezier spline."""
        self._edge(f'pos="{self._points(points)}", style={style}, penwidth={pen:g}', colour)

    def tip(self, arrow: Arrow, colour: str) -> None:
        """Draw an arrow head: at the end of a hair that points the right way."""
        (x, y), (ax, ay), (bx, by) = arrow.tip
        mx, my = (ax + bx) / 2, (ay + by) / 2
        hair = [(x + (mx - x) * s, y + (my - y) * s) for s in (1.0, 0.99, 0.98, 0.97)]
        spline = f"e,{self._points([(x, y)])} {self._points(hair)}"
        self._edge(f'pos="{spline}", arrowhead=normal, arrowsize=1.1, penwidth=0.4', colour)

    def _points(self, points: Iterable[tuple[float, float]]) -> str:
        return " ".join(f"{x:.2f},{self.height - y:.2f}" for x, y in points)

    def _edge(self, look: str, colour: str) -> None:
        self.edges.append(f'c0 -> c1 [{look}, color="{self.colour[colour]}"]')

    def _node(self, x: float, y: float, w: float, h: float, look: str) -> None:
        place = f'pos="{x:.2f},{self.height - y:.2f}", width={w / 72:.5f}, height={h / 72:.5f}'
        self.nodes.append(f"p{len(self.nodes)} [{place}, {look}]")
