"""Recording a stranger's engine: operands that a set lost, gradients nobody computed, rules of its own."""

from __future__ import annotations

import math
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import gradviz as gv
from gradviz.diagnostics import diagnose
from gradviz.errors import DataError
from gradviz.explain import explain
from gradviz.graph import CONST, Graph
from gradviz.recorders.duck import Made, Ran, Seen, freeze, register
from gradviz.recording import Recording, Writer
from gradviz.timeline import Timeline


class Value:
    """micrograd's, as people type it."""

    def __init__(self, data: float, children: Any = (), op: str = "", label: str = "") -> None:
        self.data, self.grad, self._prev, self._op, self.label = data, 0.0, set(children), op, label
        self._backward: Callable[[], None] = lambda: None

    def make(self, data: float, inputs: tuple[Value, ...], op: str, slopes: Callable[[float], Any]) -> Value:
        out = Value(data, inputs, op)

        def backward() -> None:
            for one, slope in zip(inputs, slopes(out.data), strict=True):
                one.grad += slope * out.grad

        out._backward = backward
        return out

    def __add__(self, other: Any) -> Value:
        other = other if isinstance(other, Value) else Value(other)
        return self.make(self.data + other.data, (self, other), "+", lambda z: (1.0, 1.0))

    def __mul__(self, other: Any) -> Value:
        other = other if isinstance(other, Value) else Value(other)
        return self.make(self.data * other.data, (self, other), "*", lambda z: (other.data, self.data))

    def __sub__(self, other: Value) -> Value:
        return self.make(self.data - other.data, (self, other), "-", lambda z: (1.0, -1.0))

    def __truediv__(self, other: Value) -> Value:
        return self.make(
            self.data / other.data, (self, other), "/", lambda z: (1 / other.data, -z / other.data)
        )

    def __pow__(self, k: float) -> Value:
        return self.make(self.data**k, (self,), f"**{k}", lambda z: (k * self.data ** (k - 1),))

    def tanh(self) -> Value:
        return self.make(math.tanh(self.data), (self,), "tanh", lambda z: (1 - z * z,))

    def relu(self) -> Value:
        return self.make(max(0.0, self.data), (self,), "ReLU", lambda z: (float(z > 0),))

    def exp(self) -> Value:
        return self.make(math.exp(self.data), (self,), "exp", lambda z: (z,))

    def sin(self) -> Value:
        return self.make(math.sin(self.data), (self,), "sin", lambda z: (math.cos(self.data),))

    def order(self) -> list[Value]:
        found: list[Value] = []
        seen: set[Value] = set()

        def visit(value: Value) -> None:
            if value not in seen:
                seen.add(value)
                for one in value._prev:
                    visit(one)
                found.append(value)

        visit(self)
        return found[::-1]

    def backward(self) -> None:
        self.grad = 1.0
        for value in self.order():
            value._backward()


def written(graph: Graph, node: int | str) -> str:
    """How a node was made."""
    node = graph.find(node)
    return f"{graph.op_of(node)}({', '.join(graph.label(i) for i in graph.input[graph.inputs_of(node)])})"


def leaves() -> tuple[Value, Value]:
    return Value(3.0, label="a"), Value(-2.0, label="b")


@pytest.mark.parametrize(
    ("build", "made"),
    [
        (lambda a, b: a + a, "add(a, a)"),
        (lambda a, b: a * a, "mul(a, a)"),
        (lambda a, b: a - a, "sub(a, a)"),
        (lambda a, b: a / a, "div(a, a)"),
        (lambda a, b: a - b, "sub(a, b)"),
        (lambda a, b: b - a, "sub(b, a)"),
        (lambda a, b: b / a, "div(b, a)"),
        (lambda a, b: a / b, "div(a, b)"),
        (lambda a, b: b**3, "pow(b, 3)"),
        (lambda a, b: a**-0.5, "pow(a, -0.5)"),
        (lambda a, b: b.tanh(), "tanh(b)"),
        (lambda a, b: b.relu(), "relu(b)"),
        (lambda a, b: b.sin(), "sin(b)"),
    ],
)
@pytest.mark.parametrize("rounds", range(3))
def test_operands_that_a_set_lost_are_found_again(build: Any, made: str, rounds: int) -> None:
    root = build(*leaves())
    graph = gv.record(root)
    assert written(graph, graph.root) == made
    root.backward()
    assert gv.record(root).validate() == []


def by_number(x: Value, data: float, op: str, number: float = 1.0) -> Value:
    return x.make(data, (x,), op, lambda z: (number,))


