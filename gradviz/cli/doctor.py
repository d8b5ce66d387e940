"""``gradviz doctor``: what is there, in which version, and what to do about what is not."""

from __future__ import annotations

import platform
import sqlite3
import sys
from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, version

import click

from gradviz import __version__
from gradviz.errors import GradvizError, LayoutError

NEEDED = ("numpy", "networkx", "flask", "waitress", "graphviz", "click")


@click.command()
def doctor() -> int:
    """Say what gradviz finds on this machine; exit code 1 if something it needs is missing."""
    needed, extra = [*basics(), *packages(), *engines()], list(extras())
    width = max(len(name) for name, _, _ in needed + extra)
    missing, lacking = click.style("missing", fg="red"), click.style("not here", fg="yellow")
    for rows, bad in ((needed, missing), (extra, lacking)):
        for name, found, cure in rows:
            mark = bad if cure else click.style("ok", fg="green")
            click.echo("  ".join(filter(None, (f"{name:<{width}}", mark, found, cure))))
    return int(any(cure for _, _, cure in needed))


def basics() -> Iterator[tuple[str, str, str]]:
    """Python and what is in it: name, what was found, and the cure if it is not good."""
    yield "python", f"{platform.python_version()}  {sys.executable}", ""
    yield "gradviz", __version__, ""
    yield "sqlite", sqlite3.sqlite_version, ""


def packages() -> Iterator[tuple[str, str, str]]:
    """The packages gradviz is made of."""
    for name in NEEDED:
        try:
            yield name, version(name), ""
        except PackageNotFoundError:
            yield name, "", f"pip install {name}"


def engines() -> Iterator[tuple[str, str, str]]:
    """What lays out, which is gradviz itself, and the Graphviz programs, of which one paints PNG."""
    from gradviz.layout import find_engine, graphviz

    yield "layout", f"gradviz {__version__}", ""
    found = graphviz.engines()
    for engine in found:
        use = "paints PNG; " if engine == find_engine() else ""
        asked = f"({use}lays out with --engine {engine.kind})"
        yield f"engine {engine.kind}", f"{engine.version}  {engine.path} {asked}", ""
    if not found:
        yield "engine", "for PNG alone:", graphviz.CURE


def extras() -> Iterator[tuple[str, str, str]]:
    """What only some formats and hosts need, so that its lack is no fault."""
    yield "pdf", *_print()
    yield "fonts", *_fonts()
    for name, package, use in (("gif", "pillow", "GIF"), ("widget", "anywidget", "gradviz.widget")):
        try:
            yield name, f"{package} {version(package)} (for {use})", ""
        except PackageNotFoundError:
            yield name, f"for {use}:", f"pip install 'gradviz[{name}]'"


def _print() -> tuple[str, str]:
    """What writes PDF and outlines."""
    from gradviz.renderers.cairo import CURE, program

    use = "PDF and --font outline"
    try:
        painter = program(None)[0]
    except LayoutError:
        return f"for {use}:", CURE
    return f"{painter if painter != sys.executable else 'pygraphviz'} (for {use})", ""


def _fonts() -> tuple[str, str]:
    """Which fonts can be embedded, and what takes the letters out of them."""
    from gradviz.renderers.fonts import faces

    use = "--font embed"
    try:
        found = f"fonttools {version('fonttools')}  {faces()[0][0]} (for {use})"
    except PackageNotFoundError:
        return f"for {use}:", "pip install 'gradviz[fonts]'"
    except GradvizError as error:
        return f"for {use}:", str(error)
    return found, ""
