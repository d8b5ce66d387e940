"""The engine's promises, one by one; the numbers are the rows of the team's list of cases."""

from __future__ import annotations

import copy
import gc
import math
import operator
import pickle
import subprocess
import sys
import threading
import tracemalloc
from collections.abc import Callable
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import gradviz
from gradviz import Parameter, Value, record, scope
from gradviz.engine import backward as engine
from gradviz.engine import current, pulling
from gradviz.engine import tape as tapes
from gradviz.errors import DataError, GradvizError, MutationError, ShapeError

HERE = Path(__file__).name
ROOT = Path(__file__).parent.parent


def line() -> int:
    """The line that calls this."""
    return sys._getframe(1).f_lineno


def edges(value: Value) -> list[tuple[int, int, int]]:
    return [(e.source, e.target, e.slot) for e in record(value).edges()]


# -- 1–5: fan-out, accumulation, roots


@pytest.mark.parametrize(
    ("apply", "grad"),
    [(operator.add, 2.0), (operator.sub, 0.0), (operator.mul, 6.0), (operator.truediv, 0.0)],
)
def test_1_both_edges_of_one_value_are_kept(apply: Callable[[Any, Any], Any], grad: float) -> None:
    a = Value(3.0)
    b = apply(a, a)
    assert edges(b) == [(0, 1, 0), (0, 1, 1)]
    b.backward()
    assert a.grad == grad


def test_2_reused_inner_values() -> None:
    a = Value(-2.0)
    b = a + a
    c = b + b
    c.backward()
    assert (a.grad, b.grad, c.grad) == (4.0, 2.0, 1.0)


def test_3_backward_twice() -> None:
    a = Value(-2.0)
    b = a * a
    c = b * b + b
    c.backward()
    once = a.grad
    c.backward()
    assert (a.grad, b.grad, c.grad) == (2 * once, 2 * b.data + 1, 1.0)
    assert record(c).validate() == []


def test_4_forgotten_zero_grad_shows_as_prior() -> None:
    w = Parameter(3.0, "w")
    (w * 2).backward()
    loss = w * 5
    loss.backward()
    graph = record(loss)
    node = graph.find("w")
    assert (graph.prior_of(node), graph.grad_of(node)) == (2.0, 7.0)
    assert graph.validate() == []


def test_5_backward_on_a_leaf() -> None:
    a = Value(3.0)
    a.backward()
    a.backward(seed=2.0)
    assert a.grad == 3.0
    v = Value(np.ones((2, 3)), name="v")
    with pytest.raises(ShapeError, match=r"value of shape \(2, 3\) needs a seed.*\.sum\(\)"):
        v.backward()
    Value(np.ones((1, 1))).backward()


def test_5_a_root_of_numbers_alone() -> None:
    a = Value(1.0)
    b = (a > 0) * Value(2.0)
    b.backward()
    assert a.grad is None


def test_6_seeds() -> None:
    v = Value(np.ones((2, 3)))
    with pytest.raises(ShapeError, match=r"seed has shape \(3, 2\), the value has \(2, 3\)"):
        v.backward(np.ones((3, 2)))
    with pytest.raises(DataError, match="seed is NaN.*allow_nan=True"):
        v.backward(np.full((2, 3), np.nan))
    with pytest.raises(DataError, match="cannot hold str 'x'"):
        v.backward("x")
    assert v.grad is None
    v.backward(np.full((2, 3), np.nan), allow_nan=True)
    assert np.isnan(v.grad).all()
    seed = np.ones((2, 3))
    w = Value(np.ones((2, 3)))
    (w * 1.0).backward(seed)
    seed[:] = 100
    assert w.grad.max() == 1.0


# -- 7: nothing half-done


def graph_of_everything() -> tuple[list[Value], Value]:
    a, b = Value(2.0, name="a"), Value(np.array([1.0, -2.0]), name="b")
    (a * b).sum().backward()  # there are gradients already, and a second tape
    early = a.tanh()
    current.begin()
    return [a, b, early], (early * b + gradviz.stack([a, a])).max() * a.relu()


