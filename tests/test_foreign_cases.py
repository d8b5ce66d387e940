"""Bad inputs, faults and odd habits of engines that gradviz was never told of.

What learners write is run as they would run it, and beside it under plain Python: output, exceptions and exit
code are the same, and what was computed is recorded, or refused in a sentence.
"""

import math
import os
import signal
import subprocess
import sys
import xml.etree.ElementTree as ET
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from gradviz.diagnostics import Finding, diagnose
from gradviz.graph import Graph
from gradviz.recording import Recording
from tests.test_script import Started, plain, recorded
from tests.test_script import passes as recorded_passes
from tests.watching import CLOSURES, PER_OP, passes, run, write

SETS = CLOSURES.replace("tuple(_children)", "set(_children)")
OPERATORS = """
import math

def _op(data, inputs, op, *slopes):
    out = Value(data, inputs, op)
    def _backward():
        for value, slope in zip(inputs, slopes):
            value.grad += slope * out.grad
    out._backward = _backward
    return out

Value.__neg__ = lambda v: v * -1.0
Value.__pos__ = lambda v: v
Value.__sub__ = lambda v, w: _op(v.data - w.data, (v, w), "-", 1.0, -1.0)
Value.__truediv__ = lambda v, w: _op(v.data / w.data, (v, w), "/", 1 / w.data, -v.data / w.data**2)
Value.__abs__ = lambda v: _op(abs(v.data), (v,), "abs", math.copysign(1.0, v.data))
Value.__float__ = lambda v: float(v.data)
Value.__int__ = lambda v: int(v.data)
Value.__index__ = lambda v: int(v.data)
Value.__round__ = lambda v, n=None: _op(round(v.data, n), (v,), "round", 0.0)
Value.__mod__ = lambda v, k: _op(v.data % k, (v,), f"%{k}", 1.0)
Value.__floordiv__ = lambda v, k: _op(v.data // k, (v,), f"//{k}", 0.0)
Value.__divmod__ = lambda v, k: (v // k, v % k)
Value.__matmul__ = lambda v, w: v * w
Value.__rpow__ = lambda v, k: _op(k**v.data, (v,), f"{k}**", math.log(k) * k**v.data)
Value.__pow__ = lambda v, w: (
    _op(v.data**w.data, (v, w), "**", w.data * v.data ** (w.data - 1), math.log(v.data) * v.data**w.data)
    if isinstance(w, Value) else _op(v.data**w, (v,), f"**{w}", w * v.data ** (w - 1)))
"""


def found(graphs: list[Graph]) -> list[Finding]:
    return [one for one in diagnose(Recording.of(graphs)) if one.severity != "note"]


def grads(graph: Graph, names: str) -> list[Any]:
    return [graph.grad_of(graph.find(name)) for name in names]


def same(folder: Path, text: str, *args: str) -> Started:
    """Run a script under plain Python and recorded; give the recorded run, which was the same."""
    name = write(folder, text).name
    expected, got = plain(folder, name, *args), recorded(folder, name, *args)
    assert got == expected
    return got


def kept(folder: Path) -> list[Graph]:
    with Recording.open(folder / "run.gradviz") as recording:
        assert not recording.damage
        graphs = list(recording)
    assert not [graph.validate() for graph in graphs if graph.validate()]
    return graphs


# -- operands and passes


@pytest.mark.parametrize(
    ("formula", "op", "grad"),
    [("a + a", "add", 2.0), ("a * a", "mul", 6.0), ("a - a", "sub", 0.0), ("a / a", "div", 0.0)],
)  # fmt: skip
def test_an_operand_used_twice_is_two_edges(tmp_path: Path, formula: str, op: str, grad: float) -> None:
    (graph,) = passes(tmp_path, f"{SETS}{OPERATORS}\na = Value(3.0)\nb = {formula}\nb.backward()")
    a = graph.find("a")
    assert graph.op_of(graph.root) == op and graph.input[graph.inputs_of(graph.root)].tolist() == [a, a]
    assert graph.grad_of(a) == pytest.approx(grad) and not found([graph])


def test_a_backward_that_takes_every_path_is_told_from_one_that_is_healthy(tmp_path: Path) -> None:
    every_path = CLOSURES.replace("if v not in visited:", "if True:")
    script = "\na = Value(3.0)\nb = a + a\nc = b + b\nc.backward()"
    assert not found(passes(tmp_path, SETS + script))
    (finding, *_) = found(passes(tmp_path, every_path + script))
    assert finding.check == "visited-twice"


@pytest.mark.parametrize("leaf", ["Value(3.0)", "Value(True)", "Value(0)"])
def test_backward_before_any_op_gives_the_leaf_a_gradient_of_one(tmp_path: Path, leaf: str) -> None:
    (graph,) = passes(tmp_path, f"{SETS}\na = {leaf}\na.backward()")
    assert len(graph) == 1 and graph.grad_of(0) == 1.0 and not found([graph])


@pytest.mark.parametrize(("seed", "check"), [("2.0", "seed"), ("float('nan')", "seed"), ("0.0", "seed")])
def test_a_seed_that_is_not_one_is_named(tmp_path: Path, seed: str, check: str) -> None:
    text = SETS.replace("self.grad = 1.0", f"self.grad = {seed}")
    graphs = passes(tmp_path, f"{text}\na = Value(3.0)\nb = a * 2.0\nb.backward()")
    assert check in [one.check for one in diagnose(Recording.of(graphs))]


def test_a_seed_of_another_shape_is_kept_as_it_is(tmp_path: Path) -> None:
    text = SETS.replace("self.grad = 1.0", "self.grad = np.ones(3)")
    graphs, result = run(tmp_path, f"import numpy as np\n{text}\na = Value(3.0)\nb = a * 2.0\nb.backward()")
    assert result.exit_code == 0 and len(graphs) == 1
    assert np.array_equal(graphs[0].grad_of(graphs[0].root), np.ones(3))


# -- backward that does not come to its end

HALFWAY = f"""{SETS}
a, b = Value(2.0), Value(3.0)
c = a * b
d = c + a
def rule():
    a.grad += b.data * c.grad
    %s
c._backward = rule
d.backward()
print("after", a.grad)
"""


