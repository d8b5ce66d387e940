"""The stand-in for micrograd, beside the micrograd of PyPI: the same numbers, the same text."""

import math
import random
import subprocess
import sys
from types import ModuleType, SimpleNamespace

import micrograd.engine
import micrograd.nn
import numpy as np
import pytest

from gradviz import GradvizError, record
from gradviz.recorders.micrograd import make_modules

MODULES = make_modules()
OURS = SimpleNamespace(Value=MODULES["micrograd.engine"].Value, nn=MODULES["micrograd.nn"])
THEIRS = SimpleNamespace(Value=micrograd.engine.Value, nn=micrograd.nn)


def both(program):
    """Run one program on either engine, from the same random state."""
    results = []
    for engine in (OURS, THEIRS):
        random.seed(7)
        results.append(program(engine))
    return results


def test_modules_import_as_micrograd(tmp_path):
    code = (
        "import sys\n"
        "from gradviz.recorders.micrograd import make_modules\n"
        "sys.modules.update(make_modules())\n"
        "import micrograd, micrograd.nn as nn\n"
        "from micrograd.engine import Value\n"
        "from micrograd import engine\n"
        "print(Value, engine.Value is Value, nn.MLP(2, [2, 1]))"
    )
    printed = subprocess.check_output([sys.executable, "-c", code], text=True, cwd=tmp_path)
    assert printed == (
        "<class 'micrograd.engine.Value'> True "
        "MLP of [Layer of [ReLUNeuron(2), ReLUNeuron(2)], Layer of [LinearNeuron(2)]]\n"
    )
    assert all(isinstance(module, ModuleType) for module in MODULES.values())


EXPRESSIONS = {
    "ints": lambda a, b: a * b + a - b,
    "bare numbers": lambda a, b: 2 * a + b * 3 - 1 + 1.0 * b,
    "reflected": lambda a, b: 1 - a + 2 / b,
    "division": lambda a, b: a / b + a / 4 + 5 / 1,
    "powers": lambda a, b: a**2 + b**3 + a**-1 + b**0.5 + a**0 + b**1,
    "relu": lambda a, b: (a - 10).relu() + (b + 3).relu() + (-a).relu() * 2,
    "fan-out": lambda a, b: a * a + b + b + (a + b) * (a + b),
    "sum": lambda a, b: sum([a, b, a * b, 3]),
    "leaf": lambda a, b: a,
}


@pytest.mark.parametrize("numbers", [(2, 3), (2.0, 3), (-4.0, 2.5), (1, 0.1)], ids=str)
@pytest.mark.parametrize("name", EXPRESSIONS)
def test_expressions_print_the_same(name, numbers):
    def program(engine):
        a, b = map(engine.Value, numbers)
        out = EXPRESSIONS[name](a, b)
        before = repr((out, a, b))
        out.backward()
        return before, repr((out, a, b)), repr(sorted(map(repr, out._prev))), out._op

    ours, theirs = both(program)
    assert ours[:2] == theirs[:2]
    assert ours[3] == theirs[3]


def random_program(seed):
    """A random expression over ints and floats, written down as a function of the engine."""

    def program(engine):
        rng = random.Random(seed)
        values = [engine.Value(rng.choice([1, 2, -3, 0.5, -1.25, rng.gauss(0, 1)])) for _ in range(4)]
        leaves = list(values)
        for _ in range(rng.randint(3, 25)):
            a, b = rng.choice(values), rng.choice([*values, 2, -0.5])
            kind = rng.randrange(7)
            if kind == 5 and abs(a.data) < 1e3:
                values.append(a ** rng.choice([2, 3, 1, 2.0]))
            elif kind == 6:
                values.append(-a)
            elif kind == 4:
                values.append(a.relu())
            else:
                values.append((a + b, a * b, a - b, b + a)[kind % 4])
        root = values[-1]
        root.backward()
        return root, values, leaves

    return program


@pytest.mark.parametrize("seed", range(80))
def test_random_expressions_agree(seed):
    (root, values, leaves), (their_root, their_values, their_leaves) = both(random_program(seed))
    assert repr(root) == repr(their_root)
    assert [repr(v.data) for v in values] == [repr(v.data) for v in their_values]
    for ours, theirs in zip(leaves, their_leaves, strict=True):
        assert ours.grad == pytest.approx(theirs.grad, rel=1e-12, abs=1e-300)
        assert type(ours.grad) is type(theirs.grad) or theirs.grad == 0


def train(engine, sizes, steps, samples):
    """The first step's loss and all later ones, as text."""
    model = engine.nn.MLP(2, sizes)
    points = [(random.uniform(-1, 1), random.uniform(-1, 1)) for _ in range(samples)]
    lines = [repr(model), f"{len(model.parameters())} parameters", repr(model.parameters()[-1])]
    for step in range(steps):
        scores = [model(list(map(engine.Value, point))) for point in points]
        wanted = [1 if x > y else -1 for x, y in points]
        losses = [(1 + -y * s).relu() for y, s in zip(wanted, scores, strict=True)]
        loss = sum(losses) * (1.0 / len(losses))
        model.zero_grad()
        loss.backward()
        for p in model.parameters():
            p.data -= 0.1 * p.grad
        lines.append(f"step {step} loss {loss.data}")
    return lines


def test_training_prints_the_same_losses_to_the_last_bit():
    # No value here has more than two uses, so that the order of micrograd's sets does not change a sum.
    ours, theirs = both(lambda engine: train(engine, [2, 1], steps=12, samples=2))
    assert ours == theirs


