"""The gradient as it ought to be: what the table's rules give for the recorded data and the recorded seed."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from gradviz.diagnostics.balance import ABSOLUTE, RELATIVE, Balance, Owed, agree, balance, owed
from gradviz.diagnostics.numeric import numeric_gradients
from gradviz.graph import CONST, Graph, Number
from gradviz.numbers import short
from gradviz.ops import OPS
from gradviz.summary import text_of

UNKNOWN, RIGHT, WRONG, MISSING = range(4)
VERDICTS = ("unknown", "right", "wrong", "missing")
_TERMS = 4  # of a sum that are written out


@dataclass(frozen=True)
class Verified:
    """Every gradient of a pass beside the one it ought to be.

    Attributes:
        graph: the pass.
        expected: per node the reference gradient, float64; NaN where it is not known, where the root does not
            depend on the node, or where it is an array, which stands in ``arrays`` by node. What a leaf's
            gradient held before the pass is added.
        verdict: per node, uint8: ``UNKNOWN`` 0, ``RIGHT`` 1, ``WRONG`` 2, ``MISSING`` 3 (nobody computed it).
        local_ok: per edge, whether what travelled back is what the rule asks for; True where nothing was
            measured.
        books: what each edge owes. broken: the nodes at which something went wrong.
    """

    graph: Graph
    expected: np.ndarray
    arrays: dict[int, np.ndarray]
    verdict: np.ndarray
    local_ok: np.ndarray
    books: Owed
    balance: Balance

    @property
    def summary(self) -> str:
        """The verdicts counted: ``12 right, 1 wrong, 3 not computed``."""
        words = ((RIGHT, "right"), (WRONG, "wrong"), (MISSING, "not computed"))
        found = [f"{self.counts[VERDICTS[key]]:,} {word}" for key, word in words]
        return ", ".join(text for text in found if not text.startswith("0 ")) or "nothing to judge"

    @cached_property
    def counts(self) -> dict[str, int]:
        """How many nodes have each verdict."""
        number = np.bincount(self.verdict, minlength=len(VERDICTS)).tolist()
        return dict(zip(VERDICTS, number, strict=True))

    @cached_property
    def numeric(self) -> dict[int, float]:
        """Finite differences of the root, by leaf: independent evidence. Empty where they cannot be had."""
        return numeric_gradients(self.graph, self.seed)

    @property
    def seed(self) -> Number:
        """The gradient that the root started from."""
        root = self.graph.root
        return self.arrays[root] if root in self.arrays else float(self.expected[root])

    def expected_of(self, node: int) -> Number | None:
        """The reference gradient of one node, or None."""
        if node in self.arrays:
            return self.arrays[node]
        return None if np.isnan(self.expected[node]) else float(self.expected[node])

    def row(self, node: int) -> dict[str, str]:
        """One node in words: ``expected`` and ``recorded``, the ``verdict``, and the ``rule`` in numbers."""
        return {
            "expected": text_of(self.expected_of(node)),
            "recorded": text_of(self.graph.grad_of(node)),
            "verdict": VERDICTS[self.verdict[node]],
            "rule": self.rule(node),
        }

    def rule(self, node: int) -> str:
        """How the reference gradient adds up: ``∂L/∂a = 6 × 2 + 1 × 3 = 15``; "" where it is not known."""
        graph, total = self.graph, self.expected_of(node)
        if total is None:
            return ""
        name = f"∂L/∂{graph.label(node)}"
        if node == graph.root:
            return f"{name} = {text_of(total)}, the seed"
        edges = [int(edge) for edge in graph.consumers_of(node) if self.books.flows[edge]]
        terms = [self._term(edge) for edge in edges[:_TERMS]] + ["…"] * (len(edges) > _TERMS)
        if np.any(prior := self._prior(node)):
            terms.insert(0, f"{text_of(prior)} from before")
        return f"{name} = {' + '.join(terms) or '0'} = {text_of(total)}"

    def _term(self, edge: int) -> str:
        """What one consumer passes on: its gradient times the local derivative."""
        graph = self.graph
        above, local = self.expected_of(int(graph.consumer[edge])), self.books.local[edge]
        if isinstance(above, float) and not np.isnan(local):
            return f"{_signed(above)} × {_signed(float(local))}"
        return f"what {graph.label(int(graph.consumer[edge]))} passes back"

    def _prior(self, node: int) -> Number:
        return self.graph.prior_of(node) if _is_leaf(self.graph, node) else 0.0


def verify(graph: Graph) -> Verified:
    """Check every gradient of a pass against the one that the table's rules give.

    Ops that are not in the table are trusted: their local derivative is what was measured. A gradient is
    wrong if it is off by more than 1e-6 of its size, since engines compute the same functions in other ways.
    """
    books = owed(graph)
    expected, slack, arrays = _reference(books)
    found = balance(books)
    verdict = _verdicts(books, found, expected, slack, arrays)
    return Verified(graph, expected, arrays, verdict, _local_ok(books), books, found)


def _seed(graph: Graph) -> Number:
    """The recorded gradient of the root if it has one that is not 0, else 1."""
    seed, data = graph.grad_of(graph.root) if len(graph) else None, graph.data_of(graph.root)
    if seed is not None and np.any(seed):
        return seed - graph.prior_of(graph.root) if np.any(graph.prior_of(graph.root)) else seed
    return np.ones(np.shape(data)) if isinstance(data, np.ndarray) else 1.0


def _is_leaf(graph: Graph, node: int) -> bool:
    return bool(graph.input_start[node] == graph.input_start[node + 1])


def _reference(books: Owed) -> tuple[np.ndarray, np.ndarray, dict[int, np.ndarray]]:
    """From the root back: the gradient of each node, how exactly it is known, and those that are arrays."""
    graph = books.graph
    n, root = len(graph), graph.root
    gated = np.array([name in OPS and OPS[name].gate for name in graph.op_names], dtype=bool)
    edges = np.flatnonzero(books.flows & ~(gated[graph.op[graph.consumer]] & (books.local == 0)))
    start = np.searchsorted(edges, graph.input_start).tolist()
    inputs, local = graph.input[edges].tolist(), books.local[edges].tolist()
    grad: list[Number] = [0.0] * n
    slack = [0.0] * n
    grad[root] = _seed(graph)
    arrays = set(_array_like(books))
    reach = books.reached.tolist()
    for node in range(root, -1, -1):
        if not reach[node]:
            continue
        g = grad[node]
        if node in arrays:
            _pull(books, node, g, grad)
            continue
        width, size = slack[node], ABSOLUTE * abs(float(g))
        for k in range(start[node], start[node + 1]):
            source, slope = inputs[k], local[k]
            grad[source] += g * slope
            slack[source] += width * abs(slope) + size
    for node in np.flatnonzero(graph.had).tolist():
        if _is_leaf(graph, node):
            grad[node] = grad[node] + graph.prior_of(node)
    wide = {node: np.asarray(g) for node, g in enumerate(grad) if np.ndim(g)} if arrays else {}
    column = np.array([np.nan if i in wide else g for i, g in enumerate(grad)], dtype=np.float64)
    column[~books.reached] = np.nan
    return column, np.array(slack), wide


def _array_like(books: Owed) -> list[int]:
    """Nodes whose gradient goes on by the whole vjp: arrays, readers of arrays, ops without partials."""
    graph = books.graph
    touched = np.zeros(len(graph), dtype=bool)
    touched[[*graph.arrays["data"], *graph.arrays["grad"]]] = True
    if touched.any():
        touched[graph.consumer[touched[graph.input]]] = True
    whole = [name in OPS and not OPS[name].elementwise for name in graph.op_names]
    touched |= np.array(whole, dtype=bool)[graph.op]
    found: list[int] = np.flatnonzero(touched).tolist()
    return found


def _pull(books: Owed, node: int, g: Number, grad: list[Number]) -> None:
    """Carry an array's gradient on to its inputs; NaN where that is not known."""
    graph = books.graph
    edges = graph.inputs_of(node).tolist()
    inputs = [int(graph.input[edge]) for edge in edges]
    z, xs, op = graph.data_of(node), [graph.data_of(i) for i in inputs], OPS.get(graph.op_of(node))
    if op is None or z is None or any(x is None for x in xs):
        pulled: tuple[Number | None, ...] = (np.nan,) * len(edges)
    else:
        pulled = op.vjp(
            np.broadcast_to(g, np.shape(z)) if np.ndim(z) else g, z, tuple(xs), **graph.attrs.get(node, {})
        )
    for edge, source, sent in zip(edges, inputs, pulled, strict=True):
        if sent is not None and books.flows[edge]:
            with np.errstate(all="ignore"):
                grad[source] = grad[source] + sent


