"""``%load_ext gradviz``: ``%%gradviz`` records a cell and shows its pass, ``%gradviz_check`` checks it.

IPython is imported here alone, and only by this file, which IPython itself asks for.
"""

from __future__ import annotations

import shlex
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

from IPython.core.error import UsageError
from IPython.core.magic import Magics, cell_magic, line_magic, magics_class
from IPython.core.magic_arguments import argument, magic_arguments
from IPython.display import display

from gradviz.diagnostics import Finding, diagnose
from gradviz.errors import DataError, GradvizError
from gradviz.graph import Graph
from gradviz.notebook import drawn
from gradviz.recorders import recorder_for
from gradviz.recorders.files import sources_of
from gradviz.recorders.kernel import LAST, CellPasses, recording_cell
from gradviz.recorders.naming import names_among
from gradviz.recording import Recording
from gradviz.timeline import PHASES

FIGURE = ("title", "alt", "caption", "width", "theme", "phase", "step", "depth")


def load_ipython_extension(shell: Any) -> None:
    """Add the magics to a shell, as ``%load_ext gradviz`` asks."""
    shell.register_magics(GradvizMagics(shell))


def unload_ipython_extension(shell: Any) -> None:
    """Take the magics away again."""
    for kind, name in (("cell", "gradviz"), ("line", "gradviz_check")):
        shell.magics_manager.magics[kind].pop(name, None)


