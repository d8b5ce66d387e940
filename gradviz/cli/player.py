"""``gradviz export -o run.html``: the page that steps, in one file."""

from __future__ import annotations

import os
from collections.abc import Callable
from functools import wraps
from typing import Any

import click
from click.core import ParameterSource

from gradviz.cli.moment import moment
from gradviz.cli.target import opened
from gradviz.cli.terminal import refuse_existing
from gradviz.cli.walk import NUMBER

_ENDINGS = (".html", ".htm")
_TAKEN = {"target", "args", "output", "form", "force", "index", "step", "phase", "node", "depth", "expand"}
_TAKEN |= {"theme", "compact", "no_source"}


def playing(command: Callable[..., None]) -> Callable[..., None]:
    """Add the options of the player to a command that draws pictures."""

    @wraps(command)
    def either(*, compact: bool, no_source: bool, **given: Any) -> None:
        named = f".{given['form'].lower()}" if given["form"] else os.path.splitext(given["output"])[1].lower()
        if named in _ENDINGS:
            return _write_player(compact=compact, no_source=no_source, **given)
        if compact or no_source:
            raise click.UsageError("--compact and --no-source are for HTML: -o FILE.html.")
        return command(**given)

    for option in (
        click.option("--no-source", is_flag=True, help="HTML: leave the text of the sources out."),
        click.option(
            "--compact", is_flag=True, help="HTML: the graph, the transport and the sentence only, to embed."
        ),
    ):
        either = option(either)
    return either


def _write_player(
    *, target: str, args: tuple[str, ...], output: str, force: bool, index: int, step: int | None,
    phase: str | None, node: str | None, depth: int | None, expand: tuple[str, ...], theme: str,
    compact: bool, no_source: bool, **rest: Any,
) -> None:  # fmt: skip
    """Write a player; ``rest`` are options that only pictures have."""
    from gradviz.cli.export import write
    from gradviz.player import html
    from gradviz.timeline import Timeline

    _refuse_others(rest)
    if NUMBER.search(output):
        raise click.UsageError("A player is one file that holds every step: without %d in its name.")
    if output != "-":
        refuse_existing(output, force)
    with opened(target, args) as recording:
        if node is not None:
            graph, frame = moment(recording, index=index, step=step, phase=phase, node=node)
            start = Timeline(graph).phase_range(phase).start if phase else 0
            step = None if frame is None else frame.k - start
        page = html(
            recording, pass_index=index, step=step, phase=phase, theme=theme, compact=compact, depth=depth,
            expand=expand, sources=not no_source,
        )  # fmt: skip
    write(output, page.encode(), force)


def _refuse_others(names: dict[str, Any]) -> None:
    context = click.get_current_context()
    for name in names.keys() - _TAKEN:
        if context.get_parameter_source(name) is ParameterSource.COMMANDLINE:
            raise click.UsageError(f"--{name.replace('_', '-')} is for pictures, not for HTML.")
