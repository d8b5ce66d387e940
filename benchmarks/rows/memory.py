"""Bytes for each node of the demo's graph of 100 samples, after backward, without labels.

tracemalloc counts what Python's allocators handed out, numpy's arrays included; RSS is what the process
grew by. Each is measured in a process of its own.
"""

from benchmarks.harness import Bench, pick, workload


def held(engine: str) -> dict[str, float]:
    runs = {method: workload("memory", engine, 100, method) for method in ("tracemalloc", "rss")}
    return {"nodes": runs["rss"]["nodes"], **{name: run["after backward"] for name, run in runs.items()}}


def measure(bench: Bench) -> None:
    engines = ("micrograd", "gradviz")
    found = bench.turns({name: lambda name=name: held(name) for name in engines})
    bench.table(
        "Bytes per node after backward",
        [{"engine": name, **pick(found[name], "nodes", "tracemalloc", "rss")} for name in engines],
    )
    against = f"micrograd {found['micrograd']['tracemalloc']:.0f} B"
    bench.target("bytes per node after backward", against, "≤ 160 B", found["gradviz"]["tracemalloc"])
