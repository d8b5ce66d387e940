"""Export to networkx, and the public way to the same graph: python to_networkx.py HOW SAMPLES. Prints JSON.

HOW is gradviz, or networkx: `add_nodes_from` and `add_edges_from`, with the attributes already made.
"""

import json
import sys
import time

import demo
import networkx as nx

from gradviz import record

HOW, SAMPLES = sys.argv[1], int(sys.argv[2])
loss = demo.gradviz_loss(demo.gradviz_model(), *demo.moons(SAMPLES))
loss.backward()
graph = record(loss)
record(demo.gradviz_loss(demo.gradviz_model(), *demo.moons(1))).to_networkx()  # imports, caches

before = time.process_time()
exported = graph.to_networkx()
seconds = time.process_time() - before
if HOW == "networkx":
    nodes, edges = list(exported.nodes(data=True)), list(exported.edges(keys=True, data=True))
    before = time.process_time()
    public = nx.MultiDiGraph(**exported.graph)
    public.add_nodes_from(nodes)
    public.add_edges_from(edges)
    seconds = time.process_time() - before
    assert nx.utils.graphs_equal(public, exported), "not the same graph"
print(json.dumps({"seconds": seconds, "nodes": len(exported), "edges": exported.number_of_edges()}))
