"""A layer of neurons, computed at once on the way forward and on the way back.

Neuron by neuron, a layer of m neurons that read k inputs is the rows ``w[0]·x[0]``, ``b + it``,
``w[1]·x[1]``, ``it + it``, …, ``activation(it)``. A *block* stands for these very rows, with these very
numbers. It reserves them on the tape and computes them as arrays; of each neuron only the last row is
written. The others wait until somebody wants to see them, which a training loop never does; then ``settle``
writes them.
"""

from __future__ import annotations

from functools import cache
from itertools import chain
from operator import add
from typing import TYPE_CHECKING, Any

import numpy as np

from gradviz.ops import OPS

if TYPE_CHECKING:
    from gradviz.engine.tape import Tape

_FLOATS = {float}


class Plan:
    """What all blocks of one shape have in common.

    Attributes:
        neurons, inputs: the shape, m and k.
        stride: rows of a neuron.
        forward: the activation, on floats; None for none.
        partial, gate: its derivative, a rule of the input and the result, and whether it is a gate.
        names: the names of a neuron's ops, row by row.
    """

    def __init__(self, neurons: int, inputs: int, activation: str | None) -> None:
        self.neurons, self.inputs = neurons, inputs
        self.names = ["mul", "add"] * inputs + ([activation] if activation else [])
        self.stride = len(self.names)
        self.forward: Any = None
        if activation:
            op = OPS[activation]
            assert op.partials
            self.forward, self.partial, self.gate = op.on_floats(), op.partials_on_floats()[0], op.gate


make_plan = cache(Plan)


class Dense:
    """The parameters of a layer on one tape.

    Attributes:
        plan: the shape of the layer's blocks.
        rows: those of the weights, neuron by neuron, then those of the biases.
        weights, biases: their data, of shapes (m, k) and (m,).
    """

    def __init__(self, tape: Tape, rows: list[int], neurons: int, activation: str | None) -> None:
        self.plan = make_plan(neurons, len(rows) // neurons - 1, activation)
        self.rows, self.first, self.last = rows, min(rows), max(rows)
        self.in_line = rows == list(range(self.first, self.last + 1))
        data = np.array([tape.data[row] for row in rows])
        self.weights, self.biases = data[:-neurons].reshape(neurons, -1), data[-neurons:]

    def forward(self, x: np.ndarray) -> np.ndarray:
        """The running sums of all neurons, of shape (…, m, k + 1), for inputs of shape (…, k).

        They are taken from the left, as one operator after the other does.
        """
        plan = self.plan
        sums = np.empty((*x.shape[:-1], plan.neurons, plan.inputs + 1))
        sums[..., 0] = self.biases
        np.multiply(self.weights, x[..., None, :], out=sums[..., 1:])
        return np.add.accumulate(sums, axis=-1, out=sums)


class Block:
    """The rows that one call of a layer stands for.

    Attributes:
        layer: the parameters.
        start, stop: its rows.
        inputs, x: the rows that it reads, and their data.
        outputs: the rows of the neurons' outputs.
        totals, results: per neuron, the data before and after the activation.
        settled: whether the inner rows are written.
        grads: per neuron, ∂root/∂total of the last pass that has come here; None before.
    """

    __slots__ = ("layer", "start", "stop", "inputs", "x", "outputs", "totals", "results", "settled", "grads")

    def __init__(self, layer: Dense, start: int, inputs: list[int], x: list[float]) -> None:
        plan = layer.plan
        self.layer, self.start, self.stop = layer, start, start + plan.neurons * plan.stride
        self.inputs, self.x = inputs, np.array(x)
        with np.errstate(all="ignore"):
            self.totals = layer.forward(self.x)[:, -1].tolist()
        self.results = [plan.forward(total) for total in self.totals] if plan.forward else self.totals
        self.outputs = slice(start + plan.stride - 1, self.stop, plan.stride)
        self.settled, self.grads = False, None

    @property
    def simple(self) -> bool:
        """Whether inputs and parameters are all different rows, so that gradients do not mix."""
        layer, inputs = self.layer, self.inputs
        apart = min(inputs) > layer.last or max(inputs) < layer.first
        return layer.in_line and apart and len(set(inputs)) == len(inputs)

    def pull(self, grads: list[Any]) -> list[float] | None:
        """Pull the gradient through all rows, as one by one from the last would; inner rows are left out.

        Gives the gradients of the neurons' sums, none if nothing has come to the block. Gives None, having
        done nothing, where the rows are not alone: some outputs have no gradient, inner rows are read from
        outside, or something is an array.
        """
        layer, plan, inner = self.layer, self.layer.plan, self.stop - self.start
        blanks = grads[self.start : self.stop].count(None)
        if blanks == inner:
            return []
        outputs, so_far = grads[self.outputs], [grads[row] for row in self.inputs]
        before = len(so_far) - so_far.count(None)
        floats = _FLOATS.issuperset(map(type, outputs)) and (not before or set(map(type, so_far)) == _FLOATS)
        if blanks != inner - plan.neurons or not floats or not self.simple:
            return None
        totals = self._through_activation(outputs)
        g = np.array(totals)[:, None]
        with np.errstate(all="ignore"):
            to_weights = (g * self.x).ravel().tolist()
            to_inputs = (g * layer.weights)[::-1]  # the last neuron's contribution comes first
            if before:
                to_inputs = np.concatenate([np.array(so_far)[None], to_inputs])
            to_inputs = np.add.accumulate(to_inputs, axis=0)[-1].tolist()
        for row, total in zip(self.inputs, to_inputs, strict=True):
            grads[row] = total
        _add_to(grads, slice(layer.first, layer.last + 1), to_weights + totals)
        return totals

    def _through_activation(self, outputs: list[float]) -> list[float]:
        """The gradients of the neurons' sums from those of their outputs."""
        plan = self.layer.plan
        if not plan.forward:
            return outputs
        partial: Any = plan.partial
        if callable(partial):
            slopes = [partial(x, z) for x, z in zip(self.totals, self.results, strict=True)]
        else:
            slopes = [partial or 0.0] * len(outputs)
        return [g * s if s or not plan.gate else 0.0 for g, s in zip(outputs, slopes, strict=True)]

    def fill(self, grads: list[Any], totals: list[float]) -> None:
        """Write the gradients of the inner rows."""
        outputs = grads[self.outputs]
        stride = self.layer.plan.stride
        grads[self.start : self.stop] = chain.from_iterable([[g] * stride for g in totals])
        grads[self.outputs] = outputs


def _add_to(grads: list[Any], rows: slice, more: list[float]) -> None:
    so_far = grads[rows]
    if None in so_far:
        grads[rows] = [m if s is None else s + m for s, m in zip(so_far, more, strict=True)]
    else:
        grads[rows] = map(add, so_far, more)
