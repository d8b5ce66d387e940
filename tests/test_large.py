"""A large view in columns says what a small one says in objects, at every step."""

from __future__ import annotations

import base64
import random
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

from gradviz import Value, record
from gradviz.document import Document, Scene, large, pass_document, scene, window_document
from gradviz.document.packing import pack_numbers, pack_words
from gradviz.graph import Graph, Update
from gradviz.numbers import dumps, loads
from gradviz.recording import Recording


def unpack(column: Any) -> list[Any]:
    if "base64" in column:
        return np.frombuffer(base64.b64decode(column["base64"]), dtype=f"<{column['type']}").tolist()
    if "times" in column:
        return column["words"] * column["times"]
    return [column["words"][i] for i in unpack(column["at"])] if "at" in column else column["words"]


def woven(size: int = 24, seed: int = 3) -> Graph:
    """A graph with fan-out, constants, an infinity, an update and values without a gradient."""
    rng = random.Random(seed)
    values = [Value(rng.uniform(-2, 2), name=f"x{i}", kind="param") for i in range(6)]
    values.append(Value(float("inf"), name="huge").relu())
    while len(values) < size:
        a, b = rng.choice(values[-12:]), rng.choice(values[:8])
        values.append(rng.choice([a * b, a + b, a.tanh(), b.relu(), a * 3.0]))
    loss = values[6] * values[7]
    for value in values[8:]:
        loss = loss + value
    loss.backward()
    graph = record(loss)
    params = [i for i in range(len(graph)) if graph.label(i) in ("x0", "x1", "x2")]
    return graph.replace(updates=[Update(i, float(graph.data[i]), 0.125 * i, "SGD") for i in params])


def scene_of(graph: Graph, **options: Any) -> Scene:
    document = Document(Recording.of([graph]))
    return document.scene(document.shown(0), **options)


@pytest.fixture(scope="module", params=[["*"], []], ids=["single values", "folded"])
def both(request: pytest.FixtureRequest) -> Iterator[tuple[Any, Any]]:
    """The same view, told in objects and told in columns."""
    graph = woven()
    small = scene_of(graph, open=request.param)
    plain = loads(dumps(pass_document(small)))
    frames = [loads(dumps(window_document(small, k, 1)))["frame"] for k in range(len(small.timeline) + 1)]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(scene, "MOST", 0)
        wide = scene_of(graph, open=request.param)
        told = loads(dumps(pass_document(wide)))
        packed = [loads(dumps(window_document(wide, k, 1)))["frame"] for k in range(len(frames))]
        yield (plain, frames), (told, packed)


def test_boxes_and_edges_are_the_same(both: Any) -> None:
    (plain, _), (told, _) = both
    view, columns = plain["view"], told["view"]
    assert columns["svg"] is None and view["svg"]
    for kind, without in (("boxes", {"key"}), ("edges", {"text"})):
        for name in set(view[kind][0]) - without:
            found = unpack(columns[kind][name])
            wanted = [-1 if name == "node" and row[name] is None else row[name] for row in view[kind]]
            assert found == wanted, name
    keys = [
        key or f"n{node}"
        for key, node in zip(unpack(columns["boxes"]["key"]), unpack(columns["boxes"]["node"]), strict=True)
    ]
    assert keys == [box["key"] for box in view["boxes"]]


def expand(column: Any, end: list[int], nothing: int = 0) -> list[int]:
    return [nothing] * len(end) if column is None else end if column is True else unpack(column)


