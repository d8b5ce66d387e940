"""Frames of a walk through backward as SVG: python walk.py ENGINE FRAMES. Prints seconds per frame and boxes.

One sample through MLP(2, [16, 16, 1]). micrograd-viz: the rules of the values are run one by one, from the
loss backwards, and what `draw_dot` draws after each is laid out by dot. gradviz: every value a box, the
places computed once (and counted), then the frames; "gradviz-folded" draws the view that opens by itself.
Frames are spread evenly over the whole of backward.
"""

import json
import random
import resource
import sys

ENGINE, FRAMES = sys.argv[1], int(sys.argv[2])


def cpu():
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(one.ru_utime + one.ru_stime for one in used)


def micrograd_viz():
    from micrograd import Value, draw_dot
    from micrograd.nn import MLP

    loss = (1 - MLP(2, [16, 16, 1])([Value(0.3), Value(-0.7)])) ** 2
    order, seen = [], set()

    def visit(value):
        if value not in seen:
            seen.add(value)
            for source in value._prev:
                visit(source)
            order.append(value)

    visit(loss)
    loss.grad = 1
    start, texts = cpu(), []
    for k, value in enumerate(reversed(order)):
        value._backward()
        if k % (len(order) // FRAMES) == 0 and len(texts) < FRAMES:
            texts.append(draw_dot(loss).pipe(format="svg").decode())
    return (cpu() - start) / len(texts), texts[-1].count('class="node"')


def gradviz(folded):
    from gradviz import Timeline, View, nn, record
    from gradviz.renderers import drawing, svg

    loss = (1 - nn.MLP(2, [16, 16, 1], activation="relu")([0.3, -0.7])) ** 2
    loss.backward()
    graph = record(loss)
    start = cpu()
    timeline = Timeline(graph)
    view = View(graph) if folded else View(graph).expand_all(len(graph))
    layout = drawing.lay_out(view, None)
    steps = timeline.phase_range("backward")
    moments = [steps.start + k * len(steps) // FRAMES for k in range(FRAMES)]
    pictures = [*svg.frames(view, map(timeline.frame, moments), layout=layout)]
    return (cpu() - start) / len(pictures), pictures[-1].count(b'class="gv-box ')


random.seed(1337)
found = micrograd_viz() if ENGINE == "micrograd-viz" else gradviz(folded="folded" in ENGINE)
print(json.dumps(dict(zip(("seconds", "boxes"), found, strict=True))))
