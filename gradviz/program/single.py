"""One node that is computed by itself: an array, or a number that is made from arrays."""

from __future__ import annotations

from functools import reduce
from operator import add
from typing import Any

import numpy as np

from gradviz.graph.facts import Number
from gradviz.program.plan import Group, Plan

Arrays = dict[int, np.ndarray]


class Store:
    """Where values stand: numbers in columns, arrays by node; cotangents that are arrays by edge."""

    def __init__(self, plan: Plan, data: np.ndarray, grad: np.ndarray | None) -> None:
        self.plan, self.data, self.grad = plan, data, grad
        self.arrays: Arrays = {}
        self.gradients: Arrays = {}
        self.cotangents: Arrays = {}

    def value(self, node: int) -> Number:
        """The data of a node."""
        return float(self.data[self.plan.data_cell[node]]) if self.plan.scalar[node] else self.arrays[node]


class Single:
    """The node of a group of one."""

    def __init__(self, group: Group, store: Store, seed: Number) -> None:
        plan, node = store.plan, int(group.nodes[0])
        graph = plan.graph
        self.op, self.attrs, self.node, self.store = group.op, group.attrs, node, store
        self.edges = np.arange(graph.input_start[node], graph.input_start[node + 1]).tolist()
        self.inputs = graph.input[self.edges].tolist() if self.edges else []
        self.scalar, self.has_grad = bool(plan.scalar[node]), bool(plan.has_grad[node])
        self.cell = int(plan.data_cell[node])
        self.flows = plan.flows[self.edges].tolist() if self.edges else []
        self.seed = seed if node == graph.root else None
        out = graph.consumers_of(node)
        self.pulled = out[np.argsort(-graph.consumer[out], kind="stable")]
        self.pulled = self.pulled[plan.flows[self.pulled]].tolist()
        self.pulls: list[Any] = []

    def forward(self) -> None:
        """Compute the node; a leaf is there already."""
        store = self.store
        if self.op is None:
            return
        z = self.op.forward(*(store.value(i) for i in self.inputs), **self.attrs)
        if self.scalar:
            store.data[self.cell] = z
        else:
            store.arrays[self.node] = z

    def backward(self) -> None:
        """Sum up the node's gradient, and compute the cotangents of the edges it reads."""
        store = self.store
        if not self.has_grad or store.grad is None:
            return
        g: Number
        if self.scalar:
            for pull in self.pulls:
                pull()
            g = float(store.grad[self.cell])
        else:
            parts = [store.cotangents[edge] for edge in self.pulled]
            g = store.gradients[self.node] = (
                reduce(add, parts) if self.seed is None else np.asarray(self.seed)
            )
        if self.op is None:
            return
        xs = tuple(store.value(i) for i in self.inputs)
        cotangents = self.op.vjp(g, store.value(self.node), xs, **self.attrs)
        for edge, i, flows, cotangent in zip(self.edges, self.inputs, self.flows, cotangents, strict=True):
            if not flows:
                continue
            if store.plan.scalar[i]:
                store.grad[store.plan.edge_cell[edge]] = cotangent
            else:
                store.cotangents[edge] = cotangent
