"""Scopes out of calls: ``loss()/MLP.__call__/Layer.__call__[0]/Neuron.__call__[3]``."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Set
from types import CodeType

from gradviz.recorders.duck.seen import Made
from gradviz.recorders.watch.calls import Call

# Where a value was made: the call, the code of the frame and its instruction, a serial.
Raw = tuple[Call | None, CodeType | None, int, int]


def places_of(made: Mapping[int, Raw], ids: Iterable[int]) -> dict[int, Made]:
    """Say where values were made, and in which scope.

    Calls of one function from one scope are numbered from 0 in the order they began, if more than one of them
    made a value of these. A call that made a single value is no scope, but the place in the call around it
    that it was called from.
    """
    raw = {key: made[key] for key in ids if key in made}
    held = Counter(map(id, (place[0] for place in raw.values())))
    calls = {id(place[0]): place[0] for place in raw.values()}
    inside: Counter[Call | None] = Counter()
    for key, count in held.items():
        call = calls[key]
        inside[call.scope if call is not None else None] += count
    scopes = _with_those_around([scope for scope in inside if scope is not None])
    outer = {_around(scope) for scope in scopes}
    single = {scope for scope in scopes if inside[scope] == 1 and scope not in outer and scope.around}
    paths = _paths([scope for scope in scopes if scope not in single])
    told = {key: _told(call, single, paths) for key, call in calls.items()}
    found, new = {}, tuple.__new__
    for key, (call, code, at, serial) in raw.items():
        path, instead = told[id(call)]
        found[key] = new(Made, (code, at, path, serial) if instead is None else (*instead, path, serial))
    return found


def _told(
    call: Call | None, single: Set[Call], paths: Mapping[Call | None, str]
) -> tuple[str, tuple[CodeType, int] | None]:
    """The path of what was made in a call, and the place to name instead of where it was made."""
    scope = call.scope if call is not None else None
    if scope is None or scope not in single:
        return paths[scope], None
    assert scope.around is not None
    return paths[_around(scope)], (scope.around.code, scope.at)


def _around(scope: Call) -> Call | None:
    return scope.around.scope if scope.around is not None else None


def _with_those_around(calls: Iterable[Call]) -> list[Call]:
    """Scopes and the scopes around them, each once, in the order they began."""
    known = set(calls)
    waiting = list(known)
    while waiting:
        around = _around(waiting.pop())
        if around is not None and around not in known:
            known.add(around)
            waiting.append(around)
    return sorted(known, key=lambda call: (call.depth, call.serial))


def _paths(scopes: Iterable[Call]) -> dict[Call | None, str]:
    """Paths; scopes come after those around them."""
    sisters: defaultdict[tuple[Call | None, str], list[Call]] = defaultdict(list)
    for scope in scopes:
        sisters[_around(scope), scope.title].append(scope)
    paths: dict[Call | None, str] = {None: ""}
    for (around, title), alike in sisters.items():
        for number, scope in enumerate(alike):
            name = f"{title}[{number}]" if len(alike) > 1 else title
            paths[scope] = f"{paths[around]}/{name}" if paths[around] else name
    return paths
