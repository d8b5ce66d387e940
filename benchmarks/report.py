"""Telling: tables as text and as Markdown, the machine they come from, and docs/performance.md."""

from __future__ import annotations

import importlib.metadata
import os
import platform
import subprocess
from contextlib import suppress
from typing import Any

from benchmarks import peers
from benchmarks.harness import HERE, Missing, Target, text_of

PAGE = HERE.parent / "docs" / "performance.md"
MARK = "<!-- from here on written by benchmarks/run.py -->"
PACKAGES = ("gradviz", "micrograd", "numpy", "networkx", "torch", "graphviz", "waitress", "playwright")
REACHED = {True: "yes", False: "**no**", None: "–"}


def table(rows: list[dict[str, Any]]) -> str:
    """Rows as Markdown."""
    lines = [list(rows[0]), ["---" for _ in rows[0]], *(map(text_of, row.values()) for row in rows)]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def row_of(target: Target) -> dict[str, str]:
    """A target as a row of the table of targets."""
    unit = " ".join(target.bound.split(" ")[2:])
    measured, reached = target.measured, target.reached
    told = text_of(measured) + ("" if isinstance(measured, Missing) else f" {unit}")
    return {
        "what": target.what,
        "against": target.against,
        "target": target.bound,
        "measured": told.strip(),
        "reached": REACHED[reached],
    }


def machine() -> dict[str, Any]:
    """Where and with what the figures are taken."""
    versions = {}
    for name in PACKAGES:
        with suppress(importlib.metadata.PackageNotFoundError):
            versions[name] = importlib.metadata.version(name)
    return {
        "python": platform.python_version(),
        "cpu": _processor(),
        "cores": os.cpu_count(),
        "system": platform.platform(),
        "dot": _first_line("-V", "dot"),
        "chromium": _first_line("--version", "chromium", "chromium-browser", "google-chrome"),
        "versions": versions | peers.VERSIONS,
    }


def _processor() -> str:
    with suppress(OSError), open("/proc/cpuinfo", encoding="utf-8") as file:
        return next((line.split(":")[1].strip() for line in file if line.startswith("model name")), "")
    return platform.processor()


def _first_line(option: str, *names: str) -> str:
    try:
        done = subprocess.run([peers.program(*names), option], capture_output=True, text=True)
    except Missing as why:
        return str(why)
    return (done.stdout or done.stderr).strip().split("\n")[0]


def told(machine: dict[str, Any]) -> str:
    """The machine in a sentence."""
    versions = ", ".join(f"{name} {version}" for name, version in machine["versions"].items())
    return (
        f"{machine['cpu']}, {machine['cores']} cores, {machine['system']}; Python {machine['python']}, "
        f"{versions}; {machine['dot']}; {machine['chromium']}."
    )


def write_page(results: dict[str, Any]) -> None:
    """Put all results into the documentation, below its mark."""
    text = [PAGE.read_text(encoding="utf-8").partition(MARK)[0] + MARK, "## Targets"]
    text.append(table([row for family in results.values() for row in family["targets"]]))
    said = None
    for name, family in results.items():
        text += [f"## {name}", family["about"]]
        text += [f"**{title}**\n\n{table(rows)}" for title, rows in family["tables"].items()]
        before, after = family["load"]
        last = f"{family['rounds']} round{'s' * (family['rounds'] > 1)}, {family['when']}, "
        last += f"load {before:.1f} to {after:.1f}. "
        text.append(last + ("The same machine." if family["machine"] == said else told(family["machine"])))
        said = family["machine"]
    PAGE.write_text("\n\n".join(text) + "\n", encoding="utf-8")
