"""A Program: a recorded graph that can be computed again, for other leaves."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from threading import Lock
from typing import Any

import numpy as np

from gradviz.errors import DataError, ShapeError
from gradviz.graph import Graph
from gradviz.graph.columns import COLUMNS
from gradviz.graph.facts import PARAM, Number
from gradviz.graph.reach import carrying, reached
from gradviz.program.checks import (
    as_rows,
    check_known,
    check_same,
    check_step,
    known,
    leaf_data,
    leaf_of,
    leaves_of,
    seed_of,
)
from gradviz.program.differences import Vary, central
from gradviz.program.interpreter import Interpreter
from gradviz.program.lanes import Lanes, one_by_one
from gradviz.program.plan import plan_of
from gradviz.program.vectorised import Vectorised

# Nodes per group from which columns are faster: a numpy call costs about as much as 15 nodes one by one.
WORTHWHILE = 15
DEEPEST = 1000  # levels that are planned in any case: in lanes, narrow groups are wide as well


@dataclass(frozen=True)
class Replayed:
    """What a replay gave.

    Attributes:
        root: the data of the root.
        data: per node, float64; NaN where the value is an array, which stands in ``arrays["data"]``.
        grad: per node ∂root/∂node, float64; NaN where there is none, or where it is an array, which stands in
            ``arrays["grad"]``.
        has_grad: per node, whether the root depends on it.
        arrays: by "data" and "grad", the values by node that are not single numbers.
    """

    root: Number
    data: np.ndarray
    grad: np.ndarray
    has_grad: np.ndarray
    arrays: Mapping[str, Mapping[int, np.ndarray]]


class Program:
    """A recorded graph, ready to be computed for other leaves; made by ``replay``. Threads may share one.

    Attributes:
        recorded: the graph.
        seed: the gradient that the root starts from.
        has_grad: per node, whether the root depends on it.
        vectorised: whether nodes are computed many at a time; a deep and narrow graph goes node by node.
        groups: how many groups of nodes there are that can be computed at once; 0 if it is too deep to plan.
    """

    def __init__(self, graph: Graph, seed: Number | None = None) -> None:
        check_known(graph)
        self.recorded, self.has_grad = graph, reached(graph, along=carrying(graph))
        self.seed = seed_of(graph) if seed is None else seed
        self._lock = Lock()
        self._lanes: Lanes | None = None
        self._plan = plan_of(graph, self.has_grad, DEEPEST, WORTHWHILE)
        self.groups = len(self._plan.groups) if self._plan else 0
        self.vectorised = bool(self._plan) and len(graph) >= WORTHWHILE * self.groups
        self._runner = self.runner()
        self._runner.reset({})
        self._runner.forward()
        check_same(graph, *self._runner.data_columns())

    def runner(self, whole: bool = True) -> Interpreter | Vectorised:
        """What computes; ``whole`` as of ``Vectorised``."""
        if self._plan and self.vectorised:
            return Vectorised(self._plan, self.seed, whole=whole)
        return Interpreter(self.recorded, self.seed)

    def run(self, new: Mapping[int | str, Any] | None = None) -> Replayed:
        """Compute the graph forward and backward; leaves that ``new`` does not name keep their data.

        Args:
            new: data by leaf; a leaf is named by its number, as "n9", or by its name.

        Raises:
            NotFoundError: a key of ``new`` is no node.
            ReplayError: a key of ``new`` is a node that was computed.
            ShapeError: a leaf is given data of another shape.
            DataError: a leaf is given something that is not a number.
        """
        found = leaf_data(self.recorded, new or {})
        with self._lock:
            runner = self._runner
            runner.reset(found)
            runner.forward()
            runner.backward()
            data, arrays = runner.data_columns()
            grad, gradients = runner.grad_columns()
        root = self.recorded.root
        return Replayed(
            root=arrays[root] if root in arrays else float(data[root]),
            data=data,
            grad=grad,
            has_grad=self.has_grad,
            arrays={"data": arrays, "grad": gradients},
        )

    def graph(self, new: Mapping[int | str, Any] | None = None) -> Graph:
        """The recorded graph as it would have been with other leaves: new data, gradients and cotangents.

        What gradients held before the pass stays, and is added to. The update that followed the pass is left
        out, if there is new data. Arguments and errors as of ``run``.
        """
        recorded, out = self.recorded, self.run(new)
        columns = {key: getattr(recorded, key) for key in COLUMNS}
        grad, gradients = _with_prior(recorded, out)
        columns |= {
            "data": out.data,
            "grad": grad,
            "has_grad": out.has_grad | recorded.has_grad,
            "arrays": {**out.arrays, "grad": gradients, "prior": recorded.arrays["prior"]},
            "updates": () if new else recorded.updates,  # made from other gradients
            "meta": {**recorded.meta, "backward": True},
        }
        return Graph(**columns).with_sources(recorded.sources)

    def values(self, nodes: Sequence[int | str], rows: Any) -> np.ndarray:
        """The root for each row of new data, many rows at a time.

        Args:
            nodes: leaves that are single numbers.
            rows: their data, of shape (rows, nodes).

        Returns:
            The root's data, of shape (rows,).

        Raises:
            NotFoundError, ReplayError: one of ``nodes`` is no leaf.
            ShapeError: one of ``nodes``, or the root, is an array, or ``rows`` has another shape.
            DataError: ``rows`` are no numbers.
        """
        leaves = leaves_of(self.recorded, nodes)
        rows = as_rows(rows, len(leaves))
        self._needs_number()
        return self._roots([[(leaf, 0) for leaf in leaves]] * len(rows), rows)

    def finite_differences(
        self, nodes: Iterable[int | str] | None = None, step: float | None = None
    ) -> dict[int, Number]:
        """Central differences ``(f(x + h) − f(x − h)) / 2h`` of the root f, for every element of some leaves.

        Args:
            nodes: the leaves; if none are given, the parameters, or, where there are none, all leaves that
                get a gradient.
            step: h; ε^(1/3)·max(1, |x|) if not given, ε being float64's 2.2e-16 (Press et al., Numerical
                Recipes, 3rd ed. 2007, §5.7). The error is then about 1e-10 of f's scale where f is smooth;
                near a kink closer than h it means nothing.

        Returns:
            By leaf, the differences in the leaf's shape.

        Raises:
            NotFoundError, ReplayError: one of ``nodes`` is no leaf.
            ShapeError: the root is an array.
            DataError: ``step`` is not a positive finite number.
        """
        self._needs_number()
        check_step(step)
        graph = self.recorded
        found = self._usual_leaves() if nodes is None else [leaf_of(graph, key) for key in nodes]
        leaves = {node: known(graph, node) for node in found}
        return central(leaves, step, lambda varied, x: self._roots([[one] for one in varied], x[:, None]))

    def _usual_leaves(self) -> list[int]:
        graph = self.recorded
        params = np.flatnonzero(graph.kind == PARAM)
        leaf = np.diff(graph.input_start) == 0
        found: list[int] = (params if len(params) else np.flatnonzero(leaf & self.has_grad)).tolist()
        return found

    def _needs_number(self) -> None:
        if self.recorded.root in self.recorded.arrays["data"]:
            raise ShapeError(
                "The root is an array, not one number.", "Record its sum, or one of its elements."
            )

    def _roots(self, varied: Sequence[Sequence[Vary]], rows: np.ndarray) -> np.ndarray:
        """The root for each row of new data for the elements that ``varied`` names."""
        with self._lock:
            if self._plan is None or any(group.single for group in self._plan.groups):
                return one_by_one(self.recorded, self._runner, varied, rows)
            self._lanes = self._lanes or Lanes(self._plan)
            leaves = np.array([[node for node, _ in row] for row in varied], dtype=np.int64)
            return self._lanes.roots(leaves.reshape(rows.shape), rows)


def _with_prior(recorded: Graph, out: Replayed) -> tuple[np.ndarray, dict[int, np.ndarray | None]]:
    """Gradients added to what was there before, as ``backward()`` adds; where nothing came, what was."""
    prior = recorded.prior
    grad = np.where(prior == 0, out.grad, prior + out.grad)
    grad = np.where(out.has_grad, grad, recorded.grad)
    arrays = {node: array for node, array in recorded.arrays["grad"].items() if not out.has_grad[node]}
    for node, array in out.arrays["grad"].items():
        before = recorded.arrays["prior"].get(node)
        arrays[node] = array if before is None else before + array
    return grad, arrays


def replay(graph: Graph) -> Program:
    """Make a recorded graph a program that computes it again, for the same or for other leaves.

    What the program's own ``if`` and ``while`` decided from data is not in a graph: a replay does what was
    recorded, whatever they would decide now.

    Raises:
        ReplayError: an op is not in the table, a leaf's data was not kept, the root is an array and was given
            no gradient, or the recorded leaves do not give the recorded data bit for bit (but for the sign of
            a zero); the message names the node and where it was made.
        DataError: it is no graph.
    """
    if not isinstance(graph, Graph):
        raise DataError(f"A {type(graph).__name__} is no graph.", "Replay what gradviz.record() gives.")
    return Program(graph)
