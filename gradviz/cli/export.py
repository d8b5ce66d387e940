"""``gradviz export``: draw one moment of a pass."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING, Any

import click

from gradviz.cli.moment import moment, selecting
from gradviz.cli.target import opened
from gradviz.cli.terminal import refuse_existing, tell
from gradviz.errors import GradvizError

if TYPE_CHECKING:
    from gradviz.graph import Graph
    from gradviz.layout import Layout
    from gradviz.renderers import Renderer
    from gradviz.view import View


@click.command()
@click.option("-o", "--output", metavar="FILE", required=True, help="Where to; - is standard output.")
@click.option(
    "-f", "--format", "form", metavar="FORMAT", help="svg, png, dot, json or text; else by FILE's ending."
)
@click.option("--force", is_flag=True, help="Overwrite FILE.")
@selecting
@click.option("--expand", metavar="KEY", multiple=True, help="Open a collapsed box; can be repeated.")
@click.option("--collapse", metavar="KEY", multiple=True, help="Close a scope; can be repeated.")
@click.option("--depth", type=click.IntRange(0), help="Open scopes down to this depth.")
@click.option(
    "-t", "--theme", type=click.Choice(["auto", "light", "dark"]), default="auto", show_default=True
)
@click.option("-s", "--scale", type=click.FloatRange(0, min_open=True), help="Pixels per unit of a PNG.")
@click.option("--engine", metavar="NAME|PATH", help='The Graphviz engine, or "own" for gradviz\'s layout.')
@click.argument("target", metavar="FILE|SCRIPT")
@click.argument("args", nargs=-1, type=click.UNPROCESSED)
def export(
    target: str, args: tuple[str, ...], output: str, form: str | None, force: bool, expand: tuple[str, ...],
    collapse: tuple[str, ...], depth: int | None, theme: str, scale: float | None, engine: str | None,
    **selected: Any,
) -> None:  # fmt: skip
    """Draw one moment of a pass: by default the first pass, after its last step.

    Arguments of a SCRIPT come after --.
    """
    from gradviz.renderers import renderer_for

    if output == "-" and not form:
        raise click.UsageError("With -o - say which format: -f svg, png, dot, json or text.")
    renderer = renderer_for(form or output)
    if output != "-":
        refuse_existing(output, force)
    with opened(target, args) as recording:
        graph, frame = moment(recording, **selected)
        view = view_of(graph, expand, collapse, depth)
        options = {"theme": theme, "scale": scale, "engine": engine, "layout": place(view, renderer, engine)}
        given = {
            name: value for name, value in options.items() if value is not None and name in renderer.options
        }
        drawn = renderer.render(view, frame, **given)
    write(output, drawn if isinstance(drawn, bytes) else drawn.encode("utf-8"), force)


def view_of(graph: Graph, expand: tuple[str, ...], collapse: tuple[str, ...], depth: int | None) -> View:
    """Open and close what was asked for."""
    from gradviz.view import View

    view = View(graph, depth=depth)
    for key in expand:
        view = view.expand(key)
    for key in collapse:
        view = view.collapse(key)
    return view


def place(view: View, renderer: Renderer, engine: str | None) -> Layout | None:
    """Lay out a view, if it is to be drawn, and say so when it was not done as usual."""
    if "layout" not in renderer.options:
        return None
    from gradviz.renderers.drawing import lay_out

    layout = lay_out(view, engine)
    if layout.note:
        tell(layout.note)
    return layout


def write(path: str, data: bytes, force: bool) -> None:
    """Write a whole file or none."""
    if path == "-":
        sys.stdout.buffer.write(data)
        sys.stdout.buffer.flush()
        return
    part = f"{path}.part-{os.getpid()}"
    try:
        with open(part if force else path, "xb") as file:
            file.write(data)
        if force:
            os.replace(part, path)
    except OSError as error:
        if force and os.path.exists(part):
            os.unlink(part)
        raise GradvizError(f"{path} cannot be written: {error.strerror}.") from None
