"""Engines that do what engines are not meant to: each pass is recorded, and what is odd is told."""

import copy
import xml.etree.ElementTree as ET
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import gradviz as gv
from gradviz.diagnostics import Finding, diagnose
from gradviz.graph import Graph
from gradviz.recorders.duck import freeze
from gradviz.recording import Recording
from tests.test_script import plain, recorded
from tests.watching import CLOSURES, passes, run, write

SETS = CLOSURES.replace("tuple(_children)", "set(_children)")

TENSORS = """
import numpy as np

def back_to(g, shape):
    while np.ndim(g) > len(shape):
        g = g.sum(0)
    stretched = tuple(i for i, n in enumerate(shape) if n == 1 and g.shape[i] != 1)
    return g.sum(stretched, keepdims=True) if stretched else g

class Tensor:
    def __init__(self, data, parents=(), op=""):
        self.data = np.asarray(data, dtype=float)
        self.grad = np.zeros_like(self.data)
        self.parents, self.op, self._backward = parents, op, lambda: None

    def _made(self, data, op, *inputs):
        out = Tensor(data, [one for one, _ in inputs], op)
        def _backward():
            for one, rule in inputs:
                one.grad = one.grad + back_to(rule(out), one.data.shape)
        out._backward = _backward
        return out

    def __add__(self, o):
        return self._made(self.data + o.data, "+", (self, lambda z: z.grad), (o, lambda z: z.grad))

    def __mul__(self, o):
        rules = (self, lambda z: z.grad * o.data), (o, lambda z: z.grad * self.data)
        return self._made(self.data * o.data, "*", *rules)

    def __matmul__(self, o):
        rules = (self, lambda z: z.grad @ o.data.T), (o, lambda z: self.data.T @ z.grad)
        return self._made(self.data @ o.data, "@", *rules)

    def tanh(self):
        return self._made(np.tanh(self.data), "tanh", (self, lambda z: z.grad * (1 - z.data**2)))

    def sum(self):
        return self._made(self.data.sum(), "sum", (self, lambda z: z.grad * np.ones_like(self.data)))

    def backward(self):
        order, seen = [], set()
        def visit(v):
            if v not in seen:
                seen.add(v)
                for p in v.parents:
                    visit(p)
                order.append(v)
        visit(self)
        self.grad = np.ones_like(self.data)
        for v in reversed(order):
            v._backward()
"""
TRAINED = """
rng = np.random.default_rng(0)
X, Y = Tensor(rng.normal(size=(8, 3))), Tensor(rng.normal(size=(8, 1)))
W, b = Tensor(rng.normal(size=(3, 1))), Tensor(np.zeros(1))
for _ in range(3):
    for p in (W, b):
        p.grad = np.zeros_like(p.data)
    wrong = (X @ W + b).tanh() + Y
    loss = (wrong * wrong).sum()
    loss.backward()
    for p in (W, b):
        p.data = p.data - 0.1 * p.grad
"""


def found(graphs: list[Graph]) -> list[Finding]:
    return [one for one in diagnose(Recording.of(graphs)) if one.severity != "note"]


def test_a_value_that_was_made_is_read_twice(tmp_path: Path) -> None:
    (graph,) = passes(tmp_path, f"{SETS}\na = Value(3.0)\nb = a + a\nc = b + b\nc.backward()")
    assert graph.grad_of(graph.find("a")) == 4.0 and graph.edge_count == 4 and not found([graph])


def test_backward_twice_adds_up_where_the_engine_does_and_is_told(tmp_path: Path) -> None:
    script = f"{SETS}\na = Value(3.0)\nb = a * a\nc = b * a\nc.backward()\nc.backward()"
    first, second = passes(tmp_path, script)
    assert first.grad_of(first.find("a")) == 27.0 and second.prior_of(second.find("a")) == 27.0
    (finding,) = found([first, second])
    assert finding.check == "stale-gradient" and "ran again" in finding.message and finding.pass_index == 1


def test_backward_of_a_leaf(tmp_path: Path) -> None:
    (graph,) = passes(tmp_path, f"{SETS}\na = Value(3.0)\na.backward()")
    assert len(graph) == 1 and graph.grad_of(0) == 1.0 and not found([graph])


