"""From a stranger's objects to a Graph."""

from __future__ import annotations

import gc
from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np

from gradviz.graph import CONST, INPUT, OP, Graph
from gradviz.ops import OPS
from gradviz.recorders.duck.arrayops import fit_array
from gradviz.recorders.duck.figures import number_of
from gradviz.recorders.duck.gradients import with_gradients
from gradviz.recorders.duck.operands import OP_NAMES, Fitted, Fitter
from gradviz.recorders.duck.ordering import ordered
from gradviz.recorders.duck.rows import Rows
from gradviz.recorders.duck.seen import Seen
from gradviz.recorders.duck.telling import made_of, meta_of, origin
from gradviz.recorders.duck.walk import Found, find

UNNAMED = "?"  # an op that no text tells


class Frozen(NamedTuple):
    """A Graph, and which of its nodes are which objects.

    Attributes:
        graph: the graph.
        nodes: by ``id()`` of an object, its node.
        objects: by node, the object; None for a constant that no object holds.
    """

    graph: Graph
    nodes: dict[int, int]
    objects: list[Any]


def record(root: Any, names: Mapping[str, Any] | None = None) -> Graph:
    """Give the Graph of everything ``root`` was computed from, as it is now.

    Args:
        root: a value of any class that looks like one, usually a loss.
        names: what variables call their values; a value's own label wins.

    Raises:
        DataError: something among the values cannot be read.
        GraphError: the inputs form a cycle.
    """
    return freeze(root, names).graph


def freeze(root: Any, names: Mapping[str, Any] | None = None, seen: Seen | None = None) -> Frozen:
    """As ``record``, with the objects, and with what was seen while the engine ran."""
    collecting = gc.isenabled()
    gc.disable()  # nothing here is garbage, and each collection would walk all of the user's objects
    try:
        names = names or {}
        return _Freezer(find(root, names), seen or Seen()).freeze(names)
    finally:
        if collecting:
            gc.enable()


class _Freezer:
    """Puts the parts together: fits the ops, numbers the nodes, fills the columns."""

    def __init__(self, found: Found, seen: Seen) -> None:
        self.found, self.seen = found, seen
        data, self.arrays = _columns_of(found.data)
        self.fitted = _fitted(found, data, self.arrays)
        self.data = np.concatenate([data, [value for _, value in self.fitted.constants]])
        self.made = made_of(found, self.fitted, seen)
        rows = _rows(found, self.fitted)
        free = np.flatnonzero(self.fitted.free)
        self.order, self.rows = ordered(found, rows, self.data, free, [one[3] for one in self.made])
        self.number = np.empty(len(self.order), dtype=np.int64)
        self.number[self.order] = np.arange(len(self.order))
        self.nodes = dict(zip(found.at, self.number.tolist(), strict=False))

    def freeze(self, names: Mapping[str, Any]) -> Frozen:
        size, order = len(self.found.objects), self.order
        objects = [self.found.objects[k] if k < size else None for k in order.tolist()]
        start, inputs = self._edges()
        columns = {
            **self._ops(),
            **self._values(),
            **origin(self.made, order),
            "input_start": start,
            "input": inputs,
            "names": self._names(names),
            "attrs": self._by_node(self.fitted.attrs),
            "root": self.nodes[id(self.found.objects[0])],
        }
        columns["kind"] = self._kinds(columns)
        known = np.ones(len(order), dtype=bool)
        known[self.number[:size]] = (self.fitted.op > 0) | (self.widths[:size] == 0)
        graph = with_gradients(Graph(**columns), known, self.found, self.seen, self.nodes)
        graph.meta.update(meta_of(graph, self.found, self.fitted, self.seen, self.number))
        return Frozen(graph, self.nodes, objects)

    @property
    def widths(self) -> np.ndarray:
        """How many operands each has."""
        return np.diff(self.rows.start)

    def _edges(self) -> tuple[np.ndarray, np.ndarray]:
        width = self.widths[self.order]
        start = np.concatenate([[0], np.cumsum(width)])
        at = np.arange(start[-1]) + np.repeat(self.rows.start[self.order] - start[:-1], width)
        return start, self.number[self.rows.inputs[at]]

    def _ops(self) -> dict[str, Any]:
        """The ops that were found, and after them the texts of the others."""
        size = len(self.found.objects)
        names, codes = list(OP_NAMES), np.zeros(len(self.order), dtype=np.int16)
        codes[:size] = self.fitted.op
        for k in np.flatnonzero((codes == 0) & (self.widths > 0)).tolist():
            text = self.found.op_text(k) or UNNAMED
            if text in OPS and OPS[text].arity != self.widths[k]:
                text = text.capitalize()  # not that row: a sum of many numbers is no sum over an array
            if text not in names:
                names.append(text)
            codes[k] = names.index(text)
        return {"op_names": names, "op": codes[self.order]}

    def _values(self) -> dict[str, Any]:
        """Data, and the gradients that the objects hold; whether anybody computed them is not said."""
        found, order, prior = self.found, self.order, self.seen.prior
        held = [*map(_as_shaped, found.grad, found.data), *[None] * (len(order) - len(found.grad))]
        grad, grads = _columns_of(held)
        was = zip((prior.get(key) for key in found.at), found.data, strict=True) if prior else ()
        before, priors = _columns_of([_prior(held, data) for held, data in was])
        column = np.concatenate([before, np.zeros(len(order) - len(before))])
        return {
            "data": self.data[order],
            "grad": grad[order],
            "has_grad": np.array([value is not None for value in held], dtype=bool)[order],
            "prior": column[order],
            "arrays": {
                "data": self._by_node(self.arrays),
                "grad": self._by_node(grads),
                "prior": self._by_node(priors),
            },
        }

    def _kinds(self, columns: Mapping[str, Any]) -> np.ndarray:
        """Leaves are inputs, and constants where they are bare numbers or were made on the way by an op."""
        kinds: np.ndarray = np.where(self.widths > 0, OP, INPUT)
        kinds[[*self.found.constants, *range(len(self.found.objects), len(kinds))]] = CONST
        kinds = np.array(kinds[self.order])
        if self.made:
            consumer = np.repeat(np.arange(len(kinds)), np.diff(columns["input_start"]))
            source, at = columns["input"], columns["source"]
            placed = np.array([span is not None for span in columns["spans"]], dtype=bool)[at[source]]
            serial = np.array([one.serial for one in self.made])[self.order]
            placed &= serial[source] < serial[consumer]  # copies of a graph may be made the other way round
            made_by_op = source[placed & (at[source] == at[consumer]) & (kinds[source] == INPUT)]
            kinds[[k for k in made_by_op.tolist() if k not in columns["names"]]] = CONST
        return kinds

    def _names(self, names: Mapping[str, Any]) -> dict[int, str]:
        found = {int(self.number[k]): label for k, label in enumerate(self.found.label) if label}
        for name, value in names.items():
            node = self.nodes.get(id(value))
            if node is not None:
                found.setdefault(node, name)
        return found

    def _by_node(self, facts: Mapping[int, Any]) -> dict[int, Any]:
        return {int(self.number[k]): fact for k, fact in facts.items()}


