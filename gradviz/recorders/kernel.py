"""Records one cell while a kernel runs it, in memory, and leaves nothing behind in the kernel.

Values of earlier cells are recorded as far as this cell has run backward through them, computed with them, or
set their gradients.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from gradviz.engine import hooks
from gradviz.graph import Graph, Update
from gradviz.recorders import record
from gradviz.recorders.duck.reading import input_in
from gradviz.recorders.duck.shape import loose_shape_of
from gradviz.recorders.files import sources_of
from gradviz.recorders.keeping import Keep
from gradviz.recorders.listener import Limits, PassListener, is_value
from gradviz.recorders.naming import names_among
from gradviz.recorders.watch import Watch
from gradviz.recorders.watch.borrowed import Borrowed, engines_in
from gradviz.recorders.watch.roots import unseen_of
from gradviz.recorders.watch.rules import gradients, inputs_of, reached

LIMITS = Limits(values=5_000_000)  # about 1 GB of the kernel's memory
LAST = 100  # passes that are kept of a loop
MOST = 20  # results that no backward() was called on
LOOKED_AT = 2_000_000  # values, counted again for each root, while these are looked for: a few seconds


class CellPasses:
    """What a cell did, in memory: a ``Sink``.

    Attributes:
        graphs: its passes in order; of many, the last.
        count: how many there were.
        result: what its last expression gave, if whoever runs the cell says so.
    """

    def __init__(self) -> None:
        self.graphs: list[Graph] = []
        self.count = 0
        self.result: Any = None

    def add(self, graph: Graph, /) -> None:
        """Take a pass."""
        self.graphs.append(graph)

    def update(self, index: int, updates: Sequence[Update], /) -> None:
        """Take the updates that followed a pass."""
        self.graphs[index] = self.graphs[index].replace(updates=updates)

    def source(self, file: str, text: str, /) -> None:
        """Nothing: the texts are looked up in the end."""

    def finish(self, exception: Mapping[str, Any] | None = None, exit_code: int | None = None, /) -> None:
        """Give every pass the text that it was made in."""
        for graph in self.graphs:
            graph.with_sources(sources_of(graph))


@contextmanager
def recording_cell(
    variables: Mapping[str, Any], say: Callable[[str], None], *, last: int = LAST
) -> Iterator[CellPasses]:
    """Record what runs meanwhile. The passes are there when the context ends, also by an exception.

    Args:
        variables: those that the cell reads and sets.
        say: shows one line to the user.
        last: how many passes to keep, from the last.
    """
    passes = CellPasses()
    listener = PassListener(passes, say, sources=False, limits=LIMITS, wants=Keep(last=last))
    watch = _CellWatch(listener)
    removers = [hooks.listen(listener), watch.install()]
    try:
        listener.guarded(lambda: watch.begin(variables))
        yield passes
    finally:
        if not listener.passes:
            listener.guarded(lambda: watch.results(variables, passes.result))
        for remove in removers:
            remove()
        listener.flush()
        passes.finish()
        passes.count, passes.result = listener.passes, None


class _CellWatch(Watch):
    """Watches the engines among some variables, and those that are defined, for the time of one cell."""

    def __init__(self, listener: PassListener) -> None:
        super().__init__(listener)
        self._borrowed = Borrowed()
        self._before: dict[str, Any] = {}
        self._reached: list[Any] = []  # held, so that no other object gets an id of theirs
        self._gradients: dict[int, float] = {}

    def watch(self, cls: type) -> None:
        """Watch the values of a class."""
        self._borrowed.note(cls)
        super().watch(cls)

    def remove(self) -> None:
        """Watch no longer, and give the classes back."""
        super().remove()
        self._borrowed.give_back()

    def begin(self, variables: Mapping[str, Any]) -> None:
        """Watch the engines that there are, and remember the variables and the gradients."""
        for cls in engines_in(variables):
            self.watch(cls)
        self._before = dict(variables)
        self._reached = _all_reached(names_among([variables], self._capture.is_value).values())
        self._gradients = gradients(self._reached)

    def results(self, variables: Mapping[str, Any], result: Any) -> None:
        """Record what the cell has computed without a backward(), or given gradients by hand."""
        named = {name: held for name, held in variables.items() if not name.startswith("_")}
        mine = [held for name, held in named.items() if self._before.get(name) is not held]
        self._own([*mine, result], variables)
        self._engines([*mine, result], variables)

    def _own(self, mine: list[Any], variables: Mapping[str, Any]) -> None:
        """Of gradviz's own values, record the one that took most; of equals the latest."""
        names = names_among([variables], is_value)
        graphs = [record(held, names) for held in filter(is_value, mine[: -MOST - 1 : -1])]
        made = [graph for graph in graphs if graph.edge_count]
        if made and self._capture.begin():
            self.listener.take(max(made, key=len), "", 0)

    def _engines(self, mine: list[Any], variables: Mapping[str, Any]) -> None:
        """Of other values, record those that no other one was computed from."""
        capture = self._capture
        names, new = names_among([variables], capture.is_value), set(map(id, mine))
        found: dict[int, list[Any]] = {}
        taken: set[int] = set()
        looked_at = 0
        for root in reversed([*names.values(), *filter(capture.is_value, mine)]):  # the latest names first
            if id(root) in taken or looked_at > LOOKED_AT or not inputs_of(root, loose_shape_of(root)):
                continue
            objects = reached(root)
            looked_at += len(objects)
            taken.update(map(id, objects))
            for inner in objects[1:]:
                found.pop(id(inner), None)
            if id(root) in new or self._regraded(objects):
                found[id(root)] = objects
        for objects in [*reversed(found.values())][:MOST]:
            if capture.begin():
                capture.record(objects[0], unseen_of(objects), map(id, objects), names, "", 0)

    def _regraded(self, objects: list[Any]) -> bool:
        """Whether a computed value has another gradient than before the cell; leaves are of many passes."""
        computed = [obj for obj in objects if inputs_of(obj, loose_shape_of(obj))]
        return any(self._gradients.get(key) != grad for key, grad in gradients(computed).items())


def _all_reached(roots: Iterable[Any]) -> list[Any]:
    """Everything that some values were computed from, each once, themselves included."""
    known = {id(root): root for root in roots}
    objects = list(known.values())
    for obj in objects:  # grows
        for entry in inputs_of(obj, loose_shape_of(obj)):
            held = input_in(entry) if type(entry) is tuple else entry
            if id(held) not in known and loose_shape_of(held) is not None:
                known[id(held)] = held
                objects.append(held)
    return objects
