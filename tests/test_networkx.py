"""Export to networkx, and on to GraphML and JSON."""

from __future__ import annotations

import gc
import io
import json
import math
import sys
import threading

import networkx as nx
import numpy as np
import pytest
from hypothesis import given
from programs import Program, brief, programs

from gradviz import Graph, Value, record, scope
from gradviz.graph.exchange import to_networkx
from gradviz.graph.labelling import labels_of
from gradviz.numbers import dumps


def strange() -> nx.MultiDiGraph:
    """NaN, infinities, arrays, what was not computed, hostile names."""
    x, v = Value(0.0, "x"), Value(np.array([1.0, math.nan]), "a\x00b <&> \ud800 \u202e\n🙂")
    with scope("outer"):
        loss = 1 / x + (x * x) + (v * 2).sum() + x.log()
    loss.backward()
    return record(loss).to_networkx()


def test_39_keys_are_slots_and_parallel_edges_stay() -> None:
    a = Value(3.0, "a")
    b = a * a
    b.backward()
    out = record(b).to_networkx()
    assert list(out.edges(keys=True)) == [(0, 1, 0), (0, 1, 1)]
    assert out.edges[0, 1, 1] == {"slot": 1, "cotangent": 3.0, "local": 3.0}
    assert out.nodes[0] == {
        "name": "a", "op": "", "kind": "input", "data": 3.0, "grad": 6.0, "state": "value", "scope": "",
        "source": f"{__file__}:{out.nodes[0]['source'].rpartition(':')[2]}",
    }  # fmt: skip
    assert out.graph == {"root": 1, "name": "a*a"}


def test_44_what_was_not_computed_is_not_there() -> None:
    out = record(Value(1.0, "x") * 2).to_networkx()
    assert all("grad" not in facts for facts in out.nodes.values())
    assert all("cotangent" not in facts for facts in out.edges.values())
    assert [facts["state"] for facts in out.nodes.values()] == ["not computed", "not asked", "not computed"]


def test_42_graphml_round_trip() -> None:
    out, stream = strange(), io.BytesIO()
    nx.write_graphml(out, stream)
    stream.seek(0)
    back = nx.read_graphml(stream, node_type=int, edge_key_type=int, force_multigraph=True)
    assert set(back.edges(keys=True)) == set(out.edges(keys=True))
    for node, facts in out.nodes.items():
        assert facts.keys() == {k for k, v in back.nodes[node].items() if v is not None} | (
            facts.keys() - back.nodes[node].keys()
        )
        for key, value in facts.items():
            if value != "":
                assert back.nodes[node][key] == value or (
                    math.isnan(value) and math.isnan(back.nodes[node][key])
                )
    names = [facts["name"] for facts in out.nodes.values()]
    assert "a\\x00b <&> \\ud800 \u202e\n🙂" in names


def test_42_node_link_data_is_json() -> None:
    data = json.loads(dumps(nx.node_link_data(strange(), edges="edges")))
    numbers = [node["data"] for node in data["nodes"]]
    assert "Infinity" in numbers and "NaN" in numbers and any("2 · " in str(x) for x in numbers)
    assert {edge["key"] for edge in data["edges"]} == {0, 1}
    assert nx.node_link_graph(data, edges="edges").number_of_edges() == len(data["edges"])


def test_plain_types_only() -> None:
    out = strange()
    for facts in (*out.nodes.values(), *out.edges.values(), out.graph):
        assert {type(value) for value in facts.values()} <= {str, int, float}


def test_it_is_a_dag_in_creation_order() -> None:
    out = strange()
    assert nx.is_directed_acyclic_graph(out) and list(nx.topological_sort(out)) is not None
    assert all(source < target for source, target in out.edges())


def test_43_without_pydot() -> None:
    assert len(strange()) > 5 and "pydot" not in sys.modules


def by_the_public_way(found: nx.MultiDiGraph) -> nx.MultiDiGraph:
    out = nx.MultiDiGraph(**found.graph)
    out.add_nodes_from((node, dict(facts)) for node, facts in found.nodes.items())
    edges = sorted(found.edges(keys=True), key=lambda edge: (edge[1], edge[2]))  # as a Graph has them
    out.add_edges_from((*edge, dict(found.edges[edge])) for edge in edges)
    return out


