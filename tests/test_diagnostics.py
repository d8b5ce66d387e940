"""Every check: a seeded bug fires it, a healthy control does not."""

from __future__ import annotations

import random
from collections.abc import Callable
from types import FrameType
from typing import Any

import numpy as np
import pytest
from engines import BUGS

from gradviz import Value, scope, where
from gradviz.diagnostics import CHECKS, SEVERITIES, Finding, diagnose
from gradviz.diagnostics.columns import layer_of
from gradviz.diagnostics.table import PAIRS, VALUES, chosen
from gradviz.engine.hooks import listen
from gradviz.engine.nn import MLP
from gradviz.errors import RecordingError
from gradviz.graph import Graph, Update
from gradviz.recorders.value import freeze, record
from gradviz.recording import PassInfo, Recording


class Collector:
    """Keeps the passes of a piece of code, as a recorder does."""

    def __init__(self) -> None:
        self.graphs: list[Graph] = []
        self.updates: list[list[Update]] = []
        self.leaves: Any = {}

    def on_backward(self, root: Value, frame: FrameType) -> None:
        frozen = freeze(root)
        self.graphs.append(frozen.graph)
        self.updates.append([])
        self.leaves = frozen.leaves

    def on_update(self, leaf: Any, before: Any, after: Any, rule: str, frame: FrameType) -> None:
        if leaf in self.leaves:
            self.updates[-1].append(Update(self.leaves[leaf], before, after, rule))


def recorded(code: Callable[[], object]) -> Recording:
    collector = Collector()
    stop = listen(collector)
    try:
        code()
    finally:
        stop()
    pairs = zip(collector.graphs, collector.updates, strict=True)
    return Recording.of([graph.replace(updates=updates) for graph, updates in pairs])


def train(model: MLP, *, passes: int = 6, samples: int = 16, zero: bool = True, rate: float = 0.05) -> None:
    rng = random.Random(5)
    points = [[rng.uniform(-1, 1), rng.uniform(-1, 1)] for _ in range(samples)]
    for _ in range(passes):
        scores = [model(point) for point in points]
        wanted = [1.0 if a * b > 0 else -1.0 for a, b in points]
        loss = sum((s - y) ** 2 for s, y in zip(scores, wanted, strict=True)) / samples
        if zero:
            model.zero_grad()
        loss.backward()
        for parameter in model.parameters():
            parameter.data -= rate * parameter.grad


def scaled(model: MLP, factor: float) -> MLP:
    for parameter in model.parameters():
        parameter.data *= factor
    return model


def with_dead_units(count: int) -> MLP:
    model = MLP(2, [6, 6, 1], activation="relu", seed=1)
    for k, neuron in enumerate(model.layers[1].neurons):
        neuron.b.data = -100.0 if k < count else 5.0
    return model


def small(**options: Any) -> MLP:
    return MLP(2, [6, 6, 1], **{"seed": 1, **options})


def tampered(model: MLP) -> Recording:
    healthy = recorded(lambda: train(model, passes=1)).graph(0)
    grad = healthy.grad.copy()
    grad[np.flatnonzero(healthy.has_grad)[3]] += 0.25
    return Recording.of([healthy.replace(grad=grad)])


def masked_branch() -> None:
    x = Value(0.0, "x")
    where(x.data > 0, x.log(), 0.0).backward()


def safe_branch() -> None:
    x = Value(0.0, "x")
    ok = x.data > 0
    where(ok, where(ok, x, 1.0).log(), 0.0).backward()


CASES: dict[str, tuple[Callable[[], Recording], Callable[[], Recording]]] = {
    "non-finite": (lambda: recorded(masked_branch), lambda: recorded(safe_branch)),
    "stale-gradient": (
        lambda: recorded(lambda: train(small(), zero=False)),
        lambda: recorded(lambda: train(small())),
    ),
    "conservation": (lambda: tampered(small()), lambda: recorded(lambda: train(small()))),
    "dead-unit": (
        lambda: recorded(lambda: train(with_dead_units(4))),
        lambda: recorded(lambda: train(small(activation="leaky_relu"))),
    ),
    "saturation": (
        lambda: recorded(lambda: train(scaled(small(), 60), passes=1)),
        lambda: recorded(lambda: train(small())),
    ),
    "vanishing-gradient": (
        lambda: recorded(lambda: train(MLP(2, [4] * 9 + [1], activation="sigmoid", seed=2), passes=1)),
        lambda: recorded(lambda: train(MLP(2, [6] * 5 + [1], activation="tanh", seed=2), passes=1)),
    ),
    "exploding-gradient": (
        lambda: recorded(lambda: train(MLP(2, [6] * 6 + [1], activation=None, init=2.0, seed=2), passes=1)),
        lambda: recorded(lambda: train(MLP(2, [6] * 6 + [1], activation=None, seed=2), passes=1)),
    ),
}


