"""Export to networkx, and on to GraphML and JSON."""

from __future__ import annotations

import io
import json
import math
import sys

import networkx as nx
import numpy as np

from gradviz import Value, record, scope
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
