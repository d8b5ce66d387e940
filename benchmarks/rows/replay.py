"""The same step of 100 samples by `gradviz.compile`, beside micrograd's; and what else replay gives.

`forward and backward` reads the leaves' new weights and adds into their gradients; `step` also zeroes the
gradients and updates the weights, one by one in Python. The gradient check is by central differences of
all 337 parameters; micrograd's time for it is 674 times its one forward pass, computed, not run.
"""

from functools import partial

from benchmarks.harness import Bench, workload
from benchmarks.rows.engine import named

PASSES = 674  # two for each parameter


def measure(bench: Bench) -> None:
    peers = ("micrograd", "micrograd+nogc")
    times = bench.turns(
        {name: partial(workload, "step", name, 100, 3) for name in peers}
        | {"replay": partial(workload, "replay", 100, 50)}
    )
    replay = times["replay"]
    rows = [("micrograd", times["micrograd"]["step"]), ("micrograd+nogc", times["micrograd+nogc"]["step"])]
    rows += [(f"replay, {part}", replay[part]) for part in ("step", "forward and backward")]
    bench.table(
        "A step of 100 samples, CPU ms",
        [
            {
                "how": name,
                "CPU ms": 1e3 * seconds,
                **{f"{p} takes": times[p]["step"] / seconds for p in peers},
            }
            for name, seconds in rows
        ],
    )
    bench.table(
        "Around it",
        [
            {"what": "compile, once, ms", "figure": 1e3 * replay["compile"]},
            {"what": "one leaf edited, forward and backward, ms", "figure": 1e3 * replay["what-if"]},
            {"what": "gradient check, s", "figure": replay["gradient check"]},
            {"what": "its parameters", "figure": replay["parameters"]},
            {"what": "its largest relative error", "figure": replay["error"]},
            {"what": "micrograd's 674 passes, s, computed", "figure": PASSES * times["micrograd"]["forward"]},
            {"what": "the same with gc off", "figure": PASSES * times["micrograd+nogc"]["forward"]},
        ],
    )
    for peer, bound in zip(peers, ("≥ 1,000 ×", "≥ 100 ×"), strict=True):
        for part in ("step", "forward and backward"):
            ratio = times[peer]["step"] / replay[part]
            bench.target(f"the same by replay, new weights each step ({part})", named(peer), bound, ratio)
    check = replay["gradient check"]
    bench.target("gradient check, 337 parameters", "micrograd: 674 passes", "≤ 0.5 s", check)
    bench.target("what-if: a leaf edited, forward and backward", "–", "≤ 5 ms", 1e3 * replay["what-if"])
