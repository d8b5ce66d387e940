"""Watching an engine changes nothing that its script can see: output, exceptions, exit code."""

from pathlib import Path

import pytest

from gradviz.recorders.keeping import Keep
from tests.test_script import passes as recorded_passes
from tests.test_script import plain, recorded
from tests.watching import CLOSURES, DATACLASS, NETWORK, PER_OP, RECURSIVE, passes, write

TRAINING = f"""{CLOSURES}{NETWORK}
for step in range(4):
    total = loss()
    for layer in model.layers:
        for neuron in layer.neurons:
            for p in [*neuron.w, neuron.b]:
                p.grad = 0.0
    total.backward()
    for layer in model.layers:
        for neuron in layer.neurons:
            for p in [*neuron.w, neuron.b]:
                p.data -= 0.01 * p.grad
    print(step, total.data.hex(), [w.grad.hex() for w in neuron.w])
"""

FAILING = """
import sys, traceback, warnings
class Odd(Value):
    def __init_subclass__(cls, **kw):
        warnings.warn("odd", stacklevel=2)
        super().__init_subclass__(**kw)
    def __init__(self, data, *args, scale=1, **kw):
        "Its docs."
        super().__init__(data * scale, *args, **kw)
    def backward(self):
        warnings.warn("backward", stacklevel=2)
        super().backward()
class Odder(Odd):
    pass
"""

SEEN = {
    "training": TRAINING,
    "a rule raises": f"""{CLOSURES}
import traceback
b = Value(2.0) * 3.0
def broken():
    raise KeyError("rule")
b._backward = broken
try:
    (b + 1).backward()
except KeyError:
    traceback.print_exc()
print(b.grad)
(b + 1).backward()
""",
    "backward raises in a thread": f"""{CLOSURES}
import threading
Value.__add__ = lambda a, b: Value(1.0, (a, None), "+")
threading.Thread(target=(Value(2.0) + Value(1.0)).backward).start()
""",
    "arguments": f"""{CLOSURES}{FAILING}
import inspect, pickle
print(*map(inspect.signature, (Value, Odd, Odder, Odd.backward)))
print(inspect.signature(Odd(1.0).backward), Odd.backward.__qualname__, Odd.__init__.__doc__, Odd.__doc__)
print(inspect.getsource(Odd.backward), Odd(2.0, scale=3).data, sorted(vars(Odd(1.0))))
for call in (lambda: Value(), lambda: Odd(1, 2, 3, 4), lambda: Odd(1, what=2), lambda: Value(1).backward(2)):
    try:
        call()
    except TypeError:
        traceback.print_exc()
Odd(3.0).backward()
""",
    "bodies that raise": f"""{CLOSURES}
class Wrong(Value):
    data = 1 / 0
""",
    "metaclass": f"""
import sys
class Meta(type):
    __hash__ = None
    def __eq__(cls, other):
        raise RuntimeError("eq")
    def __new__(meta, name, bases, space):
        print(name, sorted(k for k in space if not k.startswith("__")))
        return super().__new__(meta, name, bases, space)
    def __call__(cls, *args):
        print("call", args[:1])
        return super().__call__(*args)
{CLOSURES.replace("class Value:", "class Value(metaclass=Meta):").replace("visited.add(v)", "visited.add(v)")}
(Value(1.0) * Value(2.0)).backward()
""",
    "copies": """
import copy, pickle
class Value:
    __slots__ = ("data", "grad", "_prev", "_op")
    def __init__(self, data, _prev=(), _op=""):
        self.data, self.grad, self._prev, self._op = data, 0.0, _prev, _op
    def __mul__(self, other):
        return Value(self.data * other.data, (self, other), "*")
    def backward(self):
        self.grad = 1.0
        for a, b in (self._prev, self._prev[::-1]):
            a.grad += b.data
c = Value(2.0) * Value(3.0)
for d in (copy.copy(c), copy.deepcopy(c), pickle.loads(pickle.dumps(c))):
    d.backward()
    print(d.data, d.grad, [(v.data, v.grad) for v in d._prev], type(d) is Value)
print([pickle.loads(pickle.dumps(held)) is held for held in (Value, Value.backward)])
""",
    "dataclass": DATACLASS
    + """
import inspect
a = Value(2.0)
(a * a).backward()
print(a, Value.__doc__, inspect.signature(Value), Value(1.0) == Value(1.0))
""",
    "frozen": """
from dataclasses import dataclass, FrozenInstanceError
@dataclass(frozen=True)
class Value:
    data: float
    inputs: tuple = ()
    grad: list = None
    def __add__(self, other):
        return Value(self.data + other.data, (self, other))
    def backward(self):
        self.grad = 1.0
try:
    (Value(1.0) + Value(2.0)).backward()
except FrozenInstanceError as error:
    print(repr(error), Value(1.0) + Value(2.0))
""",
    "a class without __init__": """
class Value:
    data, grad, _prev, _op = 1.0, 0.0, (), ""
    def __add__(self, other):
        return Value()
    def backward(self):
        self.grad = 1.0
Value().backward()
try:
    Value(1)
except TypeError as error:
    print(error)
""",
    "deep recursion": f"""{RECURSIVE}
import sys
x = Value(1.0)
for _ in range(900):
    x = x * Value(1.0)
sys.setrecursionlimit(1000)
x.backward()
print(x.grad)
""",
    "tracing": f"""{CLOSURES}
import sys
seen = []
def trace(frame, event, arg):
    if frame.f_code.co_filename == __file__:
        seen.append((frame.f_code.co_name, event, frame.f_lineno))
    return trace
def work(x):
    y = x * 2.0
    sys.settrace(trace)
    z = y + 1.0
    z.backward()
    sys.settrace(None)
    return z
work(Value(1.0))
print(*seen, sep="\\n")
""",
    "free functions": PER_OP
    + """
import inspect
d = Leaf(2.0) * Leaf(3.0)
backprop(d)
print(backprop.__name__, inspect.signature(backprop), [i.grad for i in d.inputs], sorted(globals())[-6:])
""",
    "exits in backward": f"""{CLOSURES}
import sys
a = Value(1.0) + 1.0
a._backward = lambda: sys.exit(7)
a.backward()
""",
    "generators": f"""{CLOSURES}
def rows():
    for k in range(3):
        yield Value(float(k)) * 2.0
print(sum(rows()).data, [v.data for v in rows()])
total = sum(rows())
total.backward()
""",
}


