"""Layout: no box on another, edges forward, curves that end where they should, always the same picture."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gradviz.errors import LayoutError
from gradviz.layout import OWN, Layout, engines, layout
from gradviz.layout.layers import layers_of
from gradviz.layout.mesh import build, inversions
from gradviz.layout.relaxation import rising
from gradviz.layout.sorting import ordered

INSTALLED = [engine.path for engine in engines()]
ENGINES = [OWN, *INSTALLED]
NEURON = [(0, 4), (1, 4), (2, 5), (3, 5), (4, 6), (5, 6), (6, 8), (7, 8), (8, 9)]
# Layer widths, samples, and the most crossings allowed: 1.5 times those of Graphviz's dot 2.43.
CROSSINGS = {"4x4": ([2, 4, 4, 1], 1, 55), "8x8": ([2, 8, 8, 1], 1, 612), "16x16": ([2, 16, 16, 1], 1, 4_869)}
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


@settings(max_examples=150)
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
    assert len(found.boxes) == 0 and list(found.edges) == []


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


@pytest.mark.parametrize("count", [3, 401, 60_000])
def test_a_chain_is_a_straight_line(count: int) -> None:
    found = layout([(124, 62)] * count, [(i, i + 1) for i in range(count - 1)])
    assert found.engine == "own" and found.note == ""
    assert len(set(found.boxes[:, 1].tolist())) == 1
    assert (np.diff(found.boxes[:, 0]) > 124).all()


@pytest.mark.parametrize("outward", [True, False])
def test_a_box_with_very_many_neighbours(outward: bool) -> None:
    count = 100_000
    ends = np.zeros(count, np.int64), np.arange(1, count + 1)
    found = layout(np.full((count + 1, 2), 20.0), np.column_stack(ends if outward else ends[::-1]))
    ys = np.sort(found.boxes[1:, 1])
    assert (np.diff(ys) >= 20).all(), "no box on another"
    middle = (ys[0] + ys[-1]) / 2
    assert abs(found.boxes[0, 1] - middle) < 21, "it stands in the middle of them"


def test_parts_without_a_common_edge_stand_apart() -> None:
    edges = [(5 * part + i, 5 * part + i + 1) for part in range(6) for i in range(4)]
    found = layout([(124, 62)] * 30, edges, engine=OWN)
    assert_sound(found, [(124, 62)] * 30, edges)
    rows = found.boxes[:, 1].reshape(6, 5)
    assert (np.ptp(rows, axis=1) < 0.5).all(), "each chain is a straight line"


def test_leaves_stand_right_before_their_first_use() -> None:
    assert layers_of(4, np.array([(0, 1), (1, 3), (2, 3)])).tolist() == [0, 1, 1, 2]


@given(st.lists(st.integers(0, 9)))
def test_inversions(values: list[int]) -> None:
    weight = np.arange(1, len(values) + 1)
    expected = sum(
        (i + 1) * (j + 1) for i, j in itertools.combinations(range(len(values)), 2) if values[i] > values[j]
    )
    assert inversions(np.array(values, dtype=np.int64), weight) == expected


def test_the_long_edges_of_a_box_share_one_trunk() -> None:
    """Box 0 feeds all others: three dummies in a row carry 3, 2 and 1 edges."""
    pairs = np.array([(0, 1), (1, 2), (2, 3), (3, 4), (0, 2), (0, 3), (0, 4)])
    mesh = build(np.full(5, 60.0), np.arange(5), pairs)
    assert mesh.count == 8 and mesh.layers == 5
    assert mesh.trunk.tolist() == [0, 3, 3, 3, 3, 3]
    trunk = mesh.node[5:]
    assert mesh.layer[trunk].tolist() == [1, 2, 3]
    assert [int(mesh.load[mesh.head == node][0]) for node in trunk] == [3, 2, 1]


def test_the_longest_edges_go_without_dummies_where_there_are_too_many() -> None:
    count = 2_000
    pairs = np.array([*((i, i + 1) for i in range(count - 1)), *((i, count - 1) for i in range(200))])
    mesh = build(np.full(count, 60.0), np.arange(count), pairs)
    assert mesh.direct.any() and mesh.count - count <= 20_000
    assert not mesh.direct[: count - 1].any(), "what crosses no layer needs no dummy"


@given(st.lists(st.tuples(st.floats(-100, 100), st.floats(0.1, 9)), max_size=30))
def test_rising_is_the_nearest_rising_line(points: list[tuple[float, float]]) -> None:
    """The conditions of the optimum: it rises, and each pool is the weighted mean of what it holds."""
    values, weight = np.array(points).reshape(-1, 2).T
    found = rising(values, weight)
    assert (np.diff(found) >= -1e-9).all()
    slack = np.cumsum(weight * (values - found))
    ends = np.flatnonzero(np.append(np.diff(found) > 1e-9, True)) if len(found) else []
    np.testing.assert_allclose(slack[ends], 0, atol=1e-6)
    assert (slack >= -1e-6).all()


@given(
    st.lists(st.tuples(st.integers(0, 2**20), st.integers(-500, 500).map(float) | st.floats(-1e3, 1e3))),
    st.sampled_from([1, 2**35]),
)
def test_ordered_is_a_sort_by_group_and_value(things: list[tuple[int, float]], apart: int) -> None:
    """In the packed way and, where groups leave too few bits, in numpy's."""
    group = np.array([each for each, _ in things], np.int64) * apart
    value = np.array([each for _, each in things])
    found = ordered(group, value)
    assert sorted(found.tolist()) == list(range(len(things)))
    assert (np.diff(group[found]) >= 0).all()
    same = np.diff(group[found]) == 0
    assert (np.diff(value[found])[same] >= -np.ptp(value) / 2**20).all() if len(things) else True
    if all(each.is_integer() for _, each in things):
        assert found.tolist() == np.lexsort((value, group)).tolist()


