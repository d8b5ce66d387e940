"""Labels: what values without a name are called, and where the numbers of edges stand in a drawing."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from programs import EXAMPLES, Program, brief, programs

from gradviz import Value, record
from gradviz.graph.labelling import fitting
from gradviz.graph.labels import label_of
from gradviz.layout import layout
from gradviz.renderers.labels import Label, place_labels
from gradviz.renderers.marks import LABEL_SIZE
from gradviz.renderers.style import LABELLED, text_width

SIZES = st.lists(st.tuples(st.floats(40, 240), st.floats(30, 90)), min_size=2, max_size=9)


@settings(brief, max_examples=max(1, EXAMPLES // 30))
@given(programs)
def test_what_is_measured_to_fit_is_what_is_written(program: Program) -> None:
    leaves, results = program.gradviz()
    for k, value in enumerate((*leaves, *results[::3])):
        value.name = ("x", "", "a rather long name that is cut", "y_1")[k % 4]
    for result in results[-1:]:
        graph = record(result)
        fits, nodes = fitting(graph), range(len(graph))
        assert [label_of(graph, node, fits) for node in nodes] == [label_of(graph, node) for node in nodes]


def test_labels_can_be_prepared_at_any_time() -> None:
    x = Value(0.5, "x")
    graph = record(((x * 2 + 1).tanh() ** 2).relu())
    before = [graph.label(node) for node in range(3)]
    graph.prepare_labels()
    assert before == [graph.label(node) for node in range(3)]
    assert graph.label(len(graph) - 1) == label_of(graph, len(graph) - 1)


def corners(label: Label, text: str) -> tuple[float, float, float, float]:
    """The rectangle of a number: left, top, right, bottom."""
    half = text_width(text, LABEL_SIZE) / 2
    return label.x - half, label.y - 9.5, label.x + half, label.y + 2.5


def points(curve: tuple[tuple[float, float], ...]) -> np.ndarray:
    """Points on a spline, close to each other."""
    t = np.linspace(0, 1, 400)[:, None]
    weights = (1 - t) ** 3, 3 * (1 - t) ** 2 * t, 3 * (1 - t) * t**2, t**3
    pieces = [np.array(curve[i : i + 4]) for i in range(0, len(curve) - 3, 3)]
    return np.concatenate([sum(w * p for w, p in zip(weights, piece, strict=True)) for piece in pieces])


@settings(brief, max_examples=max(1, EXAMPLES // 50))
@given(SIZES, st.data())
def test_a_number_that_is_shown_hides_nothing(sizes: list[tuple[float, float]], data: st.DataObject) -> None:
    boxes = range(len(sizes))
    ends = st.tuples(st.sampled_from(boxes), st.sampled_from(boxes)).filter(lambda ends: ends[0] != ends[1])
    pairs = [(min(e), max(e)) for e in data.draw(st.lists(ends, min_size=1, max_size=14))]
    texts = data.draw(
        st.lists(st.sampled_from(["", "+2", "-0.1234", "+1.2e-09"]), min_size=len(pairs), max_size=len(pairs))
    )
    placed = layout(sizes, pairs)
    labels = place_labels(placed, texts)
    lines = [points(curve) for curve in placed.edges]
    shown = [(e, corners(label, texts[e])) for e, label in enumerate(labels) if label.clear]
    assert all(texts[e] for e, _ in shown)
    for e, (left, top, right, bottom) in shown:
        for x, y, w, h in placed.boxes:
            assert left >= x + w or x >= right or top >= y + h or y >= bottom, "over a box"
        for other in (line for i, line in enumerate(lines) if i != e):
            x, y = other.T
            assert not ((left < x) & (x < right) & (top < y) & (y < bottom)).any(), "over another curve"
    rectangles = [rectangle for _, rectangle in shown]
    for k, (left, top, right, bottom) in enumerate(rectangles):
        for x, y, far, low in rectangles[k + 1 :]:
            assert left >= far or x >= right or top >= low or y >= bottom, "over another number"


def test_a_lone_edge_shows_its_number() -> None:
    placed = layout([(100.0, 50.0)] * 2, [(0, 1)])
    (label,) = place_labels(placed, ["+1"])
    assert label.clear


def test_beyond_so_many_edges_no_number_is_shown() -> None:
    pairs = [(i, i + 1) for i in range(LABELLED + 1)]
    labels = place_labels(layout([(100.0, 50.0)] * (LABELLED + 2), pairs), ["+1"] * len(pairs))
    assert len(labels) == len(pairs) and not any(label.clear for label in labels)


def test_no_edges_have_no_numbers() -> None:
    assert place_labels(layout([(100.0, 50.0)], []), []) == []
