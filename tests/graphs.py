"""Graphs made by hand, as programs of some shape would leave them."""

from __future__ import annotations

import numpy as np

from gradviz.graph import CONST, INPUT, OP, PARAM, Graph, Span


class Builder:
    """Makes graphs value by value, with scopes and lines as a program would leave them."""

    def __init__(self) -> None:
        self.rows: list[tuple[str, int, list[int], str, int, str]] = []

    def leaf(self, kind: int = INPUT, scope: str = "", line: int = 1, name: str = "") -> int:
        self.rows.append(("", kind, [], scope, line, name))
        return len(self.rows) - 1

    def op(self, op: str, inputs: list[int], scope: str = "", line: int = 1, name: str = "") -> int:
        self.rows.append((op, OP, inputs, scope, line, name))
        return len(self.rows) - 1

    def graph(self) -> Graph:
        ops, kinds, inputs, scopes, lines, names = zip(*self.rows, strict=True)
        n, rng = len(self.rows), np.random.default_rng(0)
        op_names, scope_names, line_numbers = (
            list(dict.fromkeys(c)) for c in (["", *ops], ["", *scopes], lines)
        )
        return Graph(
            op_names=op_names,
            op=[op_names.index(op) for op in ops],
            kind=kinds,
            input_start=np.concatenate(([0], np.cumsum([len(row) for row in inputs]))),
            input=[i for row in inputs for i in row],
            data=rng.normal(size=n),
            grad=rng.normal(size=n),
            has_grad=np.array(kinds) != CONST,
            scopes=scope_names,
            scope=[scope_names.index(scope) for scope in scopes],
            spans=[Span("train.py", line) for line in line_numbers],
            source=[line_numbers.index(line) for line in lines],
            names={i: name for i, name in enumerate(names) if name},
        )


def mlp(samples: int, sizes: tuple[int, ...] = (2, 16, 16, 1)) -> Graph:
    """A multi-layer perceptron of single numbers with its loss, as the engine records it."""
    made = Builder()
    layers = list(enumerate(zip(sizes, sizes[1:], strict=False)))
    params: dict[str, list[int]] = {}
    outputs = []
    for _ in range(samples):
        values = [made.leaf(line=30) for _ in range(sizes[0])]
        for k, (_, wide) in layers:
            scopes = [f"MLP/layers[{k}]/neurons[{j}]" for j in range(wide)]
            for scope in scopes:
                if scope not in params:
                    params[scope] = [made.leaf(PARAM, scope, 10) for _ in range(len(values) + 1)]
            values = [neuron(made, params[scope], values, scope) for scope in scopes]
        outputs += values
    losses = [
        made.op("relu", [made.op("sub", [made.leaf(CONST, line=34), o], line=34)], line=34) for o in outputs
    ]
    total = losses[0]
    for loss in losses[1:]:
        total = made.op("add", [total, loss], line=36)
    made.op("mul", [total, made.leaf(CONST, line=37)], line=37, name="loss")
    return made.graph()


def neuron(made: Builder, weights: list[int], inputs: list[int], scope: str) -> int:
    total = weights[-1]
    for weight, x in zip(weights, inputs, strict=False):
        total = made.op("add", [total, made.op("mul", [weight, x], scope, 20)], scope, 20)
    return made.op("relu", [total], scope, 21)


def chain(length: int, scope_of: str = "") -> Graph:
    made = Builder()
    value = made.leaf(PARAM)
    for _ in range(length - 1):
        value = made.op("tanh", [value], scope_of, line=5)
    return made.graph()
