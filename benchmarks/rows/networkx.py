"""A graph of 100,000 nodes to networkx, beside `add_nodes_from` and `add_edges_from` with ready attributes.

The two graphs are compared, and must be equal.
"""

from functools import partial

from benchmarks.harness import Bench, pick, workload

SAMPLES = 153


def measure(bench: Bench) -> None:
    ways = ("networkx", "gradviz")
    found = bench.turns({name: partial(workload, "to_networkx", name, SAMPLES) for name in ways})
    bench.table(
        "Export, CPU s", [{"way": name, **pick(found[name], "nodes", "edges", "seconds")} for name in ways]
    )
    own = found["gradviz"]["seconds"]
    bench.target("networkx export, 100k nodes", "add_nodes_from, add_edges_from", "≤ 0.3 s", own)
