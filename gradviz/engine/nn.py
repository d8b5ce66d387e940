"""Neural networks: of single numbers, neuron by neuron (``MLP``), and of arrays (``Linear``)."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from gradviz.engine.atonce import Plain, call_at_once
from gradviz.engine.current import scopes
from gradviz.engine.data import Seed, generator
from gradviz.engine.modules import Module
from gradviz.engine.tape import Leaf
from gradviz.engine.value import Parameter, Value
from gradviz.errors import GradvizError, ShapeError
from gradviz.ops import OPS

__all__ = ["ACTIVATIONS", "INITS", "MLP", "Layer", "Linear", "Module", "Neuron"]

ACTIVATIONS = (
    *("tanh", "sigmoid", "hardtanh", "step"),
    *("relu", "leaky_relu", "elu", "selu", "gelu", "silu", "softplus", "mish"),
)
INITS = ("xavier", "he", "uniform")

_VALUES = {Value}

Activation = str | Callable[[Any], Any] | None
Init = str | float


class Neuron(Module):
    """``activation(b + w[0]·x[0] + w[1]·x[1] + …)``.

    Args:
        nin: how many inputs.
        activation: one of ``ACTIVATIONS``, any function of a Value, or None for none.
        init: how weights are drawn, see ``weights``. The bias starts at 0.
        seed: for a random number generator of its own; without it Python's global one is used.
        fan_out: how many neurons read the same inputs, for ``init``.
    """

    def __init__(
        self,
        nin: int,
        activation: Activation = "tanh",
        init: Init = "xavier",
        seed: Seed = None,
        fan_out: int = 1,
    ) -> None:
        self.w = [Parameter(w) for w in weights(nin, init, nin, fan_out, seed)]
        self.b = Parameter(0.0)
        self.activation = _activation(activation)

    def __call__(self, x: Sequence[Any]) -> Value:
        """Compute the neuron's output from its inputs, Values or numbers."""
        inputs = _inputs(self, x, len(self.w))
        total = sum((w * v for w, v in zip(self.w, inputs, strict=True)), self.b)
        return total if self.activation is None else self.activation(total)

    def __repr__(self) -> str:
        return f"Neuron({len(self.w)}, {_name(self.activation)})"


_call_neuron = Neuron.__call__
_PLAIN = Plain(
    Neuron,
    "activation",
    {
        None: None,
        **{getattr(Value, name): name for name in ACTIVATIONS if OPS[name].partials and not OPS[name].attrs},
    },
)


class Layer(Module):
    """Neurons that read the same inputs.

    A call gives a list of Values, or the one Value if there is one neuron. Arguments as of ``Neuron``.
    """

    def __init__(
        self, nin: int, nout: int, activation: Activation = "tanh", init: Init = "xavier", seed: Seed = None
    ) -> None:
        rng = generator(seed)
        self.neurons = [Neuron(nin, activation, init, rng, nout) for _ in range(nout)]

    def __call__(self, x: Sequence[Any]) -> Any:
        """Compute every neuron's output from the same inputs."""
        if not self.neurons:
            return []
        inputs = _inputs(self, x, len(self.neurons[0].w))
        plain = inputs and Neuron.__call__ is _call_neuron  # a lesson may have replaced it
        at_once = call_at_once(self, inputs, _PLAIN) if plain else None
        outputs = at_once or [neuron(inputs) for neuron in self.neurons]
        return outputs[0] if len(outputs) == 1 else outputs

    def __repr__(self) -> str:
        return f"Layer of {len(self.neurons)} × {self.neurons[0] if self.neurons else 'Neuron'}"


