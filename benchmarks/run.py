"""gradviz beside its peers, in one run: python run.py [--rounds N] [engine] [recording] [export]

Times are CPU seconds (user + system), since the machines this runs on are shared. Contenders take turns;
figures are medians over the rounds, ratios are ratios of medians.
"""

import argparse
import importlib.metadata
import json
import os
import platform
import resource
import statistics
import subprocess
import sys
import tempfile
from functools import partial
from pathlib import Path

HERE = Path(__file__).resolve().parent
WORKLOADS = HERE / "workloads"
MARK = "<!-- from here on written by benchmarks/run.py -->"
GRADVIZ = [sys.executable, "-m", "gradviz"]


def cpu_of(*command, **options):
    """Run a command; return the CPU seconds of it and its children, and what it printed."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    words = [str(word) for word in command]
    done = subprocess.run(words, capture_output=True, text=True, cwd=tempfile.gettempdir(), **options)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    if done.returncode:
        raise SystemExit(f"{' '.join(words)} failed:\n{done.stdout}{done.stderr}")
    return after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime, done.stdout


def in_turns(rounds, contenders):
    """Call each of some functions once per round, in turns; return lists of what they gave."""
    got = {name: [] for name in contenders}
    for _ in range(rounds):
        for name, measure in contenders.items():
            got[name].append(measure())
    return got


# -- 1. the engine


def engine(rounds):
    engines = ["micrograd", "micrograd+nogc", "stand-in", "gradviz", "gradviz+nogc"]
    tables = {}
    for samples, repeats in ((100, 2), (1, 60)):
        contenders = {name: partial(step_times, name, samples, repeats) for name in engines}
        got = in_turns(rounds, contenders)
        rows = [
            {
                "engine": name,
                **{part: 1e3 * statistics.median(run[part] for run in got[name]) for part in got[name][0]},
            }
            for name in engines
        ]
        for row in rows:
            row["micrograd is slower by"] = rows[0]["step"] / row["step"]
        tables[f"engine: a step of {samples} sample{'s' * (samples > 1)}, ms"] = rows
    return tables


def step_times(name, samples, repeats):
    return json.loads(cpu_of(sys.executable, WORKLOADS / "step.py", name, samples, repeats)[1])


# -- 2. recording


def recording(rounds, few=1, many=4):
    """Cost per pass: a run of many passes less one of few, so that start-up drops out."""
    script = HERE / "micrograd_moons.py"
    own = WORKLOADS / "own_moons.py"
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "run.gradviz"
        under_gradviz = (*GRADVIZ, "run", "--no-serve", "--quiet", "--force", "-o", file)
        runs = {
            "micrograd's script, plain": (sys.executable, script),
            "micrograd's script, recorded": (*under_gradviz, script),
            "gradviz's script, plain": (sys.executable, own),
            "gradviz's script, recorded": (*under_gradviz, own),
        }
        got = in_turns(
            rounds, {name: lambda c=c: (cpu_of(*c, few)[0], cpu_of(*c, many)[0]) for name, c in runs.items()}
        )
        cpu_of(*runs["micrograd's script, recorded"], many)
        size = file.stat().st_size
        values = values_in(file)
    per_pass = {
        name: 1e3 * statistics.median((b - a) / (many - few) for a, b in times) for name, times in got.items()
    }
    start = {name: 1e3 * statistics.median(a for a, _ in times) for name, times in got.items()}
    rows = [
        {
            "script": name,
            "pass, ms": per_pass[name],
            "times its plain pass": per_pass[name] / per_pass[name.split(",")[0] + ", plain"],
            "whole run of 1 pass, ms": start[name],
        }
        for name in runs
    ]
    facts = [{"passes": many, "values": values, "file, bytes": size, "bytes per value": size / values}]
    return {"recording: 100 samples a pass": rows, "recording: the file": facts}


def values_in(file):
    code = (
        "import sys; from gradviz.recording import Recording\n"
        "with Recording.open(sys.argv[1]) as r: print(sum(p.node_count for p in r.passes))"
    )
    return int(cpu_of(sys.executable, "-c", code, file)[1])


# -- 3. from a script to a picture


def export(rounds):
    nets = {"one neuron": "2 1", "a small net": "2 7 4 1", "MLP(2, [16, 16, 1])": "2 16 16 1"}
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        svg, net = Path(folder) / "out.svg", WORKLOADS / "net.py"
        for title, sizes in nets.items():
            args = sizes.split()
            own = (*GRADVIZ, "export", "--force", "-o", svg)
            contenders = {
                "micrograd's way": (sys.executable, WORKLOADS / "draw.py", svg, *args),
                "gradviz, --depth 9": (*own, "--depth", 9, net, "--", *args),
                "gradviz": (*own, net, "--", *args),
            }
            got = in_turns(rounds, {name: lambda c=c: cpu_of(*c)[0] for name, c in contenders.items()})
            boxes = {"micrograd's way": int(cpu_of(*contenders["micrograd's way"])[1])}
            for name in ("gradviz, --depth 9", "gradviz"):
                cpu_of(*contenders[name])
                boxes[name] = svg.read_text(encoding="utf-8").count('class="gv-box ')
            times = {name: statistics.median(got[name]) for name in contenders}
            rows += [
                {
                    "net": title,
                    "picture": name,
                    "boxes": boxes[name],
                    "CPU s": times[name],
                    "micrograd's way takes": times["micrograd's way"] / times[name],
                }
                for name in contenders
            ]
    return {"export: script to SVG, whole process": rows}


# -- telling


def machine():
    names = ("gradviz", "micrograd", "numpy", "graphviz", "graphviz-pure")
    with open("/proc/cpuinfo", encoding="utf-8") as file:
        cpu = next((line.split(":")[1].strip() for line in file if line.startswith("model name")), "")
    return {
        "python": platform.python_version(),
        "cpu": cpu,
        "cores": os.cpu_count(),
        "system": platform.platform(),
        "load": os.getloadavg()[0],
        "dot": subprocess.run(["dot", "-V"], capture_output=True, text=True).stderr.strip(),
        "versions": {name: importlib.metadata.version(name) for name in names},
    }


def table(rows):
    """Rows as Markdown."""
    text = [[key for key in rows[0]], ["---" for _ in rows[0]]]
    text += [[f"{x:.3g}" if isinstance(x, float) else str(x) for x in row.values()] for row in rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in text)


SECTIONS = {section.__name__: section for section in (engine, recording, export)}


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("sections", nargs="*", choices=[[], *SECTIONS], default=[])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--json", type=Path, default=HERE / "results.json")
    options = parser.parse_args()
    results = json.loads(options.json.read_text(encoding="utf-8")) if options.json.exists() else {}
    for name in options.sections or SECTIONS:
        for title, rows in SECTIONS[name](options.rounds).items():
            results[title] = {"rows": rows, "rounds": options.rounds, "machine": machine()}
            print(f"\n{title}\n\n{table(rows)}", flush=True)
    options.json.write_text(json.dumps(results, indent=1) + "\n", encoding="utf-8")
    if options.json == HERE / "results.json":
        write_page(results)


def write_page(results):
    """Put the tables and the machine they come from into the documentation."""
    page = HERE.parent / "docs" / "performance.md"
    kept = page.read_text(encoding="utf-8").partition(MARK)[0]
    text = [kept + MARK]
    for title, result in results.items():
        text.append(f"### {title.capitalize()}\n\n{table(result['rows'])}\n\n{told(result)}")
    page.write_text("\n\n".join(text) + "\n", encoding="utf-8")


def told(result):
    """Where a table comes from, in one line."""
    at = result["machine"]
    versions = ", ".join(f"{name} {version}" for name, version in at["versions"].items())
    return (
        f"{result['rounds']} rounds; {at['cpu']}, {at['cores']} cores, load {at['load']:.1f}; "
        f"Python {at['python']}, {versions}, {at['dot'].split(' - ')[-1]}."
    )


if __name__ == "__main__":
    main()
