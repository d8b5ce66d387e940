"""What does not fit into memory is refused in words; everything else goes on."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from gradviz.graph import OP, PARAM, Graph
from gradviz.recording import VALUES_KEPT, Recording, Writer

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="RLIMIT_AS and /proc")

LARGE = 400_000
HEAD = """
import resource, sys
import gradviz.graph.chainrule, gradviz.document, gradviz.view
from gradviz.recording import Recording

def leave(room):
    pages = int(open("/proc/self/statm").read().split()[0])
    resource.setrlimit(resource.RLIMIT_AS, (pages * resource.getpagesize() + room,) * 2)
"""
LIBRARY = """
from gradviz.errors import OutOfMemoryError
with Recording.open(sys.argv[1]) as recording:
    recording.graph(0)
    leave(12 << 20)
    try:
        recording.graph(1)
    except OutOfMemoryError as error:
        print(error)
    print(len(recording.graph(0)))
"""
SERVER = """
from gradviz.server import create_app
client = create_app(sys.argv[1], token="a-token-for-tests").test_client()

def get(path):
    headers = {"Host": "127.0.0.1:8765", "X-Gradviz-Token": "a-token-for-tests"}
    answer = client.get("/api" + path, headers=headers)
    print(answer.status_code, (answer.json.get("error") or {}).get("message"), flush=True)

get("/passes/0")
leave(int(sys.argv[2]) << 20)
get("/passes/1")
get("/passes/0")
get("/passes/1/nodes/3")
get("/recording")
"""
COMMAND = """
import gradviz.cli.check, gradviz.diagnostics
from gradviz.cli import main
leave(12 << 20)
main(["check", sys.argv[1]])
"""


def chain(n: int) -> Graph:
    """A chain without two values alike, so that nothing of it compresses away."""
    return Graph(
        op_names=["", "tanh"],
        op=np.minimum(np.arange(n), 1),
        kind=np.where(np.arange(n) > 0, OP, PARAM),
        input_start=np.maximum(np.arange(n + 1) - 1, 0),
        input=np.arange(n - 1),
        data=np.sin(np.arange(n)),
        grad=np.cos(np.arange(n)),
        has_grad=np.ones(n, dtype=bool),
    )


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("memory") / "a.gradviz"
    writer = Writer(path, {"script": "a.py"})
    for n in (10, LARGE):
        writer.add(chain(n))
    writer.finish()
    return path


def run(program: str, *args: object) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", HEAD + program, *map(str, args)]
    return subprocess.run(command, capture_output=True, text=True, timeout=120)


def test_a_pass_that_does_not_fit_is_refused_and_the_others_are_read(file: Path) -> None:
    done = run(LIBRARY, file)
    assert done.returncode == 0, done.stderr
    told, others = done.stdout.splitlines()
    assert told.startswith("There is not enough memory for pass 1: its 400,000 values take about 152 MB.")
    assert "ulimit -v" in told and "--max-values" in told and others == "10"


@pytest.mark.parametrize("room", [12, 60])  # MB: too little to read the pass; too little to draw it
def test_the_server_goes_on_with_what_fits(file: Path, room: int) -> None:
    done = run(SERVER, file, room)
    assert done.returncode == 0, done.stderr
    sound, large, again, _, recording = done.stdout.splitlines()
    assert sound == again == recording == "200 None"
    assert large.startswith("503 There is not enough memory for ")


def test_the_command_line_says_so_and_fails(file: Path) -> None:
    done = run(COMMAND, file)
    assert done.returncode == 1 and done.stdout == ""
    assert done.stderr.startswith("gradviz: There is not enough memory for pass 1")
    assert "Traceback" not in done.stderr


def test_large_graphs_are_held_up_to_a_bound() -> None:
    graphs = [chain(VALUES_KEPT // 3) for _ in range(5)]
    recording = Recording.of(graphs)
    for index in range(5):
        recording.graph(index)
    assert len(recording._graphs) == 3
    recording.forget()
    assert len(recording._graphs) == 0 and recording.graph(0) is graphs[0]
