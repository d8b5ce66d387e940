"""Number codes without gaps, and pairs of them: by table where the codes are small, else by sorting.

And numbers that look like chance, by which what is made of the same codes is told.
"""

from __future__ import annotations

import numpy as np

TABLE = 4_000_000  # codes below this, or below twice their count, are counted in a table


def numbered(codes: np.ndarray, size: int) -> tuple[np.ndarray, int]:
    """The codes, each below ``size``, renumbered in their order without gaps, and how many differ."""
    if size > max(TABLE, 2 * len(codes)):
        distinct, index = np.unique(codes, return_inverse=True)
        return index, len(distinct)
    known = np.zeros(size, dtype=bool)
    known[codes] = True
    rank = np.cumsum(known, dtype=np.int32) - 1
    return rank[codes], int(rank[-1]) + 1 if size else 0


def by_first(codes: np.ndarray, size: int) -> tuple[np.ndarray, np.ndarray]:
    """Where each distinct code, below ``size``, occurs first, and per element the number of its own.

    The numbers follow the first occurrences.
    """
    if size > max(TABLE, 2 * len(codes)):
        starts = np.flatnonzero(np.diff(codes, prepend=-1))  # neighbours are often alike, and sorting costs
        _, first, index = np.unique(codes[starts], return_index=True, return_inverse=True)
        order = np.argsort(first)
        rank = np.empty(len(first), dtype=np.int32)
        rank[order] = np.arange(len(first))
        return starts[first[order]], np.repeat(rank[index], np.diff(starts, append=len(codes)))
    place = np.full(size, -1, dtype=np.int32)
    place[codes[::-1]] = np.arange(len(codes) - 1, -1, -1)  # of several the last stays, which comes first
    first = np.sort(place[place >= 0])
    place[codes[first]] = np.arange(len(first))
    return first, place[codes]


def distinct_pairs(
    source: np.ndarray, target: np.ndarray, size: int, sources: int | None = None
) -> tuple[np.ndarray, np.ndarray]:
    """The pairs that occur, as ``source * size + target`` in order, and how often each does.

    Args:
        source, target: numbers below ``sources`` (``size`` if not given), and below ``size``.
        size, sources: see there.
    """
    cells = (size if sources is None else sources) * size
    codes = source.astype(np.int32 if cells < 1 << 31 else np.int64) * size + target
    if cells <= TABLE:
        counts = np.bincount(codes, minlength=cells)
        pairs = np.flatnonzero(counts)
        return pairs, counts[pairs]
    starts = np.flatnonzero(np.diff(codes, prepend=-1))
    pairs, index = np.unique(codes[starts], return_inverse=True)
    counts = np.bincount(index, np.diff(starts, append=len(codes)), len(pairs))
    return pairs.astype(np.int64), counts.astype(np.int64)


def scrambled(count: int) -> np.ndarray:
    """As many uint64 that look like chance and are always the same: SplitMix64, without ``numpy.random``.

    Source: G. L. Steele, D. Lea, C. H. Flood, "Fast splittable pseudorandom number generators" (2014).
    """
    x = np.arange(1, count + 1, dtype=np.uint64) * np.uint64(0x9E3779B97F4A7C15)
    for shift, factor in ((30, 0xBF58476D1CE4E5B9), (27, 0x94D049BB133111EB)):
        x = (x ^ (x >> np.uint64(shift))) * np.uint64(factor)
    return np.asarray(x ^ (x >> np.uint64(31)))
