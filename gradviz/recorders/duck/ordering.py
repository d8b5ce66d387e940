"""The number of every node, and the order of operands that nothing settles: the same in every run.

A set is read in the order of addresses, which differ from run to run. So where a set has lost the order and
the op gives the same in any, the operand that the backward rule calls ``self`` comes first, or that the label
names first. Else it is what was made first; where nobody saw that, the deepest expression; then labels, ops
and numbers decide, and at last the place in the graph.
"""

from __future__ import annotations

from collections.abc import Sequence
from types import FunctionType

import numpy as np

from gradviz.recorders.duck.ranking import ranks
from gradviz.recorders.duck.rows import Rows, topological
from gradviz.recorders.duck.seen import UNSEEN
from gradviz.recorders.duck.shape import stored
from gradviz.recorders.duck.walk import Found


def ordered(
    found: Found, rows: Rows, data: np.ndarray, free: np.ndarray, serials: Sequence[int]
) -> tuple[np.ndarray, Rows]:
    """Give the nodes in the order of their numbers, and the rows with free operands put in order.

    Args:
        found: the objects.
        rows: their operands; constants that no object holds come last.
        data: of all these.
        free: the nodes whose operands may stand in any order.
        serials: when each was made; empty if nobody knows.

    Raises:
        GraphError: the inputs form a cycle.
    """
    made = _by_creation(found, rows, serials)
    if made is not None:
        return np.argsort(made, kind="stable"), _put_in_order(found, rows, free, made)
    order = topological(rows, found.called)
    if not len(free):
        return order, rows
    rank = ranks(found, rows, order, data, free)
    order = topological(_put_in_order(found, rows, free, rank), found.called)
    number = np.empty(len(order))
    number[order] = np.linspace(0, 0.5, len(order))  # decides where the rank does not
    return order, _put_in_order(found, rows, free, rank + number)


def _put_in_order(found: Found, rows: Rows, free: np.ndarray, rank: np.ndarray) -> Rows:
    """Rows with free operands by their rank, after the one that the backward rule calls ``self``."""
    inputs = rows.inputs.copy()
    pairs = free[rows.start[free + 1] - rows.start[free] == 2]
    own = _called_self(found, pairs)
    for row in np.flatnonzero(own < 0).tolist():
        own[row] = _written_first(found, int(pairs[row]), rows)
    first, second = rows.of(pairs, 2).T
    swapped = pairs[(second == own) | (first != own) & (rank[first] > rank[second])]
    inputs[rows.start[swapped]], inputs[rows.start[swapped] + 1] = rows.of(swapped, 2).T[::-1]
    for k in np.setdiff1d(free, pairs).tolist():
        inputs[rows.start[k] : rows.start[k + 1]] = sorted(rows[k], key=rank.__getitem__)
    return Rows(rows.start, inputs)


def _called_self(found: Found, nodes: np.ndarray) -> np.ndarray:
    """Per node the object that the closure of its backward rule calls ``self``; −1 if there is none."""
    at, found_at = np.full(len(nodes), -1), found.at.get
    places: dict[int, int] = {}  # of ``self`` among the free variables, by code object; −1 if it is not there
    for row, k in enumerate(nodes.tolist()):
        for held in stored(found.objects[k]).values():
            if type(held) is FunctionType and held.__closure__:
                code = held.__code__
                place = places.get(id(code))
                if place is None:
                    names = code.co_freevars
                    place = places[id(code)] = names.index("self") if "self" in names else -1
                if place >= 0:
                    try:
                        at[row] = found_at(id(held.__closure__[place].cell_contents), -1)
                    except ValueError:  # the cell is empty
                        continue
                    break
    return at


def _written_first(found: Found, node: int, rows: Rows) -> int:
    """The operand that the label of a result names first, as in "x*w"; −1 if it does not name both."""
    label = found.label[node]
    named = [(label.find(found.label[i]), i) for i in rows[node] if i < len(found.label) and found.label[i]]
    return min(named)[1] if label and len(named) == 2 and min(named)[0] >= 0 else -1


def _by_creation(found: Found, rows: Rows, serials: Sequence[int]) -> np.ndarray | None:
    """When each node was made, if that is known of all and is an order in which inputs come first."""
    if not serials:
        return None
    key = np.array(serials, dtype=np.float64)
    constant = np.zeros(len(rows), dtype=bool)
    constant[[*found.constants, *range(len(found.objects), len(rows))]] = True
    if np.any(key[~constant] == UNSEEN):
        return None
    key[constant] = np.inf
    source, consumer = rows.inputs, rows.consumer
    late = constant[source]
    np.minimum.at(key, source[late], key[consumer[late]] - 0.5)
    return key if np.all(key[source] < key[consumer]) else None