def test_7_an_interrupt_anywhere_leaves_all_gradients_as_they_were(monkeypatch: pytest.MonkeyPatch) -> None:
    """Ctrl-C at every single line of the backward pass: the gradients are the old ones, or all new ones."""
    kept, reached = 0, 0
    for stop in range(10_000):
        # a trace function may interrupt where a signal cannot, also between a ``with`` and its end
        monkeypatch.setattr(engine, "_commits", threading.RLock())
        values, loss = graph_of_everything()
        before = [copy.copy(v.grad) for v in values]
        seen = 0

        def interrupt(frame: Any, event: str, arg: Any, stop: int = stop) -> Any:
            nonlocal seen
            if frame.f_code.co_filename not in (engine.__file__, pulling.__file__):
                return None
            if event == "line":
                seen += 1
                if seen > stop:
                    sys.settrace(None)
                    raise KeyboardInterrupt
            return interrupt

        sys.settrace(interrupt)
        try:
            loss.backward()
        except KeyboardInterrupt:
            after = [v.grad for v in values]
            if all(np.array_equal(x, y) for x, y in zip(before, after, strict=True) if x is not None):
                assert after[2] is None
                kept += 1
            else:  # it came after the commit
                assert after[0] == pytest.approx(before[0] + _grads()[0])
        else:
            break
        finally:
            sys.settrace(None)
        reached = stop
    assert kept > 100 and reached - kept < 5


def _grads() -> list[Any]:
    values, loss = graph_of_everything()
    before = [copy.copy(v.grad) for v in values]
    loss.backward()
    return [v.grad - x for v, x in zip(values, before, strict=True) if x is not None]


def test_7_a_failing_op_is_named_with_its_line(monkeypatch: pytest.MonkeyPatch) -> None:
    x = Value(np.ones(2), name="x")
    y, where = x.sum(), line()
    z = y * x.mean()

    def fail(*args: Any, **kwargs: Any) -> Any:
        raise MemoryError("no room")

    code = tapes.CODES["sum"] - tapes.FIRST_OP
    broken = copy.copy(pulling.ROWS[code])
    object.__setattr__(broken, "pull", fail)
    monkeypatch.setattr(pulling, "ROWS", (*pulling.ROWS[:code], broken, *pulling.ROWS[code + 1 :]))
    with pytest.raises(MemoryError) as caught:
        z.backward()
    assert x.grad is None and y.grad is None
    assert any(f"sum at {__file__}:{where}" in note for note in caught.value.__notes__)


# -- 8, 10: long chains, much training

CHAIN = """
import resource, sys, threading
resource.setrlimit(resource.RLIMIT_STACK, (1 << 20, 1 << 20))
threading.stack_size(1 << 20)
import copy
from gradviz import Value, record
from gradviz.engine import current
def work():
    current.LARGEST = current.SMALLEST = {largest}
    current.begin()
    x = Value(1.0, name="x")
    y = x
    for _ in range({ops} // 2):
        y = (y * 0.9999).tanh()
    y.backward()
    y.backward()
    graph = record(y)
    assert graph.validate() == [], graph.validate()
    assert graph.edge_count == 2 * ({ops} // 2) + {ops} // 2
    assert repr(y) and y._prev and graph.label(graph.root)
    z = copy.deepcopy(y)
    z.backward()
    assert record(z).grad[0] == 1.5 * x.grad
    if {networkx}:
        assert graph.to_networkx().number_of_nodes() == len(graph)
    del y, z, graph
    print("ok", resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024)
thread = threading.Thread(target=work)
thread.start()
thread.join()
"""


@pytest.mark.slow
@pytest.mark.parametrize(
    ("ops", "largest", "networkx"), [(1_000_000, 1 << 17, False), (60_000, 256, True), (40_000, 8, False)]
)
def test_8_chains_in_one_megabyte_of_stack(ops: int, largest: int, networkx: bool) -> None:
    code = CHAIN.format(ops=ops, largest=largest, networkx=networkx)
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT)
    assert done.returncode == 0, done.stderr
    word, peak = done.stdout.split()
    assert word == "ok" and int(peak) < 1000