@pytest.mark.parametrize(
    "error", ["raise ValueError('half-way')", "raise KeyboardInterrupt", "raise SystemExit(3)"]
)
def test_what_a_rule_had_done_when_it_raised_is_kept_with_its_node(tmp_path: Path, error: str) -> None:
    got = same(tmp_path, HALFWAY % error)
    (graph,) = kept(tmp_path)
    failed = graph.meta["failed"]
    line = 1 + next(k for k, text in enumerate((HALFWAY % error).splitlines()) if error in text)
    assert got.code != 0 and failed["node"] == graph.find("c") and failed["line"] == line
    assert grads(graph, "acd") == [4.0, 1.0, 1.0] and graph.grad_of(graph.find("b")) is None


ENDS = {
    "exit text": "import sys; sys.exit('no')",
    "exit": "raise SystemExit",
    "os._exit": "import os; os._exit(4)",
    "sigint": "import os, signal, time; os.kill(os.getpid(), signal.SIGINT); time.sleep(9)",
    "sigterm": "import os, signal, time; os.kill(os.getpid(), signal.SIGTERM); time.sleep(9)",
    "sigkill": "import os, signal; os.kill(os.getpid(), signal.SIGKILL)",
    "segfault": "import ctypes; ctypes.string_at(0)",
    "abort": "import os; os.abort()",
    "exit in a thread": "import sys, threading; threading.Thread(target=sys.exit, args=(3,)).start()",
}


@pytest.mark.parametrize("end", ENDS)
def test_a_script_that_ends_inside_of_a_rule_ends_as_under_python(tmp_path: Path, end: str) -> None:
    before = "(a * 4.0).backward()\na.grad = 0.0\nd.backward()"
    same(tmp_path, (HALFWAY % ENDS[end]).replace("d.backward()", before))
    first, *_ = kept(tmp_path)
    assert first.grad_of(first.find("a")) == 4.0


def test_an_uncaught_error_is_told_with_the_users_frames_alone(tmp_path: Path) -> None:
    got = same(tmp_path, HALFWAY % "1 / 0")
    assert got.code == 1 and not [line for line in got.err if "gradviz" in line.replace(str(tmp_path), "")]
    assert got.said == ["gradviz: 1 pass recorded. Open with: gradviz show run.gradviz"]
    with Recording.open(tmp_path / "run.gradviz") as recording:
        assert recording.meta["exception"]["type"] == "ZeroDivisionError"


# -- size and life


def test_a_long_chain_of_a_learners_engine(tmp_path: Path) -> None:
    script = f"""{SETS}
def backward(root):
    order, seen, waiting = [], set(), [(root, False)]
    while waiting:
        v, done = waiting.pop()
        if done:
            order.append(v)
        elif v not in seen:
            seen.add(v)
            waiting += [(v, True), *((child, False) for child in v._prev)]
    root.grad = 1.0
    for v in reversed(order):
        v._backward()
Value.backward = backward
a = x = Value(1.0)
for _ in range(30_000):
    x = x + 1.0
x.backward()
print(a.grad, x.data)
"""
    same(tmp_path, script)
    (graph,) = kept(tmp_path)
    assert len(graph) == 60_001 and graph.grad_of(graph.find("a")) == 1.0


def test_as_many_values_are_alive_as_without_gradviz(tmp_path: Path) -> None:
    same(
        tmp_path,
        f"""{SETS}
import gc
w = Value(1.0)
for k in range(1, 1001):
    loss = w * 2.0 + float(k)
    loss.backward()
    w.grad = 0.0
    if k % 250 == 0:
        gc.collect()
        print(sum(type(held) is Value for held in gc.get_objects()))
""",
    )


def test_copies_and_pickles_are_the_engines_own(tmp_path: Path) -> None:
    text = SETS.replace("lambda: None", "None").replace("v._backward()", "v._backward and v._backward()")
    got = same(
        tmp_path,
        f"""{text}
import copy, pickle
class Own(Value):
    def __getstate__(self):
        print("state")
        return {{"data": self.data, "grad": 0.0, "_prev": (), "_op": "", "_backward": None}}
    def __copy__(self):
        print("copy")
        return Own(self.data)
a = Own(3.0)
b, c = pickle.loads(pickle.dumps(a)), copy.copy(a)
(a * b * c).backward()
print(a.grad, b.grad, c.grad, type(b) is Own)
try:
    pickle.dumps(a * b)
except Exception as error:
    print(type(error).__name__, error)
""",
    )
    (graph,) = kept(tmp_path)
    assert got.out.startswith("state\ncopy\n9.0 9.0 9.0 True") and grads(graph, "abc") == [9.0, 9.0, 9.0]


def test_an_array_that_is_updated_in_place_is_an_update(tmp_path: Path) -> None:
    script = f"import numpy as np\n{SETS}\nW = Value(np.array([1.0, 2.0]))\nW.grad = np.zeros(2)\n"
    script += (
        "for _ in range(2):\n    y = W * 3.0\n    y.grad = np.ones(2)\n    y.backward()\n    W.data -= 0.5\n"
    )
    first, second = passes(tmp_path, script)
    (update,) = first.updates
    assert first.label(update.node) == "W"
    assert np.array_equal(update.before, [1.0, 2.0]) and np.array_equal(update.after, [0.5, 1.5])
    assert np.array_equal(second.data_of(second.find("W")), [0.5, 1.5])


def test_data_that_was_changed_after_use_is_told_with_both_numbers(tmp_path: Path) -> None:
    script = f"{SETS}\na = Value(3.0)\nb = a * a\na.data = 100\nb.backward()\nprint(a.grad)"
    assert same(tmp_path, script).out == "200.0\n"
    (finding,) = [one for one in diagnose(Recording.of(kept(tmp_path))) if one.check == "changed-value"]
    assert "from 3 to 100" in finding.message


def test_ten_thousand_classes_from_one_function(tmp_path: Path) -> None:
    body = SETS.strip().replace("\n", "\n    ")
    script = f"def make():\n    {body}\n    return Value\nfor k in range(2_000):\n    Value = make()\n"
    (graph,) = passes(tmp_path, f"{script}a = Value(2.0)\n(a * a).backward()")
    assert graph.grad_of(graph.find("a")) == 4.0


# -- numbers

NUMBERS = {
    "int": "3", "bool": "True", "np.int64": "np.int64(7)", "np.float32": "np.float32(0.1)",
    "np.float16": "np.float16(0.1)", "0-d array": "np.array(2.5)", "Fraction": "Fraction(1, 3)",
    "Decimal": "Decimal('0.1')", "IntEnum": "Colour.RED", "float with a __float__ that raises": "Odd(2.5)",
    "nan": "math.nan", "-inf": "-math.inf", "-0.0": "-0.0", "subnormal": "5e-324",
    "longdouble": "np.longdouble(2)",
}  # fmt: skip
KINDS = """
import math
import numpy as np
from decimal import Decimal
from enum import IntEnum
from fractions import Fraction
class Colour(IntEnum):
    RED = 3
class Odd(float):
    def __float__(self):
        raise RuntimeError("no")
    __eq__ = __bool__ = __float__
    __hash__ = None
"""


