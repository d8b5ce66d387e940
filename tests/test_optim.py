"""Optimizers: the numbers of PyTorch's, and what they tell about an update."""

import numpy as np
import pytest

from gradviz import GradvizError, Parameter
from gradviz.engine import hooks
from gradviz.engine.optim import SGD, Adam

RULES = {
    "SGD(lr=0.1)": (SGD, {"lr": 0.1}),
    "SGD(lr=0.1, momentum=0.9)": (SGD, {"lr": 0.1, "momentum": 0.9}),
    "SGD(lr=0.01, momentum=0.5, weight_decay=0.2)": (SGD, {"lr": 0.01, "momentum": 0.5, "weight_decay": 0.2}),
    "Adam(lr=0.01)": (Adam, {"lr": 0.01}),
    "Adam(lr=0.1, betas=(0.8, 0.9), eps=0.001, weight_decay=0.3)": (
        Adam,
        {"lr": 0.1, "betas": (0.8, 0.9), "eps": 1e-3, "weight_decay": 0.3},
    ),
}


@pytest.mark.torch
@pytest.mark.parametrize("text", RULES)
def test_twenty_steps_are_pytorchs(text):
    import torch

    kind, options = RULES[text]
    w, b = Parameter(np.array([[1.0, -2.0], [0.5, 3.0]])), Parameter(0.7)
    their_w, their_b = (torch.tensor(p.data, dtype=torch.float64, requires_grad=True) for p in (w, b))
    ours, theirs = kind([w, b], **options), getattr(torch.optim, kind.__name__)([their_w, their_b], **options)
    for step in range(20):
        ours.zero_grad()
        theirs.zero_grad()
        ((w * w - step * 0.3) * b).tanh().sum().backward()
        ((their_w * their_w - step * 0.3) * their_b).tanh().sum().backward()
        ours.step()
        theirs.step()
        assert w.data == pytest.approx(their_w.detach().numpy(), rel=1e-12, abs=1e-12)
        assert b.data == pytest.approx(their_b.item(), rel=1e-12, abs=1e-12)


@pytest.mark.parametrize("text", RULES)
def test_an_update_names_its_rule_and_line(text):
    class Told:
        updates = []

        def on_backward(self, root, frame):
            pass

        def on_update(self, leaf, before, after, rule, frame):
            self.updates.append((leaf.name, before, rule, frame.f_code.co_filename))

    told = Told()
    p = Parameter(2.0, "p")
    stop = hooks.listen(told)
    (p * p).backward()
    kind, options = RULES[text]
    kind([p], **options).step()
    stop()
    assert told.updates == [("p", 2.0, text, __file__)]
    Told.updates.clear()


def test_what_has_no_gradient_stays():
    used, unused = Parameter(1.0), Parameter(5.0)
    (used * 3).backward()
    SGD([used, unused], lr=0.1, weight_decay=0.5).step()
    assert (used.data, unused.data) == (pytest.approx(0.65), 5.0)


def test_zero_grad_forgets():
    p = Parameter(1.0)
    optimizer = Adam([p])
    (p * 3).backward()
    optimizer.zero_grad()
    assert p.grad is None
    optimizer.step()
    assert p.data == 1.0


def test_a_parameter_given_twice_moves_once():
    p = Parameter(1.0)
    (p * 1).backward()
    SGD([p, p], lr=0.25).step()
    assert p.data == 0.75


@pytest.mark.parametrize(
    "wrong, message",
    [
        (lambda p: SGD([]), "no parameters"),
        (lambda p: SGD([p], lr=-1), "SGD was given lr=-1"),
        (lambda p: SGD([p], momentum=-1), "momentum=-1"),
        (lambda p: Adam([p], betas=(0.9, 1.0)), "betas=1.0"),
        (lambda p: Adam([p], eps=0), "eps=0"),
        (lambda p: Adam([p], lr=float("nan")), "lr=nan"),
    ],
)
def test_mistakes_are_named(wrong, message):
    with pytest.raises(GradvizError, match=message):
        wrong(Parameter(1.0))
