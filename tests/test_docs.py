"""The docs name what exists: ops, commands, formats, checks and examples; their links lead somewhere."""

import re
from pathlib import Path

import pytest

from gradviz.cli.group import cli
from gradviz.diagnostics import CHECKS
from gradviz.ops import OPS
from gradviz.renderers import RENDERERS

ROOT = Path(__file__).resolve().parent.parent
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").rglob("*.md"))]
TEXT = "\n".join(page.read_text(encoding="utf-8") for page in PAGES)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_links_lead_somewhere(page: Path) -> None:
    prose = re.sub(r"^(`{3,}).*?^\1$", "", page.read_text(encoding="utf-8"), flags=re.MULTILINE | re.DOTALL)
    for target in re.findall(r"\]\(([^)#\s]+)", prose):
        if "://" not in target:
            assert (page.parent / target).exists(), target


def test_the_number_of_operations_is_the_real_one() -> None:
    assert f"{len(OPS)} operations" in (ROOT / "README.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("command", sorted(cli.commands))
def test_every_command_is_documented(command: str) -> None:
    assert f"gradviz {command}" in TEXT


@pytest.mark.parametrize("name", sorted(RENDERERS))
def test_every_output_format_is_documented(name: str) -> None:
    assert f".{RENDERERS[name].extension.lstrip('.')}" in TEXT


@pytest.mark.parametrize("check", sorted(CHECKS))
def test_every_check_is_documented_with_its_thresholds(check: str) -> None:
    page = (ROOT / "docs/checks.md").read_text(encoding="utf-8")
    for words in (f"## `{check}`", CHECKS[check].looks_for, *CHECKS[check].thresholds):
        assert words in page


@pytest.mark.parametrize("op", sorted(OPS))
def test_every_operation_is_documented(op: str) -> None:
    assert f"`{op}`" in (ROOT / "docs/ops.md").read_text(encoding="utf-8")


def test_examples_are_named() -> None:
    for example in (ROOT / "examples").glob("[a-z]*.py"):
        assert example.stem in TEXT, example
