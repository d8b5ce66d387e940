"""``gradviz.draw`` and ``gradviz.debug``: a computation as a picture, or in the debugger."""

from __future__ import annotations

import atexit
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Collection
from functools import partial
from types import FrameType
from typing import TYPE_CHECKING, Any

from gradviz.drawing import THEMES, Drawing
from gradviz.errors import GradvizError
from gradviz.graph import Graph
from gradviz.recorders import recorder_for
from gradviz.recorders.files import sources_of
from gradviz.recorders.naming import names_in

if TYPE_CHECKING:
    from gradviz.widgets import Widget

WIDTH = r"[0-9]{1,6}(\.[0-9]{1,6})?(px|in|cm|mm|pt|%|)"


def draw(
    value: Any,
    *,
    phase: str | None = None,
    step: int | None = None,
    depth: int | None = None,
    expand: Collection[str] | None = None,
    title: str | None = None,
    alt: str | None = None,
    caption: str | None = None,
    width: str | int | None = None,
    theme: str = "auto",
    legend: bool = True,
    engine: str | None = None,
    player: bool = True,
) -> Drawing:
    """Draw everything that a value was computed from.

    Values without a name of their own are called what the caller's variables call them. Under ``gradviz run``
    the value is recorded too.

    Args:
        value: a value of any class that can be recorded, or a ``Graph``.
        phase: the moment to show: the end of "forward", "order", "backward" or "update".
        step: the moment to show, as a number of steps; with ``phase``, of steps into it.
        depth: open the scopes down to this depth; None opens as many as can be read.
        expand: instead of that, the keys of the scopes to open.
        title: what the picture is called.
        alt: what it shows, in words; None is a summary.
        caption: a line below it in a notebook.
        width: how wide it is there: in pixels, such as 600, or in CSS: "600px", "80%".
        theme: "light", "dark", or "auto" for the reader's preference.
        legend: whether to explain the colours below the drawing.
        engine: lay out by this Graphviz engine; None is gradviz's own layout.
        player: whether a notebook may show the page that steps, where it lets pages run.

    Raises:
        DataError: the value cannot be recorded.
        GradvizError: there is no such moment or theme.
    """
    frame = sys._getframe(1)
    handed(value, frame)
    return drawn(
        graph_of(value, frame), phase=phase, step=step, depth=depth, expand=expand, title=title, alt=alt,
        caption=caption, width=width, theme=theme, legend=legend, engine=engine, player=player,
    )  # fmt: skip


def drawn(graph: Graph, *, theme: str = "auto", width: str | int | None = None, **options: Any) -> Drawing:
    """Draw a graph; the options are those of ``draw``.

    Raises:
        GradvizError: there is no such moment or theme, or the width is none.
    """
    if theme not in THEMES:
        raise GradvizError(f"There is no theme {theme!r:.40}.", f"There are {', '.join(THEMES)}.")
    wide = None if width is None else str(width)
    if wide is not None and not re.fullmatch(WIDTH, wide):
        raise GradvizError(f"{wide!r:.40} is no width.", "A width is 600, 80% or 12cm.")
    wide = f"{wide}px" if wide and wide[-1].isdigit() else wide
    words = {"alt": options.pop("alt", None), "caption": options.pop("caption", None), "width": wide}
    drawing = Drawing(graph, words=words, theme=theme, **options)
    drawing.frame  # noqa: B018 - now, and not where a notebook shows it, is the time to refuse a moment
    return drawing