@pytest.mark.parametrize("what", SEEN)
def test_the_script_sees_nothing(tmp_path: Path, what: str) -> None:
    name = write(tmp_path, SEEN[what]).name
    expected, found = plain(tmp_path, name), recorded(tmp_path, name)
    assert found == expected
    assert (recorded_passes(tmp_path) > 0) == (what != "bodies that raise")


def test_an_interrupt_is_the_users(tmp_path: Path) -> None:
    script = f"""{CLOSURES}
a = Value(1.0) + 1.0
def stop():
    raise KeyboardInterrupt
a._backward = stop
a.backward()
"""
    name = write(tmp_path, script).name
    expected, found = plain(tmp_path, name), recorded(tmp_path, name)
    assert found == expected


STEPS = f"""{CLOSURES}
w = Value(1.0)
for k in range(10):
    y = w * float(k)
    y.backward()
    w.data += 1.0
"""
KEEPS = [
    (Keep(), list(range(10))),
    (Keep(every=4), [0, 4, 8]),
    (Keep(first=2), [0, 1]),
    (Keep(last=3), [7, 8, 9]),
    (Keep(first=2, last=3), [0, 1, 7, 8, 9]),
    (Keep(every=3, first=1, last=2), [0, 6, 9]),
    (Keep(first=8, last=5), list(range(10))),
    (Keep(last=100), list(range(10))),
]


@pytest.mark.parametrize(("keep", "kept"), KEEPS)
@pytest.mark.parametrize("engine", ["watched", "gradviz"])
def test_some_passes_are_kept(tmp_path: Path, keep: Keep, kept: list[int], engine: str) -> None:
    script = STEPS if engine == "watched" else STEPS.replace(CLOSURES, "\nfrom gradviz import Value\n")
    graphs = passes(tmp_path, script, keep)
    factors = [float(graph.data_of(int(graph.input[1]))) for graph in graphs]  # type: ignore[arg-type]
    assert factors == [float(k) for k in kept]
    assert [[(u.before, u.after) for u in graph.updates] for graph in graphs] == [
        [(k + 1.0, k + 2.0)] for k in kept
    ]
    assert [graph.meta.get("number", k) for k, graph in zip(kept, graphs, strict=True)] == kept


def test_run_says_how_many_passes_are_kept(tmp_path: Path) -> None:
    name = write(tmp_path, STEPS).name
    found = recorded(tmp_path, "--every=4", name)
    assert found.said == ["gradviz: 3 of 10 passes recorded. Open with: gradviz show run.gradviz"]
    assert recorded_passes(tmp_path) == 3
    assert recorded(tmp_path, "--last=0", name).code == 2


def test_the_last_passes_of_a_script_that_fails_are_kept(tmp_path: Path) -> None:
    name = write(tmp_path, STEPS + "\n1 / 0\n").name
    found = recorded(tmp_path, "--last", "2", name)
    assert found.code == 1 and recorded_passes(tmp_path) == 2