@pytest.mark.parametrize(
    ("data", "op", "made"),
    [
        (3.0 * 7, "*", "mul(a, 7)"),
        (3.0 + 0.1, "+", "add(a, 0.1)"),
        (3.0 - 7, "-", "sub(a, 7)"),
        (3.0 / 8, "/", "div(a, 8)"),
        (3.0**4, "pow", "pow(a, 4)"),
        (3.0 * 2, "*2", "mul(a, 2)"),
        (9.0, "square", "pow(a, 2)"),
    ],
)
def test_a_number_that_was_no_input_is_worked_out(data: float, op: str, made: str) -> None:
    number = float(made.split(", ")[1].rstrip(")"))
    graph = gv.record(by_number(leaves()[0], data, op, number))
    assert written(graph, graph.root) == made
    stated = op in ("*2", "square")
    assert ("inferred" in graph.meta) is not stated
    assert any("worked out" in note for note in graph.meta.get("notes", ())) is not stated


@pytest.mark.parametrize(("build", "op"), [(lambda a: a + a, "+"), (lambda a: a * a, "*")])
@pytest.mark.parametrize("changed", [100.0, 2.5, 0.5, 0.0])
def test_no_number_is_worked_out_that_the_rule_cannot_know(build: Any, op: str, changed: float) -> None:
    a = Value(3.0, label="a")
    root = build(a)
    a.data = changed
    graph = gv.record(root)
    assert graph.input[graph.inputs_of(graph.root)].tolist() == [0, 0]
    assert graph.op_of(graph.root) == op and graph.meta["unlike"][0]["node"] == graph.root
    root.backward()
    recording = Recording.of([gv.record(root)])
    (finding,) = (found for found in diagnose(recording) if found.check == "changed-value")
    assert "a was changed" in finding.message and f"from 3 to {changed:g}" in finding.message


def test_no_number_is_worked_out_where_many_would_do() -> None:
    graph = gv.record(by_number(Value(-8.0), -2.0, "pow"))
    assert graph.op_of(graph.root) == "Pow" and graph.edge_count == 1 and graph.measured
    graph = gv.record(by_number(Value(0.0), 3.0, "*"))
    assert graph.edge_count == 1 and graph.measured


def test_an_op_is_what_its_numbers_say() -> None:
    a, _ = leaves()
    graph = gv.record(by_number(a, 0.5, "tanh"))
    assert graph.measured
    assert graph.meta["unlike"] == [{"node": 1, "op": "tanh", "expected": math.tanh(3.0)}]
    assert "says it is tanh" in graph.meta["notes"][0]
    graph = gv.record(by_number(a, 0.5, "squash"))
    assert graph.op_of(1) == "squash" and "unlike" not in graph.meta


def test_what_is_inferred_is_said() -> None:
    a, b = leaves()
    graph = gv.record((a - b) * a)
    assert graph.meta["inferred"] == {"operands": [2, 3], "count": 2}
    assert "operands of 2 values were inferred" in graph.meta["notes"][0]


def test_the_engine_is_described() -> None:
    engine = gv.record(leaves()[0] + 1.0).meta["engine"]
    assert engine["class"] == "Value" and engine["file"] == __file__ and engine["line"] > 0
    assert engine["fields"] == {
        "data": "data",
        "grad": "grad",
        "inputs": "_prev",
        "op": "_op",
        "label": "label",
    }


def test_an_op_on_more_numbers_than_its_row_takes_is_another_op() -> None:
    values = [Value(x, label=f"x{x}") for x in (1.0, 2.0, 4.0)]
    graph = gv.record(Value(7.0, values, "sum"))
    assert graph.op_of(3) == "Sum" and graph.local.tolist() == [1.0, 1.0, 1.0]
    assert graph.label(3) == "n3"
    assert gv.record(Value(7.0, values[:1], "where")).label(1) == "n1"


def test_a_label_may_tell_the_order() -> None:
    a, b = leaves()
    b_first = Value(-6.0, (a, b), "*", "b*a")
    assert written(gv.record(b_first), "b*a") == "mul(b, a)"


def test_names_of_variables_and_labels() -> None:
    a, b = leaves()
    c = a * b
    assert gv.record(c, {"u": a, "c": c}).names == {0: "a", 1: "b", 2: "c"}


OPS = ("+", "*", "-", "relu", "tanh", "exp", "**2", "**3")


