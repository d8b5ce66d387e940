"""The house: which file may import which. This table is the drawing; change it first, then the code.

A file imports only from lower floors and from its own room. Decimals order the neighbours on one floor
that stand on each other.
"""

import ast
import graphlib
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

ROOT = Path(__file__).resolve().parent.parent

FLOORS = {
    # 1: facts about one operation, one array, one graph
    "gradviz.errors": 1.0,
    "gradviz.frozen": 1.0,
    "gradviz.grouping": 1.0,
    "gradviz.numbers": 1.1,
    "gradviz.ops": 1.2,
    "gradviz.summary": 1.2,
    "gradviz.graph": 1.3,
    # 2: what computes a graph, and what is derived from it
    "gradviz.engine": 2,
    "gradviz.timeline": 2.0,
    "gradviz.recording": 2.0,
    "gradviz.view": 2.1,
    "gradviz.program": 2.1,
    # 3: what reads it and what makes it from foreign code
    "gradviz.explain": 3.0,
    "gradviz.diagnostics": 3.1,
    "gradviz.recorders": 3,
    "gradviz.compiled": 3.1,
    # 4: places
    "gradviz.layout": 4,
    # 5: pictures
    "gradviz.renderers": 5,
    # 6: hosts
    "gradviz.document": 6.0,
    "gradviz.player": 6.05,
    "gradviz.notebook": 6.06,
    "gradviz.notes": 6.1,
    "gradviz.server": 6.1,
    # 7: the command line
    "gradviz.cli": 7.0,
    "gradviz.__main__": 7.1,
    # the face shows every room, and nobody inside looks at it
    "gradviz": 8,
}

# Files that are one idea with another file, and share its room.
PARTS = {
    "gradviz.arithmetic": "gradviz.ops",
    "gradviz.drawing": "gradviz.notebook",
    "gradviz.figure": "gradviz.notebook",
    "gradviz.magics": "gradviz.notebook",
    "gradviz.operation": "gradviz.ops",
    "gradviz.vjps": "gradviz.ops",
    "gradviz.widgets": "gradviz.notebook",
}

# Where longer is clearer, with the reason.
LONG_FILES: dict[str, str] = {}
LONG_FUNCTIONS: dict[str, str] = {}
FILE_LINES, FUNCTION_LINES = 250, 40

Statement = ast.Import | ast.ImportFrom


class Import(NamedTuple):
    source: str
    target: str
    place: str
    eager: bool  # happens when `source` is imported: not in a function, not for type checkers only


def find_modules() -> dict[str, Path]:
    modules = {}
    for folder, package in (("gradviz", "gradviz"), ("server", "gradviz.server")):
        for path in (ROOT / folder).rglob("*.py"):
            parts = path.relative_to(ROOT / folder).with_suffix("").parts
            parts = parts[:-1] if parts[-1] == "__init__" else parts
            modules[".".join((package, *parts))] = path
    return modules


def import_statements(node: ast.AST, eager: bool = True) -> Iterator[tuple[Statement, bool]]:
    for child in ast.iter_child_nodes(node):
        if isinstance(child, Statement):
            yield child, eager
        in_function = isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda)
        for_types = isinstance(child, ast.If) and "TYPE_CHECKING" in ast.unparse(child.test)
        yield from import_statements(child, eager and not in_function and not for_types)


def imported_names(statement: Statement, source: str) -> list[str]:
    """Return absolute names: `from .value import Value` in gradviz.engine.nn is gradviz.engine.value."""
    if isinstance(statement, ast.Import):
        return [alias.name for alias in statement.names]
    base = statement.module or ""
    if statement.level:
        up = statement.level - (MODULES[source].name == "__init__.py")
        package = source.split(".")[: len(source.split(".")) - up]
        base = ".".join([*package, base] if base else package)
    names = [f"{base}.{alias.name}" for alias in statement.names]
    # gradviz.__version__ is set before anything else, so it may be read from anywhere
    return [name if name in MODULES else base for name in names if name != "gradviz.__version__"]


