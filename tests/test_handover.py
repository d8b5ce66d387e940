"""One pass of a script, handed over in memory: as good as a recording, and safe from the script."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from gradviz import Value, record
from gradviz.cli.handover import Handover
from gradviz.errors import NotFoundError, RecordingError
from gradviz.graph import Graph, Update

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="the system has no memfd_create")

TRAINING = """
import random
import numpy as np
from gradviz import Value, nn, optim
random.seed(1)
model = nn.MLP(2, [3, 1])
x = Value(np.ones(3), name="x")
sgd = optim.SGD(model.parameters(), lr=0.1)
for k in range(3):
    sgd.zero_grad()
    loss = (model([1.0, -k]) ** 2 + (x * x).sum())
    loss.backward()
    sgd.step()
"""


def graph_of_one() -> Graph:
    out = Value(2.0, name="x", kind="param").tanh()
    out.backward()
    return record(out)


def gradviz(cwd: Path, *args: str) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run([sys.executable, "-m", "gradviz", *args], cwd=cwd, capture_output=True)


def test_a_pass_that_is_handed_over_is_the_pass_that_is_recorded(tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text(TRAINING)
    assert gradviz(tmp_path, "run", "--no-serve", "-o", "a.gradviz", "a.py").returncode == 0
    for form in ("svg", "json"):
        for index in ("0", "2"):
            options = ["-o", "-", "-f", form, "--pass", index, "--phase", "update"]
            handed, read = (gradviz(tmp_path, "export", file, *options) for file in ("a.py", "a.gradviz"))
            assert handed.stdout == read.stdout and len(read.stdout) > 1000, (handed.stderr, read.stderr)
    missing = gradviz(tmp_path, "steps", "a.py", "--pass", "3")
    assert missing.returncode == 1 and b"There is no pass 3. There are passes 0 to 2." in missing.stderr
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.gradviz", "a.py"]


def test_what_was_written_in_part_is_left_out() -> None:
    handover = Handover(1)
    assert [handover.wants(index) for index in range(2)] == [False, True]
    graph = graph_of_one()
    handover.add(graph)
    size = os.fstat(handover._file).st_size
    handover.update(1, [Update(0, 2.0, 1.5, "sgd")])
    assert not handover.wants(2)
    os.truncate(handover._file, os.fstat(handover._file).st_size - 3)
    assert os.fstat(handover._file).st_size > size
    handed = handover.taken()
    found = handed.graph(1)
    assert len(handed) == 3 and found.names == graph.names and not found.updates
    assert np.array_equal(found.grad, graph.grad) and not found.data.flags.writeable
    with pytest.raises(NotFoundError, match=r"There is no pass 0"):
        handed.graph(0)


def test_a_file_of_the_scripts_own_is_not_written_to(tmp_path: Path) -> None:
    handover, own = Handover(0), tmp_path / "own"
    file = os.open(own, os.O_CREAT | os.O_RDWR)
    os.dup2(file, handover._file)  # as after os.closerange and some open()
    for work in (lambda: handover.add(graph_of_one()), lambda: handover.wants(1)):
        with pytest.raises(RecordingError, match="closed the file"):
            work()
    assert own.read_bytes() == b""
    os.close(file)
    os.close(handover._file)
