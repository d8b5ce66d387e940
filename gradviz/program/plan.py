"""The plan of a graph: which nodes are computed together, where their numbers stand, in what order.

Nodes of one level (the longest way from the leaves) and one op are a group, and one numpy call computes them.
Every node has a cell in a column of data and one in a column of gradients; the cells of a group lie side by
side, in the order in which the groups above read them, so that many reads are slices. The column of gradients
goes on with the cotangents of edges: a node's gradient is the sum of the cells that its group's ``pulls``
name, in the order in which the engine adds: nodes made later first, and of one node the slots in order.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np

from gradviz.graph.columns import Columns
from gradviz.graph.reach import carrying
from gradviz.operation import Op
from gradviz.ops import OPS
from gradviz.program.chains import Chains, find_chains
from gradviz.program.levels import alike, levels_of

NOWHERE = -1  # the cell of what has none; of a gradient it holds NaN
EMPTY = np.zeros((0, 0), dtype=np.int64)


@dataclass
class Group:
    """Nodes that are computed together: leaves, an op on single numbers, chains of one length, or one node.

    Attributes:
        nodes: the nodes, or the ends of chains, in the order of their cells.
        op, attrs: what computes them; no op for leaves.
        length: how many additions each chain has; 0 if these are no chains.
        single: whether it is one node that is computed by itself: an array, or made from arrays.
        start: the first node's cell.
        edges: the edges they read, of shape (slots, nodes).
        sums: the nodes inside chains, of shape (length - 1, nodes), in the order of their cells.
        sums_start: the first one's cell.
        cotangent: for each slot the first cell of its edges' cotangents, or ``NOWHERE`` if none flow.
        pulls: (first node, cells of shape (edges, nodes)): whence gradients come, for nodes that are alike.
    """

    nodes: np.ndarray
    op: Op | None
    attrs: dict[str, Any]
    length: int
    single: bool
    start: int = NOWHERE
    edges: np.ndarray = field(default_factory=EMPTY.copy)
    sums: np.ndarray = field(default_factory=EMPTY.copy)
    sums_start: int = NOWHERE
    cotangent: list[int] = field(default_factory=list)
    pulls: list[tuple[int, np.ndarray]] = field(default_factory=list)


class Plan:
    """See the head of this file.

    Attributes:
        groups: lowest level first.
        data_cell, grad_cell, edge_cell: per node and per edge.
        ends: how many cells of data there are without those for the sums inside chains, which come after.
        data_cells, grad_cells: how many cells there are; the last one of gradients is ``NOWHERE``.
    """

    def __init__(self, graph: Columns, has_grad: np.ndarray, groups: list[Group], chains: Chains) -> None:
        self.graph, self.has_grad, self.groups, self._chains = graph, has_grad, groups, chains
        self.flows = carrying(graph) & has_grad[graph.consumer]
        self.scalar = is_scalar(graph)
        self._sort_nodes()
        self._place_data()
        self._place_gradients()
        self._find_pulls()

    def _sort_nodes(self) -> None:
        """Order a group by how many gradients its nodes get, then as they are read; the last group first."""
        n, graph = len(self.graph), self.graph
        pulled = np.bincount(graph.input[self.flows], minlength=n)
        use, uses = np.full(n, graph.edge_count + n), 0
        for group in reversed(self.groups):
            group.nodes = group.nodes[np.lexsort((use[group.nodes], pulled[group.nodes]))]
            if group.length:
                self._order_chains(group)
            elif group.op is not None and not group.single:
                first = graph.input_start[group.nodes]
                group.edges = first + np.arange(group.op.arity or 0)[:, None]
            order = np.arange(uses, uses + group.edges.size).reshape(group.edges.shape)
            np.minimum.at(use, graph.input[group.edges], order)
            uses += group.edges.size

    def _order_chains(self, group: Group) -> None:
        chains = self._chains
        nodes = chains.members[chains.start[group.nodes] + np.arange(group.length)[:, None]]
        group.sums = nodes[:-1]
        group.edges = np.concatenate([chains.first[nodes[:1]], chains.second[nodes]])

    def _place_data(self) -> None:
        self.data_cell = np.full(len(self.graph), NOWHERE)
        cell = 0
        for group in self.groups:
            if self.scalar[group.nodes[0]]:
                group.start = cell
                self.data_cell[group.nodes] = np.arange(cell, cell + len(group.nodes))
                cell += len(group.nodes)
        self.ends = cell
        for group in self.groups:
            group.sums_start = cell
            self.data_cell[group.sums.ravel()] = np.arange(cell, cell + group.sums.size)
            cell += group.sums.size
        self.data_cells = cell

    def _place_gradients(self) -> None:
        """An addition passes its gradient on as it is, so that its edges need no cells of their own."""
        graph, cell = self.graph, self.ends
        self.edge_cell = np.full(graph.edge_count, NOWHERE)
        for group in self.groups:
            if group.length:
                self.edge_cell[group.edges] = self.data_cell[group.nodes]
            elif group.single:
                node = int(group.nodes[0])
                edges = np.arange(graph.input_start[node], graph.input_start[node + 1])
                edges = edges[self.flows[edges] & self.scalar[graph.input[edges]]]
                self.edge_cell[edges] = np.arange(cell, cell + len(edges))
                cell += len(edges)
            else:
                for edges in group.edges:
                    flows = bool(len(edges)) and bool(self.flows[edges[0]])
                    group.cotangent.append(cell if flows else NOWHERE)
                    if flows:
                        self.edge_cell[edges] = np.arange(cell, cell + len(edges))
                        cell += len(edges)
        self.grad_cells = cell + 1
        self.grad_cell = np.where(self.has_grad, self.data_cell[self._chains.end], NOWHERE)

    def _find_pulls(self) -> None:
        graph = self.graph
        live = np.flatnonzero(self.flows & self.scalar[graph.input] & ~self._inside_chains())
        order = np.lexsort((live, -graph.consumer[live], self.data_cell[graph.input[live]]))
        live = live[order]
        pulled = np.bincount(self.data_cell[graph.input[live]], minlength=self.ends)
        start = np.cumsum(pulled) - pulled
        for group in self.groups:
            if group.start == NOWHERE:
                continue
            counts = pulled[group.start : group.start + len(group.nodes)]
            bounds = [0, *(np.flatnonzero(np.diff(counts)) + 1).tolist(), len(counts)]
            for low, high in zip(bounds[:-1], bounds[1:], strict=True):
                if counts[low]:
                    first = start[group.start + low]
                    edges = live[first : first + counts[low] * (high - low)].reshape(high - low, -1)
                    cells = np.ascontiguousarray(self.edge_cell[edges].T)
                    group.pulls.append((group.start + low, cells))

    def _inside_chains(self) -> np.ndarray:
        """Per edge, whether it leads on from a sum inside a chain."""
        return np.asarray(self._chains.end[self.graph.input] != self.graph.input)


def is_scalar(graph: Columns) -> np.ndarray:
    """Per node, whether it is a single number."""
    scalar = np.ones(len(graph), dtype=bool)
    scalar[list(graph.arrays["data"])] = False
    return scalar


def computed_on_columns(graph: Columns) -> np.ndarray:
    """Per node, whether it is an elementwise op on single numbers."""
    elementwise = [name in OPS and OPS[name].elementwise for name in graph.op_names]
    scalar = is_scalar(graph)
    with_array = np.bincount(graph.consumer[~scalar[graph.input]], minlength=len(graph)) > 0
    return np.asarray(np.array(elementwise, dtype=bool)[graph.op] & scalar & ~with_array)


def plan_of(graph: Columns, has_grad: np.ndarray, deepest: int, worthwhile: float) -> Plan | None:
    """Make a plan; None for more than ``deepest`` levels of fewer nodes than are ``worthwhile``."""
    n, input, start = len(graph), graph.input, graph.input_start[:-1]
    ops = [OPS.get(name) for name in graph.op_names]
    scalar, by_columns = is_scalar(graph), computed_on_columns(graph)
    sole = np.bincount(input, minlength=n) == 1
    sole[graph.root] = False
    is_add = np.array([name == "add" for name in graph.op_names], dtype=bool)[graph.op]
    chains = find_chains(np.flatnonzero(is_add & by_columns), start, input, sole)
    weight = np.bincount(chains.end, minlength=n)
    level = levels_of(chains.end[input], chains.end[graph.consumer], weight, deepest, worthwhile)
    if level is None:
        return None
    nodes = np.flatnonzero(chains.end == np.arange(n))
    length = np.where(is_add & by_columns, chains.depth + 1, 0)
    by_itself = np.where(by_columns | (scalar & (level == 0)), NOWHERE, np.arange(n))
    keys = level, graph.op, length, by_itself, has_grad, _attrs(graph), _flowing(graph, has_grad, length)
    return Plan(
        graph,
        has_grad,
        [
            Group(
                nodes=found,
                op=ops[graph.op[found[0]]],
                attrs=graph.attrs.get(int(found[0]), {}),
                length=int(length[found[0]]),
                single=bool(by_itself[found[0]] != NOWHERE),
            )
            for found in alike(nodes, [key[nodes] for key in keys])
        ],
        chains,
    )


def _attrs(graph: Columns) -> np.ndarray:
    """Per node a number that is the same for equal attributes."""
    numbers: dict[str, int] = {}
    column = np.zeros(len(graph), dtype=np.int64)
    for node, attrs in graph.attrs.items():
        column[node] = numbers.setdefault(repr(sorted(attrs.items())), len(numbers) + 1)
    return column


def _flowing(graph: Columns, has_grad: np.ndarray, length: np.ndarray) -> np.ndarray:
    """Per node, as bits, to which slots a gradient flows; of no account for chains."""
    flows, start = carrying(graph) & has_grad[graph.consumer], graph.input_start
    column = np.zeros(len(graph), dtype=np.int64)
    width = np.diff(start)
    for slot in range(3):  # no elementwise op has more inputs
        nodes = np.flatnonzero((width > slot) & (length == 0))
        column[nodes] |= flows[start[nodes] + slot].astype(np.int64) << slot
    return column
