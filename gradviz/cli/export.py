"""``gradviz export``: draw one moment of a pass."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

import click

from gradviz.cli.animate import animating
from gradviz.cli.looks import FORMATS, for_format, format_of, looking, refuse_ignored
from gradviz.cli.moment import moment, selecting
from gradviz.cli.player import playing
from gradviz.cli.target import opened_at
from gradviz.cli.terminal import refuse_existing, tell
from gradviz.cli.whatif import graph_of
from gradviz.errors import unwritable

if TYPE_CHECKING:
    from gradviz.cli.target import Passes
    from gradviz.graph import Graph
    from gradviz.layout import Layout
    from gradviz.renderers import Renderer
    from gradviz.timeline.frame import Frame
    from gradviz.view import View


@click.command()
@click.option("-o", "--output", metavar="FILE", required=True, help="Where to; - is standard output.")
@click.option("-f", "--format", "form", metavar="FORMAT", help=f"{FORMATS}; else by FILE's ending.")
@click.option("--force", is_flag=True, help="Overwrite FILE.")
@selecting
@click.option(
    "--steps",
    metavar="A:B",
    help="A picture after each of these numbers of steps, of a --phase its own; FILE is then walk-%03d.svg, "
    "but with --animate one file.",
)
@click.option("--expand", metavar="KEY", multiple=True, help="Open a collapsed box; can be repeated.")
@click.option("--collapse", metavar="KEY", multiple=True, help="Close a scope; can be repeated.")
@click.option("--depth", type=click.IntRange(0), help="Open scopes down to this depth.")
@click.option(
    "-t", "--theme", type=click.Choice(["auto", "light", "dark", "print"]), default="auto", show_default=True
)
@click.option("-s", "--scale", type=click.FloatRange(0, min_open=True), help="Pixels per unit of a PNG.")
@click.option(
    "--engine",
    metavar="NAME|PATH",
    help="Lay out, or paint a PNG, by this Graphviz engine; else gradviz lays out.",
)
@click.argument("target", metavar="FILE|SCRIPT")
@click.argument("args", nargs=-1, type=click.UNPROCESSED)
@animating
@playing
@looking
def export(
    target: str, args: tuple[str, ...], output: str, form: str | None, force: bool, expand: tuple[str, ...],
    collapse: tuple[str, ...], depth: int | None, theme: str, scale: float | None, engine: str | None,
    steps: str | None, looks: dict[str, Any], **selected: Any,
) -> None:  # fmt: skip
    """Draw one moment of a pass: by default the first pass, after its last step.

    Arguments of a SCRIPT come after --.
    """
    if output == "-" and not form:
        raise click.UsageError(f"With -o - say which format: -f {FORMATS}.")
    renderer = format_of(form, output)
    refuse_ignored(renderer)
    asked = for_format(looks, renderer)
    if steps is not None:
        from gradviz.cli.walk import names, parsed

        names(output, [])
        parsed(steps)
    elif output != "-":
        refuse_existing(output, force)
    with opened_at(target, args, selected["index"]) as recording:
        if steps is None:
            graph, frame = moment(recording, **selected)
            files: list[str] = [output]
            frames: Iterable[Frame | None] = [frame]
        else:
            graph, files, frames = walk(recording, output, steps, force, **selected)
        view = view_of(graph, expand, collapse, depth)
        options = {"theme": theme, "scale": scale, "engine": engine, "layout": place(view, renderer, engine)}
        options |= asked | {"whole": not (expand or collapse or depth is not None)}
        given = {
            name: value for name, value in options.items() if value is not None and name in renderer.options
        }
        for file, drawn in zip(files, renderer.render_all(view, frames, **given), strict=True):
            write(file, drawn, force)


def walk(
    recording: Passes, output: str, asked: str, force: bool, *,
    index: int, phase: str | None, step: int | None, node: str | None, what: tuple[str, ...] = (),
) -> tuple[Graph, list[str], Iterable[Frame]]:  # fmt: skip
    """Find the pass, the files and the moments of many pictures."""
    from gradviz.cli.walk import names, numbers
    from gradviz.timeline import Timeline

    if step is not None or node is not None:
        raise click.UsageError("Give --steps, --step or --node, not two of them.")
    graph = graph_of(recording, index, what)
    timeline = Timeline(graph)
    chosen = numbers(timeline, asked, phase)
    files = names(output, chosen)
    for file in files:
        refuse_existing(file, force)
    return graph, files, map(timeline.frame, chosen)


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
    goal = os.path.realpath(path)  # of a link, the file that it leads to
    replaces = force and (os.path.isfile(goal) or not os.path.exists(goal))  # a device stays one
    part = f"{goal}.part-{os.getpid()}"
    try:
        with open(part if replaces else path, "wb" if force and not replaces else "xb") as file:
            file.write(data)
        if replaces:
            os.replace(part, goal)
    except OSError as error:
        if replaces and os.path.exists(part):
            os.unlink(part)
        raise unwritable(path, error) from None
