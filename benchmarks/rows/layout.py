"""Places for one box per value of a network on 1, 13 and 68 samples: layout only, beside the system's dot.

gradviz is measured in its process, imports aside; dot in its own, with plain output. What took dot too long
is not tried at a larger size. A crossing is one of the straight lines between the centres of boxes.
"""

from functools import partial

from benchmarks import peers
from benchmarks.harness import Bench, Missing, text_of, workload

SIZES = {"1k": (1, "≤ 0.06 s"), "10k": (13, "≤ 0.1 s"), "50k": (68, "≤ 0.3 s")}
PATIENCE, QUICK = 60, 20  # seconds that dot gets


def measure(bench: Bench) -> None:
    rows, given_up, patience = [], None, QUICK if bench.quick else PATIENCE
    for size, (samples, bound) in SIZES.items():
        own = partial(workload, "places", "gradviz", samples, 0)
        found = bench.turns({"gradviz": own, "dot": partial(dot, given_up, samples, patience)})
        if isinstance(found["dot"], Missing) and given_up is None:
            given_up = Missing(f"not tried, after {size} {found['dot']}")
        times = {name: one["seconds"] for name, one in found.items()}
        rows += [
            {
                "boxes": found["gradviz"]["boxes"],
                "edges": found["gradviz"]["edges"],
                "engine": name,
                "CPU s": times[name],
                "crossings": found[name]["crossings"],
            }
            for name in found
        ]
        told = text_of(times["dot"]) + ("" if isinstance(times["dot"], Missing) else " s")
        bench.target(f"layout of {size} boxes", f"dot: {told}", bound, times["gradviz"])
        if size == "1k":
            ratio = found["gradviz"]["crossings"] / found["dot"]["crossings"]
            bench.target("crossings at 1k boxes", "dot", "≤ 1.5 ×", ratio)
    bench.table("Layout, CPU s", rows)


def dot(given_up, samples, patience):
    if given_up is not None:
        raise given_up
    return workload("places", peers.program("dot"), samples, patience)