def training(steps: int, w: Value, x: np.ndarray) -> None:
    for _ in range(steps):
        loss = ((Value(x) * w).tanh() ** 2).mean() + w * w
        w.grad = None
        loss.backward()
        w.data -= 0.01 * w.grad


def test_10_memory_is_flat_over_1000_training_steps() -> None:
    w, x = Parameter(0.5, "w"), np.linspace(-1, 1, 50)
    training(50, w, x)
    gc.collect()
    tracemalloc.start()
    try:
        training(1000, w, x)  # Python's own free lists fill up
        first = tracemalloc.get_traced_memory()[0]
        training(1000, w, x)
        grown = tracemalloc.get_traced_memory()[0] - first
    finally:
        tracemalloc.stop()
    assert grown < 5_000


def test_10_nothing_is_left_for_the_garbage_collector() -> None:
    gc.collect()
    gc.disable()
    try:
        training(20, Parameter(0.5), np.ones(3))
        assert not [
            x for x in gc.get_objects() if type(x) is tapes.Tape and x.n and x is not current.now.tape
        ]
    finally:
        gc.enable()


def test_10_empty_scopes_leave_no_trace() -> None:
    marks = len(current.now.tape.marks)
    for _ in range(1000):
        with scope("epoch"):
            pass
    assert len(current.now.tape.marks) <= marks + 2


# -- 9: copies


def test_9_a_deep_copy_has_a_graph_of_its_own() -> None:
    w, x = Parameter(2.0, "w"), Value(np.array([1.0, 2.0]), name="x")
    y = (w * x).sum()
    (y2, w2) = copy.deepcopy((y, w))
    y2.backward()
    assert (w.grad, w2.grad, w2.name) == (None, 3.0, "w")
    y.backward()
    assert w.grad == 3.0
    x3 = copy.deepcopy(x)
    x3.data[0] = 50.0
    assert x.data[0] == 1.0
    shallow = copy.copy(w)
    shallow.data = 7.0
    assert w.data == 7.0


def test_9_a_module_can_be_copied() -> None:
    model = gradviz.nn.MLP(2, [3, 1], seed=0)
    twin = copy.deepcopy(model)
    twin([1.0, 2.0]).backward()
    assert all(p.grad is None for p in model.parameters())
    assert all(p.grad is not None for p in twin.parameters())
    assert not set(model.parameters()) & set(twin.parameters())


def test_9_pickle_is_refused() -> None:
    with pytest.raises(DataError, match=r"pickle.*Use a recording: gradviz run"):
        pickle.dumps(Value(1.0))


# -- 11, 12: data that changes


def test_11_a_change_before_backward_names_both_lines() -> None:
    a, made = Value(3.0, name="a"), line()
    b = a * a
    a.data, changed = 100.0, line()
    with pytest.raises(MutationError) as caught:
        b.backward()
    text = str(caught.value)
    assert f"a (made at {__file__}:{made}) was 3.0 when it was used, but was set to 100.0" in text
    assert f"at {__file__}:{changed}, before backward()" in text and text.endswith("after changing data.")
    assert a.grad is None
    a.data = 3.0  # back again: nothing is wrong
    b.backward()
    assert a.grad == 6.0


def test_11_only_what_is_differentiated_must_be_unchanged() -> None:
    a, b = Value(3.0), Value(4.0)
    unrelated = a * 2
    loss = b * 2
    a.data = 5.0
    loss.backward()
    mixed = a * loss  # on another tape than the first use of a
    mixed.backward()
    assert (a.grad, b.grad) == (8.0, 2.0 + 10.0)
    with pytest.raises(MutationError):
        unrelated.backward()


