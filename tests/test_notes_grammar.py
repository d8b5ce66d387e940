"""The expression form of notes: Python's arithmetic by a grammar of its own, with errors that point."""

import math
import time

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from gradviz.notes.compute import FUNCTIONS, graph_of_text
from gradviz.notes.grammar import parse
from gradviz.notes.mistake import Mistake
from gradviz.notes.tokens import MOST_CHARACTERS, MOST_TOKENS
from gradviz.ops import OPS

NEURON = """\
x1 = 2.0          # an input
x2 = 0
param w1 = -3
param w2 = 1
param b = 6.8813735870195432

n = x1*w1 + x2*w2 + b
o = tanh(n)
"""


def value(text: str) -> float:
    graph = graph_of_text(text)
    found = graph.data_of(graph.root)
    assert isinstance(found, float)
    return found


def test_a_neuron_has_names_kinds_values_and_gradients() -> None:
    graph = graph_of_text(NEURON)
    assert graph.validate() == []
    assert {name: graph.node(name).kind for name in ("x1", "w2", "b", "n", "o")} == {
        "x1": "input",
        "w2": "param",
        "b": "param",
        "n": "op",
        "o": "op",
    }
    assert graph.node("o").data == pytest.approx(math.sqrt(0.5))
    assert graph.node("w1").grad == pytest.approx(1.0)
    assert graph.node("x1").grad == pytest.approx(-1.5)


def test_a_graph_does_not_tell_who_computed_it() -> None:
    assert {node.source for node in graph_of_text(NEURON).nodes()} == {None}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("-2**2", -4.0),
        ("2**-1", 0.5),
        ("2**-3**2", 2.0**-9),
        ("2^3", 8.0),
        ("8/4/2", 1.0),
        ("1-2-3", -4.0),
        ("--3", 3.0),
        ("+-+4", -4.0),
        ("(1 +\n 2) * 3", 9.0),
        ("2·3 − 1 ÷ 2", 5.5),
        ("1e3 + .5 + 2.", 1002.5),
        ("max(1, 2) + min(1, 2) + max([4, 3])", 7.0),
        ("leaky_relu(-1, 0.5)", -0.5),
        ("sum([[1, 2], [3, 4]] @ [1, 2])", 16.0),
        ("a = 2\nsum([a, a*a, 1])", 7.0),
        ("σ(0) + ln(1)", 0.5),
        ("where(1, 2, 3)", 2.0),
        ("param = 3\nparam * 2", 6.0),
        ("überall_1 = 2\nüberall_1", 2.0),
        ("x = 1\r\ny = x + 1\r\n", 2.0),
    ],
)
def test_what_is_computed(text: str, expected: float) -> None:
    assert value(text) == expected


numbers = st.floats(0.25, 4).map(lambda x: f"{x:.3f}")
expressions = st.recursive(
    numbers,
    lambda inner: st.one_of(
        st.tuples(inner, st.sampled_from(["+", "-", "*", "/", " + "]), inner).map("".join),
        inner.map("-{}".format),
        inner.map("({})".format),
        st.tuples(inner, st.just("**"), st.sampled_from(["2", "-1", "-2**2"])).map("".join),
        inner.map("tanh({})".format),
    ),
    max_leaves=12,
)


@given(expressions)
def test_precedence_is_pythons(text: str) -> None:
    try:
        expected = eval(text, {"tanh": math.tanh})
    except (ZeroDivisionError, OverflowError):
        return
    if not isinstance(expected, complex):
        assert value(text) == pytest.approx(expected, rel=1e-12, nan_ok=True)


@given(st.text(alphabet="xyab12.()[],=+-*/^@# \n\tparam", max_size=40))
@example("((((" * 1000)
@example("x = 1\nx(2)")
@example("=")
@example("param x")
@example("param x =")
@example("f(,)")
def test_any_text_is_a_graph_or_a_mistake_in_it(text: str) -> None:
    try:
        graph = graph_of_text(text, backward=False)
    except Mistake as mistake:
        lines = text.split("\n")
        assert 0 <= mistake.line <= len(lines)
        if mistake.column:
            assert 1 <= mistake.column <= len(lines[mistake.line - 1]) + 1
    else:
        assert graph.validate() == []


