"""What each op was, and its operands in true order: found by trying rows of the op table on the data.

A set of inputs has lost their order and names a repeated one once; a bare number was never among them. What
the op's text and the numbers settle is found again; the rest stays as it was given.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import permutations
from typing import Any

import numpy as np

from gradviz.operation import Op
from gradviz.ops import OPS, ROWS
from gradviz.recorders.duck.meaning import Meaning, meanings_of
from gradviz.recorders.duck.rows import Rows
from gradviz.recorders.duck.stated import Kept

OP_NAMES = ("", *(row.name for row in ROWS))
CODES = {name: code for code, name in enumerate(OP_NAMES)}
CURVES = 1e-15  # absolute, relative to inputs near 1: curves have many formulas, and they round differently
COMMON = ("add", "mul", "sub", "div", "neg", "tanh", "relu", "exp", "log", "sigmoid", "sqrt", "abs")
COMMUTING = ("add", "mul", "maximum", "minimum")
DOUBLING = ("add", "mul")  # a + a and a*a; a - a and a/a depend on no data
SAME = 1e-9  # relative: a constant that was worked out, and the one that is kept
DIGITS = 12  # of a constant that was worked out


class Fitted:
    """What was found, by node as ``Found`` numbers them; constants that were added come after.

    Attributes:
        op: the place of the row in ``OP_NAMES``; 0 where none fits.
        inputs: the operands, where they are not those that were given.
        attrs: of the op.
        constants: those that were added: (the op that reads it, its data).
        inferred: nodes whose operands say more than the object did.
        worked_out: nodes that read a constant found from the data.
        unlike: nodes whose text names a row that does not give their data: that row, and what it gives.
        free: nodes whose operands could as well stand in another order.
    """

    def __init__(self, count: int) -> None:
        self.op = np.zeros(count, dtype=np.int16)
        self.inferred, self.free = np.zeros(count, dtype=bool), np.zeros(count, dtype=bool)
        self.inputs: dict[int, list[int]] = {}
        self.attrs: dict[int, dict[str, Any]] = {}
        self.constants: list[tuple[int, float]] = []
        self.worked_out: set[int] = set()
        self.unlike: dict[int, tuple[str, float]] = {}

    def keep(
        self, op: Op, way: tuple[int, ...], meaning: Meaning, node: int, given: list[int], values: list[float]
    ) -> None:
        """Keep what a node was, its operands being ``way`` among those given."""
        self.op[node] = CODES[op.name]
        if way == tuple(range(len(given))):
            return
        operands = self.inputs[node] = [given[k] if k >= 0 else k for k in way]
        if -1 in way:
            at = way.index(-1)
            self.constants.append((node, values[at]))
            operands[at] = -len(self.constants)  # numbered when all are known
        if -1 not in way or meaning.constant is None:
            self.inferred[node] = True
        if -1 in way and meaning.constant is None:
            self.worked_out.add(node)


class Fitter:
    """Tries the rows of the table on all nodes of one op text at a time."""

    def __init__(
        self, data: np.ndarray, rows: Rows, rounding: float, kept_by: Callable[[int], Kept | None]
    ) -> None:
        """``kept_by`` gives what a node keeps for its rule; None if it has no rule."""
        self.data, self.rows, self.rounding, self.kept_by = data, rows, rounding, kept_by
        self.out = Fitted(len(data))

    def fit(self, text: str, nodes: np.ndarray, width: int, ordered: bool) -> None:
        """Try everything that a text may mean on nodes with equally many inputs."""
        given = self.rows.of(nodes, width)
        if not ordered and width > 1:
            self.out.free[nodes] = self.out.inferred[nodes] = True
        if not text:
            return self.guess(nodes, given, ordered)
        for meaning in meanings_of(text):
            op = OPS[meaning.op]
            if not op.elementwise or not len(nodes):
                continue
            for way in ways(op, meaning, given.shape[1]):
                left = self._try(op, way, meaning, nodes, given, ordered)
                nodes, given = nodes[left], given[left]
        if len(nodes) and width == 1 and not ordered:
            nodes, given = self._doubled(text, nodes, given)
        if len(nodes):
            self._note_unlike(text, nodes, given)

    def guess(self, nodes: np.ndarray, given: np.ndarray, ordered: bool) -> None:
        """Find the op of nodes that have no text for it: only where one common op gives their data."""
        fits: list[tuple[Meaning, tuple[int, ...], np.ndarray]] = []
        for meaning in map(Meaning, COMMON):
            op, free = OPS[meaning.op], np.ones(len(nodes), dtype=bool)
            for way in ways(op, meaning, given.shape[1]):
                if -1 not in way and (not ordered or list(way) == sorted(way)):
                    fit = free & self._close(op, [self.data[given[:, k]] for k in way], self.data[nodes])
                    free &= ~fit  # one way of each op
                    fits.append((meaning, way, fit))
        only = sum(fit.astype(int) for _, _, fit in fits) == 1
        for meaning, way, fit in fits:
            at = fit & only
            xs = [self.data[given[at, k]] for k in way]
            self._keep(OPS[meaning.op], way, meaning, nodes[at], given[at], xs)
            self.out.inferred[nodes[at]] = True

    def _doubled(self, text: str, nodes: np.ndarray, given: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Read the one input of a set twice, where the rule does; gives the other nodes.

        That it does not give the data then says that the input was changed.
        """
        if not any(meaning.op in DOUBLING and meaning.constant is None for meaning in meanings_of(text)):
            return nodes, given
        kept = map(self.kept_by, nodes.tolist())
        twice = np.array([one is not None and one.twice for one in kept], dtype=bool)
        for node, (only,) in zip(nodes[twice].tolist(), given[twice].tolist(), strict=True):
            self.out.inputs[node] = [only, only]
        self._note_unlike(text, nodes[twice], np.repeat(given[twice], 2, axis=1))
        return nodes[~twice], given[~twice]

    def _try(
        self,
        op: Op,
        way: tuple[int, ...],
        meaning: Meaning,
        nodes: np.ndarray,
        given: np.ndarray,
        ordered: bool,
    ) -> Any:
        """Keep the nodes whose data the op gives from these operands; says which are left."""
        z = self.data[nodes]
        xs = [self.data[given[:, k]] for k in way]  # for −1 the last of those given, until it is worked out
        if -1 in way:
            at, stated = way.index(-1), meaning.constant
            xs[at] = solved(op.name, at, xs[1 - at], z) if stated is None else np.full(len(z), stated)
            if stated is None and not ordered:
                self._forget_unkept(op.name, xs[at], nodes)
        fits = self._close(op, xs, z)
        self._keep(op, way, meaning, nodes[fits], given[fits], [x[fits] for x in xs])
        return ~fits

    def _forget_unkept(self, op: str, found: np.ndarray, nodes: np.ndarray) -> None:
        """Forget constants that were worked out, but that the rules of their nodes cannot know."""
        for k in np.flatnonzero(~np.isnan(found)).tolist():
            kept = self.kept_by(int(nodes[k]))
            if kept is not None and not kept.allows(op, float(found[k]), max(self.rounding, SAME)):
                found[k] = np.nan

    def _note_unlike(self, text: str, nodes: np.ndarray, given: np.ndarray) -> None:
        for meaning in meanings_of(text):
            op = OPS[meaning.op]
            known = given.shape[1] + (meaning.constant is not None)
            if op.elementwise and op.arity == known:
                xs = [self.data[column] for column in given.T]
                if meaning.constant is not None:
                    xs.append(np.full(len(nodes), meaning.constant))
                with np.errstate(all="ignore"):
                    expected = np.asarray(op.on_columns()(*xs, **op.attrs), dtype=np.float64)
                for node, value in zip(nodes.tolist(), expected.tolist(), strict=True):
                    self.out.unlike[node] = op.name, value
                return

    def _close(self, op: Op, xs: list[Any], z: np.ndarray) -> np.ndarray:
        with np.errstate(all="ignore"):
            got = np.asarray(op.on_columns()(*xs, **op.attrs), dtype=np.float64)
            near = np.abs(got - z) <= self.rounding * np.abs(z) + (CURVES if op.curve else 0.0)
        fits: np.ndarray = near | (got == z) | (np.isnan(got) & np.isnan(z))
        return fits

    def _keep(
        self,
        op: Op,
        way: tuple[int, ...],
        meaning: Meaning,
        nodes: np.ndarray,
        given: np.ndarray,
        xs: list[Any],
    ) -> None:
        plain = way == tuple(range(given.shape[1]))
        if not plain or op.name not in COMMUTING:
            self.out.free[nodes] = False
        if plain:
            self.out.op[nodes] = CODES[op.name]
            return
        operands = np.column_stack(xs).tolist()
        for node, row, values in zip(nodes.tolist(), given.tolist(), operands, strict=True):
            self.out.keep(op, way, meaning, node, row, values)