@given(
    st.lists(st.tuples(st.sampled_from(OPS), st.integers(0, 99), st.integers(0, 99)), min_size=1, max_size=12)
)
def test_random_programs_give_what_gradviz_itself_records(program: list[tuple[str, int, int]]) -> None:
    numbers = (0.5, -1.25, 2.0)
    own: list[Any] = [gv.Value(x, name=f"x{i}") for i, x in enumerate(numbers)]
    strange: list[Any] = [Value(x, label=f"x{i}") for i, x in enumerate(numbers)]
    for op, i, j in program:
        for values in (own, strange):
            x, y = values[i % len(values)], values[j % len(values)]
            bounded = x * 0.125 if op in ("exp", "**2", "**3") else x
            values.append(applied(op, bounded, y))
    own[-1].backward()
    strange[-1].backward()
    expected, graph = gv.record(own[-1]), gv.record(strange[-1])
    assert graph.validate() == []
    assert facts(graph) == facts(expected)


def applied(op: str, x: Any, y: Any) -> Any:
    if op in ("+", "*", "-"):
        return x + y if op == "+" else x * y if op == "*" else x - y
    return x ** int(op[2:]) if op.startswith("**") else getattr(x, op)()


def facts(graph: Graph) -> list[tuple[Any, ...]]:
    """What is known of every node, whatever its number: constants of gradviz are leaves of others."""
    found = []
    for node in range(len(graph)):
        if graph.op_of(node):
            inputs = [rounded(graph.data[i]) for i in graph.input[graph.inputs_of(node)].tolist()]
            ordered = inputs if graph.op_of(node) in ("sub", "pow") else sorted(inputs)
            found.append((graph.op_of(node), ordered, rounded(graph.data[node]), rounded(graph.grad[node])))
    return sorted(found)


def rounded(x: float) -> float:
    return float(f"{x:.8g}") + 0.0


def test_before_backward_nothing_is_computed() -> None:
    a, b = leaves()
    graph = gv.record(a * b)
    assert not graph.has_grad.any() and graph.meta["backward"] is False


def test_a_gradient_of_zero_counts_where_the_chain_rule_gives_it() -> None:
    a, b = leaves()
    loss = b.relu() * a  # relu is off: b gets exactly 0, and so does a
    loss.backward()
    graph = gv.record(loss)
    assert graph.has_grad.all() and graph.grad_of(graph.find("b")) == 0.0


class Bare:
    """The class of a lecture before it has a backward: gradients are typed in."""

    def __init__(self, data: float, prev: Any = (), op: str = "", label: str = "") -> None:
        self.data, self.grad, self._prev, self._op, self.label = data, 0.0, set(prev), op, label


def test_gradients_typed_in_by_hand() -> None:
    x, w, b = Bare(2.0, label="x"), Bare(-3.0, label="w"), Bare(7.0, label="b")
    xw = Bare(-6.0, (x, w), "*", "xw")
    n = Bare(1.0, (xw, b), "+", "n")
    o = Bare(math.tanh(1.0), (n,), "tanh", "o")
    assert "manual" not in gv.record(o).meta
    o.grad = 1.0
    n.grad = 1 - o.data**2
    xw.grad = n.grad
    graph = gv.record(o)
    assert {name for i, name in graph.names.items() if graph.has_grad[i]} == {"o", "n", "xw"}
    assert graph.meta["manual"] is True and graph.validate() == []
    x.grad = w.data * xw.grad * 2  # wrong
    graph = gv.record(o)
    assert graph.measured and graph.cotangent_of(int(graph.consumers_of(graph.find("x"))[0])) == x.grad


def test_an_unknown_op_shows_what_flowed() -> None:
    a, b = leaves()
    loss = a.make(5.0, (a,), "squash", lambda z: (0.25,)) * b
    loss.backward()
    graph = gv.record(loss)
    edge = int(graph.consumers_of(graph.find("a"))[0])
    assert graph.measured and graph.local_of(edge) == 0.25 and graph.cotangent_of(edge) == -0.5
    assert graph.validate() == []
    timeline = Timeline(graph)
    texts = [explain(graph, step, timeline) for step in timeline.steps(0, len(timeline))]
    assert any("squash(a) passes -2 × 0.25 = -0.5 back to a" in text.sentence for text in texts)
    assert any("chain rule" in text.rule for text in texts)


def kept(folder: Path, graph: Graph) -> Recording:
    writer = Writer(folder / "run.gradviz")
    writer.add(graph)
    writer.finish()
    return Recording.open(folder / "run.gradviz")


def test_an_unknown_op_is_drawn_kept_and_checked(tmp_path: Path) -> None:
    from gradviz.renderers.drawing import lay_out
    from gradviz.renderers.svg import render

    a, b = leaves()
    loss = a.make(5.0, (a, b), "<squash>", lambda z: (0.25, math.nan)).tanh() * a
    loss.backward()
    graph = gv.record(loss)
    view = gv.View(graph)
    assert "&lt;squash&gt;" in str(render(view, layout=lay_out(view)))
    assert isinstance(diagnose(kept(tmp_path, graph)), list)


