"""Options of ``gradviz export`` that only some formats have: widths, fonts, and how text is drawn."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from gradviz.renderers import Renderer

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
