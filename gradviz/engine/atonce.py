"""Calls of a layer of neurons as one block of rows, where every neuron is of the plain kind."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Mapping, Sequence
from itertools import chain
from typing import Any, NamedTuple

from gradviz.engine import squares
from gradviz.engine.current import begin, room, scopes
from gradviz.engine.dense import Block, Dense
from gradviz.engine.handle import H, Handle, at
from gradviz.engine.modules import Module, leave
from gradviz.engine.tape import CODES, CONST, Leaf, Outdated, Tape


class Plain(NamedTuple):
    """Which neurons are of the plain kind.

    Attributes:
        neuron: their class, exactly; they have weights ``w`` and a bias ``b``.
        attribute: where they say what their activation is.
        names: what is said there, and the op: elementwise, of one input, without attributes; or None.
        fits: whether parameters may be computed with at once; asked when their data is new.
    """

    neuron: type[Module]
    attribute: str
    names: Mapping[Any, str | None]
    fits: Callable[[Dense], bool] = bool


class Known:
    """A layer as it was when its parameters were entered; asked at every call whether it still is.

    Attributes:
        dense: the parameters; None where the layer must be called neuron by neuron.
        path, paths: the scope of its last call, and those of its neurons.
    """

    __slots__ = ("neurons", "w", "b", "kinds", "dense", "path", "paths")

    def __init__(self, neurons: list[Any], w: list[Any], b: list[Any], kinds: list[Any]) -> None:
        self.neurons, self.w, self.b, self.kinds = list(neurons), [list(each) for each in w], b, kinds
        self.dense: Dense | None = None
        self.path, self.paths = "", [""] * len(neurons)


def call_at_once(layer: Any, inputs: Sequence[Any], plain: Plain) -> list[Any] | None:
    """Compute ``activation(b + w[0]·x[0] + …)`` for every neuron of a layer, each in its scope.

    Args:
        layer: a module with ``neurons``.
        inputs: the Values that all of them read.
        plain: the kind that the neurons must be of.

    Returns:
        The outputs; None where it cannot be done at once, as with arrays, or parameters that were computed.
    """
    neurons, count = layer.neurons, len(inputs)
    while True:
        tape = room(len(neurons) * (3 * count + 2) + 2 * count)
        try:
            known = _known(tape, layer, count, plain)
            rows = [v._row if v._tape is tape else tape.enter(v) for v in inputs] if known else []
        except Outdated:
            begin()
        else:
            break
    if known is None or tape.arrays or CONST in [tape.op[row] for row in rows]:
        return None
    kind, outputs = type(known.b[0]), _write(tape, layer, known, rows)
    return [at(kind, tape, row) for row in outputs]


def _known(tape: Tape, layer: Any, count: int, plain: Plain) -> Known | None:
    """The layer on the tape: as entered by an earlier call, if nothing is different, or entered now."""
    neurons = layer.neurons
    if not {plain.neuron}.issuperset(map(type, neurons)):
        return None
    w, b = [neuron.w for neuron in neurons], [neuron.b for neuron in neurons]
    kinds = [getattr(neuron, plain.attribute) for neuron in neurons]
    known = tape.layers.get(id(layer))
    if not (known and neurons == known.neurons and w == known.w and b == known.b and kinds == known.kinds):
        alike = {len(each) for each in w} == {count} and len(set(kinds)) == 1 and kinds[0] in plain.names
        values = [*chain.from_iterable(w), *b]
        handles = all(issubclass(kind, Handle) for kind in set(map(type, values)))
        if not (alike and handles and {type(v._tape) for v in values} == {Leaf}):
            return None  # a computed parameter lies on this tape, and would keep it alive
        known = tape.layers[id(layer)] = Known(neurons, w, b, kinds)
        rows = tape.enter_all(values)
        dense = None if tape.arrays else Dense(tape, rows, len(neurons), plain.names[kinds[0]])
        known.dense = dense if dense and plain.fits(dense) else None
    return known if known.dense and known.dense.plan.inputs == count else None


def _write(tape: Tape, layer: Module, known: Known, inputs: list[int]) -> range:
    """Reserve the rows of a block, and write the last of every neuron; give these."""
    assert known.dense
    block = Block(known.dense, tape.n, inputs, [tape.data[row] for row in inputs])
    plan, outputs = known.dense.plan, block.outputs
    tape.op[outputs] = [CODES[plan.names[-1]]] * plan.neurons
    tape.data[outputs], tape.code[outputs] = block.results, [_CODE] * plan.neurons
    # in one call of C, as an interrupt in between would leave rows without their block
    deque(chain(map(tape.blocks.append, [block]), map(setattr, [tape], ["n"], [block.stop])), maxlen=0)
    path, site = scopes.here
    if known.path != path:
        known.path, known.paths = path, [f"{path}/{neuron._name_in(layer)}" for neuron in known.neurons]
    if tape.marks[-1][0] == block.start:
        tape.marks.pop()
    starts = range(block.start, block.stop, plan.stride)
    tape.marks.extend([(row, inner, site) for row, inner in zip(starts, known.paths, strict=True)])
    leave((path, site))
    return range(outputs.start, outputs.stop, outputs.step)


_CODE = _write.__code__


def squares_at_once(values: Sequence[H]) -> H | None:
    """Compute ``v[0]·v[0] + v[1]·v[1] + …``, and write its rows together; None where some are arrays."""
    while True:
        tape = room(3 * len(values))
        try:
            rows = tape.enter_all(values)
        except Outdated:
            begin()
        else:
            break
    data = [tape.data[row] for row in rows]
    if set(map(type, data)) != {float}:
        return None
    made = squares.Squares(tape.n, rows, data)
    squares.write(tape, made)
    if len(set(rows)) == len(rows):
        tape.squares.append(made)
    tape.n = made.stop
    return at(type(values[0]), tape, made.stop - 1)
