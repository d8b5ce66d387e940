"""One step over HTTP: a kept connection on loopback asks `gradviz show` for single steps, here and there.

Wall times from the request to the last byte of the answer, the first ones left out. What asks is a bare
socket, which spends less than 0.1 ms of CPU time: the client of a page is compiled. `http.client`, which
spends 0.3, asks the same in turns with it. That the answers are right is looked at afterwards.
"""

import http.client
import json
import random
import time
from contextlib import closing

from benchmarks.browser import p50_p95
from benchmarks.harness import Bench, Failed, pick
from benchmarks.served import TOKEN, Connection, body_of, recorded, serving

SIZES, STEPS, FIRST = ("65k", "1M"), 400, 40
COLUMNS = ("p50", "p95", "http.client p50", "http.client p95", "bytes")


def measure(bench: Bench) -> None:
    found = bench.turns({size: lambda size=size: ask(size) for size in SIZES})
    bench.table("One step, wall ms", [{"values": size, **pick(found[size], *COLUMNS)} for size in SIZES])
    for size in SIZES:
        what = f"one step over HTTP, encode and serve ({size} values)"
        bench.target(what, "–", "≤ 1 ms p50", found[size]["p50"])


def ask(size):
    bare, python = [], []
    with serving(recorded(size)) as (port, _), Connection(port) as connection:
        total = json.loads(body_of(connection.answer(connection.request("/api/passes/0"))))["steps"]
        rng = random.Random(0)
        starts = [rng.randrange(total) for _ in range(FIRST + STEPS)]
        with closing(http.client.HTTPConnection("127.0.0.1", port, timeout=60)) as client:
            for start in starts:
                path = f"/api/passes/0/steps?start={start}&count=1"
                bare.append(timed(connection.answer, connection.request(path)))
                python.append(timed(through_python, client, path))
    bodies = [body_of(answer) for _, answer in bare]
    check(starts, bodies)
    if [body for _, body in python] != bodies:
        raise Failed("http.client was answered otherwise")
    (p50, p95), (slow_p50, slow_p95) = (p50_p95([ms for ms, _ in asked[FIRST:]]) for asked in (bare, python))
    size_of_one = p50_p95([len(body) for body in bodies])[0]
    return dict(zip(COLUMNS, (p50, p95, slow_p50, slow_p95, size_of_one), strict=True))


def timed(answer, *request):
    """The milliseconds until an answer, and the answer."""
    before = time.perf_counter()
    got = answer(*request)
    return 1e3 * (time.perf_counter() - before), got


def through_python(client, path):
    client.request("GET", path, headers={"X-Gradviz-Token": TOKEN})
    return client.getresponse().read()


def check(starts, bodies):
    """That each answer tells the step that was asked for."""
    for start, body in zip(starts, bodies, strict=True):
        told = json.loads(body)
        if [told["start"], told["frame"]["k"], *(step["k"] for step in told["steps"])] != [start] * 3:
            raise Failed(f"step {start} was answered with {body[:200]!r}")
