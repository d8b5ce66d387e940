"""The wheel: everything the checkout has, under one name, working where there is no checkout."""

import os
import subprocess
import sys
import tomllib
import venv
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
FOLDERS = {
    "gradviz": "gradviz",
    "server": "gradviz/server",
    "static": "gradviz/static",
    "examples": "gradviz/examples",
}


def installed_paths() -> set[str]:
    """Return where each file of the checkout belongs in the wheel."""
    return {
        f"{home}/{path.relative_to(ROOT / folder).as_posix()}"
        for folder, home in FOLDERS.items()
        for path in (ROOT / folder).rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }


def command(*parts: str | Path, cwd: Path) -> str:
    done = subprocess.run(parts, cwd=cwd, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    assert done.returncode == 0, done.stdout
    return done.stdout


def test_every_folder_is_a_listed_package() -> None:
    listed = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["setuptools"]["packages"]
    assert listed == sorted({path.rpartition("/")[0].replace("/", ".") for path in installed_paths()})


@pytest.fixture(scope="session")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("dist")
    command(
        sys.executable, "-m", "build", "--no-isolation", "--outdir", out, cwd=ROOT
    )  # sdist, wheel from it
    return next(out.glob("*.whl"))


@pytest.mark.slow
def test_the_wheel_holds_the_checkout_and_nothing_beside_gradviz(wheel: Path) -> None:
    names = set(zipfile.ZipFile(wheel).namelist())
    assert {name for name in names if ".dist-info/" not in name} == installed_paths()


@pytest.fixture(scope="session")
def site(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return an environment with nothing but the wheel and what it asks for."""
    pytest.importorskip("pip", reason="this environment has no pip to install the wheel with")
    site = tmp_path_factory.mktemp("site")
    venv.create(site, symlinks=os.name != "nt")
    command(
        sys.executable, "-m", "pip", "--python", scripts(site) / "python", "install", "-q", wheel, cwd=site
    )
    return site


def scripts(site: Path) -> Path:
    return site / ("Scripts" if os.name == "nt" else "bin")


@pytest.fixture(scope="session")
def example(site: Path) -> Path:
    return next(site.rglob("gradviz/examples/neuron.py"))


@pytest.mark.slow
def test_the_installed_command_exports(site: Path, example: Path, tmp_path: Path) -> None:
    command(scripts(site) / "gradviz", "export", example, "-o", "out.svg", cwd=tmp_path)
    assert (tmp_path / "out.svg").read_text(encoding="utf-8").rstrip().endswith("</svg>")


SERVE = """
from gradviz.server import create_app

client = create_app("run.gradviz", token="t", port=8765).test_client()
headers = {"X-Gradviz-Token": "t", "Host": "127.0.0.1:8765"}
assert client.get("/api/recording", headers=headers).is_json
page = client.get("/", headers=headers)
assert page.status_code == 200 and "html" in page.content_type, page.status
"""


@pytest.mark.slow
def test_the_installed_server_serves(site: Path, example: Path, tmp_path: Path) -> None:
    command(scripts(site) / "gradviz", "run", "--no-serve", "-o", "run.gradviz", example, cwd=tmp_path)
    command(scripts(site) / "python", "-c", SERVE, cwd=tmp_path)
