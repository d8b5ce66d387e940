"""A script with an engine of its own: its passes are recorded, with what was seen while they ran."""

import gc
import sys
from pathlib import Path

import pytest

from gradviz.graph import Graph
from gradviz.recorders import watch
from tests.watching import CLOSURES, DATACLASS, NETWORK, PER_OP, RECURSIVE, passes, run

FORMULA = """
a, b = {make}(2.0), {make}(-3.0)
c = a * b
d = c * a
{backward}
"""
ENGINES = {
    "closures": (CLOSURES, FORMULA.format(make="Value", backward="d.backward()")),
    "recursive": (RECURSIVE, FORMULA.format(make="Value", backward="d.backward()")),
    "a class per op": (PER_OP, FORMULA.format(make="Leaf", backward="backprop(d)")),
    "dataclass": (DATACLASS, FORMULA.format(make="Value", backward="d.backward()")),
}


def by_name(graph: Graph, name: str) -> float:
    grad = graph.grad_of(graph.find(name))
    assert isinstance(grad, float)
    return grad


@pytest.mark.parametrize("engine", ENGINES)
def test_a_backward_is_one_pass(tmp_path: Path, engine: str) -> None:
    text, formula = ENGINES[engine]
    graph, *more = passes(tmp_path, text + formula)
    assert not more and graph.meta["backward"]
    assert {name: by_name(graph, name) for name in "abcd"} == {"a": -12.0, "b": 4.0, "c": 2.0, "d": 1.0}
    assert graph.root == graph.find("d")
    span, text = graph.span_of(graph.root), (tmp_path / "user.py").read_text()
    assert span is not None and text.splitlines()[span.line - 1] == "d = c * a"
    assert span.column == 4 and graph.meta["line"] == len(text.splitlines())


def test_calls_are_scopes(tmp_path: Path) -> None:
    (graph,) = passes(tmp_path, f"{CLOSURES}{NETWORK}\nloss().backward()")
    called = "loss()/MLP.__call__[{}]/Layer.__call__[{}]/Neuron.__call__"
    expected = {"loss()"} | {called.format(sample, 1) for sample in range(2)}
    expected |= {f"{called.format(sample, 0)}[{k}]" for sample in range(2) for k in range(3)}
    expected |= {"MLP.__init__"}  # with what was built within
    assert {graph.node(i).scope for i in range(len(graph))} == expected


def test_scopes_are_numbered_anew_in_every_pass(tmp_path: Path) -> None:
    script = f"{CLOSURES}{NETWORK}\nfor _ in range(3):\n    loss().backward()"
    graphs = passes(tmp_path, script)
    assert len(graphs) == 3 and len({frozenset(graph.scopes) for graph in graphs}) == 1


def test_a_call_that_makes_one_value_is_a_place_and_no_scope(tmp_path: Path) -> None:
    script = f"""{CLOSURES}
def double(x):
    return x * 2

y = double(Value(1.0)) + double(Value(2.0))
y.backward()
"""
    (graph,) = passes(tmp_path, script)
    products = [node for node in graph.nodes() if node.op == "mul"]
    assert {node.scope for node in products} == {"double()[0]", "double()[1]"}  # with the 2 that it makes
    lone = script.replace("x * 2", "x * x")
    (graph,) = passes(tmp_path, lone)
    assert set(graph.scopes) == {""}
    columns = [node.source.column for node in graph.nodes() if node.op == "mul" and node.source]
    assert columns == [4, 25]


def test_recursion_is_not_told_apart_for_ever(tmp_path: Path) -> None:
    script = f"""{CLOSURES}
def power(x, n):
    return x * power(x, n - 1) + x if n else x

power(Value(1.0), 60).backward()
"""
    (graph,) = passes(tmp_path, script)
    assert max(scope.count("/") for scope in graph.scopes) == 11


def test_rules_are_followed_in_the_order_they_ran(tmp_path: Path) -> None:
    (graph,) = passes(tmp_path, CLOSURES + ENGINES["closures"][1])
    assert graph.meta["ran"] == [graph.find("d"), graph.find("c")]
    assert graph.meta["grad_then"] == [1.0, 2.0]


def test_rules_are_put_back(tmp_path: Path) -> None:
    script = (
        CLOSURES
        + ENGINES["closures"][1]
        + "\nprint(d._backward.__qualname__, d._backward.__code__.co_filename)"
    )
    passes(tmp_path, script)
    dataclass = DATACLASS + ENGINES["dataclass"][1] + "\nassert d._backward.__name__ == 'rule', d"
    passes(tmp_path, dataclass)


def test_gradients_that_were_there_before_are_told(tmp_path: Path) -> None:
    script = f"{CLOSURES}\nw = Value(3.0)\nfor _ in range(2):\n    loss = w * 2.0\n    loss.backward()"
    first, second = passes(tmp_path, script)
    assert [by_name(graph, "w") for graph in (first, second)] == [2.0, 4.0]
    assert [graph.prior_of(graph.find("w")) for graph in (first, second)] == [0.0, 2.0]


