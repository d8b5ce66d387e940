"""What every module is: parameters, found by looking, and a scope for the values that a call makes.

A subclass says nothing about either. ``__init_subclass__`` wraps its ``__call__``, so that the values made
in it lie in a scope: the outermost call is named after its class (``MLP``, a second instance ``MLP#2``), an
inner one after the place where its caller keeps it (``layers[0]``).
"""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Callable, Iterator
from functools import wraps
from itertools import compress
from sys import _getframe
from types import FrameType, FunctionType
from typing import Any, TypeGuard
from weakref import ref

from gradviz.engine.current import now, scopes
from gradviz.engine.handle import forget_grads
from gradviz.engine.place import is_own, user_frame
from gradviz.engine.tape import Leaf, Scope
from gradviz.engine.value import Value
from gradviz.errors import GradvizError

Path = tuple[str | tuple[Any], ...]  # an attribute's name, or the key of a list, tuple or dict

_MANY_CALLERS = 8  # one module has rarely more; forgetting their names only costs finding them again


_titles: Counter[str] = Counter()


def enter(name: str, frame: FrameType) -> Scope:
    """Go one scope down, for the call in ``frame``; give what ``leave`` needs.

    What gradviz's own code computes in there belongs to the user's line that called it last.
    """
    here = scopes.__dict__  # this thread's: one look-up instead of one for each name
    path, site = here.get("path", ""), here.get("site")
    before = path, site
    if not is_own(frame.f_code):
        site = frame.f_code, frame.f_lasti
    elif site is None:
        frame = user_frame(frame)
        site = frame.f_code, frame.f_lasti
    leave((f"{path}/{name}" if path else name, site))
    return before


def leave(scope: Scope) -> None:
    """Go to a scope, in most cases back to the one that ``enter`` left."""
    here, tape = scopes.__dict__, now.tape
    here["path"], here["site"] = scope
    mark = tape.n, *scope
    if tape.marks[-1][0] == tape.n:
        tape.marks[-1] = mark
    else:
        tape.marks.append(mark)


def _scoped(call: Callable[..., Any]) -> Callable[..., Any]:
    """``call`` with the values it makes in a scope of their own."""

    @wraps(call)
    def scoped(self: Module, *args: Any, **kwargs: Any) -> Any:
        here = scopes.__dict__
        caller = here.get("module")  # the module whose call is running
        if caller is self:  # super().__call__(x)
            return call(self, *args, **kwargs)
        before = enter(self._name_in(caller), _getframe(1))
        here["module"] = self
        try:
            if not self._named:
                self._name_parameters(here["path"])
            return call(self, *args, **kwargs)
        finally:
            here["module"] = caller
            leave(before)

    return scoped


