"""Optimizers: how parameters follow their gradients. They compute as PyTorch's do, with its defaults."""

from __future__ import annotations

from collections.abc import Iterable
from sys import _getframe
from typing import Any

from gradviz.engine.handle import forget_grads, set_all
from gradviz.engine.place import user_frame
from gradviz.engine.value import Value
from gradviz.errors import GradvizError


class Optimizer:
    """Parameters, and a rule for their next data; a subclass gives the rule.

    Args:
        params: the Values to change, such as ``model.parameters()``.
        lr: the learning rate.
        weight_decay: how much of the parameter is added to its gradient (L2 regularisation).
    """

    def __init__(self, params: Iterable[Value], lr: float, weight_decay: float) -> None:
        self.params = list(dict.fromkeys(params))
        self.lr, self.weight_decay = lr, weight_decay
        if not self.params:
            raise GradvizError("An optimizer was given no parameters.", "Pass model.parameters().")
        self._require("lr", lr, lr >= 0)
        self._require("weight_decay", weight_decay, weight_decay >= 0)

    def step(self) -> None:
        """Change every parameter that has a gradient."""
        frame, rule = user_frame(_getframe(1)), repr(self)
        homes = [
            (parameter._tape, parameter._row) for parameter in self.params
        ]  # quicker than .data and .grad
        grads = [home.grad[row] if row < len(home.grad) else None for home, row in homes]
        given = [k for k, grad in enumerate(grads) if grad is not None]
        params, grads = [self.params[k] for k in given], [grads[k] for k in given]
        data = [parameter._tape.data[parameter._row] for parameter in params]
        if self.weight_decay:
            grads = [grad + self.weight_decay * x for x, grad in zip(data, grads, strict=True)]
        changes = self._changes(given, grads)
        set_all(params, [x - change for x, change in zip(data, changes, strict=True)], rule, frame)

    def zero_grad(self) -> None:
        """Forget all gradients: None, as before the first ``backward()``."""
        forget_grads(self.params)

    def _changes(self, given: list[int], grads: list[Any]) -> list[Any]:
        """What to subtract from the parameters of these numbers."""
        return list(map(self._change, given, grads))

    def _change(self, k: int, grad: Any) -> Any:
        """What to subtract from parameter ``k``."""
        raise NotImplementedError

    def _require(self, name: str, value: float, fine: bool) -> None:
        if not fine:
            raise GradvizError(f"{type(self).__name__} was given {name}={value!r}, which is out of range.")


class SGD(Optimizer):
    """Stochastic gradient descent: ``p -= lr · g``; with momentum ``v = momentum · v + g``, ``p -= lr · v``.

    The momentum is that of Sutskever et al., "On the importance of initialization and momentum in deep
    learning", 2013, but with lr outside of v, as in PyTorch.
    """

    def __init__(
        self, params: Iterable[Value], lr: float = 1e-3, momentum: float = 0.0, weight_decay: float = 0.0
    ) -> None:
        super().__init__(params, lr, weight_decay)
        self.momentum = momentum
        self._require("momentum", momentum, momentum >= 0)
        self._velocity: dict[int, Any] = {}

    def _changes(self, given: list[int], grads: list[Any]) -> list[Any]:
        return super()._changes(given, grads) if self.momentum else [self.lr * grad for grad in grads]

    def _change(self, k: int, grad: Any) -> Any:
        if self.momentum:
            if k in self._velocity:
                grad = self.momentum * self._velocity[k] + grad
            self._velocity[k] = grad
        return self.lr * grad

    def __repr__(self) -> str:
        return f"SGD(lr={self.lr!r}{_more(momentum=self.momentum, weight_decay=self.weight_decay)})"


class Adam(Optimizer):
    """Adam: steps of about ``lr`` whatever the gradient's scale.

    Kingma & Ba, "Adam: a method for stochastic optimization", 2015, algorithm 1.

    Args:
        params: the Values to change.
        lr: the learning rate, α in the paper.
        betas: how much of the running means of g and g² is kept at each step.
        eps: added to the root of the mean of g².
        weight_decay: how much of the parameter is added to its gradient.
    """

    def __init__(
        self,
        params: Iterable[Value],
        lr: float = 1e-3,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 0.0,
    ) -> None:
        super().__init__(params, lr, weight_decay)
        self.betas, self.eps = betas, eps
        for beta in betas:
            self._require("betas", beta, 0 <= beta < 1)
        self._require("eps", eps, eps > 0)
        self._moments: dict[int, tuple[int, Any, Any]] = {}

    def _change(self, k: int, grad: Any) -> Any:
        b1, b2 = self.betas
        t, m, v = self._moments.get(k, (0, 0.0, 0.0))
        t, m, v = t + 1, b1 * m + (1 - b1) * grad, b2 * v + (1 - b2) * grad * grad
        self._moments[k] = t, m, v
        # The means start at 0; this undoes how far that still pulls them there.
        root = (v / (1 - b2**t)) ** 0.5
        return self.lr * (m / (1 - b1**t)) / (root + self.eps)

    def __repr__(self) -> str:
        defaults = {"betas": (0.9, 0.999), "eps": 1e-8, "weight_decay": 0.0}
        changed = {key: getattr(self, key) for key, usual in defaults.items() if getattr(self, key) != usual}
        return f"Adam(lr={self.lr!r}{_more(**changed)})"


def _more(**options: Any) -> str:
    return "".join(f", {name}={value!r}" for name, value in options.items() if value)
