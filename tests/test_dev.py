"""dev.py: what a newcomer runs first, with whatever Python is there."""

import ast
import importlib.util
import json
import os
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest

DEV = Path(__file__).resolve().parent.parent / "dev.py"


@pytest.fixture
def dev(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """Return a copy of dev.py at home in an empty checkout, whose commands are recorded and not run."""
    (tmp_path / "dev.py").write_bytes(DEV.read_bytes())
    (tmp_path / "pyproject.toml").write_text("[project]\n")
    spec = importlib.util.spec_from_file_location("dev", tmp_path / "dev.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)

    def record(what: str, *command: object) -> None:
        module.did.append(what)
        if what == "making .venv":
            module.PYTHON.parent.mkdir(parents=True)
            module.PYTHON.touch()

    module.did = []
    monkeypatch.setattr(module, "quietly", record)
    monkeypatch.setattr(module, "pip", lambda: ["pip"])
    monkeypatch.delenv("GRADVIZ_TEST_EXTRAS", raising=False)
    monkeypatch.delenv("GRADVIZ_STRICT", raising=False)
    return module


def test_an_old_python_can_read_it() -> None:
    tree = ast.parse(DEV.read_text(encoding="utf-8"), feature_version=(3, 8))
    imported = {alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names}
    imported |= {node.module for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    assert {name.split(".")[0] for name in imported} <= sys.stdlib_module_names


@pytest.mark.parametrize("argv", [[], ["tset"]])
def test_an_unknown_word_names_the_words(argv: list[str]) -> None:
    done = subprocess.run([sys.executable, DEV, *argv], capture_output=True, text=True)
    assert done.returncode == 2
    assert all(word in done.stderr for word in ("demo", "test", "lint", "types", "docs", "bench", "wheel"))


def test_help() -> None:
    assert "demo [NAME]" in subprocess.check_output([sys.executable, DEV, "--help"], text=True)


def test_the_second_word_finds_everything_ready(dev: ModuleType) -> None:
    assert dev.main(["setup"]) == 0
    assert dev.did == ["making .venv", "installing gradviz[test]"]
    assert dev.main(["setup"]) == 0
    assert len(dev.did) == 2


def test_an_installed_extra_stays(dev: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    dev.install(set())
    monkeypatch.setenv("GRADVIZ_TEST_EXTRAS", "torch")
    dev.main(["setup"])
    dev.install(set())  # demo
    assert dev.did == ["making .venv", "installing gradviz", "installing gradviz[test,torch]"]


def test_a_change_of_the_project_is_installed(dev: ModuleType) -> None:
    dev.install({"test"})
    (dev.ROOT / "pyproject.toml").write_text("[project]\nname = 'gradviz'\n")
    dev.install(set())
    assert dev.did[2:] == ["installing gradviz[test]"]


def test_a_copied_environment_is_made_anew(dev: ModuleType) -> None:
    """The scripts and the editable install of a copied .venv point at the place it was copied from."""
    dev.install(set())
    stamp = json.loads(dev.STAMP.read_text())
    dev.STAMP.write_text(json.dumps({**stamp, "home": ["/elsewhere", *stamp["home"][1:]]}))
    dev.PYTHON.unlink()
    dev.PYTHON.parent.rmdir()
    dev.install(set())
    assert dev.did.count("making .venv") == 2


def test_a_newer_python_must_run(dev: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """pyenv leaves commands on PATH that fail."""
    shim, real = tmp_path / "shims" / "python3.14", tmp_path / "bin" / "python3.11"
    for path, text in ((shim, "#!/bin/sh\nexit 127\n"), (real, f'#!/bin/sh\nexec "{sys.executable}" "$@"\n')):
        path.parent.mkdir()
        path.write_text(text)
        path.chmod(0o755)
    monkeypatch.setenv("PATH", os.pathsep.join([str(shim.parent), str(real.parent)]))
    assert dev.find_newer_python() == str(real)
    real.unlink()
    with pytest.raises(SystemExit, match=r"needs Python 3\.11 or newer"):
        dev.find_newer_python()


def test_demo_runs_an_example_under_gradviz(dev: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    commands = []
    monkeypatch.setattr(dev, "run", lambda *command: commands.append(command) or 0)
    for name in ("neuron", "moons"):
        (dev.ROOT / "examples").mkdir(exist_ok=True)
        (dev.ROOT / "examples" / f"{name}.py").touch()
    dev.main(["demo"])
    dev.main(["demo", "moons", "--port", "0"])
    assert commands == [
        (dev.PYTHON, "-m", "gradviz", "run", "examples/neuron.py"),
        (dev.PYTHON, "-m", "gradviz", "run", "--port", "0", "examples/moons.py"),
    ]
    with pytest.raises(SystemExit, match="one of: moons, neuron"):
        dev.main(["demo", "mono"])


@pytest.mark.parametrize(("strict", "status"), [("", 0), ("1", 1)])
def test_what_test_cannot_do_is_said(
    dev: ModuleType,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    strict: str,
    status: int,
) -> None:
    commands = []
    monkeypatch.setattr(dev, "run", lambda *command: commands.append(command) or 0)
    monkeypatch.setattr(dev, "missing_tools", lambda: {"node": "no node here", "torch": "no torch here"})
    monkeypatch.setenv("GRADVIZ_STRICT", strict)
    assert dev.main(["test", "--", "-x"]) == status
    assert (dev.PYTHON, "-m", "pytest", *dev.ON_ALL_CORES, "-m", "not node and not torch", "-x") in commands
    assert not any(command[0] == "node" for command in commands)
    said = capsys.readouterr().out
    assert "no node here" in said and "no torch here" in said


def test_one_failed_part_fails_test_and_the_rest_still_runs(
    dev: ModuleType, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(dev, "run", lambda *command: int("mypy" in command))
    monkeypatch.setattr(dev, "missing_tools", lambda: {})
    assert dev.main(["test"]) == 1
    verdicts = dict(line.split()[:2] for line in capsys.readouterr().out.splitlines() if line.endswith(" s"))
    assert verdicts == {"ruff": "ok", "mypy": "FAILED", "pytest": "ok", "node": "ok"}
