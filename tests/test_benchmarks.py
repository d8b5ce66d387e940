"""The benchmarks' harness with contenders that are not measured, and its report. No test looks at a clock."""

import json
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest

from benchmarks import peers, report, run
from benchmarks.harness import Bench, Failed, Missing, Target, cpu_of, median, workload
from benchmarks.rows import FAMILIES

ROOT = Path(__file__).resolve().parent.parent
ABSENT = Missing("skipped: no torch")


def test_contenders_take_turns_and_give_medians() -> None:
    called: list[str] = []
    figures = {"ours": iter([3.0, 1.0, 2.0]), "theirs": iter([30.0, 90.0, 40.0])}

    def contender(name: str) -> float:
        called.append(name)
        return next(figures[name])

    found = Bench(rounds=3).turns({name: lambda name=name: contender(name) for name in figures})
    assert called == ["ours", "theirs"] * 3
    assert found == {"ours": 2.0, "theirs": 40.0}


def test_each_figure_of_a_contender_has_its_own_median() -> None:
    assert median([{"a": 1, "b": {"c": 9.0}}, {"a": 5, "b": {"c": 7.0}}, {"a": 2, "b": {"c": 8.0}}]) == {
        "a": 2,
        "b": {"c": 8.0},
    }


def test_a_missing_contender_is_asked_once_and_takes_its_ratios_with_it() -> None:
    asked: list[int] = []

    def absent() -> float:
        asked.append(1)
        raise ABSENT

    bench = Bench(rounds=3)
    found = bench.turns({"theirs": absent, "ours": lambda: {"step": 2.0}})
    assert len(asked) == 1 and not bench.failures
    ratio = found["theirs"]["step"] / found["ours"]["step"]
    assert ratio is ABSENT and 1 / ratio - 1 is ABSENT and f"{ratio:.3g}" == str(ABSENT)
    assert Target("it", "theirs", "≥ 2 ×", ratio).reached is None
    assert report.row_of(Target("it", "theirs", "≥ 2 ×", ratio))["measured"] == "skipped: no torch"


@pytest.mark.parametrize(
    ("bound", "measured", "reached"),
    [
        ("≥ 1,000 ×", 1000.0, True),
        ("≥ 1,000 ×", 999.0, False),
        ("≤ +120 ms", 120.0, True),
        ("≤ +120 ms", 121.0, False),
        ("< 1 s", 1.0, False),
        ("≤ 1.1", 1.05, True),
    ],
)
def test_a_target_is_reached_or_not(bound: str, measured: float, reached: bool) -> None:
    target = Target("it", "theirs", bound, measured)
    assert target.reached is reached
    row = report.row_of(target)
    assert row["reached"] == ("yes" if reached else "**no**")
    assert row["measured"].endswith("".join(bound.split(" ")[2:]))


def test_a_program_that_fails_or_hangs_is_told_apart() -> None:
    with pytest.raises(Failed, match="exit code 3: it broke"):
        cpu_of("sh", "-c", "echo it broke >&2; exit 3")
    with pytest.raises(Missing, match=r"> 0\.1 s") as caught:
        cpu_of("sleep", "9", timeout=0.1)
    assert not isinstance(caught.value, Failed)


def test_a_workload_that_meets_a_limit_says_which() -> None:
    with pytest.raises(Missing, match="RecursionError"):
        workload("chain", "micrograd", "chain", 4000, 1)
    assert workload("chain", "gradviz", "sum", 40, 1)["ops"] == 40


def test_a_peer_that_cannot_be_had_is_skipped(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    peers.program.cache_clear()
    with pytest.raises(Missing, match="no no-such-dot on PATH"):
        peers.program("no-such-dot")
    peers.program.cache_clear()
    with pytest.raises(Missing, match="no no_such_module"):
        peers.installed("no_such_module")


@pytest.fixture
def fake(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Path]:
    """A report on a family that measures nothing, in a page of its own."""
    page = tmp_path / "page.md"
    page.write_text(f"# Head\n\nBy hand.\n\n{report.MARK}\n\nold\n", encoding="utf-8")

    def measure(bench: Bench) -> None:
        found = bench.turns({"ours": lambda: 1.0, "theirs": lambda: 12345.678, "absent": raising})
        bench.table("Times, s", [{"engine": name, "s": found[name]} for name in found])
        bench.target("a thing", "theirs", "≥ 2 ×", found["theirs"] / found["ours"])
        bench.target("a thing", "absent", "≥ 2 ×", found["absent"] / found["ours"])

    def raising() -> float:
        raise Failed("it broke")

    family = SimpleNamespace(measure=measure, __doc__="How it is measured.")
    monkeypatch.setitem(FAMILIES, "fake", family)
    monkeypatch.setattr(run, "RESULTS", tmp_path / "results.json")
    monkeypatch.setattr(report, "PAGE", page)
    yield page


def test_a_family_from_turns_to_page(fake: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run.main(["fake", "--quick", "--json", str(run.RESULTS)]) == 1
    assert "failed: fake: absent: it broke" in capsys.readouterr().err
    text = fake.read_text(encoding="utf-8")
    assert text.startswith("# Head\n\nBy hand.") and "old" not in text
    assert "| a thing | theirs | ≥ 2 × | 12,346 × | yes |" in text
    assert "| a thing | absent | ≥ 2 × | failed | – |" in text
    assert "How it is measured." in text and "| absent | failed |" in text
    assert "1 round, " in text and "numpy " in text
    kept = json.loads(run.RESULTS.read_text(encoding="utf-8"))
    assert kept["fake"]["rounds"] == 1 and kept["fake"]["machine"]["cores"] >= 1


def test_an_unknown_family_names_the_known_ones(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        run.main(["speed"])
    assert "engine" in capsys.readouterr().err


@pytest.mark.parametrize("name", FAMILIES)
def test_the_page_and_the_results_have_every_family(name: str) -> None:
    page = (ROOT / "docs" / "performance.md").read_text(encoding="utf-8")
    head, _, written = page.partition(report.MARK)
    assert f"**{name}**" in head
    assert f"\n## {name}\n" in written
    assert name in json.loads((ROOT / "benchmarks" / "results.json").read_text(encoding="utf-8"))