@pytest.mark.parametrize("value", [[0.0, np.inf, -1.0, np.nan], [1e308, -1e308, 0.0, 5e-324], [5e-324, 0.0]])
def test_ordered_takes_any_values(value: list[float]) -> None:
    group = np.zeros(len(value), np.int64)
    assert ordered(group, np.array(value)).tolist() == np.lexsort((value, group)).tolist()


def mlp(widths: list[int], samples: int) -> tuple[int, list[tuple[int, int]]]:
    """The scalar graph of a perceptron on a few samples: one box per value, the weights shared."""
    edges: list[tuple[int, int]] = []
    numbers = itertools.count()
    weights = [
        [[next(numbers) for _ in range(1 + before)] for _ in range(after)]
        for before, after in itertools.pairwise(widths)
    ]

    def op(*inputs: int) -> int:
        box = next(numbers)
        edges.extend((each, box) for each in inputs)
        return box

    total = next(numbers)
    for _ in range(samples):
        values = [next(numbers) for _ in range(widths[0])]
        for layer in weights:
            outputs = []
            for bias, *row in layer:
                for w, x in zip(row, values, strict=True):
                    bias = op(bias, op(w, x))
                outputs.append(op(bias))
            values = outputs
        total = op(total, *values)
    return next(numbers), edges


def crossings(found: Layout, edges: list[tuple[int, int]]) -> int:
    """How many pairs of straight lines from box to box cross, those with a common end left out."""
    pairs = np.array(edges)
    middle = found.boxes[:, :2] + found.boxes[:, 2:] / 2
    half = np.column_stack([found.boxes[:, 2] / 2, np.zeros(len(middle))])
    a, b = (middle + half)[pairs[:, 0]], (middle - half)[pairs[:, 1]]

    def side(p: np.ndarray, q: np.ndarray, r: np.ndarray) -> np.ndarray:
        u, v = q - p, r - p
        return np.sign(u[..., 0] * v[..., 1] - u[..., 1] * v[..., 0])

    ours, theirs = (a[:, None], b[:, None]), (a[None], b[None])
    crossed = (side(*ours, theirs[0]) * side(*ours, theirs[1]) < 0) & (
        side(*theirs, ours[0]) * side(*theirs, ours[1]) < 0
    )
    apart = (pairs[:, None, :] != pairs[None, :, :]).all(axis=2)
    return int(np.triu(crossed & apart).sum())


