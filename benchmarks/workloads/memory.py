"""Bytes per node of the demo's graph after backward: python memory.py ENGINE SAMPLES METHOD. Prints JSON.

METHOD is tracemalloc (what Python's allocators handed out) or rss (what the process grew by).
"""

import gc
import json
import os
import sys
import tracemalloc

import demo

ENGINE, SAMPLES, METHOD = sys.argv[1], int(sys.argv[2]), sys.argv[3]


def resident():
    with open("/proc/self/statm", encoding="ascii") as file:
        return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def count(loss):
    if ENGINE == "gradviz":
        from gradviz import record

        return len(record(loss))
    seen, waiting = {loss}, [loss]
    while waiting:
        for value in waiting.pop()._prev:
            if value not in seen:
                seen.add(value)
                waiting.append(value)
    return len(seen)


kinds = {
    "gradviz": (demo.gradviz_model, demo.gradviz_loss),
    "micrograd": (demo.micrograd_model, demo.micrograd_loss),
}
make_model, make_loss = kinds[ENGINE]
make_loss(make_model(), *demo.moons(1)).backward()  # imports, caches
model, data = make_model(), demo.moons(SAMPLES)
gc.collect()
if METHOD == "tracemalloc":
    tracemalloc.start()
measure = resident if METHOD == "rss" else lambda: tracemalloc.get_traced_memory()[0]
before = measure()
loss = make_loss(model, *data)
built = measure() - before
loss.backward()
gc.collect()
held = measure() - before
nodes = count(loss)
print(json.dumps({"nodes": nodes, "built": built / nodes, "after backward": held / nodes}))