def test_11_there_and_back_within_one_graph() -> None:
    a = Value(3.0, name="a")
    first = a * 2
    a.data = 4.0
    second = a * 10
    a.data = 3.0
    third = a * 100
    (first + third).backward()
    assert a.grad == 102.0
    graph = record(first + third)
    assert [n.data for n in graph.nodes() if n.name == "a"] == [3.0] and graph.validate() == []
    assert [n.data for n in record(first + second).nodes() if n.name == "a"] == [3.0, 4.0]
    with pytest.raises(MutationError, match=r"was 4.0 when it was used, but was set to 3.0"):
        (first + second).backward()


def test_11_the_sign_of_zero_is_a_change() -> None:
    a = Value(0.0)
    b = 1 / a
    a.data = -0.0
    with pytest.raises(MutationError):
        b.backward()


def test_11_computed_data_cannot_be_set() -> None:
    a = Value(3.0)
    b, where = a * a, line()
    b.name = "square"
    with pytest.raises(GradvizError, match=rf"square \(made at .*{HERE}:{where}\) was computed.*detach"):
        b.data = 5.0


def test_12_arrays_belong_to_one() -> None:
    source = np.array([1.0, 2.0])
    a = Value(source, name="a")
    source[0] = 50.0
    assert a.data[0] == 1.0
    b = a * a
    with pytest.raises(ValueError, match="read-only"):
        b.data[0] = 9.0
    a.data[0] = 9.0
    with pytest.raises(
        MutationError, match=rf"a \(made at .*{HERE}:\d+\) changed in place after it was used"
    ):
        b.sum().backward()
    a.data[0] = 1.0
    b.sum().backward()
    assert a.grad.tolist() == [2.0, 4.0]
    c = a + 0.0
    a.data[1] = 3.0  # used again after a change in place: the new data counts, on a tape of its own
    d = a * 2.0
    d.sum().backward()
    assert d.data.tolist() == [2.0, 6.0] and c.data.tolist() == [1.0, 2.0]


def test_12_gradients_share_no_memory() -> None:
    a, b = Value(np.ones(3)), Value(np.ones(3))
    loss = (a + b).reshape(3, 1).sum() + gradviz.concat([a, b]).sum()
    loss.backward()
    a.grad *= 0.5  # clipping in place is everybody's habit
    assert b.grad.tolist() == [2.0, 2.0, 2.0] and a.grad.tolist() == [1.0, 1.0, 1.0]
    a.grad[0] = 7.0
    assert a.grad[0] == 7.0


def test_12_an_update_in_place_is_told_with_its_before() -> None:
    told: list[Any] = []

    class Listener:
        def on_backward(self, root: Value, frame: Any) -> None: ...

        def on_update(self, leaf: Any, before: Any, after: Any, rule: str, frame: Any) -> None:
            told.append((np.copy(before), np.copy(after), rule, frame.f_lineno))

    w = Parameter(np.array([1.0, 2.0]))
    remove = gradviz.engine.hooks.listen(Listener())
    try:
        w.data = np.array([1.0, 2.0])  # not used yet: no update
        (w * w).sum().backward()
        w.data -= 0.5 * w.grad
        where = line() - 1
    finally:
        remove()
    [(before, after, rule, at)] = told
    assert (before.tolist(), after.tolist(), rule, at) == ([1.0, 2.0], [0.0, 0.0], "", where)


def test_new_data_of_another_shape_has_no_gradient_yet() -> None:
    x = Value(np.ones(3))
    x.sum().backward()
    x.data = np.ones(2)
    assert x.grad is None
    x.sum().backward()
    assert x.grad.tolist() == [1.0, 1.0]


# -- 13–15: what data may be


@pytest.mark.parametrize(
    ("given", "held"),
    [
        *((3, 3.0), (True, 1.0), (np.int64(7), 7.0), (np.float32(0.1), float(np.float32(0.1)))),
        *((np.bool_(True), 1.0), (Fraction(1, 4), 0.25), (Decimal("0.1"), 0.1), (np.array(2.5), 2.5)),
        *((np.float16(0.5), 0.5), (math.inf, math.inf), (np.uint8(255), 255.0), (-0.0, -0.0)),
    ],
)
def test_13_numbers_become_floats(given: Any, held: float) -> None:
    for data in (Value(given).data, (Value(0.0) + given).data, (given - Value(0.0)).data):
        assert type(data) is float and data == held
    assert math.copysign(1, Value(given).data) == math.copysign(1, held)


