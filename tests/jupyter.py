"""Notebooks run by a real kernel, and real hosts. Without them tests are skipped, or fail if strict."""

import json
import os
import re
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

from tests.notebooks import write

TOKEN = "test-token-0123456789"
NEURON = """\
from gradviz import Value
x, w, b = Value(2.0), Value(-3.0), Value(6.88)
o = (x*w + b).tanh()
o.backward()
"""


KERNEL = {"kernelspec": {"name": "python3", "display_name": "Python 3 (ipykernel)", "language": "python"}}


def needs(*modules: str) -> None:
    """Skip where a host is not installed, or fail where everything must be there."""
    missing = [name for name in modules if find_spec(name) is None]
    if missing:
        reason = f"{', '.join(missing)} not installed: pip install gradviz[notebook-hosts]"
        (pytest.fail if os.environ.get("GRADVIZ_STRICT") == "1" else pytest.skip)(reason)


def environment(folder: Path) -> dict[str, str]:
    """Keep what the hosts write out of the user's home."""
    kept = {f"JUPYTER_{name}_DIR": str(folder / "jupyter") for name in ("CONFIG", "DATA", "RUNTIME")}
    quiet = {"PYDEVD_DISABLE_FILE_VALIDATION": "1", "PYTHONWARNINGS": "ignore"}
    return {**os.environ, **kept, **quiet, "IPYTHONDIR": str(folder / "ipython"), "HOME": str(folder)}


def jupyter(folder: Path, *words: str) -> None:
    done = subprocess.run(
        [sys.executable, "-m", *words], cwd=folder, env=environment(folder), capture_output=True, text=True,
        timeout=120,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr


def executed(folder: Path, *cells: str, name: str = "notes.ipynb") -> list[list[dict[str, Any]]]:
    """Run the cells in a kernel, as ``nbconvert --execute`` does; give what each has put out."""
    write(folder / name, *cells)
    options = ["--to", "notebook", "--execute", "--allow-errors", "--inplace"]
    jupyter(folder, "nbconvert", *options, name)
    told = json.loads((folder / name).read_text(encoding="utf-8"))
    return [cell["outputs"] for cell in told["cells"]]


def text_of(outputs: list[dict[str, Any]]) -> str:
    """What a cell put out, as text."""
    parts = []
    for out in outputs:
        text = out.get("text") or out.get("traceback") or out["data"].get("text/plain", "")
        parts.append(text if isinstance(text, str) else "".join(text))
    return "".join(parts)


def shown(outputs: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The bundles that a cell displayed or gave."""
    return [out["data"] for out in outputs if "data" in out]


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port: int = listening.getsockname()[1]
        return port


@contextmanager
def serving(folder: Path, ready: str, *words: str) -> Iterator[str]:
    """Run a server that prints its address, which has ``ready`` in it; give that."""
    log = folder / "server.log"
    with log.open("w") as out:
        server = subprocess.Popen(
            [sys.executable, "-m", *words], cwd=folder, env=environment(folder), stdout=out, stderr=out
        )
        try:
            yield _address(server, log, ready)
        finally:
            server.terminate()
            try:
                server.wait(10)
            except subprocess.TimeoutExpired:
                server.kill()
                server.wait()


def _address(server: "subprocess.Popen[bytes]", log: Path, ready: str) -> str:
    for _ in range(600):
        found = re.search(rf"http://(?:127\.0\.0\.1|localhost):\d+{ready}\S*", log.read_text())
        if found:
            return found[0]
        assert server.poll() is None, log.read_text()
        time.sleep(0.1)
    raise AssertionError(log.read_text())