def _prior(held: Any, data: Any) -> Any:
    number = number_of(held)
    return 0.0 if number is None else number if type(number) is float else _as_shaped(number, data)


def _as_shaped(grad: Any, data: Any) -> Any:
    """A gradient in the shape of its data, if one number for all is meant: a seed of 1 is such a one."""
    if type(data) is np.ndarray and grad is not None and np.size(grad) == 1:
        return np.full(data.shape, grad)
    return float(grad.item()) if type(grad) is np.ndarray and grad.size == 1 and type(data) is float else grad


def _columns_of(values: list[Any]) -> tuple[np.ndarray, dict[int, np.ndarray]]:
    """Numbers in a column, NaN for None; arrays by their place."""
    arrays = {}
    kinds = set(map(type, values))
    if kinds != {float}:
        arrays = {k: value for k, value in enumerate(values) if type(value) is np.ndarray}
        values = [value if type(value) is float else np.nan for value in values]
    return np.array(values, dtype=np.float64), arrays


def _fitted(found: Found, data: np.ndarray, arrays: Mapping[int, Any]) -> Fitted:
    rows = found.rows
    fitter = Fitter(data, rows, found.rounding, found.kept_by)
    bag = np.zeros(len(rows), dtype=bool)
    bag[found.bags] = True
    touched = np.zeros(len(rows), dtype=bool)
    if arrays:
        touched[list(arrays)] = True
        touched[rows.consumer[touched[rows.inputs]]] = True
    groups: dict[tuple[str, int, bool], list[int]] = {}
    nodes = [k for k, width in enumerate(found.width) if width]
    for k, mixed, special in zip(nodes, bag[nodes].tolist(), touched[nodes].tolist(), strict=True):
        if special:
            text = found.op_text(k)
            fit_array(fitter.out, k, text, found.data, rows[k], not mixed, found.rounding)
        else:
            groups.setdefault((found.op[k], found.width[k], mixed), []).append(k)
    for (_, width, mixed), group in groups.items():
        fitter.fit(found.op_text(group[0]), np.array(group), width, not mixed)
    return fitter.out


def _rows(found: Found, fitted: Fitted) -> Rows:
    """The operands of every node; those of added constants are none."""
    size, extra = len(found.objects), len(fitted.constants)
    if not fitted.inputs:
        return found.rows
    width = np.array(found.width + [0] * extra)
    width[list(fitted.inputs)] = list(map(len, fitted.inputs.values()))
    start = np.concatenate([[0], np.cumsum(width)])
    inputs = np.empty(start[-1], dtype=np.int64)
    changed = np.zeros(len(width), dtype=bool)
    changed[list(fitted.inputs)] = True
    same = ~changed[found.rows.consumer]
    consumer = found.rows.consumer[same]
    inputs[np.flatnonzero(same) + (start[consumer] - found.rows.start[consumer])] = found.rows.inputs[same]
    for k, operands in fitted.inputs.items():
        inputs[start[k] : start[k + 1]] = [i if i >= 0 else size - 1 - i for i in operands]
    return Rows(start, inputs)
