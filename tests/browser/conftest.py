"""A real server and a real Chromium; without Chromium tests are skipped, or fail under GRADVIZ_STRICT=1."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from gradviz.recording import Recording

TOKEN = "test-token-0123456789"
FLAGS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
NEURON = """\
from gradviz import Value

x1 = Value(2.0, name="x1")
x2 = Value(0.0, name="x2")
w1 = Value(-3.0, name="w1", kind="param")
w2 = Value(1.0, name="w2", kind="param")
b = Value(6.8813735870195432, name="b", kind="param")

for _ in range(3):
    n = x1*w1 + x2*w2 + b
    o = n.tanh()
    o.backward()
    for p in (w1, w2, b):
        p.data -= 0.1 * p.grad
        p.grad = 0.0
"""
MLP = """\
import random
from gradviz import Value, nn

random.seed(1)
model = nn.MLP(2, [8, 8, 1], activation="relu", seed=1)
loss = Value(0.0)
for _ in range(10):
    x = [random.uniform(-1, 1), random.uniform(-1, 1)]
    y = 1 if x[0] * x[1] > 0 else -1
    loss = loss + (1 - y * model(x)).relu()
model.zero_grad()
loss.backward()
"""


def missing(reason: str) -> None:
    """Skip, or fail where everything must be there."""
    if os.environ.get("GRADVIZ_STRICT") == "1":
        pytest.fail(reason)
    pytest.skip(reason)


class Served:
    """A recording behind a real server in a thread; it can be killed and started again on its port."""

    def __init__(self, recording: Path | Recording) -> None:
        self.recording = recording
        self.port = 0
        self.start()

    def start(self) -> None:
        import waitress
        from gradviz.server import create_app

        listening = socket.create_server(("127.0.0.1", self.port))
        self.port = listening.getsockname()[1]
        app = create_app(self.recording, token=TOKEN, port=self.port)
        self.server = waitress.create_server(app, sockets=[listening], threads=6)
        self.thread = threading.Thread(target=self.server.run, daemon=True)
        self.thread.start()

    def stop(self) -> None:
        self.server.asyncore.close_all(self.server._map, ignore_all=True)
        self.server.task_dispatcher.shutdown(timeout=1)
        self.thread.join(5)

    @property
    def path(self) -> Path:
        assert isinstance(self.recording, Path)
        return self.recording

    def url(self, state: str = "", token: str = TOKEN) -> str:
        return f"http://127.0.0.1:{self.port}/#token={token}{state}"


def record(folder: Path, name: str, source: str) -> Path:
    """Record a script as ``gradviz run`` does."""
    script, recording = folder / f"{name}.py", folder / f"{name}.gradviz"
    script.write_text(source, encoding="utf-8")
    options = ["--quiet", "--no-serve", "-o", str(recording), str(script)]
    subprocess.run([sys.executable, "-m", "gradviz", "run", *options], check=True, timeout=60)
    return recording


@pytest.fixture(scope="session")
def neuron(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    served = Served(record(tmp_path_factory.mktemp("neuron"), "neuron", NEURON))
    yield served
    served.stop()


@pytest.fixture(scope="session")
def mlp(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    served = Served(record(tmp_path_factory.mktemp("mlp"), "mlp", MLP))
    yield served
    served.stop()


@pytest.fixture(scope="module")  # while it is open an event loop runs, which asyncio's tests cannot have
def chromium() -> Iterator[Any]:
    try:
        from playwright.sync_api import sync_playwright
    except ImportError:
        missing("playwright is not installed: pip install gradviz[test]")
    path = os.environ.get("GRADVIZ_CHROMIUM") or shutil.which("chromium") or shutil.which("chromium-browser")
    if not path:
        missing("no Chromium found: install it, or name it in GRADVIZ_CHROMIUM")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=FLAGS)
        yield browser
        browser.close()


Opener = Callable[..., Any]


@pytest.fixture
def open_page(chromium: Any) -> Iterator[Opener]:
    """Open a page and wait for its picture; any complaint on its console fails the test."""
    contexts, complaints = [], []

    def open_page(url: str, ready: bool = True, size: tuple[int, int] = (1440, 900), **options: Any) -> Any:
        context = chromium.new_context(viewport={"width": size[0], "height": size[1]}, **options)
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(15_000)
        page.complaints = complaints
        page.on("console", lambda said: said.type in ("error", "warning") and complaints.append(said.text))
        page.on("pageerror", lambda error: complaints.append(f"{error.name}: {error.message}\n{error.stack}"))
        page.goto(url, timeout=30_000)  # 30 modules on a busy machine
        if ready:
            page.wait_for_selector("body[data-state=ready]")
        return page

    yield open_page
    for context in contexts:
        context.close()
    assert not complaints, "\n".join(complaints)
