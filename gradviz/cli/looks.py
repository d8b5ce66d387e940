"""Options of ``gradviz export`` that only some formats have: widths, fonts, and how text is drawn."""

from __future__ import annotations

import os
from collections.abc import Callable
from functools import wraps
from typing import TYPE_CHECKING, Any

import click
from click.core import ParameterSource

if TYPE_CHECKING:
    from gradviz.renderers import Renderer

FORMATS = "svg, png, pdf, html, tikz, mermaid, text, dot, json, graphml, gexf, gif or apng"
_NAMES = {
    "width": "--width",
    "font": "--font",
    "standalone": "--standalone",
    "ascii": "--ascii",
    "boxes": "--boxes",
}


def looking(command: Callable[..., None]) -> Callable[..., None]:
    """Add the options to a command, which gets those that were given as ``looks``."""

    @wraps(command)
    def with_looks(**given: Any) -> None:
        looks = {name: given.pop(name) for name in _NAMES}
        command(looks={name: asked for name, asked in looks.items() if asked is not None}, **given)

    for option in (
        click.option(
            "--boxes/--list", default=None, help="Text: boxes and lines, or a line per box; else what fits."
        ),
        click.option("--ascii", is_flag=True, default=None, help="Text: keep to ASCII."),
        click.option("--standalone", is_flag=True, default=None, help="TikZ: a whole document."),
        click.option(
            "--font",
            type=click.Choice(["system", "embed", "outline"]),
            help="SVG: the reader's fonts, letters inside the file, or outlines.",
        ),
        click.option(
            "--width",
            metavar="LENGTH",
            help="SVG, PDF, TikZ: such as 8.6cm, 3.4in or 640px; text: at most so many columns.",
        ),
    ):
        with_looks = option(with_looks)
    return with_looks


def format_of(form: str | None, output: str) -> Renderer:
    """Find the format by its name, else by the ending of the file.

    Raises:
        GradvizError: there is none; the message names all, also those that are no still pictures.
    """
    from gradviz.errors import GradvizError, NotFoundError
    from gradviz.renderers import renderer_for

    if not form and not os.path.splitext(output)[1]:
        raise GradvizError(f"{output} has no ending that names a format.", f"Add one, or -f: {FORMATS}.")
    try:
        return renderer_for(form or output)
    except NotFoundError as error:
        guess = (error.hint or "").partition("There are ")[0]
        raise NotFoundError(error.message, f"{guess}There are {FORMATS}.") from None


def refuse_ignored(renderer: Renderer) -> None:
    """Refuse an option that was given and that the format could only ignore."""
    context = click.get_current_context()
    for name, needs in (("theme", "theme"), ("scale", "scale"), ("engine", "layout")):
        given = context.get_parameter_source(name) is ParameterSource.COMMANDLINE
        if given and needs not in renderer.options:
            raise click.UsageError(f"--{name} is not for {renderer.name}.")


def for_format(looks: dict[str, Any], renderer: Renderer) -> dict[str, Any]:
    """Give the options as the renderer takes them.

    Raises:
        UsageError: the format has no such option.
        GradvizError: the width is no length.
    """
    from gradviz.renderers.lengths import length

    found = dict(looks)
    if "width" in found:
        width = length(found.pop("width"))
        found["columns" if renderer.name == "text" else "width"] = (
            round(width.number) if renderer.name == "text" else width
        )
    for name in found:
        if name not in renderer.options:
            asked = _NAMES["width" if name == "columns" else name]
            cure = (
                " Its --scale says how large it is."
                if name == "width" and "scale" in renderer.options
                else ""
            )
            raise click.UsageError(f"{asked} is not for {renderer.name}.{cure}")
    return found