@pytest.mark.parametrize("kind", NUMBERS)
def test_every_kind_of_number_is_recorded_as_a_float(tmp_path: Path, kind: str) -> None:
    expected: dict[str, Any] = {}
    exec(f"{KINDS}\nx = {NUMBERS[kind]}", expected)
    (graph,) = passes(tmp_path, f"{SETS}{KINDS}\nv = Value({NUMBERS[kind]})\nv.backward()")
    number, x = graph.data_of(0), expected["x"]
    assert type(number) is float
    assert number.hex() == (float.__add__(x, 0.0) if "raises" in kind else float(x)).hex()


@pytest.mark.parametrize("data", ["2**53 + 1", "np.int64(2**53 + 1)"])
def test_a_whole_number_beyond_double_precision_is_announced(tmp_path: Path, data: str) -> None:
    (graph,) = passes(tmp_path, f"import numpy as np\n{SETS}\nv = Value({data})\nv.backward()")
    assert graph.data_of(0) == 2.0**53 and "53 bits" in graph.meta["notes"][0]
    (graph,) = passes(tmp_path, f"{SETS}\nv = Value(2**60)\nv.backward()")
    assert "notes" not in graph.meta


def test_single_precision_is_announced(tmp_path: Path) -> None:
    (graph,) = passes(tmp_path, f"import numpy as np\n{SETS}\nv = Value(np.float32(0.1))\n(v * v).backward()")
    assert any("single or half precision" in note for note in graph.meta["notes"])


@pytest.mark.parametrize(
    ("data", "told"),
    [
        ("'3'", "is the str '3', not a number"),
        ("None", "is None, not a number"),
        ("10**400", "is an int of 1,329 bits, not a number"),
        ("(-8) ** (1/3)", "is the complex (1"),
        ("Value(2.0)", "is a Value, not a number. It holds a value where a number belongs"),
        ("Late(1, 3)", "making a float of it raised RuntimeError: not now"),
    ],
)
def test_what_is_no_number_is_refused_with_its_place_and_the_script_goes_on(
    tmp_path: Path, data: str, told: str
) -> None:
    late = "from fractions import Fraction\nclass Late(Fraction):\n    def __float__(self):\n"
    late += "        raise RuntimeError('not now')\n"
    got = same(tmp_path, f"{late}{SETS}\na = Value({data})\na.backward()\n(Value(2.0) * 3.0).backward()\n")
    line = len((tmp_path / "user.py").read_text().splitlines()) - 1
    assert f"user.py:{line}: a pass is not recorded." in got.said[0] and told in got.said[0]
    assert len(kept(tmp_path)) == 1


# -- Python's operators

CALLS = {
    "float": "float(v)", "int": "int(w)", "math.exp": "math.exp(v)", "round": "round(w)",
    "round to": "round(w, 1)",
    "abs": "abs(-v)", "divmod": "divmod(w, 2)", "number to the power": "2 ** v", "power": "v ** w",
    "minus": "-v",
    "plus": "+v", "floor": "w // 2", "modulo": "w % 2", "matmul": "v @ w", "index": "[1, 2, 3, 4][v]",
    "power of numpy": "v ** np.int64(2)", "numpy on the left": "np.float64(2) * v",
    "array on the left": "np.array([1.0, 2.0]) * v", "np.exp": "np.exp(v)", "np.sum": "np.sum([v, w])",
    "in": "v in [w, v]", "max": "max(v, w)", "sorted": "sorted([w, v])", "less": "v < w", "is less": "v <= 3",
    "equal": "v == w", "truth": "bool(v)", "dict": "{v: 1}[v]", "set": "len({v, w, v})", "unknown": "v << w",
}  # fmt: skip


@pytest.mark.parametrize("ordered", ["with an order", "without"])
def test_operators_and_functions_of_python_do_what_the_engine_says(tmp_path: Path, ordered: str) -> None:
    """All in one script, as one process costs more than all of them."""
    script = f"import numpy as np\n{SETS}{OPERATORS}\n"
    if ordered == "with an order":
        script += "Value.__lt__ = lambda v, w: v.data < getattr(w, 'data', w)\n"
        script += "Value.__bool__ = lambda v: v.data != 0\n"
    script += "v, w = Value(2.0), Value(3.5)\ndef shown(z):\n    return getattr(z, 'data', z)\n"
    script += "def call(what, do):\n    try:\n        z = do()\n    except TypeError as error:\n"
    script += "        return print(what, 'TypeError', error)\n"
    script += "    made = list(z) if isinstance(z, (tuple, list, np.ndarray)) else [z]\n"
    script += "    for z in made:\n        print(what, type(z).__name__, shown(z))\n"
    script += (
        "        if isinstance(z, Value):\n            v.grad = w.grad = 0.0\n            z.backward()\n"
    )
    script += "            print(v.grad, w.grad)\n"
    script += "".join(f"call({what!r}, lambda: {call})\n" for what, call in CALLS.items())
    got = same(tmp_path, script)
    assert got.out.count("TypeError") == (3 if ordered == "with an order" else 6)
    graphs = kept(tmp_path)
    values = [
        line for line in got.out.splitlines() if line.split()[-2] == "Value" and "TypeError" not in line
    ]
    assert len(graphs) == len(values) and not [one for g in graphs for one in found([g])]
    ops = [graph.op_of(graph.root) for graph in graphs]
    assert {"abs", "round", "pow", "mul", "add", "//2", "%2"} <= set(ops)