@brief
@given(programs)
def test_the_graph_is_the_one_that_networkx_itself_would_make(program: Program) -> None:
    leaves, results = program.gradviz()
    loss = sum(
        (x.sum() if x.shape else x for x in results), leaves[0].sum() if leaves[0].shape else leaves[0]
    )
    loss.backward()
    graph = record(loss)
    found = graph.to_networkx()
    public = by_the_public_way(found)
    assert nx.utils.graphs_equal(found, public)
    for mine, theirs in (
        (found._node, public._node),
        (found._succ, public._succ),
        (found._pred, public._pred),
    ):
        assert str(mine) == str(theirs)  # also the order in which nodes, neighbours and keys stand
    for u, v in found.edges():
        assert found._succ[u][v] is found._pred[v][u]
    check_facts(graph, found)


def check_facts(graph: Graph, found: nx.MultiDiGraph) -> None:
    """What the export says of each node and edge is what its view says."""
    for node, facts in zip(graph.nodes(), found.nodes.values(), strict=True):
        assert (facts["name"], facts["op"], facts["kind"]) == (node.label, node.op, node.kind)
        assert (facts["state"], facts["scope"], facts["source"]) == (node.state, node.scope, str(node.source))
        assert ("grad" in facts) == (node.grad is not None)
        assert not isinstance(node.data, float) or repr(facts["data"]) == repr(node.data)
    for edge in graph.edges():
        facts = found.edges[edge.source, edge.target, edge.slot]
        assert repr(facts.get("local", edge.local)) == repr(edge.local) or isinstance(edge.local, np.ndarray)
        assert ("cotangent" in facts) == (edge.cotangent is not None)


@brief
@given(programs)
def test_labels_of_all_nodes_are_the_labels_of_each(program: Program) -> None:
    leaves, results = program.gradviz()
    for k, value in enumerate((*leaves, *results[::3])):
        value.name = ("x", "", "a rather long name that is cut", "y_1")[k % 4]
    for result in results[-2:]:
        graph = record(result)
        assert labels_of(graph) == [graph.label(node) for node in range(len(graph))]


def test_it_can_be_changed_like_any_other() -> None:
    out = strange()
    out.add_edge(0, len(out), key=0, slot=0)
    out.remove_node(1)
    assert out.number_of_nodes() == len(list(out)) and (0, 1) not in out.edges()
    assert nx.utils.graphs_equal(out, by_the_public_way(out))


@pytest.mark.parametrize("on", [True, False])
def test_the_garbage_collector_is_left_as_it_was(on: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    graph = record(Value(1.0) * 2)
    was_on = gc.isenabled()
    try:
        (gc.enable if on else gc.disable)()
        threads = [threading.Thread(target=to_networkx, args=(graph,)) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert gc.isenabled() == on
        monkeypatch.setattr("gradviz.graph.exchange.labels_of", None)
        with pytest.raises(TypeError):
            graph.to_networkx()
        assert gc.isenabled() == on
    finally:
        (gc.enable if was_on else gc.disable)()


@pytest.mark.parametrize("on", [True, False])
def test_an_interrupt_while_the_garbage_collector_is_paused(
    on: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    graph, disable = record(Value(1.0) * 2), gc.disable
    was_on = gc.isenabled()

    def interrupted() -> None:
        disable()
        raise KeyboardInterrupt

    try:
        (gc.enable if on else gc.disable)()
        with monkeypatch.context() as patched:
            patched.setattr(gc, "disable", interrupted)
            with pytest.raises(KeyboardInterrupt):
                graph.to_networkx()
        assert gc.isenabled() == on
        assert len(graph.to_networkx()) == 3 and gc.isenabled() == on, "as before the interrupt"
    finally:
        (gc.enable if was_on else gc.disable)()


def test_the_garbage_collector_does_not_go_through_what_was_made() -> None:
    graph = record(Value(1.0) * 2)
    was_on = gc.isenabled()
    try:
        gc.enable()
        out = graph.to_networkx()
        assert any(each is out._succ for each in gc.get_objects(generation=2))
        assert gc.get_freeze_count() == 0
        gc.freeze()
        graph.to_networkx()
        assert gc.get_freeze_count() > 0, "what somebody else froze stays frozen"
    finally:
        gc.unfreeze()
        (gc.enable if was_on else gc.disable)()