class MLP(Module):
    """A multi-layer perceptron: layers, each reading the one before.

    >>> model = MLP(2, [16, 16, 1], seed=0)
    >>> len(model.parameters())
    337
    >>> model.named_parameters()[1][0]
    'layers[0].neurons[0].w[1]'

    Args:
        nin: how many inputs.
        nouts: how many neurons each layer has.
        activation: of all layers but the last, which has none; or a list with one for every layer.
        init: as of ``Neuron``.
        seed: as of ``Neuron``; one generator for all layers.

    A call gives a list of Values, or the one Value if the last layer has one neuron.
    """

    def __init__(
        self,
        nin: int,
        nouts: Sequence[int],
        activation: Activation | Sequence[Activation] = "tanh",
        init: Init = "xavier",
        seed: Seed = None,
    ) -> None:
        if isinstance(activation, str) or callable(activation) or activation is None:
            activation = [*[activation] * (len(nouts) - 1), None]
        if len(activation) != len(nouts):
            raise ShapeError(
                f"{len(nouts)} layers were given {len(activation)} activations.", "Give one for each."
            )
        rng = generator(seed)
        sizes = zip([nin, *nouts], nouts, activation, strict=False)
        self.layers = [Layer(before, after, each, init, rng) for before, after, each in sizes]

    def __call__(self, x: Sequence[Any]) -> Any:
        """Compute the last layer's outputs from the first layer's inputs."""
        inputs: Any = _inputs(self, x, len(x))
        for layer in self.layers:
            inputs = layer(inputs if isinstance(inputs, list) else [inputs])
        return inputs

    def __repr__(self) -> str:
        return f"MLP of [{', '.join(map(repr, self.layers))}]"


class Linear(Module):
    """``x @ weight + bias`` on arrays, ``x`` being of shape (…, nin). Arguments as of ``Neuron``."""

    def __init__(
        self, nin: int, nout: int, bias: bool = True, init: Init = "xavier", seed: Seed = None
    ) -> None:
        drawn = weights(nin * nout, init, nin, nout, seed)
        self.weight = Parameter(np.reshape(drawn, (nin, nout)))
        self.bias = Parameter(np.zeros(nout)) if bias else None

    def __call__(self, x: Any) -> Value:
        """Compute the outputs, of shape (…, nout)."""
        out = x @ self.weight
        return out if self.bias is None else out + self.bias  # type: ignore[no-any-return]

    def __repr__(self) -> str:
        return f"Linear({self.weight.shape[0]}, {self.weight.shape[1]})"


def weights(count: int, init: Init, fan_in: int, fan_out: int, seed: Seed = None) -> list[float]:
    """Draw initial weights.

    Args:
        count: how many.
        init: "xavier": uniform within ±√(6 / (fan_in + fan_out)), Glorot & Bengio, "Understanding the
            difficulty of training deep feedforward neural networks", 2010, eq. 16. "he": normal with standard
            deviation √(2 / fan_in), He et al., "Delving deep into rectifiers", 2015, eq. 10. "uniform":
            within ±1, as in micrograd. A number: normal with that standard deviation.
        fan_in: how many inputs a neuron reads.
        fan_out: how many neurons read an input.
        seed: for a generator of its own, or a generator; None for Python's global one.
    """
    rng = generator(seed)
    if init == "xavier":
        bound = math.sqrt(6 / max(fan_in + fan_out, 1))
        return [rng.uniform(-bound, bound) for _ in range(count)]
    if init == "uniform":
        return [rng.uniform(-1.0, 1.0) for _ in range(count)]
    if init != "he" and not (isinstance(init, (int, float)) and init >= 0):
        raise GradvizError(
            f"init {init!r} is not known.", f"Use a standard deviation or one of {', '.join(INITS)}."
        )
    deviation = math.sqrt(2 / max(fan_in, 1)) if init == "he" else float(init)
    return [rng.gauss(0.0, deviation) for _ in range(count)]


def _activation(activation: Activation) -> Any:
    if not isinstance(activation, str):
        return activation
    if activation not in ACTIVATIONS:
        raise GradvizError(
            f"activation {activation!r} is not known.", f"Use one of {', '.join(ACTIVATIONS)}."
        )
    return getattr(Value, activation)


def _name(activation: Callable[[Any], Any] | None) -> str:
    found = [name for name in ACTIVATIONS if getattr(Value, name) is activation]
    return found[0] if found else getattr(activation, "__name__", "linear")


def _inputs(module: Module, x: Sequence[Any], expected: int) -> list[Value]:
    """The inputs as Values, so that a bare number is one box however many neurons read it."""
    if len(x) != expected:
        raise ShapeError(f"{module!r} reads {expected} inputs and was given {len(x)}.")
    if type(x) is list and _VALUES.issuperset(map(type, x)):
        return x
    return [v if isinstance(v, Value) else _input(v, k) for k, v in enumerate(x)]


def _input(x: Any, index: int) -> Value:
    value = Value(x, f"x[{index}]")
    assert isinstance(value._tape, Leaf)
    value._tape.scope = scopes.path.rpartition("/")[0]  # it comes from outside the module that is called
    return value