def find_imports() -> list[Import]:
    return [
        Import(source, target, f"{path.relative_to(ROOT)}:{statement.lineno}", eager)
        for source, path in MODULES.items()
        for statement, eager in import_statements(ast.parse(path.read_text(encoding="utf-8")))
        for target in imported_names(statement, source)
    ]


def room(module: str) -> str:
    """Return the row of FLOORS that a module belongs to."""
    name = ".".join(module.split(".")[:2])
    name = PARTS.get(name, name)
    assert name in FLOORS, f"{module}: give {name} a floor in tests/test_layers.py, or a room to be part of"
    return name


def of_package(name: str, package: str) -> bool:
    return name == package or name.startswith(package + ".")


MODULES = find_modules()
IMPORTS = find_imports()
INNER = [found for found in IMPORTS if of_package(found.target, "gradviz")]


@pytest.mark.parametrize("module", sorted(MODULES))
def test_a_file_imports_only_from_lower_floors(module: str) -> None:
    here = room(module)
    for found in INNER:
        if found.source == module and room(found.target) != here:
            there = room(found.target)
            assert FLOORS[there] < FLOORS[here], (
                f"{found.place}: {here} (floor {FLOORS[here]}) imports {there} (floor {FLOORS[there]})"
            )


def test_every_row_of_the_drawing_is_there() -> None:
    assert {*FLOORS, *PARTS} <= {*MODULES}


def test_no_import_circles() -> None:
    graph: dict[str, set[str]] = {module: set() for module in MODULES}
    for found in INNER:
        if found.eager and found.source != found.target:
            graph[found.source].add(found.target)
    graphlib.TopologicalSorter(graph).prepare()  # raises CycleError, which names the circle


def test_renderers_never_see_recorders() -> None:
    seen: set[str] = set()
    front = {module for module in MODULES if of_package(module, "gradviz.renderers")}
    while front:
        seen |= front
        front = {found.target for found in INNER if found.source in front} - seen
    assert not [module for module in seen if of_package(module, "gradviz.recorders")]


def test_only_serve_sees_flask() -> None:
    """Flask is imported by the server, and by the command that starts it, when it starts it."""
    for found in IMPORTS:
        web = of_package(found.target, "flask") or of_package(found.target, "gradviz.server")
        if web and not of_package(found.source, "gradviz.server"):
            assert found.source == "gradviz.cli.serve" and not found.eager, found.place


def test_only_its_recorder_sees_torch() -> None:
    for found in IMPORTS:
        if of_package(found.target, "torch"):
            assert found.source == "gradviz.recorders.pytorch", found.place


def test_importing_gradviz_is_light() -> None:
    code = "import sys, gradviz; print(*{'torch', 'flask', 'networkx'} & set(sys.modules))"
    loaded = subprocess.check_output([sys.executable, "-c", code], text=True, cwd=ROOT)
    assert loaded.strip() == ""


def test_no_utils() -> None:
    """A name that says nothing collects everything."""
    folders = ("gradviz", "server", "examples", "benchmarks", "tests")
    assert not [path for folder in folders for path in (ROOT / folder).rglob("utils.*")]


def test_files_are_short() -> None:
    long = {}
    for path in (*MODULES.values(), *(ROOT / "static").rglob("*.js")):
        length = len(path.read_text(encoding="utf-8").splitlines())
        if length > FILE_LINES:
            long[path.relative_to(ROOT).as_posix()] = length
    assert not long.keys() - LONG_FILES.keys(), f"over {FILE_LINES} lines, look for the second idea: {long}"
    assert not LONG_FILES.keys() - long.keys(), "LONG_FILES excuses files that are short"


def test_functions_are_short() -> None:
    long = {}
    for module, path in MODULES.items():
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                prose = (ast.get_docstring(node, clean=False) or "").splitlines()
                length = node.end_lineno - node.lineno + 1 - len(prose)
                if length > FUNCTION_LINES:
                    long[f"{module}.{node.name}"] = length
    assert not long.keys() - LONG_FUNCTIONS.keys(), f"over {FUNCTION_LINES} lines: {long}"
    assert not LONG_FUNCTIONS.keys() - long.keys(), "LONG_FUNCTIONS excuses functions that are short"