@pytest.mark.parametrize("seed", ["1.0", "np.float64(1)", "np.ones(1)", "[1.0]"])
def test_a_seed_of_one_is_one_for_every_element(tmp_path: Path, seed: str) -> None:
    text = TENSORS.replace("self.grad = np.ones_like(self.data)", f"self.grad = {seed}")
    text = text.replace("rule(out), one.data.shape", "np.asarray(rule(out)), np.shape(rule(out))")
    text = text.replace("z.grad * o.data", "np.asarray(z.grad) * o.data")
    text = text.replace("z.grad * self.data", "np.asarray(z.grad) * self.data")
    script = f"{text}\na, b = Tensor([1.0, 2.0, 3.0]), Tensor([4.0, 5.0, 6.0])\n(a * b + a).backward()"
    (graph,) = passes(tmp_path, script)
    assert np.array_equal(graph.grad_of(graph.root), np.ones(3))
    assert np.array_equal(graph.grad_of(graph.find("a")), [5.0, 6.0, 7.0]) and not found([graph])


def test_a_gradient_of_another_shape_is_shown_and_told(tmp_path: Path) -> None:
    text = TENSORS.replace("back_to(rule(out), one.data.shape)", "rule(out)")
    script = f"{text}\na, b = Tensor(np.ones((2, 3))), Tensor([1.0, 2.0, 3.0])\n"
    script += "((a + b) * a).sum().backward()"
    (graph,), _ = run(tmp_path, script)
    (finding,) = found([graph])
    assert "has the shape 2×3, and its value 3" in finding.message
    assert graph.label(finding.node) == "a + b" and finding.check == "wrong-local-derivative"


WRONG = {
    "it takes the input": ("1 - z.data**2", "1 - self.data**2", "it takes the input instead of the result"),
    "no chain": ("z.grad * (1 - z.data**2)", "1 - z.data**2", "the factor out.grad is missing"),
    "sign": ("z.grad * (1 - z.data**2)", "-z.grad * (1 - z.data**2)", "has the wrong sign"),
    "twice": ("z.grad * (1 - z.data**2)", "2 * z.grad * (1 - z.data**2)", "is twice what it should be"),
}


@pytest.mark.parametrize("what", WRONG)
def test_a_wrong_rule_on_arrays_is_named(tmp_path: Path, what: str) -> None:
    right, wrong, told = WRONG[what]
    script = TENSORS.replace(right, wrong) + TRAINED
    finding, *more = found(run(tmp_path, script)[0])
    assert not more and finding.times == 3 and finding.check == "wrong-local-derivative"
    assert "tanh" in finding.message and told in finding.message


def test_training_on_arrays_is_healthy_though_data_keeps_its_gradients(tmp_path: Path) -> None:
    graphs = passes(tmp_path, TENSORS + TRAINED)
    assert not found(graphs) and len(graphs[0].updates) == 2
    assert np.any(graphs[1].prior_of(graphs[1].find("Y")))


def test_a_forgotten_zero_grad_of_arrays(tmp_path: Path) -> None:
    script = TENSORS + TRAINED.replace("p.grad = np.zeros_like(p.data)", "pass")
    (finding,) = found(passes(tmp_path, script))
    assert finding.check == "stale-gradient" and "2 of 2 parameters" in finding.evidence


def test_a_copy_whose_rules_belong_to_the_original(tmp_path: Path) -> None:
    script = f"import copy\n{SETS}\na = Value(3.0)\nb = copy.deepcopy(a * a)\nb.backward()\nprint(a.grad)"
    (graph,) = passes(tmp_path, script)
    (finding,) = found([graph])
    assert finding.check == "not-reached" and finding.node == graph.root


def test_a_graph_is_what_was_and_not_what_is() -> None:
    class Value:
        def __init__(self, data: Any, prev: Any = ()) -> None:
            self.data, self.grad, self._prev = data, np.zeros(2), prev

    a = Value(np.array([1.0, 2.0]))
    root = Value(a.data * 2, (a,))
    graph = gv.record(root)
    before = copy.deepcopy([graph.data_of(k) for k in range(2)])
    a.data[:], a.grad[:], root._prev = 9.0, 9.0, ()
    assert all(map(np.array_equal, before, (graph.data_of(0), graph.data_of(1))))
    assert not np.any(graph.grad_of(0)) and graph.edge_count == 1


@pytest.mark.parametrize("kind", ["{'left': a, 'right': b}", "{a: 1.0, b: 2.0}"])
def test_inputs_in_a_dict(tmp_path: Path, kind: str) -> None:
    text = CLOSURES.replace("tuple(_children)", "_dict(*_children) if _children else {}")
    text = text.replace("in v._prev:", "in [x for p in v._prev.items() for x in p if type(x) is Value]:")
    script = f"def _dict(a, b):\n    return {kind}\n{text}\na, b = Value(3.0), Value(4.0)\n"
    script += "(a * b + a).backward()"
    (graph,) = passes(tmp_path, script)
    assert graph.grad_of(graph.find("a")) == 5.0 and graph.edge_count == 4 and not found([graph])


