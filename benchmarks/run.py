"""gradviz beside its peers: python -m benchmarks.run [NAME ...] [--rounds N] [--quick]

Measures the named families of benchmarks/rows, or all; prints their tables, and puts them into
benchmarks/results.json and docs/performance.md beside what was measured before.
"""

from __future__ import annotations

import argparse
import inspect
import json
import os
import sys
import time
from pathlib import Path
from typing import Any

from benchmarks import report
from benchmarks.harness import HERE, Bench, Failed, text_of
from benchmarks.rows import FAMILIES

RESULTS = HERE / "results.json"
ROUNDS = 3


def main(argv: list[str] | None = None) -> int:
    """Run the command; 1 if a contender broke that should not have."""
    parser = argparse.ArgumentParser(prog="dev.py bench", description="Measure gradviz beside its peers.")
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"of: {', '.join(FAMILIES)}")
    parser.add_argument("--rounds", type=int, default=None, help=f"turns of each contender; default {ROUNDS}")
    parser.add_argument("--quick", action="store_true", help="one round, and no long waits for peers")
    parser.add_argument("--json", type=Path, default=RESULTS, help="elsewhere than benchmarks/results.json")
    options = parser.parse_args(argv)
    unknown = [name for name in options.names if name not in FAMILIES]
    if unknown:
        parser.error(f"no family {', '.join(unknown)}; there are {', '.join(FAMILIES)}")
    rounds = options.rounds or (1 if options.quick else ROUNDS)
    before = json.loads(options.json.read_text(encoding="utf-8")) if options.json.exists() else {}
    broken = []
    for name in options.names or FAMILIES:
        before[name], failures = measure(name, rounds, options.quick)
        broken += [f"{name}: {failure}" for failure in failures]
        results = {family: before[family] for family in FAMILIES if family in before}
        options.json.write_text(json.dumps(results, indent=1, default=str) + "\n", encoding="utf-8")
        if options.json == RESULTS:
            report.write_page(results)
    for failure in broken:
        print(f"failed: {failure}", file=sys.stderr)
    return int(bool(broken))


def measure(name: str, rounds: int, quick: bool) -> tuple[dict[str, Any], list[str]]:
    """Measure one family; give its results in plain types, and what failed."""
    family = FAMILIES[name]
    bench, load = Bench(rounds, quick), os.getloadavg()[0]
    print(f"\n## {name}", flush=True)
    try:
        family.measure(bench)
    except Failed as why:
        bench.failures.append(str(why))
    for title, rows in bench.tables.items():
        print(f"\n{title}\n\n{report.table(rows)}", flush=True)
    targets = [report.row_of(target) for target in bench.targets]
    if targets:
        print(f"\n{report.table(targets)}", flush=True)
    return {
        "about": inspect.getdoc(family),
        "tables": {
            title: [{key: _plain(value) for key, value in row.items()} for row in rows]
            for title, rows in bench.tables.items()
        },
        "targets": targets,
        "rounds": rounds,
        "when": time.strftime("%Y-%m-%d %H:%M UTC", time.gmtime()),
        "load": [load, os.getloadavg()[0]],
        "machine": report.machine(),
    }, bench.failures


def _plain(value: Any) -> Any:
    return value if isinstance(value, int | float) else text_of(value)


if __name__ == "__main__":
    sys.exit(main())
