"""The price of recording a pass of 65k values, by the difference of whole runs of one and of several passes.

`micrograd's script` runs plain on micrograd, and recorded on the stand-in that `gradviz run` puts in
its place.
"""

import tempfile
from functools import partial
from pathlib import Path

from benchmarks.harness import GRADVIZ, PYTHON, WORKLOADS, Bench, cpu_of, workload

MANY = {"micrograd's script": 3, "gradviz's script": 11}
SCRIPTS = {"micrograd's script": "micrograd_moons.py", "gradviz's script": "own_moons.py"}


def measure(bench: Bench) -> None:
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "run.gradviz"
        under_gradviz = (*GRADVIZ, "run", "--no-serve", "--quiet", "--force", "-o", file)
        runs = {}
        for name, script in SCRIPTS.items():
            runs[f"{name}, plain"] = partial(passes, MANY[name], PYTHON, WORKLOADS / script)
            runs[f"{name}, recorded"] = partial(passes, MANY[name], *under_gradviz, WORKLOADS / script)
        times = bench.turns(runs)
        size = file.stat().st_size
        values = workload("count", file)["values"]
    rows = [
        {
            "script": name,
            "pass, CPU ms": 1e3 * times[name]["pass"],
            "times its plain pass": times[name]["pass"] / times[f"{name.split(',')[0]}, plain"]["pass"],
            "run of one pass, CPU ms": 1e3 * times[name]["one"],
        }
        for name in runs
    ]
    bench.table("A pass of 100 samples", rows)
    bench.table("The file", [{"values": values, "bytes": size, "bytes per value": size / values}])
    again = times["gradviz's script, recorded"]["pass"] / times["gradviz's script, plain"]["pass"] - 1
    bench.target("record one pass of 65k values", "the plain pass", "≤ 1.0 × its time again", again)
    bench.target("bytes per node in the file", "–", "≤ 40 B", size / values)


def passes(many, *command):
    """The seconds of a run of one pass, and of each further pass."""
    one, several = cpu_of(*command, 1)[0], cpu_of(*command, many)[0]
    return {"one": one, "pass": (several - one) / (many - 1)}
