"""Anybody's engine: its bug is named, with value, line and numbers; of a healthy one nothing is said."""

from __future__ import annotations

import json
import runpy
import subprocess
import sys
from typing import Any

import pytest
from engines import BUGS, FOLDER, HEALTHY

from gradviz.diagnostics import CHECKS, SEVERITIES, diagnose
from gradviz.diagnostics.reference import MISSING, RIGHT, verify
from gradviz.graph import CONST, Graph
from gradviz.recorders.duck import record
from gradviz.recording import Recording

SEEN_BY_NUMBERS = [name for name, bug in BUGS.items() if not bug.blind]


def graph_of(name: str) -> Graph:
    variables = runpy.run_path(str(FOLDER / f"{name}.py"))
    return record(variables["loss"])


def checked(name: str) -> list[dict[str, Any]]:
    command = [sys.executable, "-m", "gradviz", "check", "--json", str(FOLDER / f"{name}.py")]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120)
    assert done.returncode in (0, 1), done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()]


@pytest.mark.parametrize("name", SEEN_BY_NUMBERS)
def test_a_bug_is_named_from_the_final_numbers_alone(name: str) -> None:
    bug, graph = BUGS[name], graph_of(name)
    found = diagnose(Recording.of([graph]))
    assert [finding.check for finding in found] == [bug.check], found
    (finding,) = found
    assert finding.node is not None and finding.severity in SEVERITIES
    assert (
        bug.value in (graph.op_of(finding.node), graph.label(finding.node))
        or finding.check == "stale-gradient"
    )
    assert bug.says in finding.message
    assert any(letter.isdigit() for letter in finding.evidence)
    assert finding.cure.endswith(".") and finding.evidence.endswith(".") and finding.message.endswith(".")


@pytest.mark.parametrize("name", HEALTHY)
def test_of_a_healthy_engine_nothing_is_said(name: str) -> None:
    graph = graph_of(name)
    assert diagnose(Recording.of([graph])) == []
    assert (verify(graph).verdict[graph.kind != CONST] == RIGHT).all()


def test_before_backward_nothing_is_wrong_and_all_is_missing() -> None:
    graph = graph_of("seed_forgotten")
    assert diagnose(Recording.of([graph])) == []
    found = verify(graph)
    assert (found.verdict == MISSING).all() and found.summary == "4 not computed"


@pytest.mark.slow
@pytest.mark.parametrize("name", BUGS)
def test_a_watched_script_says_what_and_where(name: str) -> None:
    bug = BUGS[name]
    found = checked(name)
    assert [finding["check"] for finding in found] == [bug.check], found
    (finding,) = found
    assert bug.says in finding["message"]
    lines = (FOLDER / f"{name}.py").read_text(encoding="utf-8").splitlines()
    assert bug.line in lines[finding["source"]["line"] - 1]


@pytest.mark.slow
@pytest.mark.parametrize("name", HEALTHY)
def test_a_healthy_script_that_was_watched_has_no_findings(name: str) -> None:
    assert checked(name) == []


def test_every_bug_belongs_to_a_check() -> None:
    assert {bug.check for bug in BUGS.values()} <= CHECKS.keys()
