"""``gradviz steps``: the story of a pass as text."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import chain, islice
from typing import TYPE_CHECKING, Any

import click

from gradviz.cli.moment import pass_option
from gradviz.cli.target import opened_at
from gradviz.cli.whatif import graph_of, what_option

if TYPE_CHECKING:
    from gradviz.timeline import Step, Timeline

MEASURED = 500  # rows whose widths set the columns; a longer cell further down just sticks out
WIDEST = 24


@click.command()
@pass_option
@what_option
@click.option("--phase", metavar="NAME", help="Only forward, order, backward or update.")
@click.option("--from", "start", type=int, metavar="K", help="The first step; negative counts from the end.")
@click.option("--to", "stop", type=int, metavar="K", help="The step before which to stop.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object a line, numbers in full.")
@click.argument("target", metavar="FILE|SCRIPT")
@click.argument("args", nargs=-1, type=click.UNPROCESSED)
def steps(
    target: str, args: tuple[str, ...], index: int, phase: str | None, start: int | None, stop: int | None,
    as_json: bool, what: tuple[str, ...],
) -> None:  # fmt: skip
    """Print the steps of a pass, one a line."""
    from gradviz.timeline import Timeline

    with opened_at(target, args, index) as recording:
        timeline = Timeline(graph_of(recording, index, what))
        chosen = range(len(timeline))[slice(start, stop)]
        if phase is not None:
            part = timeline.phase_range(phase)
            chosen = range(max(part.start, chosen.start), min(part.stop, chosen.stop))
        lines = json_lines(timeline, chosen) if as_json else text_lines(timeline, chosen)
        for line in lines:
            click.echo(line)


def json_lines(timeline: Timeline, chosen: Iterable[int]) -> Iterator[str]:
    """Give each step as one JSON object."""
    from gradviz.explain import explain
    from gradviz.numbers import dumps

    graph = timeline.graph
    for k in chosen:
        step = timeline[k]
        told = explain(graph, step, timeline)
        span = graph.span_of(step.node)
        facts: dict[str, Any] = {"step": k, "phase": step.phase, "event": step.event, "node": step.node}
        facts |= {
            "name": graph.label(step.node),
            "edge": step.edge,
            "before": step.before,
            "after": step.after,
        }
        facts |= {"sentence": told.sentence, "formula": told.formula, "rule": told.rule}
        facts |= {"file": span.file if span else None, "line": span.line if span else None}
        yield dumps(facts)


def text_lines(timeline: Timeline, chosen: Iterable[int]) -> Iterator[str]:
    """Give each step as one aligned line, under a heading for each phase."""
    from gradviz.renderers.escape import visible

    rows = (_cells(timeline, timeline[k]) for k in chosen)
    first = list(islice(rows, MEASURED))
    widths = [min(WIDEST, max((len(row[i + 1]) for row in first), default=0)) for i in range(4)]
    phase = ""
    for row in chain(first, rows):
        if row[0] != phase:
            if phase:
                yield ""
            phase = row[0]
            yield phase
        k, name, before, after, sentence = (visible(cell) for cell in row[1:])
        change = (
            f"{before:>{widths[2]}} → {after:<{widths[3]}}"
            if before
            else after.rjust(widths[2] + widths[3] + 3)
        )
        yield f"{k:>{widths[0]}}  {name:<{widths[1]}}  {change}  {sentence}".rstrip()


def _cells(timeline: Timeline, step: Step) -> tuple[str, ...]:
    from gradviz.explain import explain
    from gradviz.summary import text_of

    name = timeline.graph.label(step.node)
    before = "" if step.before is None else text_of(step.before)
    after = "" if step.after is None or step.phase == "order" else text_of(step.after)
    sentence = explain(timeline.graph, step, timeline).sentence
    return step.phase, str(step.index), name, before, after, sentence
