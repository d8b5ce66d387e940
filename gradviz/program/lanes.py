"""The root for many variations of the leaves: in lanes, side by side, where no node is computed by itself."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from gradviz.graph.columns import Columns
from gradviz.graph.facts import Number
from gradviz.program.differences import Vary
from gradviz.program.interpreter import Interpreter
from gradviz.program.plan import Plan
from gradviz.program.vectorised import Vectorised

CACHE = 1 << 21  # bytes of data in lanes: about what a core's own cache holds
FEWEST, MOST = 2, 256  # lanes


class Lanes:
    """A plan on columns of lanes, forward only."""

    def __init__(self, plan: Plan) -> None:
        width = min(MOST, max(FEWEST, CACHE // (8 * plan.ends)))
        self.runner = Vectorised(plan, 1.0, lanes=width, whole=False, backward=False)
        self.width = width

    def roots(self, leaves: np.ndarray, rows: np.ndarray) -> np.ndarray:
        """The root for each row, of which ``leaves`` (of the same shape) are given new data."""
        runner, out = self.runner, np.empty(len(rows))
        cells = runner.plan.data_cell[leaves]
        for first in range(0, len(rows), self.width):
            chunk = slice(first, min(first + self.width, len(rows)))
            lane = np.arange(chunk.stop - chunk.start)
            runner.reset({})
            runner.data[cells[chunk], lane[:, None]] = rows[chunk]
            runner.forward()
            out[chunk] = runner.data[runner.root, lane]
        return out


def one_by_one(
    graph: Columns, runner: Interpreter | Vectorised, varied: Sequence[Sequence[Vary]], rows: np.ndarray
) -> np.ndarray:
    """The root for each row, of which ``varied`` says the elements that are given new data."""
    out = np.empty(len(rows))
    for k, (elements, row) in enumerate(zip(varied, rows.tolist(), strict=True)):
        new: dict[int, Number] = {}
        for (node, element), value in zip(elements, row, strict=True):
            recorded = graph.data_of(node)
            if isinstance(recorded, np.ndarray):
                new.setdefault(node, recorded.copy())
                np.asarray(new[node]).flat[element] = value
            else:
                new[node] = value
        runner.reset(new)
        runner.forward()
        out[k] = np.reshape(runner.data_of(graph.root), ())
    return out
