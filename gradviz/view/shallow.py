"""Fold as many runs of a row as it takes to make it no deeper than a screen shows."""

from __future__ import annotations

import numpy as np

from gradviz.graph import Graph
from gradviz.grouping import ranges
from gradviz.view.depth import LONG_ROW, ROW, Contraction, Pairs
from gradviz.view.numbering import distinct_pairs
from gradviz.view.runs import Run, Runs
from gradviz.view.splitting import Piece, Splitter


def edges_between(graph: Graph, nodes: np.ndarray) -> Pairs:
    """The edges among a few rising nodes, by their places; parallel ones once."""
    start, stop = graph.input_start[nodes], graph.input_start[nodes + 1]
    target = np.repeat(np.arange(len(nodes)), stop - start)
    inputs = graph.input[ranges(start, stop)]
    source = np.minimum(np.searchsorted(nodes, inputs), len(nodes) - 1)
    return _pairs(source, target, nodes[source] == inputs, len(nodes))


def edges_between_boxes(graph: Graph, box_of: np.ndarray, count: int) -> Pairs:
    """The edges between boxes, once each; nodes in box -1 are left out."""
    source, target = box_of[graph.input], box_of[graph.consumer]
    return _pairs(source, target, (source >= 0) & (target >= 0) & (source != target), count)


def _pairs(source: np.ndarray, target: np.ndarray, kept: np.ndarray, count: int) -> Pairs:
    pairs, _ = distinct_pairs(source[kept], target[kept], count)
    return list(zip((pairs // count).tolist(), (pairs % count).tolist(), strict=True))


def shallow(splitter: Splitter, nodes: np.ndarray, count: int, edges: Pairs) -> list[Piece]:
    """Pieces for the runs among ``nodes`` that make their row too deep; none if it is not.

    Args:
        splitter: what is known of the graph.
        nodes: the values of a row that are drawn one by one, in the order they were made.
        count, edges: how many boxes the row has, those values first, and its edges.
    """
    row = Contraction(count, edges)
    if row.depth <= ROW:
        return []
    runs, place = Runs(splitter, nodes), {node: i for i, node in enumerate(nodes.tolist())}
    loops = _loops(runs, place, row)
    looped = {op for run in loops for op in run.ops}
    for straight in (runs.loops_on_ways(looped), runs.ways(looped)):
        trial = row.copy()
        chosen = [straight[i] for i in trial.fold([_places(run, place) for run in straight], ROW)]
        if trial.depth <= ROW:
            break
    return [runs.piece(run) for run in (*loops, *chosen)]


def _loops(runs: Runs, place: dict[int, int], row: Contraction) -> list[Run]:
    """Join the loops without which the row is long even with all straight ways folded."""
    taken: list[Run] = []
    left = runs.loops()
    while True:
        trial = row.copy()
        trial.fold([_places(run, place) for run in runs.ways({op for run in taken for op in run.ops})], 0)
        long = {op for op, at in place.items() if trial.through[at] > LONG_ROW}
        run = next((run for run in left if long.intersection(run.ops)), None)
        if run is None:
            return taken
        left.remove(run)
        if row.join(_places(run, place)):
            taken.append(run)


def _places(run: Run, place: dict[int, int]) -> list[int]:
    return [place[op] for op in run.ops]
