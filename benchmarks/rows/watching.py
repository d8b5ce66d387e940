"""A script with an engine of its own, plain and under `gradviz run --no-serve`: CPU time from start to end.

The engine is like micrograd's, as a learner writes it; the script is its demo: ten passes of 66k values.
"""

import tempfile
from functools import partial
from pathlib import Path

from benchmarks.harness import GRADVIZ, PYTHON, WORKLOADS, Bench, cpu_of

PASSES = 10


def measure(bench: Bench) -> None:
    script = WORKLOADS / "watched_moons.py"
    with tempfile.TemporaryDirectory() as folder:
        record = (*GRADVIZ, "run", "--no-serve", "--quiet", "--force", "-o", Path(folder) / "run.gradviz")
        commands = {
            "plain": (PYTHON,),
            "every pass recorded": record,
            "every 10th": (*record, f"--every={PASSES}"),
            "the last": (*record, "--last=1"),
        }
        times = bench.turns(
            {name: partial(seconds, *command, script, PASSES) for name, command in commands.items()}
        )
    plain = times["plain"]
    bench.table(
        "A script of ten passes",
        [{"run": name, "CPU s": found, "× plain": found / plain} for name, found in times.items()],
    )
    bench.target(
        "watch a learner's engine", "the plain script", "≤ 2.5 × plain", times["every pass recorded"] / plain
    )
    bench.target(
        "the same, every 10th pass kept", "the plain script", "≤ 1.3 × plain", times["every 10th"] / plain
    )


def seconds(*command):
    return cpu_of(*command)[0]