def test_a_function_that_python_knows_has_its_slope_by_finite_differences() -> None:
    a, _ = leaves()
    s = a.sin()
    loss = s * a  # two consumers of a, so that its gradient does not tell
    loss.backward()
    graph = gv.record(loss)
    edge = next(int(e) for e in graph.consumers_of(0) if graph.op_of(int(graph.consumer[e])) == "sin")
    assert graph.local_of(edge) == pytest.approx(math.cos(3.0), rel=1e-10)
    assert graph.validate() == []


def test_a_rule_that_is_wrong_is_measured() -> None:
    a, b = leaves()
    t = a.make(math.tanh(3.0), (a,), "tanh", lambda z: (1 - 9.0,))  # 1 − x² and not 1 − z²
    t.label = "t"
    loss = t * b
    loss.backward()
    graph = gv.record(loss)
    edge = int(graph.consumers_of(graph.find("a"))[0])
    assert graph.measured and graph.op_of(graph.find("t")) == "tanh" and graph.local_of(edge) == -8.0
    assert graph.validate() == []
    timeline = Timeline(graph)
    told = [
        explain(graph, step, timeline).formula
        for step in timeline.steps(0, len(timeline))
        if step.edge == edge
    ]
    assert told[-1][-1] == "but ∂t/∂a = 1 − t² = 0.009866: the rule of t sent another"


def seen_of(root: Value, order: list[Value] | None = None) -> Seen:
    """What somebody would see who watches ``root.backward()``."""
    prior = {id(value): value.grad for value in root.order()}
    ran = []
    root.grad = 1.0
    for value in order or root.order():
        before = {id(one): one.grad for one in value._prev}
        value._backward()
        changes = [(id(one), before[id(one)], one.grad) for one in value._prev]
        ran.append(Ran(id(value), value.grad, changes))
    return Seen(prior=prior, ran=ran, backward=True)


def test_what_was_seen_of_a_correct_engine() -> None:
    a, b = leaves()
    c = a * b
    loss = (c + a) * c
    frozen = freeze(loss, None, seen_of(loss))
    graph = frozen.graph
    assert not graph.measured and graph.validate() == []
    assert graph.meta["ran"][0] == graph.root and graph.meta["grad_then"][0] == 1.0
    assert "manual" not in graph.meta
    assert [frozen.nodes[id(one)] for one in frozen.objects if one is not None] == list(range(len(graph)))


def test_an_engine_that_assigns_sent_what_it_wrote() -> None:
    a, b = leaves()
    left, right = a * b, a + b

    def assigning() -> None:
        a.grad = right.grad
        b.grad = right.grad

    right._backward = assigning
    loss = left * right
    graph = freeze(loss, None, seen_of(loss, [loss, left, right])).graph
    assert graph.measured
    sent = {written(graph, int(graph.consumer[e])): graph.cotangent_of(int(e)) for e in graph.consumers_of(0)}
    assert sent == {"mul(a, b)": left.grad * b.data, "add(a, b)": right.grad}


def test_what_was_there_before_is_kept_apart() -> None:
    a, b = leaves()
    (a * b).backward()
    loss = a * b
    graph = freeze(loss, None, seen_of(loss)).graph
    assert graph.prior_of(0) == -2.0 and graph.grad_of(0) == -4.0
    assert not graph.measured and graph.validate() == []


def test_a_rule_that_raised_is_named() -> None:
    a, b = leaves()
    loss = (a * b).tanh()
    try:
        raise ZeroDivisionError("by hand")
    except ZeroDivisionError as error:
        seen = Seen(ran=[], backward=True, error=(id(loss), error))
    failed = freeze(loss, None, seen).graph.meta["failed"]
    assert failed["node"] == 3 and failed["type"] == "ZeroDivisionError" and failed["message"] == "by hand"
    assert failed["file"] == __file__ and failed["line"] > 0


def test_where_things_were_made_gives_order_scopes_and_constants() -> None:
    code = compile("x*w + 1", "lesson.py", "eval")
    at = [i for i, (line, *_) in enumerate(code.co_positions()) if line]
    w, x = Value(2.0), Value(3.0)
    xw = x * w
    out = xw + 1.0
    (one,) = out._prev - {xw}
    made = {
        id(x): Made(None, 0, "", 0),
        id(w): Made(None, 0, "", 1),
        id(xw): Made(code, 2 * at[-3], "model", 2),
        id(one): Made(code, 2 * at[-2], "model", 3),
        id(out): Made(code, 2 * at[-2], "model", 4),
    }
    graph = freeze(out, {"x": x, "w": w}, Seen(made=made)).graph
    assert [graph.label(i) for i in range(5)] == ["x", "w", "x*w", "1", "x*w + 1"]
    assert graph.kind[3] == CONST
    assert graph.scopes[graph.scope[2]] == "model" and str(graph.span_of(2)).startswith("lesson.py:1")


