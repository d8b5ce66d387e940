"""One input through every activation function: what comes out, and how much gradient gets back in.

Try another input: python activations.py -2
"""

import sys

from gradviz import Value, nn, record

x = Value(float(sys.argv[1]) if len(sys.argv) > 1 else 0.75, name="x")

outputs = []
for name in nn.ACTIVATIONS:
    output = getattr(x, name)()
    output.name = name
    outputs.append(output)

# Adding them up passes a gradient of 1 to each, so that each edge into x carries that function's slope.
total = sum(outputs[1:], outputs[0])
total.name = "total"
total.backward()

graph = record(total)
print(f"{'':>12} {'f(x)':>8} {'slope':>8}   at x = {x.data:g}")
for k in graph.consumers_of(graph.find("x")):
    edge = graph.edge(k)
    output = graph.node(edge.target)
    print(f"{output.name:>12} {output.data:8.4f} {edge.cotangent:8.4f}")
