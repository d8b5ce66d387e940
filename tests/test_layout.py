"""Layout: no box on another, edges forward, curves that end where they should, always the same picture."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gradviz.errors import LayoutError
from gradviz.layout import GRAPHVIZ_LIMIT, OWN, Layout, engines, layout
from gradviz.layout.mesh import build, inversions, layers_of

INSTALLED = [engine.path for engine in engines()]
ENGINES = [OWN, *INSTALLED]
NEURON = [(0, 4), (1, 4), (2, 5), (3, 5), (4, 6), (5, 6), (6, 8), (7, 8), (8, 9)]
DIAMOND = [(0, 1), (0, 2), (1, 3), (2, 3), (0, 3)]


@st.composite
def graphs(draw: st.DrawFn, most: int = 24) -> tuple[list[tuple[float, float]], list[tuple[int, int]]]:
    count = draw(st.integers(1, most))
    side = st.floats(8, 300).map(lambda x: round(x, 1))
    sizes = draw(st.lists(st.tuples(side, side), min_size=count, max_size=count))
    ends = st.tuples(st.integers(0, count - 1), st.integers(0, count - 1)).filter(lambda e: e[0] != e[1])
    edges = draw(st.lists(ends.map(lambda e: (min(e), max(e))), max_size=3 * count)) if count > 1 else []
    return sizes, edges


def boxes_touch(found: Layout) -> list[tuple[int, int]]:
    low, high = found.boxes[:, :2], found.boxes[:, :2] + found.boxes[:, 2:]
    return [
        (i, j)
        for i, j in itertools.combinations(range(len(low)), 2)
        if (low[i] < high[j] - 0.02).all() and (low[j] < high[i] - 0.02).all()
    ]


def points_of(curve: tuple[tuple[float, float], ...], per_piece: int = 12) -> np.ndarray:
    t = np.linspace(0, 1, per_piece)[:, None]
    points = np.array(curve)
    pieces = [points[i : i + 4] for i in range(0, len(points) - 3, 3)]
    return np.concatenate(
        [
            (1 - t) ** 3 * a + 3 * (1 - t) ** 2 * t * b + 3 * (1 - t) * t**2 * c + t**3 * d
            for a, b, c, d in pieces
        ]
    )


def assert_sound(found: Layout, sizes: list[tuple[float, float]], edges: list[tuple[int, int]]) -> None:
    assert found.boxes.shape == (len(sizes), 4)
    assert np.isfinite(found.boxes).all()
    np.testing.assert_allclose(found.boxes[:, 2:], sizes, atol=1e-6)
    assert boxes_touch(found) == []
    assert len(found.edges) == len(edges)
    right = found.boxes[:, 0] + found.boxes[:, 2]
    assert (found.boxes[:, 0] >= 0).all() and (right <= found.width).all()
    assert (found.boxes[:, 1] >= 0).all()
    assert (found.boxes[:, 1] + found.boxes[:, 3] <= found.height).all()
    for (source, target), curve in zip(edges, found.edges, strict=True):
        assert right[source] < found.boxes[target, 0], "an edge runs from left to right"
        assert len(curve) >= 4 and len(curve) % 3 == 1
        assert_ends_on_side(curve[0], found.boxes[source], at_right=True)
        assert_ends_on_side(curve[-1], found.boxes[target], at_right=False)


def assert_ends_on_side(point: tuple[float, float], box: np.ndarray, *, at_right: bool) -> None:
    x, y, w, h = box
    assert point[0] == pytest.approx(x + w if at_right else x, abs=0.02)
    assert y - 0.5 <= point[1] <= y + h + 0.5


@settings(max_examples=150, deadline=None)
@given(graphs())
def test_own_layout_is_sound(graph: tuple[list[tuple[float, float]], list[tuple[int, int]]]) -> None:
    sizes, edges = graph
    found = layout(sizes, edges, engine=OWN)
    assert_sound(found, sizes, edges)
    for (source, target), curve in zip(edges, found.edges, strict=True):
        points = points_of(curve)
        for i, (x, y, w, h) in enumerate(found.boxes.tolist()):
            if i not in (source, target):
                px, py = points.T
                inside = (x + 0.1 < px) & (px < x + w - 0.1) & (y + 0.1 < py) & (py < y + h - 0.1)
                assert not inside.any(), f"the edge {source} → {target} runs through box {i}"


@pytest.mark.skipif(not INSTALLED, reason="no Graphviz engine")
@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(graphs(most=12))
def test_graphviz_layout_is_sound(graph: tuple[list[tuple[float, float]], list[tuple[int, int]]]) -> None:
    sizes, edges = graph
    assert_sound(layout(sizes, edges, engine=INSTALLED[0]), sizes, edges)


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize(
    "edges", [NEURON, DIAMOND, [(0, 1), (0, 1)], []], ids=["neuron", "diamond", "square", "none"]
)
def test_every_engine(engine: str, edges: list[tuple[int, int]]) -> None:
    sizes = [(124.0 + 20 * (i % 3), 62.0) for i in range(1 + max((b for _, b in edges), default=0))]
    found = layout(sizes, edges, engine=engine)
    assert_sound(found, sizes, edges)
    assert found.note == "" and found.engine in ("own", "graphviz-pure", "dot")


@pytest.mark.parametrize("engine", ENGINES)
def test_parallel_edges_are_told_apart(engine: str) -> None:
    found = layout([(124, 62)] * 2, [(0, 1), (0, 1)], engine=engine)
    first, second = (points_of(curve) for curve in found.edges)
    assert abs(first[-1][1] - second[-1][1]) >= 6
    assert np.abs(first - second).max(axis=1).min() > 1


@pytest.mark.parametrize("engine", ENGINES)
def test_top_to_bottom(engine: str) -> None:
    found = layout([(124, 62)] * 10, NEURON, engine=engine, rankdir="TB")
    bottom = found.boxes[:, 1] + found.boxes[:, 3]
    assert all(bottom[a] < found.boxes[b, 1] for a, b in NEURON)
    assert boxes_touch(found) == []


@pytest.mark.parametrize("engine", ENGINES)
def test_the_same_input_gives_the_same_picture(engine: str) -> None:
    layout.__globals__["_cached"].cache_clear()
    first = layout([(124, 62)] * 10, NEURON, engine=engine)
    layout.__globals__["_cached"].cache_clear()
    second = layout([(124, 62)] * 10, NEURON, engine=engine)
    assert first is not second
    assert first.edges == second.edges and (first.boxes == second.boxes).all()
    assert layout([(124, 62)] * 10, NEURON, engine=engine) is second


@pytest.mark.parametrize("engine", ENGINES)
def test_nothing_to_lay_out(engine: str) -> None:
    found = layout([], [], engine=engine)
    assert len(found.boxes) == 0 and found.edges == ()


@pytest.mark.parametrize("edges", [[(0, 0)], [(0, 1), (1, 2), (2, 1)]])
@pytest.mark.parametrize("engine", [None, *ENGINES])
def test_a_cycle_is_refused(edges: list[tuple[int, int]], engine: str | None) -> None:
    with pytest.raises(LayoutError, match="cycle"):
        layout([(10, 10)] * 3, edges, engine=engine)


def test_an_edge_to_nowhere_is_refused() -> None:
    with pytest.raises(LayoutError, match="there are 2 boxes"):
        layout([(10, 10)] * 2, [(0, 2)])
    with pytest.raises(LayoutError, match="LR or TB"):
        layout([(10, 10)], [], rankdir="sideways")


def test_large_graphs_are_laid_out_here() -> None:
    count = GRAPHVIZ_LIMIT + 1
    found = layout([(124, 62)] * count, [(i, i + 1) for i in range(count - 1)])
    assert found.engine == "own" and found.note == ""
    assert len(set(found.boxes[:, 1].tolist())) == 1, "a chain is a straight line"


def test_leaves_stand_right_before_their_first_use() -> None:
    assert layers_of(4, np.array([(0, 1), (1, 3), (2, 3)])).tolist() == [0, 1, 1, 2]


@settings(deadline=None)
@given(st.lists(st.integers(0, 9)))
def test_inversions(values: list[int]) -> None:
    expected = sum(a > b for a, b in itertools.combinations(values, 2))
    assert inversions(np.array(values, dtype=np.int64)) == expected


def test_an_edge_keeps_a_place_in_every_layer_it_crosses() -> None:
    mesh = build(np.full(4, 60.0), np.array([0, 1, 2, 3]), np.array([(0, 1), (1, 2), (2, 3), (0, 3)]))
    assert mesh.count == 6 and mesh.layers == 4
    assert (np.diff(mesh.chain_start) == [2, 2, 2, 4]).all()