def widget(
    value: Any,
    *,
    phase: str | None = None,
    step: int | None = None,
    depth: int | None = None,
    title: str | None = None,
    alt: str | None = None,
    theme: str = "auto",
    compact: bool = True,
) -> Widget:
    """Show a notebook the page that steps, with a cursor that Python reads and sets: ``w.step``, ``w.node``.

    Args:
        value: a value of any class that can be recorded, or a ``Graph``.
        phase, step: the moment to begin at, as for ``draw``; by default the end.
        depth, title, alt, theme: as for ``draw``.
        compact: the graph, the transport and the sentence only, not the whole debugger.

    Raises:
        DataError: the value cannot be recorded.
        GradvizError: anywidget is not installed; there is no such moment or theme; or the pass is too large.
    """
    frame = sys._getframe(1)
    handed(value, frame)
    try:
        from gradviz.widgets import Widget
    except ModuleNotFoundError as error:
        if error.name not in ("anywidget", "traitlets"):
            raise
        raise GradvizError(
            f"A widget needs {error.name}.", "Install it: pip install 'gradviz[widget]'."
        ) from None
    drawing = drawn(
        graph_of(value, frame), phase=phase, step=step, depth=depth, title=title, alt=alt, theme=theme
    )
    return Widget(drawing, phase=phase, step=step, depth=depth, title=title, theme=theme, compact=compact)


def debug(value: Any, *, port: int | None = None, open_browser: bool | None = None) -> None:
    """Open the debugger on everything that a value was computed from.

    It is served to this machine alone, by a process of its own. A script waits until Ctrl-C stops it; in a
    notebook it runs on until the kernel ends. Under ``gradviz run`` the value is recorded instead.

    Args:
        value: a value of any class that can be recorded, or a ``Graph``.
        port: where to serve; None is 8765, or the next free one.
        open_browser: None opens it if there is a terminal and a display.

    Raises:
        DataError: the value cannot be recorded.
    """
    frame = sys._getframe(1)
    if handed(value, frame):
        return
    folder = tempfile.mkdtemp(prefix="gradviz-")
    clean: Callable[[], None] = partial(shutil.rmtree, folder, ignore_errors=True)
    try:
        path = os.path.join(folder, "debug.gradviz")
        _write(graph_of(value, frame), path)
        words = [] if port is None else [f"--port={port}"]
        words += [] if open_browser is None else ["--open" if open_browser else "--no-open"]
        command = [sys.executable, "-m", "gradviz", "show", *words, path]
        if "get_ipython" in frame.f_globals:
            clean = _stay(command, clean)
        else:
            _wait(subprocess.Popen(command))
    finally:
        clean()


def graph_of(value: Any, frame: FrameType) -> Graph:
    """Give the graph of a value, its nodes named by the variables of ``frame``; a Graph as it is."""
    if isinstance(value, Graph):
        return value
    row = recorder_for(value)
    graph = row.record(value, names_in(frame, row.recognises))
    return graph.with_sources(sources_of(graph))


def handed(value: Any, frame: FrameType) -> bool:
    """Let ``gradviz run`` record a value, if that runs the program; whether it does."""
    watch = sys.modules.get("gradviz.recorders.watch")  # loaded by it alone
    hand = getattr(watch, "handed", None)
    return hand is not None and not isinstance(value, Graph) and bool(hand(value, frame))


def _write(graph: Graph, path: str) -> None:
    """Write a recording of one pass, with the user's files that it was made in."""
    from gradviz.recorders.script import facts_of_run
    from gradviz.recording import Writer

    writer = Writer(path, facts_of_run(sys.argv[0] if sys.argv else "", []))
    writer.add(graph)
    for file, text in graph.sources.items():
        writer.source(file, text)
    writer.finish()


def _wait(server: subprocess.Popen[Any]) -> None:
    """Wait until the server ends. Ctrl-C is for the server, which the terminal tells as well."""
    while True:
        try:
            server.wait()
            return
        except KeyboardInterrupt:
            continue


def _stay(command: list[str], clean: Callable[[], None]) -> Callable[[], None]:
    """Serve until the kernel ends, and say where; what is then to be cleaned up is not to be now."""
    server = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)

    def stop() -> None:
        server.terminate()
        server.communicate()
        clean()

    assert server.stderr is not None
    line = server.stderr.readline()
    if "http://" not in line:
        server.kill()
        rest = line + server.communicate()[1]
        raise GradvizError(f"The debugger did not start: {rest.strip()[:400]}")
    print(line.strip())
    atexit.register(stop)
    return lambda: None