@pytest.mark.parametrize(
    ("text", "line", "column", "said"),
    [
        ("L = tanh(2*", 1, 9, "'(' is never closed"),
        ("x = 1\nL = x2 + x", 2, 5, "x2 has no value yet. Did you mean x?"),
        ("L = tanhh(1)", 1, 5, "no function tanhh. Did you mean tanh?"),
        ("L = tanh", 1, 5, "tanh is a function"),
        ("L = tanh(1, 2)", 1, 5, "tanh takes 1 argument, and this has 2"),
        ("L = tanh()", 1, 5, "this has 0"),
        ("L = 2x", 1, 6, "An operator is missing before 'x'"),
        ("L = 1 +", 1, 8, "A value is missing here"),
        ("L = * 2", 1, 5, "A value is missing before '*'"),
        ("L = 2)", 1, 6, "')' closes nothing"),
        ("L = (1]", 1, 7, "']' closes nothing"),
        ("L = (1, 2)", 1, 7, "',' stands between arguments"),
        ("L = 1 = 2", 1, 7, "'=' stands after the one name"),
        ("3 = 2", 1, 1, "'3' is no name"),
        ("x = 1\nx = 2", 2, 1, "x has a value already, from line 1"),
        ("param w = 2*3", 1, 1, "is to be a number"),
        ("L = 1e999", 1, 5, "too large for a number"),
        ("L = $1", 1, 5, "'$' means nothing here"),
        ("[1, [2, 3]]", 1, 1, "rows of this list differ"),
        ("[1, 2] @ [1, 2, 3]", 1, 8, "cannot take values of shape (2,), (3,)"),
        ("[1, 2]", 0, 0, "a gradient goes back from a single number"),
        ("# nothing", 0, 0, "nothing to draw"),
        ("reshape(2)", 1, 1, "There is no function reshape"),
        ("__import__('os')", 1, 12, '"\'" means nothing here'),
        ("()", 1, 2, "A value is missing before ')'"),
        ("().__class__", 1, 3, "'.' means nothing here"),
        ("x = 1\nx.real", 2, 2, "'.' means nothing here"),
    ],
)
def test_mistakes_point_at_their_place(text: str, line: int, column: int, said: str) -> None:
    with pytest.raises(Mistake) as raised:
        graph_of_text(text)
    assert (raised.value.line, raised.value.column) == (line, column)
    assert said in str(raised.value)
    excerpt = raised.value.excerpt(text)
    assert excerpt == (f"{text.split(chr(10))[line - 1]}\n{' ' * (column - 1)}^" if line else "")


def test_the_size_is_bounded_and_depth_is_not() -> None:
    with pytest.raises(Mistake, match="longer than"):
        graph_of_text("1+" * MOST_CHARACTERS)
    with pytest.raises(Mistake, match="words and signs"):
        graph_of_text("1+" * MOST_TOKENS)
    assert value("1+" * (MOST_TOKENS // 2 - 2) + "1" + "\n" * MOST_TOKENS) == MOST_TOKENS // 2 - 1, (
        "lines are no words"
    )
    deep = MOST_TOKENS // 2 - 2
    start = time.process_time()
    assert value("(" * deep + "1" + ")" * deep) == 1.0
    assert value("x = 1\n" + "-" * deep + "x") == 1.0
    assert time.process_time() - start < 5


def test_a_few_lines_cannot_multiply_numbers_without_end() -> None:
    doubling = "\n".join(f"x{k + 1} = [x{k}, x{k}]" for k in range(40))
    with pytest.raises(Mistake, match="gives more than 5,000 numbers") as raised:
        graph_of_text(f"x = 1\nx0 = x*1\n{doubling}\nsum(x40)")
    assert raised.value.line == 2 + 13  # 2**13 numbers
    row, column = ", ".join(["1"] * 100), ", ".join(["[1]"] * 100)
    with pytest.raises(Mistake, match="gives more than 5,000 numbers"):
        graph_of_text(f"sum([{column}] * [{row}])")


@pytest.mark.parametrize("inner", ["1", "tanh(1)"])
def test_lists_are_as_deep_as_arrays_can_be(inner: str) -> None:
    def nested(deep: int) -> str:
        return "sum(" + "[" * deep + inner + "]" * deep + ")"

    assert value(nested(32)) == value(inner)
    with pytest.raises(Mistake, match="Lists can be in lists 32 deep") as raised:
        graph_of_text(nested(40))
    assert raised.value.column == len("sum(") + 8


def test_root_and_backward_are_chosen() -> None:
    text = "a = 2\nb = a*3\nc = b*5"
    graph = graph_of_text(text, root="b")
    assert graph.label(graph.root) == "b" and graph.node("a").grad == 3.0
    assert graph_of_text(text, backward=False).node("a").grad is None
    with pytest.raises(Mistake, match=r"root=d\. There is only a\."):
        graph_of_text("a = 1", root="d")
    with pytest.raises(Mistake, match="root=d. The names are a, b, c"):
        graph_of_text(text, root="d")


def test_functions_are_the_table_of_ops() -> None:
    """Every op that needs nothing but values, and by the name that the table gives it."""
    assert {*FUNCTIONS} - {"ln", "σ"} == {*OPS} - {"reshape", "getitem"}
    for name, op in OPS.items():
        if op.elementwise:
            inputs = [float(np.asarray(x)) for x in op.example]
            assert value(f"{name}({', '.join(map(repr, inputs))})") == pytest.approx(
                op.forward(*inputs), rel=1e-15
            )


def test_statements_know_where_they_begin() -> None:
    found = parse("\n\n  a = (1 +\n 2)\nb = 3")
    assert [(statement.name, statement.first.line, statement.first.column) for statement in found] == [
        ("a", 3, 3),
        ("b", 5, 1),
    ]
