"""Modules: parameters found by looking, scopes given by calling, and initial weights."""

import copy
import dataclasses
import gc
import math
import random
import statistics
import weakref

import numpy as np
import pytest

from gradviz import GradvizError, Parameter, Value, record, scope
from gradviz.engine import modules
from gradviz.engine.nn import ACTIVATIONS, INITS, MLP, Layer, Linear, Module, Neuron, weights


@pytest.fixture(autouse=True)
def fresh_titles(monkeypatch):
    monkeypatch.setattr(modules, "_titles", type(modules._titles)())


class Affine(Module):
    def __init__(self):
        self.slope = Parameter(2.0)
        self.offset = Parameter(1.0)

    def __call__(self, x):
        return self.slope * x + self.offset


class Keeper(Module):
    """Keeps modules and parameters in every way there is."""

    def __init__(self):
        self.first = Affine()
        self.many = [Affine(), (Affine(), {"a/b": Affine()})]
        self.scale = Parameter(3.0)
        self.again = self.first
        self.note, self.numbers, self.seen = "text", [1.0, 2.0], Value(1.0)

    def __call__(self, x):
        for module in (self.first, self.many[0], self.many[1][0], self.many[1][1]["a/b"]):
            x = module(x)
        return x * self.scale


def scopes_of(root):
    return sorted({node.scope for node in record(root).nodes() if node.kind == "op"})


# -- parameters


def test_named_parameters_follow_attributes_and_containers():
    named = MLP(2, [3, 1], seed=0).named_parameters()
    assert [path for path, _ in named][:4] == [
        *(f"layers[0].neurons[0].{name}" for name in ("w[0]", "w[1]", "b")),
        "layers[0].neurons[1].w[0]",
    ]
    assert [path for path, _ in Keeper().named_parameters()] == [
        *("first.slope", "first.offset", "many[0].slope", "many[0].offset"),
        *("many[1][0].slope", "many[1][0].offset", "many[1][1]['a∕b'].slope", "many[1][1]['a∕b'].offset"),
        "scale",
    ]


def test_only_parameters_are_parameters_and_each_once():
    keeper = Keeper()
    assert len(keeper.parameters()) == len(set(keeper.parameters())) == 9
    assert keeper.seen not in keeper.parameters()


def test_an_override_of_parameters_counts():
    class Frozen(Affine):
        def parameters(self):
            return [self.offset]

    module = Frozen()
    module(1.0).backward()
    module.zero_grad()
    assert (module.slope.grad, module.offset.grad) == (1.0, None)


def test_zero_grad_forgets_gradients():
    model = MLP(2, [2, 1], seed=0)
    model([1.0, 2.0]).backward()
    assert all(p.grad is not None for p in model.parameters())
    model.zero_grad()
    assert all(p.grad is None for p in model.parameters())


def test_modules_that_hold_each_other_are_walked_once():
    one, two = Affine(), Affine()
    one.other, two.other = two, one
    assert len(one.parameters()) == 4


# -- scopes


def test_values_lie_in_the_scope_of_the_module_that_made_them():
    model = MLP(2, [2, 1], seed=0)
    out = model([1.0, 2.0])
    assert scopes_of(out) == [
        *("MLP/layers[0]/neurons[0]", "MLP/layers[0]/neurons[1]"),
        "MLP/layers[1]/neurons[0]",
    ]
    assert [node.scope for node in record(out).nodes() if node.kind == "input"] == ["", ""]


def test_any_style_of_module_has_scopes():
    assert scopes_of(Keeper()(Value(1.0))) == [
        *("Keeper", "Keeper/first", "Keeper/many[0]", "Keeper/many[1][0]", "Keeper/many[1][1]['a∕b']"),
    ]


def test_a_second_outermost_instance_has_a_number():
    first, second = Affine(), Affine()
    x = Value(1.0)
    assert [scopes_of(module(x)) for module in (second, first, second)] == [
        ["Affine"],
        ["Affine#2"],
        ["Affine"],
    ]
    assert [scopes_of(copied(x)) for copied in (copy.copy(first),)] == [["Affine#3"]]


