"""Places for the boxes of a network: python places.py ENGINE SAMPLES TIMEOUT. Prints seconds and crossings.

One box for each value of MLP(2, [16, 16, 1]) on some samples with hinge loss, without its regularisation.
Layout only: gradviz in this process, dot in its own with plain output.
"""

import json
import resource
import subprocess
import sys
import time

import demo
import numpy as np

from gradviz import record
from gradviz.layout import layout

ENGINE, SAMPLES, TIMEOUT = sys.argv[1], int(sys.argv[2]), float(sys.argv[3])
WIDTH, HEIGHT = 96.0, 48.0


def network():
    demo.stand_in()
    points, labels = demo.moons(SAMPLES)
    from micrograd.engine import Value

    model = demo.micrograd_model()
    scores = [model(list(map(Value, point))) for point in points]
    losses = [(1 + -y * s).relu() for y, s in zip(labels, scores, strict=True)]
    graph = record(sum(losses[1:], losses[0]))
    return len(graph), np.stack([graph.input, graph.consumer], axis=1)


def by_gradviz(count, edges):
    layout([(WIDTH, HEIGHT)] * 2, [(0, 1)], engine="own")  # imports, caches
    sizes, pairs = [(WIDTH, HEIGHT)] * count, list(map(tuple, edges.tolist()))
    before = time.process_time()
    placed = layout(sizes, pairs, engine=None if ENGINE == "gradviz" else "own")
    seconds = time.process_time() - before
    return seconds, placed.boxes[:, :2] + placed.boxes[:, 2:] / 2


def by_dot(count, edges):
    lines = ["digraph { rankdir=LR", f'node [shape=box width={WIDTH / 72} height={HEIGHT / 72} label=""]']
    lines += [f"n{i}" for i in range(count)] + [f"n{a} -> n{b}" for a, b in edges.tolist()]
    text = "\n".join([*lines, "}"]).encode()
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    done = subprocess.run([ENGINE, "-Tplain"], input=text, capture_output=True, check=True, timeout=TIMEOUT)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    words = [line.split() for line in done.stdout.decode().splitlines() if line.startswith("node ")]
    centres = np.empty((count, 2))
    for _, name, x, y, *_ in words:
        centres[int(name[1:])] = float(x), float(y)
    return after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime, centres


def crossings(centres, edges):
    """How many pairs of edges cross, drawn as straight lines between the centres."""
    a, b = centres[edges[:, 0]], centres[edges[:, 1]]

    def side(p, q, r):
        return np.sign(
            (q[..., 0] - p[..., 0]) * (r[..., 1] - p[..., 1])
            - (q[..., 1] - p[..., 1]) * (r[..., 0] - p[..., 0])
        )

    crossed = 0
    for k in range(len(edges) - 1):
        p, q, r, s = a[k], b[k], a[k + 1 :], b[k + 1 :]
        crossed += int(((side(p, q, r) * side(p, q, s) < 0) & (side(r, s, p) * side(r, s, q) < 0)).sum())
    return crossed


count, edges = network()
try:
    seconds, centres = (by_gradviz if "gradviz" in ENGINE else by_dot)(count, edges)
except subprocess.TimeoutExpired:
    print(json.dumps({"missing": f"> {TIMEOUT:g} s"}))
else:
    crossed = crossings(centres, edges) if count < 2000 else None
    print(json.dumps({"seconds": seconds, "boxes": count, "edges": len(edges), "crossings": crossed}))
