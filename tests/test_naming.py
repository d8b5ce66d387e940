"""Values are called what the program calls them: by variables and what these hold, else as in its source."""

import sys
from collections import OrderedDict, namedtuple
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gradviz import Value, record
from gradviz.graph import CONST, INPUT, OP, Graph, Span
from gradviz.graph.labelling import labels_of
from gradviz.recorders import naming
from gradviz.recorders.naming import names_among, names_in


class Mark:
    """Stands for a value."""


def is_mark(obj):
    return type(obj) is Mark


def names(**variables):
    return dict(names_among([variables], is_mark))


@dataclass
class Neuron:
    w: list
    b: Mark


class Slotted:
    __slots__ = ("empty", "v")

    def __init__(self, v):
        self.v = v


class Inherited(Slotted):
    def __init__(self, v, u):
        super().__init__(v)
        self.u = u


def test_variables_containers_and_attributes():
    layers = [SimpleNamespace(neurons=[Neuron([Mark(), Mark()], Mark())])]
    found = names(
        n=Mark(),
        xs=[Mark(), 2.0, (Mark(),)],
        by={"a": Mark(), 3: Mark(), ("no", "name"): Mark()},
        model=SimpleNamespace(layers=layers),
        slotted=Slotted(Mark()),
        both=Inherited(Mark(), Mark()),
        point=namedtuple("Point", "x y")(Mark(), Mark()),
        ordered=OrderedDict(k=Mark()),
    )
    assert set(found) == {
        "n", "xs[0]", "xs[2][0]", "by['a']", "by[3]", "slotted.v", "both.u", "both.v", "point[0]", "point[1]",
        "ordered['k']",
        *(f"model.layers[0].neurons[0].{last}" for last in ("w[0]", "w[1]", "b")),
    }  # fmt: skip
    assert found["model.layers[0].neurons[0].w[1]"] is layers[0].neurons[0].w[1]


def test_the_shortest_way_names_and_only_once():
    mark, shared = Mark(), [Mark()]
    found = names(deep=[[mark]], mark=mark, a=shared, b=shared)
    assert list(found) == ["mark", "a[0]"]


def test_locals_hide_what_the_module_calls_the_same():
    inner, outer, other = Mark(), Mark(), Mark()
    assert names_among([{"x": inner}, {"x": outer, "y": other}], is_mark) == {"x": inner, "y": other}


def test_what_is_private_or_the_shells_is_left_out():
    variables = (
        {"get_ipython": len, "_": Mark(), "__doc__": Mark(), "_3": Mark(), "Out": {3: Mark()},
                   "x": Mark(),
                   "self": SimpleNamespace(_prev=[Mark()], shown=Mark())}
    )  # fmt: skip
    assert set(names_among([variables], is_mark)) == {"x", "self.shown"}


def test_libraries_are_not_searched():
    """A figure or a logger holds thousands of objects, and no value."""
    import argparse

    assert names(found=argparse.Namespace(v=Mark()), mine=SimpleNamespace(v=Mark())).keys() == {"mine.v"}


def test_classes_functions_and_modules_are_not_searched():
    class Home:
        v = Mark()

    def function():
        pass

    function.v = Mark()
    assert not names(Home=Home, function=function, module=sys, method=Slotted(Mark()).__init__)


def test_rings_end_and_depth_is_bounded():
    ring = []
    ring.append(ring)
    deep = Mark()
    for _ in range(naming.DEEPEST):
        deep = [deep]
    assert list(names(ring=ring, deep=deep, deeper=[deep])) == ["deep" + "[0]" * naming.DEEPEST]


def test_very_many_objects_are_looked_at_in_part():
    found = names(first=Mark(), many=[Mark() for _ in range(3 * naming.MOST)], last=Mark())
    assert {"first", "last", "many[0]"} <= found.keys() and len(found) <= naming.MOST + 2


