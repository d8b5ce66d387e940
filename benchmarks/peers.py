"""Peers that are not installed beside gradviz, each in a folder of its own: some share an import name."""

from __future__ import annotations

import functools
import importlib.util
import os
import shutil
import subprocess
import sys
from pathlib import Path

from benchmarks.harness import Missing

VERSIONS = {"micrograd-viz": "0.2.0", "torchviz": "0.0.3"}  # micrograd-viz is imported as `micrograd`


def cache() -> Path:
    """Where peers are kept between runs: outside the checkout."""
    home = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(home) / "gradviz-benchmarks"


@functools.cache
def folder(name: str) -> Path:
    """The folder of a peer, to go first on Python's path; fetched when it is not there yet.

    Raises:
        Missing: it cannot be fetched.
    """
    wanted = f"{name}=={VERSIONS[name]}"
    target = cache() / f"{wanted}-python{sys.version_info[0]}.{sys.version_info[1]}"
    if target.is_dir():
        return target
    part = target.with_name(f"{target.name}.part-{os.getpid()}")
    command = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--target", part, wanted]
    done = subprocess.run([str(word) for word in command], capture_output=True, text=True)
    if done.returncode:
        shutil.rmtree(part, ignore_errors=True)
        said = done.stderr.strip().splitlines() or ["pip failed"]
        raise Missing(f"skipped: no {wanted} ({said[-1][:120]})")
    part.rename(target)
    return target


def installed(module: str) -> None:
    """Insist on a module of the environment.

    Raises:
        Missing: it is not installed.
    """
    if importlib.util.find_spec(module) is None:
        raise Missing(f"skipped: no {module}")


@functools.cache
def program(*names: str) -> str:
    """The path of the first of some programs that is on PATH.

    Raises:
        Missing: none is.
    """
    for name in names:
        if found := shutil.which(name):
            return found
    raise Missing(f"skipped: no {names[0]} on PATH")
