"""``import micrograd`` under ``gradviz run``: the same names, on values that can be recorded."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping, Sequence
from importlib.machinery import ModuleSpec, PathFinder
from types import ModuleType
from typing import Any


class StandIn:
    """Finds and loads ready-made modules under the names of a package, whether or not it is installed."""

    def __init__(self, make: Callable[[], Mapping[str, ModuleType]], names: Sequence[str]) -> None:
        self.make, self.names = make, tuple(names)
        self._made: Mapping[str, ModuleType] = {}

    def install(self) -> Callable[[], None]:
        """Answer imports from now on; call the result to stop."""
        before = {name: sys.modules.pop(name) for name in self.names if name in sys.modules}
        sys.meta_path.insert(0, self)

        def remove() -> None:
            if self in sys.meta_path:
                sys.meta_path.remove(self)
            for name in self.names:
                sys.modules.pop(name, None)
            sys.modules.update(before)

        return remove

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """Offer the ready-made module; other modules of the package come from where it is installed."""
        if fullname not in self.names:
            return None
        loader: Any = self
        spec = ModuleSpec(fullname, loader, origin=f"gradviz ({fullname})", is_package="." not in fullname)
        if spec.submodule_search_locations is not None:
            real = PathFinder.find_spec(fullname)
            spec.submodule_search_locations = list(real.submodule_search_locations or []) if real else []
        return spec

    def create_module(self, spec: ModuleSpec) -> ModuleType:
        """Give the module itself; the import system only adds its own attributes."""
        self._made = self._made or self.make()
        return self._made[spec.name]

    def exec_module(self, module: ModuleType) -> None:
        """Nothing is left to run."""
