"""A plan, carried out: forward from the first group to the last, backward from the last to the first."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from gradviz.graph.facts import Number
from gradviz.program.kernels import ChainKernel, Kernel, Pull
from gradviz.program.plan import Plan
from gradviz.program.single import Arrays, Single, Store


class Vectorised:
    """The columns of a plan, and what fills them.

    Args:
        plan: what to compute.
        seed: the gradient that the root starts from.
        lanes: how many values each node has at once; None for one, without an axis of its own.
        whole: whether every sum inside a chain is wanted, and not only the ends.
        backward: whether gradients are wanted.
    """

    def __init__(
        self, plan: Plan, seed: Number, lanes: int | None = None, whole: bool = True, backward: bool = True
    ) -> None:
        width = () if lanes is None else (lanes,)
        self.plan, self.seed, graph = plan, seed, plan.graph
        self.data = np.full((plan.data_cells + 1 if whole else plan.ends, *width), np.nan)
        self.grad = np.full((plan.grad_cells, *width), np.nan) if backward else None
        self.store = Store(plan, self.data, self.grad)
        self.kernels: list[Kernel | ChainKernel | Single] = []
        self.pulls: list[Pull] = []  # of leaves
        self.leaves: list[tuple[slice, np.ndarray]] = []
        for group in plan.groups:
            pulls = [Pull(self.grad, *pull) for pull in group.pulls] if self.grad is not None else []
            if group.single:
                single = Single(group, self.store, seed)
                single.pulls = pulls
                self.kernels.append(single)
            elif group.op is None:
                cells = slice(group.start, group.start + len(group.nodes))
                recorded = graph.data[group.nodes]
                self.leaves.append((cells, recorded[:, None] if width else recorded))
                self.pulls += pulls
            else:
                kind = ChainKernel if group.length else Kernel
                self.kernels.append(kind(group, plan, self.data, self.grad))
        self.chains = [kernel for kernel in self.kernels if isinstance(kernel, ChainKernel) and whole]
        self.root = int(plan.data_cell[graph.root])

    def reset(self, new: Mapping[int, Number]) -> None:
        """Put the recorded data of all leaves back, but for those that are given new data."""
        for cells, recorded in self.leaves:
            self.data[cells] = recorded
        graph = self.plan.graph
        self.store.arrays = {
            node: array
            for node, array in graph.arrays["data"].items()
            if array is not None and not graph.op[node]
        }
        for node, value in new.items():
            if isinstance(value, np.ndarray):
                self.put_array(node, value)
            else:
                self.data[self.plan.data_cell[node]] = value

    def put(self, nodes: np.ndarray, values: Sequence[float]) -> None:
        """Give leaves that are numbers new data."""
        self.data[self.plan.data_cell[nodes]] = values

    def put_array(self, node: int, value: np.ndarray) -> None:
        """Give a leaf that is an array new data."""
        self.store.arrays[node] = value

    @np.errstate(all="ignore")
    def forward(self) -> None:
        """Compute every node from its inputs."""
        for kernel in self.kernels:
            kernel.forward()
        for chain in self.chains:
            chain.between()

    @np.errstate(all="ignore")
    def backward(self) -> None:
        """Compute the gradient of the root with respect to every node it depends on."""
        assert self.grad is not None
        if self.plan.scalar[self.plan.graph.root]:
            self.grad[self.root] = self.seed
        for kernel in reversed(self.kernels):
            kernel.backward()
        for pull in self.pulls:
            pull()

    def data_columns(self) -> tuple[np.ndarray, Arrays]:
        """The numbers of all nodes, and the arrays."""
        return self.data[self.plan.data_cell], dict(self.store.arrays)

    def grad_columns(self) -> tuple[np.ndarray, Arrays]:
        """The gradients of all nodes, and the arrays."""
        assert self.grad is not None
        return self.grad[self.plan.grad_cell], dict(self.store.gradients)

    def gradients(self, nodes: np.ndarray) -> list[Number]:
        """The gradients of some nodes that have one."""
        assert self.grad is not None
        column: list[Number] = self.grad[self.plan.grad_cell[nodes]].tolist()
        arrays = self.store.gradients
        if not arrays:
            return column
        return [arrays.get(node, number) for node, number in zip(nodes.tolist(), column, strict=True)]

    def data_of(self, node: int) -> Number:
        """The data of one node."""
        return self.store.value(node)