ASKED = """
class Value:
    def __init__(self, data, prev=(), op=""):
        self.data, self.grad, self._prev, self._op = data, 0.0, prev, op
    def __mul__(self, other):
        return Value(self.data * other.data, (self, other), "*")
    def backward(self, grad=1.0):
        self.grad += grad
        if self._prev:
            a, b = self._prev
            a.backward(grad * b.data)
            b.backward(grad * a.data)
def asked(name, answer):
    def method(self, *args):
        print(name, *args[:1] if name == "__getattr__" else ())
        return answer(self, *args)
    setattr(Value, name, method)
import numpy as np
asked("__eq__", lambda v, w: np.array([True, False]))
asked("__hash__", lambda v: 1)
asked("__bool__", lambda v: 1 / 0)
asked("__len__", lambda v: 1 / 0)
asked("__iter__", lambda v: 1 / 0)
asked("__repr__", lambda v: "Value")
asked("__getattr__", lambda v, name: (lambda *args: 42))
asked("__lt__", lambda v, w: v)
asked("__array__", lambda v, *args: np.array(7.0))
asked("__call__", lambda v, *args: v)
a, b = Value(2.0), Value(3.0)
c = a * b * a
c.backward()
print(a.grad, b.grad, a == b, hash(a), a.anything())
"""


def test_no_question_is_asked_of_a_value_that_the_script_does_not_ask(tmp_path: Path) -> None:
    got = same(tmp_path, ASKED)
    assert "12.0 4.0" in got.out
    (graph,) = kept(tmp_path)
    assert grads(graph, "abc") == [12.0, 4.0, 1.0] and not found([graph])


# -- styles of engines

STYLES = {
    "a subclass of float": """
class Value(float):
    def __new__(cls, number, prev=(), op=""):
        self = super().__new__(cls, number)
        self.grad, self._prev, self._op = 0.0, prev, op
        return self
    def __mul__(self, other):
        return Value(float(self) * float(other), (self, other), "*")
    def backward(self):
        self.grad, waiting = 1.0, [self]
        for v in waiting:
            if v._prev:
                a, b = v._prev
                a.grad += v.grad * float(b)
                b.grad += v.grad * float(a)
                waiting += v._prev
a, b = Value(2.0), Value(3.0)
c = a * b
c.backward()
""",
    "a subclass of ndarray": """
import numpy as np
class Value(np.ndarray):
    def __new__(cls, data, prev=(), op=""):
        self = np.asarray(data, dtype=float).view(cls)
        self._prev, self._op, self.grad = prev, op, np.zeros(np.shape(data))
        return self
    def __array_finalize__(self, made_from):
        self.grad, self._prev, self._op = None, (), ""
    def __mul__(self, other):
        return Value(np.asarray(self) * np.asarray(other), (self, other), "*")
    def backward(self):
        self.grad = np.ones(self.shape)
        a, b = self._prev
        a.grad = a.grad + np.asarray(b) * self.grad
        b.grad = b.grad + np.asarray(a) * self.grad
a, b = Value(2.0), Value(3.0)
c = a * b
c.backward()
""",
    "a named tuple": """
from typing import NamedTuple
class Value(NamedTuple):
    data: float
    grad: list
    parents: tuple = ()
    op: str = ""
    def __mul__(self, other):
        return Value(self.data * other.data, [0.0], (self, other), "*")
    def backward(self):
        self.grad[0] = 1.0
        a, b = self.parents
        a.grad[0] += b.data
        b.grad[0] += a.data
a, b = Value(2.0, [0.0]), Value(3.0, [0.0])
c = a * b
c.backward()
""",
    "a dataclass that compares by value": """
from dataclasses import dataclass, field
@dataclass
class Value:
    data: float
    grad: float = 0.0
    children: list = field(default_factory=list)
    op: str = ""
    def __mul__(self, other):
        return Value(self.data * other.data, 0.0, [self, other], "*")
    def backward(self, grad=1.0):
        self.grad += grad
        if self.children:
            a, b = self.children
            a.backward(grad * b.data)
            b.backward(grad * a.data)
a, b = Value(2.0), Value(3.0)
c = a * b
c.backward()
print(c, a == Value(2.0, 3.0))
""",
    "private slots behind properties": """
class Value:
    __slots__ = ("_data", "_grad", "__prev", "_op", "_b")
    def __init__(self, data, prev=(), op=""):
        self._data, self._grad, self.__prev, self._op, self._b = data, 0.0, frozenset(prev), op, None
    @property
    def data(self):
        print("data is read")
        return self._data
    def __mul__(self, other):
        out = Value(self._data * other._data, (self, other), "*")
        def rule():
            self._grad += other._data * out._grad
            other._grad += self._data * out._grad
        out._b = rule
        return out
    def backward(self):
        self._grad = 1.0
        self._b()
a, b = Value(2.0), Value(3.0)
c = a * b
print(c.data)
c.backward()
""",
    "inputs kept by what created it": """
class Mul:
    def __init__(self, *inputs):
        self.inputs = inputs
    def backward(self, grad):
        a, b = self.inputs
        return grad * b.data, grad * a.data
class Value:
    def __init__(self, data, creator=None):
        self.data, self.grad, self.creator = data, None, creator
    def __mul__(self, other):
        return Value(self.data * other.data, Mul(self, other))
    def backward(self):
        self.grad, waiting = 1.0, [self]
        for v in waiting:
            if v.creator is not None:
                for x, grad in zip(v.creator.inputs, v.creator.backward(v.grad)):
                    x.grad = grad if x.grad is None else x.grad + grad
                    waiting.append(x)
a, b = Value(2.0), Value(3.0)
c = a * b
c.backward()
""",
    "an abstract class with a metaclass and a registry": PER_OP.replace(
        "class Node:",
        "from abc import ABC\nclass Node(ABC):\n    made = []\n    def __init_subclass__(cls, **kw):\n"
        "        super().__init_subclass__(**kw)\n        Node.made.append(cls.__name__)\n",
    )
    + "a, b = Leaf(2.0), Leaf(3.0)\nc = a * b\nbackprop(c)\nprint(Node.made)\n",
    "a generator that something else drives": """
class Value:
    def __init__(self, data, parents=(), op=""):
        self.data, self.parents, self.op, self.grad = data, parents, op, 0.0
    def __mul__(self, other):
        return Value(self.data * other.data, (self, other), "*")
    def backward(self):
        if self.parents:
            a, b = self.parents
            yield a, self.grad * b.data
            yield b, self.grad * a.data
a, b = Value(2.0), Value(3.0)
c = a * b
c.grad = 1.0
for v in (c, a, b):
    for x, grad in v.backward():
        x.grad += grad
""",
    "a backward for one node that something else drives": """
class Value:
    def __init__(self, data, parents=(), op=""):
        self.data, self.parents, self.op, self.grad = data, parents, op, 0.0
    def __mul__(self, other):
        return Value(self.data * other.data, (self, other), "*")
    def backward(self):
        if self.op == "*":
            a, b = self.parents
            a.grad += self.grad * b.data
            b.grad += self.grad * a.data
a, b = Value(2.0), Value(3.0)
c = a * b
c.grad = 1.0
for v in (c, a, b):
    v.backward()
""",
    "a class that is executed from a text": f"space = {{}}\nexec({CLOSURES!r}, space)\n"
    "Value = space['Value']\n"
    "a, b = Value(2.0), Value(3.0)\nc = a * b\nc.backward()\n",
    "a module that is loaded again": f"""
import importlib, os, pathlib
name = "again" + str(os.getpid())
pathlib.Path(name + ".py").write_text({CLOSURES!r})
again = importlib.import_module(name)
print(again.Value(5.0).grad)
Value = importlib.reload(again).Value
a, b = Value(2.0), Value(3.0)
c = a * b
c.backward()
""",
    "a coroutine": f"""{CLOSURES}
import asyncio
a, b = Value(2.0), Value(3.0)
async def work():
    c = a * b
    await asyncio.sleep(0)
    c.backward()
asyncio.run(work())
""",
}