def test_forward_is_as_good_as_call():
    class Net(Module):
        def __init__(self):
            self.inner = Affine()

        def forward(self, x, power=1):
            return self.inner(x) ** power

    net = Net()
    assert net(2.0, power=2).data == 25.0
    assert scopes_of(net(2.0)) == ["Net", "Net/inner"]
    with pytest.raises(GradvizError, match="Module cannot be called"):
        Module()()


def test_super_call_stays_in_the_same_scope():
    class Twice(Affine):
        def __call__(self, x):
            return super().__call__(x) * 2

    assert scopes_of(Twice()(Value(1.0))) == ["Twice"]


def test_a_dataclass_with_equality_is_a_module():
    @dataclasses.dataclass
    class Scale(Module):
        factor: Value

        def __call__(self, x):
            return self.factor * x

    module = Scale(Parameter(2.0))
    assert scopes_of(module(Value(1.0))) == ["Scale"]
    assert [path for path, _ in module.named_parameters()] == ["factor"]


def test_a_module_that_its_caller_does_not_keep_is_called_after_its_class():
    class Maker(Module):
        def __call__(self, x):
            return Affine()(x) + Affine()(x)

    assert scopes_of(Maker()(Value(1.0))) == ["Maker", "Maker/Affine", "Maker/Affine#2"]


def test_a_module_of_two_callers_lies_in_each():
    class Pair(Module):
        def __init__(self, shared):
            self.part = shared

        def __call__(self, x):
            return self.part(x) * 2

    class Root(Module):
        def __init__(self):
            shared = Affine()
            self.left, self.right, self.own = Pair(shared), Pair(shared), shared

        def __call__(self, x):
            return self.left(x) + self.right(x) + self.own(x)

    root = Root()
    for _ in range(2):
        assert scopes_of(root(Value(1.0))) == [
            *("Root", "Root/left", "Root/left/part", "Root/own", "Root/right", "Root/right/part"),
        ]


def test_scopes_end_with_an_exception():
    class Failing(Module):
        def __call__(self, x):
            raise KeyError("no")

    with pytest.raises(KeyError):
        Failing()(1.0)
    assert scopes_of(Value(1.0) * 2) == [""]
    assert scopes_of(Affine()(Value(1.0))) == ["Affine"]


def test_a_scope_block_goes_around_and_inside():
    with scope("outer"):
        out = Affine()(Value(1.0))
    assert scopes_of(out) == ["outer/Affine"]


def test_parameters_are_named_for_the_picture():
    model = MLP(1, [1], seed=0)
    model.layers[0].neurons[0].b.name = "mine"
    nodes = {node.name: node for node in record(model([Value(2.0, name="x")])).nodes()}
    assert nodes["w[0]"].kind == nodes["mine"].kind == "param"
    assert nodes["w[0]"].scope == nodes["mine"].scope == "MLP/layers[0]/neurons[0]"


def test_what_the_library_computes_belongs_to_the_line_that_called_it():
    class Net(Module):
        def __init__(self):
            self.mlp = MLP(1, [2, 1], seed=0)

        def __call__(self, x):
            y = x * 2
            return self.mlp([y])  # the second line of __call__

    first = Net.__call__.__wrapped__.__code__.co_firstlineno
    lines = {node.source.line for node in record(Net()(Value(1.0))).nodes() if node.kind == "op"}
    assert lines == {first + 1, first + 2}
    assert {node.source.file for node in record(Net()(Value(1.0))).nodes()} == {__file__}


def test_calling_keeps_no_module_alive():
    class Holder(Module):
        def __init__(self):
            self.part = Affine()

        def __call__(self, x):
            return self.part(x)

    holder = Holder()
    part = holder.part
    holder(1.0)
    gone = weakref.ref(holder)
    del holder
    gc.collect()
    assert gone() is None
    assert part(1.0).data == 3.0


# -- networks


def test_a_neuron_is_a_weighted_sum_through_its_activation():
    neuron = Neuron(2, seed=1)
    w0, w1 = (w.data for w in neuron.w)
    assert neuron([2.0, -1.0]).data == pytest.approx(math.tanh(2 * w0 - w1))
    assert Neuron(0, activation=None)([]).data == 0.0


def test_one_output_is_a_value_and_more_are_a_list():
    assert isinstance(MLP(2, [3, 1])([1, 2]), Value)
    assert len(MLP(2, [3, 2])([1, 2])) == 2
    assert isinstance(Layer(2, 1)(np.array([1.0, 2.0])), Value)


