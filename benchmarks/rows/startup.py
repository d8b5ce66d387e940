"""Whole processes: what starting the command line, and importing the library, costs over an empty Python."""

from functools import partial

from benchmarks.harness import GRADVIZ, PYTHON, Bench, cpu_of

REPEATS = 5  # they are short
COMMANDS = {
    "python -c pass": (PYTHON, "-c", "pass"),
    "gradviz --help": (*GRADVIZ, "--help"),
    "import numpy": (PYTHON, "-c", "import numpy"),
    "import gradviz": (PYTHON, "-c", "import gradviz"),
    "from gradviz import Value": (PYTHON, "-c", "from gradviz import Value"),
}


def measure(bench: Bench) -> None:
    times = bench.turns({name: partial(shortest, *command) for name, command in COMMANDS.items()})
    bench.table("Process, CPU ms", [{"process": name, "CPU ms": times[name]} for name in COMMANDS])
    bench.target(
        "`gradviz --help`", "`python -c pass`", "≤ +120 ms", times["gradviz --help"] - times["python -c pass"]
    )
    for name in ("import gradviz", "from gradviz import Value"):
        bench.target(f"`{name}`", "`import numpy`", "≤ +60 ms", times[name] - times["import numpy"])


def shortest(*command):
    return 1e3 * min(cpu_of(*command)[0] for _ in range(REPEATS))
