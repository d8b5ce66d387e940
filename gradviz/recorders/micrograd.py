"""A stand-in for micrograd 0.1.0, on gradviz's tape: a script written for micrograd runs unchanged.

It computes the same numbers to the last bit, draws the same random numbers and prints the same text. Where it
differs, micrograd was mistaken or cannot be drawn:

* ``backward()`` a second time adds to the gradients of leaves only; micrograd counts inner values double.
* Long chains raise no RecursionError.
* ``a * a`` and ``a + a`` have two edges; ``_prev``, a set, still shows one.
* Data that changes between its use and ``backward()`` is an error; micrograd gives a wrong gradient.
* Data is a real number; micrograd takes anything and fails later. Ints above 2**53 are rounded to floats, and
  a gradient prints as an int even if a float 0.0 was among its terms.
* Bare numbers in an expression are constants and get no gradient.
* ``Value(data, children, op)`` must name an op that gradviz has, such as "tanh", and hold its result: then
  gradviz's own rule stands for the ``_backward`` that a script gives it. Anything else is refused.
"""

from __future__ import annotations

import random
from collections.abc import Iterable
from types import ModuleType
from typing import Any

import numpy as np

from gradviz.engine.atonce import Plain, call_at_once
from gradviz.engine.dense import Dense
from gradviz.engine.modules import Module as _Module
from gradviz.engine.modules import held
from gradviz.engine.tape import Leaf
from gradviz.recorders.micrograd_value import Value


class Module(_Module):
    """What has parameters."""

    __module__ = "micrograd.nn"

    def zero_grad(self) -> None:
        """Set every parameter's gradient to 0."""
        for p in self.parameters():
            p.grad = 0

    def parameters(self) -> list[Any]:
        """The parameters; a subclass says which."""
        return []

    def _name_parameters(self, scope: str) -> None:
        super()._name_parameters(scope)
        for _, found in held(self):
            if isinstance(found, Value) and isinstance(found._tape, Leaf):
                found._tape.kind = "param"


class Neuron(Module):
    """A weighted sum of inputs, through ReLU or as it is."""

    __module__ = "micrograd.nn"

    def __init__(self, nin: int, nonlin: bool = True) -> None:
        self.w = [Value(random.uniform(-1, 1)) for _ in range(nin)]
        self.b = Value(0)
        self.nonlin = nonlin

    def __call__(self, x: Iterable[Any]) -> Any:
        """Compute the neuron's output."""
        total: Any = self.b
        for weight, value in zip(self.w, x, strict=False):
            total = total + weight * value
        return total.relu() if self.nonlin else total

    def parameters(self) -> list[Any]:
        """The weights, then the bias."""
        return [*self.w, self.b]

    def __repr__(self) -> str:
        return f"{'ReLU' if self.nonlin else 'Linear'}Neuron({len(self.w)})"


def _has_signs(dense: Dense) -> bool:
    """Whether zeros come out with the sign that micrograd gives them: an int 0 of its has none."""
    whole = np.any(dense.weights == np.floor(dense.weights))
    return not whole and not np.any((dense.biases == 0) & np.signbit(dense.biases))


_PLAIN = Plain(Neuron, "nonlin", {True: "relu", False: None}, _has_signs)
_call_neuron = Neuron.__call__


class Layer(Module):
    """Neurons that read the same inputs."""

    __module__ = "micrograd.nn"

    def __init__(self, nin: int, nout: int, **kwargs: Any) -> None:
        self.neurons = [Neuron(nin, **kwargs) for _ in range(nout)]

    def __call__(self, x: Any) -> Any:
        """Compute a list of outputs, or the one output."""
        values = x if isinstance(x, (list, tuple)) and x and {Value}.issuperset(map(type, x)) else ()
        at_once = call_at_once(self, values, _PLAIN) if values and Neuron.__call__ is _call_neuron else None
        outputs = at_once or [neuron(x) for neuron in self.neurons]
        return outputs if len(outputs) != 1 else outputs[0]

    def parameters(self) -> list[Any]:
        """Those of the neurons."""
        return [p for neuron in self.neurons for p in neuron.parameters()]

    def __repr__(self) -> str:
        return f"Layer of [{', '.join(map(str, self.neurons))}]"


class MLP(Module):
    """Layers, all but the last with ReLU."""

    __module__ = "micrograd.nn"

    def __init__(self, nin: int, nouts: list[int]) -> None:
        last = len(nouts) - 1
        self.layers = [
            Layer(nin if k == 0 else nouts[k - 1], nout, nonlin=k != last) for k, nout in enumerate(nouts)
        ]

    def __call__(self, x: Any) -> Any:
        """Compute the outputs of the last layer."""
        for layer in self.layers:
            x = layer(x)
        return x

    def parameters(self) -> list[Any]:
        """Those of the layers."""
        return [p for layer in self.layers for p in layer.parameters()]

    def __repr__(self) -> str:
        return f"MLP of [{', '.join(map(str, self.layers))}]"


def make_modules() -> dict[str, ModuleType]:
    """Give what to put into ``sys.modules`` for ``import micrograd`` to find gradviz's engine."""
    package, engine_, nn = map(ModuleType, ("micrograd", "micrograd.engine", "micrograd.nn"))
    package.__path__ = []
    vars(package).update(engine=engine_, nn=nn)
    vars(engine_).update(Value=Value)
    vars(nn).update(random=random, Value=Value, Module=Module, Neuron=Neuron, Layer=Layer, MLP=MLP)
    return {module.__name__: module for module in (package, engine_, nn)}
