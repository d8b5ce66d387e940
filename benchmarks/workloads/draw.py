"""net.py and then a picture the way micrograd makes it: python draw.py FILE.svg NIN NOUT [NOUT ...]

Its idea, written anew: walk `_prev` from the loss; one record box with data and grad per value, one small box
per op, an arrow from the op to its value and from every input to the op; all of it through one `dot`.
"""

import runpy
import sys
from pathlib import Path

import graphviz

out = Path(sys.argv.pop(1))
loss = runpy.run_path(str(Path(__file__).with_name("net.py")))["loss"]

picture = graphviz.Digraph(graph_attr={"rankdir": "LR"})
boxes, seen, waiting = 0, {loss}, [loss]
while waiting:
    value = waiting.pop()
    name = str(id(value))
    picture.node(name, label=f"{{ data {value.data:.4f} | grad {value.grad:.4f} }}", shape="record")
    boxes += 1
    if value._op:
        picture.node(name + value._op, label=value._op)
        picture.edge(name + value._op, name)
        boxes += 1
    for source in value._prev:
        picture.edge(str(id(source)), name + value._op)
        if source not in seen:
            seen.add(source)
            waiting.append(source)

out.write_bytes(picture.pipe(format="svg"))
print(boxes)