def ways(op: Op, meaning: Meaning, given: int) -> Iterator[tuple[int, ...]]:
    """Which given input to read for each operand; −1 for a constant."""
    arity = op.arity or given
    if meaning.constant is not None:
        if given == 1:
            yield (0, -1)
    elif given == arity:
        yield tuple(range(arity))
        if arity > 1:
            yield from list(permutations(range(arity)))[1:]
    elif given == 1 and arity == 2:
        yield from ((0, -1), (0, 0)) if op.name == "pow" else ((0, 0), (0, -1))
        if op.name in ("sub", "div"):
            yield (-1, 0)
    elif given == 2 and arity == 3:
        yield from ((0, 0, 1), (0, 1, 0), (0, 1, 1), (1, 0, 0), (1, 0, 1), (1, 1, 0))


def solved(name: str, at: int, x: np.ndarray, z: np.ndarray) -> np.ndarray:
    """The other operand of x and a constant, where only one number can have given the result; else NaN."""
    with np.errstate(all="ignore"):
        if name == "add":
            k = z - x
        elif name == "sub":
            k = x - z if at else z + x
        elif name == "mul":
            k = np.where(x == 0, np.nan, z / x)
        elif name == "div":
            k = np.where(z == 0, np.nan, x / z) if at else z * x
        elif name == "pow":
            k = np.where((x > 0) & (x != 1), np.log(z) / np.log(x), np.nan)
        else:
            return np.full(len(z), np.nan)
    finite = np.isfinite(k)
    k[finite] = [float(f"{value:.{DIGITS}g}") for value in k[finite].tolist()]
    return np.where(finite & np.isfinite(z), k, np.nan)
