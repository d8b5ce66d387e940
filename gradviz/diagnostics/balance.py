"""The books of a pass, checked node by node: is each gradient the sum of what its consumers owe it?

What an edge owes is the recorded gradient of its consumer times the table's local derivative. Only the nodes
whose own sum does not come out are causes; what lies below one of them is wrong, but computed by the rule.
Ops that are not in the table are trusted: they owe what was measured, if Python has no function of their name
that says otherwise.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from gradviz.graph import Graph, Number
from gradviz.graph.chainrule import edge_columns
from gradviz.graph.columns import EdgeColumns
from gradviz.graph.reach import carrying, reached
from gradviz.ops import OPS
from gradviz.recorders.duck.slopes import disputed

RELATIVE = 1e-6  # engines compute tanh, powers and quotients in other ways
SINGLE = 1e-4  # where all numbers are float32, whose ε is 1.2e-7
ABSOLUTE = 1e-14  # of the gradient above: 1 - z*z of a saturated z is known to a few ε only

ASKED = 2_000  # nodes whose op Python may know


@dataclass(frozen=True)
class Owed:
    """What each edge owes to the node it reads.

    Attributes:
        table: local derivatives and cotangents by the table, from the recorded data and gradients.
        local: per edge ∂consumer/∂input; NaN where it is not known, or has no elementwise form.
        part: per edge the cotangent that the consumer's recorded gradient asks for; 0 where it has none,
            NaN where it is not known, or is an array.
        flows: per edge, whether a gradient can pass it.
        known: per op name of the graph, whether the table has it.
    """

    graph: Graph
    table: EdgeColumns
    local: np.ndarray
    part: np.ndarray
    flows: np.ndarray
    known: np.ndarray

    @cached_property
    def relative(self) -> float:
        """How far from its sum a gradient may be, relative to the size of the parts."""
        graph = self.graph
        with np.errstate(all="ignore"):
            numbers = np.concatenate([graph.data, graph.grad[graph.has_grad]])
            same = numbers.astype(np.float32) == numbers
        return SINGLE if np.all(same | np.isnan(numbers)) else RELATIVE

    @cached_property
    def reached(self) -> np.ndarray:
        """Per node, whether the root depends on it."""
        return reached(self.graph, along=self.flows)

    def part_of(self, edge: int) -> Number | None:
        """What one edge owes; None if it is not known."""
        if edge in self.table.cotangent_arrays:
            return self.table.cotangent_arrays[edge]
        return None if np.isnan(self.part[edge]) else float(self.part[edge])


def owed(graph: Graph) -> Owed:
    """Work out what each edge owes."""
    table = edge_columns(graph) if graph.measured else graph.edges_derived
    known = np.array([not name or name in OPS for name in graph.op_names], dtype=bool)
    consumer = graph.consumer
    local = np.where(table.has_local, table.local, np.nan)
    part = np.where(table.has_cotangent, table.cotangent, 0.0)
    flows = carrying(graph)
    foreign = np.flatnonzero(~known[graph.op[consumer]] & flows)
    if len(foreign):
        above = graph.grad[consumer[foreign]]
        if graph.measured:
            sent = np.where(graph.has_cotangent[foreign], graph.cotangent[foreign], np.nan)
            with np.errstate(all="ignore"):
                ratio = np.where(above == 0, np.nan, sent / above)
            given = graph.local[foreign]
            local[foreign] = np.where(np.isnan(given), ratio, given)
            part[foreign] = np.where(graph.has_grad[consumer[foreign]], sent, 0.0)
            for edge, slope in disputed(graph, np.unique(consumer[foreign])[:ASKED].tolist()).items():
                if graph.has_grad[consumer[edge]]:
                    local[edge], part[edge] = slope, slope * graph.grad[consumer[edge]]
        else:
            part[foreign] = np.where(graph.has_grad[consumer[foreign]], np.nan, 0.0)
    return Owed(graph, table, local, part, flows, known)


@dataclass(frozen=True)
class Balance:
    """Per node the sum of what is owed, and whether the recorded gradient is another.

    Attributes:
        total: prior + Σ parts; NaN where it is not known, or is an array.
        slack: how far from it a gradient may be.
        broken: nodes whose gradient is another than the sum, or missing though something is owed; not those
            where either is NaN or infinite, which the check ``non-finite`` is about.
        missing: those among them that have no gradient.
    """

    total: np.ndarray
    slack: np.ndarray
    broken: np.ndarray
    missing: np.ndarray


def balance(books: Owed, part: np.ndarray | None = None) -> Balance:
    """Add up what is owed to each node, by ``part`` if it is given."""
    graph = books.graph
    part, n = books.part if part is None else part, len(graph)
    total, size = graph.prior + _sum(graph, part), np.abs(graph.prior) + _sum(graph, np.abs(part))
    above = np.where(graph.has_grad, np.abs(graph.grad), 0.0)[graph.consumer]
    with np.errstate(all="ignore"):
        slack = books.relative * size + ABSOLUTE * _sum(
            graph, np.where(books.flows, np.nan_to_num(above), 0.0)
        )
        held = np.where(graph.has_grad, graph.grad, 0.0)
        off = np.isfinite(total) & (np.abs(held - total) > slack) & np.isfinite(held)
    for node, right in _arrays(books).items():
        off[node] = not right
        total[node] = np.nan
    off &= books.reached & _asked(graph)
    off[graph.root] = False
    if n and not graph.has_grad.any():
        off[:] = False
    return Balance(total, slack, off, off & ~graph.has_grad)


def _asked(graph: Graph) -> np.ndarray:
    return np.asarray(graph.kind != 0)


def _sum(graph: Graph, part: np.ndarray) -> np.ndarray:
    return np.bincount(graph.input, weights=part, minlength=len(graph))


def _arrays(books: Owed) -> dict[int, bool]:
    """Array nodes, and nodes that arrays are made from: whether each has what it is owed."""
    graph = books.graph
    arrays = graph.arrays
    nodes = {*arrays["data"], *arrays["grad"], *arrays["prior"]}
    nodes |= {int(graph.input[edge]) for edge in books.table.cotangent_arrays}
    found = {}
    for node in nodes:
        parts = [books.part_of(int(edge)) for edge in graph.consumers_of(node) if books.flows[edge]]
        grad, prior = graph.grad_of(node), graph.prior_of(node)
        gone = any(part is None for part in parts) or prior is None or (grad is None and graph.has_grad[node])
        found[node] = gone or agree(
            0.0 if grad is None else grad, [prior, *(p for p in parts if p is not None)]
        )
    return found


def agree(value: Number, parts: list[Number]) -> bool:
    """Whether a value is the sum of its parts, element by element; non-finite sums agree with anything."""
    with np.errstate(all="ignore"):
        total: Number = sum(parts, 0.0)
        size = sum((np.abs(part) for part in parts), 0.0)
        if np.shape(value) != np.shape(total) and np.ndim(value):
            return False
        near = np.abs(np.subtract(value, total)) <= RELATIVE * size + ABSOLUTE
        return bool(np.all(near | ~np.isfinite(total)))
