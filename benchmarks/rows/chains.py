"""100,000 scalar ops in a chain and in a wide sum of products, forward and backward, on leaves made before.

torch runs on one thread, in float64. micrograd walks its graph by recursion, and Python's limit ends that.
"""

from functools import partial

from benchmarks.harness import Bench, workload

OPS, MANY = 100_000, 1_000_000


def measure(bench: Bench) -> None:
    engines = ("torch", "micrograd", "gradviz")
    for shape in ("chain", "sum"):
        times = bench.turns({name: partial(workload, "chain", name, shape, OPS, 3) for name in engines})
        rows = [
            {"engine": n, **{p: 1e3 * times[n][p] for p in ("forward", "backward", "step")}} for n in engines
        ]
        bench.table(f"{shape} of {OPS:,} ops, CPU ms", rows)
        ratio = times["torch"]["step"] / times["gradviz"]["step"]
        bench.target(f"{shape} of {OPS:,} ops", "torch scalars", "≥ 8 ×", ratio)
    long = bench.turns({"gradviz": partial(workload, "chain", "gradviz", "chain", MANY, 1)})["gradviz"]
    bench.table(f"Chain of {MANY:,} ops, CPU s", [{"engine": "gradviz", "step": long["step"]}])
    bench.target("a long chain works", "micrograd: RecursionError", f"≥ {MANY:,} ops", long["ops"])
