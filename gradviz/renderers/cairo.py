"""Pictures for print by a Graphviz that has cairo: its own ``dot``, or pygraphviz's in a process of its own.

It gets the drawing as pinned primitives, as for PNG, and brings the fonts: PDF embeds them, its SVG holds
their outlines. Times of day are taken out, so that the same graph gives the same bytes.
"""

from __future__ import annotations

import re
import sys
from functools import partial
from importlib.util import find_spec

from gradviz.errors import LayoutError
from gradviz.layout import child, graphviz
from gradviz.renderers.lengths import Length
from gradviz.renderers.paint import Picture

CURE = (
    "`pip install gradviz[pdf]`, or install Graphviz (apt install graphviz · brew install graphviz · "
    "winget install Graphviz.Graphviz)."
)
_PX_PER_INCH = 96.0
_FAR = 1000  # in: no limit to the height
_PAGE = re.compile(rb"/MediaBox \[ 0 0 (\d+) (\d+) \]")  # rounded to whole points
_DATE = re.compile(rb"/(CreationDate|ModDate) ?\(D:[^)]*\)")
# `nop2` is `neato -n2`: all places are given.
_PYGRAPHVIZ = """\
import sys
from pygraphviz import AGraph, graphviz
graph = AGraph(string=sys.stdin.buffer.read().decode())
context = graphviz.gvContextWithBuiltins()
graphviz.gvLayout(context, graph.handle, b"nop2")
error, written = graphviz.gvRenderData(context, graph.handle, sys.argv[1].removeprefix("-T").encode())
sys.stdout.buffer.write(written)
sys.exit(error)
"""


def print_by_cairo(
    picture: Picture, form: str, width: Length | None, engine: str | None, timeout: float
) -> bytes:
    """Let a Graphviz with cairo write a picture.

    Args:
        picture: the painted drawing.
        form: "pdf", or "svg:cairo" for outlines.
        width: how wide it is; None is 1/96 of an inch per px.
        engine: the Graphviz engine to paint with, by name or path; None is the first that has cairo.
        timeout: seconds it may take.

    Raises:
        LayoutError: there is no such engine, or it failed.
    """
    inches = (picture.width if width is None else width.px) / _PX_PER_INCH
    source = picture.source.replace("graph [", f'graph [size="{inches:.6f},{_FAR}!", ', 1)
    data, warnings = child.run([*program(engine), f"-T{form}"], source.encode(), timeout=timeout)
    if not data:
        raise LayoutError(f"Graphviz did not write {form}: {warnings[:200]}")
    points = f"{inches * 72:.1f}".removesuffix(".0").encode()
    return _PAGE.sub(partial(_exact, points), _DATE.sub(_without_time, data))


def program(engine: str | None) -> list[str]:
    """Find the command that writes with cairo what it reads; a format such as ``-Tpdf`` follows it.

    Raises:
        LayoutError: there is none, or the engine that was asked for has no cairo.
    """
    if engine not in (None, "own"):
        found = graphviz.find_engine(engine)
        if found.kind == graphviz.PURE:
            raise LayoutError("graphviz-pure cannot write PDF or outlines.", f"Use another engine: {CURE}")
        return [found.path, "-Kneato", "-n2"]
    for program in graphviz.engines():
        if program.kind != graphviz.PURE:
            return [program.path, "-Kneato", "-n2"]
    if find_spec("pygraphviz"):
        return [sys.executable, "-c", _PYGRAPHVIZ]
    raise LayoutError("No Graphviz that can write PDF or outlines was found.", CURE)


def _exact(points: bytes, found: re.Match[bytes]) -> bytes:
    """Give the page its exact width, to a tenth of a point, in as many bytes as before."""
    exact = b"/MediaBox [0 0 %s %s]" % (points, found[2])
    return exact.ljust(len(found[0])) if len(exact) <= len(found[0]) else found[0]


def _without_time(found: re.Match[bytes]) -> bytes:
    """Write the first second of all instead, in as many bytes: the file's table of places stays right."""
    text = b"19700101000000Z"
    room = len(found[0]) - len(found[1]) - len(b"/ (D:)")
    return b"/" + found[1] + b" (D:" + text.ljust(room, b" ")[:room] + b")"
