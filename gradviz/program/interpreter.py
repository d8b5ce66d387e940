"""One node after another, in plain Python: for graphs that are deep and narrow.

It does what the engine does when the program runs, in the same order, so that every number is the same.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

import numpy as np

from gradviz.graph.columns import Columns
from gradviz.graph.facts import CONST, Number
from gradviz.operation import Op
from gradviz.ops import OPS
from gradviz.program.plan import computed_on_columns
from gradviz.program.single import Arrays

Values = list[Any]
Rule = Callable[..., Any]
NONE = -1  # no input


class Interpreter:
    """A graph as columns of steps, one for each node that was computed.

    A step of one or two numbers has a rule, its inputs, and for each the partial, if a gradient flows there.
    Other steps have no inputs: their rule takes none, and in place of the first partial stands what their vjp
    needs.

    Args:
        graph: what to compute.
        seed: the gradient that the root starts from.
    """

    def __init__(self, graph: Columns, seed: Number) -> None:
        self.root, self.seed = int(graph.root), seed
        self.flows: list[bool] = (graph.kind != CONST).tolist()
        self.recorded: Values = graph.data.tolist()
        for node, array in graph.arrays["data"].items():
            self.recorded[node] = array
        self.with_arrays = bool(graph.arrays["data"])
        self.data: Values = []
        self.grad: Values = []
        steps = _Steps(graph, self._compute)
        self.steps = steps.node.tolist(), steps.rule.tolist(), steps.a.tolist(), steps.b.tolist()
        self.partials = steps.first.tolist(), steps.second.tolist(), steps.gate.tolist()

    def reset(self, new: Mapping[int, Number]) -> None:
        """Put the recorded data back, but for the leaves that are given new data."""
        self.data = list(self.recorded)
        for node, value in new.items():
            self.data[node] = value

    def put(self, nodes: np.ndarray, values: Sequence[float]) -> None:
        """Give leaves that are numbers new data."""
        for node, value in zip(nodes.tolist(), values, strict=True):
            self.data[node] = value

    def put_array(self, node: int, value: np.ndarray) -> None:
        """Give a leaf that is an array new data."""
        self.data[node] = value

    def forward(self) -> None:
        """Compute every node from its inputs."""
        data = self.data
        for node, rule, a, b in zip(*self.steps, strict=True):
            if b >= 0:
                data[node] = rule(data[a], data[b])
            elif a >= 0:
                data[node] = rule(data[a])
            else:
                data[node] = rule()

    @np.errstate(all="ignore")
    def backward(self) -> None:
        """Compute the gradient of the root with respect to every node it depends on."""
        data = self.data
        grad = self.grad = [None] * len(data)
        grad[self.root] = self.seed
        node_of, _, a_of, b_of = map(reversed, self.steps)
        columns = node_of, a_of, b_of, *map(reversed, self.partials)
        for node, a, b, first, second, gate in zip(*columns, strict=True):
            g = grad[node]
            if g is None:
                continue
            if a < 0:
                self._pull(node, g, *first)
                continue
            xs = (data[a], data[b], data[node]) if b >= 0 else (data[a], data[node])
            if first is not None:
                local = first(*xs)
                carried = 0.0 if gate and local == 0 else g * local
                so_far = grad[a]
                grad[a] = carried if so_far is None else so_far + carried
            if second is not None:
                local = second(*xs)
                carried = 0.0 if gate and local == 0 else g * local
                so_far = grad[b]
                grad[b] = carried if so_far is None else so_far + carried

    def _compute(self, op: Op, inputs: list[int], attrs: dict[str, Any]) -> Any:
        xs = [self.data[i] for i in inputs]
        if op.elementwise and all(type(x) is float for x in xs):
            return op.on_floats()(*xs, **{**op.attrs, **attrs})
        return op.forward(*xs, **attrs)

    def _pull(self, node: int, g: Number, op: Op, inputs: list[int], attrs: dict[str, Any]) -> None:
        grad, z = self.grad, self.data[node]
        xs = tuple(self.data[i] for i in inputs)
        if op.elementwise and type(z) is float:
            given = {**op.attrs, **attrs}
            partials = (p(*xs, z, **given) if callable(p) else p for p in op.partials_on_floats())
            pulled: Any = [d if d is None else 0.0 if op.gate and d == 0 else g * d for d in partials]
        else:
            pulled = op.vjp(g, z, xs, **attrs)
        for i, cotangent in zip(inputs, pulled, strict=True):
            if cotangent is not None and self.flows[i]:
                so_far = grad[i]
                grad[i] = cotangent if so_far is None else so_far + cotangent

    def data_columns(self) -> tuple[np.ndarray, Arrays]:
        """The numbers of all nodes, and the arrays."""
        return self._columns(self.data)

    def grad_columns(self) -> tuple[np.ndarray, Arrays]:
        """The gradients of all nodes, and the arrays."""
        return self._columns(self.grad)

    def gradients(self, nodes: np.ndarray) -> list[Number]:
        """The gradients of some nodes that have one."""
        return [self.grad[node] for node in nodes.tolist()]

    def data_of(self, node: int) -> Number:
        """The data of one node."""
        value: Number = self.data[node]
        return value

    def _columns(self, values: Values) -> tuple[np.ndarray, Arrays]:
        if not self.with_arrays:
            return np.array(values, dtype=np.float64), {}
        arrays = {node: value for node, value in enumerate(values) if isinstance(value, np.ndarray)}
        numbers = [value if type(value) is float else None for value in values]
        return np.array(numbers, dtype=np.float64), arrays


class _Steps:
    """The columns of an Interpreter."""

    def __init__(self, graph: Columns, compute: Rule) -> None:
        known = np.array([name in OPS for name in graph.op_names], dtype=bool)
        self.node = np.flatnonzero(known[graph.op])
        code, start = graph.op[self.node], graph.input_start[self.node]
        width = graph.input_start[self.node + 1] - start
        simple = computed_on_columns(graph)[self.node] & (width <= 2)
        ops = [OPS.get(name) for name in graph.op_names]
        input = np.concatenate([graph.input, [NONE, NONE]])
        self.a = np.where(simple, input[start], NONE)
        self.b = np.where(simple & (width == 2), input[start + 1], NONE)
        self.rule = _objects([op and _with(op.on_floats(), op.attrs) for op in ops])[code]
        self.first, self.second = (_objects([_partial(op, slot) for op in ops])[code] for slot in (0, 1))
        self.gate = np.array([op is not None and op.gate for op in ops], dtype=bool)[code]
        flows = np.append(graph.kind != CONST, False)  # the last for what has no input
        self.first[~flows[self.a]] = None
        self.second[~flows[self.b]] = None
        for step in np.flatnonzero(~simple).tolist():
            op, xs = ops[code[step]], graph.input[start[step] : start[step] + width[step]].tolist()
            attrs = graph.attrs.get(int(self.node[step]), {})
            self.rule[step], self.first[step] = partial(compute, op, xs, attrs), (op, xs, attrs)
        self._use_attrs(graph, simple)

    def _use_attrs(self, graph: Columns, simple: np.ndarray) -> None:
        for node, attrs in graph.attrs.items():
            step = int(np.searchsorted(self.node, node))
            if step < len(self.node) and self.node[step] == node and simple[step]:
                for column in (self.rule, self.first, self.second):
                    column[step] = _with(column[step], attrs)


def _with(rule: Rule | None, attrs: Mapping[str, Any]) -> Rule | None:
    return partial(rule, **attrs) if rule and attrs else rule


def _partial(op: Op | None, slot: int) -> Rule | None:
    """The partial derivative to one slot, as a rule."""
    found = op.partials_on_floats() if op else ()
    rule = found[slot] if op and slot < len(found) else None
    if rule is None or callable(rule):
        return _with(rule, op.attrs if op else {})
    return lambda *_, **__: rule


def _objects(values: list[Any]) -> np.ndarray:
    column = np.empty(len(values), dtype=object)
    column[:] = values
    return column
