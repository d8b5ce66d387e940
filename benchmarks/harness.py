"""Measuring side by side: contenders take turns, round by round, and a figure is the median of its rounds.

Times are CPU seconds, user and system, of a process and its children, unless a row says otherwise: the
machines this runs on are shared.
"""

from __future__ import annotations

import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any, NamedTuple

HERE = Path(__file__).resolve().parent
WORKLOADS = HERE / "workloads"
PYTHON = sys.executable
GRADVIZ = (PYTHON, "-m", "gradviz")
ONE_THREAD = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"}
LONGEST = 600.0  # seconds that anything may take


class Missing(Exception):
    """A figure that is not there, and why; what is computed from it is missing for the same reason."""

    def _same(self, *_: Any) -> Missing:
        return self

    __add__ = __radd__ = __sub__ = __rsub__ = __mul__ = __rmul__ = __getitem__ = _same
    __truediv__ = __rtruediv__ = _same

    def __format__(self, spec: str) -> str:
        return str(self)


class Failed(Missing):
    """Missing because something broke that should not have: the run ends by saying so."""


class Target(NamedTuple):
    """What a figure should be; ``bound`` is a sign, a number and a unit, such as "≥ 25 ×"."""

    what: str
    against: str
    bound: str
    measured: float | Missing

    @property
    def reached(self) -> bool | None:
        """Whether the figure keeps the bound; None if there is no figure."""
        if isinstance(self.measured, Missing):
            return None
        sign, number, *_ = self.bound.split(" ")
        limit = float(number.replace(",", ""))
        return {"≤": self.measured <= limit, "≥": self.measured >= limit, "<": self.measured < limit}[sign]


class Bench:
    """One family's run: takes turns, and collects tables and targets.

    Args:
        rounds: how often every contender has its turn.
        quick: leave long waits out.
    """

    def __init__(self, rounds: int, quick: bool = False) -> None:
        self.rounds, self.quick = rounds, quick
        self.tables: dict[str, list[dict[str, Any]]] = {}
        self.targets: list[Target] = []
        self.failures: list[str] = []

    def turns(self, contenders: Mapping[str, Callable[[], Any]]) -> dict[str, Any]:
        """Call each contender once per round, in turns; a figure or a dict of them, as medians.

        A contender that raises Missing is not called again, and its figure is that Missing.
        """
        got: dict[str, list[Any]] = {name: [] for name in contenders}
        missing: dict[str, Missing] = {}
        for _ in range(self.rounds):
            for name in [name for name in contenders if name not in missing]:
                try:
                    got[name].append(contenders[name]())
                except Missing as why:
                    missing[name] = why
                    if isinstance(why, Failed):
                        self.failures.append(f"{name}: {why}")
        return {name: missing[name] if name in missing else median(got[name]) for name in contenders}

    def table(self, title: str, rows: Iterable[dict[str, Any]]) -> None:
        """Add a table; all rows have the same columns."""
        self.tables[title] = list(rows)

    def target(self, what: str, against: str, bound: str, measured: float | Missing) -> None:
        """Compare a figure, in the unit of the bound, with what it should be."""
        self.targets.append(Target(what, against, bound, measured))


def pick(figures: Any, *names: str) -> dict[str, Any]:
    """Some of a contender's figures, as columns of a row; all missing if the contender is."""
    return {name: figures[name] for name in names}


def text_of(value: Any) -> str:
    """A figure with three significant digits, and separators where it is long."""
    if value is None or isinstance(value, Failed):
        return "–" if value is None else "failed"
    if isinstance(value, float):
        return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.3g}"
    return f"{value:,}" if isinstance(value, int) else str(value)


def median(runs: list[Any]) -> Any:
    """The median of numbers, or of each entry of dicts; of what is neither, the last."""
    if isinstance(runs[0], dict):
        return {key: median([run[key] for run in runs]) for key in runs[0]}
    return statistics.median(runs) if isinstance(runs[0], int | float) else runs[-1]


def cpu_of(*command: Any, peer: Path | None = None, timeout: float = LONGEST) -> tuple[float, str]:
    """Run a command; give the CPU seconds of it and its children, and what it printed.

    Args:
        command: the program and its arguments.
        peer: a folder that Python looks into first, with a package that is not installed.
        timeout: seconds of wall time.

    Raises:
        Missing: it took longer than ``timeout``.
        Failed: it ended with an error.
    """
    words = [str(word) for word in command]
    environment = {**os.environ, **ONE_THREAD, **({"PYTHONPATH": str(peer)} if peer else {})}
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    try:
        done = subprocess.run(
            words, capture_output=True, text=True, cwd=tempfile.gettempdir(), env=environment, timeout=timeout
        )
    except subprocess.TimeoutExpired:
        raise Missing(f"> {timeout:g} s") from None
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    if done.returncode:
        said = (done.stderr or done.stdout).strip().splitlines() or ["nothing said"]
        raise Failed(f"exit code {done.returncode}: {said[-1][:200]}")
    return after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime, done.stdout


def workload(name: str, *args: Any, peer: Path | None = None, timeout: float = LONGEST) -> dict[str, Any]:
    """Run workloads/NAME.py, which measures inside its own process; give the JSON object it prints last.

    Raises:
        Missing: the workload printed ``{"missing": why}``, or took longer than ``timeout``.
        Failed: it ended with an error.
    """
    program = WORKLOADS / f"{name}.py"
    printed = cpu_of(PYTHON, program, *args, peer=peer, timeout=timeout)[1]
    found: dict[str, Any] = json.loads(printed.splitlines()[-1])
    if "missing" in found:
        raise Missing(found["missing"])
    return found
