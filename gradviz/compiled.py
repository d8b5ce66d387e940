"""``compile``: a loss that is computed again and again as its leaves change, without recording it."""

from __future__ import annotations

from collections import deque
from itertools import repeat
from typing import Any

import numpy as np

from gradviz.engine.convert import as_seed
from gradviz.engine.tape import Leaf
from gradviz.engine.value import Value
from gradviz.errors import DataError, ReplayError, ShapeError
from gradviz.graph import Graph
from gradviz.graph.facts import CONST
from gradviz.program import Program, named
from gradviz.recorders import RECORDERS
from gradviz.recorders.value import freeze


def compile(loss: Value) -> Compiled:
    """Make a loss a function that computes it again, and its gradients, from what its leaves hold by then.

    >>> import gradviz as gv
    >>> w = gv.Parameter(1.0)
    >>> step = gv.compile((w * 3.0 - 6.0) ** 2)
    >>> for _ in range(50):
    ...     w.grad = None
    ...     loss = step()
    ...     w.data -= 0.05 * w.grad
    >>> round(w.data, 6)
    2.0

    Raises:
        DataError: this is no ``Value`` of gradviz; the values of other engines can be recorded, not compiled.
        ReplayError: the loss cannot be computed again (see ``replay``), or one of its leaves was used with
            different data.
        ShapeError: the loss is an array of more than one number.
    """
    return Compiled(loss)


class Compiled:
    """What ``compile`` gives: call it where the loss was computed and ``loss.backward()`` was called.

    The values in between, ``loss`` among them, keep the data and gradients they have; nothing is recorded.
    """

    def __init__(self, loss: Value) -> None:
        if not RECORDERS["value"].recognises(loss):
            raise DataError(f"A {type(loss).__name__} cannot be compiled.", "What can be is a gradviz.Value.")
        seed = as_seed(None, loss.shape, False)
        frozen = freeze(loss)
        graph, leaves = frozen.graph, frozen.leaves
        _check_one_node_each(graph, leaves)
        program = Program(graph, seed)
        self._graph, self._root, self._runner = graph, int(graph.root), program.runner(whole=False)
        self._runner.reset({})
        arrays = graph.arrays["data"]
        self._numbers = [leaf for leaf, node in leaves.items() if node not in arrays]
        self._number_nodes = np.array([leaves[leaf] for leaf in self._numbers], dtype=np.int64)
        self._arrays = [(leaf, node) for leaf, node in leaves.items() if node in arrays]
        self._pulled = [leaf for leaf, node in leaves.items() if program.has_grad[node]]
        self._pulled_nodes = np.array([leaves[leaf] for leaf in self._pulled], dtype=np.int64)

    def __call__(self) -> Any:
        """Compute the loss from what the leaves hold now, and add its gradients to their ``grad``.

        The same numbers as the program would give, bit for bit.

        Returns:
            The loss: a float, or an array of one number if the loss is one.

        Raises:
            ShapeError: a leaf has another shape by now.
        """
        runner = self._runner
        numbers = [leaf.data[0] for leaf in self._numbers]
        if numbers and {*map(type, numbers)} != {float}:
            self._refuse_shapes()
        runner.put(self._number_nodes, numbers)
        for leaf, node in self._arrays:
            recorded = self._graph.arrays["data"][node]
            assert recorded is not None  # only files leave arrays out
            if np.shape(leaf.data[0]) != recorded.shape:
                self._refuse_shapes()
            runner.put_array(node, leaf.data[0])
        runner.forward()
        runner.backward()
        grads: list[Any] = [leaf.grad for leaf in self._pulled]
        pulled = runner.gradients(self._pulled_nodes)
        if self._arrays:  # what the user gets shares memory with nothing
            pulled = [grad if type(grad) is float else np.array(grad) for grad in pulled]
        sums = [grad if at[0] is None else at[0] + grad for at, grad in zip(grads, pulled, strict=True)]
        # all of it in one call of C, which no Ctrl-C can interrupt half-way
        deque(map(list.__setitem__, grads, repeat(0), sums), maxlen=0)
        return runner.data_of(self._root)

    def _refuse_shapes(self) -> None:
        nodes = [*zip(self._numbers, self._number_nodes.tolist(), strict=True), *self._arrays]
        for leaf, node in nodes:
            before, now = self._graph.node(node).shape, np.shape(leaf.data[0])
            if before != now:
                raise ShapeError(
                    f"{named(self._graph, node)} has shape {now}, but had {before} when it was compiled.",
                    "Compile a loss that was computed with the new shape.",
                )


def _check_one_node_each(graph: Graph, leaves: dict[Leaf, int]) -> None:
    """Refuse a graph where a leaf stands twice, with data from before and from after a change."""
    known = set(leaves.values())
    for node in np.flatnonzero((graph.op == 0) & (graph.kind != CONST)).tolist():
        if node not in known:
            raise ReplayError(
                f"{named(graph, node)} was given new data after it was used: it stands for two values.",
                "Compute the loss from leaves that stay as they are, then compile it.",
            )
