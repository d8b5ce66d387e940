"""The labels of all nodes at once: what ``labels.label_of`` says of each, column by column.

How long each label would be is computed first: most are longer than a name may be. Only the others are
written.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, TypeAlias

import numpy as np

from gradviz.graph.facts import CONST
from gradviz.graph.labels import ATOM, DEEPEST, LONGEST, UNARY, bound_at
from gradviz.numbers import short
from gradviz.operation import Op
from gradviz.ops import OPS

if TYPE_CHECKING:
    from gradviz.graph import Graph

MANY = 1_000  # labels that are quick to write one by one
DEARER = 8  # how much more time a label takes by itself

_Made: TypeAlias = tuple[Op, np.ndarray, np.ndarray]  # an op, the nodes it made, what these read by slot
_PLACE = re.compile(r"\{(\d)\}")
_TENS = 10 ** np.arange(1, 19)


class _Depth:
    """Expressions of up to so many ops: per node how long, how tightly bound, whether one fits, and whether
    what stands there has no node's number.
    """

    def __init__(self, length: np.ndarray, precedence: np.ndarray, whole: np.ndarray) -> None:
        self.length, self.precedence, self.whole = length.copy(), precedence.copy(), whole.copy()
        self.fits = np.zeros(len(length), dtype=bool)


def labeller(graph: Graph, count: int) -> Callable[[int], str]:
    """Give what says the labels of ``count`` nodes: from all of them, written at once, if these are many."""
    return labels_of(graph).__getitem__ if count > max(MANY, len(graph) // DEARER) else graph.label


def labels_of(graph: Graph) -> list[str]:
    """Give every node's label, in the order of nodes."""
    numbers, ops = _Numbers(graph), _ops_of(graph)
    depths = _measured(graph, numbers, ops)
    wanted, bare = [depths[-1].fits], ~depths[-1].fits
    for depth in depths[-2::-1]:
        read = np.zeros(len(graph), dtype=bool)
        read[graph.input[wanted[0][graph.consumer]]] = True
        wanted.insert(0, read & depth.fits)
        bare |= read & ~depth.fits
    texts = plain = _plain(graph, numbers, np.flatnonzero(bare))
    for below, write in zip(depths, wanted[1:], strict=False):
        before, texts = texts, plain.copy()
        for op, nodes, inputs in ops:
            here = write[nodes]
            _write(op, nodes[here], inputs[:, here], below, before, texts)
    labels: list[str] = texts.tolist()
    whole = depths[-1].whole
    for node in graph.expressions.nodes():
        if graph.expressions.names_alone(node) or not whole[node]:
            labels[node] = graph.expressions.of(node)
    return labels


def fitting(graph: Graph) -> list[bytes]:
    """For expressions of 0, 1, … ``DEEPEST`` ops at most, per node 1 if it is called by one, else 0."""
    return [depth.fits.tobytes() for depth in _measured(graph, _Numbers(graph), _ops_of(graph))]


def _measured(graph: Graph, numbers: _Numbers, ops: list[_Made]) -> list[_Depth]:
    """How long the expressions of all nodes are, depth by depth."""
    depths = [_Depth(*_plain_lengths(graph, numbers))]
    for _ in range(DEEPEST):
        depths.append(_Depth(depths[0].length, depths[0].precedence, depths[0].whole))
        for op, nodes, inputs in ops:
            _measure(op, nodes, inputs, *depths[-2:])
    return depths


def _ops_of(graph: Graph) -> list[_Made]:
    """The ops that have a source form, and the nodes without a name that they made."""
    named = np.zeros(len(graph), dtype=bool)
    named[list(graph.names)] = True
    made = []
    for code in np.flatnonzero(np.bincount(graph.op)).tolist():
        if (op := OPS.get(graph.op_names[code])) and op.arity:
            nodes = np.flatnonzero((graph.op == code) & ~named)
            made.append((op, nodes, graph.input[graph.input_start[nodes] + np.arange(op.arity)[:, None]]))
    return made


