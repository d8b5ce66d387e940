"""The page's modules as one script, so that a browser asks once and not seventy times.

Each module becomes a function that is called once, after those it imports from, and gives what it exports.
That is all that modules need which keep the rules of tests/js/house.test.js: imports are of names, one a
line, from "#gv/…"; exports stand where something is declared; nothing goes round in a circle.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from graphlib import TopologicalSorter

_IMPORT = re.compile(r'^import \{ ([\w$, ]+?) \} from "#gv/([\w/]+\.js)";$', re.MULTILINE)
_EXPORT = re.compile(r"^export ((?:async )?(?:function|class|const) ([\w$]+))", re.MULTILINE)
_OTHER = re.compile(r"^(?:import|export)\b.*", re.MULTILINE)


def bundle(modules: Mapping[str, str], entry: str) -> str:
    """Give one module that does what ``entry`` does.

    Args:
        modules: the text of each module, by the path that others import it by.
        entry: the path of the one to start with.

    Raises:
        ValueError: a module imports or exports in a way that is not known here.
        KeyError: a module that is imported is not there.
        graphlib.CycleError: modules import each other in a circle.
    """
    needs: dict[str, list[str]] = {}
    waiting = [entry]
    while waiting:
        name = waiting.pop()
        if name not in needs:
            needs[name] = [found[2] for found in _IMPORT.finditer(modules[name])]
            waiting += needs[name]
    return "".join(_called_once(name, modules[name]) for name in TopologicalSorter(needs).static_order())


def _called_once(name: str, text: str) -> str:
    body = _IMPORT.sub(lambda found: f"const {{ {found[1]} }} = {_variable(found[2])};", text)
    exported = [found[2] for found in _EXPORT.finditer(body)]
    body = _EXPORT.sub(r"\1", body)
    if odd := _OTHER.search(body):
        raise ValueError(f"{name}: {odd[0]!r} is not a form of import or export that is bundled.")
    return f"const {_variable(name)} = (() => {{\n{body}\nreturn {{ {', '.join(exported)} }};\n}})();\n"


def _variable(name: str) -> str:
    """Of a path a name that no other path has."""
    return "$" + name.removesuffix(".js").replace("/", "$")
