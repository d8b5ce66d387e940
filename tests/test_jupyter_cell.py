"""One cell in a kernel: what it did is recorded, and the kernel is left as it was."""

import builtins
import inspect
import linecache
import sys
from pathlib import Path
from typing import Any

import pytest

import gradviz.recorders.kernel
from gradviz.engine import hooks
from gradviz.recorders.kernel import CellPasses, recording_cell
from tests.watching import CLOSURES, DATACLASS, PER_OP, RECURSIVE

FORMULA = "a, b = Value(2.0), Value(3.0)\nc = a * b\nc.backward()"


def kernel(*cells: str) -> dict[str, Any]:
    """The variables of a kernel after some cells."""
    variables: dict[str, Any] = {"__name__": "__main__"}
    for cell in cells:
        exec(cell, variables)
    return variables


def recorded(
    variables: dict[str, Any], cell: str, said: list[str] | None = None, **options: int
) -> CellPasses:
    name = "<cell-of-a-kernel>"
    linecache.cache[name] = len(cell), None, cell.splitlines(keepends=True), name
    with recording_cell(variables, [].append if said is None else said.append, **options) as passes:
        exec(compile(cell, name, "exec"), variables)
    return passes


def grads(passes: CellPasses, *names: str) -> list[Any]:
    (graph,) = passes.graphs
    return [graph.node(graph.find(name)).grad for name in names]


@pytest.mark.parametrize(
    "engine", [CLOSURES, RECURSIVE, DATACLASS], ids=["closures", "recursive", "dataclass"]
)
def test_an_engine_of_an_earlier_cell_is_recorded_again_and_again_and_left_as_it_was(engine: str) -> None:
    variables = kernel(engine)
    value = variables["Value"]
    methods, signature = dict(vars(value)), inspect.signature(value)
    for _ in range(3):
        passes = recorded(variables, FORMULA)
        assert grads(passes, "a", "b", "c") == [3.0, 2.0, 1.0]
        assert passes.graphs[0].span_of(2).line == 2
        left = {name: held for name, held in vars(value).items() if name != "__new__"}
        assert left == {name: held for name, held in methods.items() if name != "__new__"}
        assert inspect.signature(value) == signature
    assert value(1.0) * value(2.0) and not hooks.listeners
    depth, new = 0, value.__new__
    while hasattr(new, "__wrapped__") and inspect.isfunction(new.__wrapped__):
        depth, new = depth + 1, new.__wrapped__
    assert depth == 0, "what notes is not wrapped anew by every cell"


def test_an_engine_that_the_cell_defines_is_recorded() -> None:
    variables = kernel()
    build = builtins.__build_class__
    assert grads(recorded(variables, CLOSURES + FORMULA), "a") == [3.0]
    assert builtins.__build_class__ is build
    assert not hasattr(variables["Value"].backward, "__wrapped__")


def test_an_engine_in_a_module_is_known_by_what_uses_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "lecture_engine.py").write_text(f"{CLOSURES}\n\ndef leaf(data):\n    return Value(data)\n")
    monkeypatch.syspath_prepend(tmp_path)
    variables = kernel("from lecture_engine import leaf")
    cell = "a = leaf(2.0)\nb = a * a\nb.backward()"
    try:
        assert grads(recorded(variables, cell), "a") == [4.0]
        assert not hasattr(sys.modules["lecture_engine"].Value.backward, "__wrapped__")
    finally:
        sys.modules.pop("lecture_engine", None)


def test_functions_that_run_backward_are_put_back() -> None:
    variables = kernel(PER_OP)
    function = variables["backprop"]
    assert grads(recorded(variables, "a = Leaf(2.0)\nb = a * a\nbackprop(b)"), "a") == [4.0]
    assert variables["backprop"] is function


def test_gradients_set_by_hand_and_values_that_wait_for_theirs() -> None:
    variables = kernel(CLOSURES, "a, b = Value(2.0), Value(3.0)\nc = a * b\nother = a + b")
    assert not recorded(variables, "nothing = 3").graphs
    by_hand = recorded(variables, "c.grad = 1.0\na.grad = 3.0")
    assert grads(by_hand, "a", "c") == [3.0, 1.0]
    (graph,) = recorded(variables, "d = c * c").graphs
    assert graph.label(graph.root) == "d"


def test_gradviz_s_own_values_need_no_backward() -> None:
    variables = kernel("from gradviz import Value\nx = Value(2.0)\nold = x * x")
    (graph,) = recorded(variables, "y = x * 3.0\nz = y.tanh()").graphs
    assert graph.label(graph.root) == "z" and not graph.has_grad.any()
    assert not recorded(variables, "k = 1").graphs
    (graph,) = recorded(variables, "old.backward()").graphs
    assert graph.label(graph.root) == "old" and graph.node("x").grad == 4.0


def test_a_chain_with_many_names_is_walked_once_and_not_once_for_each(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    variables = kernel(
        CLOSURES, "chain = [Value(1.0)]\nfor k in range(2_000):\n    chain.append(chain[-1] + k)"
    )
    walked: list[int] = []
    real = gradviz.recorders.kernel.reached
    monkeypatch.setattr(
        "gradviz.recorders.kernel.reached", lambda root: walked.append(len(found := real(root))) or found
    )
    (graph,) = recorded(variables, "end = chain[-1] * 2").graphs
    assert len(graph) == 4_003 and sum(walked) < 3 * len(graph)


def test_the_last_passes_of_a_loop_are_kept_with_their_updates() -> None:
    variables = kernel("from gradviz import Value\nw = Value(3.0)")
    loop = "for k in range(9):\n    (w * w).backward()\n    w.data -= 0.1 * w.grad\n    w.grad = 0.0"
    passes = recorded(variables, loop, last=2)
    assert (passes.count, [graph.meta["number"] for graph in passes.graphs]) == (9, [7, 8])
    assert all(len(graph.updates) == 1 for graph in passes.graphs)


def test_a_cell_that_raises_keeps_its_passes_and_its_exception() -> None:
    variables = kernel(CLOSURES)
    with pytest.raises(ZeroDivisionError), recording_cell(variables, print) as passes:
        exec(f"{FORMULA}\n1 / 0", variables)
    assert grads(passes, "a") == [3.0]
    assert not hasattr(variables["Value"].backward, "__wrapped__")


def test_a_method_that_the_cell_itself_replaces_stays_replaced() -> None:
    variables = kernel(CLOSURES)
    recorded(variables, "def backward(self):\n    self.grad = 7.0\nValue.backward = backward")
    assert variables["Value"].backward is variables["backward"]


def test_a_failure_of_ours_is_said_and_is_not_the_cell_s(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gradviz.recorders.kernel.engines_in", lambda variables: 1 / 0)
    said: list[str] = []
    recorded(kernel(), "x = 3", said)
    assert said and "ZeroDivisionError" in said[0]