@pytest.mark.parametrize("given", [2**53 + 1, np.int64(2**53 + 1), -(2**60) - 1])
def test_13_ints_without_exact_float_warn(given: Any) -> None:
    with pytest.warns(UserWarning, match="has no exact float64") as caught:
        Value(given)
    assert caught[0].filename == __file__
    assert Value(2**60).data == 2.0**60


def test_13_arrays_become_float64() -> None:
    for array in (np.array([1, 2]), np.array([True]), np.ones(2, dtype=np.float32), np.ones((2, 2))[:, ::-1]):
        assert Value(array).data.dtype == np.float64
    with pytest.warns(UserWarning, match="integers above 2\\*\\*53"):
        Value(np.array([2**53 + 1]))


@pytest.mark.parametrize(
    ("given", "message"),
    [
        *((10**400, r"An int of 1329 bits is too large"), ("1", "cannot hold str '1'")),
        *((None, "NoneType"), ([1, 2], r"list.*np\.array"), ((1,), "tuple"), (1j, "complex 1j.*real")),
        *((np.complex128(1j), "complex"), (np.array([1j]), "array of complex128")),
        *((np.array(["a"]), "array of"), (np.array([None]), "array of object")),
        (np.ma.masked_array([1.0, 2.0], [True, False]), r"masked array.*filled"),
        *((np.timedelta64(3, "s"), "timedelta64"), (np.datetime64("2020"), "datetime64")),
        *((Decimal("1e999"), "too large"), (Fraction(10**400), "too large"), (object(), "object")),
        *((b"1", "bytes"), (Value, "type")),
    ],
)  # fmt: skip
def test_14_what_is_no_number_is_refused(given: Any, message: str) -> None:
    with pytest.raises(DataError, match=message):
        Value(given)
    x = Value(1.0)
    with pytest.raises(DataError, match=message):
        x.data = given
    assert x.data == 1.0
    for apply in (operator.add, operator.mul, operator.pow, operator.truediv):
        with pytest.raises(TypeError):
            apply(x, given)
        with pytest.raises((TypeError, OverflowError)):  # a Fraction overflows before we are asked
            apply(given, x)


def test_14_a_value_of_a_value_is_refused() -> None:
    with pytest.raises(DataError, match=r"cannot hold Value.*\.detach\(\)"):
        Value(Value(1.0))
    assert Value(1.0).detach().data == 1.0


def test_15_nothing_becomes_complex() -> None:
    y = Value(-8.0) ** (1 / 3)
    assert math.isnan(y.data) and type(y.data) is float
    assert math.isnan(((-8.0) ** Value(1 / 3)).data)


# -- 16: numpy on the left


@pytest.mark.parametrize(
    "left", [np.float64(2.0), np.float32(2.0), np.int64(2), np.array([1.0, 2.0])], ids=repr
)
@pytest.mark.parametrize("name", ["add", "sub", "mul", "truediv", "pow"])
def test_16_numpy_on_the_left(left: Any, name: str) -> None:
    apply = getattr(operator, name)
    v = Value(3.0)
    result = apply(left, v)
    assert type(result) is Value
    np.testing.assert_allclose(result.data, apply(left, 3.0))
    result.sum().backward()
    assert v.grad is not None


def test_16_no_array_of_objects() -> None:
    array, v, w = np.array([1.0, 2.0]), Value(3.0), Value(np.ones((2, 2)))
    assert type(array + v) is type(v + array) is Value
    with pytest.raises(TypeError):
        array += v
    assert type(np.ones((2, 2)) @ w) is Value and type(w @ np.ones((2, 2))) is Value
    for function in (np.exp, np.sqrt, np.negative, lambda x: np.add(x, 1.0), lambda x: np.multiply(2.0, x)):
        with pytest.raises(TypeError):
            function(v)
    assert isinstance(np.sum([v, v]), Value)  # numpy adds objects by asking them
    with pytest.raises(TypeError):
        np.array([v, v]) * v


