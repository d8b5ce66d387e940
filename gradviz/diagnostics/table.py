"""The table of checks, and running them over a recording."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from gradviz.diagnostics.accumulation import STALE
from gradviz.diagnostics.activations import DEAD, SATURATION
from gradviz.diagnostics.causes import ROWS
from gradviz.diagnostics.finding import SEVERITIES, Check, Finding
from gradviz.diagnostics.flow import EXPLODING, VANISHING
from gradviz.diagnostics.nonfinite import NON_FINITE
from gradviz.errors import RecordingError
from gradviz.recording import Recording

CHECKS: dict[str, Check] = {
    check.name: check for check in (NON_FINITE, STALE, *ROWS, DEAD, SATURATION, VANISHING, EXPLODING)
}
VALUES = 5_000_000  # in all passes together, up to which every pass is looked at
PAIRS = 16  # beyond it, pairs of neighbouring passes spread over the run


def diagnose(recording: Recording, passes: Iterable[int] | None = None) -> list[Finding]:
    """Run every check over a recording.

    Args:
        recording: the recording.
        passes: which passes, in order; None takes all, or in a very long run pairs spread over it.

    Returns:
        The findings, the worst first. What is found at one place in several passes is given once, with its
        first pass and the number of ``times``.
    """
    watches = [check.watch() for check in CHECKS.values()]
    found: dict[tuple[str, str, str], Finding] = {}
    for index in chosen(recording) if passes is None else passes:
        try:
            graph = recording.graph(index)
        except RecordingError:
            continue  # a damaged pass is reported by the recording itself
        if not len(graph):
            continue
        for watch in watches:
            for finding in watch.see(index, graph):
                _keep(found, finding)
    return sorted(found.values(), key=lambda f: (-SEVERITIES.index(f.severity), f.pass_index))


def chosen(recording: Recording) -> list[int]:
    """The passes to look at: all, or in a very long run pairs of neighbours, first and last among them."""
    count = len(recording.passes)
    if sum(each.node_count for each in recording.passes) <= VALUES or count <= 2 * PAIRS:
        return list(range(count))
    starts = {round(i * (count - 2) / (PAIRS - 1)) for i in range(PAIRS)}
    return sorted(starts | {start + 1 for start in starts})


def _keep(found: dict[tuple[str, str, str], Finding], new: Finding) -> None:
    """Merge a finding with the same one of an earlier pass; if it has become worse, show the worse."""
    key = new.check, new.place, str(new.source)
    old = found.get(key)
    if old is None:
        found[key] = new
        return
    worse = SEVERITIES.index(new.severity) > SEVERITIES.index(old.severity)
    found[key] = replace(new if worse else old, times=old.times + 1)