@pytest.mark.parametrize("widths, samples, most", CROSSINGS.values(), ids=CROSSINGS)
def test_few_edges_cross(widths: list[int], samples: int, most: int) -> None:
    count, edges = mlp(widths, samples)
    assert crossings(layout([(124, 62)] * count, edges, engine=OWN), edges) <= most


def test_leaves_and_long_chains_do_not_depend_on_the_order_of_edges() -> None:
    count, edges = mlp([2, 3, 1], 2)
    first = layout([(124, 62)] * count, edges, engine=OWN)
    again = layout([(124, 62)] * count, edges[::-1], engine=OWN)
    assert (first.boxes[:, 0] == again.boxes[:, 0]).all()


def middles(found: Layout) -> np.ndarray:
    return np.asarray(found.boxes[:, :2] + found.boxes[:, 2:] / 2)


@pytest.mark.parametrize("rankdir", ["LR", "TB"])
@pytest.mark.parametrize("opened", range(4))
def test_opening_a_box_keeps_the_others_in_order(opened: int, rankdir: str) -> None:
    """Four neurons read two inputs and feed one output; one of them opens into a chain of five."""
    closed = [(i, 2 + n) for n in range(4) for i in range(2)] + [(2 + n, 6) for n in range(4)]
    inside = [2 + opened, 7, 8, 9, 10]
    edges = [(inside[-1] if a == 2 + opened else a, b) for a, b in closed]
    edges += [*itertools.pairwise(inside), *((i, box) for i in range(2) for box in (8, 9))]
    first = layout([(124, 62)] * 7, closed, engine=OWN, rankdir=rankdir)
    before = np.full((11, 2), np.nan)
    before[:7] = middles(first)
    before[2 + opened] = np.nan
    found = layout([(124, 62)] * 11, edges, rankdir=rankdir, before=before)
    assert boxes_touch(found) == []
    across = 1 if rankdir == "LR" else 0
    stay = [2 + n for n in range(4) if n != opened]
    order = np.argsort(before[stay, across])
    assert (np.diff(middles(found)[stay, across][order]) > 0).all()
    assert np.diff(middles(found)[[0, 1], across]) * np.diff(before[[0, 1], across]) > 0
    moved = middles(found) - before
    np.testing.assert_allclose(np.nanmean(moved, axis=0), found.shift, atol=0.02)
    apart = np.abs(moved[:, across] - found.shift[across])
    assert np.nanmax(apart) < (62, 124)[1 - across] + 22, "nobody moves by more than a place"


def test_the_same_view_again_does_not_move() -> None:
    count, edges = mlp([2, 3, 1], 1)
    first = layout([(124, 62)] * count, edges, engine=OWN)
    again = layout([(124, 62)] * count, edges, before=middles(first))
    apart = middles(again) - middles(first) - again.shift
    assert np.abs(apart).mean() < 2 and np.abs(apart).max() < 31, "at most half a box, to straighten a line"


def test_before_must_fit_the_boxes() -> None:
    with pytest.raises(LayoutError, match=r"\(3, 2\)"):
        layout([(10, 10)] * 3, [], before=np.zeros((2, 2)))
    assert layout([(10, 10)] * 2, [(0, 1)], before=np.full((2, 2), np.nan)).shift == (0, 0)


def test_time_is_limited() -> None:
    with pytest.raises(LayoutError, match="needed more than 0 s"):
        layout([(10, 10)] * 3, [(0, 1)], timeout=0)


def test_a_size_that_is_no_number_is_refused() -> None:
    with pytest.raises(LayoutError, match="Box 1 has no size"):
        layout([(10, 10), (float("nan"), 10)], [])