def test_training_a_larger_net_agrees():
    ours, theirs = both(lambda engine: train(engine, [8, 8, 1], steps=5, samples=10))
    assert ours[:4] == theirs[:4]  # the first loss is before any sum whose order varies
    for line, their_line in zip(ours[4:], theirs[4:], strict=True):
        assert float(line.split()[-1]) == pytest.approx(float(their_line.split()[-1]), rel=1e-10)


def test_the_same_random_numbers_are_drawn():
    def program(engine):
        parameters = engine.nn.MLP(3, [4, 2]).parameters()
        return [repr(p.data) for p in parameters], random.random()

    ours, theirs = both(program)
    assert ours == theirs


@pytest.mark.parametrize("exponent", ["2", None, 1j, [2]], ids=str)
def test_a_power_must_be_a_number(exponent):
    for engine in (OURS, THEIRS):
        with pytest.raises(AssertionError, match="only supporting int/float powers for now"):
            engine.Value(2.0) ** exponent


@pytest.mark.parametrize(
    "program, error",
    [
        (lambda v: v(0.0) ** -1, ZeroDivisionError),
        (lambda v: 1 / v(0), ZeroDivisionError),
        (lambda v: v(1e200) ** 2, OverflowError),
    ],
)
def test_arithmetic_raises_what_python_raises(program, error):
    for engine in (OURS, THEIRS):
        with pytest.raises(error):
            program(engine.Value)


@pytest.mark.parametrize("number", [-0.0, math.inf, -math.inf, math.nan, 1e308])
def test_special_numbers(number):
    ours, theirs = both(lambda engine: repr((engine.Value(number).relu() + 0 * engine.Value(number)).data))
    assert ours == theirs
    ours, theirs = both(lambda engine: repr(engine.Value(number).relu()))
    assert ours == theirs


def test_a_value_is_one_number():
    with pytest.raises(GradvizError, match="holds one number"):
        OURS.Value(np.ones(2))
    with pytest.raises(GradvizError, match="cannot hold str"):
        OURS.Value("2")


def test_gradients_read_0_before_backward_and_can_be_set():
    for engine in (OURS, THEIRS):
        v = engine.Value(2.0)
        (v * 3).backward()
        assert v.grad == 3
        v.grad = 0
        assert repr(v) == "Value(data=2.0, grad=0)"
        v.grad = 0.5
        v.grad += 1
        assert v.grad == 1.5


def test_backward_twice_counts_inner_values_once():
    for engine, expected in ((OURS, 12), (THEIRS, 18)):
        a = engine.Value(3)
        b = a + a
        c = b + 0
        c.backward()
        a.grad, at_first = 0, a.grad
        c.backward()
        assert at_first == 2
        assert a.grad == (2 if engine is OURS else 4), expected


def test_long_chains():
    v = first = OURS.Value(1.0)
    for _ in range(5000):
        v = v + 1
    v.backward()
    assert (v.data, first.grad) == (5001.0, 1)


def test_the_inputs_are_a_set_of_the_values_in_use():
    a, b = OURS.Value(2.0), OURS.Value(3.0)
    c = a * b
    d = c + a
    assert d._prev == {c, a} and c._prev == {a, b}
    assert next(iter((a**2)._prev)) is a
    assert (a * a)._prev == {a} and a._prev == set()
    assert {id(v) for v in c._prev} == {id(a), id(b)}
    assert [v._op for v in (a, c, d, a**2, a**-0.5, a.relu())] == ["", "*", "+", "**2", "**-0.5", "ReLU"]
    c._backward()


def test_drawing_by_prev_and_id_sees_each_value_once():
    a = OURS.Value(1.5)
    for _ in range(40):  # 2**40 paths
        a = a + a
    nodes, waiting = {}, [a]
    while waiting:
        v = waiting.pop()
        if id(v) not in nodes:
            nodes[id(v)] = v
            waiting.extend(v._prev)
    assert len(nodes) == 41


def test_fan_out_keeps_two_edges():
    a = OURS.Value(3.0)
    graph = record(a * a)
    assert (len(graph), graph.edge_count) == (2, 2)


def test_values_have_names_scopes_and_lines():
    random.seed(1)
    model = OURS.nn.MLP(2, [3, 1])
    out = model([1.0, -2.0])
    graph = record(out)
    title = graph.node(graph.root).scope.split("/")[0]
    assert graph.node(graph.root).scope == f"{title}/layers[1]/neurons[0]"
    assert title.startswith("MLP")
    weight = next(node for node in graph.nodes() if node.name == "w[1]")
    assert (weight.kind, weight.scope) == ("param", f"{title}/layers[0]/neurons[0]")
    assert {node.source.file for node in graph.nodes()} == {__file__}
    a = OURS.Value(1.0)
    a.label = "a"
    assert {n.source.file for n in record(1 - a / 3 + (-a) ** 2).nodes()} == {__file__}


def test_an_own_op_that_gradviz_knows_is_taken():
    def tanh(self):
        t = (math.exp(2 * self.data) - 1) / (math.exp(2 * self.data) + 1)
        out = OURS.Value(t, (self,), "tanh")
        out._backward = lambda: None
        return out

    x = OURS.Value(0.8)
    y = tanh(x)
    y.backward()
    assert y.data == (math.exp(1.6) - 1) / (math.exp(1.6) + 1)
    assert x.grad == pytest.approx(1 - math.tanh(0.8) ** 2)
    assert y._op == "tanh"


def test_an_own_op_that_gradviz_does_not_know_is_refused():
    x = OURS.Value(0.8)
    with pytest.raises(GradvizError, match="_op='cube'"):
        OURS.Value(x.data**3, (x,), "cube")
    with pytest.raises(GradvizError, match="_op='tanh'"):
        OURS.Value(17.0, (x,), "tanh")
