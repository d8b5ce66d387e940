"""100 frames of a backward walk as SVG, one sample through MLP(2, [16, 16, 1]), from a graph in memory.

micrograd-viz lays every frame out anew by dot; a few frames of it are timed, and scaled to 100. gradviz lays
out once: `all open` draws every value as a box, `gradviz` the view that opens by itself.
"""

from functools import partial

from benchmarks import peers
from benchmarks.harness import Bench, workload

FRAMES = 100
WAYS = {"micrograd-viz + dot": 3, "gradviz, all open": FRAMES, "gradviz": FRAMES}


def measure(bench: Bench) -> None:
    found = bench.turns({way: partial(walk, way, frames) for way, frames in WAYS.items()})
    peer = found["micrograd-viz + dot"]["seconds"]
    bench.table(
        "100 frames, CPU s",
        [
            {
                "way": way,
                "boxes": found[way]["boxes"],
                "frames timed": frames,
                "100 frames": FRAMES * found[way]["seconds"],
                "micrograd-viz takes": peer / found[way]["seconds"],
            }
            for way, frames in WAYS.items()
        ],
    )
    for way in ("gradviz, all open", "gradviz"):
        ratio = peer / found[way]["seconds"]
        bench.target(
            f"100 frames of a backward walk ({way})", "micrograd-viz + dot per frame", "≥ 80 ×", ratio
        )


def walk(way, frames):
    if way == "micrograd-viz + dot":
        peers.program("dot")
        return workload("walk", "micrograd-viz", frames, peer=peers.folder("micrograd-viz"))
    return workload("walk", "gradviz" if "all" in way else "gradviz-folded", frames)
