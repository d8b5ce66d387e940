"""Layers computed at once: the same rows, numbers and gradients as neuron by neuron."""

import copy
import gc
import math
import random
import threading
import weakref

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gradviz import Parameter, Value, record
from gradviz.engine import current, modules, nn, settle
from gradviz.errors import MutationError
from gradviz.recorders import value as recorder
from gradviz.recorders.micrograd import make_modules

numbers = st.floats(-3, 3) | st.sampled_from([0.0, -0.0, 1e300, -1e300, math.inf, math.nan, 5e-324])


@pytest.fixture(autouse=True)
def fresh():
    current.begin()


def facts(graph):
    """What a graph says, in no order: a block enters its leaves in another order than neurons do."""
    found = []
    for node in graph.nodes():
        start, stop = graph.input_start[node.id : node.id + 2]
        inputs = [repr(float(graph.data[i])) for i in graph.input[start:stop]]
        found.append(
            (node.op, node.kind, node.scope, repr(node.data), repr(node.grad), str(node.source), inputs)
        )
    return sorted(found, key=repr)


def run(build, at_once, watch=lambda model, loss: None):
    """Make a model and a loss; give all that is known of them, and how many blocks there were."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(modules, "_titles", type(modules._titles)())
        if not at_once:
            patch.setattr(nn, "call_at_once", lambda *_: None)
        current.begin()
        model, loss = build()
        tape = loss._tape
        watch(model, loss)
        loss.backward()
        grads = [repr(p.grad) for p in model.parameters()]
        return facts(record(loss)), grads, len(tape.blocks)


def both(build, watch=lambda model, loss: None):
    """Run at once and neuron by neuron; the first must have made blocks, and both must agree."""
    (graph, grads, blocks), (graph2, grads2, none) = run(build, True, watch), run(build, False, watch)
    assert blocks and not none
    assert grads == grads2
    assert graph == graph2


def mlp(activation="tanh", samples=3):
    def build():
        model = nn.MLP(2, [3, 4, 1], activation, seed=1)
        outputs = [model([0.3 * k - 0.5, k]) for k in range(samples)]
        return model, sum(o * o for o in outputs) + 0.1 * sum(p * p for p in model.parameters())

    return build


@pytest.mark.parametrize("activation", [*nn.ACTIVATIONS, None])
def test_any_activation(activation):
    if activation in ("leaky_relu", "elu", "gelu"):  # their ops take arguments
        assert run(mlp(activation), True)[:2] == run(mlp(activation), False)[:2]
    else:
        both(mlp(activation))


@given(data=st.data())
def test_any_numbers(data):
    values = data.draw(st.lists(numbers, min_size=12, max_size=12))
    activation = data.draw(st.sampled_from(["relu", "tanh", "sigmoid", None]))

    def build():
        layer = nn.Layer(2, 3, activation)
        for parameter, value in zip(layer.parameters(), values, strict=False):
            parameter.data = value
        first, second = layer(values[-3:-1]), layer([Value(values[-1]), Value(0.5)])
        return layer, sum(first[1:], first[0] * second[2]) + second[0] + second[1]

    both(build)


def test_weights_of_two_layers_may_be_the_same():
    def build():
        model = nn.MLP(2, [2, 2, 1], seed=1)
        model.layers[1].neurons[0].w = model.layers[0].neurons[0].w
        return model, model([1.0, 2.0]) * model([2.0, 3.0])

    both(build)


def test_inputs_may_repeat_and_be_parameters_themselves():
    def build():
        layer = nn.Layer(2, 2, "tanh", seed=1)
        x, w = Value(0.5), layer.neurons[0].w[0]
        a, b = layer([x, x]), layer([w, x])
        return layer, a[0] * a[1] + b[0] * b[1] * x

    both(build)


def test_outputs_that_nobody_reads():
    def build():
        layer = nn.Layer(2, 3, "relu", seed=1)
        return layer, layer([1.0, 2.0])[1] * 2.0

    both(build)


def test_a_root_inside_a_block():
    def build():
        layer = nn.Layer(2, 3, "tanh", seed=1)
        return layer, layer([1.0, 2.0])[1]

    both(build)


def look(model, loss):
    """Walk back to inner rows, which writes them, before the gradients are there."""
    waiting, seen = [loss], set()
    while waiting:
        value = waiting.pop()
        if id(value._tape) not in seen or value._row not in seen:
            seen |= {id(value._tape), value._row}
            waiting += value._prev


def test_rows_that_were_looked_at_before_the_backward_pass():
    both(mlp(), look)


def test_inner_rows_that_are_read_from_outside():
    def build():
        layer = nn.Layer(2, 2, "tanh", seed=1)
        a, b = layer([1.0, 2.0])
        total = a._prev[0]
        return layer, a * b + total * total._prev[1]

    both(build)


def test_gradients_add_up_over_passes_and_roots():
    def build():
        model = nn.MLP(2, [3, 2], "relu", seed=4)
        a, b = model([1.0, -2.0])
        a.backward()
        b.backward()
        return model, a * b

    assert run(build, True)[:2] == run(build, False)[:2]


def test_gradients_of_inner_rows_are_those_of_the_last_pass_that_reached_them():
    layer = nn.Layer(2, 2, "tanh", seed=1)
    a, b = layer([1.0, 2.0])
    (a + b).backward()
    inner = a._prev[0]
    assert inner.grad == 1 - a.data**2
    (a + b).backward(3.0)
    assert inner.grad == 3 * (1 - a.data**2)


def test_a_changed_parameter_is_seen_at_the_next_call():
    layer = nn.Layer(1, 2, None, seed=1)
    x, (first, second) = Value(2.0), layer.neurons
    before = layer([x])[0].data
    first.w[0].data = 10.0
    assert layer([x])[0].data == 20.0 != before
    first.w[0] = Parameter(7.0)
    assert layer([x])[0].data == 14.0
    first.b = Parameter(1.0)
    assert layer([x])[0].data == 15.0
    layer.neurons = [second, first]
    assert layer([x])[1].data == 15.0
    first.activation = second.activation = Value.relu
    assert layer([Value(-2.0)])[1].data == 0.0
    first.w = [first.w[0] * 1.0]  # computed: one by one
    assert layer([x])[1].data == 15.0


def test_a_parameter_that_changed_before_backward_is_refused():
    layer = nn.Layer(1, 2, "tanh", seed=1)
    loss = sum(layer([2.0]))
    layer.neurons[0].w[0].data = 3.0
    with pytest.raises(MutationError, match="was set to 3.0"):
        loss.backward()


def test_arrays_are_computed_one_by_one():
    layer = nn.Layer(1, 2, "tanh", seed=1)
    outputs = layer([Value(np.array([1.0, 2.0]))])
    assert outputs[0].shape == (2,) and not outputs[0]._tape.blocks
    layer.neurons[0].w[0].data = np.array([1.0, 2.0])
    assert layer([Value(2.0)])[0].shape == (2,)


def test_numbers_in_place_of_parameters_are_constants():
    layer = nn.Layer(1, 2, None, seed=1)
    layer.neurons[0].w[0] = 2.0
    assert layer([Value(3.0)])[0].data == 6.0


def test_a_neuron_of_another_class_is_called():
    class Doubled(nn.Neuron):
        def __call__(self, x):
            return super().__call__(x) * 2.0

    layer = nn.Layer(1, 1, None, seed=1)
    layer.neurons = [Doubled(1, None, seed=1)]
    assert layer([Value(3.0)]).data == 6.0 * layer.neurons[0].w[0].data


def test_outputs_are_of_the_class_of_the_parameters(monkeypatch):
    class Mine(Value):
        pass

    layer = nn.Layer(2, 2, "tanh", seed=1)
    inputs = [Mine(1.0), Value(2.0)]
    kinds = [type(output) for output in layer(inputs)]
    monkeypatch.setattr(nn, "call_at_once", lambda *_: None)
    assert kinds == [type(output) for output in layer(inputs)] == [Value, Value]


def test_a_layer_of_many_rows_has_a_tape_of_its_size():
    layer = nn.Layer(300, 300, "relu", seed=0)
    x = [Value(k / 300) for k in range(300)]
    loss = sum(layer(x))
    loss.backward()
    assert len(record(loss)) == 300 * 601 + 300 * 301 + 300 + (1 + 300)


def test_training_writes_no_inner_rows(monkeypatch):
    monkeypatch.setattr(recorder, "_last", None)  # else a pass of this shape may be known: see test_shape
    model, loss = mlp("relu")()
    blocks = loss._tape.blocks
    loss.backward()
    assert len(blocks) == 9 and not any(block.settled for block in blocks)
    record(loss)
    assert all(block.settled for block in blocks)


def test_nothing_outlives_its_graph():
    layer = nn.Layer(2, 2, "tanh", seed=1)
    loss = sum(layer([1.0, 2.0]))
    tape = weakref.ref(loss._tape)
    gc.disable()
    try:
        loss.backward()
        del loss
        assert tape() is None
    finally:
        gc.enable()


def test_a_copy_has_its_own_rows():
    layer = nn.Layer(2, 2, "tanh", seed=1)
    loss = sum(layer([1.0, 2.0]))
    twin = copy.deepcopy(loss)
    twin.backward()
    assert layer.neurons[0].w[0].grad is None
    loss.backward()
    assert facts(record(loss)) == facts(record(twin))


def test_threads_have_blocks_of_their_own():
    layer, grads = nn.Layer(2, 2, "tanh", seed=1), []

    def work():
        sum(layer([1.0, 2.0]), Value(0.0)).backward()
        grads.append(layer.neurons[0].w[0].grad)

    for _ in range(3):
        thread = threading.Thread(target=work)
        thread.start()
        thread.join()
    assert grads == [grads[0], 2 * grads[0], 3 * grads[0]]


def test_settling_in_parts_is_settling_at_once(monkeypatch):
    whole = run(mlp("relu", samples=9), True)
    monkeypatch.setattr(settle, "MOST", 50)
    assert run(mlp("relu", samples=9), True) == whole


def test_the_stand_in_computes_layers_at_once_too(monkeypatch):
    from gradviz.recorders import micrograd

    def step():
        micro = make_modules()
        random.seed(3)
        model = micro["micrograd.nn"].MLP(2, [4, 4, 1])
        value = micro["micrograd.engine"].Value
        current.begin()
        points = [[value(0.5), value(-1.0)], [value(1), value(2)], [value(0), value(-0.0)]]
        loss = sum((1 + -k * model(point)).relu() for k, point in enumerate(points))
        blocks = len(loss._tape.blocks)
        loss.backward()
        return blocks, repr(loss), [repr(p) for p in model.parameters()], [repr(x) for p in points for x in p]

    blocks, *told = step()
    monkeypatch.setattr(micrograd, "call_at_once", lambda *_: None)
    none, *told_one_by_one = step()
    assert blocks == 9 and none == 0
    assert told == told_one_by_one


def test_the_stand_in_keeps_ints_apart():
    """An int 0 has no sign, so a layer with weights that are whole numbers is called neuron by neuron."""
    micro = make_modules()["micrograd.nn"]
    layer = micro.Layer(1, 2, nonlin=False)
    value = make_modules()["micrograd.engine"].Value
    for neuron in layer.neurons:
        neuron.w[0].data = -1
    outputs = layer([value(0)])
    assert [repr(o.data) for o in outputs] == ["0", "0"] and not outputs[0]._tape.blocks
