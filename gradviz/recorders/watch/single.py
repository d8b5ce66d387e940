"""Tells the rule of one node from what runs a pass, where both are called ``backward``, by its code."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from types import CodeType
from typing import TYPE_CHECKING, Any

from gradviz.recorders.duck.shape import BACKWARD, GRAD

if TYPE_CHECKING:
    import ast

_BIT_BY_BIT = 0x20 | 0x80 | 0x200  # generators, coroutines, and both at once: see ``inspect.CO_GENERATOR``
_known: dict[int, tuple[CodeType, bool]] = {}  # holds the code, so that its id stays its own


def serves_one(method: Callable[..., Any]) -> bool:
    """Whether a method hands on the gradient of its own node and no more, so that something else drives it.

    It reads ``self.grad`` and writes that of others, but not its own: a pass would start with that. What
    yields counts too: by the time it has been called, it has not run.
    """
    code: CodeType = method.__code__
    if id(code) not in _known:
        _known[id(code)] = code, bool(code.co_flags & _BIT_BY_BIT) or _hands_on(method, code)
    return _known[id(code)][1]


def _hands_on(method: Callable[..., Any], code: CodeType) -> bool:
    names = [name.strip("_").lower() for name in code.co_names]
    walks = any(word in name for name in names for word in BACKWARD)
    nested = any(type(part) is CodeType and not part.co_name.startswith("<") for part in code.co_consts)
    if walks or nested or not code.co_argcount or not any(name in GRAD for name in names):
        return False
    import ast
    import inspect
    import textwrap

    try:
        tree = ast.parse(textwrap.dedent(inspect.getsource(method)))
    except (OSError, SyntaxError, TypeError):
        return False  # nobody knows
    used = set(_gradients(tree, code.co_varnames[0]))
    return {("self", "read"), ("other", "written")} <= used and ("self", "written") not in used


def _gradients(tree: ast.AST, own: str) -> Iterator[tuple[str, str]]:
    """Whose gradients are read and written."""
    import ast

    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and node.attr.strip("_").lower() in GRAD:
            whose = "self" if isinstance(node.value, ast.Name) and node.value.id == own else "other"
            yield whose, "read" if isinstance(node.ctx, ast.Load) else "written"