class Hostile:
    """Every way to be asked is an error."""

    def __init__(self, held):
        object.__setattr__(self, "held", held)

    def fail(self, *args):
        raise AssertionError("the program's own code ran")

    __getattr__ = __getattribute__ = __eq__ = __hash__ = __bool__ = __iter__ = __len__ = __repr__ = fail
    __getitem__ = __contains__ = __setattr__ = __class_getitem__ = __dir__ = fail
    v = property(fail)


class HostileList(list):
    __iter__ = __getitem__ = __len__ = __eq__ = __getattribute__ = Hostile.fail
    __hash__ = None


class HostileDict(dict):
    items = keys = __iter__ = __getitem__ = __len__ = __eq__ = __getattribute__ = Hostile.fail


class HostileClass(type):
    __hash__ = __eq__ = __getattribute__ = __instancecheck__ = __subclasscheck__ = Hostile.fail


def test_no_code_of_the_program_is_run():
    class OfHostileClass(metaclass=HostileClass):  # not where pytest would ask it
        pass

    found = names(
        a=Hostile([Mark()]),
        b=HostileList([Mark()]),
        c=HostileDict(k=Mark()),
        d=OfHostileClass(),
        e=[Hostile(1)],
    )
    assert set(found) == {"a.held[0]", "b[0]", "c['k']"}


LEAVES = st.builds(Mark) | st.integers() | st.text(max_size=3) | st.none() | st.floats()
HELD = st.recursive(
    LEAVES,
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.lists(inner, max_size=4).map(tuple)
        | st.dictionaries(st.text(max_size=3) | st.integers(), inner, max_size=4)
        | st.dictionaries(st.sampled_from("abc"), inner).map(lambda held: SimpleNamespace(**held))
        | st.builds(Hostile, inner)
        | st.builds(Slotted, inner)
    ),
    max_leaves=20,
)


def picture(obj):
    """All that an object holds, down to identities."""
    kind = type(obj)
    if kind in (list, tuple):
        return kind, id(obj), [picture(part) for part in obj]
    if kind is dict:
        return kind, id(obj), [(key, picture(part)) for key, part in obj.items()]
    if kind is Slotted:
        return kind, id(obj), picture(obj.v)
    if kind in (SimpleNamespace, Hostile):
        return kind, id(obj), picture(object.__getattribute__(obj, "__dict__"))
    return kind, id(obj), sys.getrefcount(obj) if kind is Mark else None


@given(st.dictionaries(st.sampled_from(["x", "ys", "model"]), HELD))
def test_naming_changes_nothing_and_its_names_are_true(variables):
    before = picture(variables)
    found = list(names(**variables).items())
    for name, obj in found:
        assert eval(_by_attributes(name), {"held": _held}, dict(variables)) is obj
    assert len({id(obj) for _, obj in found}) == len(found)
    del found
    obj = None
    assert picture(variables) == before


def _by_attributes(name):
    """``x.held`` of a hostile object as plain access to what it holds."""
    parts = name.split(".held")
    text = parts[0]
    for part in parts[1:]:
        text = f"held({text}){part}"
    return text


def _held(obj):
    return object.__getattribute__(obj, "__dict__")["held"]


# Expressions


def graph_of(source, texts, op=None, names=None, leaf=CONST):
    """A chain of nodes made at places in one file; the last op differs."""
    spans = [None, *(Span("f.py", line, line, start, stop) for line, start, stop in texts)]
    n = len(source)
    start = [0, *range(n)]
    op = op or [0] + [1] * (n - 2) + [2]
    return Graph(
        op_names=("", "neg", "exp"), op=op, kind=[OP if code else leaf for code in op], input_start=start,
        input=list(range(n - 1)), data=[1.0] * n, spans=spans, source=source, names=names or {},
    )  # fmt: skip


def labels(graph, text):
    graph = graph.with_sources({"f.py": text})
    one_by_one = [graph.label(i) for i in range(len(graph))]
    assert labels_of(graph) == one_by_one
    return one_by_one