@magics_class
class GradvizMagics(Magics):  # type: ignore[misc]
    """The magics of one shell.

    Attributes:
        passes: what the cell recorded last did; None before the first.
    """

    def __init__(self, shell: Any) -> None:
        super().__init__(shell)
        self.passes: CellPasses | None = None

    @magic_arguments("%gradviz")
    @argument("--title", help="What the picture is called.")
    @argument("--alt", help="What it shows, in words; by default a summary.")
    @argument("--caption", help="A line below it.")
    @argument("--width", help="How wide it is: 600px, 80%%, 12cm.")
    @argument(
        "--theme", choices=("auto", "light", "dark"), default="auto", help="auto is as the reader prefers."
    )
    @argument("--phase", choices=PHASES, help="The moment: the end of this phase.")
    @argument("--step", type=int, help="The moment: after so many steps, of the phase if there is one.")
    @argument("--depth", type=int, help="Open scopes down to this depth.")
    @argument("--pass", dest="index", type=int, default=-1, help="Which pass; by default -1, the last.")
    @argument("--last", type=int, default=LAST, help=f"How many passes to keep, by default {LAST}.")
    @argument("--keep", metavar="NAME", help="Keep the passes in this variable, as a list of Graphs.")
    @argument("--no-show", action="store_true", help="Record, and show nothing.")
    @cell_magic
    def gradviz(self, line: str, cell: str) -> None:
        """Run a cell, record every backward() in it, and show the last as a page that steps.

        Classes of values may be gradviz's own, or written by hand in this cell or an earlier one. A cell that
        calls no backward() shows what it has computed, or given gradients by hand.
        """
        with _told():
            args = self.gradviz.parser.parse_args(shlex.split(line))
        if args.last < 1 or (args.keep and not args.keep.isidentifier()):
            raise UsageError("--last is a number from 1 on, --keep the name of a variable.")
        head = "" if cell.lstrip().startswith("%%") else f"# %%gradviz {line}\n"  # keeps the numbers of lines
        with recording_cell(self.shell.user_ns, _say, last=args.last) as passes:
            with _held_back(self.shell) as traceback:
                ran = self.shell.run_cell(head + cell)
            passes.result = ran.result
        self.passes = passes
        if args.keep:
            self.shell.user_ns[args.keep] = passes.graphs
        error = ran.error_in_exec if ran.error_before_exec is None else ran.error_before_exec
        if error is None:
            self._show(passes, args)
            return
        with suppress(UsageError):  # what the cell raised goes before what is wrong with the options
            if passes.graphs:
                self._show(passes, args)
        raise _as_shown(error, traceback)  # so that the notebook stops here, as without the magic

    def _show(self, passes: CellPasses, args: Any) -> None:
        if args.no_show:
            return
        if not passes.graphs:
            _say("the cell computed nothing that can be recorded.")
            return
        kept, there = len(passes.graphs), f"{passes.count:,} passes"
        if not -kept <= args.index < kept:
            those = f"{kept} passes are kept, 0 to {kept - 1}" if kept > 1 else "1 pass is kept, number 0"
            raise UsageError(f"There is no pass {args.index}: {those}.")
        graph = passes.graphs[args.index]
        options = {name: getattr(args, name) for name in FIGURE}
        if passes.count > 1:
            number = graph.meta.get("number", args.index % kept)
            options["caption"] = options["caption"] or f"Pass {number} of {there}, counted from 0"
        with _told():
            display(drawn(graph, **options))

    @magic_arguments()
    @argument(
        "name", nargs="*", help="A value, or an expression that gives one; by default the last recorded cell."
    )
    @line_magic
    def gradviz_check(self, line: str) -> None:
        """Say what is wrong with the gradients of a value, or of the passes of the last recorded cell."""
        with _told():
            findings = diagnose(Recording.of(self._graphs(line.strip())))
        for finding in findings:
            print(self._words(finding))
        if not findings:
            print("Nothing found.")

    def _graphs(self, name: str) -> list[Graph]:
        if name:
            try:
                value = self.shell.ev(name)
            except Exception as error:
                raise UsageError(f"{name}: {type(error).__name__}: {error}") from None
            held = value if isinstance(value, list | tuple) else [value]
            graphs = [each for each in held if isinstance(each, Graph)]
            if graphs and len(graphs) == len(held):
                return graphs
            row = recorder_for(value)
            graph = row.record(value, names_among([self.shell.user_ns], row.recognises))
            return [graph.with_sources(sources_of(graph))]
        if self.passes is None:
            raise DataError(
                "No cell is recorded yet.", "Begin one with %%gradviz, or name a value: %gradviz_check loss."
            )
        return self.passes.graphs

    def _words(self, finding: Finding) -> str:
        """A finding in a few lines, with its place as a notebook calls it."""
        where = f"{self._place(finding)}: " if finding.source else ""
        times = (
            f" In {finding.times:,} passes, first in pass {finding.pass_index}." if finding.times > 1 else ""
        )
        lines = [f"{where}{finding.severity}: {finding.message}{times} [{finding.check}]"]
        return "\n    ".join(filter(None, [*lines, finding.evidence, finding.cure]))

    def _place(self, finding: Finding) -> str:
        source = finding.source
        assert source is not None
        known = getattr(self.shell.compile, "format_code_name", lambda file: None)(source.file)
        return f"{' '.join(known)}, line {source.line}" if known else str(source)


@contextmanager
def _held_back(shell: Any) -> Iterator[list[str]]:
    """Let the shell show no traceback, and give its lines: they are those of the cell alone.

    They call it by the number of the cell around it, which IPython has by then counted on from.
    """
    lines: list[str] = []
    name = shell.compile.cache
    shell._showtraceback = lambda kind, error, shown: lines.extend(shown)
    shell.compile.cache = lambda code, number=0, raw_code=None: name(code, number - 1, raw_code=raw_code)
    try:
        yield lines
    finally:
        del shell._showtraceback, shell.compile.cache


def _as_shown(error: BaseException, lines: list[str]) -> BaseException:
    """The error, of which a shell shows these lines. It shows a SyntaxError in a way of its own."""
    if isinstance(error, SyntaxError):
        error = type(type(error).__name__, (Exception,), {})(str(error))
    error._render_traceback_ = lambda: lines  # type: ignore[attr-defined]
    return error


@contextmanager
def _told() -> Iterator[None]:
    """Let the shell show one line for what the user can mend, and no traceback of ours."""
    try:
        yield
    except (GradvizError, ValueError) as problem:
        raise UsageError(str(problem)) from None


def _say(text: str) -> None:
    print(f"gradviz: {text}", file=sys.stderr)