class Module:
    """A function with parameters: subclass it, keep them as attributes, write ``__call__``.

    They are found in attributes, and in lists, tuples and dicts. Who prefers PyTorch's way may write
    ``forward`` instead of ``__call__``.

    >>> from gradviz import Parameter
    >>> class Line(Module):
    ...     def __init__(self):
    ...         self.slope, self.offset = Parameter(2.0), Parameter(1.0)
    ...     def __call__(self, x):
    ...         return self.slope * x + self.offset
    >>> [path for path, parameter in Line().named_parameters()]
    ['slope', 'offset']
    """

    # Not in the __dict__, where users' attributes are.
    __slots__ = ("__dict__", "__weakref__", "_title", "_places", "_named")
    _title: str
    _places: dict[int, tuple[ref[Module], str]]  # by id of the caller
    _named: bool

    def __new__(cls, *args: Any, **kwargs: Any) -> Any:  # noqa: D102 - subclasses often forget super().__init__()
        self = super().__new__(cls)
        self._title, self._places, self._named = "", {}, False
        return self

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        call = cls.__dict__.get("__call__")
        if isinstance(call, FunctionType):
            cls.__call__ = _scoped(call)  # type: ignore[method-assign]

    @_scoped
    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Call ``forward``; subclasses may override this instead."""
        forward = getattr(self, "forward", None)
        if forward is None:
            raise GradvizError(f"{type(self).__name__} cannot be called.", "Give it a method __call__.")
        return forward(*args, **kwargs)

    def __getstate__(self) -> dict[str, Any]:
        """What a copy starts from; it gets a title of its own."""
        return self.__dict__

    def parameters(self) -> list[Value]:
        """Every parameter, once, in the order in which they were made attributes."""
        found: dict[Value, None] = {}
        waiting: list[Any] = [self]
        seen = set()  # as in `held`, but called in every step, so without paths
        while waiting:
            thing = waiting.pop()
            if type(thing) is Value or isinstance(thing, Value):
                home = thing._tape
                if type(home) is Leaf and home.kind == "param":
                    found[thing] = None
            elif isinstance(thing, _KEPT) and id(thing) not in seen:
                seen.add(id(thing))
                if type(thing) is list and set(map(type, thing)) == {Value}:  # weights: most of them
                    homes = [value._tape for value in thing]
                    params = [type(home) is Leaf and home.kind == "param" for home in homes]
                    found.update(dict.fromkeys(compress(thing, params)))
                    continue
                inside: Any = vars(thing) if isinstance(thing, Module) else thing
                waiting.extend(reversed(inside.values() if isinstance(inside, dict) else inside))
        return list(found)

    def named_parameters(self) -> list[tuple[str, Value]]:
        """As ``parameters``, with paths such as ``layers[0].neurons[3].w[1]``."""
        return [(".".join(parts(path)), v) for path, v in held(self) if is_parameter(v)]

    def zero_grad(self) -> None:
        """Forget the gradients of all parameters: None, as before the first ``backward()``."""
        forget_grads(self.parameters())

    def _name_in(self, caller: Module | None) -> str:
        """What a call of this module from ``caller`` is called."""
        if caller is None:
            return self._title or self._make_title()
        known = self._places.get(id(caller))
        if known is not None and known[0]() is caller:
            return known[1]
        paths = ("/".join(parts(path)) for path, found in held(caller, nearest_first=True) if found is self)
        name = next(paths, None) or self._title or self._make_title()
        if len(self._places) >= _MANY_CALLERS:
            self._places.clear()
        self._places[id(caller)] = ref(caller), name
        return name

    def _make_title(self) -> str:
        name = type(self).__name__
        _titles[name] += 1
        self._title = name if _titles[name] == 1 else f"{name}#{_titles[name]}"
        return self._title

    def _name_parameters(self, scope: str) -> None:
        """Give the leaves kept here names, and the scopes of their modules, where they have none."""
        for path, found in held(self):
            if isinstance(found, Module):
                found._named = True
            elif isinstance(found._tape, Leaf):
                leaf, (*modules, name) = found._tape, parts(path)
                leaf.name = leaf.name or name
                leaf.scope = leaf.scope or "/".join((scope, *modules))
        self._named = True


_KEPT = (Module, Value, list, tuple, dict)


def is_parameter(found: Module | Value) -> TypeGuard[Value]:
    """Whether training changes it."""
    return isinstance(found, Value) and isinstance(found._tape, Leaf) and found._tape.kind == "param"


def held(module: Module, nearest_first: bool = False) -> Iterator[tuple[Path, Module | Value]]:
    """Everything a module keeps, each once, with its path.

    Depth first, in order of definition; ``nearest_first`` gives what lies fewer steps away first.
    """
    waiting: deque[tuple[Path, Any]] = deque([((), module)])
    seen = set()
    while waiting:
        path, found = waiting.popleft()
        if id(found) in seen:
            continue
        seen.add(id(found))
        if isinstance(found, Value):
            yield path, found
            continue
        if isinstance(found, Module):
            if path:
                yield path, found
            inside = [((*path, key), x) for key, x in vars(found).items() if isinstance(x, _KEPT)]
        else:
            items = found.items() if isinstance(found, dict) else enumerate(found)
            inside = [((*path, (key,)), x) for key, x in items if isinstance(x, _KEPT)]
        if nearest_first:
            waiting.extend(inside)
        else:
            waiting.extendleft(reversed(inside))


def parts(path: Path) -> list[str]:
    """A path in words, one for each module on the way: ``["layers[0]", "neurons[3]", "w[1]"]``."""
    words: list[str] = []
    for key in path:
        if isinstance(key, str):
            words.append(key)
        else:  # a scope's path is parted at "/", so no part may hold one
            words[-1] += f"[{key[0]!r}]".replace("/", "∕")
    return words
