"""The check of gradients as the page is told it, and what a recorder says beside the numbers."""

import json
from typing import Any

import pytest
from handset import hand_set
from served import neuron

from gradviz import Value, nn, record
from gradviz.document import Document, Scene, check_document, node_document, pass_document
from gradviz.numbers import dumps
from gradviz.recording import Recording

LARGE = 1_000  # boxes beyond which a view is told in columns


def scene_of(graph: Any, open: list[str] | None = None, most: int = LARGE, **meta: Any) -> Scene:
    document = Document(Recording.of([graph], sources={"/home/ada/nets.py": ""}, meta=meta))
    return document.scene(document.shown(0), open, None, most)


def named(graph: Any) -> dict[str, int]:
    return {name: node for node, name in graph.names.items()}


def test_a_sound_pass_is_right_everywhere() -> None:
    told = check_document(scene_of(neuron()))
    assert set(told["verdicts"]) == {"right"}
    assert told["counts"] == {"unknown": 0, "right": 10, "wrong": 0, "missing": 0}
    assert told["nodes"] == {} and told["more"] == 0


def test_a_wrong_and_a_missing_gradient_come_with_what_they_should_be() -> None:
    graph = neuron()
    names = named(graph)
    scene = scene_of(hand_set(graph, {names["w1"]: -1.5}, never=[names["x2"]]))
    told = check_document(scene)
    words = dict(
        zip((box["title"] for box in pass_document(scene)["view"]["boxes"]), told["verdicts"], strict=True)
    )
    assert {name: word for name, word in words.items() if word != "right"} == {"w1": "wrong", "x2": "missing"}
    wrong, missing = told["nodes"][str(names["w1"])], told["nodes"][str(names["x2"])]
    assert (wrong["expected"], wrong["recorded"], wrong["verdict"]) == ("1", "-1.5", "wrong")
    assert (missing["expected"], missing["verdict"], missing["name"]) == ("0.5", "missing", "x2")
    assert "0.5 × 2 = 1" in wrong["rule"] and told["verdicts"][wrong["box"]] == "wrong"
    assert told["summary"] == "8 right, 1 wrong, 1 not computed"
    assert [finding["pass"] for finding in told["findings"]] == [0] * len(told["findings"]) != []
    json.loads(dumps(told))


def mlp() -> Any:
    loss = nn.MLP(2, [4, 1], seed=1)([1.0, 2.0])
    loss.backward()
    return record(loss)


def test_a_folded_box_has_its_worst_verdict() -> None:
    graph = mlp()
    leaves = [node for node in range(len(graph)) if "/layers[0]" in graph.scopes[graph.scope[node]]]
    scene = scene_of(hand_set(graph, {leaves[0]: 77.0}, never=[leaves[1]]), open=[])
    told = check_document(scene)
    assert told["verdicts"][int(scene.view.box_of[leaves[0]])] == "wrong"
    assert told["counts"]["missing"] == 1
    opened = scene_of(hand_set(graph, {}, never=[leaves[1]]), open=[])
    assert check_document(opened)["verdicts"][int(opened.view.box_of[leaves[1]])] == "missing"


def test_a_large_view_has_its_verdicts_in_a_column_and_lists_so_many() -> None:
    total = Value(0.0)
    for i in range(1_500):
        total = (total + Value(float(i), name=f"v{i}")).tanh()
    total.backward()
    graph = record(total)
    scene = scene_of(hand_set(graph, dict.fromkeys(range(700), 5.0)), open=["*"], most=9_000)
    told = check_document(scene)
    assert scene.large and set(told["verdicts"]["words"]) == {"right", "wrong"}
    assert len(told["nodes"]) == 500 and told["more"] == told["counts"]["wrong"] - 500
    json.loads(dumps(told))


def test_what_a_recorder_says_is_told_where_it_matters() -> None:
    failed = {
        "node": 8,
        "type": "TypeError",
        "message": "in /home/ada/nets.py: no",
        "file": "/home/ada/nets.py",
        "line": 9,
    }
    notes = ["2 values have no label."]
    graph = hand_set(neuron(), {}, failed=failed, inferred={"operands": [2, 8], "count": 7}, notes=notes)
    scene = scene_of(graph)
    told = pass_document(scene)
    assert (told["manual"], told["inferred"], told["notes"]) == (True, 7, notes)
    where = {"node": 8, "name": "n", "file": "nets.py", "line": 9}
    assert told["failed"] == {**where, "type": "TypeError", "message": "in nets.py: no", "box": 8}
    one, other = node_document(scene.shown, 8), node_document(scene.shown, 3)
    assert one["inferred"] and one["failed"]["message"] == "in nets.py: no"
    assert not other["inferred"] and other["failed"] is None


@pytest.mark.parametrize(
    "damaged", [None, 3, "x", [], {"node": 99}, {"node": "8"}, {"node": -1}, {"count": "many"}]
)
def test_damaged_facts_are_passed_over(damaged: Any) -> None:
    graph = neuron().replace(
        meta={"failed": damaged, "inferred": damaged, "notes": damaged, "manual": damaged}
    )
    scene = scene_of(graph)
    told = pass_document(scene)
    assert (told["manual"], told["failed"], told["inferred"], told["notes"]) == (False, None, 0, [])
    assert node_document(scene.shown, 0)["inferred"] is False
