"""Engines as learners write them: some healthy, most with one real bug, and what is to be said of it."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

FOLDER = Path(__file__).parent


class Bug(NamedTuple):
    """What is to be found in one script.

    Attributes:
        check: the check that finds it.
        value: the op or the label of the value it names.
        says: words of its message.
        line: a piece of the line it points at when the script was watched.
        blind: whether the final numbers alone cannot tell.
    """

    check: str
    value: str
    says: str
    line: str
    blind: bool = False


BUGS = {
    "again": Bug("stale-gradient", "+", "backward() ran", "loss.backward()"),
    "assigns": Bug("lost-gradient", "b", "must add with `+=`", 'b = Value(3.0, label="b")'),
    "breadth_first": Bug("backward-order", "c", "a*b", "c = a * b"),
    "by_hand": Bug("hand-gradient", "d", "d.grad is set to 2, but it is -2.", "d = e + c"),
    "chain_forgotten": Bug("wrong-local-derivative", "exp", "the factor out.grad is missing", "e1, e2 ="),
    "changed_data": Bug("changed-value", "a", "from 3 to 100", "a, b = Value"),
    "division_sign": Bug("wrong-local-derivative", "div", "the minus is missing", "loss = (q + c)"),
    "every_path": Bug("visited-twice", "add", "ran", "b = a + a"),
    "not_tanh": Bug("wrong-forward", "tanh", "something else: sigmoid", "h = (x + b).tanh()"),
    "one_sided": Bug("not-reached", "sub", "passes nothing to its second input", "offset = x"),
    "pow_exponent": Bug("wrong-local-derivative", "pow", "the exponent goes down by one", "loss = (c - a)"),
    "relu_of_gradient": Bug("wrong-local-derivative", "relu", "looks at the gradient", "h2 ="),
    "seed_forgotten": Bug("seed", "loss", "was never set", "loss = a * b + a", blind=True),
    "swapped": Bug("wrong-local-derivative", "mul", "swap them", "loss = y * b"),
    "tanh_of_input": Bug("wrong-local-derivative", "tanh", "1 − x²", "loss = n.tanh()"),
}
HEALTHY = ("healthy_closures", "healthy_ops", "healthy_dataclass", "healthy_tuples")
