"""``gradviz export --animate``: a walk through the steps as one moving picture."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from functools import wraps
from typing import TYPE_CHECKING, Any

import click
from click.core import ParameterSource

from gradviz.cli.target import opened_at
from gradviz.cli.terminal import refuse_existing
from gradviz.cli.walk import NUMBER, numbers, parsed
from gradviz.cli.whatif import graph_of

if TYPE_CHECKING:
    from gradviz.renderers.animated import Animation, Pace
    from gradviz.timeline import Timeline

_ALWAYS_MOVING = (".gif", ".apng")
_SLOWEST = 60.0  # seconds per step
_PARTS = ("backward", "forward", "order", "update")  # the phases, by how much there is to see in them


def animating(command: Callable[..., None]) -> Callable[..., None]:
    """Add the options of moving pictures to a command that draws still ones."""

    @wraps(command)
    def either(
        *, animate: bool, seconds_per_step: float | None, once: bool | None, times: int | None, **given: Any
    ) -> None:
        named = f".{given['form'].lower()}" if given["form"] else os.path.splitext(given["output"])[1].lower()
        if animate or named in _ALWAYS_MOVING:
            return _play(seconds_per_step, once, times, **given)
        if any(asked is not None for asked in (seconds_per_step, once, times)):
            raise click.UsageError(
                "--seconds-per-step, --once, --loop and --times are for moving pictures: add --animate."
            )
        return command(**given)

    for option in (
        click.option("--times", type=click.IntRange(1, 65535), metavar="N", help="Play it N times."),
        click.option("--once/--loop", default=None, help="Play it once; by default again and again."),
        click.option(
            "--seconds-per-step",
            type=click.FloatRange(0.05, _SLOWEST),
            metavar="SECONDS",
            help="How long each step is shown; by default 0.8.",
        ),
        click.option(
            "--animate",
            is_flag=True,
            help="Walk through the steps in one SVG, PNG or GIF.",
        ),
    ):
        either = option(either)
    return either


def _play(
    seconds: float | None, once: bool | None, times: int | None, *,
    target: str, args: tuple[str, ...], output: str, form: str | None, force: bool, expand: tuple[str, ...],
    collapse: tuple[str, ...], depth: int | None, theme: str, scale: float | None, engine: str | None,
    steps: str | None, step: int | None, node: str | None, phase: str | None, index: int,
    what: tuple[str, ...], **rest: Any,
) -> None:  # fmt: skip
    """Write a walk into one file; ``rest`` are options that only still pictures have."""
    from gradviz.cli.export import place, view_of, write
    from gradviz.renderers import RENDERERS
    from gradviz.renderers.animated import animation_for
    from gradviz.timeline import Timeline

    row, asked = animation_for(form or output), ":" if steps is None else steps
    _refuse_still(rest)
    _refuse(output, step, node, once, times, row.name, scale)
    parsed(asked)
    if output != "-":
        refuse_existing(output, force)
    with opened_at(target, args, index) as recording:
        timeline = Timeline(graph_of(recording, index, what))
        chosen = numbers(timeline, asked, phase)
        _refuse_long(row, timeline, len(chosen), asked, phase)
        view = view_of(timeline.graph, expand, collapse, depth)
        known = {"scale": scale, "engine": engine}
        options = {name: value for name, value in known.items() if value is not None and name in row.options}
        layout = place(view, RENDERERS["svg"], engine)
        pace = _pace(seconds, times or (1 if once else 0))
        drawn = row.render(view, timeline, chosen, pace=pace, layout=layout, theme=theme, **options)
        write(output, drawn, force)


def _refuse(
    output: str, step: int | None, node: str | None, once: bool | None, times: int | None, form: str,
    scale: float | None,
) -> None:  # fmt: skip
    """Refuse options that contradict each other."""
    if NUMBER.search(output):
        raise click.UsageError(
            "A moving picture is one file: without %d in its name. "
            "For a picture of each step leave --animate out: --steps : -o walk-%03d.svg."
        )
    if step is not None or node is not None:
        raise click.UsageError("A moving picture shows many steps: choose them by --steps or --phase.")
    if once is not None and times is not None:
        raise click.UsageError("Give --once, --loop or --times, not two of them.")
    if form == "svg" and scale is not None:
        raise click.UsageError("--scale is for pixels: an SVG has any size.")


def _refuse_still(names: Iterable[str]) -> None:
    """Refuse options that moving pictures do not have."""
    context = click.get_current_context()
    for name in names:
        if context.get_parameter_source(name) is ParameterSource.COMMANDLINE:
            raise click.UsageError(f"--{name.replace('_', '-')} is for still pictures, not for moving ones.")


def _refuse_long(row: Animation, timeline: Timeline, count: int, asked: str, phase: str | None) -> None:
    """Refuse a walk that is too long, and say how to thin it out, and which part of it is short enough."""
    if count <= row.most:
        return
    start, _, rest = asked.partition(":")
    stop, _, every = rest.partition(":")
    thinner = -(-count // row.most) * int(every or 1)
    short = [name for name in _PARTS if 0 < len(timeline.phase_range(name)) < row.most and name != phase]
    part = f"--phase {short[0]}" if short else f"--steps :{row.most}"
    raise click.UsageError(
        f"{count:,} moments are too many for {row.name.upper()}, which takes {row.most:,}. "
        f"Take one in {thinner}: --steps {start}:{stop}:{thinner}. Or a part: {part}."
    )


def _pace(seconds: float | None, times: int) -> Pace:
    from gradviz.renderers.animated import Pace

    return Pace(times=times) if seconds is None else Pace(seconds, times)
