"""MLP(2, [16, 16, 1]) on moons, hinge loss and L2: forward, backward and update, timed inside the process.

One step goes before, to warm up. `stand-in` is micrograd's program with gradviz in micrograd's place, as
`gradviz run` does it; `gradviz` is its own `nn`, `losses` and `optim`; both note source places and scopes.
`+nogc` turns off Python's cyclic garbage collector.
"""

from functools import partial

from benchmarks.harness import Bench, workload

ENGINES = ("micrograd", "micrograd+nogc", "stand-in", "gradviz", "gradviz+nogc")
PARTS = ("forward", "backward", "update", "step")
BOUNDS = {(100, "micrograd"): "≥ 25 ×", (100, "micrograd+nogc"): "≥ 2.5 ×", (1, "micrograd"): "≥ 4 ×"}


def measure(bench: Bench) -> None:
    for samples, repeats in ((100, 5), (1, 60)):
        times = bench.turns({name: partial(workload, "step", name, samples, repeats) for name in ENGINES})
        size = f"{samples} sample{'s' * (samples > 1)}"
        bench.table(
            f"A step of {size}, CPU ms",
            [
                {
                    "engine": name,
                    **{part: 1e3 * times[name][part] for part in PARTS},
                    "micrograd takes": times["micrograd"]["step"] / times[name]["step"],
                    "micrograd+nogc takes": times["micrograd+nogc"]["step"] / times[name]["step"],
                }
                for name in ENGINES
            ],
        )
        for (of, peer), bound in BOUNDS.items():
            for own in ("stand-in", "gradviz"):
                if of == samples:
                    what = f"micrograd demo, {size}, one step ({own})"
                    bench.target(what, named(peer), bound, times[peer]["step"] / times[own]["step"])


def named(peer: str) -> str:
    return {"micrograd": "micrograd, gc on", "micrograd+nogc": "micrograd, gc off"}[peer]