class _Numbers:
    """The constants that are called by their number: which nodes, the texts, and per node which of them."""

    def __init__(self, graph: Graph) -> None:
        known = np.array([name in OPS for name in graph.op_names], dtype=bool)[graph.op]
        constant = (graph.kind == CONST) & ~known
        constant[list(graph.arrays["data"])] = False
        self.nodes = np.flatnonzero(constant)
        bits = graph.data[self.nodes].view(np.int64)  # tells -0 from 0
        bits, self.which = np.unique(bits, return_inverse=True)
        self.texts = [short(x) for x in bits.view(np.float64).tolist()]


def _plain_lengths(graph: Graph, numbers: _Numbers) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """How long the texts of ``_plain`` are, how tightly bound, and which are no node's number."""
    length = (2 + np.searchsorted(_TENS, np.arange(len(graph)), side="right")).astype(np.int8)
    precedence = np.full(len(graph), ATOM, dtype=np.int8)
    length[numbers.nodes] = np.array([len(text) for text in numbers.texts], dtype=np.int8)[numbers.which]
    negative = np.array([text.startswith("-") for text in numbers.texts], dtype=bool)[numbers.which]
    precedence[numbers.nodes[negative]] = UNARY
    named = list(graph.names)
    length[named] = [min(len(name), LONGEST + 1) for name in graph.names.values()]
    precedence[named] = ATOM
    whole = np.zeros(len(graph), dtype=bool)
    whole[numbers.nodes] = whole[named] = True
    return length, precedence, whole


def _plain(graph: Graph, numbers: _Numbers, wanted: np.ndarray) -> np.ndarray:
    """What some nodes are called without their expressions; an array of texts."""
    texts = np.full(len(graph), "", dtype=object)
    texts[wanted] = ("n%d " * len(wanted) % (*wanted.tolist(),)).split()
    texts[numbers.nodes] = np.array(numbers.texts, dtype=object)[numbers.which]
    texts[list(graph.names)] = list(graph.names.values())
    return texts


def _bracketed(op: Op, slot: int, precedence: np.ndarray) -> np.ndarray:
    return np.asarray(precedence < bound_at(op.precedence, slot))


def _measure(op: Op, nodes: np.ndarray, inputs: np.ndarray, below: _Depth, depth: _Depth) -> None:
    """How long the expressions of one op's nodes are, their inputs being written as ``below`` says."""
    lengths = below.length[inputs]
    total = len(_PLACE.sub("", op.code)) + lengths.sum(axis=0, dtype=np.int16)
    for slot, row in enumerate(inputs):
        total += _bracketed(op, slot, below.precedence[row]) * np.int16(2)
    fits = (total <= LONGEST) & (lengths <= LONGEST).all(axis=0)
    fitting = nodes[fits]
    depth.fits[fitting] = True
    depth.length[fitting] = total[fits]
    depth.precedence[fitting] = op.precedence
    depth.whole[fitting] = below.whole[inputs].all(axis=0)[fits]


def _write(
    op: Op, nodes: np.ndarray, inputs: np.ndarray, below: _Depth, before: np.ndarray, texts: np.ndarray
) -> None:
    """Write the expressions of one op's nodes; those that need the same brackets in one go."""
    pattern = np.zeros(len(nodes), dtype=np.int64)
    for slot, row in enumerate(inputs):
        pattern |= _bracketed(op, slot, below.precedence[row]).astype(np.int64) << slot
    for bits in np.flatnonzero(np.bincount(pattern)).tolist():
        same = pattern == bits
        rows = before[inputs[:, same]].tolist()
        texts[nodes[same]] = [*_expressions(op, bits, rows)]


def _expressions(op: Op, bits: int, rows: list[list[str]]) -> Iterable[str]:
    """The op's source form, filled in; the slots that ``bits`` says stand in brackets."""
    code = _PLACE.sub(lambda place: f"({place[0]})" if bits >> int(place[1]) & 1 else place[0], op.code)
    if len(rows) != 2:
        return map(code.format, *rows)
    head, _, middle, _, tail = _PLACE.split(code)  # most nodes have two inputs, and joining is faster
    return [f"{head}{a}{middle}{b}{tail}" for a, b in zip(*rows, strict=True)]
