"""``--what``: the pass with other leaves."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from gradviz.cli.target import Passes
    from gradviz.graph import Graph

what_option = click.option(
    "--what",
    metavar="NAME=NUMBER",
    multiple=True,
    help="Compute the pass with another number for this input or parameter; can be repeated.",
)


def graph_of(recording: Passes, index: int, what: tuple[str, ...]) -> Graph:
    """Give a pass as it was recorded, or computed again with the leaves that ``what`` names."""
    graph = recording.graph(index)
    if not what:
        return graph
    from gradviz.document.whatif import EditError, edited_graph, parse_edits
    from gradviz.program import replay

    edits = []
    for text in what:
        name, sign, number = text.rpartition("=")
        if not sign:
            raise click.UsageError(f"--what is a value and its number, such as w1=2.5, not {text[:40]!r}.")
        edits.append(f"n{graph.find(name.strip())}:{number.strip()}")
    try:
        return edited_graph(replay(graph), parse_edits(edits))
    except EditError as error:
        raise click.UsageError(f"--what: {error}") from None
