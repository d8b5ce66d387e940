"""Which pass, and which moment of it: options that several words share."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar

import click

from gradviz.cli.whatif import graph_of, what_option
from gradviz.errors import NotFoundError

if TYPE_CHECKING:
    from gradviz.cli.target import Passes
    from gradviz.graph import Graph
    from gradviz.timeline import Timeline
    from gradviz.timeline.frame import Frame

Command = TypeVar("Command", bound=Callable[..., Any])
PHASE_NAMES = ("forward", "order", "backward", "update")

pass_option = click.option(
    "--pass",
    "index",
    type=int,
    default=0,
    show_default=True,
    metavar="N",
    help="Negative counts from the end.",
)


def selecting(command: Command) -> Command:
    """Add the options that choose a moment."""
    for option in (
        click.option(
            "--node", metavar="NAME", help="When this node had its gradient, or, with --phase, its share."
        ),
        click.option("--phase", metavar="NAME", help=f"The end of a phase: {', '.join(PHASE_NAMES)}."),
        click.option("--step", type=int, metavar="K", help="After K steps; with --phase, K steps into it."),
        what_option,
        pass_option,
    ):
        command = option(command)
    return command


def moment(
    recording: Passes, *,
    index: int, step: int | None, phase: str | None, node: str | None, what: tuple[str, ...] = (),
) -> tuple[Graph, Frame | None]:  # fmt: skip
    """Find the pass and the moment that the options name; None is the finished pass, with no step current."""
    from gradviz.renderers.wording import counted
    from gradviz.timeline import Timeline

    graph = graph_of(recording, index, what)
    timeline = Timeline(graph)
    if node is not None and step is not None:
        raise click.UsageError("Give --node or --step, not both.")
    if node is not None:
        return graph, timeline.frame(_when(timeline, graph.find(node), phase))
    if phase is None:
        if step is not None and not 0 <= step <= len(timeline):
            cure = f"This pass has {counted(len(timeline), 'step')}, so --step can be 0 to {len(timeline)}."
            raise NotFoundError(f"There is no step {step}.", cure)
        return graph, None if step is None else timeline.frame(step)
    steps = timeline.phase_range(phase)
    if step is not None and not 0 <= step <= len(steps):
        raise click.UsageError(
            f"The phase {phase} has {counted(len(steps), 'step')}, so --step can be 0 to {len(steps)}."
        )
    return graph, timeline.frame(steps.stop if step is None else steps.start + step)


def _when(timeline: Timeline, node: int, phase: str | None) -> int:
    """The number of steps after which a node has what the phase gives it."""
    events = timeline.steps_of(node)
    by_phase = {"forward": "compute", "order": "leave", "backward": "grad", "update": "update"}
    timeline.phase_range(phase or "forward")  # raises for a phase that does not exist
    for name in [by_phase[phase]] if phase else ["grad", "compute"]:
        found = events[name]
        if isinstance(found, list):
            found = found[-1] if found else None
        if found is not None:
            return int(found) + 1
    raise click.UsageError(f"{timeline.graph.label(node)} has no step in the phase {phase}.")
