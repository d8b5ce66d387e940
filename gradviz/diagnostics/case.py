"""A pass under investigation: what each edge owes by the rules as they are suspected, and what stays open."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property

import numpy as np

from gradviz.diagnostics.balance import RELATIVE, Balance, Owed, balance, owed
from gradviz.graph import Graph, Span

LOOKED_AT = 200  # open nodes that are looked at one by one; all of a rule's at once are many more


@dataclass(frozen=True)
class Cause:
    """Why gradients of a pass are wrong: a finding in the making.

    Attributes:
        check: the row of ``CHECKS`` it belongs to.
        node, edge: where.
        message, evidence, cure: as of a Finding.
        explains: the nodes whose gradients it explains.
        severity: as of a Finding.
        source: the line, if it is not that of the node.
        place: what tells it from others of its check.
        at: the node whose gradient the evidence is about, or None.
    """

    check: str
    node: int
    message: str
    evidence: str
    cure: str
    explains: Sequence[int] = ()
    edge: int | None = None
    severity: str = "error"
    source: Span | None = None
    place: str = ""
    at: int | None = None


@dataclass(frozen=True)
class Case:
    """The books of a pass, and what explains them so far.

    Attributes:
        graph: the pass.
        books: what each edge owes by the table.
        part: per edge, what it owes if the causes found so far are right.
        balance: which nodes are still open.
        ran: per run of a backward rule its node, in order; empty if nobody watched.
        then: the gradient that each run saw.
    """

    graph: Graph
    books: Owed
    part: np.ndarray
    balance: Balance
    ran: np.ndarray = field(default_factory=lambda: np.zeros(0, dtype=np.int64))
    then: np.ndarray = field(default_factory=lambda: np.zeros(0))

    @cached_property
    def open(self) -> np.ndarray:
        """The nodes, single numbers, whose gradient nothing explains yet."""
        return np.flatnonzero(self.balance.broken & ~np.isnan(self.balance.total))

    @property
    def looked_at(self) -> list[int]:
        """The open nodes that are looked at one by one: those nearest the root."""
        nodes: list[int] = self.open[-LOOKED_AT:].tolist()
        return nodes

    @cached_property
    def books_total(self) -> np.ndarray:
        """Per node what it is owed by the table."""
        return balance(self.books).total

    @cached_property
    def grad(self) -> np.ndarray:
        """Per node the recorded gradient; 0 where there is none."""
        return np.where(self.graph.has_grad, self.graph.grad, 0.0)

    @cached_property
    def slot(self) -> np.ndarray:
        """Per edge its slot."""
        graph = self.graph
        slots: np.ndarray = np.arange(graph.edge_count) - graph.input_start[graph.consumer]
        return slots

    def edges_into(self, node: int) -> list[int]:
        """The edges along which a node is owed something, those of later consumers first."""
        edges = self.graph.consumers_of(node)
        edges = edges[self.books.flows[edges] & self.graph.has_grad[self.graph.consumer[edges]]]
        found: list[int] = edges[np.argsort(-self.graph.consumer[edges], kind="stable")].tolist()
        return found

    def with_parts(self, edges: np.ndarray, part: np.ndarray) -> Case:
        """The case, if these edges owe something else."""
        changed = self.part.copy()
        changed[edges] = part
        return replace(self, part=changed, balance=balance(self.books, changed))

    def settled(self, nodes: Sequence[int]) -> Case:
        """The case without these nodes: they are explained."""
        broken = self.balance.broken.copy()
        broken[list(nodes)] = False
        return replace(self, balance=replace(self.balance, broken=broken))

    def sum_into(self, edges: np.ndarray, amounts: np.ndarray) -> np.ndarray:
        """Per node the sum of amounts on some edges."""
        return np.bincount(self.graph.input[edges], weights=amounts, minlength=len(self.graph))


def open_case(graph: Graph) -> Case:
    """Open the books of a pass."""
    books = owed(graph)
    case = Case(graph, books, books.part, balance(books))
    ran, then = graph.meta.get("ran"), graph.meta.get("grad_then")
    if not ran or not then or len(ran) != len(then) or graph.arrays["data"]:
        return case
    node, seen = (
        np.array(ran, dtype=np.int64),
        np.array([np.nan if g is None else g for g in then], dtype=float),
    )
    inside = (node >= 0) & (node < len(graph))
    return replace(case, ran=node[inside], then=seen[inside])


def close_to(value: float, other: float, scale: float = 0.0) -> bool:
    """Whether two numbers are the same but for the way they were computed."""
    return abs(value - other) <= RELATIVE * max(abs(value), abs(other), 1e-3 * scale)


@dataclass(frozen=True)
class Suspect:
    """An explanation that fits the numbers; of several that explain as much, the likelier is taken.

    Attributes:
        cause: what it says.
        likely: how specific it is; a formula of its own says more than a factor.
        edges, part: what these edges owe if it is right.
    """

    cause: Cause
    likely: int
    edges: np.ndarray
    part: np.ndarray

    @property
    def weight(self) -> tuple[int, int]:
        """What suspects are compared by."""
        return len(self.cause.explains), self.likely


def fit(case: Case, edges: np.ndarray, part: np.ndarray) -> list[int]:
    """The open nodes that come out if these edges owe something else; none if others then come out wrong."""
    with np.errstate(all="ignore"):
        delta, size = case.sum_into(edges, part - case.part[edges]), case.sum_into(edges, np.abs(part))
        nodes = np.unique(case.graph.input[edges])
        nodes = nodes[~np.isnan(case.balance.total[nodes])]
        slack = case.balance.slack[nodes] + RELATIVE * size[nodes]
        near = np.abs(case.grad[nodes] - case.balance.total[nodes] - delta[nodes]) <= slack
    broken = case.balance.broken[nodes]
    if np.any(~broken & ~near) or 2 * np.count_nonzero(broken & near) < np.count_nonzero(broken):
        return []
    found: list[int] = nodes[broken & near].tolist()
    return found
