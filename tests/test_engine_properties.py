"""Laws of the engine on random programs: PyTorch's numbers, sums to the last bit, one answer on any tape."""

from __future__ import annotations

import json
import math
from typing import Any

import networkx as nx
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from programs import (
    EXAMPLES,
    Program,
    brief,
    comparable_programs,
    in_torch,
    programs,
    scalar_programs,
    thorough,
)

from gradviz import Graph, Value, record
from gradviz.engine import current
from gradviz.graph import KINDS
from gradviz.numbers import dumps
from gradviz.ops import OPS
from gradviz.recorders.value import freeze

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


# 1 − z² and z·(1 − z) are differences of nearly equal numbers where z is saturated: what is left of a slope
# has the rounding of 1 in it, which at a bound of 1e-8 makes slopes below this one incomparable.
SATURATING = ("tanh", "sigmoid", "gelu_tanh", "mish", "silu")
CANCELLED = 1e-7


def abs_sweep(graph: Graph) -> list[Any]:
    """Per node Σ |local|·scale of its consumers: the size of the numbers that its gradient is a sum of."""
    scale: list[Any] = [np.zeros(node.shape) for node in graph.nodes()]
    scale[graph.root] = np.ones(graph.node(graph.root).shape)
    for node in range(len(graph) - 1, -1, -1):
        op, inputs = OPS.get(graph.op_of(node)), [int(graph.input[e]) for e in graph.inputs_of(node)]
        if op is None:
            continue
        xs, z, attrs, g = (
            tuple(map(graph.data_of, inputs)),
            graph.data_of(node),
            graph.attrs.get(node, {}),
            scale[node],
        )
        if op.elementwise:
            locals_ = (op.local(slot, xs, z, **attrs) for slot in range(len(xs)))
            least = CANCELLED if op.name in SATURATING else 0.0
            pulled: Any = [np.maximum(np.abs(d), least) * g for d in locals_]
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


worst: list[float] = []  # scaled errors of all programs


@pytest.mark.torch
@given(comparable_programs)
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
    frozen = freeze(loss)
    graph, node_of = frozen.graph, lambda leaf: frozen.leaves[leaf._tape]
    if not is_tame(graph):
        return
    for mine, theirs in zip(results, told, strict=True):
        np.testing.assert_allclose(mine.data, theirs.detach().numpy(), rtol=1e-9, atol=1e-9)
    scale = None
    for leaf, tensor in zip(leaves, tensors, strict=True):
        assert (leaf.grad is None) == (tensor.grad is None)
        if leaf.grad is None:
            continue
        expected_grad = tensor.grad.numpy()
        assert np.shape(leaf.grad) == expected_grad.shape
        error = 0.0
        if not np.array_equal(leaf.grad, expected_grad):
            scale = scale or abs_sweep(graph)
            error = float(np.max(np.abs(leaf.grad - expected_grad) / (np.abs(scale[node_of(leaf)]) + 1e-9)))
        worst.append(error)
        assert error < 1e-8


@pytest.mark.torch
def test_programs_are_mostly_exact() -> None:
    """Runs after the programs: nearly all gradients agree to far better than the bound above."""
    if len(worst) > 1000:
        assert float(np.quantile(worst, 0.99)) < 1e-12


# -- every gradient is the sum of what came back, to the last bit


def sums(graph: Graph) -> list[Any]:
    """What came back to each node, one by one: later consumers first, slots in order; the prior last."""
    out: list[Any] = [None] * len(graph)
    edges = sorted(range(graph.edge_count), key=lambda e: (-graph.consumer[e], e))
    for e in edges:
        if graph.has_cotangent[e]:
            node, cotangent = graph.input[e], graph.cotangent_of(e)
            out[node] = cotangent if out[node] is None else out[node] + cotangent
    return [
        None if x is None else x if np.all(graph.prior_of(i) == 0) else graph.prior_of(i) + x
        for i, x in enumerate(out)
    ]


def check_laws(graph: Graph) -> None:
    assert graph.validate() == []
    for node, came_back in enumerate(sums(graph)):
        if node != graph.root and came_back is not None:
            assert np.array_equal(graph.grad_of(node), came_back, equal_nan=True), graph.label(node)
        if graph.kind[node] == KINDS.index("const"):
            assert graph.grad_of(node) is None and graph.state_of(node) == "not asked"


