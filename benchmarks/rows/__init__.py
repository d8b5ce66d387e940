"""The families of rows, in the order of the report. To add one: a file with `measure(bench)`, and its name.

A family's docstring says how it measures; it stands above its tables in docs/performance.md.
"""

from importlib import import_module

NAMES = (
    *("engine", "replay", "chains", "memory", "recording", "watching", "networkx", "drawing", "walk"),
    *("layout", "page", "http", "growth", "startup"),
)
FAMILIES = {name: import_module(f"benchmarks.rows.{name}") for name in NAMES}
