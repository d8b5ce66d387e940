"""Laws of the engine on random programs: PyTorch's numbers, sums to the last bit, one answer on any tape."""

from __future__ import annotations

import json
import math
from typing import Any

import networkx as nx
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from programs import Program, brief, in_torch, programs, scalar_programs, thorough

from gradviz import Graph, Value, record
from gradviz.engine import tape as tapes
from gradviz.graph import KINDS
from gradviz.numbers import dumps
from gradviz.ops import OPS

LARGE = 1e8  # where numbers are larger, two libraries may differ by more than a test can tell


def total(results: list[Any]) -> Any:
    """One number that depends on the last results."""
    return sum((r if r.shape == () else r.sum()) for r in results[-2:])


def bits(graph: Graph) -> str:
    """Everything a graph holds but where it came from, to the last bit."""
    columns = {key: getattr(graph, key) for key in ("op", "kind", "input_start", "input", "has_grad")}
    numbers = {key: getattr(graph, key).view(np.int64) for key in ("data", "grad", "prior")}
    arrays = {
        key: {node: [a.shape, np.ascontiguousarray(a).view(np.int64).ravel()] for node, a in found.items()}
        for key, found in graph.arrays.items()
    }
    return dumps({**columns, **numbers, "arrays": arrays, "names": graph.names, "root": graph.root})


def abs_sweep(graph: Graph) -> list[Any]:
    """Per node Σ |local|·scale of its consumers: how large the numbers are that its gradient is the sum of."""
    scale: list[Any] = [np.zeros(node.shape) for node in graph.nodes()]
    scale[graph.root] = np.ones(graph.node(graph.root).shape)
    for node in range(len(graph) - 1, -1, -1):
        op, inputs = OPS.get(graph.op_of(node)), [int(graph.input[e]) for e in graph.inputs_of(node)]
        if op is None:
            continue
        xs, z, attrs, g = tuple(map(graph.data_of, inputs)), graph.data_of(node), graph.attrs.get(node, {}), scale[node]
        if op.elementwise:
            locals_ = (op.local(slot, xs, z, **attrs) for slot in range(len(xs)))
            pulled: Any = [np.abs(d) * g for d in locals_]
            pulled = [_fit(p, np.shape(x)) for p, x in zip(pulled, xs, strict=True)]
        elif op.name in ("softmax", "log_softmax"):
            share = z if op.name == "softmax" else np.exp(z)
            pulled = [(share if op.name == "softmax" else 1) * g + share * np.sum(g, axis=-1, keepdims=True)]
        elif op.name in ("matmul", "prod"):
            pulled = op.vjp(g, z, tuple(map(np.abs, xs)), **attrs)
        else:
            pulled = op.vjp(g, z, xs, **attrs)
        for i, p in zip(inputs, pulled, strict=True):
            scale[i] = scale[i] + p
    return scale


def _fit(a: Any, shape: tuple[int, ...]) -> Any:
    from gradviz.arithmetic import unbroadcast

    return unbroadcast(a, shape)


def is_tame(graph: Graph) -> bool:
    """Whether all numbers are finite, and of a size at which libraries can be compared."""
    found = [f(i) for i in range(len(graph)) for f in (graph.data_of, graph.grad_of)]
    return all(x is None or np.max(np.abs(x)) < LARGE for x in found)


worst: list[float] = []


@pytest.mark.torch
@given(programs)
@thorough
def test_programs_as_pytorch(program: Program) -> None:
    import torch

    leaves, results = program.gradviz()
    if not results:
        return
    loss = total(results)
    loss.backward()
    tensors, told = program.run(
        in_torch(), lambda x: torch.tensor(x, dtype=torch.float64, requires_grad=True)
    )
    expected = total(told)
    if expected.requires_grad:
        expected.backward()
    graph = record(loss)
    if not is_tame(graph):
        return
    for mine, theirs in zip(results, told, strict=True):
        np.testing.assert_allclose(mine.data, theirs.detach().numpy(), rtol=1e-9, atol=1e-9)
    names = {f"leaf{k}": leaf for k, leaf in enumerate(leaves)}
    scale = dict(enumerate(abs_sweep(record(loss, names))))
    found = {name: node for node, name in record(loss, names).names.items()}
    for name, leaf, tensor in zip(names, leaves, tensors, strict=True):
        assert (leaf.grad is None) == (tensor.grad is None)
        if leaf.grad is not None:
            assert np.shape(leaf.grad) == tuple(tensor.grad.shape)
            error = np.abs(leaf.grad - tensor.grad.numpy()) / (np.abs(scale[found[name]]) + 1e-9)
            worst.append(float(np.max(error)))
            assert worst[-1] < 1e-8


@pytest.mark.torch
def test_programs_are_mostly_exact() -> None:
    """Runs after the programs: nearly all gradients agree to far better than the bound above."""
    if len(worst) > 1000:
        assert float(np.quantile(worst, 0.99)) < 1e-12