def test_a_value_without_a_name_is_called_what_the_source_says():
    text = "n = x1*w1 + b\n"
    graph = graph_of([0, 1, 2, 0], [(1, 4, 9), (1, 4, 13)])
    assert labels(graph, text)[1:3] == ["x1*w1", "x1*w1 + b"]
    assert labels(graph_of([0, 1, 2, 0], [(1, 4, 9), (1, 4, 13)], names={1: "p"}), text)[1:3] == [
        "p",
        "x1*w1 + b",
    ]


def test_columns_count_bytes():
    assert labels(graph_of([0, 1, 0], [(1, 5, 10)]), "é = α*β\n")[1] == "α*β"


def test_an_expression_that_ran_often_keeps_the_number():
    assert labels(graph_of([0, 1, 1, 0], [(1, 0, 3)], leaf=INPUT), "w*x")[1:3] == ["w*x n1", "w*x n2"]
    same_text = graph_of([0, 1, 2, 0], [(1, 0, 3), (2, 0, 3)], leaf=INPUT)
    assert labels(same_text, "w*x\nw*x")[1:3] == ["w*x n1", "w*x n2"]


def test_what_an_expression_in_a_loop_made_is_told_apart_by_names():
    repeated = graph_of([0, 1, 1, 0], [(1, 0, 2)], names={0: "a"}, leaf=INPUT)
    assert labels(repeated, "-v")[1:3] == ["-a", "--a"]
    assert labels(graph_of([0, 1, 2, 0], [(1, 0, 2), (2, 0, 2)], names={0: "a"}), "-v\n-w")[1:3] == [
        "-v",
        "-w",
    ]


def test_a_call_names_what_comes_out_of_it():
    graph = graph_of([0, 1, 1, 1], [(1, 0, 8)])
    assert labels(graph, "model(x)")[-1] == "model(x)"
    assert "model" not in "".join(labels(graph, "model(x)")[:-1])


@pytest.mark.parametrize(
    "text", ["", "\n", "x" * 50, "short"], ids=["empty", "other line", "too long", "line too short"]
)
def test_what_is_no_expression_for_a_label_falls_back(text):
    spans = [(1, 20, 24)] if text == "short" else [(1, 0, 50)]
    assert labels(graph_of([0, 1, 0], spans), text)[1] == "-1"
    assert graph_of([0, 1, 0], spans).label(1) == "-1"


def test_constants_stay_numbers():
    assert labels(graph_of([1, 1, 0], [(1, 0, 3)]), "x*2")[0] == "1"


def test_a_graph_computed_again_keeps_its_expressions():
    from gradviz import replay

    x, w = Value(2.0), Value(3.0)
    y = (x * w).tanh()
    y.backward()
    graph = record(y, {"x": x, "w": w}).with_sources({__file__: Path(__file__).read_text(encoding="utf-8")})
    assert graph.label(graph.root) == "(x * w).tanh()"
    again = replay(graph).graph({"x": 1.0})
    assert again.label(again.root) == again.replace(updates=()).label(again.root) == "(x * w).tanh()"


LOOPS = """
for p in ps: inside = asked()
for _, (q, _) in [(0, (make(), 0))]: pass
after = asked()
"""


@pytest.mark.parametrize("asked", ["ask()", "(lambda: ask())()"], ids=["itself", "a function"])
def test_the_variable_of_a_loop_that_is_over_is_its_last_name(asked):
    ps = [Mark(), Mark()]
    variables = {"ps": ps, "make": Mark, "ask": lambda: names_in(sys._getframe(1), is_mark)}
    exec(compile(LOOPS.replace("asked()", asked), "loops.py", "exec"), variables)
    assert variables["inside"] == {"p": ps[1], "ps[0]": ps[0]}
    assert variables["after"] == {"ps[0]": ps[0], "ps[1]": ps[1], "q": variables["q"]}
