"""``gradviz check``: what goes wrong in training, for people and for CI."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING

import click

from gradviz.cli.target import opened
from gradviz.renderers.escape import visible

if TYPE_CHECKING:
    from gradviz.diagnostics import Finding

LEVELS = ("note", "warning", "error")
COLOURS = {"error": "red", "warning": "yellow", "note": "cyan"}


@click.command()
@click.option("--pass", "index", type=int, metavar="N", help="Only this pass; negative counts from the end.")
@click.option(
    "--fail-on", type=click.Choice([*LEVELS, "never"]), default="error", show_default=True,
    help="Exit with 1 if there is a finding as bad as this, or worse.",
)  # fmt: skip
@click.option("--json", "as_json", is_flag=True, help="One JSON object a line.")
@click.argument("target", metavar="FILE|SCRIPT")
@click.argument("args", nargs=-1, type=click.UNPROCESSED)
def check(target: str, args: tuple[str, ...], index: int | None, fail_on: str, as_json: bool) -> int:
    """Look for what goes wrong in training: NaN, stale, vanishing and exploding gradients, dead units, …"""
    from gradviz.diagnostics import diagnose
    from gradviz.numbers import dumps

    with opened(target, args) as recording:
        if index is not None:
            recording.graph(index)  # raises if there is none
        chosen = None if index is None else [index % len(recording)]
        findings = diagnose(recording, chosen)
    for finding in findings:
        click.echo(dumps(asdict(finding)) if as_json else told(finding))
    if not findings and not as_json:
        click.echo("Nothing found.")
    worst = max((LEVELS.index(finding.severity) for finding in findings), default=-1)
    return int(fail_on != "never" and worst >= LEVELS.index(fail_on))


def told(finding: Finding) -> str:
    """Give a finding in a few lines."""
    where = f"{visible(str(finding.source))}: " if finding.source else ""
    times = f" In {finding.times:,} passes, first in pass {finding.pass_index}." if finding.times > 1 else ""
    severity = click.style(finding.severity, fg=COLOURS[finding.severity], bold=True)
    lines = [f"{where}{severity}: {visible(finding.message)}{times} [{finding.check}]"]
    lines += [f"    {visible(text)}" for text in (finding.evidence, finding.cure) if text]
    return "\n".join(lines)
