"""The page in headless Chromium, software raster, 1440 × 900: wall times read inside the page, to painted.

A recording is opened at a server that was just started, whose start is told apart. Steps are arrow keys,
each pressed when the one before was painted, forward at the start and back from the end; `to the end and
back` are the keys End and Home, the slowest of three. benchmarks/browser.py says what is waited for.
"""

from benchmarks import browser
from benchmarks.harness import Bench, pick
from benchmarks.served import recorded, serving

OPEN = {"65k": "≤ 1 s", "1M": "≤ 2 s"}
STEP = {"65k": "≤ 16 ms", "1M": "≤ 50 ms"}
KEYS = 40  # presses each way
COLUMNS = ("server listens, s", "open, s", "step p50, ms", "step p95, ms", "CPU, ms", "an idle frame, ms")
FAR = "to the end and back, ms"


def measure(bench: Bench) -> None:
    found = bench.turns({size: lambda size=size: visit(size) for size in OPEN})
    bench.table("To painted, wall", [{"values": size, **pick(found[size], *COLUMNS, FAR)} for size in OPEN])
    for size in OPEN:
        bench.target(f"open a {size}-value recording, to painted", "–", OPEN[size], found[size]["open, s"])
        bench.target(f"one step at {size} values, to painted", "–", STEP[size], found[size]["step p50, ms"])


def visit(size):
    """Open a recording, step through its start and through its backward phase."""
    file = recorded(size)
    with browser.chromium() as chrome, serving(file) as (port, started):
        with browser.opened(chrome, port) as (page, seconds):
            idle = browser.idle_time(page)
            steps = browser.step_times(page, ["ArrowRight"] * KEYS)[1:]
            far = browser.step_times(page, ["End", "Home", "End"])
            steps += browser.step_times(page, ["ArrowLeft"] * KEYS)[1:]
            cpu = browser.step_cpu(page, ["ArrowLeft"] * KEYS)
    p50, p95 = (1e3 * (one - 2 * idle) for one in browser.p50_p95(steps))
    figures = (started, seconds, p50, p95, 1e3 * cpu, 1e3 * idle)
    return {**dict(zip(COLUMNS, figures, strict=True)), FAR: 1e3 * (max(far) - 2 * idle)}