def of(check: str, findings: list[Finding]) -> list[Finding]:
    return [finding for finding in findings if finding.check == check]


def test_every_check_has_a_case() -> None:
    assert CASES.keys() | {bug.check for bug in BUGS.values()} == CHECKS.keys()


@pytest.mark.parametrize("check", CASES)
def test_a_seeded_bug_fires_and_a_healthy_control_does_not(check: str) -> None:
    sick, healthy = (make() for make in CASES[check])
    found = of(check, diagnose(sick))
    assert found
    assert not of(check, diagnose(healthy))
    for finding in found:
        assert finding.severity in SEVERITIES
        assert finding.source is not None and finding.source.file == __file__
        graph = sick.graph(finding.pass_index)
        assert finding.node is not None and 0 <= finding.node < len(graph)
        assert finding.edge is None or 0 <= finding.edge < graph.edge_count
        assert finding.message.endswith(".") and finding.cure.endswith(".") and finding.evidence.endswith(".")
        assert any(letter.isdigit() for letter in finding.evidence)


@pytest.mark.parametrize("check", CHECKS)
def test_a_row_says_what_it_looks_for_and_where_its_thresholds_come_from(check: str) -> None:
    row = CHECKS[check]
    assert row.name == check and row.looks_for.endswith(".") and row.thresholds


@pytest.mark.parametrize("activation", ["tanh", "relu", "sigmoid", "gelu", "elu", "softplus"])
@pytest.mark.parametrize("sizes", [[4, 1], [8, 8, 1], [6, 6, 6, 1]])
@pytest.mark.parametrize("seed", [0, 1, 2])
def test_healthy_training_raises_no_alarm(activation: str, sizes: list[int], seed: int) -> None:
    model = MLP(2, sizes, activation=activation, init="he" if activation == "relu" else "xavier", seed=seed)
    findings = diagnose(recorded(lambda: train(model)))
    assert not [finding for finding in findings if finding.severity != "note"]


def test_a_masked_branch_is_named_as_the_origin_of_nan() -> None:
    backward = [f for f in of("non-finite", diagnose(recorded(masked_branch))) if f.edge is not None]
    assert len(backward) == 1
    assert "log(x)" in backward[0].message and "did not choose" in backward[0].message
    assert "0 × inf = nan" in backward[0].evidence
    assert "where(ok" in backward[0].cure


def test_nothing_is_said_of_arrays_that_were_too_large_to_keep() -> None:
    def network() -> None:
        with scope("layer"):
            Value(np.ones(3)).relu().sum().backward()

    graph = recorded(network).graph(0)
    lost: dict[str, Any] = {key: dict.fromkeys(found) for key, found in graph.arrays.items()}
    gone = graph.replace(arrays=lost | {"prior": {0: None}})
    assert diagnose(Recording.of([gone])) == []


@pytest.mark.parametrize(
    ("code", "op"),
    [
        (lambda: Value(-1.0).log().backward(), "log"),
        (lambda: (Value(1.0) / Value(0.0)).backward(), "div"),
        (lambda: (Value(1000.0).exp() * 2).backward(), "exp"),
        (lambda: (Value(np.array([1.0, -1.0])).sqrt().sum() + 1).backward(), "sqrt"),
        (lambda: ((Value(0.0) ** 2).sqrt() * 3).backward(), "sqrt"),
    ],
)
def test_the_first_op_that_breaks_is_named(code: Callable[[], None], op: str) -> None:
    recording = recorded(code)
    worst = of("non-finite", diagnose(recording))[0]
    assert worst.severity == "error"
    assert worst.node is not None and recording.graph(0).op_of(worst.node) == op


def test_input_that_is_nan_already_is_blamed_on_the_data() -> None:
    found = of("non-finite", diagnose(recorded(lambda: (Value(float("nan"), "x") * 2).backward())))
    assert "x comes in as nan" in found[0].message


def test_forgotten_zero_grad_shows_both_parts_and_their_sum() -> None:
    found = of("stale-gradient", diagnose(recorded(lambda: train(small(), zero=False))))
    assert len(found) == 1 and found[0].severity == "error"
    assert found[0].pass_index == 1 and found[0].times == 5
    assert "from before +" in found[0].evidence and "of this pass =" in found[0].evidence
    assert "zero_grad" in found[0].cure


