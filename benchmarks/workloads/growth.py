"""What a pass costs as it grows, inside: python growth.py SHAPE SAMPLES FILE. Prints seconds.

SHAPE is moons (the demo, with scopes) or sum (flat, about as many values). record: build, backward, freeze
and write; open: from the file to the answer that the page draws; step: the answer that tells one step.
"""

import json
import random
import statistics
import sys
import time

import demo
from gradviz.server import create_app

from gradviz import Value, record
from gradviz.recording import Writer

SHAPE, SAMPLES, FILE = sys.argv[1], int(sys.argv[2]), sys.argv[3]
STEPS = 60


def moons(samples):
    return demo.gradviz_loss(demo.gradviz_model(), *demo.moons(samples))


def flat(samples):
    total = Value(0.0)
    for k in range(samples * 654 // 4):
        total = total + Value(0.001 * k) * Value(0.5)
    return total


def save(make, samples):
    loss = make(samples)
    loss.backward()
    writer = Writer(FILE, {"script": "growth.py"}, overwrite=True)
    writer.add(record(loss))
    writer.finish()


def asker():
    client = create_app(FILE, token="bench", port=80).test_client()

    def ask(path):
        answer = client.get(path, headers={"Host": "127.0.0.1", "X-Gradviz-Token": "bench"})
        assert answer.status_code == 200, (answer.status, answer.text[:200])
        return answer

    return ask


def timed(work, *args):
    before = time.process_time()
    result = work(*args)
    return result, time.process_time() - before


def opened():
    ask = asker()
    return ask, ask("/api/passes/0").json


make = moons if SHAPE == "moons" else flat
save(make, 1)
opened()  # imports, caches
found = {"record": timed(save, make, SAMPLES)[1]}
(ask, shown), found["open"] = timed(opened)
rng = random.Random(0)
moments = [rng.randrange(shown["steps"]) for _ in range(STEPS)]
ask(f"/api/passes/0/steps?start={moments[0]}&count=1")
times = [timed(ask, f"/api/passes/0/steps?start={k}&count=1")[1] for k in moments]
found |= {"step": statistics.median(times), "values": shown["values"]}
print(json.dumps(found))