@pytest.mark.parametrize("style", STYLES)
def test_engines_in_odd_styles_are_recorded_as_they_compute(tmp_path: Path, style: str) -> None:
    same(tmp_path, STYLES[style])
    (graph,) = kept(tmp_path)
    assert graph.op_of(graph.root) == "mul" and graph.data_of(graph.root) == 6.0
    assert grads(graph, "ab") == [3.0, 2.0] and graph.grad_of(graph.root) == 1.0
    assert not found([graph]) and "manual" not in graph.meta


def test_gradients_of_named_tuples_before_a_pass_are_told(tmp_path: Path) -> None:
    first, second = passes(tmp_path, STYLES["a named tuple"] + "c.backward()\n")
    assert first.prior_of(first.find("a")) == 0.0 and second.prior_of(second.find("a")) == 3.0


NEARLY = {
    "the gradient is a method": ("def grad(self): return self.g", "self.g", 'register(Value, grad="…")'),
    "there is no gradient": ("", "self.unused", "grad=None if its objects hold none"),
}


@pytest.mark.parametrize("how", NEARLY)
def test_a_class_that_is_nearly_an_engine_is_named_where_nothing_else_is_there(
    tmp_path: Path, how: str
) -> None:
    method, kept_in, told = NEARLY[how]
    script = f"""
class Value:
    def __init__(self, data, prev=(), op=""):
        self.data, {kept_in}, self._prev, self._op = data, 0.0, prev, op
    {method or "unused = 0"}
    def __mul__(self, other):
        return Value(self.data * other.data, (self, other), "*")
c = Value(2.0) * Value(3.0)
"""
    got = same(tmp_path, script)
    assert (
        len(got.said) == 2
        and told in got.said[0]
        and f"({tmp_path}/user.py:3) is not recorded" in got.said[0]
    )
    assert "no backward() was recorded" in got.said[1]


def test_a_class_that_is_registered_later_is_watched_from_then_on(tmp_path: Path) -> None:
    script = """
import gradviz
class Value:
    def __init__(self, number, made_by=None):
        self.number, self.slope, self.made_by = number, 0.0, made_by
    def __mul__(self, other):
        return Value(self.number * other.number, Times(self, other))
    def backward(self, slope=1.0):
        self.slope += slope
        if self.made_by:
            a, b = self.made_by.args
            a.backward(slope * b.number)
            b.backward(slope * a.number)
class Times:
    def __init__(self, *args):
        self.args = args
gradviz.register(Value, data="number", grad="slope", inputs="made_by.args", op="made_by", label=None)
a, b = Value(2.0), Value(3.0)
for _ in range(2):
    c = a * b
    c.backward()
"""
    first, second = passes(tmp_path, script)
    assert grads(first, "abc") == [3.0, 2.0, 1.0] and second.prior_of(second.find("a")) == 3.0
    assert first.op_of(first.root) == "mul" and first.span_of(first.root) is not None


# -- graphs that are none

CYCLES = {
    "a value that reads itself": ("a._prev.add(a)\na.backward()", "'a' reads 'a'"),
    "an input that reads its result": ("b = a * 2.0\na._prev.add(b)\nb.backward()", "cycle"),
}


@pytest.mark.parametrize("cycle", CYCLES)
def test_a_cycle_is_named_and_the_next_pass_is_recorded(tmp_path: Path, cycle: str) -> None:
    how, told = CYCLES[cycle]
    got = same(tmp_path, f"{SETS}\na = Value(1.0)\n{how}\n(Value(2.0) * 3.0).backward()\n")
    assert told in got.said[0] and ": a pass is not recorded." in got.said[0]
    assert len(kept(tmp_path)) == 1


def test_inputs_that_can_be_read_once_only_are_left_to_the_engine(tmp_path: Path) -> None:
    text = SETS.replace("set(_children)", "(child for child in _children)")
    text = text.replace("for child in v._prev:", "for child in list(v._prev):")
    got = same(tmp_path, f"{text}\na = Value(3.0)\nb = a * 2.0\nb.backward()\nprint(a.grad)")
    assert got.out == "2.0\n" and "are a generator, not a tuple, list or set" in got.said[0]


def test_parts_that_hang_together_by_nothing_are_two_roots(tmp_path: Path) -> None:
    script = f"{SETS}\na, b = Value(2.0), Value(3.0)\nc, d = a * 2.0, b * 3.0\n"
    graphs = passes(tmp_path, script)
    assert sorted(graph.label(graph.root) for graph in graphs) == ["c", "d"]
    assert {len(graph) for graph in graphs} == {3}


NAMES = [
    "",
    "x" * 5000,
    "a\\nb",
    "🙂",
    "\\u202eevil",
    "\\ud800",
    "\\0",
    "a:b",
    "n0",
    "\\\\N",
    '<b>&\\"',
    "\\x1b[31m",
]


def test_whatever_values_are_called_every_format_is_whole(tmp_path: Path) -> None:
    text = SETS.replace('_op=""', '_op="", label=""').replace("self._prev,", "self.label, self._prev,")
    text = text.replace("= tuple(", "= label, tuple(").replace("= set(", "= label, set(")
    names = ", ".join(f'"{name}"' for name in NAMES)
    script = f"{text}\ntotal = Value(0.0)\nfor k, name in enumerate([{names}]):\n"
    script += "    total = total + Value(float(k), label=name)\ntotal.backward()\n"
    (graph,) = passes(tmp_path, script)
    labels = [eval(f'"{name}"') for name in NAMES]
    assert {name for name in labels if name} <= set(graph.names.values())
    for ending in ("svg", "dot", "mmd", "graphml", "json"):
        command = [sys.executable, "-m", "gradviz", "export", "run.gradviz", "-o", f"out.{ending}"]
        done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=60)
        assert done.returncode == 0, done.stderr
        written = (tmp_path / f"out.{ending}").read_text()
        assert "\x1b" not in written and "\0" not in written
        if ending in ("svg", "graphml"):
            ET.fromstring(written)