def test_accumulating_over_passes_before_one_update_is_only_a_note() -> None:
    def accumulate() -> None:
        w = Value(2.0, "w", kind="param")
        for x in (1.0, 2.0):
            (w * x).tanh().backward()

    found = of("stale-gradient", diagnose(recorded(accumulate)))
    assert [finding.severity for finding in found] == ["note"]


def test_assigning_instead_of_adding_is_recognised() -> None:
    x = Value(3.0, "x")
    ((x * 2) + (x * 5)).backward()
    loss = (x * 2) + (x * 5)
    x.grad = None
    loss.backward()
    graph = record(loss)
    grad = graph.grad.copy()
    grad[graph.find("x")] = 5.0
    (found,) = diagnose(Recording.of([graph.replace(grad=grad)]))
    assert found.check == "lost-gradient" and "+=" in found.cure
    assert "1 × 5 + 1 × 2 = 7" in found.evidence and "Finite differences give 7." in found.evidence


def test_dead_units_are_counted_by_layer_and_graded_by_share() -> None:
    grades = {}
    for count in (2, 4, 6):
        found = of(
            "dead-unit", diagnose(recorded(lambda count=count: train(with_dead_units(count), passes=1)))
        )
        layer = next(finding for finding in found if "layers[1]" in finding.place)
        assert layer.message.startswith(f"{count} of 6 ReLU units")
        grades[count] = layer.severity
    assert grades == {2: "note", 4: "warning", 6: "error"}


def test_a_few_samples_do_not_make_a_unit_dead_but_several_passes_of_them_do() -> None:
    def dead(passes: int) -> list[Finding]:
        recording = recorded(lambda: train(with_dead_units(6), passes=passes, samples=2))
        return [f for f in of("dead-unit", diagnose(recording)) if "layers[1]" in f.place]

    assert not dead(2)
    assert dead(5)


def test_a_satisfied_hinge_loss_is_no_dead_unit() -> None:
    def hinge() -> None:
        w = Value(5.0, "w", kind="param")
        sum((1 - w * x).relu() for x in range(1, 20)).backward()

    assert not of("dead-unit", diagnose(recorded(hinge)))


def test_a_chain_without_scopes_is_judged_by_its_activations() -> None:
    def chain() -> None:
        x = w = Value(0.5, "w", kind="param")
        for _ in range(12):
            x = (x * w).sigmoid()
        x.backward()

    (found,) = of("vanishing-gradient", diagnose(recorded(chain)))
    assert "activation 1" in found.message


def test_the_verdict_does_not_depend_on_the_scale_of_the_loss() -> None:
    for scale in (1e-9, 1.0, 1e3):
        x, w = Value(0.3, "x"), Value(0.9, "w", kind="param")
        for _ in range(6):
            x = (x * w).tanh()
        loss = x * scale
        loss.backward()
        findings = diagnose(Recording.of([record(loss)]))
        assert not of("vanishing-gradient", findings) and not of("exploding-gradient", findings)


def test_worst_first_and_once_per_place() -> None:
    findings = diagnose(recorded(lambda: train(with_dead_units(6), zero=False)))
    ranks = [SEVERITIES.index(finding.severity) for finding in findings]
    assert ranks == sorted(ranks, reverse=True)
    assert len({(f.check, f.place, str(f.source)) for f in findings}) == len(findings)


def test_a_long_run_is_sampled_in_neighbouring_pairs() -> None:
    infos = [PassInfo(i, node_count=VALUES // 100) for i in range(1000)]
    recording = Recording(infos, lambda index: pytest.fail("not needed"))
    picked = chosen(recording)
    assert len(picked) <= 2 * PAIRS and {0, 1, 998, 999} <= set(picked)
    assert all(k + 1 in picked or k - 1 in picked for k in picked)


def test_units_belong_to_their_layer() -> None:
    assert layer_of("Net/blocks[1]/heads[0]") == "Net/blocks[1]"
    assert layer_of("neurons[0]") == "neurons[0]" and layer_of("") == ""


def test_checks_survive_a_pass_without_backward_and_an_empty_one() -> None:
    empty = Graph(op_names=[""], op=[], kind=[], input_start=[0], input=[], data=[])
    passes = [empty, record(Value(2.0) * 3)]
    assert diagnose(Recording([PassInfo(0), PassInfo(1)], passes.__getitem__)) == []


def test_a_damaged_pass_does_not_hide_the_others() -> None:
    (broken,) = recorded(masked_branch)

    def load(index: int) -> Graph:
        if index == 0:
            raise RecordingError("damaged")
        return broken

    assert of("non-finite", diagnose(Recording([PassInfo(0), PassInfo(1)], load)))