def test_changed_leaves_are_updates(tmp_path: Path) -> None:
    script = f"""{CLOSURES}
w, x = Value(3.0), Value(2.0)
for _ in range(2):
    loss = w * x
    w.grad = 0.0
    loss.backward()
    w.data -= 0.5 * w.grad
"""
    graphs = passes(tmp_path, script)
    changes = [[(graph.label(u.node), u.before, u.after) for u in graph.updates] for graph in graphs]
    assert changes == [[("w", 3.0, 2.0)], [("w", 2.0, 1.0)]]


def test_a_rule_that_raises_is_named_and_the_exception_goes_on(tmp_path: Path) -> None:
    script = f"""{CLOSURES}
a = Value(2.0)
b = a * 3.0
c = b + a
def broken():
    raise ZeroDivisionError("no")
b._backward = broken
c.backward()
"""
    (graph,), result = run(tmp_path, script)
    assert result.exit_code == 1 and result.exception is not None
    assert result.exception["type"] == "ZeroDivisionError"
    failed = graph.meta["failed"]
    assert (failed["node"], failed["type"], failed["message"]) == (graph.find("b"), "ZeroDivisionError", "no")
    assert by_name(graph, "b") == 1.0


def test_a_root_left_without_a_backward_is_recorded(tmp_path: Path) -> None:
    script = f"{CLOSURES}\nx, w = Value(2.0), Value(3.0)\nn = x * w\nn.grad = 1.0\nx.grad = w.data * n.grad\n"
    (graph,) = passes(tmp_path, script)
    assert graph.meta["manual"] and by_name(graph, "x") == 3.0
    assert not graph.has_grad[graph.find("w")]


def test_predictions_after_training_are_no_passes(tmp_path: Path) -> None:
    script = f"{CLOSURES}\nw = Value(3.0)\n(w * 2.0).backward()\npredictions = [w * 1.0, w * 4.0]\n"
    assert len(passes(tmp_path, script)) == 1
    assert len(passes(tmp_path, script.replace(".backward()", ""))) == 2


def test_a_function_that_is_not_known_leaves_its_root(tmp_path: Path) -> None:
    script = PER_OP.replace("backprop", "go_back") + FORMULA.format(make="Leaf", backward="go_back(d)")
    (graph,) = passes(tmp_path, script)
    assert {name: by_name(graph, name) for name in "abcd"} == {"a": -12.0, "b": 4.0, "c": 2.0, "d": 1.0}


def test_what_is_handed_to_gradviz_is_recorded_once(tmp_path: Path) -> None:
    script = f"""{CLOSURES}
import sys
from gradviz.recorders import watch
a = Value(2.0)
drawn = a * a
assert watch.handed(drawn, sys._getframe())
ran = a + a
ran.backward()
assert watch.handed(ran, sys._getframe())
"""
    first, second = passes(tmp_path, script)
    assert (first.op_of(first.root), second.op_of(second.root)) == ("mul", "add")
    assert not watch.handed(object(), sys._getframe())


def test_a_class_in_a_package_is_watched(tmp_path: Path) -> None:
    (tmp_path / "engine").mkdir()
    (tmp_path / "engine" / "__init__.py").write_text(CLOSURES)
    (graph,) = passes(tmp_path, "from engine import Value\n(Value(1.0) * 2.0).backward()")
    assert len(graph) == 3
    sys.modules.pop("engine")


def test_threads_record_their_own_passes(tmp_path: Path) -> None:
    script = f"""{CLOSURES}
import threading
def work(k):
    for _ in range(20):
        total = Value(float(k))
        for _ in range(5):
            total = total * 1.5
        total.backward()
threads = [threading.Thread(target=work, args=(k,)) for k in range(4)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
"""
    graphs = passes(tmp_path, script)
    assert len(graphs) == 80 and {len(graph) for graph in graphs} == {11}


def test_values_and_frames_are_not_kept_alive(tmp_path: Path) -> None:
    script = f"""{CLOSURES}
import weakref
class Big: pass
def step():
    big = Big()
    loss = Value(2.0) * 3.0
    loss.backward()
    return weakref.ref(big), weakref.ref(loss)
big, loss = step()
assert big() is None
import gc
assert gc.collect() + 1 and loss() is None
"""
    assert len(passes(tmp_path, script)) == 1
    assert gc.isenabled()


@pytest.mark.parametrize(
    "script", ["a = Value('x')\na * 2", "a = Value(1.0)\nb = a * 2.0\na._prev = (b,)\nb"]
)
def test_what_cannot_be_recorded_is_said_and_does_not_end_the_recording(
    tmp_path: Path, capfd: pytest.CaptureFixture[str], script: str
) -> None:
    *lines, root = script.splitlines()
    text = "\n".join([CLOSURES, *lines, f"wrong = {root}"])
    text += "\ntry:\n    wrong.backward()\nexcept (TypeError, RecursionError):\n    pass\n"
    text += "(Value(1.0) * 2.0).backward()\n"
    (graph,) = passes(tmp_path, text)
    assert len(graph) == 3
    assert capfd.readouterr().err.count(": a pass is not recorded.") == 1


def test_a_subclass_may_run_backward_in_its_own_way(tmp_path: Path) -> None:
    script = f"""{CLOSURES}
class Quick(Value):
    def backward(self):
        self.grad = 1.0
        for v in self._prev:
            v.grad += 2.0
Quick(3.0, (Value(1.0),), "twice").backward()
"""
    (graph,) = passes(tmp_path, script)
    assert len(graph) == 2 and graph.meta["backward"]