@given(programs)
@np.errstate(all="ignore")
@settings(thorough, max_examples=max(1, EXAMPLES // 3))
def test_gradients_are_sums_to_the_last_bit(program: Program) -> None:
    leaves, results = program.gradviz()
    if not results:
        return
    loss = total(results)
    assert record(loss).validate() == []  # before backward, too
    loss.backward()
    check_laws(record(loss))
    first = [leaf.grad for leaf in leaves]
    inner = [r.grad for r in results]
    loss.backward()  # leaves accumulate, values in between do not
    check_laws(record(loss))
    for leaf, before in zip(leaves, first, strict=True):
        assert before is None or np.array_equal(leaf.grad, before + before, equal_nan=True)
    for result, before in zip(results, inner, strict=True):
        assert (result.grad is None) == (before is None)
        assert before is None or np.array_equal(result.grad, before, equal_nan=True)


@given(programs, st.data())
@np.errstate(all="ignore")
@brief
def test_several_roots_and_partial_passes(program: Program, data: st.DataObject) -> None:
    leaves, results = program.gradviz()
    if not results:
        return
    held: list[Any] = [None] * len(leaves)
    for _ in range(3):
        at = data.draw(st.integers(0, len(results) - 1))
        alone, roots = program.gradviz()
        for found in (results, roots):
            root = found[at] if found[at].shape == () else found[at].sum()
            root.backward()
            check_laws(record(root))
        for k, leaf in enumerate(alone):
            if leaf.grad is not None:
                held[k] = leaf.grad if held[k] is None else held[k] + leaf.grad
        for leaf, expected in zip(leaves, held, strict=True):
            assert (leaf.grad is None) == (expected is None)
            assert expected is None or np.array_equal(leaf.grad, expected, equal_nan=True)


def test_products_of_transposed_arrays_are_the_same_in_the_engine_and_in_its_graph() -> None:
    """Matrix products differ in the last bit by how their factors lie in memory."""
    rng = np.random.default_rng(0)
    for _ in range(200):
        doubled = Value(rng.uniform(-2, 2, (2, 3)))
        doubled = (doubled + doubled).T
        product = Value(rng.uniform(-2, 2, 3)) @ (doubled + doubled)
        root = product.sum() + (product + product).sum()
        root.backward()
        check_laws(record(root))


# -- one answer, whatever the tapes


@pytest.mark.parametrize("rows", [4, 8, 64])
@given(program=programs)
@np.errstate(all="ignore")
@brief
def test_many_tapes_one_answer(rows: int, program: Program) -> None:
    answers = []
    for largest in (current.LARGEST, rows):
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(current, "LARGEST", largest)
            patch.setattr(current, "SMALLEST", min(current.SMALLEST, largest))
            current.begin()
            _, results = program.gradviz()
            if not results:
                return
            loss = sum(r.sum() for r in results)  # of all: a leaf's number is that of its first use
            loss.backward()
            results[0].sum().backward()
            loss.backward(2.0)
            graph = record(loss)
        check_laws(graph)
        answers.append(bits(graph))
    assert answers[0] == answers[1]


@given(scalar_programs())
@brief
def test_a_copy_is_a_program_of_its_own(program: Program) -> None:
    import copy

    leaves, results = program.gradviz()
    if not results:
        return
    loss = total(results)
    leaves_too, loss_too = copy.deepcopy((leaves, loss))
    loss.backward()
    assert all(leaf.grad is None for leaf in leaves_too)
    loss_too.backward()
    assert bits(record(loss)) == bits(record(loss_too))
    loss.backward()
    assert bits(record(copy.deepcopy(loss))) == bits(record(loss))


@given(programs, st.floats(-4, 4))
@brief
def test_linear_in_the_seed(program: Program, seed: float) -> None:
    _, results = program.gradviz()
    if not results:
        return
    leaves, results = program.gradviz()
    total(results).backward()
    if not is_tame(record(total(results))):
        return
    scaled, results = program.gradviz()
    total(results).backward(seed)
    for one, other in zip(leaves, scaled, strict=True):
        if one.grad is not None:
            size = np.max(np.abs(one.grad)) + 1
            np.testing.assert_allclose(other.grad, seed * one.grad, rtol=1e-9, atol=1e-6 * size)


# -- export


@given(programs)
@np.errstate(all="ignore")
@brief
def test_networkx_keeps_the_facts(program: Program) -> None:
    _, results = program.gradviz()
    if not results:
        return
    loss = total(results)
    loss.backward()
    graph = record(loss)
    out = graph.to_networkx()
    assert nx.is_directed_acyclic_graph(out)
    assert list(out) == list(range(len(graph))) and out.number_of_edges() == graph.edge_count
    for e in graph.edges():
        attributes = out.edges[e.source, e.target, e.slot]
        if isinstance(e.cotangent, float):
            assert attributes["cotangent"] == e.cotangent or math.isnan(e.cotangent)
        assert ("cotangent" in attributes) == (e.cotangent is not None)
    for node in graph.nodes():
        facts = out.nodes[node.id]
        assert (facts["op"], facts["kind"], facts["state"]) == (node.op, node.kind, node.state)
        assert ("grad" in facts) == (node.grad is not None)
        if isinstance(node.data, float):
            assert facts["data"] == node.data or math.isnan(node.data)
    json.loads(dumps(nx.node_link_data(out, edges="edges")))
