"""A user's program, run as ``python FILE`` or ``python -m MODULE`` runs it.

``__main__``, ``sys.argv``, ``sys.path`` and what an uncaught exception prints are those of plain Python. Only
the frames below the user's first one are ours; they are not shown.
"""

from __future__ import annotations

import builtins
import importlib.util
import io
import os
import pkgutil
import sys
import traceback
from collections.abc import Sequence
from importlib.machinery import ModuleSpec, SourceFileLoader
from types import CodeType, ModuleType, TracebackType
from typing import Any

from gradviz.frozen import Frozen

AT_START = (
    "abc",
    "codecs",
    "encodings",
    "genericpath",
    "gradviz",
    "io",
    "ntpath",
    "os",
    "posixpath",
    "site",
    "stat",
)
OURS = ("gradviz", "click", "importlib", "_frozen_importlib", "runpy", "pkgutil")


class Outcome(Frozen):
    """How a program ended.

    Attributes:
        status: what it gave to ``sys.exit``: None and 0 are success.
        error: the uncaught exception, or None.
        interrupted: Ctrl-C ended it.
        started: whether any of it ran; a syntax error is found before.
    """

    status: Any = None
    error: BaseException | None = None
    interrupted: bool = False
    started: bool = True

    @property
    def exit_code(self) -> int:
        """The status as the operating system sees it."""
        if self.interrupted:
            return 130
        if self.status is None:
            return 0
        return self.status & 0xFF if isinstance(self.status, int) else 1


class CannotRun(Exception):
    """There is nothing to run; ``status`` is Python's own."""

    def __init__(self, message: str, status: int = 1) -> None:
        super().__init__(f"{sys.executable}: {message}")
        self.status = status