def page_frame(told: dict[str, Any], frame: dict[str, Any]) -> list[dict[str, Any]]:
    """What the page reads from columns: the rule of ``static/frame.js``."""
    columns = {name: unpack(column) for name, column in told["view"]["boxes"].items()}
    total, grads_total = columns["count"], columns["gradsTotal"]
    computed, grads = expand(frame["computed"], total), expand(frame["grads"], grads_total)
    order, updated = expand(frame["order"], total, -1), set(unpack(frame["updated"]))
    boxes = []
    for i, count in enumerate(total):
        arrived = grads[i] == grads_total[i] > 0
        boxes.append(
            {
                "computed": computed[i],
                "total": count,
                "grads": grads[i],
                "gradsTotal": grads_total[i],
                "data": columns["data"][i] if computed[i] == count else None,
                "grad": columns["grad"][i] if arrived else None,
                "level": columns["glevel"][i] if arrived else None,
                "order": order[i] if order[i] >= 0 else None,
                "updated": i in updated,
            }
        )
    texts = {name: unpack(column) for name, column in frame["texts"].items()}
    for row, box in enumerate(texts["box"]):
        boxes[box] |= {name: texts[name][row] for name in ("data", "grad", "level")}
    return boxes


def test_every_frame_is_the_same(both: Any) -> None:
    (plain, frames), (told, packed) = both
    asked = [box["glevel"] != "na" for box in plain["view"]["boxes"]]
    totals = unpack(told["view"]["edges"]["total"])
    for wanted, frame in zip(frames, packed, strict=True):
        for mine, theirs, has_grad in zip(page_frame(told, frame), wanted["boxes"], asked, strict=True):
            if not has_grad:  # nobody shows what was not asked for
                mine, theirs = ({**one, "grad": None, "level": None} for one in (mine, theirs))
            assert mine == theirs, frame["k"]
        assert expand(frame["carried"], totals) == [edge["carried"] for edge in wanted["edges"]]
        assert frame["current"] == wanted["current"]


def test_what_does_not_change_is_not_sent(both: Any) -> None:
    (_, _), (told, packed) = both
    assert all(packed[0][name] is None for name in ("computed", "grads", "order", "carried"))
    assert unpack(packed[0]["texts"]["box"]) == []
    last = packed[-1]
    assert last["computed"] is last["grads"] is last["carried"] is True
    assert told["window"]["frame"]["k"] == 0


def test_edges_run_between_their_boxes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scene, "MOST", 0)
    wide = scene_of(woven(), open=["*"])
    view = pass_document(wide)["view"]
    places = view["geometry"]
    y, h, source, target = (
        unpack(one) for one in (places["y"], places["h"], view["edges"]["source"], view["edges"]["target"])
    )
    for end, ports in ((source, places["out"]), (target, places["tip"])):
        for box, port in zip(end, unpack(ports), strict=True):
            assert 0 <= port <= h[box], "an edge ends on the side of its box"
    knots = unpack(places["knots"])
    heights = np.cumsum(unpack(places["ky"])) * places["unit"] if sum(knots) else np.empty(0)
    assert len(knots) == len(source) and sum(knots) == len(unpack(places["kx"])) == len(heights)
    assert all(0 <= height <= view["height"] for height in heights)
    assert all(column <= view["width"] for column in places["columns"]) and max(y) <= view["height"]


def test_packing_takes_the_narrowest_type() -> None:
    numbers = [[], [0], [255], [256], [-1, 127], [-129], [65536], [-(2**31)]]
    types = ["u1", "u1", "u1", "u2", "i1", "i2", "i4", "i4"]
    for column, name in zip(numbers, types, strict=True):
        packed = pack_numbers(column)
        assert packed["type"] == name and unpack(packed) == column
    with pytest.raises(OverflowError):
        pack_numbers([2**31])
    for words in ([], ["a"], ["a", "a"], ["a", None, "a", 3], [None, "b"]):
        assert unpack(pack_words(words)) == words


def test_a_large_view_stays_small_on_the_wire(monkeypatch: pytest.MonkeyPatch) -> None:
    graph = woven(size=3000)
    wide = scene_of(graph, open=["*"], most=60_000)
    assert wide.large
    size = len(dumps(pass_document(wide)["view"]))
    assert size < 150 * len(wide.view.boxes), "3 MB for 20,000 boxes"
    assert large.large_frame(wide, wide.timeline.frame(0))["computed"] is None
