"""``gradviz doctor``: what is there, in which version, and what to do about what is not."""

from __future__ import annotations

import platform
import sqlite3
import sys
from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, version

import click

from gradviz import __version__

NEEDED = ("numpy", "networkx", "flask", "waitress", "graphviz", "click")


@click.command()
def doctor() -> int:
    """Say what gradviz finds on this machine; exit code 1 if something it needs is missing."""
    rows = [*basics(), *packages(), *engines()]
    width = max(len(name) for name, _, _ in rows)
    for name, found, cure in rows:
        mark = click.style("missing", fg="red") if cure else click.style("ok", fg="green")
        click.echo(f"{name:<{width}}  {mark}  {found}{cure and f'  {cure}'}")
    return int(any(cure for _, _, cure in rows))


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
