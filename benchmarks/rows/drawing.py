"""From a script to its first picture, whole processes: micrograd's API, backward, SVG.

The peers are micrograd-viz's own `draw_dot` and torchviz's `make_dot` with torch scalars, through the
system's dot, one box for each value and each op. gradviz draws what opens by itself, or with `--depth 9`
all scopes.
"""

import tempfile
from functools import partial
from pathlib import Path

from benchmarks import peers
from benchmarks.harness import GRADVIZ, PYTHON, WORKLOADS, Bench, cpu_of, pick

NETS = {"20 boxes": "2 1", "300 boxes": "2 7 4 1", "1,600 boxes": "2 16 16 1"}
WAYS = ("micrograd-viz + dot", "torchviz + dot", "gradviz, --depth 9", "gradviz")


def measure(bench: Bench) -> None:
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        for net, words in NETS.items():
            file = Path(folder) / "out.svg"
            found = bench.turns({way: partial(draw, way, file, words.split()) for way in WAYS})
            first = found[WAYS[0]]["seconds"]
            rows += [
                {
                    "net": net,
                    "way": way,
                    **pick(found[way], "boxes", "seconds"),
                    "micrograd-viz takes": first / found[way]["seconds"],
                }
                for way in WAYS
            ]
            for way in WAYS[:2]:
                bound = "≥ 5 ×" if "1,600" in net else "≥ 1 ×"
                ratio = found[way]["seconds"] / found["gradviz"]["seconds"]
                bench.target(f"script to first SVG, {net}", way, bound, ratio)
    bench.table("Script to SVG, CPU s", rows)


def draw(way, file, words):
    net = WORKLOADS / "net.py"
    if way == "gradviz":
        seconds = cpu_of(*GRADVIZ, "export", "--force", "-o", file, net, "--", *words)[0]
    elif way == "gradviz, --depth 9":
        seconds = cpu_of(*GRADVIZ, "export", "--depth", 9, "--force", "-o", file, net, "--", *words)[0]
    else:
        peers.program("dot")
        peer, script = way.split()[0], {"micrograd-viz": "draw.py", "torchviz": "draw_torch.py"}
        if peer == "torchviz":
            peers.installed("torch")
        seconds = cpu_of(PYTHON, WORKLOADS / script[peer], file, *words, peer=peers.folder(peer))[0]
    text = file.read_text(encoding="utf-8")
    return {"boxes": text.count('class="node"') + text.count('class="gv-box '), "seconds": seconds}