def test_the_protocol() -> None:
    class Box:
        def __init__(self, number: float, *made_from: Any) -> None:
            self.number, self.made_from = number, made_from

        def __gradviz__(self) -> dict[str, Any]:
            inputs = list(self.made_from)
            return {
                "data": self.number,
                "grad": 1.0,
                "inputs": inputs,
                "op": "+" if inputs else "",
                "label": "x",
            }

    graph = gv.record(Box(3.0, Box(1.0), Box(2.0)))
    assert graph.op_of(2) == "add" and graph.names[0] == "x" and graph.has_grad.all()

    class Wrong(Box):
        def __gradviz__(self) -> dict[str, Any]:
            return {"grad": 1.0}

    class Raising(Box):
        def __gradviz__(self) -> dict[str, Any]:
            raise KeyError("number")

    with pytest.raises(DataError, match="did not give a dict of data, grad"):
        gv.record(Wrong(1.0))
    with pytest.raises(DataError, match="__gradviz__.. raised KeyError: 'number'"):
        gv.record(Raising(1.0))


def test_a_registered_class() -> None:
    class Function:
        def __init__(self, name: str, *inputs: Any) -> None:
            self.name, self.inputs = name, inputs

    class Variable:
        def __init__(self, v: float, creator: Any = None) -> None:
            self.v, self.creator, self.g = v, creator, 0.0

    with pytest.raises(DataError):
        gv.record(Variable(1.0))
    softclip = {"softclip": lambda x: x / (1 + abs(x))}
    register(
        Variable, data="v", grad="g", inputs="creator.inputs", op="creator.name", label=None, forward=softclip
    )
    x = Variable(3.0)
    twice = Variable(0.75 + 0.75, Function("+", y := Variable(0.75, Function("softclip", x)), y))
    graph = gv.record(twice)
    assert [graph.op_of(i) for i in range(3)] == ["", "softclip", "add"]
    assert graph.local_of(0) == pytest.approx(1 / 16, rel=1e-9)


@pytest.mark.parametrize(
    "call",
    [
        lambda: register(3),  # type: ignore[arg-type]
        lambda: register(Value, data="not a name"),
        lambda: register(Value, inputs=None),  # type: ignore[arg-type]
        lambda: register(Value, forward={"f": 3}),  # type: ignore[dict-item]
    ],
)
def test_registering_nonsense_is_refused(call: Callable[[], None]) -> None:
    with pytest.raises(DataError, match=r"register\("):
        call()


def test_a_recording_keeps_what_is_said_of_the_engine(tmp_path: Path) -> None:
    a, b = leaves()
    loss = a.make(5.0, (a,), "squash", lambda z: (0.25,)) * b
    loss.backward()
    graph = kept(tmp_path, gv.record(loss)).graph(0)
    assert graph.meta["engine"]["class"] == "Value" and graph.measured and graph.validate() == []


def test_the_same_script_gives_the_same_graph_whatever_the_addresses() -> None:
    script = (
        "import gradviz as gv\n"
        "junk = [object() for _ in range(SEED * 37)]\n"
        "class V:\n"
        "    def __init__(s, d, p=(), o=''): s.data, s.grad, s._prev, s._op = d, 0, set(p), o\n"
        "    def __hash__(s): return hash((id(s), SEED))\n"
        "xs = [V(1.0) for _ in range(4)]\n"
        "ys = [V(2.0, (a, b), '+') for a in xs for b in xs if a is not b]\n"
        "zs = [V(4.0, (a, b), '*') for a, b in zip(ys, ys[1:])]\n"
        "out = V(44.0, zs, 'sum')\n"
        "g = gv.record(out)\n"
        "print(g.input.tolist(), g.op.tolist(), g.data.tolist())\n"
    )
    outputs = {
        subprocess.check_output([sys.executable, "-c", f"SEED = {seed}\n{script}"], text=True)
        for seed in range(4)
    }
    assert len(outputs) == 1


def test_single_precision_is_recognised_and_said() -> None:
    x = Value(np.float32(0.3))
    y = Value(np.tanh(np.float32(0.3)), (x,), "tanh")
    graph = gv.record(y)
    assert graph.op_of(1) == "tanh" and any("single" in note for note in graph.meta["notes"])
