"""Notices classes as a script defines them."""

from __future__ import annotations

import builtins
import os
from collections.abc import Callable, Iterable
from typing import Any

from gradviz.engine.place import is_own
from gradviz.recorders.duck.figures import is_of_c
from gradviz.recorders.duck.shape import BACKWARD, announced_by, mro_of, shape_of, vars_of
from gradviz.recorders.watch.unseen import unseen, without_ours

ARITHMETIC = ("__add__", "__radd__", "__mul__", "__rmul__", "__sub__", "__matmul__", "__pow__")
FRAMEWORKS = frozenset(
    ("gradviz", "torch", "torchvision", "jax", "jaxlib", "flax", "tensorflow", "keras", "numpy", "scipy")
    + ("sklearn", "pandas", "matplotlib", "sympy", "networkx", "autograd", "tinygrad", "mxnet", "paddle")
    + ("cupy", "PIL", "IPython", "pytest", "hypothesis")
)  # whose classes are no learner's engine
PYTHON = os.path.dirname(os.__file__) + os.sep
INSTALLED = tuple(PYTHON + folder for folder in ("site-packages", "dist-packages"))


def notice_classes(found: Callable[[type], None]) -> Callable[[], None]:
    """Call ``found`` with every class that may be the user's and an engine's; call the result to stop."""
    real = builtins.__build_class__

    def __build_class__(body: Any, name: str, /, *bases: Any, **keywords: Any) -> Any:
        try:
            made = real(body, name, *bases, **keywords)
        except BaseException as error:
            error.__traceback__ = without_ours(error.__traceback__)
            raise
        if _may_be_users(body) and issubclass(type(made), type) and _computes(made):
            found(made)
        return made

    ours = unseen(__build_class__)
    builtins.__build_class__ = ours

    def stop() -> None:
        if builtins.__build_class__ is ours:
            builtins.__build_class__ = real

    return stop


def is_engine(cls: type) -> bool:
    """Whether a class has data, inputs and a gradient, and computes with them or runs backward."""
    shape = shape_of(cls) if _computes(cls) else None
    return shape is not None and (bool(shape.grad) or shape.declared)


def lacking(cls: type) -> list[str]:
    """What a class that computes, or runs backward, lacks to be an engine's; nothing if it lacks too much."""
    has = announced_by(cls).fields
    missing = [key for key in ("data", "grad", "inputs") if key not in has]
    return missing if len(missing) < (3 if _has(cls, BACKWARD) else 2) else []


def _computes(cls: type) -> bool:
    own = (base for base in mro_of(cls) if not is_of_c(base))  # an array is as good a start as a float
    frameworks = any(str(base.__module__).partition(".")[0] in FRAMEWORKS for base in own)
    return not frameworks and _has(cls, (*BACKWARD, *ARITHMETIC))


def _has(cls: type, names: Iterable[str]) -> bool:
    return any(name in vars_of(base) for base in mro_of(cls) for name in names)


def _may_be_users(body: Any) -> bool:
    """Whether a class is defined outside of Python itself, big frameworks and gradviz."""
    code = body.__code__
    module, file = str(body.__globals__.get("__name__", "")).partition(".")[0], code.co_filename
    pythons = file.startswith("<frozen ") or (file.startswith(PYTHON) and not file.startswith(INSTALLED))
    return not (pythons or module in FRAMEWORKS or is_own(code))
