"""One step over HTTP: a keep-alive client on loopback asks `gradviz show` for single steps, here and there.

Wall times of the client, from the request to the last byte of the answer, the first ones left out.
"""

import http.client
import json
import random
import time

from benchmarks.browser import p50_p95
from benchmarks.harness import Bench, Failed, pick
from benchmarks.served import TOKEN, recorded, serving

SIZES, STEPS, FIRST = ("65k", "1M"), 400, 40


def measure(bench: Bench) -> None:
    found = bench.turns({size: lambda size=size: ask(size) for size in SIZES})
    bench.table(
        "One step, wall ms", [{"values": size, **pick(found[size], "p50", "p95", "bytes")} for size in SIZES]
    )
    for size in SIZES:
        what = f"one step over HTTP, encode and serve ({size} values)"
        bench.target(what, "–", "≤ 1 ms p50", found[size]["p50"])


def ask(size):
    with serving(recorded(size)) as (port, _):
        client = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        total = json.loads(get(client, "/api/passes/0"))["steps"]
        rng, times, sizes = random.Random(0), [], []
        for _ in range(FIRST + STEPS):
            path = f"/api/passes/0/steps?start={rng.randrange(total)}&count=1"
            before = time.perf_counter()
            sizes.append(len(get(client, path)))
            times.append(1e3 * (time.perf_counter() - before))
        client.close()
    p50, p95 = p50_p95(times[FIRST:])
    return {"p50": p50, "p95": p95, "bytes": p50_p95(sizes)[0]}


def get(client, path):
    client.request("GET", path, headers={"X-Gradviz-Token": TOKEN})
    answer = client.getresponse()
    body = answer.read()
    if answer.status != 200:
        raise Failed(f"{answer.status}: {body[:200]!r}")
    return body