def test_a_recording_is_what_was_when_the_script_changes_all_of_it(tmp_path: Path) -> None:
    script = f"{SETS}\na = Value(2.0)\nb = a * 3.0\nb.backward()\n"
    script += "a.data, a.grad, b._prev, b._op, b.data = 9.0, 9.0, set(), '?', None\n"
    (graph,) = passes(tmp_path, script)
    assert (graph.data_of(graph.root), graph.op_of(graph.root), grads(graph, "a")) == (6.0, "mul", [3.0])
    assert [(update.before, update.after) for update in graph.updates] == [(2.0, 9.0)]


def test_numbers_that_are_none_travel_through_files(tmp_path: Path) -> None:
    script = f"{SETS}\na, b = Value(float('inf')), Value(0.0)\nc = a * b\nc.backward()\nd = a * 2.0\n"
    (graph,) = passes(tmp_path, script)
    assert math.isnan(graph.data_of(graph.root)) and grads(graph, "ab") == [0.0, math.inf]
    for ending in ("json", "graphml"):
        command = [sys.executable, "-m", "gradviz", "export", "run.gradviz", "-o", f"out.{ending}"]
        subprocess.run(command, cwd=tmp_path, check=True, timeout=60)
        assert (tmp_path / f"out.{ending}").stat().st_size


# -- the program around the engine

PASS = f"{SETS}\na = Value(2.0)\nb = a * 3.0\nb.backward()\nprint(a.grad)\n"


@pytest.mark.parametrize(
    ("file", "args", "head"),
    [
        ("user.py", ["user.py"], "\ufeff"),
        ("user.py", ["user.py"], "# coding: utf-8\nü = 1\n"),
        ("user.py", ["user.py"], "#!/usr/bin/env python\nfrom __future__ import annotations\n"),
        ("torch.py", ["torch.py"], ""),
        ("random.py", ["random.py"], ""),
        ("package/__main__.py", ["-m", "package"], ""),
        ("package/user.py", ["-m", "package.user"], ""),
        ("package/__main__.py", ["package"], ""),
        ("a b/ü.py", ["a b/ü.py"], ""),
    ],
    ids="BOM,cookie,future,torch.py,random.py,-m package,-m module,folder,odd path".split(","),
)
def test_an_engine_runs_from_whatever_python_runs(
    tmp_path: Path, file: str, args: list[str], head: str
) -> None:
    (tmp_path / file).parent.mkdir(exist_ok=True)
    (tmp_path / file).write_text(head + PASS, encoding="utf-8")
    got = recorded(tmp_path, *args)
    assert got == plain(tmp_path, *args) and got.out == "3.0\n"
    (graph,) = kept(tmp_path)
    span = graph.span_of(graph.root)
    assert span is not None and os.path.samefile(span.file, tmp_path / file)


def test_an_engine_on_standard_input(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "gradviz", "run", "--no-serve", "-o", "run.gradviz", "-"]
    got = Started(tmp_path, *command, stdin=PASS.encode())
    assert got == Started(tmp_path, sys.executable, "-", stdin=PASS.encode()) and len(kept(tmp_path)) == 1


@pytest.mark.parametrize("end", ["x = (", "raise", "import torch_is_not_there", "1 / 0"])
def test_an_engine_before_what_cannot_run_is_recorded_as_far_as_it_ran(tmp_path: Path, end: str) -> None:
    got = same(tmp_path, PASS + end)
    assert got.code == 1 and recorded_passes(tmp_path) == (end != "x = (")
    assert bool(got.said) == (end != "x = (")


def test_a_watched_class_looks_as_it_was_written(tmp_path: Path) -> None:
    script = f"""{SETS}
import inspect, os, pickle, typing
b = Value(1.0) * 2.0
b.backward()
print(inspect.getsource(Value), inspect.getsource(Value.backward), inspect.getsourcelines(Value.backward)[1])
print(inspect.signature(Value), inspect.signature(Value.backward), typing.get_type_hints(Value.backward))
print(Value.__module__, Value.__qualname__, Value.__mro__, Value.__doc__)
print(Value.backward.__name__, Value.backward.__doc__, Value.__init__.__code__.co_firstlineno)
print(vars(b).keys(), dir(b), b._backward.__qualname__, len(b._backward.__closure__))
print(inspect.getfile(Value) == os.path.abspath(__file__), pickle.loads(pickle.dumps(Value)) is Value)
print(sorted(name for name in globals() if not name.startswith("__")))
class Value:
    pass
print(Value.__new__ is object.__new__)
"""
    same(tmp_path, script)


