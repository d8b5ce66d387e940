"""Where the graph of a note comes from: its lines, a recording, or Python run in a process of its own."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from gradviz.errors import GradvizError
from gradviz.notes.compute import graph_of_text
from gradviz.notes.mistake import Mistake
from gradviz.notes.options import SCRIPTS

if TYPE_CHECKING:
    from gradviz.graph import Graph

# Seconds that a note's Python may take: training belongs in a script, and its recording in the note.
LONGEST_RUN = 120.0
_NAME = "note.py"


def graph_of(source: str, options: Mapping[str, Any], folder: str, allow_exec: bool) -> Graph:
    """Compute, open or run what a note says.

    Args:
        source: its text without option lines.
        options: what ``settle`` gave.
        folder: where relative files are looked for, and where Python runs.
        allow_exec: whether Python may run.

    Raises:
        GradvizError: it cannot be done; a ``Mistake`` says in which line.
    """
    file, index = options.get("file", ""), options.get("pass", 0)
    if file and source.strip():
        raise Mistake(f"There is both file={file} and a text.", "Leave one of them out.", line=1)
    for key in ("root", "backward"):
        if key in options and (file or options.get("exec")):
            raise Mistake(
                f"{key} is for expressions; a recording has its own passes.", "Choose one by pass=N."
            )
    if not file and not options.get("exec"):
        if "pass" in options:
            raise Mistake("pass is for a recording or Python; expressions have one pass.")
        return graph_of_text(source, options.get("root", ""), options.get("backward", True))
    path = os.path.join(folder, file) if file else ""
    if path and not path.endswith(SCRIPTS):
        return _opened(path, index, file)
    if not allow_exec:
        raise Mistake(
            f"{file or 'This Python'} is not run, because nobody allowed it.",
            "Allow it with --exec, or where your site is configured: see gradviz's docs/notes.md.",
        )
    with tempfile.TemporaryDirectory(prefix="gradviz-") as scratch:
        script = path or os.path.join(scratch, _NAME)
        if not path:
            with open(script, "w", encoding="utf-8", newline="\n") as text:
                text.write(source)
        return _run(script, folder, os.path.join(scratch, "run.gradviz"), index)


def _opened(path: str, index: int, name: str) -> Graph:
    """One pass of a recording; ``name`` is what to call it: a page tells nothing of a home folder."""
    from gradviz.recording import Recording

    try:
        with Recording.open(path) as recording:
            return recording.graph(index)
    except GradvizError as error:
        found = os.path.lexists(path)
        cure = error.hint if found else "Paths begin at the folder of the document."
        raise Mistake(error.message.replace(path, name), cure) from None


def _run(script: str, folder: str, recording: str, index: int) -> Graph:
    """``gradviz run`` in another process: whatever the code does, it does not do it to this one."""
    start = os.path.join(os.path.dirname(os.path.dirname(__file__)), "__main__.py")
    command = [
        sys.executable,
        start,
        "run",
        "--quiet",
        "--no-serve",
        "-o",
        recording,
        "--",
        os.path.abspath(script),
    ]
    with subprocess.Popen(
        command,
        cwd=folder or ".",
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        start_new_session=True,  # so that its own children can be ended with it
    ) as child:
        try:
            told = child.communicate(timeout=LONGEST_RUN)[1].decode(errors="replace")
        except BaseException as error:
            _end(child)
            if isinstance(error, subprocess.TimeoutExpired):
                raise Mistake(
                    f"The code took longer than {LONGEST_RUN:.0f} seconds.",
                    "Record it with gradviz run, and name the recording: file=run.gradviz",
                ) from None
            raise
    if child.returncode:
        raise _stopped(told, script, child.returncode)
    if not os.path.exists(recording):
        raise Mistake("The code never called backward(), so there is nothing to draw.")
    return _opened(recording, index, "The recording")


def _end(child: subprocess.Popen[bytes]) -> None:
    if hasattr(os, "killpg"):
        try:
            os.killpg(child.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass  # it ended by itself
    else:
        child.kill()


def _stopped(told: str, script: str, code: int) -> GradvizError:
    """What made the code stop: the last line of its traceback, and the last of its own lines in there."""
    last = told.strip().splitlines()[-1].strip() if told.strip() else f"exit code {code}"
    lines = re.findall(rf'File ".*{re.escape(os.path.basename(script))}", line (\d+)', told)
    own = os.path.basename(script) == _NAME and lines
    where = f" in line {lines[-1]} of {os.path.basename(script)}" if lines and not own else ""
    return Mistake(f"The code stopped{where}: {last[:300]}", line=int(lines[-1]) if own else 0)
