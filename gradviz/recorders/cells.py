"""A notebook, run as a program: its code cells in order, in one ``__main__``, as IPython would run them.

Each cell is compiled under the name ``lecture.ipynb#cell-3``, and ``linecache`` knows its lines, so that
tracebacks and recordings show them. Cells are counted from 1, without those of text.
"""

from __future__ import annotations
import __future__

import ast
import inspect
import linecache
import os
import sys
import traceback
from collections.abc import Sequence
from types import CodeType
from typing import Any

from gradviz.errors import NotebookError
from gradviz.recorders.listener import say
from gradviz.recorders.magics import Shell, to_python
from gradviz.recorders.notebookfile import read_cells
from gradviz.recorders.program import CannotRun, Outcome, Program, user_frames
from gradviz.recorders.watch import after_cell

_FUTURE = sum({getattr(__future__, name).compiler_flag for name in __future__.all_feature_names})


class NotANotebook(CannotRun):
    """The file holds no cells that could be run."""

    def __init__(self, error: NotebookError) -> None:
        Exception.__init__(self, f"gradviz: {error}")
        self.status = 1


class Notebook(Program):
    """One run of a notebook, in the folder where it lies, as Jupyter runs it.

    Attributes:
        path: its full path.
    """

    def __init__(self, target: str, argv: Sequence[str] = ()) -> None:
        super().__init__(target, argv)
        self.path = os.path.join(os.getcwd(), target)
        self._folder = os.getcwd()
        self._flags = (
            ast.PyCF_ALLOW_TOP_LEVEL_AWAIT
        )  # what cells before have imported from __future__ is added
        self._skipped: set[str] = set()
        self._cell, self._shell = 0, Shell(self._skip)
        self._loop: Any = None

    @property
    def file(self) -> str:
        """The name of the cell that runs, or ran last."""
        return f"{self.path}#cell-{self._cell}"

    def restore(self) -> None:
        """Put back what was there before ``run()``."""
        try:
            if self._loop is not None:
                self._loop.close()
        finally:
            if self._before:
                os.chdir(self._folder)
            super().restore()

    def _execute(self) -> None:
        try:
            cells = read_cells(self.path)
        except NotebookError as error:
            raise NotANotebook(error) from None
        os.chdir(os.path.dirname(self.path))
        self._lead(os.path.dirname(os.path.realpath(self.path)))
        names = vars(self.main)
        for name in ("__file__", "__cached__"):
            names.pop(name, None)
        names.update(get_ipython=lambda: self._shell, display=_display, In=[""], Out={})
        for self._cell, source in enumerate(cells, 1):
            self._run(source)
            after_cell(names, self.file)

    def _run(self, source: str) -> None:
        """Run a cell, and show what its last expression gives."""
        file = self.file
        python, skipped = to_python(source)
        for what in skipped:
            self._skip(what)
        # no time: checkcache leaves it alone, for there is no such file
        linecache.cache[file] = len(python), None, python.splitlines(keepends=True), file
        vars(self.main)["In"].append(source)
        body, last, shown = self._compiled(python, file)
        self._value_of(body)
        if last is not None:
            value = self._value_of(last)
            if shown and value is not None:
                self._show(value)

    def _compiled(self, python: str, file: str) -> tuple[CodeType, CodeType | None, bool]:
        """The statements of a cell, its last expression, if it ends with one, and whether that is shown."""
        try:
            tree: Any = compile(python, file, "exec", self._flags | ast.PyCF_ONLY_AST, dont_inherit=True)
            last = tree.body.pop() if tree.body and isinstance(tree.body[-1], ast.Expr) else None
            body = compile(tree, file, "exec", self._flags, dont_inherit=True)
            self.code = body
            self._flags |= body.co_flags & _FUTURE
            if last is None:
                return body, None, False
            code = compile(ast.Expression(last.value), file, "eval", self._flags, dont_inherit=True)
        except SyntaxError as error:
            if error.text is None and error.lineno:  # found in the tree, which has no text
                error.text = linecache.getline(file, error.lineno)
            self.code = self.code or compile("", file, "exec")  # the program has begun
            raise
        after = "\n".join(python.split("\n")[last.end_lineno - 1 :]).encode()[last.end_col_offset :]
        return body, code, not after.lstrip().startswith(b";")

    def _value_of(self, code: CodeType) -> Any:
        value = eval(code, vars(self.main))
        if not code.co_flags & inspect.CO_COROUTINE:
            return value
        if self._loop is None:  # one for all cells, so that a task goes on where the next cell awaits
            import asyncio

            self._loop = asyncio.Runner()
        return self._loop.run(value)

    def _show(self, value: Any) -> None:
        vars(self.main)["Out"][self._cell] = value
        try:
            text = repr(value)
        except Exception as error:  # as in IPython, the cell has done its work
            traceback.print_exception(type(error), error, user_frames(error.__traceback__))
            return
        print(f"Out[{self._cell}]:{chr(10) if chr(10) in text else ' '}{text}")

    def _skip(self, what: str) -> None:
        if what not in self._skipped:
            self._skipped.add(what)
            meaning = "help" if what in ("?", "??") else what
            say(f"cell {self._cell}: {meaning} is skipped; gradviz runs the Python of a notebook.")

    def _uncaught(self, error: BaseException) -> Outcome:
        """Print the traceback with the lines of cells, which Python's own hook looks for on the disk."""
        if sys.excepthook is not sys.__excepthook__:
            return super()._uncaught(error)
        sys.excepthook = traceback.print_exception
        try:
            return super()._uncaught(error)
        finally:
            sys.excepthook = sys.__excepthook__


def _display(*values: Any) -> None:
    """Show values in the middle of a cell, as text."""
    for value in values:
        print(repr(value))