class Program:
    """One run of a script, a module or, for ``-``, what stands on standard input."""

    def __init__(self, target: str, argv: Sequence[str] = (), *, module: bool = False) -> None:
        self.target, self.argv, self.module = target, list(argv), module
        self.main = ModuleType("__main__")
        self.code: CodeType | None = None
        self._before: tuple[list[str], list[str], ModuleType] | None = None
        self._hidden: dict[str, ModuleType] = {}

    @property
    def file(self) -> str:
        """The path of the program, once it was found."""
        return str(getattr(self.main, "__file__", "") or self.target)

    def run(self) -> Outcome:
        """Run it to its end, print what Python would print, and say how it ended."""
        self._before = sys.argv, list(sys.path), sys.modules["__main__"]
        vars(self.main).update(self._blank())
        sys.modules["__main__"] = self.main
        try:
            sys.argv = ["-m" if self.module else self.target, *self.argv]
            self._execute()
        except CannotRun as problem:
            print(problem, file=sys.stderr)
            return Outcome(status=problem.status, error=problem, started=False)
        except SystemExit as leave:
            return Outcome(status=leave.code)
        except BaseException as error:
            return self._uncaught(error)
        return Outcome()

    def _execute(self) -> None:
        """Find the code, and run it in ``__main__``."""
        self.code = self._find_module() if self.module else self._find_script()
        exec(self.code, vars(self.main))

    def restore(self) -> None:
        """Put back what was there before ``run()``."""
        if self._before:
            sys.argv, sys.path[:], sys.modules["__main__"] = self._before
            sys.modules.update(self._hidden)

    def _blank(self) -> dict[str, Any]:
        """The names that Python puts into ``__main__``, of this version of Python."""
        real = vars(sys.modules["__main__"])
        names = {"__annotations__": {}, "__builtins__": builtins, "__file__": None, "__cached__": None}
        return {name: value for name, value in names.items() if name in real or name[2] in "bf"}

    def _find_script(self) -> CodeType:
        if self.target == "-":
            self.main.__file__ = "<stdin>"
            self._lead("")
            return compile(sys.stdin.buffer.read(), "<stdin>", "exec", dont_inherit=True)
        path = os.path.join(os.getcwd(), self.target)  # not normalised, as Python does not
        importer = pkgutil.get_importer(path)
        if importer is not None:  # a folder or a zip file
            self._lead(path)
            spec = importer.find_spec("__main__", None)
            if spec is None:
                raise CannotRun(f"can't find '__main__' module in {path!r}")
            return self._adopt(spec)
        self.main.__file__ = path
        self.main.__loader__ = SourceFileLoader("__main__", path)
        self._lead(os.path.dirname(os.path.realpath(path)))
        try:
            with io.open_code(path) as file:
                source = file.read()
        except OSError as error:
            raise CannotRun(f"can't open file {path!r}: [Errno {error.errno}] {error.strerror}", 2) from None
        return compile(source, path, "exec", dont_inherit=True)

    def _find_module(self) -> CodeType:
        self._lead(os.getcwd())
        name = self.target
        try:
            spec = importlib.util.find_spec(name)
            if spec is not None and spec.submodule_search_locations is not None:
                package, name = name, f"{name}.__main__"
                spec = importlib.util.find_spec(name)
                if spec is None:
                    raise CannotRun(
                        f"No module named {name}; {package!r} is a package and cannot be directly executed"
                    )
        except (ImportError, ValueError) as error:
            if isinstance(error, ImportError) and not self.target.startswith(error.name or " "):
                raise  # an import inside the package failed: that is the user's traceback
            why = f"{type(error).__name__}: {error}"
            raise CannotRun(f"Error while finding module specification for {name!r} ({why})") from None
        if spec is None:
            raise CannotRun(f"No module named {name}")
        return self._adopt(spec)

    def _adopt(self, spec: ModuleSpec) -> CodeType:
        """Make ``__main__`` the module that ``spec`` describes."""
        loader: Any = spec.loader
        code = loader.get_code(spec.name) if hasattr(loader, "get_code") else None
        if code is None:
            raise CannotRun(f"No code object available for {spec.name}")
        self.main.__spec__, self.main.__package__ = spec, spec.parent
        self.main.__loader__, self.main.__file__ = loader, spec.origin
        if hasattr(self.main, "__cached__"):
            vars(self.main)["__cached__"] = spec.cached
        if self.module:
            sys.argv[0] = spec.origin or sys.argv[0]
        assert isinstance(code, CodeType)
        return code

    def _lead(self, folder: str) -> None:
        """Put the program's folder where Python put the one that gradviz was started from."""
        if sys.flags.safe_path:
            return
        sys.path[0] = folder
        tops = {name: name.partition(".")[0] for name in sys.modules}
        hidden = {top for top in set(tops.values()) if _is_hidden_by(folder, top)}
        for name in [name for name, top in tops.items() if top in hidden]:
            self._hidden[name] = sys.modules.pop(name)

    def _uncaught(self, error: BaseException) -> Outcome:
        """Print the user's part of the traceback, by the user's own excepthook if there is one."""
        trace = user_frames(error.__traceback__)
        error.__traceback__ = trace
        sys.last_type, sys.last_value, sys.last_traceback = type(error), error, trace
        status: Any = 1
        try:
            sys.excepthook(type(error), error, trace)
        except SystemExit as leave:
            status = leave.code
        except BaseException as failure:
            for title, each in (("Error in sys.excepthook:", failure), ("\nOriginal exception was:", error)):
                print(title, file=sys.stderr)
                each.__context__ = None if each is failure else each.__context__
                traceback.print_exception(each.with_traceback(user_frames(each.__traceback__)))
        interrupted = isinstance(error, KeyboardInterrupt)
        return Outcome(status, error, interrupted, started=self.code is not None)


def user_frames(trace: TracebackType | None) -> TracebackType | None:
    """Give a traceback from the first frame on that is not ours."""
    while trace is not None and _is_ours(trace):
        trace = trace.tb_next
    return trace


def _is_hidden_by(folder: str, top: str) -> bool:
    """Whether a module that we have imported, and Python at its start has not, is the user's to the script.

    A ``token.py`` beside the script hides the standard library's, so what we did with that must not be found.
    """
    if top in AT_START or top in sys.builtin_module_names or top.startswith("_"):
        return False
    return any(os.path.isfile(os.path.join(folder, top + ending)) for ending in (".py", "/__init__.py"))


def _is_ours(trace: TracebackType) -> bool:
    return str(trace.tb_frame.f_globals.get("__name__", "")).partition(".")[0] in OURS
