"""Boxes stay where they were when another one opens; an address alone says where they are."""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np
import pytest

from gradviz import Value, nn, record
from gradviz.document import Document, Scene, export_frame, pass_document, places
from gradviz.graph import Graph
from gradviz.recording import Recording


@pytest.fixture(scope="module")
def graph() -> Graph:
    model = nn.MLP(2, [6, 6, 1])
    scores = [model([Value(0.3 * i), Value(0.1 - 0.2 * i)]) for i in range(6)]
    loss = sum(((score - 1.0) ** 2 for score in scores), Value(0.0))
    loss.backward()
    return record(loss)


def document(graph: Graph) -> Document:
    return Document(Recording.of([graph]))


def scene(shown: Document, open: Sequence[str] | None, **options: int) -> Scene:
    return shown.scene(shown.shown(0), open, **options)


def opened(graph: Graph, count: int) -> list[list[str]]:
    """Addresses on the way of somebody who opens boxes one after the other."""
    shown = document(graph)
    way = [scene(shown, None).open]
    while len(way) <= count:
        now = scene(shown, way[-1])
        closed = [key for box in now.view.boxes for key in box.opens if key not in way[-1]]
        way.append([*way[-1], closed[len(way) % len(closed)]])
    return way


def middles(one: Scene) -> dict[str, np.ndarray]:
    """The middle of each box by its key."""
    boxes = one.placed.boxes
    return dict(zip(one.view.box_columns.key, boxes[:, :2] + boxes[:, 2:] / 2, strict=True))


def climb(one: Scene, earlier: Scene) -> float:
    """How far boxes that stayed moved up or down on average, beside what all of them moved."""
    here, there = middles(one), middles(earlier)
    moved = np.array([here[key][1] - there[key][1] for key in here if key in there])
    return float(np.abs(moved - np.median(moved)).mean())


def test_an_address_fixes_all_places(graph: Graph) -> None:
    way, stepwise = opened(graph, 5), document(graph)
    seen = [scene(stepwise, keys).placed for keys in way]
    at_once = scene(document(graph), way[-1]).placed
    assert np.array_equal(seen[-1].boxes, at_once.boxes)


def test_what_stays_moves_little(graph: Graph) -> None:
    way, shown = opened(graph, 5), document(graph)
    scenes = [scene(shown, keys) for keys in way]
    kept = [climb(one, earlier) for earlier, one in zip(scenes, scenes[1:], strict=False)]
    afresh = [Scene(shown.shown(0), keys) for keys in way]
    jumped = [climb(one, earlier) for earlier, one in zip(afresh, afresh[1:], strict=False)]
    assert sum(kept) < 0.5 * sum(jumped)


def test_closing_what_was_opened_last_leads_back(graph: Graph) -> None:
    way, shown = opened(graph, 3), document(graph)
    before = scene(shown, way[2]).placed.boxes
    assert len(scene(shown, way[3]).placed.boxes) > len(before)
    shown.forget()
    assert np.array_equal(scene(shown, way[3][:-1]).placed.boxes, before)


def test_the_first_view_is_the_same_by_its_keys(graph: Graph) -> None:
    shown = document(graph)
    first = scene(shown, None)
    assert first.open
    assert np.array_equal(scene(shown, first.open[::-1]).placed.boxes, first.placed.boxes)


def test_folding_a_part_of_the_first_view_keeps_to_it(graph: Graph) -> None:
    shown = document(graph)
    first = scene(shown, None)
    folded = scene(shown, first.open[:-1])
    assert set(middles(folded)) != set(middles(first))
    assert climb(folded, first) < 1  # px


def test_after_many_openings_a_view_is_laid_out_anew(graph: Graph, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gradviz.document.document.AFRESH", 3)
    way, shown = opened(graph, 4), document(graph)
    same = [
        np.array_equal(scene(shown, keys).placed.boxes, Scene(shown.shown(0), keys).placed.boxes)
        for keys in way[1:]
    ]
    assert same[2] and not all(same)


def test_a_large_view_keeps_to_nothing(graph: Graph, monkeypatch: pytest.MonkeyPatch) -> None:
    way, shown = opened(graph, 3), document(graph)
    monkeypatch.setattr("gradviz.document.scene.MOST", 0)
    assert scene(shown, way[1]).large
    assert places.places_of(scene(shown, way[1])).middle == {}
    afresh = Scene(shown.shown(0), way[2])
    assert np.array_equal(scene(shown, way[2]).placed.boxes, afresh.placed.boxes)


def test_the_document_tells_the_open_keys_in_their_order(graph: Graph) -> None:
    keys = opened(graph, 3)[-1]
    asked = [keys[-1], "no such scope", *keys[:-1]]
    told = pass_document(scene(document(graph), asked))["view"]["open"]
    assert told[: len(keys)] == [keys[-1], *keys[:-1]] and set(told) == set(told) - {"no such scope"}


def test_an_export_has_the_places_of_the_view(graph: Graph) -> None:
    shown = document(graph)
    one = scene(shown, opened(graph, 3)[-1])
    curves = re.compile(r' d="(M[^"]+)"')
    drawn = export_frame(one, "svg", 0).content.decode()
    assert curves.findall(one.svg) and curves.findall(one.svg) == [
        path for path in curves.findall(drawn) if path in one.svg
    ]