# -- 17, 18: what Python asks of a number


def test_17_equality_is_identity_and_order_is_data() -> None:
    a, b = Value(1.0), Value(1.0)
    assert a == a and a != b and a != 1.0 and len({a, b, a}) == 2 and a in [b, a] and a not in [b]
    assert a <= b and a >= 1.0 and not a < b and not a > 1 and Value(2.0) > a and 0 < a
    assert max(a, Value(2.0)).data == 2.0 and [v.data for v in sorted([Value(2.0), a])] == [1.0, 2.0]
    assert not Value(0.0) and a and Value(math.nan)
    assert (Value(np.array([1.0, 3.0])) > 2.0).tolist() == [False, True]
    with pytest.raises(DataError, match=r"shape \(2,\) is neither true nor false.*\.any\(\)"):
        bool(Value(np.ones(2)))
    with pytest.raises(DataError, match=r"shape \(0,\)"):
        bool(Value(np.ones(0)))
    assert Value(np.ones((1, 1)))
    with pytest.raises(TypeError):
        a < "1"  # noqa: B015


@pytest.mark.parametrize(
    ("apply", "message"),
    [
        *((float, r"float\(\).*\.item\(\)"), (int, r"int\(\).*int\(v\.data\)"), (complex, r"complex\(\)")),
        *((round, r"round\(\).*round\(v\.data\)"), (math.exp, r"the op's own method such as \.exp\(\)")),
        *((math.floor, r"gradient would be lost"), (lambda v: v // 2, r"//.*floor")),
        *((lambda v: v % 2, "% of"), (lambda v: divmod(v, 2), "divmod"), (lambda v: 2 % v, "% of")),
        *((lambda v: 7 // v, "//"), (lambda v: divmod(7, v), "divmod"), (len, "has no length")),
        *((list, "cannot be iterated"), (lambda v: v[0], "getitem")),
    ],
)
def test_18_what_would_lose_the_graph_is_refused(apply: Callable[[Value], Any], message: str) -> None:
    with pytest.raises((DataError, ShapeError), match=message):
        apply(Value(2.5))


def test_18_what_works() -> None:
    v, w = Value(2.0), Value(3.0)
    assert (abs(-v).data, (+v), (2**v).data, (v**w).data, (v**-1).data) == (2.0, v, 4.0, 8.0, 0.5)
    assert (v ** np.int64(2)).data == 4.0 and sum([v, w]).data == 5.0
    assert f"{v:.2f}" == "2.00" and f"{v}" == repr(v) == "Value(data=2.0, grad=None)"
    assert repr(Value(1.0, name="a")) == "Value(data=1.0, grad=None, name='a')"
    assert v.item() == 2.0 and type(Value(np.array([[3.0]])).item()) is float
    with pytest.raises(DataError, match=r"shape \(2,\) is not one number"):
        Value(np.ones(2)).item()
    assert [x.data for x in Value(np.array([1.0, 2.0]))] == [1.0, 2.0]
    assert (Value(np.ones((2, 3))).ndim, Value(np.ones((2, 3))).size, len(Value(np.ones((2, 3))))) == (
        2,
        6,
        2,
    )


NUMBERS = [2, 2.0, True, np.float64(2), np.float32(2), np.int64(2), np.array(2.0), Fraction(2), Decimal(2)]


@pytest.mark.parametrize("other", [*NUMBERS, Value(2.0), np.array([2.0]), "2", None, [2], 2j], ids=repr)
@pytest.mark.parametrize("name", ["add", "sub", "mul", "truediv", "pow", "matmul", "floordiv", "mod"])
def test_19_left_and_right_for_all_types(name: str, other: Any) -> None:
    """Every pair gives a Value or a TypeError, on either side, and never recurses."""
    apply = getattr(operator, name)
    if name == "mod" and other == "2":
        return  # the str formats itself
    for operands in ((Value(3.0), other), (other, Value(3.0))):
        try:
            result = apply(*operands)
        except (TypeError, ShapeError):
            assert not isinstance(other, (int, float)) or name in ("matmul", "floordiv", "mod")
        else:
            plain = [x.data if isinstance(x, Value) else np.asarray(x, dtype=float) for x in operands]
            assert type(result) is Value
            np.testing.assert_array_equal(result.data, apply(*plain))


# -- 20: threads


def test_20_threads_write_tapes_of_their_own() -> None:
    w, found = Parameter(0.5, "w"), {}

    def work(k: int) -> None:
        total = w * 0.0
        for i in range(2000):
            total = total + w * float(k + i % 3)
        found[k] = total

    threads = [threading.Thread(target=work, args=(k,)) for k in range(4)]
    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    try:
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    finally:
        sys.setswitchinterval(interval)
    loss = sum(found.values())  # values of four threads, and of this one, meet
    loss.backward()
    assert w.grad == sum(k + i % 3 for k in range(4) for i in range(2000))
    assert record(loss).validate() == []


def test_20_threads_accumulate_into_one_leaf() -> None:
    w = Parameter(1.0)

    def work() -> None:
        for _ in range(500):
            (w * 2.0).backward()

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert w.grad == 4 * 500 * 2.0


def test_20_newer_and_older_tapes_meet() -> None:
    first = Value(2.0, name="first") * 3.0
    found: list[Value] = []
    thread = threading.Thread(target=lambda: found.append(first * Value(5.0, name="second")))
    thread.start()
    thread.join()
    loss = first + found[0]  # this thread's tape is older than what it reads: it begins a new one
    loss.backward()
    graph = record(loss)
    assert {n.name: n.grad for n in graph.nodes() if n.name} == {"first": 18.0, "second": 6.0}
    assert graph.validate() == []


# -- 32, 34: shapes


def test_32_gradients_have_the_shape_of_their_input() -> None:
    for shape, other in (((), (2, 3)), ((1, 3), (2, 1)), ((3,), (4, 2, 3)), ((0,), (2, 0)), ((1,), (0,))):
        v, w = Value(np.ones(shape)), Value(np.ones(other))
        (v * w).sum().backward()
        assert np.shape(v.grad) == shape and np.shape(w.grad) == other
    assert type(Value(np.float64(1.0)).data) is float


@pytest.mark.parametrize(
    "apply", [operator.add, operator.matmul, lambda a, b: gradviz.concat([a, b], axis=0)]
)
def test_34_operands_that_do_not_fit_are_named_with_their_lines(apply: Callable[[Any, Any], Any]) -> None:
    a, first = Value(np.ones((2, 3)), name="a"), line()
    b, second = Value(np.ones((4, 5))) * 1.0, line()
    with pytest.raises(ShapeError) as caught:
        apply(a, b)
    text = str(caught.value)
    assert f"a (made at {__file__}:{first}) of shape (2, 3)" in text
    assert f"the value made at {__file__}:{second} of shape (4, 5)" in text and "is not possible" in text
    (a * 1.0).sum().backward()  # and the engine goes on
    assert a.grad.tolist() == np.ones((2, 3)).tolist()


def test_33_axes() -> None:
    v = Value(np.ones((2, 3)), name="v")
    for axis in (5, -3, (0, 0)):
        with pytest.raises(ShapeError, match=rf"sum\(v \(made at .*{HERE}.*axis="):
            v.sum(axis=axis)
    with pytest.raises(ShapeError, match="zero-size"):
        Value(np.ones(0)).max()
    with pytest.raises(ShapeError, match="reshape"):
        v.reshape(4, 2)
    with pytest.raises(ShapeError, match="out of bounds"):
        v[5]
    with pytest.raises(DataError, match="cannot be indexed by str"):
        v["a"]
    assert v.sum(axis=0, keepdims=True).shape == (1, 3) and v.reshape((3, 2)).shape == v.reshape(3, 2).shape


def test_gradients_that_users_set() -> None:
    v = Value(np.ones((2, 2)))
    v.grad = 0.0
    assert v.grad.shape == (2, 2)
    v.grad = np.full((2, 2), 3.0)
    v.sum().backward()
    assert v.grad.max() == 4.0
    with pytest.raises(ShapeError, match=r"gradient has shape \(3,\), the value has \(2, 2\)"):
        v.grad = np.ones(3)
    with pytest.raises(DataError):
        v.grad = "0"
    inner = v * 2
    assert inner.grad is None
    inner.grad = 1.0
    assert inner.grad.shape == (2, 2)


# -- names, kinds, and code written for micrograd


def test_names() -> None:
    a = Value(1.0, label="a")
    b = Value(2.0, "b")
    c = a + b
    c.label = "c"
    assert (a.name, b.label, c.name, (a * b).name) == ("a", "b", "c", "")
    with pytest.raises(GradvizError, match="kind 'weight' is not known.*input.*param"):
        Value(1.0, kind="weight")
    assert record(c).label(2) == "c" and record(a * b, {"product": b}).names == {0: "a", 1: "b"}


def test_values_are_walked_as_micrograds() -> None:
    a, b = Value(2.0), Value(3.0)
    c = a * b + a
    product, again = c._prev
    assert (c._op, product._op, again._op) == ("+", "×", "")
    assert [v.data for v in product._prev] == [2.0, 3.0] and again._prev == ()
    c.backward()
    assert [v.grad for v in (*product._prev, again)] == [4.0, 2.0, 4.0]


def test_bare_numbers_get_no_gradient() -> None:
    a = Value(2.0)
    loss = a * 3.0 + 1
    loss.backward()
    graph = record(loss)
    assert [(n.kind, n.label, n.grad) for n in graph.nodes() if n.kind == "const"] == [
        ("const", "3", None),
        ("const", "1", None),
    ]


def test_places_and_scopes() -> None:
    a = Value(2.0, name="a")
    with scope("outer"):
        b, where = (a *
                    3.0), line()  # fmt: skip
        with scope("inner"):
            c = gradviz.softmax([b, a])[0]
    graph = record(c)
    place = graph.node(graph.find(2)).source
    assert place is not None and place.file == __file__ and place.function == "test_places_and_scopes"
    assert (place.line, place.end_line) == (where - 1, where) and place.column > 0
    assert [n.scope for n in graph.nodes() if n.op] == ["outer", *["outer/inner"] * 3]
    assert {n.source.file for n in graph.nodes() if n.source} == {__file__}


# -- 38: the same script gives the same graph

SAME = """
import hashlib, numpy as np
from gradviz import Value, record, nn, scope
model = nn.MLP(2, [4, 4, 1], seed=1)
with scope("loss"):
    loss = sum((model([float(k), -1.0]) - 1) ** 2 for k in range(3))
    loss = loss + (Value(np.ones((2, 3)), name="x") * 2).mean()
loss.backward()
g = record(loss, {"loss": loss})
parts = [g.op, g.kind, g.input_start, g.input, g.data, g.grad, g.prior, g.scope, g.source, g.cotangent]
text = repr([g.op_names, g.scopes, g.spans, g.names, g.attrs, g.root, sorted(g.arrays["data"].items())])
print(hashlib.sha256(b"".join(p.tobytes() for p in parts) + text.encode()).hexdigest())
"""


@pytest.mark.slow
def test_38_same_script_same_graph_whatever_the_hash_seed() -> None:
    found = {
        subprocess.check_output(
            [sys.executable, "-c", SAME],
            text=True,
            cwd=ROOT,
            env={"PYTHONHASHSEED": str(seed), "PYTHONPATH": str(ROOT)},
        )
        for seed in (0, 1, 2, 12345)
    }
    assert len(found) == 1
