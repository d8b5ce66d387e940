"""Find the loops of a program in the order its values were made.

A value's symbol says which operation made it, and where in the source. Straight code makes every symbol once;
a loop makes the same symbols again and again. So the tape falls into regions, the shortest stretches that
share no symbol with one another, and a region in which symbols recur is cut into iterations. All of it takes
a few passes over columns.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from gradviz.grouping import distinct
from gradviz.view.numbering import numbered, scrambled

TRIALS = 6  # ways to cut a region that are tried, the coarsest first
ALIKE = 0.5  # of a region must lie in iterations that look like one another
EVEN = 0.5  # or their lengths vary by at most so much of their mean
GROUP = 8  # alike iterations in a row that make a group of their own
GROUPS = 8


class Loop(NamedTuple):
    """Where the iterations of a region start, and which of them are alike: equal numbers."""

    starts: np.ndarray
    likeness: np.ndarray


def regions(symbols: np.ndarray, count: int) -> np.ndarray:
    """Where the regions start, and the end: no symbol occurs in two of them."""
    places = np.arange(len(symbols))
    last = np.zeros(count, dtype=np.int64)
    last[symbols] = places  # of several the last stays
    ends = np.flatnonzero(np.maximum.accumulate(last[symbols]) == places) + 1
    return np.concatenate(([0], ends))


def find_loop(symbols: np.ndarray) -> Loop | None:
    """Cut a region into iterations; None where nothing recurs regularly.

    The rarest symbol that recurs marks the outermost loop. An iteration starts where the region's first
    symbol comes next after it.
    """
    symbols, count = numbered(symbols, int(symbols.max()) + 1)
    likeness = (scrambled(count) >> np.uint64(2))[symbols]
    if count == 1:
        return Loop(np.arange(len(symbols)), likeness)
    times = np.bincount(symbols)
    last = np.zeros(count, dtype=np.int64)
    last[symbols] = np.arange(len(symbols))
    for often in distinct(times[times > 1])[:TRIALS].tolist():
        same = np.flatnonzero(times == often)
        marks = np.flatnonzero(symbols == same[np.argmax(last[same])])
        for starts in _cuts(symbols, marks):
            alike = np.add.reduceat(likeness, starts)
            if len(starts) >= max(2, often - 1) and _is_regular(starts, alike, len(symbols)):
                return Loop(starts, alike)
    return None


def groups(loop: Loop) -> np.ndarray:
    """Which iterations start a group of alike ones, and the number of iterations; one group if in doubt."""
    changes = np.flatnonzero(loop.likeness[1:] != loop.likeness[:-1]) + 1
    edges = np.concatenate(([0], changes, [len(loop.starts)]))
    large = np.flatnonzero(np.diff(edges) >= GROUP)
    if not 2 <= len(large) <= GROUPS:
        return edges[[0, -1]]
    return np.concatenate(([0], edges[large[1:]], edges[-1:]))


def _cuts(symbols: np.ndarray, marks: np.ndarray) -> list[np.ndarray]:
    first = np.flatnonzero(symbols == symbols[0])
    after = np.searchsorted(first, marks[:-1])
    after = first[after[after < len(first)]]
    return [distinct(np.concatenate(([0], cut))) for cut in (after, marks[:-1] + 1)]


def _is_regular(starts: np.ndarray, alike: np.ndarray, length: int) -> bool:
    """Whether most of a region lies in iterations like the next one or like all, or all are about as long."""
    sizes = np.diff(starts, append=length)
    same = alike[1:] == alike[:-1]
    twins = np.append(same, False) | np.append(False, same)
    if sizes[twins].sum() >= ALIKE * length:
        return True
    _, kind, often = np.unique(alike, return_inverse=True, return_counts=True)
    if np.bincount(kind, sizes)[often > 1].max(initial=0) >= ALIKE * length:
        return True
    return len(starts) > 2 and float(sizes.std()) <= EVEN * float(sizes.mean())