def test_a_relative_recording_stays_where_it_was_asked_for(tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    script = f"import os\nos.umask(0o777)\nos.chdir('elsewhere')\n{PASS}print(os.listdir('.'), os.umask(0))"
    assert same(tmp_path, script).out == "3.0\n[] 511\n"
    assert len(kept(tmp_path)) == 1 and not (tmp_path / "elsewhere" / "run.gradviz").exists()


OUTPUTS = {
    "closes both": "import os, sys\nsys.stdout.close()\nsys.stderr.close()\nos.close(2)\n",
    "redirects": "import os\nos.dup2(os.open(os.devnull, os.O_WRONLY), 1)\n",
    "reads": "import sys\nprint(sys.stdin.readline(), input.__name__)\n",
    "writes much": "print('x' * 3_000_000)\n",
    "has no stderr": "import sys\nsys.stderr = sys.__stderr__ = None\n",
}


@pytest.mark.parametrize("what", OUTPUTS)
def test_streams_are_the_scripts(tmp_path: Path, what: str) -> None:
    calls = "Value('bad').backward()\n(Value(2.0) * 3.0).backward()\n"
    got = same(tmp_path, f"{SETS}{OUTPUTS[what]}{calls}")
    assert len(kept(tmp_path)) == 1
    assert len(got.said) == (2 if what in ("redirects", "reads", "writes much") else 0)


@pytest.mark.skipif(os.name != "posix", reason="pipes of a shell")
def test_a_reader_that_goes_away_is_the_scripts_concern(tmp_path: Path) -> None:
    write(tmp_path, PASS + "for k in range(100_000):\n    print(k)\n")
    run_it = "run --no-serve -o run.gradviz user.py"
    shell = f'"{sys.executable}" {{}} user.py | head -n 1; echo ${{{{PIPESTATUS[0]}}}}'
    expected = subprocess.run(["bash", "-c", shell.format("")], cwd=tmp_path, capture_output=True, timeout=60)
    command = shell.format(f"-m gradviz {run_it}").replace(f"{run_it} user.py", run_it)
    got = subprocess.run(["bash", "-c", command], cwd=tmp_path, capture_output=True, timeout=60)
    assert got.stdout == expected.stdout == b"3.0\n1\n" or got.stdout == expected.stdout
    assert len(kept(tmp_path)) == 1


def test_settings_of_python_are_the_scripts(tmp_path: Path) -> None:
    script = f"""{SETS}
import atexit, gc, random, signal, sys, threading, warnings
import numpy as np
def state():
    return (
        sys.gettrace(), sys.getprofile(), sys.getrecursionlimit(), hash(random.getstate()), gc.isenabled(),
        gc.get_threshold(), len(warnings.filters), sys.excepthook, sys.displayhook, np.geterr(),
        np.random.get_state()[1].sum(), [signal.getsignal(n) for n in range(1, 32)],
        threading.active_count(),
    )
before = state()
a = Value(2.0)
(a * 3.0).backward()
print(state() == before, [str(one) for one in before[11]], before[:3], before[4:7])
sys.setrecursionlimit(400)
gc.disable()
warnings.simplefilter("error")
np.seterr(all="raise")
random.seed(4)
signal.signal(signal.SIGTERM, print)
before = state()
(a * 1e308).backward()
(Value(float("inf")) * a).backward()
print(state() == before, random.random(), a.grad)
atexit.register(lambda: ((a * 2.0).backward(), print("last", a.grad)))
sys.excepthook = lambda kind, error, trace: print("hook", kind.__name__)
1 / 0
"""
    same(tmp_path, script)
    assert len(kept(tmp_path)) == 4


TIMEOUTS = f"""{SETS}
import signal, time
class Late(Exception):
    pass
def late(number, frame):
    raise Late("time is over")
signal.signal(signal.SIGALRM, late)
def work(seconds):
    signal.setitimer(signal.ITIMER_REAL, seconds)
    end = time.monotonic() + 20
    while time.monotonic() < end:
        x = Value(1.0)
        for _ in range(8):
            x = x * 1.01
        x.backward()
"""


def test_a_timeout_of_the_script_reaches_it_wherever_it_strikes(tmp_path: Path) -> None:
    """An exception of a signal handler is no failure of the recorder, though raised inside of it."""
    script = f"""{TIMEOUTS}
caught = 0
for k in range(25):
    try:
        work(0.002 + k * 0.0007)
    except Late:
        caught += 1
print(caught)
"""
    got = same(tmp_path, script)
    assert got.out == "25\n" and all("recorded. Open with" in line for line in got.said)
    assert len(kept(tmp_path)) > 1


def test_a_timeout_that_ends_the_script_is_told_with_its_frames_alone(tmp_path: Path) -> None:
    name = write(tmp_path, f"{TIMEOUTS}\nwork(0.4)").name
    got = recorded(tmp_path, name)
    assert (
        got.code == 1
        and got.err[-1] == "Late: time is over"
        and got.err[-2] == '    raise Late("time is over")'
    )
    assert not [line for line in got.err if "gradviz" in line.replace(str(tmp_path), "")]
    assert len(kept(tmp_path)) > 1


def test_a_signal_handler_may_run_backward_itself(tmp_path: Path) -> None:
    script = f"""{SETS}
import signal, time
def hit(number, frame):
    (Value(0.0) * 1.0).backward()
    signal.setitimer(signal.ITIMER_REAL, 0.02)
signal.signal(signal.SIGALRM, hit)
signal.setitimer(signal.ITIMER_REAL, 0.02)
w = Value(1.0)
for k in range(100):
    (w * 2.0 + 1.0).backward()
signal.setitimer(signal.ITIMER_REAL, 0)
print(w.grad)
"""
    got = same(tmp_path, script)
    assert got.out == "200.0\n" and len(got.said) == 1
    graphs = kept(tmp_path)
    assert sum("w" in graph.names.values() for graph in graphs) == 100


def test_threads_that_add_into_one_leaf_are_all_recorded(tmp_path: Path) -> None:
    script = f"""{SETS}
import sys, threading
sys.setswitchinterval(1e-5)
w, lock = Value(1.0), threading.Lock()
def work(k):
    for _ in range(50):
        y = w * float(k)
        with lock:
            y.backward()
threads = [threading.Thread(target=work, args=(k,)) for k in range(1, 5)]
[thread.start() for thread in threads]
[thread.join() for thread in threads]
print(w.grad)
"""
    assert same(tmp_path, script).out == "500.0\n"
    graphs = kept(tmp_path)
    steps = [graph.grad_of(graph.find("w")) - graph.prior_of(graph.find("w")) for graph in graphs]  # type: ignore[operator]
    assert sorted(steps) == [float(k) for k in range(1, 5) for _ in range(50)] and not found(graphs)


def test_other_processes_compute_as_before_and_write_nothing(tmp_path: Path) -> None:
    script = f"""{SETS}
import multiprocessing, os, subprocess, sys
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
def work(k):
    x = Value(float(k))
    (x * x).backward()
    return x.grad
if __name__ == "__main__":
    print(work(1.0), flush=True)
    if os.fork() == 0:
        print("child", work(2.0), flush=True)
        sys.exit(7)
    print(os.waitstatus_to_exitcode(os.wait()[1]), flush=True)
    for method in ("fork", "spawn"):
        with multiprocessing.get_context(method).Pool(1) as pool:
            print(pool.map(work, [3, 4]), flush=True)
    with ThreadPoolExecutor(1) as pool:
        print(list(pool.map(work, [5])))
    print(subprocess.run([sys.executable, "-c", "print('sub')"], capture_output=True).stdout)
"""
    same(tmp_path, script)
    assert [graph.data_of(graph.root) for graph in kept(tmp_path)] == [1.0, 25.0]


def test_passes_of_tasks_that_take_turns_are_kept_apart(tmp_path: Path) -> None:
    script = f"""{SETS}
import asyncio
async def work(k):
    x = Value(float(k))
    y = x * x
    await asyncio.sleep(0)
    y.backward()
    await asyncio.sleep(0)
    return x.grad
async def main():
    print(await asyncio.gather(*map(work, range(1, 6))))
asyncio.run(main())
"""
    same(tmp_path, script)
    assert [graph.data_of(graph.root) for graph in kept(tmp_path)] == [1.0, 4.0, 9.0, 16.0, 25.0]


# -- limits and failures

LOOP = f"""{SETS}
import os, signal
a = Value(2.0)
k = 0
while True:
    (a * 3.0).backward()
    k += 1
    if k == 40:
        os.kill(os.getpid(), signal.SIGINT)
"""


def test_an_endless_loop_is_recorded_until_ctrl_c(tmp_path: Path) -> None:
    name = write(tmp_path, LOOP).name
    got = recorded(tmp_path, name)
    assert got.code == plain(tmp_path, name).code == -signal.SIGINT and got.err[-1] == "KeyboardInterrupt"
    assert len(kept(tmp_path)) == 40


def test_a_limit_stops_the_recording_and_not_the_engine(tmp_path: Path) -> None:
    name = write(tmp_path, LOOP.replace("os.kill(os.getpid(), signal.SIGINT)", "print(a.grad); break")).name
    got = recorded(tmp_path, "--max-passes", "5", name)
    assert (got.code, got.out) == (0, "120.0\n") and len(kept(tmp_path)) == 5
    assert [line for line in got.said if "limit" in line] == got.said[:1] and len(got.said) == 2


@pytest.mark.skipif(sys.platform != "linux", reason="limits of memory")
def test_memory_that_runs_out_is_the_scripts_error(tmp_path: Path) -> None:
    script = f"""{PASS}
import resource
resource.setrlimit(resource.RLIMIT_AS, (1 << 30, 1 << 30))
try:
    much = [bytearray(1 << 20) for _ in range(10_000)]
except MemoryError:
    much = None
    print("MemoryError")
(a * 4.0).backward()
raise MemoryError
"""
    got = same(tmp_path, script)
    assert got.out == "3.0\nMemoryError\n" and len(kept(tmp_path)) == 2


@pytest.mark.skipif(sys.platform == "win32", reason="limits of files")
def test_a_disk_that_is_full_is_one_warning(tmp_path: Path) -> None:
    limit = "import resource\nresource.setrlimit(resource.RLIMIT_FSIZE, (90_000, 90_000))\n"
    got = same(tmp_path, f"{limit}{PASS}for _ in range(300):\n    (a * 1.0).backward()\nprint(a.grad)\n")
    assert sum("cannot be written" in line for line in got.said) == 1
    assert 0 < recorded_passes(tmp_path) < 300


def test_gradviz_inside_of_a_recorded_script(tmp_path: Path) -> None:
    script = f"""{SETS}
import os
import gradviz as gv
from gradviz.recorders.script import run_script
from gradviz.recording import Writer
a = Value(2.0)
b = a * 3.0
print(len(gv.record(b)), gv.draw(b).svg[:4])  # what is drawn is recorded, too
b.backward()
x = gv.Value(2.0)
(x * x).backward()
inner = "inner" + str(os.getpid())
open(inner + ".py", "w").write("print('inner')")
print(run_script(inner + ".py", [], Writer(inner + ".gradviz")).exit_code)
(a * 5.0).backward()
print(a.grad, x.grad, __name__)
"""
    same(tmp_path, script)
    graphs = kept(tmp_path)
    assert [graph.data_of(graph.root) for graph in graphs] == [6.0, 6.0, 4.0, 10.0] and not found(graphs)


def test_torch_beside_an_engine_of_ones_own(tmp_path: Path) -> None:
    pytest.importorskip("torch")
    script = f"""import torch
{SETS}
x = torch.tensor(2.0, requires_grad=True)
inside = Value(torch.tensor(2.0)) * 3.0
inside.backward()
layer = torch.nn.Linear(1, 1)
with torch.no_grad():
    layer.weight.fill_(2.0)
(layer(x.reshape(1)).sum() * x).backward()
a = Value(x.item())
(a * 3.0).backward()
print(a.grad, x.requires_grad, layer.weight.grad, layer._backward_hooks)
"""
    got = same(tmp_path, script)
    assert len(kept(tmp_path)) == 1 and "is a Tensor, not a number. Take the number out" in got.said[0]


def test_what_a_stranger_wrote_cannot_steer_the_terminal(tmp_path: Path) -> None:
    escape = "\\x1b[31mred\\x1b]8;;http://x\\x07\\r\\u202e"
    text = SETS.replace('_op=""', '_op="", label=""').replace("self._prev,", "self.label, self._prev,")
    text = text.replace("= set(", "= label, set(")
    script = f"""{text}
a, b = Value(3.0, label="{escape}"), Value(4.0)
b._prev, b._op = (a,), "{escape}"
b._backward = lambda: setattr(a, "grad", 5.0)
b.backward()
Value.__name__ = "{escape}"
class Odd(float):
    pass
Value("{escape}").backward()
bad = Value(1.0)
bad._prev = (1, "{escape}")
bad.backward()
raise ValueError("{escape}")
"""
    name = write(tmp_path, script).name
    got = recorded(tmp_path, name)
    assert len(got.said) == 3 and not any(c in line for line in got.said for c in "\x1b\x07\r\u202e")
    for command in (
        ["steps", "run.gradviz"],
        ["check", "run.gradviz"],
        ["export", "run.gradviz", "-o-", "-f", "text"],
    ):
        done = subprocess.run(
            [sys.executable, "-m", "gradviz", *command], cwd=tmp_path, capture_output=True, timeout=60
        )
        assert done.returncode in (0, 1) and not any(c in (done.stdout + done.stderr) for c in b"\x1b\x07\r")


def test_the_environment_and_sources_stay_at_home_if_asked(tmp_path: Path) -> None:
    name = write(tmp_path, f"secret = 'hunter2'\n{PASS}").name
    os.environ["GRADVIZ_TEST_SECRET"] = "swordfish"
    try:
        assert recorded(tmp_path, "--no-source", name).code == 0
    finally:
        del os.environ["GRADVIZ_TEST_SECRET"]
    data = (tmp_path / "run.gradviz").read_bytes()
    assert b"swordfish" not in data and b"hunter2" not in data and len(kept(tmp_path)) == 1