def test_what_can_be_done_without_is_left_out() -> None:
    class Value:
        def __init__(self, data: float, prev: Any = ()) -> None:
            self.data, self._prev = data, prev

        grad = property(lambda self: 1 / 0)
        _op = property(lambda self: {}["op"])

    graph = gv.record(Value(6.0, (Value(2.0), Value(3.0))))
    assert graph.op_of(2) == "mul" and not graph.has_grad.any()
    assert "`grad` is left out: reading it raised ZeroDivisionError: division by zero." in graph.meta["notes"]


def test_a_cycle_is_told_by_the_names_of_variables(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    script = f"{SETS}\na = Value(1.0)\nb = a + a\na._prev.add(b)\nb.backward()"
    assert passes(tmp_path, script) == []
    said = capfd.readouterr().err
    line = len(script.splitlines())
    assert (
        f"user.py:{line}: a pass is not recorded. The inputs form a cycle: 'b' reads 'a' reads 'b'." in said
    )


def test_values_in_arrays_of_objects(tmp_path: Path) -> None:
    script = f"import numpy as np\n{SETS}\nw = np.array([[Value(1.0), Value(2.0)]])\n"
    script += "(w * 3.0).sum().backward()"
    (graph,) = passes(tmp_path, script)
    assert graph.grad_of(graph.find("w[0, 1]")) == 3.0 and not found([graph])


def test_a_sine_with_a_wrong_sign() -> None:
    class Value:
        def __init__(self, data: float, grad: float, prev: Any = (), op: str = "") -> None:
            self.data, self.grad, self._prev, self._op = data, grad, prev, op

        def backward(self) -> None:
            """Has run."""

    for sign, count in ((1.0, 0), (-1.0, 1)):
        x = Value(2.0, sign * np.cos(2.0))
        findings = found([gv.record(Value(np.sin(2.0), 1.0, (x,), "Sin"))])
        assert len(findings) == count and all("backward rule of Sin" in one.cure for one in findings)
    flat = Value(np.pi / 2, np.cos(np.pi / 2))
    assert not found([gv.record(Value(1.0, 1.0, (flat,), "sin"))])


def test_a_value_that_very_many_read() -> None:
    class Value:
        def __init__(self, data: float, prev: Any = (), op: str = "") -> None:
            self.data, self.grad, self._prev, self._op = data, 1.0, prev, op

    hub = Value(1.0)
    parts = [Value(2.0, {hub}, "+") for _ in range(100_000)]
    frozen = freeze(Value(200_000.0, parts, "sum"), {"hub": hub})
    assert len(frozen.graph) == 100_002 and frozen.graph.edge_count == 300_000
    assert frozen.graph.names == {frozen.nodes[id(hub)]: "hub"}


BAD_NAMES = ["", "a", "a", "x" * 10_000, "new\nline", "😀", "\u202eevil", "\ud800", "nul\0", "a:b"]
BAD_NAMES += ["\\N", "<b>", "\x1b[31mred\x1b]8;;http://x\x1b\\"]


def test_whatever_values_are_called_pictures_are_whole() -> None:
    class Value:
        def __init__(self, data: float, prev: Any = (), op: str = "", label: str = "") -> None:
            self.data, self.grad, self._prev, self._op, self.label = data, 1.0, prev, op, label

    root = Value(0.0)
    for k, name in enumerate(BAD_NAMES):
        root = Value(root.data + k, (root, Value(float(k), label=name)), "+")
    svg = gv.draw(root).svg
    ET.fromstring(svg)
    assert "\x1b" not in svg and "<b>" not in svg


UNCHANGED = {
    "__radd__ without end": "Value.__radd__ = lambda a, b: b + a\nValue(1.0).backward()\ntry:\n"
    "    1 + Value(2.0)\nexcept RecursionError as error:\n    print(error)",
    "os._exit": "import os\n(Value(2.0) * Value(3.0)).backward()\nprint('out', flush=True)\nos._exit(4)",
    "data that is no number": """
for bad in ("2", None, 1j, 10**400):
    Value(bad).backward()
(Value(2.0) * 3.0).backward()
print("end")
raise SystemExit(3)
""",
    "a script without a graph": "print(Value(2.0).data)",
    "numbers of many kinds": """
from fractions import Fraction
from decimal import Decimal
for x in (True, Fraction(1, 3), Decimal("0.5"), 2**60, float("nan"), float("inf")):
    v = Value(x) * Value(x)
    try:
        v.backward()
    except TypeError as error:
        print(error)
    print(v.data)
""",
}


@pytest.mark.parametrize("what", UNCHANGED)
def test_the_script_ends_as_it_would(tmp_path: Path, what: str) -> None:
    name = write(tmp_path, f"{SETS}\n{UNCHANGED[what]}").name
    assert recorded(tmp_path, name) == plain(tmp_path, name)