def test_a_layer_of_one_neuron_can_be_in_the_middle():
    assert isinstance(MLP(2, [1, 3, 1])([1.0, 2.0]), Value)


def test_the_last_layer_is_linear_unless_told():
    model = MLP(1, [1, 1], activation=["relu", "sigmoid"], seed=0)
    assert 0 < model([1.0]).data < 1
    graph = record(MLP(1, [2, 1], seed=0)([1.0]))
    assert graph.op_of(graph.root) == "add"


def test_a_function_can_be_the_activation():
    model = MLP(1, [1, 1], activation=lambda v: v * v, init=1.0, seed=0)
    (w,), (v,) = model.layers[0].neurons[0].w, model.layers[1].neurons[0].w
    assert model([3.0]).data == pytest.approx(v.data * (3 * w.data) ** 2)


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_every_activation_has_a_name(name):
    assert isinstance(MLP(1, [2, 1], activation=name)([0.5]).data, float)


@pytest.mark.parametrize(
    "wrong, message",
    [
        (lambda: MLP(2, [3, 1], activation="thanh"), "activation 'thanh' is not known. Use one of tanh,"),
        (lambda: MLP(2, [3, 1], activation=["tanh"]), "2 layers were given 1 activations"),
        (lambda: MLP(2, [3, 1], init="xaver"), "init 'xaver' is not known"),
        (lambda: MLP(2, [3, 1], init=-1.0), "init -1.0 is not known"),
        (lambda: MLP(2, [3, 1])([1.0]), "reads 2 inputs and was given 1"),
    ],
)
def test_mistakes_are_named(wrong, message):
    with pytest.raises(GradvizError, match=message):
        wrong()


def test_gradients_of_a_network_agree_with_differences():
    model = MLP(2, [3, 1], activation="sigmoid", seed=5)
    out = model([0.3, -0.7])
    out.backward()
    for parameter in model.parameters():
        at, h = parameter.data, 1e-6
        parameter.data = at + h
        above = model([0.3, -0.7]).data
        parameter.data = at - h
        below = model([0.3, -0.7]).data
        parameter.data = at
        assert parameter.grad == pytest.approx((above - below) / (2 * h), abs=1e-8)


def test_linear_computes_on_arrays():
    model = Linear(3, 2, seed=0)
    x = np.arange(12.0).reshape(4, 3)
    assert np.allclose(model(x).data, x @ model.weight.data + model.bias.data)
    model(x).sum().backward()
    assert model.weight.grad.shape == (3, 2) and model.bias.grad.tolist() == [4.0, 4.0]
    assert [path for path, _ in model.named_parameters()] == ["weight", "bias"]
    assert Linear(3, 2, bias=False)(x).shape == (4, 2)


# -- initial weights


@pytest.mark.parametrize(
    "init, deviation, bound",
    [
        ("xavier", math.sqrt(2 / (30 + 10)), math.sqrt(6 / (30 + 10))),
        ("he", math.sqrt(2 / 30), math.inf),
        ("uniform", math.sqrt(1 / 3), 1.0),
        (0.25, 0.25, math.inf),
    ],
)
def test_weights_are_drawn_as_published(init, deviation, bound):
    drawn = weights(20_000, init, fan_in=30, fan_out=10, seed=0)
    assert statistics.mean(drawn) == pytest.approx(0, abs=0.02)
    assert statistics.stdev(drawn) == pytest.approx(deviation, rel=0.03)
    assert max(map(abs, drawn)) <= bound


@pytest.mark.parametrize("init", INITS)
def test_a_seed_fixes_the_weights_and_leaves_random_alone(init):
    state = random.getstate()
    one, two, other = (MLP(2, [3, 1], init=init, seed=seed) for seed in (1, 1, 2))
    assert random.getstate() == state
    assert [p.data for p in one.parameters()] == [p.data for p in two.parameters()]
    assert [p.data for p in one.parameters()] != [p.data for p in other.parameters()]


def test_without_a_seed_the_global_generator_is_used():
    random.seed(3)
    one = MLP(2, [2]).parameters()
    random.seed(3)
    assert [p.data for p in one] == [p.data for p in MLP(2, [2]).parameters()]