def _verdicts(
    books: Owed, found: Balance, expected: np.ndarray, slack: np.ndarray, arrays: dict[int, np.ndarray]
) -> np.ndarray:
    graph = books.graph
    verdict = np.full(len(graph), UNKNOWN, dtype=np.uint8)
    judged = books.reached & (graph.kind != CONST)
    with np.errstate(all="ignore"):
        known = judged & ~np.isnan(expected)
        near = np.abs(graph.grad - expected) <= books.relative * np.abs(expected) + found.slack + slack
        near |= ~np.isfinite(expected) & ~np.isfinite(graph.grad)
        has = graph.has_grad
        verdict[known & has] = np.where(near, RIGHT, WRONG)[known & has]
        verdict[known & ~has] = MISSING
    for node, value in arrays.items():
        if judged[node] and not np.isnan(value).any():
            grad = graph.grad_of(node)
            gone = grad is None and has[node]
            verdict[node] = (
                UNKNOWN if gone else MISSING if grad is None else RIGHT if agree(grad, [value]) else WRONG
            )
    if not found.broken.any():
        verdict[(verdict == WRONG) & np.isfinite(graph.grad)] = (
            RIGHT  # every sum comes out, so what differs is rounding
        )
    return verdict


def _local_ok(books: Owed) -> np.ndarray:
    graph = books.graph
    ok = np.ones(graph.edge_count, dtype=bool)
    if graph.measured:
        above = np.abs(graph.grad[graph.consumer])
        with np.errstate(all="ignore"):
            off = np.abs(graph.cotangent - books.part) > RELATIVE * np.abs(books.part) + ABSOLUTE * above
        ok[graph.has_cotangent & np.isfinite(books.part) & off] = False
    return ok


def _signed(x: float) -> str:
    return f"({short(x)})" if x < 0 else short(x)
